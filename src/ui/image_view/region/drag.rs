//! What a drag makes of a region: plain geometry, in pixels of the photo.

use std::sync::Arc;

use crate::explain::{Area, Mark, Rect, RegionError};

/// A lasso is closed once it has so many corners: more cannot be told apart on any screen.
const MOST_CORNERS: usize = 4000;

/// A corner of a box, or the middle of one of its edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// Which edges it moves: −1 the left and the upper one, 1 the right and the lower one, 0 none.
    pub x: i8,
    pub y: i8,
}

impl Handle {
    /// Corners first: where handles overlap, those are meant.
    pub const ALL: [Self; 8] = [
        Self { x: -1, y: -1 },
        Self { x: 1, y: -1 },
        Self { x: -1, y: 1 },
        Self { x: 1, y: 1 },
        Self { x: 0, y: -1 },
        Self { x: 0, y: 1 },
        Self { x: -1, y: 0 },
        Self { x: 1, y: 0 },
    ];

    /// Where it is on a box.
    pub fn place(self, rect: &Rect) -> [f64; 2] {
        let axis = |side: i8, i: usize| match side {
            -1 => rect.min[i],
            1 => rect.max[i],
            _ => rect.centre()[i],
        };
        [axis(self.x, 0), axis(self.y, 1)]
    }

    /// The box once the handle was taken `to` somewhere else.
    fn moved(self, rect: &Rect, to: [f64; 2]) -> Rect {
        let mut rect = *rect;
        for (i, side) in [self.x, self.y].into_iter().enumerate() {
            match side {
                -1 => rect.min[i] = to[i],
                1 => rect.max[i] = to[i],
                _ => {}
            }
        }
        between(rect.min, rect.max)
    }
}

/// A drag that has begun.
#[derive(Clone, Debug)]
pub enum Drag {
    /// Draws a box from a corner.
    Box { from: [f64; 2] },
    /// Draws a line.
    Lasso(Vec<[f64; 2]>),
    /// Carries a region that was taken hold of somewhere.
    Move { area: Arc<Area>, from: [f64; 2] },
    /// Pulls at a box.
    Resize { rect: Rect, handle: Handle },
    /// Covers the photo, or takes the cover off.
    Mark(Mark),
}

/// Draws a stroke on to a place, if that is at least `step` pixels further; whether it was.
pub fn extend(mark: &mut Mark, to: [f64; 2], step: f64) -> bool {
    let (Mark::Brush { line, .. } | Mark::Eraser { line, .. } | Mark::Lasso(line)) = mark;
    let is_far = |last: &[f64; 2]| (to[0] - last[0]).hypot(to[1] - last[1]) >= step;
    let is_new = line.last().is_none_or(is_far) && line.len() < MOST_CORNERS;
    if is_new {
        line.push(to);
    }
    is_new
}

impl Drag {
    /// Takes in a place that the pointer went through. Only lines remember it.
    pub fn pass(&mut self, place: [f64; 2], step: f64) {
        match self {
            Self::Mark(mark) => {
                extend(mark, place, step);
            }
            Self::Lasso(corners) => lengthen(corners, place, step),
            Self::Box { .. } | Self::Resize { .. } | Self::Move { .. } => {}
        }
    }

    /// The region once the pointer is at `to`. Boxes have whole pixels and stay on the photo; a
    /// lasso gets corners at least `step` pixels apart.
    ///
    /// # Errors
    /// When that is no region.
    pub fn area(&mut self, to: [f64; 2], photo: &Rect, step: f64) -> Result<Area, RegionError> {
        match self {
            Self::Box { from } => on_photo(&between(*from, to), photo),
            Self::Resize { rect, handle } => on_photo(&handle.moved(rect, to), photo),
            Self::Mark(_) => Err(RegionError::Empty),
            Self::Lasso(corners) => {
                lengthen(corners, to, step);
                if corners.len() < 3 {
                    return Err(RegionError::TooFewCorners);
                }
                let area = Area::Lasso(corners.clone());
                match area.bounds() {
                    Some(bounds) if bounds.intersection(photo).is_empty() => Err(outside(photo)),
                    _ => Ok(area),
                }
            }
            Self::Move { area, from } => {
                let Some(bounds) = area.bounds() else { return Err(RegionError::Empty) };
                let axis = |i: usize| {
                    // What is larger than the photo may stick out on both sides.
                    let room = [photo.min[i] - bounds.min[i], photo.max[i] - bounds.max[i]];
                    let [least, most] = [room[0].min(room[1]), room[0].max(room[1])];
                    (to[i] - from[i]).round().clamp(least, most)
                };
                Ok(area.moved([axis(0), axis(1)]))
            }
        }
    }
}

/// Adds a corner that is far enough from the last one.
fn lengthen(corners: &mut Vec<[f64; 2]>, to: [f64; 2], step: f64) {
    let is_far = |last: &[f64; 2]| (to[0] - last[0]).hypot(to[1] - last[1]) >= step;
    if corners.last().is_none_or(is_far) && corners.len() < MOST_CORNERS {
        corners.push(to);
    }
}

fn outside(photo: &Rect) -> RegionError {
    RegionError::OutsidePhoto { width: photo.max[0] as u32, height: photo.max[1] as u32 }
}

/// The box with these two opposite corners.
fn between(a: [f64; 2], b: [f64; 2]) -> Rect {
    Rect { min: [a[0].min(b[0]), a[1].min(b[1])], max: [a[0].max(b[0]), a[1].max(b[1])] }
}

/// What of a box lies on the photo, in whole pixels.
fn on_photo(rect: &Rect, photo: &Rect) -> Result<Area, RegionError> {
    let part = rect.intersection(photo);
    if part.is_empty() && !rect.is_empty() {
        return Err(outside(photo));
    }
    let part = Rect { min: part.min.map(f64::round), max: part.max.map(f64::round) };
    if part.is_empty() { Err(RegionError::Empty) } else { Ok(Area::Box(part)) }
}
