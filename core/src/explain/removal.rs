//! Taking parts out of a photo, to ask the network itself what they were worth.

use image::{Rgb, RgbImage, imageops};
use serde::Serialize;

use super::area::Area;
use super::rect::Rect;

/// How a part of a photo is made to say nothing.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Default,
    Serialize,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
pub enum Removal {
    /// Painted over with the mean colour of the photo.
    #[default]
    MeanColor,
    /// Blurred until it has no details.
    Blur,
}

impl Removal {
    /// The photo without an area: the pixels whose centres lie in it.
    ///
    /// `sigma` is the strength of the blur in pixels (about the standard deviation of a Gaussian);
    /// one cell of the feature map is a good choice.
    pub fn apply(self, photo: &RgbImage, area: &Area, sigma: f64) -> RgbImage {
        match self {
            Self::MeanColor => {
                let color = mean_color(photo);
                replaced(photo, area, |_, _| color)
            }
            Self::Blur => {
                // Stronger than the picture is large makes no difference.
                let longest = f64::from(photo.width().max(photo.height()));
                let sigma = sigma.max(0.5).min(longest.max(1.0));
                let ([left, top], [right, bottom]) = surroundings(photo, area, 3.0 * sigma);
                let part = imageops::crop_imm(photo, left, top, right - left, bottom - top);
                let blurred = imageops::fast_blur(&part.to_image(), sigma as f32);
                replaced(photo, area, |x, y| *blurred.get_pixel(x - left, y - top))
            }
        }
    }

    /// What was done to the part, in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::MeanColor => "painted over with the photo's mean colour",
            Self::Blur => "blurred",
        }
    }
}

fn replaced(photo: &RgbImage, area: &Area, color: impl Fn(u32, u32) -> Rgb<u8>) -> RgbImage {
    let mut picture = photo.clone();
    let ([_, top], [_, bottom]) = surroundings(photo, area, 0.0);
    for y in top..bottom {
        for [from, to] in area.spans(f64::from(y) + 0.5) {
            for x in first(from, photo.width())..first(to, photo.width()) {
                picture.put_pixel(x, y, color(x, y));
            }
        }
    }
    picture
}

/// The first pixel with its centre beyond an edge; at most `count`.
fn first(edge: f64, count: u32) -> u32 {
    // The cast saturates: what lies outside of the photo is cut off.
    ((edge - 0.5).ceil() as u32).min(count)
}

/// The first pixel with its centre in the box around an area or within `margin` of it, and the one
/// beyond the last.
fn surroundings(photo: &RgbImage, area: &Area, margin: f64) -> ([u32; 2], [u32; 2]) {
    let Some(Rect { min, max }) = area.bounds() else {
        return ([0; 2], [0; 2]);
    };
    let at = |[x, y]: [f64; 2]| [first(x, photo.width()), first(y, photo.height())];
    let (start, end) = (at(min.map(|x| x - margin)), at(max.map(|x| x + margin)));
    (start, [end[0].max(start[0]), end[1].max(start[1])])
}

/// Rounded to whole levels; black for a picture without pixels.
pub(super) fn mean_color(photo: &RgbImage) -> Rgb<u8> {
    let mut sums = [0_u64; 3];
    for pixel in photo.pixels() {
        for (sum, &level) in sums.iter_mut().zip(&pixel.0) {
            *sum += u64::from(level);
        }
    }
    let count = (u64::from(photo.width()) * u64::from(photo.height())).max(1);
    Rgb(sums.map(|sum| ((sum + count / 2) / count) as u8))
}
