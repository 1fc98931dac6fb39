//! What would have to be missing from a picture for a decision to go the other way.

use serde::Serialize;
use thiserror::Error;

use super::cam_set::CamSet;
use super::decision::{Decision, Rule, log_sum_exp};
use super::ending::NoMaps;
use super::hierarchy::{Hierarchy, NodeId};

/// A lead below this, in logits, is a tie that rounding could decide.
const CLEARLY: f64 = 1e-3;

/// The smallest set of cells whose removal changes which branch a node takes.
///
/// Removal means that the features of a cell count as zero, which is exact at the level of the
/// feature map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flip {
    /// The node that decides.
    pub node: NodeId,
    /// The branch that it takes.
    pub from: NodeId,
    /// The branch that it takes without the cells; if it cannot be flipped, the one that comes
    /// closest.
    pub to: NodeId,
    /// Whether the decision can be flipped at all. If not, `cells` are all that speak for `from`.
    pub flips: bool,
    /// Row-major, the one that matters most first.
    pub cells: Vec<usize>,
    /// Lead of `from` over `to`, in logits.
    pub margin: f32,
    pub margin_without: f32,
    /// P(from | node).
    pub probability: f32,
    pub probability_without: f32,
}

/// A node without a decision.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FlipError {
    #[error(transparent)]
    NoMaps(#[from] NoMaps),
    #[error("{0:?} is a class, so nothing is decided below it; name an inner node of the tree")]
    Leaf(String),
    #[error("{0:?} has a single branch, so nothing is decided there; name another node")]
    SingleBranch(String),
}

/// Finds the cells without which `node` takes another branch. `node_maps` are the maps of all nodes
/// ([`CamSet::of_nodes`]).
///
/// The lead of one branch over another is a sum over cells, so taking the cells in order of what
/// they give to it makes the smallest set there is. All other branches are tried.
///
/// # Errors
/// When `node` has fewer than two children.
///
/// # Panics
/// If decision, maps and hierarchy do not belong together, or there is no such node.
pub fn flip(
    hierarchy: &Hierarchy,
    decision: &Decision,
    node_maps: &CamSet,
    node: NodeId,
) -> Result<Flip, FlipError> {
    let name = || hierarchy.node(node).name.clone();
    let children = &hierarchy.node(node).children;
    let logit = |id: NodeId| f64::from(decision.logit[id]);
    let first = children.iter().copied().reduce(|a, b| if logit(b) > logit(a) { b } else { a });
    let from = first.ok_or_else(|| FlipError::Leaf(name()))?;
    let attempts = children
        .iter()
        .filter(|&&id| id != from)
        .map(|&to| Attempt::new(logit(from) - logit(to), &gains(node_maps, from, to), to));
    let best = attempts.reduce(|a, b| if b.is_better_than(&a) { b } else { a });
    let Attempt { to, cells, left } = best.ok_or_else(|| FlipError::SingleBranch(name()))?;
    let flips = left < -CLEARLY;

    // The branch that was aimed at need not be the one that leads in the end.
    let without = |id: NodeId| {
        let map = node_maps.values(id).unwrap_or_default();
        let lost: f64 = cells.iter().filter_map(|&cell| map.get(cell)).map(|&v| f64::from(v)).sum();
        logit(id) - lost / map.len().max(1) as f64
    };
    let after: Vec<(NodeId, f64)> = children.iter().map(|&id| (id, without(id))).collect();
    let winner = after.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
    let to = if flips { winner.map_or(to, |(id, _)| id) } else { to };
    let log_sum = log_sum_exp(after.iter().map(|&(_, z)| z));
    let margin_without = without(from) - without(to);
    let probability_without = (without(from) - log_sum).exp();
    Ok(Flip {
        node,
        from,
        to,
        flips,
        cells,
        margin: (logit(from) - logit(to)) as f32,
        margin_without: margin_without as f32,
        probability: decision.branch_prob[from],
        probability_without: probability_without as f32,
    })
}

/// What the network itself says once the cells of a [`Flip`] are gone from the photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlipCheck {
    /// Lead of `from` over `to`, in logits.
    pub margin: f32,
    /// P(from | node).
    pub probability: f32,
    /// The branch that is taken.
    pub winner: NodeId,
    /// Whether the decision goes the other way, as it was foreseen or not.
    pub flips: bool,
    foreseen: bool,
}

impl Flip {
    /// Compares with the logits that the network gives for the photo without the cells.
    ///
    /// # Panics
    /// If flip and hierarchy do not belong together.
    pub fn check(&self, hierarchy: &Hierarchy, logits: &[f32]) -> FlipCheck {
        let Self { node, from, to, .. } = *self;
        let decision = Decision::new(hierarchy, logits, Rule::Hard);
        let logit = |id: NodeId| decision.logit[id];
        let children = hierarchy.node(node).children.iter().copied();
        let winner =
            children.fold(from, |best, id| if logit(id) > logit(best) { id } else { best });
        FlipCheck {
            margin: logit(from) - logit(to),
            probability: decision.branch_prob[from],
            winner,
            flips: winner != from,
            foreseen: self.flips,
        }
    }
}

impl FlipCheck {
    /// Whether it held, for the user.
    pub fn verdict(&self) -> &'static str {
        match (self.flips, self.foreseen) {
            (true, true) => "it flips there too",
            (false, true) => "it does not flip: other cells still see what was there",
            (true, false) => "it flips there",
            (false, false) => "it does not flip there either",
        }
    }
}

/// What each cell gives to the lead of one node over another, in logits.
fn gains(node_maps: &CamSet, from: NodeId, to: NodeId) -> Vec<f64> {
    let map = |id| node_maps.values(id).unwrap_or_default();
    let cells = map(from).len().max(1) as f64;
    let gain = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)) / cells;
    map(from).iter().zip(map(to)).map(gain).collect()
}

/// Making one branch win.
struct Attempt {
    to: NodeId,
    cells: Vec<usize>,
    /// The lead over `to` that is left.
    left: f64,
}

impl Attempt {
    fn new(lead: f64, gains: &[f64], to: NodeId) -> Self {
        let mut order: Vec<usize> = (0..gains.len()).filter(|&cell| gains[cell] > 0.0).collect();
        order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
        let mut attempt = Self { to, cells: Vec::new(), left: lead };
        for cell in order {
            if attempt.left < -CLEARLY {
                break;
            }
            attempt.left -= gains[cell];
            attempt.cells.push(cell);
        }
        attempt
    }

    /// Whether it flips with fewer cells, or comes closer if neither flips.
    fn is_better_than(&self, other: &Self) -> bool {
        let key = |a: &Self| if a.left < -CLEARLY { a.cells.len() } else { usize::MAX };
        (key(self), self.left) < (key(other), other.left)
    }
}
