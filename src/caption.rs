//! A picture with what must be said about it, for papers and slides: what the map is of, how likely
//! that is, the colour bar with its scale, the model and the file.

mod raster;
mod svg;

use image::RgbImage;

use crate::explain::{Cam, Colormap, Paint};
use crate::explanation::{CamTarget, Explanation};
use crate::lettering;
use crate::numbers::{nice_ticks, percent};
use crate::tree_text::first_synonym;
use crate::words::end_words;

/// What a caption says.
#[derive(Debug, Clone)]
pub struct Caption {
    /// `tiger cat, 43%`
    title: String,
    /// What the ends of the colour bar mean.
    ends: [String; 2],
    /// The values of the first and the last colour.
    range: [f32; 2],
    colormap: Colormap,
    fades: bool,
    contours: bool,
    /// The model, how the map was made, and the file.
    source: String,
}

impl Caption {
    /// For the map `cam` of a target. `method` says how it was made, unless it is the plain map,
    /// whose values are logits. `None` where there is no such target.
    pub fn new(
        explanation: &Explanation,
        target: CamTarget,
        cam: &Cam,
        paint: &Paint,
        method: Option<&str>,
    ) -> Option<Self> {
        let question = explanation.question(target)?;
        let name = |label: &str| first_synonym(label).replace('_', " ");
        let (pro, contra) = (name(&question.pro), question.contra.as_deref().map(name));
        let subject = match &contra {
            Some(contra) => format!("{pro} against {contra}"),
            None => pro.clone(),
        };
        let title = match explanation.probability(target, &explanation.forward.logits) {
            Some(probability) => format!("{subject}, {}", percent(probability)),
            None => subject,
        };
        let range = paint.scale.range(cam);
        let [first, mut last] = end_words(range, &pro, contra.as_deref());
        if method.is_none() {
            last += " (logits)";
        }
        let model = explanation.model.source.name();
        let method = method.map_or_else(String::new, |method| format!("{method} \u{b7} "));
        let source = format!("{model} \u{b7} {method}{}", explanation.photo.name);
        let Paint { colormap, fades, contours, .. } = *paint;
        Some(Self { title, ends: [first, last], range, colormap, fades, contours, source })
    }

    /// The picture above its caption.
    pub fn picture(&self, picture: &RgbImage) -> RgbImage {
        raster::draw(picture, &Layout::new(self, picture.dimensions().into()), self)
    }

    /// The same as an SVG file, with the picture inside.
    ///
    /// # Errors
    /// When the picture cannot be encoded.
    pub fn svg(&self, picture: &RgbImage) -> anyhow::Result<String> {
        svg::write(picture, &Layout::new(self, picture.dimensions().into()), self)
    }

    /// The colour at a place of the bar, 0 to 1, on the white of the page.
    fn color(&self, t: f32) -> [u8; 3] {
        let (rgb, strength) = match self.fades {
            true => self.colormap.layer(t),
            false => (self.colormap.rgb(t), 1.0),
        };
        rgb.map(|level| (255.0 + (f32::from(level) - 255.0) * strength).round() as u8)
    }
}

const PAPER: [u8; 3] = [255; 3];
const INK: [u8; 3] = [20; 3];
const WEAK_INK: [u8; 3] = [95; 3];

/// Narrower pictures, in pixels, get empty space at their sides.
const LEAST_WIDTH: u32 = 300;
/// Smallest height of the font, in pixels.
const LEAST_FONT: f32 = 11.0;
/// Widths of the page per height of the font.
const FONTS: f32 = 48.0;

/// A line of text; `at` is the left, middle or right end of its baseline.
struct Text {
    at: [f32; 2],
    anchor: Anchor,
    size: f32,
    color: [u8; 3],
    text: String,
}

#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Where everything is, in pixels.
struct Layout {
    /// Width and height.
    size: [u32; 2],
    /// Left edge of the picture, which is at the top.
    left: u32,
    texts: Vec<Text>,
    /// Left, top, right, bottom of the colour bar.
    bar: [f32; 4],
    /// Vertical lines: x, top, bottom.
    ticks: Vec<[f32; 3]>,
    /// Width of thin lines.
    hair: f32,
}

impl Layout {
    fn new(caption: &Caption, [width, height]: [u32; 2]) -> Self {
        let page = width.max(LEAST_WIDTH);
        let font = (page as f32 / FONTS).max(LEAST_FONT);
        let [title, small] = [1.35, 0.9].map(|scale| font * scale);
        let margin = font;
        let (left, right) = (margin, page as f32 - margin);
        let hair = (font / 14.0).max(1.0);
        let mut texts = Vec::new();
        let mut text = |at, anchor, size, color, most, text: &str| {
            let text = lettering::elided(text, size, most);
            texts.push(Text { at, anchor, size, color, text });
        };
        let mut y = height as f32 + margin + 0.8 * title;
        text([left, y], Anchor::Start, title, INK, right - left, &caption.title);
        y += 0.5 * title + small;
        let half = (right - left) / 2.0 - font / 2.0;
        text([left, y], Anchor::Start, small, INK, half, &caption.ends[0]);
        text([right, y], Anchor::End, small, INK, half, &caption.ends[1]);
        y += 0.45 * font;
        let bar = [left, y, right, y + 0.8 * font];
        y = bar[3];
        let mut ticks = Vec::new();
        if caption.contours {
            for level in caption.colormap.contour_levels() {
                ticks.push([left + level * (right - left), bar[1], bar[3]]);
            }
        }
        let [lo, hi] = caption.range;
        let most = ((right - left) / (6.0 * font)) as usize;
        for tick in nice_ticks(caption.range, most.max(2)) {
            let x = left + (tick.value - lo) / (hi - lo) * (right - left);
            ticks.push([x, y, y + 0.3 * font]);
            // Numbers at the ends stay on the page.
            let half = lettering::width(&tick.text, small) / 2.0;
            let x = x.clamp(left + half, (right - half).max(left + half));
            text([x, y + 0.4 * font + small], Anchor::Middle, small, INK, right - left, &tick.text);
        }
        y += 0.4 * font + 2.5 * small;
        text([left, y], Anchor::Start, small, WEAK_INK, right - left, &caption.source);
        let size = [page, (y + margin).ceil() as u32];
        Self { size, left: (page - width) / 2, texts, bar, ticks, hair }
    }
}
