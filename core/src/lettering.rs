//! Words on pictures: text as coverage of pixels, in the font of the window.

use std::sync::LazyLock;

use image::{Rgb, RgbImage};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider as _};

/// Rows of samples in a pixel; along a row, coverage is exact.
const SAMPLES: usize = 8;
/// Straight pieces that stand for a curve.
const PIECES: usize = 8;

fn font() -> Option<&'static FontRef<'static>> {
    static FONT: LazyLock<Option<FontRef<'static>>> =
        LazyLock::new(|| FontRef::new(epaint_default_fonts::UBUNTU_LIGHT).ok());
    FONT.as_ref()
}

/// The glyphs of a line and how far each is from its left end; `?` for what the font lacks.
fn glyphs(text: &str, size: f32) -> (Vec<(skrifa::GlyphId, f32)>, f32) {
    let Some(font) = font() else { return (Vec::new(), 0.0) };
    let (charmap, metrics) =
        (font.charmap(), font.glyph_metrics(Size::new(size), LocationRef::default()));
    let mut x = 0.0;
    let mut glyphs = Vec::new();
    for glyph in text.chars().filter_map(|c| charmap.map(c).or_else(|| charmap.map('?'))) {
        glyphs.push((glyph, x));
        x += metrics.advance_width(glyph).unwrap_or_default();
    }
    (glyphs, x)
}

/// Length of a line of text, in pixels; `size` is the height of the font.
pub fn width(text: &str, size: f32) -> f32 {
    glyphs(text, size).1
}

/// The text, with an ellipsis where it would be longer than `most` pixels.
pub fn elided(text: &str, size: f32, most: f32) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut short: String = text.to_owned();
    while short.pop().is_some() {
        let cut = format!("{}\u{2026}", short.trim_end());
        if width(&cut, size) <= most {
            return cut;
        }
    }
    String::new()
}

/// Draws a line of text whose baseline begins at `at`, in pixels; what lies outside is cut off.
pub fn draw(picture: &mut RgbImage, text: &str, at: [f32; 2], size: f32, color: [u8; 3]) {
    let Some(font) = font() else { return };
    let outlines = font.outline_glyphs();
    let mut lines = Lines::default();
    for (glyph, x) in glyphs(text, size).0 {
        lines.origin = [at[0] + x, at[1]];
        let settings = DrawSettings::unhinted(Size::new(size), LocationRef::default());
        if let Some(outline) = outlines.get(glyph) {
            // A glyph that cannot be drawn leaves its place empty.
            outline.draw(settings, &mut lines).ok();
        }
    }
    for row in lines.rows(picture.height()) {
        for (x, coverage) in lines.coverage(row, picture.width()) {
            let Rgb(pixel) = picture.get_pixel_mut(x, row);
            for (level, ink) in pixel.iter_mut().zip(color) {
                let mixed = f32::from(*level) + (f32::from(ink) - f32::from(*level)) * coverage;
                *level = mixed.round() as u8;
            }
        }
    }
}

/// Outlines as straight lines, in pixels of the picture with y downwards.
#[derive(Default)]
struct Lines {
    lines: Vec<[[f32; 2]; 2]>,
    /// Of the glyph that is drawn.
    origin: [f32; 2],
    /// Where its outline began, and where it is.
    start: [f32; 2],
    at: [f32; 2],
}

impl Lines {
    fn place(&self, x: f32, y: f32) -> [f32; 2] {
        [self.origin[0] + x, self.origin[1] - y]
    }

    fn line_to_place(&mut self, to: [f32; 2]) {
        self.lines.push([self.at, to]);
        self.at = to;
    }

    /// Straight pieces along a curve, which `point` knows from 0 to 1.
    fn curve(&mut self, point: impl Fn(f32) -> [f32; 2]) {
        for i in 1..=PIECES {
            self.line_to_place(point(i as f32 / PIECES as f32));
        }
    }

    /// The rows of pixels that any line reaches.
    fn rows(&self, height: u32) -> std::ops::Range<u32> {
        let ys = || self.lines.iter().flatten().map(|&[_, y]| y);
        let (top, bottom) = ys().fold((f32::INFINITY, 0.0_f32), |(a, b), y| (a.min(y), b.max(y)));
        // The casts saturate.
        let last = (bottom.ceil() as u32).min(height);
        (top.max(0.0) as u32).min(last)..last
    }

