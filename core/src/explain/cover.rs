//! Painting parts of a photo over, to see what the network says without them.

use image::{Rgb, RgbImage, imageops};
use serde::{Deserialize, Serialize};

use super::area::Area;
use super::inpaint::inpaint;
use super::removal::mean_color;

/// What is seen where a photo is covered. Each is a small smooth picture that is enlarged.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
pub enum Cover {
    /// What its surroundings suggest, by diffusion.
    #[default]
    Surroundings,
    /// The mean colour of the photo.
    MeanColor,
    /// The photo itself, blurred.
    Blur,
}

/// One stroke, in pixels of the photo.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Covers what lies within `radius` of a line.
    Brush { line: Vec<[f64; 2]>, radius: f64 },
    /// Takes the cover off there.
    Eraser { line: Vec<[f64; 2]>, radius: f64 },
    /// Covers what a closed line surrounds.
    Lasso(Vec<[f64; 2]>),
}

/// All strokes, in their order, and what is seen there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    pub marks: Vec<Mark>,
    pub cover: Cover,
}

/// Side of the small picture that is enlarged where the photo is covered, in pixels, whatever the
/// shape of the photo: a guess has no details.
const SMALL: u32 = 128;
/// Of the blur, as a share of the side: as for insertion curves.
const BLUR: f32 = 10.0 / 224.0;

impl Marks {
    /// With one stroke more.
    #[must_use]
    pub fn with(&self, mark: Mark) -> Self {
        let mut more = self.clone();
        more.marks.push(mark);
        more
    }

    /// The pixels of a photo that are covered, `[height, width]`: those with their centre inside.
    pub fn mask(&self, width: u32, height: u32) -> Vec<bool> {
        let mut mask = vec![false; width as usize * height as usize];
        for mark in &self.marks {
            match mark {
                Mark::Brush { line, radius } => {
                    stroke(&mut mask, [width, height], line, *radius, true)
                }
                Mark::Eraser { line, radius } => {
                    stroke(&mut mask, [width, height], line, *radius, false);
                }
                Mark::Lasso(corners) => {
                    let area = Area::Lasso(corners.clone());
                    for (y, row) in mask.chunks_exact_mut(width.max(1) as usize).enumerate() {
                        for [from, to] in area.spans(y as f64 + 0.5) {
                            let end = column(to, width);
                            row[column(from, width).min(end)..end].fill(true);
                        }
                    }
                }
            }
        }
        mask
    }

    /// The photo as it is seen with its cover on.
    pub fn apply(&self, photo: &RgbImage) -> RgbImage {
        let (width, height) = photo.dimensions();
        let mask = self.mask(width, height);
        let mut covered = photo.clone();
        if !mask.contains(&true) {
            return covered;
        }
        let seen = self.small(photo, &mask);
        let scale = [width, height].map(|side| f64::from(SMALL) / f64::from(side));
        for (i, _) in mask.iter().enumerate().filter(|(_, covered)| **covered) {
            let (x, y) = (i as u32 % width, i as u32 / width);
            let at = |i: u32, scale: f64| (f64::from(i) + 0.5) * scale;
            covered.put_pixel(x, y, between(&seen, at(x, scale[0]), at(y, scale[1])));
        }
        covered
    }

