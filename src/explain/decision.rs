//! How a tree decides: from the logits of the classes to a path from the root to a leaf.
//!
//! Each inner node compares its children by the mean logit of the classes below them, with a
//! softmax (Wan et al. 2021, "NBDT: Neural-Backed Decision Tree", section 3).

use serde::{Deserialize, Serialize};

use super::feature_map::{ClassId, argmax};
use super::hierarchy::{Hierarchy, NodeId};
use crate::text::CleanText;

/// How the tree arrives at a class.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Rule {
    /// Follow the likeliest child from the root down. One early mistake is final.
    #[default]
    Hard,
    /// Take the class with the largest product of probabilities along its path.
    Soft,
}

/// What a tree makes of one set of logits. Nodes are indexed as in [`Hierarchy::nodes`].
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub rule: Rule,
    /// Mean logit of the classes below each node; the softmax of siblings compares these.
    pub logit: Vec<f32>,
    /// P(node | parent), 1 for the root.
    pub branch_prob: Vec<f32>,
    /// P(node): the product of the branch probabilities from the root down.
    pub reach_prob: Vec<f32>,
    /// ln(p / (1 - p)) of the branch probability: the lead over all siblings together, in logits,
    /// which still tells large leads apart where p is rounded to 1. Infinite without siblings.
    pub log_odds: Vec<f32>,
    /// Entropy of the decision at each inner node, in nats; 0 for leaves. As in PyTorch, a
    /// decision without any doubt has 1.19e-7, not 0.
    pub entropy: Vec<f32>,
    /// By class. Soft: the reach probabilities of the leaves, which sum to 1. Hard: 1 for the
    /// predicted class and 0 for the others, as nbdt returns it.
    pub class_prob: Vec<f32>,
    /// From the root to the leaf of `class`.
    pub path: Vec<NodeId>,
    /// The prediction; the first class on ties.
    pub class: ClassId,
}

/// One decision of a path, for printing: the node that was chosen, and how clearly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    pub node: NodeId,
    pub name: CleanText,
    pub wnid: CleanText,
    /// P(node | parent), 1 for the root.
    pub probability: f32,
    /// Entropy of the parent's decision, in nats; 0 for the root.
    pub entropy: f32,
    /// Which child of its parent the node is; `None` for the root.
    pub child: Option<usize>,
    /// Which of its children the path goes on to; `None` for the leaf.
    pub next: Option<usize>,
}

/// What the network alone and the two rules predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The class with the largest logit.
    pub plain: ClassId,
    pub hard: ClassId,
    pub soft: ClassId,
}

impl Agreement {
    /// The three predictions for the same logits.
    pub fn new(hierarchy: &Hierarchy, logits: &[f32]) -> Self {
        let predict = |rule| Decision::new(hierarchy, logits, rule).class;
        Self { plain: argmax(logits), hard: predict(Rule::Hard), soft: predict(Rule::Soft) }
    }

    /// Whether all three are the same class.
    pub fn is_unanimous(self) -> bool {
        self.plain == self.hard && self.hard == self.soft
    }

