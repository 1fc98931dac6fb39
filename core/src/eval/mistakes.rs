//! How wrong a mistake is, and where in the tree it happens.

use std::collections::BTreeMap;

use super::Tally;
use crate::explain::{ClassId, Hierarchy, NodeId};

/// Predictions seen through a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Severity {
    /// How many predictions have a lowest common ancestor with the truth of this height; 0 for
    /// those that are right (Bertinetto et al. 2020, "Making better mistakes").
    pub heights: BTreeMap<usize, usize>,
    /// By depth: the true class and the predicted one have the same ancestor there. Classes above
    /// that depth stand for themselves.
    pub levels: Vec<Tally>,
    /// The height of each node.
    height: Vec<usize>,
}

impl Severity {
    pub fn new(hierarchy: &Hierarchy) -> Self {
        let nodes = hierarchy.nodes();
        let deepest = nodes.iter().map(|node| node.depth).max().unwrap_or_default();
        Self {
            heights: BTreeMap::new(),
            levels: vec![Tally::default(); deepest],
            height: heights(hierarchy),
        }
    }

    /// Counts one prediction.
    pub fn add(&mut self, truth: ClassId, prediction: ClassId, hierarchy: &Hierarchy) {
        let [Some(truth), Some(prediction)] = [truth, prediction].map(|it| hierarchy.leaf(it))
        else {
            return;
        };
        let common = hierarchy.parting(truth, prediction).map_or(truth, |(node, _)| node);
        *self.heights.entry(self.height[common]).or_default() += 1;
        let [a, b] = [truth, prediction].map(|leaf| hierarchy.path_to(leaf));
        let at = |path: &[NodeId], depth: usize| path.get(depth).or(path.last()).copied();
        for (depth, tally) in (1..).zip(&mut self.levels) {
            tally.add(at(&a, depth) == at(&b, depth));
        }
    }

    /// Mean height over all predictions, and over the mistakes alone.
    pub fn mean_heights(&self) -> [Option<f64>; 2] {
        let mean = |least: usize| {
            let (sum, count) = self
                .heights
                .range(least..)
                .fold((0, 0), |(sum, all), (height, count)| (sum + height * count, all + count));
            (count > 0).then(|| sum as f64 / count as f64)
        };
        [mean(0), mean(1)]
    }
}

/// Steps from each node to the farthest leaf below it.
fn heights(hierarchy: &Hierarchy) -> Vec<usize> {
    let nodes = hierarchy.nodes();
    let mut heights = vec![0; nodes.len()];
    for (id, node) in nodes.iter().enumerate().rev() {
        if let Some(parent) = node.parent {
            heights[parent] = heights[parent].max(heights[id] + 1);
        }
    }
    heights
}

/// A confusion matrix folded to one decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The branches.
    pub branches: Vec<NodeId>,
    /// `[branches][branches + 1]`: how often a picture of one branch was taken for another, or (in
    /// the last column) for something outside of the node.
    pub counts: Vec<Vec<usize>>,
}

/// What is taken for what at one node, of the pictures whose true class lies below it.
///
/// # Panics
/// If there is no such node.
pub fn fold(
    confusion: &BTreeMap<(ClassId, ClassId), usize>,
    hierarchy: &Hierarchy,
    node: NodeId,
) -> Folded {
    let branches = hierarchy.node(node).children.clone();
    let holds =
        |class: ClassId| branches.iter().position(|&id| hierarchy.node(id).leaves.contains(&class));
    let mut counts = vec![vec![0; branches.len() + 1]; branches.len()];
    for (&(truth, prediction), &count) in confusion {
        if let Some(row) = holds(truth) {
            counts[row][holds(prediction).unwrap_or(branches.len())] += count;
        }
    }
    Folded { branches, counts }
}
