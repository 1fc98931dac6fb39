//! Maps as pictures: heatmaps of their own, and colours over a photo.

use std::collections::HashSet;

use image::RgbImage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cam::{Cam, Tap};
use super::colormap::{Colormap, tutorial_rgb};
use super::contour::{Segment, contour};
use crate::preprocess::RectTransform;
use crate::preprocess::resample::{Filter, resize};

/// Which values get the two ends of the colour map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// The smallest and the largest value of the map itself.
    #[default]
    PerMap,
    /// These two values, so that several maps can be compared.
    Shared([f32; 2]),
    /// Plus and minus the largest magnitude, so that the middle colour means zero.
    Symmetric,
}

impl Scale {
    /// What suits a colour map: symmetric around zero if it is signed.
    pub fn for_colormap(colormap: Colormap) -> Self {
        if colormap.is_signed() { Self::Symmetric } else { Self::PerMap }
    }

    /// The values of the first and the last colour for `cam`.
    pub fn range(self, cam: &Cam) -> [f32; 2] {
        match self {
            Self::PerMap => cam.range(),
            Self::Shared(range) => range,
            Self::Symmetric => {
                let [lo, hi] = cam.range();
                let most = hi.max(-lo);
                // A map of zeros is neutral, not negative.
                if most > 0.0 { [-most, most] } else { [-1.0, 1.0] }
            }
        }
    }

    /// The map in units of the colour map, 0 to 1; an empty range gives 0.
    fn apply(self, cam: &Cam) -> Cam {
        let [lo, hi] = self.range(cam);
        cam.map(|v| if hi > lo { (v - lo) / (hi - lo) } else { v * 0.0 })
    }
}

/// How a map is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paint {
    pub colormap: Colormap,
    pub scale: Scale,
    /// Weight of the colours over the photo, 0 to 1.
    pub alpha: f32,
    /// Interpolate between the cells; otherwise show them as rectangles.
    pub smooth: bool,
    /// Let the photo through where there is little evidence ([`Colormap::layer`]).
    #[serde(default)]
    pub fades: bool,
    /// Draw lines at the [`Colormap::contour_levels`].
    #[serde(default)]
    pub contours: bool,
}

impl Default for Paint {
    /// Jet over the range of the map, half transparent, smooth: how papers show a CAM.
    fn default() -> Self {
        let (colormap, scale) = (Colormap::Jet, Scale::PerMap);
        Self { colormap, scale, alpha: 0.5, smooth: true, fades: false, contours: false }
    }
}

/// The map alone, `width` x `height`: values are interpolated first and coloured afterwards.
pub fn heatmap(cam: &Cam, width: u32, height: u32, paint: &Paint) -> RgbImage {
    let mut picture = RgbImage::new(width, height);
    let whole = [0.0, 0.0, f64::from(width), f64::from(height)];
    draw(&mut picture, whole, cam, &Paint { alpha: 1.0, fades: false, contours: false, ..*paint });
    picture
}

/// The map over a whole photo at full resolution; outside of what the network saw, the photo stays
/// as it is.
///
/// The network saw the square from `[0, 0]` to `[input_size, input_size]`, which `photo_from_input`
/// places in the photo. Pixels with their centre inside it are painted.
pub fn overlay(
    photo: &RgbImage,
    cam: &Cam,
    photo_from_input: RectTransform,
    input_size: u32,
    paint: &Paint,
) -> RgbImage {
    let side = f64::from(input_size);
    let [left, top] = photo_from_input.apply([0.0, 0.0]);
    let [right, bottom] = photo_from_input.apply([side, side]);
    let mut picture = photo.clone();
    draw(&mut picture, [left, top, right, bottom], cam, paint);
    picture
}

/// A picture of the size that `colors` is asked for, over the part of a whole photo that the network
/// saw; for heatmaps that are more than a coloured map. Arguments as for [`overlay`].
pub fn overlay_picture(
    photo: &RgbImage,
    colors: impl FnOnce(u32, u32) -> RgbImage,
    photo_from_input: RectTransform,
    input_size: u32,
    alpha: f32,
) -> RgbImage {
    let side = f64::from(input_size);
    let [left, top] = photo_from_input.apply([0.0, 0.0]);
    let [right, bottom] = photo_from_input.apply([side, side]);
    let (columns, rows) =
        (centres(left, right, photo.width()), centres(top, bottom, photo.height()));
    let colors = colors(columns.len() as u32, rows.len() as u32);
    let mix = Mix::new(alpha);
    let mut picture = photo.clone();
    for (x, y, color) in colors.enumerate_pixels() {
        let pixel = picture.get_pixel_mut(columns.start as u32 + x, rows.start as u32 + y);
        for (level, &color) in pixel.0.iter_mut().zip(&color.0) {
            *level = mix.level(*level, color);
        }
    }
    picture
}

/// The heatmap of the 2020 tutorial: the cells are coloured first, and the 8-bit picture of them is
/// enlarged with Pillow's bicubic filter. A constant map is all black, as its 0/0 is there.
pub fn tutorial_heatmap(cam: &Cam, width: u32, height: u32) -> RgbImage {
    let [lo, hi] = cam.range();
    let color = |v: f32| tutorial_rgb((v - lo) / (hi - lo));
    let (columns, rows) = (cam.width as u32, cam.height as u32);
    let bytes = cam.data.iter().flat_map(|&v| color(v)).collect();
    let cells = RgbImage::from_raw(columns, rows, bytes).unwrap_or_default();
    resize(&cells, width, height, Filter::Bicubic)
}

