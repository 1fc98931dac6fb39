//! Taking parts out of a photo, to ask the network itself what they were worth.

use image::{Rgb, RgbImage, imageops};
use serde::Serialize;

use super::rect::Rect;

/// How a part of a photo is made to say nothing.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
pub enum Removal {
    /// Painted over with the mean colour of the photo.
    MeanColor,
    /// Blurred until it has no details.
    Blur,
}

impl Removal {
    /// The photo without the parts: the pixels whose centres lie in one of `rects`.
    ///
    /// `sigma` is the strength of the blur in pixels (about the standard deviation of a Gaussian);
    /// one cell of the feature map is a good choice.
    pub fn apply(self, photo: &RgbImage, rects: &[Rect], sigma: f64) -> RgbImage {
        match self {
            Self::MeanColor => {
                let color = mean_color(photo);
                replaced(photo, rects, |_, _| color)
            }
            Self::Blur => {
                // Stronger than the picture is large makes no difference.
                let longest = f64::from(photo.width().max(photo.height()));
                let sigma = sigma.max(0.5).min(longest.max(1.0));
                let ([left, top], [right, bottom]) = surroundings(photo, rects, 3.0 * sigma);
                let part = imageops::crop_imm(photo, left, top, right - left, bottom - top);
                let blurred = imageops::fast_blur(&part.to_image(), sigma as f32);
                replaced(photo, rects, |x, y| *blurred.get_pixel(x - left, y - top))
            }
        }
    }
}

fn replaced(photo: &RgbImage, rects: &[Rect], color: impl Fn(u32, u32) -> Rgb<u8>) -> RgbImage {
    let mut picture = photo.clone();
    for rect in rects {
        let ([left, top], [right, bottom]) = pixels(photo, rect);
        for y in top..bottom {
            for x in left..right {
                picture.put_pixel(x, y, color(x, y));
            }
        }
    }
    picture
}

/// The first pixel with its centre in the box, and the one beyond the last; at most the photo.
fn pixels(photo: &RgbImage, rect: &Rect) -> ([u32; 2], [u32; 2]) {
    let size = [photo.width(), photo.height()];
    // The casts saturate: what lies outside of the photo is cut off.
    let first = |edge: f64, count: u32| ((edge - 0.5).ceil() as u32).min(count);
    let at = |corner: [f64; 2]| [first(corner[0], size[0]), first(corner[1], size[1])];
    (at(rect.min), at(rect.max))
}

/// The pixels around all boxes, in the form of [`pixels`]: what a blur has to look at.
fn surroundings(photo: &RgbImage, rects: &[Rect], margin: f64) -> ([u32; 2], [u32; 2]) {
    let pick = |a: [f64; 2], b: [f64; 2], f: fn(f64, f64) -> f64| [f(a[0], b[0]), f(a[1], b[1])];
    let join = |a: Rect, b: Rect| Rect {
        min: pick(a.min, b.min, f64::min),
        max: pick(a.max, b.max, f64::max),
    };
    let Some(Rect { min, max }) = rects.iter().copied().reduce(join) else {
        return ([0; 2], [0; 2]);
    };
    let grown = Rect { min: min.map(|x| x - margin), max: max.map(|x| x + margin) };
    let (first, end) = pixels(photo, &grown);
    (first, [end[0].max(first[0]), end[1].max(first[1])])
}

fn mean_color(photo: &RgbImage) -> Rgb<u8> {
    let mut sums = [0_u64; 3];
    for pixel in photo.pixels() {
        for (sum, &level) in sums.iter_mut().zip(&pixel.0) {
            *sum += u64::from(level);
        }
    }
    let count = (u64::from(photo.width()) * u64::from(photo.height())).max(1);
    Rgb(sums.map(|sum| ((sum + count / 2) / count) as u8))
}
