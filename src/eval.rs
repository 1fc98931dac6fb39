//! How good a model is, from what it answered for pictures whose class is known.
//!
//! | module | question |
//! | --- | --- |
//! | `scores` | how often is the network right, how often its tree, and what is taken for what? |
//! | `localisation` | do the maps point at the thing? |
//! | `familiarity` | can it tell pictures of its classes from pictures of other things? |
//!
//! Nothing here reads files or runs a network: logits and maps come in, counts come out.

mod familiarity;
mod localisation;
mod scores;

pub use familiarity::{Measure, Separation};
pub use localisation::{Localisation, MapScores, Place, Rect};
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
