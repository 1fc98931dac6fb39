//! Walking down the tree, and walking it differently.

use serde::Serialize;

use super::decision::{Decision, Rule, log_sum_exp};
use super::feature_map::ClassId;
use super::hierarchy::{Hierarchy, NodeId};

/// One decision on the way from the root to the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WalkStep {
    /// The branch that is taken.
    pub node: NodeId,
    /// The likeliest of its siblings, the first one on ties; `None` for an only child.
    pub runner_up: Option<NodeId>,
    /// P(node | parent).
    pub probability: f32,
    /// The product of the probabilities so far.
    pub reach: f32,
    /// What the step costs: -ln P(node | parent), in nats. The costs add up to -ln P(leaf).
    pub cost: f32,
}

/// A path as a waterfall of confidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Walk {
    /// From the root's child down to the leaf.
    pub steps: Vec<WalkStep>,
    /// Which step costs most, the first one on ties; `None` for a tree of a single class.
    pub weakest: Option<usize>,
    /// ln P(leaf), in nats; exact where the probability itself is rounded to 0.
    pub log_prob: f32,
    /// Sum of the entropies of the decisions along the path, in nats.
    pub entropy: f32,
    /// Mean over these decisions of their entropy as a share of the largest possible one: 0 without
    /// any doubt, 1 for tossing coins.
    pub doubt: f32,
}

/// What comes out if the tree is made to pass through a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forced {
    /// The node to pass through.
    pub node: NodeId,
    /// From the root through the node to a leaf.
    pub path: Vec<NodeId>,
    pub class: ClassId,
    /// ln P(leaf), in nats.
    pub log_prob: f32,
    /// Where the new path leaves the predicted one; `None` if it is the predicted one.
    pub parting: Option<NodeId>,
    /// How far the forced branch lies behind the predicted one where they part, in logits.
    pub gap: f32,
    /// How much less likely the new leaf is than the predicted one, as a log-ratio of their
    /// probabilities: `ln P(predicted leaf) - ln P(new leaf)`. Below zero if it is likelier, which
    /// the soft rule alone rules out.
    pub price: f32,
}

impl Walk {
    /// The step that costs most, where that is worth a word: not where the tree is nearly certain of
    /// every step, nor where there is but one.
    pub fn weak_point(&self) -> Option<usize> {
        /// The probability of a step that nobody would doubt.
        const CERTAIN: f32 = 0.95;
        self.weakest.filter(|&at| self.steps.len() > 1 && self.steps[at].probability < CERTAIN)
    }
}

impl Decision {
    /// ln P(node) by node, in nats: sums of logarithms, which do not vanish as products do.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn log_reach(&self, hierarchy: &Hierarchy) -> Vec<f64> {
        let mut log_reach = vec![0.0; hierarchy.nodes().len()];
        for (id, node) in hierarchy.nodes().iter().enumerate() {
            let logit = |&child: &NodeId| f64::from(self.logit[child]);
            let log_sum = log_sum_exp(node.children.iter().map(logit));
            for child in &node.children {
                log_reach[*child] = log_reach[id] + logit(child) - log_sum;
            }
        }
        log_reach
    }

    /// The predicted path, decision by decision.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn walk(&self, hierarchy: &Hierarchy) -> Walk {
        self.walk_along(hierarchy, &self.path)
    }

    /// Any path from the root to a leaf, decision by decision.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn walk_along(&self, hierarchy: &Hierarchy, path: &[NodeId]) -> Walk {
        let log_reach = self.log_reach(hierarchy);
        let steps: Vec<WalkStep> = path
            .windows(2)
            .filter_map(|pair| <[NodeId; 2]>::try_from(pair).ok())
            .map(|[parent, node]| {
                let children = hierarchy.node(parent).children.iter().copied();
                let others = children.filter(|&child| child != node);
                WalkStep {
                    node,
                    runner_up: largest(others, |id| f64::from(self.logit[id])),
                    probability: self.branch_prob[node],
                    reach: self.reach_prob[node],
                    cost: (log_reach[parent] - log_reach[node]) as f32,
                }
            })
            .collect();
        let inner = || path.iter().filter(|&&id| hierarchy.node(id).children.len() > 1);
        let most = |id: NodeId| (hierarchy.node(id).children.len() as f32).ln();
        let doubt: f32 = inner().map(|&id| self.entropy[id] / most(id)).sum();
        let costs = (0..steps.len()).rev();
        Walk {
            weakest: costs.max_by(|&a, &b| steps[a].cost.total_cmp(&steps[b].cost)),
            log_prob: path.last().map_or(0.0, |&leaf| log_reach[leaf] as f32),
            entropy: inner().map(|&id| self.entropy[id]).sum(),
            doubt: (doubt / inner().count().max(1) as f32).clamp(0.0, 1.0),
            steps,
        }
    }

    /// The best leaf below `node` by the rule of this decision, and its price. Passing through a
    /// node of the predicted path changes nothing.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy, or there is no such node.
    pub fn force(&self, hierarchy: &Hierarchy, node: NodeId) -> Forced {
        let log_reach = self.log_reach(hierarchy);
        let leaf = match self.rule {
            Rule::Hard | Rule::Soft | Rule::Marginal if self.path.contains(&node) => {
                self.path.last().copied().unwrap_or(node)
            }
            Rule::Hard | Rule::Marginal => self.follow_from(hierarchy, node),
            Rule::Soft => self.likeliest_below(hierarchy, node, &log_reach),
        };
        let path = hierarchy.path_to(leaf);
        let predicted = self.path.last().copied().unwrap_or(leaf);
        let parting = hierarchy.parting(predicted, leaf);
        let gap = parting.map_or(0.0, |(_, [old, new])| self.logit[old] - self.logit[new]);
        Forced {
            node,
            class: hierarchy.node(leaf).class.unwrap_or_default(),
            log_prob: log_reach[leaf] as f32,
            parting: parting.map(|(node, _)| node),
            gap,
            price: (log_reach[predicted] - log_reach[leaf]) as f32,
            path,
        }
    }

    /// The leaf that the hard rule reaches from `node`.
    fn follow_from(&self, hierarchy: &Hierarchy, node: NodeId) -> NodeId {
        let next = |&id: &NodeId| {
            let children = hierarchy.node(id).children.iter().copied();
            largest(children, |child| f64::from(self.logit[child]))
        };
        std::iter::successors(Some(node), next).last().unwrap_or(node)
    }

    /// The leaf below `node` with the largest probability.
    fn likeliest_below(&self, hierarchy: &Hierarchy, node: NodeId, log_reach: &[f64]) -> NodeId {
        let mut classes = hierarchy.node(node).leaves.clone();
        // The first class wins ties, as for the prediction.
        classes.sort_unstable();
        let leaves = || classes.iter().filter_map(|&class| hierarchy.leaf(class));
        // Probabilities as small as these have been rounded to zero; their logarithms have not.
        let vanished = leaves().all(|leaf| self.reach_prob[leaf] <= 0.0);
        let value = |leaf: NodeId| {
            if vanished { log_reach[leaf] } else { f64::from(self.reach_prob[leaf]) }
        };
        largest(leaves(), value).unwrap_or(node)
    }
}

/// The node with the largest value, the first one on ties; NaN only if there is nothing else.
fn largest(nodes: impl Iterator<Item = NodeId>, value: impl Fn(NodeId) -> f64) -> Option<NodeId> {
    nodes.reduce(|best, id| {
        let wins = value(id) > value(best) || (value(best).is_nan() && !value(id).is_nan());
        if wins { id } else { best }
    })
}
