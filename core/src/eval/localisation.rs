//! Whether a class activation map points at the thing, measured against boxes.

use super::Tally;
use crate::explain::Cam;
use crate::preprocess::RectTransform;

/// Places of a map above this share of its largest value belong to the thing (Zhou et al. 2016,
/// section 3.2).
const SHARE: f32 = 0.2;

/// The overlap at which a box counts as found.
const FOUND: f64 = 0.5;

/// A rectangle in pixels of the photo, y down; (0, 0) is the corner of the upper left pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    /// The edges `[left, top, right, bottom]` of pixels of the input, in the photo.
    pub(super) fn of_edges(edges: [usize; 4], photo_from_input: RectTransform) -> Self {
        let [left, top, right, bottom] = edges.map(|edge| edge as f64);
        let [left, top] = photo_from_input.apply([left, top]);
        let [right, bottom] = photo_from_input.apply([right, bottom]);
        Self { left, top, right, bottom }
    }

    /// In square pixels.
    pub fn area(self) -> f64 {
        (self.right - self.left).max(0.0) * (self.bottom - self.top).max(0.0)
    }

    /// Whether `[x, y]` lies inside or on the edge.
    pub fn contains(self, [x, y]: [f64; 2]) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// Intersection over union, 0 to 1; 0 for two empty rectangles.
    pub fn iou(self, other: Self) -> f64 {
        let common = Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        let common = common.area();
        let union = self.area() + other.area() - common;
        if union > 0.0 { common / union } else { 0.0 }
    }
}

/// Where a map says that the thing is, in pixels of the photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Where the enlarged map is largest: the centre of the largest cell, the first one on ties.
    pub peak: [f64; 2],
    /// Around the largest connected part of the enlarged map above 20 % of its maximum; `None` for
    /// a map without a positive value.
    pub bounds: Option<Rect>,
}

impl Place {
    /// Reads a map of an input of `side`² pixels, which `photo_from_input` places in the photo.
    ///
    /// Enlarging is bilinear. An empty map is no place.
    pub fn of(cam: &Cam, side: u32, photo_from_input: RectTransform) -> Option<Self> {
        let [_, max] = cam.range();
        let peak = cam.data.iter().position(|&value| value == max)?;
        let (x, y) = (peak % cam.width, peak / cam.width);
        let centre =
            |cell: usize, cells: usize| (cell as f64 + 0.5) / cells as f64 * f64::from(side);
        let large = cam.upsampled(side as usize, side as usize);
        let bounds = largest_part(&large, SHARE * large.range()[1]);
        Some(Self {
            peak: photo_from_input.apply([centre(x, cam.width), centre(y, cam.height)]),
            bounds: bounds.map(|edges| Rect::of_edges(edges, photo_from_input)),
        })
    }

    /// The overlap with the box that fits best, 0 to 1.
    pub fn iou(&self, boxes: &[Rect]) -> f64 {
        let Some(bounds) = self.bounds else { return 0.0 };
        boxes.iter().map(|known| bounds.iou(*known)).fold(0.0, f64::max)
    }
}

/// A connected part of a map.
pub(super) struct Part {
    /// In pixels.
    size: usize,
    /// `[left, top, right, bottom]`, right and bottom outside.
    pub edges: [usize; 4],
}

/// The largest part of the map above `threshold`, the first one on ties; `None` if nothing positive
/// is above it.
fn largest_part(map: &Cam, threshold: f32) -> Option<[usize; 4]> {
    let larger = |best: Part, part: Part| if part.size > best.size { part } else { best };
    parts(map, threshold).into_iter().reduce(larger).map(|part| part.edges)
}

/// The connected parts of the map above `threshold` and above zero, in the order of their first
/// pixels. Pixels that touch at a corner are connected.
pub(super) fn parts(map: &Cam, threshold: f32) -> Vec<Part> {
    let (width, height) = (map.width, map.height);
    let mut open: Vec<bool> = map.data.iter().map(|&v| v > threshold && v > 0.0).collect();
    let mut parts = Vec::new();
    let mut waiting = Vec::new();
    for start in 0..open.len() {
        if !std::mem::take(&mut open[start]) {
            continue;
        }
        let (mut size, mut edges) = (0, [width, height, 0, 0]);
        waiting.push(start);
        while let Some(at) = waiting.pop() {
            let (x, y) = (at % width, at / width);
            size += 1;
            let [left, top, right, bottom] = edges;
            edges = [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)];
            for y in y.saturating_sub(1)..(y + 2).min(height) {
                for x in x.saturating_sub(1)..(x + 2).min(width) {
                    if std::mem::take(&mut open[y * width + x]) {
                        waiting.push(y * width + x);
                    }
                }
            }
        }
        parts.push(Part { size, edges });
    }
    parts
}

/// The share of a map's positive evidence that lies in the boxes, 0 to 1 (the energy-based pointing
/// game of Wang et al. 2020, "Score-CAM", section 4.3), of the enlarged map; `None` for a map without
/// a positive value. Arguments as for [`Place::of`].
pub fn energy_inside(
    cam: &Cam,
    side: u32,
    photo_from_input: RectTransform,
    boxes: &[Rect],
) -> Option<f64> {
    let large = cam.upsampled(side as usize, side as usize);
    let (mut inside, mut all) = (0.0, 0.0);
    for (i, &value) in large.data.iter().enumerate() {
        let value = f64::from(value.max(0.0));
        let (x, y) = (i % large.width, i / large.width);
        let place = photo_from_input.apply([x as f64 + 0.5, y as f64 + 0.5]);
        all += value;
        if boxes.iter().any(|known| known.contains(place)) {
            inside += value;
        }
    }
    (all > 0.0).then(|| inside / all)
}

/// How well the maps of one kind fit the boxes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MapScores {
    /// The pointing game (Zhang et al. 2016, without their margin): the peak lies in a box.
    pub pointing: Tally,
    /// The bounds overlap a box with an IoU of at least 0.5.
    pub found: Tally,
    iou_sum: f64,
}

impl MapScores {
    /// Counts one map; there is at least one box.
    pub fn add(&mut self, place: &Place, boxes: &[Rect]) {
        let iou = place.iou(boxes);
        self.pointing.add(boxes.iter().any(|known| known.contains(place.peak)));
        self.found.add(iou >= FOUND);
        self.iou_sum += iou;
    }

    /// Mean overlap with the boxes, 0 to 1; `None` without pictures.
    pub fn mean_iou(&self) -> Option<f64> {
        (self.found.of > 0).then_some(self.iou_sum / self.found.of as f64)
    }
}

/// How well the maps fit the boxes of many pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Localisation {
    /// The maps of the true classes: is the thing found by a map that is told what to look for?
    pub truth: MapScores,
    /// The maps of the predicted classes.
    pub predicted: MapScores,
    /// The predicted class is the true one, and its bounds have an IoU of at least 0.5: the
    /// localisation accuracy of the ImageNet challenge.
    pub top1: Tally,
}

impl Localisation {
    /// Counts one picture; `boxes` are of the true class, and there is at least one.
    pub fn add(&mut self, is_right: bool, truth: &Place, predicted: &Place, boxes: &[Rect]) {
        self.truth.add(truth, boxes);
        self.predicted.add(predicted, boxes);
        self.top1.add(is_right && predicted.iou(boxes) >= FOUND);
    }
}