/// `photo * (1 - alpha) + colors * alpha`, rounded down as the tutorial does.
///
/// # Panics
/// If the pictures differ in size.
pub fn blend(photo: &RgbImage, colors: &RgbImage, alpha: f32) -> RgbImage {
    assert_eq!(photo.dimensions(), colors.dimensions(), "pictures of one size");
    let mix = Mix::new(alpha);
    let mut picture = photo.clone();
    for (level, &color) in picture.iter_mut().zip(colors.iter()) {
        *level = mix.level(*level, color);
    }
    picture
}

/// Blending in fixed point, exact for equal levels and for an alpha of 0, 1/2 or 1.
#[derive(Clone, Copy)]
struct Mix {
    /// Weight of the colour, in 1/65536.
    weight: u32,
}

impl Mix {
    const ONE: u32 = 1 << 16;

    fn new(alpha: f32) -> Self {
        Self { weight: (alpha.clamp(0.0, 1.0) * Self::ONE as f32).round() as u32 }
    }

    fn level(self, photo: u8, color: u8) -> u8 {
        ((u32::from(photo) * (Self::ONE - self.weight) + u32::from(color) * self.weight) >> 16)
            as u8
    }
}

/// Paints `cam` into the rectangle `[left, top, right, bottom]` of the picture, in pixels.
fn draw(picture: &mut RgbImage, rectangle: [f64; 4], cam: &Cam, paint: &Paint) {
    let [left, top, right, bottom] = rectangle;
    let (width, height) = picture.dimensions();
    let (columns, rows) = (centres(left, right, width), centres(top, bottom, height));
    if columns.is_empty() || rows.is_empty() || cam.data.is_empty() {
        return;
    }
    let tap = if paint.smooth { Tap::at } else { Tap::nearest };
    let position = |pixel: usize, from: f64, to: f64| (pixel as f64 + 0.5 - from) / (to - from);
    let taps: Vec<Tap> =
        columns.clone().map(|x| tap(position(x, left, right), cam.width)).collect();
    let unit = paint.scale.apply(cam);
    let mix = Mix::new(paint.alpha);
    let stride = width as usize * 3;
    let pixels: &mut [u8] = picture;
    let band = &mut pixels[rows.start * stride..rows.end * stride];
    let new_row = || vec![0.0_f32; cam.width];
    band.par_chunks_exact_mut(stride).enumerate().for_each_init(new_row, |values, (y, pixels)| {
        unit.blend_rows(tap(position(rows.start + y, top, bottom), cam.height), values);
        let painted = &mut pixels[columns.start * 3..columns.end * 3];
        for (pixel, tap) in painted.chunks_exact_mut(3).zip(&taps) {
            let value = tap.mix(values);
            let (color, mix) = if paint.fades {
                let (color, strength) = paint.colormap.layer(value);
                (color, Mix::new(paint.alpha * strength))
            } else {
                (paint.colormap.rgb(value), mix)
            };
            for (level, color) in pixel.iter_mut().zip(color) {
                *level = mix.level(*level, color);
            }
        }
    });
    if paint.contours {
        draw_contours(picture, rectangle, &unit, paint);
    }
}

/// Draws light lines with a dark edge, in pixels that suit the size of the map.
fn draw_contours(picture: &mut RgbImage, rectangle: [f64; 4], unit: &Cam, paint: &Paint) {
    let [left, top, right, bottom] = rectangle.map(|edge| edge as f32);
    let (width, height) = (right - left, bottom - top);
    let radius = (width.max(height) / 500.0).max(0.6);
    let place = |[x, y]: [f32; 2]| [left + x * width, top + y * height];
    let lines: Vec<Segment> = paint
        .colormap
        .contour_levels()
        .into_iter()
        .flat_map(|level| contour(unit, level))
        .map(|ends| ends.map(place))
        .collect();
    for (radius, level, weight) in [(2.0 * radius, 0, 0.35), (radius, 255, 0.9)] {
        let mix = Mix::new(weight * paint.alpha.min(0.5) * 2.0);
        let mut covered = HashSet::new();
        for line in &lines {
            covered.extend(pixels_near(*line, radius, picture.dimensions().into()));
        }
        for (x, y) in covered {
            for channel in &mut picture.get_pixel_mut(x, y).0 {
                *channel = mix.level(*channel, level);
            }
        }
    }
}

/// The pixels whose centres are at most `radius` from a line.
fn pixels_near(line: Segment, radius: f32, [width, height]: [u32; 2]) -> Vec<(u32, u32)> {
    let [[ax, ay], [bx, by]] = line;
    let span = |a: f32, b: f32, count: u32| {
        let (from, to) = (a.min(b) - radius - 1.0, a.max(b) + radius + 1.0);
        // The casts saturate: what lies outside of the picture is cut off.
        (from as u32).min(count)..(to.ceil() as u32).min(count)
    };
    let (dx, dy) = (bx - ax, by - ay);
    let length = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
    let is_near = |&(x, y): &(u32, u32)| {
        let (px, py) = (x as f32 + 0.5 - ax, y as f32 + 0.5 - ay);
        let t = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
        (px - t * dx).hypot(py - t * dy) <= radius
    };
    let columns = span(ax, bx, width);
    span(ay, by, height)
        .flat_map(|y| columns.clone().map(move |x| (x, y)))
        .filter(is_near)
        .collect()
}

/// The pixels below `count` whose centres lie from `from` up to, not including, `to`.
fn centres(from: f64, to: f64, count: u32) -> std::ops::Range<usize> {
    // The casts saturate: what lies outside of the picture is cut off, and NaN becomes 0.
    let first = |edge: f64| ((edge - 0.5).ceil() as usize).min(count as usize);
    first(from)..first(to)
}
