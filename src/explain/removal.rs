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
                let blurred = imageops::fast_blur(photo, sigma.clamp(0.5, longest.max(1.0)) as f32);
                replaced(photo, rects, |x, y| *blurred.get_pixel(x, y))
            }
        }
    }
}

fn replaced(photo: &RgbImage, rects: &[Rect], color: impl Fn(u32, u32) -> Rgb<u8>) -> RgbImage {
    let mut picture = photo.clone();
    // The casts saturate: what lies outside of the photo is cut off.
    let first = |edge: f64, count: u32| ((edge - 0.5).ceil() as u32).min(count);
    for Rect { min, max } in rects {
        let (width, height) = photo.dimensions();
        for y in first(min[1], height)..first(max[1], height) {
            for x in first(min[0], width)..first(max[0], width) {
                picture.put_pixel(x, y, color(x, y));
            }
        }
    }
    picture
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