    /// How much of each pixel of a row is inside, by the winding number.
    fn coverage(&self, row: u32, width: u32) -> Vec<(u32, f32)> {
        let mut covered = vec![0.0_f32; width as usize];
        for sample in 0..SAMPLES {
            let y = row as f32 + (sample as f32 + 0.5) / SAMPLES as f32;
            let mut crossings: Vec<(f32, i32)> = Vec::new();
            for &[[x0, y0], [x1, y1]] in &self.lines {
                if (y0 <= y) != (y1 <= y) {
                    let x = x0 + (y - y0) / (y1 - y0) * (x1 - x0);
                    crossings.push((x, if y0 < y1 { 1 } else { -1 }));
                }
            }
            crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut winding = 0;
            for ends in crossings.windows(2) {
                let [(from, turn), (to, _)] = [ends[0], ends[1]];
                winding += turn;
                if winding != 0 {
                    cover(&mut covered, from, to);
                }
            }
        }
        let share = |(x, covered): (usize, f32)| (x as u32, (covered / SAMPLES as f32).min(1.0));
        covered.into_iter().enumerate().map(share).filter(|&(_, share)| share > 0.0).collect()
    }
}

/// Adds a span to the pixels that it covers in whole or in part.
fn cover(pixels: &mut [f32], from: f32, to: f32) {
    let [from, to] = [from, to].map(|x| x.clamp(0.0, pixels.len() as f32));
    let last = (to.ceil() as usize).min(pixels.len());
    for (x, pixel) in pixels.iter_mut().enumerate().take(last).skip(from as usize) {
        let (left, right) = (from.max(x as f32), to.min(x as f32 + 1.0));
        *pixel += (right - left).max(0.0);
    }
}

impl OutlinePen for Lines {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = self.place(x, y);
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.line_to_place(self.place(x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (from, control, to) = (self.at, self.place(cx, cy), self.place(x, y));
        self.curve(|t| mix(mix(from, control, t), mix(control, to, t), t));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (from, to) = (self.at, self.place(x, y));
        let [first, second] = [self.place(cx0, cy0), self.place(cx1, cy1)];
        self.curve(|t| {
            let middle = mix(first, second, t);
            mix(mix(mix(from, first, t), middle, t), mix(middle, mix(second, to, t), t), t)
        });
    }

    fn close(&mut self) {
        self.line_to_place(self.start);
    }
}

fn mix(a: [f32; 2], b: [f32; 2], t: f32) -> [f32; 2] {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, size: f32) -> RgbImage {
        let mut picture = RgbImage::from_pixel(120, 60, Rgb([255; 3]));
        draw(&mut picture, text, [10.0, 45.0], size, [0; 3]);
        picture
    }

    /// The smallest rectangle around the ink: left, top, right, bottom.
    fn ink(picture: &RgbImage) -> [u32; 4] {
        let dark = picture.enumerate_pixels().filter(|(.., pixel)| pixel.0[0] < 128);
        dark.fold([u32::MAX, u32::MAX, 0, 0], |[l, t, r, b], (x, y, _)| {
            [l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)]
        })
    }

    #[test]
    fn a_letter_is_as_high_and_wide_as_the_font_says() {
        let [left, top, right, bottom] = ink(&drawn("H", 40.0));
        // The font's capitals are 693 of 1000 units high; edges are rounded to pixels.
        assert!((27..=29).contains(&(bottom - top)), "{top} to {bottom}");
        assert_eq!(bottom, 45, "it stands on its baseline");
        let advance = width("H", 40.0);
        assert!((right - left) as f32 <= advance && left >= 10, "{left} to {right}, {advance}");
    }

    #[test]
    fn the_middle_of_an_o_stays_empty() {
        let picture = drawn("O", 40.0);
        let [left, top, right, bottom] = ink(&picture);
        assert_eq!(picture.get_pixel(left.midpoint(right), top.midpoint(bottom)).0, [255; 3]);
        assert!(picture.get_pixel(left.midpoint(right), top + 1).0[0] < 160, "its top is thin");
    }

    #[test]
    fn what_does_not_fit_is_cut_and_what_is_unknown_is_a_question_mark() {
        let text = elided("a very long name of a file.png", 12.0, 90.0);
        assert!(text.ends_with('\u{2026}') && width(&text, 12.0) <= 90.0, "{text}");
        assert_eq!(elided("short", 12.0, 90.0), "short");
        assert_eq!(width("\u{732b}", 12.0), width("?", 12.0));
        // Outside of the picture, and without a size: no panic.
        draw(&mut RgbImage::new(4, 4), "far", [-100.0, 400.0], 20.0, [0; 3]);
        draw(&mut RgbImage::new(4, 4), "none", [0.0, 2.0], 0.0, [0; 3]);
    }
}
