//! Boxes in pixels.

use serde::Serialize;

use crate::preprocess::RectTransform;

/// A box, in pixels; y points down, and (0, 0) is the corner of the upper left pixel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rect {
    /// The upper left corner, `[x, y]`.
    pub min: [f64; 2],
    /// The lower right corner.
    pub max: [f64; 2],
}

impl Rect {
    /// From the upper left corner and the size.
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { min: [x, y], max: [x + width, y + height] }
    }

    /// At the origin.
    pub fn of_size(width: f64, height: f64) -> Self {
        Self::new(0.0, 0.0, width, height)
    }

    /// Cell `cell` of a map of `height` x `width` cells over a square with sides of `side` pixels.
    pub fn of_cell([height, width]: [usize; 2], side: f64, cell: usize) -> Self {
        let (x, y) = (cell % width.max(1), cell / width.max(1));
        let size = [side / width.max(1) as f64, side / height.max(1) as f64];
        Self::new(x as f64 * size[0], y as f64 * size[1], size[0], size[1])
    }

    /// Whether all corners are ordinary numbers.
    pub fn is_finite(&self) -> bool {
        self.min.iter().chain(&self.max).all(|x| x.is_finite())
    }

    /// Whether it has no area. A box of NaN is empty.
    pub fn is_empty(&self) -> bool {
        !(self.min[0] < self.max[0] && self.min[1] < self.max[1])
    }

    /// What both have in common; may be empty.
    pub fn intersection(&self, other: &Self) -> Self {
        let pick = |i: usize| (self.min[i].max(other.min[i]), self.max[i].min(other.max[i]));
        let ((left, right), (top, bottom)) = (pick(0), pick(1));
        Self { min: [left, top], max: [right, bottom] }
    }

    /// The box in the pixels of another picture.
    pub fn through(&self, transform: RectTransform) -> Self {
        Self { min: transform.apply(self.min), max: transform.apply(self.max) }
    }

    /// The middle, `[x, y]`.
    pub fn centre(&self) -> [f64; 2] {
        [(self.min[0] + self.max[0]) / 2.0, (self.min[1] + self.max[1]) / 2.0]
    }
}