    /// The decisions at which the ways to the three predictions part, from the root down; none if
    /// all three are the same class.
    pub fn partings(self, hierarchy: &Hierarchy) -> Vec<NodeId> {
        let leaves = [self.plain, self.hard, self.soft].map(|class| hierarchy.leaf(class));
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let parting = |(a, b): (usize, usize)| hierarchy.parting(leaves[a]?, leaves[b]?);
        let mut nodes: Vec<NodeId> =
            pairs.into_iter().filter_map(parting).map(|(node, _)| node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

impl Decision {
    /// Runs the tree on `logits`, one per class.
    ///
    /// Sums and products run in 64 bits. Missing logits count as NaN; NaN and infinite logits give
    /// NaN probabilities along their paths, and a prediction that avoids NaN where it can.
    pub fn new(hierarchy: &Hierarchy, logits: &[f32], rule: Rule) -> Self {
        let nodes = hierarchy.nodes();
        let logit = node_logits(hierarchy, logits);
        let mut branch_prob = vec![1.0; nodes.len()];
        let mut reach_prob = vec![1.0; nodes.len()];
        let mut log_odds = vec![f32::INFINITY; nodes.len()];
        let mut entropy = vec![0.0; nodes.len()];
        for (id, node) in nodes.iter().enumerate() {
            if node.is_leaf() {
                continue;
            }
            let choice = Choice::between(node.children.iter().map(|&child| logit[child]).collect());
            entropy[id] = choice.entropy() as f32;
            for (i, &child) in node.children.iter().enumerate() {
                branch_prob[child] = choice.probs[i];
                reach_prob[child] = reach_prob[id] * choice.probs[i];
                log_odds[child] = choice.log_odds(i) as f32;
            }
        }
        let mut decision = Self {
            rule,
            logit: narrow(&logit),
            branch_prob: narrow(&branch_prob),
            reach_prob: narrow(&reach_prob),
            log_odds,
            entropy,
            class_prob: vec![0.0; hierarchy.classes()],
            path: Vec::new(),
            class: 0,
        };
        match rule {
            Rule::Hard => decision.follow(hierarchy, &logit),
            Rule::Soft => decision.weigh(hierarchy),
        }
        decision
    }

    fn follow(&mut self, hierarchy: &Hierarchy, logit: &[f64]) {
        let mut id = hierarchy.root();
        self.path.push(id);
        while let Some(child) = first_largest(&hierarchy.node(id).children, logit) {
            id = child;
            self.path.push(id);
        }
        if let Some(class) = hierarchy.node(id).class {
            self.class = class;
            self.class_prob[class] = 1.0;
        }
    }

    fn weigh(&mut self, hierarchy: &Hierarchy) {
        for (id, node) in hierarchy.nodes().iter().enumerate() {
            if let Some(class) = node.class {
                self.class_prob[class] = self.reach_prob[id];
            }
        }
        self.class = argmax(&self.class_prob);
        let leaf = hierarchy.leaf(self.class).unwrap_or(hierarchy.root());
        self.path = hierarchy.path_to(leaf);
    }

    /// The path, decision by decision, as nbdt reports it: `Hard` without the root, which was
    /// never chosen; `Soft` with it.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn steps(&self, hierarchy: &Hierarchy) -> Vec<Step> {
        let skipped = match self.rule {
            Rule::Hard => 1,
            Rule::Soft => 0,
        };
        let step = |(i, &id): (usize, &NodeId)| {
            let node = hierarchy.node(id);
            Step {
                node: id,
                name: node.name.clone(),
                wnid: node.wnid.clone(),
                probability: self.branch_prob[id],
                entropy: node.parent.map_or(0.0, |parent| self.entropy[parent]),
                child: hierarchy.child_index(id),
                next: self.path.get(i + 1).and_then(|&next| hierarchy.child_index(next)),
            }
        };
        self.path.iter().enumerate().skip(skipped).map(step).collect()
    }
}

/// Mean logit of the leaves below each node.
fn node_logits(hierarchy: &Hierarchy, logits: &[f32]) -> Vec<f64> {
    let nodes = hierarchy.nodes();
    let mut sums = vec![0.0; nodes.len()];
    for (id, node) in nodes.iter().enumerate().rev() {
        if let Some(class) = node.class {
            sums[id] = logits.get(class).map_or(f64::NAN, |&z| f64::from(z));
        }
        if let Some(parent) = node.parent {
            sums[parent] += sums[id];
        }
    }
    let mean = |(sum, count): (f64, usize)| sum / count.max(1) as f64;
    sums.into_iter().zip(nodes.iter().map(|node| node.leaves.len())).map(mean).collect()
}

/// The child with the largest logit, the first one on ties; NaN only if there is nothing else.
fn first_largest(children: &[NodeId], logit: &[f64]) -> Option<NodeId> {
    let better = |best: NodeId, &child: &NodeId| {
        let wins = logit[child] > logit[best] || (logit[best].is_nan() && !logit[child].is_nan());
        if wins { child } else { best }
    };
    let (&first, others) = children.split_first()?;
    Some(others.iter().fold(first, better))
}

/// The softmax of one inner node.
struct Choice {
    logits: Vec<f64>,
    probs: Vec<f64>,
    /// ln Σ exp(logit).
    log_sum: f64,
}

impl Choice {
    fn between(logits: Vec<f64>) -> Self {
        let log_sum = log_sum_exp(logits.iter().copied());
        let probs = logits.iter().map(|z| (z - log_sum).exp()).collect();
        Self { logits, probs, log_sum }
    }

    /// -Σ p ln p with the clamp of PyTorch's `Categorical(probs).entropy()`.
    fn entropy(&self) -> f64 {
        const EPSILON: f64 = f32::EPSILON as f64;
        let surprise = |p: f64| -p * p.clamp(EPSILON, 1.0 - EPSILON).ln();
        self.probs.iter().map(|&p| surprise(p)).sum()
    }

    /// The lead of child `i` over all others together.
    fn log_odds(&self, i: usize) -> f64 {
        let p = self.probs[i];
        if p >= 0.5 {
            // Not from 1 - p, which is 0 for a large lead. At most two children come here.
            let others = self.logits[..i].iter().chain(&self.logits[i + 1..]);
            self.logits[i] - log_sum_exp(others.copied())
        } else {
            (self.logits[i] - self.log_sum) - (-p).ln_1p()
        }
    }
}

pub(super) fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let max = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if max == f64::NEG_INFINITY {
        return max;
    }
    max + values.map(|v| (v - max).exp()).sum::<f64>().ln()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}