    /// What is seen below the cover, small.
    fn small(&self, photo: &RgbImage, mask: &[bool]) -> RgbImage {
        let (width, height) = photo.dimensions();
        // In the quick way where there are many pixels for each.
        let small = || match width.min(height) > SMALL {
            true => imageops::thumbnail(photo, SMALL, SMALL),
            false => imageops::resize(photo, SMALL, SMALL, imageops::FilterType::Triangle),
        };
        let mean = || RgbImage::from_pixel(SMALL, SMALL, mean_color(photo));
        match self.cover {
            Cover::MeanColor => mean(),
            Cover::Blur => imageops::fast_blur(&small(), BLUR * SMALL as f32),
            Cover::Surroundings => {
                let small = small();
                let place = |i: usize, side: u32| {
                    (i as u64 * u64::from(SMALL) / u64::from(side.max(1))) as usize
                };
                let mut missing = vec![false; (SMALL * SMALL) as usize];
                for (i, _) in mask.iter().enumerate().filter(|(_, covered)| **covered) {
                    let (x, y) = (i % width as usize, i / width as usize);
                    missing[place(y, height) * SMALL as usize + place(x, width)] = true;
                }
                // Of a photo that is smaller, one pixel is many here.
                for (i, missing) in missing.iter_mut().enumerate() {
                    let [x, y] = [i % SMALL as usize, i / SMALL as usize];
                    let of = |i: usize, side: u32| i * side as usize / SMALL as usize;
                    *missing |= mask[of(y, height) * width as usize + of(x, width)];
                }
                // What lies right beside it may have a part of it.
                let missing = widened(&missing, SMALL as usize);
                if !missing.contains(&false) {
                    return mean();
                }
                let plane = |channel: usize| small.iter().skip(channel).step_by(3);
                let chw: Vec<f32> = (0..3).flat_map(plane).map(|&level| f32::from(level)).collect();
                let filled = inpaint(&chw, SMALL as usize, &missing);
                let pixels = (SMALL * SMALL) as usize;
                RgbImage::from_fn(SMALL, SMALL, |x, y| {
                    let at = (y * SMALL + x) as usize;
                    Rgb([0, 1, 2].map(|channel| filled[channel * pixels + at].round() as u8))
                })
            }
        }
    }
}

/// The first column with its centre at or beyond `x`.
fn column(x: f64, width: u32) -> usize {
    ((x - 0.5).ceil() as u32).min(width) as usize
}

/// Sets all pixels within `radius` of a line.
fn stroke(mask: &mut [bool], [width, height]: [u32; 2], line: &[[f64; 2]], radius: f64, to: bool) {
    let next = line.iter().skip(1).chain(line.last());
    for (&[x0, y0], &[x1, y1]) in line.iter().zip(next) {
        let (top, bottom) = (y0.min(y1) - radius, y0.max(y1) + radius);
        let (left, right) = (x0.min(x1) - radius, x0.max(x1) + radius);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = dx * dx + dy * dy;
        // One more at the end: what lies right on the edge is inside.
        let range =
            |from, to, side: u32| column(from, side)..(column(to, side) + 1).min(side as usize);
        for y in range(top, bottom, height) {
            for x in range(left, right, width) {
                let (px, py) = (x as f64 + 0.5 - x0, y as f64 + 0.5 - y0);
                let along =
                    if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
                let (ox, oy) = (px - along * dx, py - along * dy);
                if ox * ox + oy * oy <= radius * radius {
                    mask[y * width as usize + x] = to;
                }
            }
        }
    }
}

/// The pixels that are set, or have a neighbour that is.
fn widened(mask: &[bool], side: usize) -> Vec<bool> {
    let near = |i: usize| i.saturating_sub(1)..(i + 2).min(side);
    let is_set = |i: usize| near(i / side).any(|y| near(i % side).any(|x| mask[y * side + x]));
    (0..mask.len()).map(is_set).collect()
}

/// The colour between the centres of four pixels; beyond the outer ones, theirs.
fn between(picture: &RgbImage, x: f64, y: f64) -> Rgb<u8> {
    let axis = |at: f64, side: u32| {
        let at = (at - 0.5).clamp(0.0, f64::from(side - 1));
        let first = at as u32;
        (first, (first + 1).min(side - 1), at - f64::from(first))
    };
    let (left, right, across) = axis(x, picture.width());
    let (top, bottom, down) = axis(y, picture.height());
    let level = |x: u32, y: u32, channel: usize| f64::from(picture.get_pixel(x, y).0[channel]);
    Rgb([0, 1, 2].map(|channel| {
        let row = |y: u32| {
            let (a, b) = (level(left, y, channel), level(right, y, channel));
            a + (b - a) * across
        };
        let (upper, lower) = (row(top), row(bottom));
        (upper + (lower - upper) * down).round() as u8
    }))
}
