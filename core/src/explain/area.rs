//! Parts of a photo, as a user marks them.

use super::rect::Rect;
use crate::preprocess::RectTransform;

/// A part of a picture, in its pixels; y points down.
#[derive(Clone, Debug, PartialEq)]
pub enum Area {
    Box(Rect),
    /// The corners of a closed line, `[x, y]`. Where it crosses itself, what is surrounded twice is
    /// outside.
    Lasso(Vec<[f64; 2]>),
    /// Boxes that do not overlap: cells of a map.
    Cells(Vec<Rect>),
}

impl Area {
    /// The smallest box around it; `None` if there is nothing.
    pub fn bounds(&self) -> Option<Rect> {
        let corners: Vec<[f64; 2]> = match self {
            Self::Box(rect) => return Some(*rect),
            Self::Lasso(corners) => corners.clone(),
            Self::Cells(rects) => rects.iter().flat_map(|rect| [rect.min, rect.max]).collect(),
        };
        let pick =
            |a: [f64; 2], b: [f64; 2], f: fn(f64, f64) -> f64| [f(a[0], b[0]), f(a[1], b[1])];
        let point = |&corner: &[f64; 2]| Rect { min: corner, max: corner };
        corners.iter().map(point).reduce(|a, b| Rect {
            min: pick(a.min, b.min, f64::min),
            max: pick(a.max, b.max, f64::max),
        })
    }

    /// Whether all corners are ordinary numbers.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Box(rect) => rect.is_finite(),
            Self::Lasso(corners) => corners.iter().flatten().all(|x| x.is_finite()),
            Self::Cells(rects) => rects.iter().all(Rect::is_finite),
        }
    }

    /// Where the horizontal at `y` runs inside, from left to right.
    pub fn spans(&self, y: f64) -> Vec<[f64; 2]> {
        let of_rect = |rect: &Rect| {
            let crosses = rect.min[1] <= y && y < rect.max[1] && rect.min[0] < rect.max[0];
            crosses.then_some([rect.min[0], rect.max[0]])
        };
        match self {
            Self::Box(rect) => of_rect(rect).into_iter().collect(),
            Self::Lasso(corners) => crossings(corners, y).as_chunks().0.to_vec(),
            Self::Cells(rects) => {
                let mut spans: Vec<[f64; 2]> = rects.iter().filter_map(of_rect).collect();
                spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
                spans
            }
        }
    }

    pub fn contains(&self, [x, y]: [f64; 2]) -> bool {
        self.spans(y).iter().any(|&[from, to]| from <= x && x < to)
    }

    /// The same area in the pixels of another picture.
    pub fn through(&self, transform: RectTransform) -> Self {
        match self {
            Self::Box(rect) => Self::Box(rect.through(transform)),
            Self::Lasso(corners) => {
                Self::Lasso(corners.iter().map(|&corner| transform.apply(corner)).collect())
            }
            Self::Cells(rects) => {
                Self::Cells(rects.iter().map(|rect| rect.through(transform)).collect())
            }
        }
    }

    /// The same area somewhere else.
    pub fn moved(&self, offset: [f64; 2]) -> Self {
        self.through(RectTransform { scale: [1.0; 2], offset })
    }
}

/// Where the closed line through `corners` crosses the horizontal at `y`, from left to right.
fn crossings(corners: &[[f64; 2]], y: f64) -> Vec<f64> {
    let next = corners.iter().cycle().skip(1);
    let crossing = |([x0, y0], [x1, y1]): (&[f64; 2], &[f64; 2])| {
        ((*y0 <= y) != (*y1 <= y)).then(|| x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    };
    let mut crossings: Vec<f64> = corners.iter().zip(next).filter_map(crossing).collect();
    crossings.sort_by(f64::total_cmp);
    crossings
}
