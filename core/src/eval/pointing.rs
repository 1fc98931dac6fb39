//! The pointing game of Zhang et al. 2016 ("Top-down neural attention by excitation backprop",
//! section 4.2), as TorchRay (Fong, Patrick and Vedaldi 2019) counts it, so that figures can stand
//! beside those published for VOC07 and COCO.
//!
//! Each class of each picture is one question: does the largest value of its map lie within 15 pixels
//! of a thing of that class? The figure is the mean over the classes of the share that hits. The
//! *difficult* questions are those where the boxes of the class cover less than a quarter of the
//! picture and something of another class is in it, too. (TorchRay reads lists of these, which are
//! made that way.)

use std::collections::BTreeMap;

use super::{Rect, Tally};
use crate::explain::ClassId;

/// How near to a thing the peak must lie, in pixels of the picture; so far away it misses.
pub const MARGIN: f64 = 15.0;
/// The boxes of a class in a difficult picture cover less than this share of it.
const SMALL: f64 = 0.25;

/// Questions asked and hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointingGame {
    all: BTreeMap<ClassId, Tally>,
    difficult: BTreeMap<ClassId, Tally>,
}

impl PointingGame {
    /// Counts one class of one picture. `peak` and the boxes of the class are in pixels of the
    /// picture, whose size is `[width, height]`; `has_others` says that things of other classes are
    /// in it.
    pub fn add(
        &mut self,
        class: ClassId,
        peak: [f64; 2],
        boxes: &[Rect],
        size: [u32; 2],
        has_others: bool,
    ) {
        let is_hit = boxes.iter().any(|known| is_near(peak, *known));
        self.all.entry(class).or_default().add(is_hit);
        let covered: f64 = boxes.iter().map(|known| known.area()).sum();
        let whole = f64::from(size[0]) * f64::from(size[1]);
        if has_others && covered < SMALL * whole {
            self.difficult.entry(class).or_default().add(is_hit);
        }
    }

    /// The mean over the classes of the share that hits, 0 to 1, and how many questions there were;
    /// `None` without any.
    pub fn all(&self) -> Option<(f64, usize)> {
        mean(&self.all)
    }

    /// The same for the difficult ones.
    pub fn difficult(&self) -> Option<(f64, usize)> {
        mean(&self.difficult)
    }
}

fn mean(classes: &BTreeMap<ClassId, Tally>) -> Option<(f64, usize)> {
    let rates: Vec<f64> = classes.values().filter_map(|tally| tally.rate()).collect();
    let count = classes.values().map(|tally| tally.of).sum();
    (!rates.is_empty()).then(|| (rates.iter().sum::<f64>() / rates.len() as f64, count))
}

/// Whether a pixel of the box is nearer than the margin to the pixel of the peak.
fn is_near(peak: [f64; 2], Rect { left, top, right, bottom }: Rect) -> bool {
    // From the pixel to the nearest one of the box; a box ends before its right edge.
    let away = |at: f64, first: f64, end: f64| {
        let at = at.floor();
        (first - at).max(at - (end - 1.0)).max(0.0)
    };
    let [x, y] = [away(peak[0], left, right), away(peak[1], top, bottom)];
    x.hypot(y) < MARGIN
}
