//! How often the answer at a certainty is right, and how much it says.

use super::Tally;
use crate::explain::{ClassId, Decision, Hierarchy};

/// The certainties that are tried.
pub const THRESHOLDS: [f32; 11] = [0.0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99];

/// The answers at every certainty of [`THRESHOLDS`], and what it takes to be right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Certainty {
    pub points: [Point; THRESHOLDS.len()],
    /// Of each picture the largest probability of a node that its true class is not below. With a
    /// threshold above it (and above a half), the answer is right.
    risks: Vec<f32>,
}

/// The answers at one certainty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// The true class lies at or below the answer.
    pub right: Tally,
    /// The answer is a class.
    pub is_class: Tally,
    /// Sum of the answers' depths.
    pub depth: usize,
    /// Sum over the answers of how many classes they leave open.
    pub classes: usize,
}

impl Point {
    /// Mean depth of the answers; the root has 0.
    pub fn mean_depth(&self) -> Option<f64> {
        (self.right.of > 0).then(|| self.depth as f64 / self.right.of as f64)
    }

    /// Mean number of classes that an answer leaves open.
    pub fn mean_classes(&self) -> Option<f64> {
        (self.right.of > 0).then(|| self.classes as f64 / self.right.of as f64)
    }
}

/// A threshold that keeps a promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    /// How often the answer shall be right, 0 to 1.
    pub accuracy: f64,
    /// The answer at more than this certainty is right as often, on average over sets of pictures
    /// like these.
    pub threshold: f32,
}

impl Certainty {
    /// Counts the answers about one picture.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn add(&mut self, truth: ClassId, decision: &Decision, hierarchy: &Hierarchy) {
        for (point, threshold) in self.points.iter_mut().zip(THRESHOLDS) {
            let sure = decision.sure(hierarchy, threshold);
            let node = hierarchy.node(sure.node);
            point.right.add(node.leaves.contains(&truth));
            point.is_class.add(node.is_leaf());
            point.depth += sure.depth;
            point.classes += node.leaves.len();
        }
        let path = hierarchy.leaf(truth).map(|leaf| hierarchy.path_to(leaf)).unwrap_or_default();
        let wrong = decision.reach_prob.iter().enumerate().filter(|(id, _)| !path.contains(id));
        self.risks.push(wrong.map(|(_, &p)| p).fold(0.0, f32::max));
    }

    /// The threshold above which answers are right with a probability of `accuracy`, for pictures
    /// drawn like the counted ones: the rule of "Hierarchical selective classification" (arXiv
    /// 2405.11533), which is that of split conformal prediction. Of n pictures it takes the
    /// `⌈(n + 1) · accuracy⌉`-th smallest risk. `None` if there are too few pictures for that.
    pub fn promise(&self, accuracy: f64) -> Option<Promise> {
        let mut risks = self.risks.clone();
        risks.sort_by(f32::total_cmp);
        let place = ((risks.len() + 1) as f64 * accuracy).ceil() as usize;
        let threshold = risks.get(place.max(1) - 1).copied()?;
        // Below a half, nodes that have nothing to do with each other may all be likely enough.
        Some(Promise { accuracy, threshold: threshold.max(0.5) })
    }
}
