//! How a tree decides: from the logits of the classes to a path from the root to a leaf.
//!
//! Every node has a logit, and each inner node compares those of its children with a softmax. A
//! [`Rule`] says how the logits of the classes make the logit of a node:
//!
//! * hard and soft take the mean of the classes below (Wan et al. 2021, "NBDT: Neural-Backed
//!   Decision Tree", section 3), as the models are read that were trained with a tree;
//! * marginal takes `ln Σ exp(logit)` over the classes below. The softmax of such logits is
//!   `P(child) / P(parent)`, where the probability of a node is the sum of the network's own
//!   probabilities below it (Valmadre 2022, arXiv 2210.10929; arXiv 2405.11533). Nothing is
//!   approximated, so this reading holds for every classifier.

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
    /// Read the network's own softmax through the tree, and follow the likeliest child. The
    /// likeliest class is the network's; the path may end elsewhere.
    Marginal,
}

impl Rule {
    /// The rule after this one, for a key that goes through them all.
    pub fn next(self) -> Self {
        match self {
            Self::Hard => Self::Soft,
            Self::Soft => Self::Marginal,
            Self::Marginal => Self::Hard,
        }
    }

    /// What makes the logit of a node from those of the classes below it.
    pub fn pooling(self) -> Pooling {
        match self {
            Self::Hard | Self::Soft => Pooling::Mean,
            Self::Marginal => Pooling::LogSumExp,
        }
    }
}

/// How the logits of several classes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pooling {
    Mean,
    /// `ln Σ exp(logit)`.
    LogSumExp,
}

/// What a tree makes of one set of logits. Nodes are indexed as in [`Hierarchy::nodes`].
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub rule: Rule,
    /// By node, what the softmax of siblings compares: the logits of the classes below, pooled as
    /// [`Rule::pooling`] says. That of a leaf is the class's own.
    pub logit: Vec<f32>,
    /// P(node | parent), 1 for the root.
    pub branch_prob: Vec<f32>,
    /// P(node): the product of the branch probabilities from the root down. Marginal: the sum of
    /// the softmax over the classes below.
    pub reach_prob: Vec<f32>,
    /// ln(p / (1 - p)) of the branch probability: the lead over all siblings together, in logits,
    /// which still tells large leads apart where p is rounded to 1. Infinite without siblings.
    pub log_odds: Vec<f32>,
    /// Entropy of the decision at each inner node, in nats; 0 for leaves. As in PyTorch, a
    /// decision without any doubt has 1.19e-7, not 0.
    pub entropy: Vec<f32>,
    /// By class. Soft and marginal: the reach probabilities of the leaves, which sum to 1. Hard: 1
    /// for the predicted class and 0 for the others, as nbdt returns it.
    pub class_prob: Vec<f32>,
    /// From the root to the leaf of `class`.
    pub path: Vec<NodeId>,
    /// The prediction; the first class on ties. Marginal: the end of the likeliest branches.
    pub class: ClassId,
    /// The class with the largest probability of all, the first one on ties, wherever the path
    /// ends. Marginal: the network's own class.
    pub likeliest: ClassId,
}

/// One decision of a path, for printing: the node that was chosen, and how clearly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    pub node: NodeId,
    pub name: CleanText,
    pub wnid: CleanText,
    /// P(node | parent), 1 for the root.
    pub probability: f32,
    /// P(node).
    pub reach: f32,
    /// Entropy of the parent's decision, in nats; 0 for the root.
    pub entropy: f32,
    /// Which child of its parent the node is; `None` for the root.
    pub child: Option<usize>,
    /// Which of its children the path goes on to; `None` for the leaf.
    pub next: Option<usize>,
}

/// What the network alone and the rules predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The class with the largest logit.
    pub plain: ClassId,
    pub hard: ClassId,
    pub soft: ClassId,
    pub marginal: ClassId,
}

impl Agreement {
    /// The predictions for the same logits.
    pub fn new(hierarchy: &Hierarchy, logits: &[f32]) -> Self {
        Decisions::new(hierarchy, logits).agreement(logits)
    }

    /// The classes that a reader of `rule` compares: the marginal rule reads the network itself,
    /// and what nbdt's rules make of the same tree says nothing about it.
    pub fn compared(self, rule: Rule) -> Vec<ClassId> {
        match rule {
            Rule::Hard | Rule::Soft => vec![self.plain, self.hard, self.soft],
            Rule::Marginal => vec![self.plain, self.marginal],
        }
    }

    /// Whether all compared classes are the same.
    pub fn is_unanimous(self, rule: Rule) -> bool {
        self.compared(rule).iter().all(|&class| class == self.plain)
    }

