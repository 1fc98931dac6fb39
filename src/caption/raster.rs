//! The caption as pixels.

use image::{Rgb, RgbImage};

use super::{Anchor, Caption, INK, Layout, PAPER};
use crate::lettering;

pub fn draw(picture: &RgbImage, layout: &Layout, caption: &Caption) -> RgbImage {
    let [width, height] = layout.size;
    let mut page = RgbImage::from_pixel(width, height, Rgb(PAPER));
    image::imageops::replace(&mut page, picture, layout.left.into(), 0);
    let [left, top, right, bottom] = layout.bar;
    let frame = [left - layout.hair, top - layout.hair, right + layout.hair, bottom + layout.hair];
    fill(&mut page, frame, |_| INK);
    fill(&mut page, layout.bar, |x| caption.color((x - left) / (right - left)));
    for &[x, top, bottom] in &layout.ticks {
        fill(&mut page, [x - layout.hair / 2.0, top, x + layout.hair / 2.0, bottom], |_| INK);
    }
    for text in &layout.texts {
        let length = lettering::width(&text.text, text.size);
        let before = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => length / 2.0,
            Anchor::End => length,
        };
        let at = [text.at[0] - before, text.at[1]];
        lettering::draw(&mut page, &text.text, at, text.size, text.color);
    }
    page
}

/// Colours a rectangle whose edges are rounded to pixels, by the middle of each column.
fn fill(page: &mut RgbImage, rectangle: [f32; 4], color: impl Fn(f32) -> [u8; 3]) {
    let (width, height) = page.dimensions();
    let [left, top, right, bottom] = rectangle.map(|edge| edge.round().max(0.0) as u32);
    // Thin lines are never lost to rounding.
    for x in left..right.max(left + 1).min(width) {
        let color = Rgb(color(x as f32 + 0.5));
        for y in top..bottom.max(top + 1).min(height) {
            page.put_pixel(x, y, color);
        }
    }
}
