//! From a map to colours over the photo: small picture, value under the pointer.

use eframe::egui::{Color32, ColorImage, Pos2, Rect, pos2};

use crate::explain::{Cam, Colormap};
use crate::preprocess::{ModelInput, RectTransform};

/// Longest side of the coloured picture; the graphics card enlarges it further.
const MAX_SIDE: usize = 512;
/// Pixels for each cell, where that is below [`MAX_SIDE`]: finer steps cannot be seen.
const PER_CELL: usize = 32;

/// What the network saw, as a rectangle of the photo in pixels.
pub fn crop_in_photo(input: &ModelInput) -> Rect {
    place_of(input.photo_from_input, input.crop.dimensions().into())
}

/// Where an input of this size lies, as a rectangle of the photo in pixels.
pub fn place_of(photo_from_input: RectTransform, [width, height]: [u32; 2]) -> Rect {
    let place = |x: u32, y: u32| {
        let [x, y] = photo_from_input.apply([f64::from(x), f64::from(y)]);
        pos2(x as f32, y as f32)
    };
    Rect::from_min_max(place(0, 0), place(width, height))
}

/// The map as a small picture, transparent where the photo should be seen: a pixel for each cell, or more of them for a smooth one.
pub fn colored(cam: &Cam, [lo, hi]: [f32; 2], colormap: Colormap, smooth: bool) -> ColorImage {
    let long = cam.width.max(cam.height).max(1);
    let enlarged = |cells: usize| (cells * (long * PER_CELL).min(MAX_SIDE) / long).max(1);
    let finer;
    let map = if smooth {
        finer = cam.upsampled(enlarged(cam.height), enlarged(cam.width));
        &finer
    } else {
        cam
    };
    let per_value = if hi > lo { 1.0 / (hi - lo) } else { 0.0 };
    let color = |&value: &f32| {
        let ([r, g, b], strength) = colormap.layer((value - lo) * per_value);
        Color32::from_rgba_unmultiplied(r, g, b, (strength * 255.0).round() as u8)
    };
    ColorImage::new([map.width, map.height], map.data.iter().map(color).collect())
}

/// A place of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// In logits, between the cells if the map is shown smooth.
    pub value: f32,
    pub row: usize,
    pub column: usize,
}

/// What the map says at `place` of the photo, if that lies in `crop`.
pub fn read(cam: &Cam, crop: Rect, place: Pos2, smooth: bool) -> Option<Reading> {
    let at = (place - crop.min) / crop.size();
    let inside = (0.0..1.0).contains(&at.x) && (0.0..1.0).contains(&at.y);
    if !inside || cam.data.is_empty() {
        return None;
    }
    let cell = |position: f32, cells: usize| ((position * cells as f32) as usize).min(cells - 1);
    let (row, column) = (cell(at.y, cam.height), cell(at.x, cam.width));
    let value_at = |row: usize, column: usize| cam.data[row * cam.width + column];
    if !smooth {
        return Some(Reading { value: value_at(row, column), row, column });
    }
    // Half-pixel centres, flat beyond the outer ones: as `Cam::upsampled`.
    let between = |position: f32, cells: usize| {
        let center = (position * cells as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
        let first = center as usize;
        (first, (first + 1).min(cells - 1), center - first as f32)
    };
    let (top, bottom, down) = between(at.y, cam.height);
    let (left, right, across) = between(at.x, cam.width);
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let upper = mix(value_at(top, left), value_at(top, right), across);
    let lower = mix(value_at(bottom, left), value_at(bottom, right), across);
    Some(Reading { value: mix(upper, lower, down), row, column })
}
