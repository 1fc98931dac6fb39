//! What would have to be missing from a picture for a decision to go the other way.

use serde::Serialize;
use thiserror::Error;

use super::cam_set::CamSet;
use super::decision::{Decision, Pooling, Rule, log_sum_exp};
use super::ending::NoMaps;
use super::hierarchy::{Hierarchy, NodeId};

/// A lead below this, in logits, is a tie that rounding could decide.
const CLEARLY: f64 = 1e-3;

/// A small set of cells whose removal changes which branch a node takes.
///
/// Removal means that the features of a cell count as zero, which is exact at the level of the
/// feature map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flip {
    pub rule: Rule,
    /// The node that decides.
    pub node: NodeId,
    /// The branch that it takes.
    pub from: NodeId,
    /// The branch that it takes without the cells; if it cannot be flipped, the one that comes
    /// closest.
    pub to: NodeId,
    /// Whether such cells were found. If not, `cells` are all that speak for `from`.
    pub flips: bool,
    /// Whether no smaller set of cells flips it. Where logits are averaged this is so. By the
    /// marginal rule what a cell gives depends on the others, and all that is sure is that none of
    /// the cells can be spared.
    pub smallest: bool,
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

/// Finds cells without which `node` takes another branch. `class_maps` are the maps of all classes.
///
/// Cells are taken one by one, always the one that gives most to the lead of one branch over
/// another, until that lead is gone; all other branches are tried. Where logits are averaged, a lead
/// is a sum over cells, and this makes the smallest set there is. By the marginal rule the gains are
/// the gradient at the logits that are left, leads are computed from these logits anew, and cells
/// that turn out not to be needed are put back.
///
/// # Errors
/// When `node` has fewer than two children.
///
/// # Panics
/// If decision, maps and hierarchy do not belong together, or there is no such node.
pub fn flip(
    hierarchy: &Hierarchy,
    decision: &Decision,
    class_maps: &CamSet,
    node: NodeId,
) -> Result<Flip, FlipError> {
    let name = || hierarchy.node(node).name.to_string();
    let children = &hierarchy.node(node).children;
    let logit = |id: NodeId| decision.logit[id];
    let from = leader(children, decision).ok_or_else(|| FlipError::Leaf(name()))?;
    let search = Search { hierarchy, decision, class_maps, from };
    let attempts = children.iter().filter(|&&id| id != from).map(|&to| search.attempt(to));
    let best = attempts.reduce(|a, b| if b.is_better_than(&a) { b } else { a });
    let Attempt { to, mut cells, left } = best.ok_or_else(|| FlipError::SingleBranch(name()))?;
    let smallest = decision.rule.pooling() == Pooling::Mean;
    if !smallest {
        search.put_back(children, &mut cells);
    }

    // The branch that was aimed at need not be the one that leads in the end.
    let without = search.without(&cells);
    let after = |id: NodeId| without.logit[id];
    let winner = leader(children, &without).unwrap_or(to);
    let flips = left < -CLEARLY || f64::from(after(winner) - after(from)) > CLEARLY;
    let to = if flips { winner } else { to };
    Ok(Flip {
        rule: decision.rule,
        node,
        from,
        to,
        flips,
        smallest,
        cells,
        margin: logit(from) - logit(to),
        margin_without: after(from) - after(to),
        probability: decision.branch_prob[from],
        probability_without: without.branch_prob[from],
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
    /// Whether the decision goes the other way.
    pub flips: bool,
    /// Whether it was foreseen that it does.
    pub foreseen: bool,
}

impl Flip {
    /// Compares with the logits that the network gives for the photo without the cells.
    ///
    /// # Panics
    /// If flip and hierarchy do not belong together.
    pub fn check(&self, hierarchy: &Hierarchy, logits: &[f32]) -> FlipCheck {
        let Self { rule, node, from, to, .. } = *self;
        let decision = Decision::new(hierarchy, logits, rule);
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

/// The child that is taken, the first one on ties.
fn leader(children: &[NodeId], decision: &Decision) -> Option<NodeId> {
    let logit = |id: NodeId| decision.logit[id];
    children.iter().copied().reduce(|a, b| if logit(b) > logit(a) { b } else { a })
}

/// Looks for the cells that make `from` lead.
struct Search<'a> {
    hierarchy: &'a Hierarchy,
    decision: &'a Decision,
    class_maps: &'a CamSet,
    from: NodeId,
}

/// Making one branch win.
struct Attempt {
    to: NodeId,
    cells: Vec<usize>,
    /// The lead over `to` that is left.
    left: f64,
}

/// The classes of a branch with their logits.
struct Side<'a> {
    maps: Vec<&'a [f32]>,
    logits: Vec<f64>,
    pooling: Pooling,
}

impl Search<'_> {
    fn cells(&self) -> usize {
        self.class_maps.height * self.class_maps.width
    }

    fn attempt(&self, to: NodeId) -> Attempt {
        let (mut pro, mut contra) = (self.side(self.from), self.side(to));
        let lead = |pro: &Side<'_>, contra: &Side<'_>| pro.logit() - contra.logit();
        let mut left: Vec<usize> = (0..self.cells()).collect();
        let mut taken = Vec::new();
        let mut gains = self.gains(&pro, &contra);
        while lead(&pro, &contra) >= -CLEARLY {
            let best = left.iter().copied().reduce(|a, b| if gains[b] > gains[a] { b } else { a });
            let Some(cell) = best.filter(|&cell| gains[cell] > 0.0) else { break };
            left.retain(|&other| other != cell);
            taken.push(cell);
            for side in [&mut pro, &mut contra] {
                side.remove(cell);
            }
            if pro.pooling == Pooling::LogSumExp {
                gains = self.gains(&pro, &contra);
            }
        }
        Attempt { to, cells: taken, left: lead(&pro, &contra) }
    }

    fn side(&self, node: NodeId) -> Side<'_> {
        let leaves = &self.hierarchy.node(node).leaves;
        let logit = |&class: &usize| {
            let leaf = self.hierarchy.leaf(class);
            leaf.map_or(f64::NAN, |leaf| f64::from(self.decision.logit[leaf]))
        };
        let map = |&class: &usize| self.class_maps.values(class).unwrap_or_default();
        Side {
            maps: leaves.iter().map(map).collect(),
            logits: leaves.iter().map(logit).collect(),
            pooling: self.decision.rule.pooling(),
        }
    }

    /// What each cell gives to the lead, in logits, to first order.
    fn gains(&self, pro: &Side<'_>, contra: &Side<'_>) -> Vec<f64> {
        let [pro, contra] = [pro, contra].map(|side| side.map(self.cells()));
        pro.iter().zip(&contra).map(|(a, b)| (a - b) / self.cells().max(1) as f64).collect()
    }

    /// Puts back cells without which another branch leads anyway: the first ones were chosen with
    /// the later ones still there.
    fn put_back(&self, children: &[NodeId], cells: &mut Vec<usize>) {
        let flips = |cells: &[usize]| {
            let without = self.without(cells);
            leader(children, &without)
                .is_some_and(|id| f64::from(without.logit[id] - without.logit[self.from]) > CLEARLY)
        };
        if !flips(cells) {
            return;
        }
        let mut before = usize::MAX;
        while cells.len() < before {
            before = cells.len();
            for cell in cells.clone() {
                let fewer: Vec<usize> =
                    cells.iter().copied().filter(|&other| other != cell).collect();
                if flips(&fewer) {
                    *cells = fewer;
                }
            }
        }
    }

    /// What the tree decides without some cells.
    fn without(&self, cells: &[usize]) -> Decision {
        Decision::new(self.hierarchy, &self.logits_without(cells), self.decision.rule)
    }

    fn logits_without(&self, cells: &[usize]) -> Vec<f32> {
        let all = self.side(self.hierarchy.root());
        let mut logits = vec![f32::NAN; self.hierarchy.classes()];
        let classes = &self.hierarchy.node(self.hierarchy.root()).leaves;
        for ((&class, logit), map) in classes.iter().zip(&all.logits).zip(&all.maps) {
            let lost: f64 =
                cells.iter().filter_map(|&cell| map.get(cell)).copied().map(f64::from).sum();
            logits[class] = (logit - lost / map.len().max(1) as f64) as f32;
        }
        logits
    }
}