    /// The decisions at which the ways to the compared classes part, from the root down; none if
    /// all are the same class.
    pub fn partings(self, hierarchy: &Hierarchy, rule: Rule) -> Vec<NodeId> {
        let leaves: Vec<_> =
            self.compared(rule).into_iter().filter_map(|class| hierarchy.leaf(class)).collect();
        let mut nodes: Vec<NodeId> = leaves
            .iter()
            .enumerate()
            .flat_map(|(i, &a)| leaves[i + 1..].iter().map(move |&b| (a, b)))
            .filter_map(|(a, b)| hierarchy.parting(a, b))
            .map(|(node, _)| node)
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// What every rule makes of the same logits.
#[derive(Clone, Debug, PartialEq)]
pub struct Decisions {
    pub hard: Decision,
    pub soft: Decision,
    pub marginal: Decision,
}

impl Decisions {
    /// Runs the tree by every rule: see [`Decision::new`].
    pub fn new(hierarchy: &Hierarchy, logits: &[f32]) -> Self {
        let decide = |rule| Decision::new(hierarchy, logits, rule);
        let [hard, soft, marginal] = [Rule::Hard, Rule::Soft, Rule::Marginal].map(decide);
        Self { hard, soft, marginal }
    }

    /// The decision by one of the rules.
    pub fn by(&self, rule: Rule) -> &Decision {
        match rule {
            Rule::Hard => &self.hard,
            Rule::Soft => &self.soft,
            Rule::Marginal => &self.marginal,
        }
    }

    /// What they predict, and what the network alone says.
    pub fn agreement(&self, logits: &[f32]) -> Agreement {
        let Self { hard, soft, marginal } = self;
        Agreement {
            plain: argmax(logits),
            hard: hard.class,
            soft: soft.class,
            marginal: marginal.class,
        }
    }
}

/// The most that can be said about a picture at a given certainty: the deepest node that is likely
/// enough (Deng et al. 2012, "Hedging your bets").
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sure {
    /// How likely the answer has to be, 0 to 1.
    pub threshold: f32,
    /// The deepest node with P(node) >= threshold along the likeliest branches. Above a half there
    /// is none elsewhere.
    pub node: NodeId,
    /// P(node).
    pub probability: f32,
    /// Its depth; the root has 0.
    pub depth: usize,
    /// The likeliest class below it.
    pub class: ClassId,
    /// P(class).
    pub class_probability: f32,
}

impl Decision {
    /// Runs the tree on `logits`, one per class.
    ///
    /// Sums and products run in 64 bits. Missing logits count as NaN; NaN and infinite logits give
    /// NaN probabilities along their paths, and a prediction that avoids NaN where it can.
    pub fn new(hierarchy: &Hierarchy, logits: &[f32], rule: Rule) -> Self {
        let nodes = hierarchy.nodes();
        // Logits are only compared, and small ones have more digits behind the point.
        let (logit, shift) = match rule.pooling() {
            Pooling::Mean => (mean_logits(hierarchy, logits), 0.0),
            Pooling::LogSumExp => {
                let shift = logits.get(argmax(logits)).copied().map_or(0.0, f64::from);
                let shift = if shift.is_finite() { shift } else { 0.0 };
                (log_sum_logits(hierarchy, logits, shift), shift)
            }
        };
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
        if rule == Rule::Marginal {
            // Not the product: below a node with probability 0 it would be 0 times NaN.
            let share = |z: &f64| (z - logit[hierarchy.root()]).exp();
            reach_prob = logit.iter().map(share).collect();
            reach_prob[hierarchy.root()] = 1.0;
        }
        let mut decision = Self {
            rule,
            logit: logit.iter().map(|z| (z + shift) as f32).collect(),
            branch_prob: narrow(&branch_prob),
            reach_prob: narrow(&reach_prob),
            log_odds,
            entropy,
            class_prob: vec![0.0; hierarchy.classes()],
            path: Vec::new(),
            class: 0,
            likeliest: 0,
        };
        let leaf_prob = decision.leaf_probs(hierarchy);
        decision.likeliest = match rule {
            Rule::Hard | Rule::Soft => argmax(&leaf_prob),
            // Probabilities may be rounded to the same number, logits are not.
            Rule::Marginal => argmax(logits),
        };
        match rule {
            Rule::Hard => {
                decision.follow(hierarchy, &logit);
                decision.class_prob[decision.class] = 1.0;
            }
            Rule::Soft => {
                decision.class = decision.likeliest;
                let leaf = hierarchy.leaf(decision.class).unwrap_or(hierarchy.root());
                decision.path = hierarchy.path_to(leaf);
                decision.class_prob = leaf_prob;
            }
            Rule::Marginal => {
                decision.follow(hierarchy, &logit);
                decision.class_prob = leaf_prob;
            }
        }
        decision
    }

    /// The most that can be said with a certainty of `threshold`, 0 to 1.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn sure(&self, hierarchy: &Hierarchy, threshold: f32) -> Sure {
        let nodes = hierarchy.nodes();
        let logit = |id: NodeId| self.logit[id];
        let next = |&id: &NodeId| {
            let children = nodes[id].children.iter().copied();
            let best = children.reduce(|a, b| if logit(b) > logit(a) { b } else { a })?;
            (self.reach_prob[best] >= threshold).then_some(best)
        };
        let node = std::iter::successors(Some(hierarchy.root()), next).last();
        let node = node.unwrap_or(hierarchy.root());
        let mut classes = nodes[node].leaves.clone();
        classes.sort_unstable();
        let leaf_logit = |&class: &ClassId| {
            let leaf = hierarchy.leaf(class).unwrap_or(node);
            match self.rule.pooling() {
                Pooling::Mean => self.reach_prob[leaf],
                Pooling::LogSumExp => self.logit[leaf],
            }
        };
        let values: Vec<f32> = classes.iter().map(leaf_logit).collect();
        let class = classes.get(argmax(&values)).copied().unwrap_or_default();
        let leaf = hierarchy.leaf(class).unwrap_or(node);
        Sure {
            threshold,
            node,
            probability: self.reach_prob[node],
            depth: nodes[node].depth,
            class,
            class_probability: self.reach_prob[leaf],
        }
    }

    fn follow(&mut self, hierarchy: &Hierarchy, logit: &[f64]) {
        let mut id = hierarchy.root();
        self.path.push(id);
        while let Some(child) = first_largest(&hierarchy.node(id).children, logit) {
            id = child;
            self.path.push(id);
        }
        self.class = hierarchy.node(id).class.unwrap_or_default();
    }

    /// P(leaf) by class.
    fn leaf_probs(&self, hierarchy: &Hierarchy) -> Vec<f32> {
        let leaf = |class| hierarchy.leaf(class).map_or(f32::NAN, |leaf| self.reach_prob[leaf]);
        (0..hierarchy.classes()).map(leaf).collect()
    }

    /// The siblings of a node with what each counts on their side of its decision: all the same,
    /// or by the marginal rule the softmax among them.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn sibling_shares(&self, hierarchy: &Hierarchy, node: NodeId) -> Vec<(NodeId, f32)> {
        let siblings = hierarchy.siblings(node);
        let logit = |id: NodeId| f64::from(self.logit[id]);
        let log_sum = log_sum_exp(siblings.iter().map(|&id| logit(id)));
        let share = |id: NodeId| match self.rule.pooling() {
            Pooling::Mean => 1.0 / siblings.len() as f32,
            Pooling::LogSumExp => (logit(id) - log_sum).exp() as f32,
        };
        siblings.iter().map(|&id| (id, share(id))).collect()
    }

