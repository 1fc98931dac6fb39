//! Antialiased resizing, bit for bit as Pillow's `Image.resize` does it for 8-bit pictures.
//!
//! Networks are sensitive to the resampler: their published accuracies belong to Pillow's. Two
//! separable passes run in fixed point, first along the rows and then along the columns, and the
//! picture between them is rounded to 8 bits (`Resample.c` of Pillow 3 to 9; newer releases swap the
//! passes for some tall pictures, which changes single pixels by one level).

use image::RgbImage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Fractional bits of a fixed-point weight: 32, less 8 for the pixel and 2 for the overshoot.
const PRECISION_BITS: u32 = 22;
/// One half in fixed point, so that the final shift rounds to nearest.
const HALF: i64 = 1 << (PRECISION_BITS - 1);

/// The interpolation kernel; it is widened by the scale factor when a picture shrinks.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::VariantNames,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Filter {
    /// A triangle of radius 1.
    Bilinear,
    /// Keys' cubic convolution with a = -0.5, of radius 2.
    Bicubic,
}

impl Filter {
    fn radius(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        const A: f64 = -0.5;
        let x = x.abs();
        match self {
            Self::Bilinear if x < 1.0 => 1.0 - x,
            Self::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            _ => 0.0,
        }
    }
}

/// A rectangle of whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The leftmost column.
    pub x: u32,
    /// The uppermost row.
    pub y: u32,
    /// The number of columns.
    pub width: u32,
    /// The number of rows.
    pub height: u32,
}

/// Resizes `rgb` to `width` x `height` pixels.
///
/// A picture without pixels becomes a black one.
pub fn resize(rgb: &RgbImage, width: u32, height: u32, filter: Filter) -> RgbImage {
    let all = Region { x: 0, y: 0, width, height };
    resize_region(rgb, [width, height], all, filter)
}

/// The part `region` of `resize(rgb, size[0], size[1], filter)`, at the cost of that part alone.
///
/// What lies outside of the resized picture repeats its nearest edge.
pub fn resize_region(rgb: &RgbImage, size: [u32; 2], region: Region, filter: Filter) -> RgbImage {
    let mut resized = RgbImage::new(region.width, region.height);
    let is_empty = [rgb.width(), rgb.height(), size[0], size[1]].contains(&0);
    if is_empty || region.width == 0 || region.height == 0 {
        return resized;
    }

    let columns = windows(rgb.width(), size[0], region.x, region.width, filter);
    let rows = windows(rgb.height(), size[1], region.y, region.height, filter);
    let first = rows.iter().map(|w| w.start).min().unwrap_or(0);
    let last = rows.iter().map(Window::end).max().unwrap_or(0);

    let stride = 3 * region.width as usize;
    let source_stride = 3 * rgb.width() as usize;
    let mut narrowed = vec![0u8; (last - first) * stride];
    narrowed
        .par_chunks_exact_mut(stride)
        .zip(rgb.as_raw()[first * source_stride..].par_chunks_exact(source_stride))
        .with_min_len(64)
        .for_each(|(target, source)| resample_row(source, &columns, target));

    for (window, target) in rows.iter().zip(resized.chunks_exact_mut(stride)) {
        let source = &narrowed[(window.start - first) * stride..];
        resample_column(source, window, target);
    }
    resized
}

/// The input pixels that make one output pixel, and their fixed-point weights.
struct Window {
    start: usize,
    weights: Vec<i32>,
}

impl Window {
    fn end(&self) -> usize {
        self.start + self.weights.len()
    }
}

/// The windows of the `count` output pixels from `first` on, when `from` pixels become `to`.
fn windows(from: u32, to: u32, first: u32, count: u32, filter: Filter) -> Vec<Window> {
    let scale = f64::from(from) / f64::from(to);
    let widening = scale.max(1.0);
    let radius = filter.radius() * widening;
    (0..count)
        .map(|i| {
            let position = first.saturating_add(i).min(to - 1);
            let center = (f64::from(position) + 0.5) * scale;
            // `as` truncates toward zero and clamps at zero, like Pillow's cast and comparison.
            let start = (center - radius + 0.5) as u32;
            let end = ((center + radius + 0.5) as u32).min(from);
            let mut weights: Vec<f64> = (start..end)
                .map(|x| filter.weight((f64::from(x) - center + 0.5) * (1.0 / widening)))
                .collect();
            let sum: f64 = weights.iter().sum();
            if sum != 0.0 {
                weights.iter_mut().for_each(|w| *w /= sum);
            }
            Window { start: start as usize, weights: weights.into_iter().map(fixed).collect() }
        })
        .collect()
}

/// Rounds half away from zero; `as` truncates.
fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << PRECISION_BITS);
    (scaled + 0.5f64.copysign(scaled)) as i32
}

/// One row of RGB pixels: `target` has a pixel for every window.
fn resample_row(source: &[u8], windows: &[Window], target: &mut [u8]) {
    let (source, _) = source.as_chunks::<3>();
    for (window, target) in windows.iter().zip(target.chunks_exact_mut(3)) {
        let mut sums = [HALF; 3];
        for (pixel, &weight) in source[window.start..].iter().zip(&window.weights) {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                *sum += i64::from(value) * i64::from(weight);
            }
        }
        target.copy_from_slice(&sums.map(clip));
    }
}

/// One row from the rows of one window; `source` starts with the first of them.
fn resample_column(source: &[u8], window: &Window, target: &mut [u8]) {
    let mut sums = vec![HALF; target.len()];
    for (row, &weight) in source.chunks_exact(target.len()).zip(&window.weights) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += i64::from(value) * i64::from(weight);
        }
    }
    for (value, sum) in target.iter_mut().zip(sums) {
        *value = clip(sum);
    }
}

/// The fixed-point sum as a pixel value.
fn clip(sum: i64) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_round_half_away_from_zero() {
        let unit = 1.0 / f64::from(1 << PRECISION_BITS);
        let rounded = [-1.6, -1.5, -1.4, 1.4, 1.5].map(|units: f64| fixed(units * unit));
        assert_eq!(rounded, [-2, -2, -1, 1, 2]);
    }
}