impl Side<'_> {
    fn logit(&self) -> f64 {
        match self.pooling {
            Pooling::Mean => self.logits.iter().sum::<f64>() / self.logits.len().max(1) as f64,
            Pooling::LogSumExp => log_sum_exp(self.logits.iter().copied()),
        }
    }

    /// The map of the branch with the logits that are left.
    fn map(&self, cells: usize) -> Vec<f64> {
        let log_sum = self.logit();
        let mut sum = vec![0.0; cells];
        for (map, logit) in self.maps.iter().zip(&self.logits) {
            let share = match self.pooling {
                Pooling::Mean => 1.0 / self.logits.len() as f64,
                Pooling::LogSumExp => (logit - log_sum).exp(),
            };
            for (sum, &value) in sum.iter_mut().zip(*map) {
                *sum += share * f64::from(value);
            }
        }
        sum
    }

    /// Takes a cell away.
    fn remove(&mut self, cell: usize) {
        for (map, logit) in self.maps.iter().zip(&mut self.logits) {
            let value = map.get(cell).copied().map_or(0.0, f64::from);
            *logit -= value / map.len().max(1) as f64;
        }
    }
}

impl Attempt {
    /// Whether it flips with fewer cells, or comes closer if neither flips.
    fn is_better_than(&self, other: &Self) -> bool {
        let key = |a: &Self| if a.left < -CLEARLY { a.cells.len() } else { usize::MAX };
        (key(self), self.left) < (key(other), other.left)
    }
}
