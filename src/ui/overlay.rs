//! From a map to colours over the photo: range, small picture, value under the pointer.

use std::sync::Arc;

use eframe::egui::{Color32, ColorImage, Pos2, Rect, pos2};

use crate::explain::{Cam, CamSet, Colormap, Hierarchy, NodeId, Paint, Scale};
use crate::explanation::{CamTarget, Explanation, Tree};
pub use crate::look::{OverlayOptions, ScaleMode};
use crate::preprocess::ModelInput;

/// Longest side of the coloured picture; the graphics card enlarges it further.
const MAX_SIDE: usize = 512;
/// Pixels for each cell, where that is below [`MAX_SIDE`]: finer steps cannot be seen.
const PER_CELL: usize = 32;

/// What the network saw, as a rectangle of the photo in pixels.
pub fn crop_in_photo(input: &ModelInput) -> Rect {
    let place = |x: u32, y: u32| {
        let [x, y] = input.photo_from_input.apply([f64::from(x), f64::from(y)]);
        pos2(x as f32, y as f32)
    };
    Rect::from_min_max(place(0, 0), place(input.crop.width(), input.crop.height()))
}

/// Ranges over many maps of one picture, so that weak evidence looks weak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedRange {
    /// The smallest and the largest value in the maps of all classes.
    pub classes: [f32; 2],
    /// The largest difference of any two classes' maps at any place.
    pub differences: f32,
    /// The largest magnitude in the maps of all decisions of the tree; 0 without a tree.
    pub decisions: f32,
}

impl SharedRange {
    /// Looks at all maps; takes milliseconds for a thousand classes. `with_decisions` needs the
    /// model's tree, which may have to be made first.
    pub fn of(explanation: &Explanation, with_decisions: bool) -> Self {
        let tree = with_decisions.then(|| explanation.model.tree().ok()).flatten();
        let maps = tree.and_then(|_| explanation.node_maps().ok());
        let lead = |(tree, maps): (&Arc<Tree>, &CamSet)| largest_lead(maps, &tree.hierarchy);
        let class_maps = explanation.class_maps();
        let classes = range(&class_maps.data);
        let differences = largest_difference(class_maps);
        Self { classes, differences, decisions: tree.zip(maps).map_or(0.0, lead) }
    }

    fn of_target(self, target: CamTarget) -> [f32; 2] {
        match target {
            CamTarget::Class(_) | CamTarget::Node(_) => self.classes,
            CamTarget::Difference(..) => [-self.differences, self.differences],
            CamTarget::Decision(_) | CamTarget::Against(..) => [-self.decisions, self.decisions],
        }
    }
}

/// The largest difference of any two maps at the same place.
fn largest_difference(maps: &CamSet) -> f32 {
    let places = maps.height * maps.width;
    let mut ends = vec![[f32::INFINITY, f32::NEG_INFINITY]; places];
    for map in maps.data.chunks_exact(places.max(1)) {
        for ([lo, hi], &value) in ends.iter_mut().zip(map) {
            (*lo, *hi) = (lo.min(value), hi.max(value));
        }
    }
    ends.into_iter().map(|[lo, hi]| hi - lo).fold(0.0, f32::max)
}

/// The largest magnitude of any branch's map against the mean of its siblings'.
fn largest_lead(maps: &CamSet, hierarchy: &Hierarchy) -> f32 {
    let values = |id: NodeId| maps.values(id).unwrap_or_default();
    let mut most = 0.0_f32;
    for node in hierarchy.nodes().iter().filter(|node| node.children.len() > 1) {
        let count = node.children.len() as f32;
        for place in 0..maps.height * maps.width {
            let at = |&child: &NodeId| values(child)[place];
            let sum: f32 = node.children.iter().map(at).sum();
            for value in node.children.iter().map(at) {
                most = most.max((value - (sum - value) / (count - 1.0)).abs());
            }
        }
    }
    most
}

/// The smallest and the largest number; NaN is left out.
fn range(values: &[f32]) -> [f32; 2] {
    values.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[lo, hi], &v| [lo.min(v), hi.max(v)])
}

/// The values of the first and the last colour. `shared` is that of [`SharedRange`].
///
/// A colour map with a neutral middle has zero there; others begin at zero, so that what speaks
/// against the target has no colour. A map without evidence in favour has no colours at all, or its
/// least bad place would look like support.
pub fn color_range(
    cam: &Cam,
    colormap: Colormap,
    mode: ScaleMode,
    shared: impl FnOnce() -> [f32; 2],
) -> [f32; 2] {
    let [lo, hi] = match mode {
        ScaleMode::SharedOverClasses => shared(),
        ScaleMode::PerMap | ScaleMode::LowestToHighest => cam.range(),
    };
    let most = hi.max(-lo);
    if !(most > 0.0) {
        return if colormap.is_signed() { [-1.0, 1.0] } else { [0.0, 1.0] };
    }
    if colormap.is_signed() {
        [-most, most]
    } else if mode == ScaleMode::LowestToHighest {
        [lo, hi]
    } else {
        [0.0, if hi > 0.0 { hi } else { most }]
    }
}

impl OverlayOptions {
    /// The colours for a target: comparisons have two sides, so they get two colours.
    pub fn colormap_of(&self, target: CamTarget) -> Colormap {
        if target.is_comparison() && !self.colormap.is_signed() {
            Colormap::Diverging
        } else {
            self.colormap
        }
    }

    /// The values of the first and the last colour for the map of a target.
    pub fn range_of(
        &self,
        target: CamTarget,
        cam: &Cam,
        shared: impl FnOnce() -> SharedRange,
    ) -> [f32; 2] {
        let shared = || shared().of_target(target);
        color_range(cam, self.colormap_of(target), self.scale, shared)
    }

    /// The same colours for a picture in full resolution, as `explain::overlay` paints it.
    ///
    /// Takes milliseconds for a scale shared over a thousand classes.
    pub fn paint(&self, explanation: &Explanation, target: CamTarget, cam: &Cam) -> Paint {
        let shared = || SharedRange::of(explanation, target.is_decision());
        Paint {
            colormap: self.colormap_of(target),
            scale: Scale::Shared(self.range_of(target, cam, shared)),
            alpha: self.opacity.clamp(0.0, 1.0),
            smooth: self.smooth,
            fades: true,
            contours: self.contours && self.smooth,
        }
    }
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
