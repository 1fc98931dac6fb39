//! How good a model is, from what it answered for pictures whose class is known.
//!
//! | module | question |
//! | --- | --- |
//! | `scores` | how often is the network right, how often its tree, and what is taken for what? |
//! | `calibration` | is it as often right as it says? |
//! | `certainty` | how often is the answer at a certainty right, and how much does it say? |
//! | `mistakes` | how wrong are its mistakes, and where in the tree are they made? |
//! | `localisation` | do the maps point at the thing? |
//! | `max_box_acc` | … and would they with the right threshold? |
//! | `pointing` | … counted as in TorchRay? |
//! | `familiarity` | can it tell pictures of its classes from pictures of other things? |
//!
//! Nothing here reads files or runs a network: logits and maps come in, counts come out.

mod calibration;
mod certainty;
mod familiarity;
mod localisation;
mod max_box_acc;
mod mistakes;
mod pointing;
mod scores;

pub use calibration::{Bin, Calibration};
pub use certainty::{Certainty, Point, Promise, THRESHOLDS};
pub use familiarity::{Measure, Separation};
pub use localisation::{Localisation, MapScores, Place, Rect, energy_inside};
pub use max_box_acc::{MaxBoxAcc, OVERLAPS};
pub use mistakes::{Folded, Severity, fold};
pub use pointing::{MARGIN, PointingGame};
pub use scores::{Scores, TreeScores};

/// How often something was right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub right: usize,
    pub of: usize,
}

impl Tally {
    /// Counts one more case.
    pub fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.of += 1;
    }

    /// The share that was right, 0 to 1; `None` if there was no case.
    pub fn rate(self) -> Option<f64> {
        (self.of > 0).then_some(self.right as f64 / self.of as f64)
    }
}