    /// The path, decision by decision, as nbdt reports it: `Soft` with the root, the others
    /// without it, for it was never chosen.
    ///
    /// # Panics
    /// If the decision was made by another hierarchy.
    pub fn steps(&self, hierarchy: &Hierarchy) -> Vec<Step> {
        let skipped = match self.rule {
            Rule::Hard | Rule::Marginal => 1,
            Rule::Soft => 0,
        };
        let step = |(i, &id): (usize, &NodeId)| {
            let node = hierarchy.node(id);
            Step {
                node: id,
                name: node.name.clone(),
                wnid: node.wnid.clone(),
                probability: self.branch_prob[id],
                reach: self.reach_prob[id],
                entropy: node.parent.map_or(0.0, |parent| self.entropy[parent]),
                child: hierarchy.child_index(id),
                next: self.path.get(i + 1).and_then(|&next| hierarchy.child_index(next)),
            }
        };
        self.path.iter().enumerate().skip(skipped).map(step).collect()
    }
}

/// Mean logit of the leaves below each node.
fn mean_logits(hierarchy: &Hierarchy, logits: &[f32]) -> Vec<f64> {
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

/// `ln Σ exp(logit - shift)` of the leaves below each node, from those of its children.
fn log_sum_logits(hierarchy: &Hierarchy, logits: &[f32], shift: f64) -> Vec<f64> {
    let nodes = hierarchy.nodes();
    let mut pooled = vec![0.0; nodes.len()];
    for (id, node) in nodes.iter().enumerate().rev() {
        pooled[id] = match node.class {
            Some(class) => logits.get(class).map_or(f64::NAN, |&z| f64::from(z) - shift),
            None => log_sum_exp(node.children.iter().map(|&child| pooled[child])),
        };
    }
    pooled
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
        // Of nothing, or of no finite number; the sum keeps NaN, which the maximum leaves out.
        return values.fold(max, |sum, v| sum + v);
    }
    max + values.map(|v| (v - max).exp()).sum::<f64>().ln()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}
