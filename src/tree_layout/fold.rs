//! Which part of a tree is worth a card: probability decides.
//!
//! A tree of a thousand classes has room for a few dozen cards. Below an open node the likely
//! children get one each, the likeliest first; all others share a single one, [`Others`]. So every
//! class is in exactly one card: its own, that of a collapsed node above it, or one of others.

use super::OpenNodes;
use crate::explain::{Decision, Hierarchy, NodeId};

/// From this probability on, P(node), a node is worth a card of its own.
pub const WORTH: f32 = 0.01;

/// So many children are shown where none is worth it: somebody asked to see them.
const LIKELIEST: usize = 8;

/// What a card stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    Node(NodeId),
    Others(Others),
}

/// The children of a node that share a card; at least two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Others {
    pub parent: NodeId,
    /// How many children these are.
    pub nodes: usize,
    /// How many classes are below them.
    pub classes: usize,
    /// Sum of their P(node), 0 to 1.
    pub reach: f32,
}

/// A line of the tree as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    pub shown: Shown,
    /// The row of the parent; `None` for the root.
    pub parent: Option<usize>,
    /// Whether its children are shown. Always `false` for leaves and others.
    pub open: bool,
}

impl Shown {
    pub fn node(self) -> Option<NodeId> {
        match self {
            Self::Node(id) => Some(id),
            Self::Others(_) => None,
        }
    }
}

/// The likeliest first; equal ones keep the order of the tree, and NaN comes last.
pub fn by_probability(decision: &Decision, nodes: &mut [NodeId]) {
    let reach = |id: NodeId| decision.reach_prob.get(id).copied().unwrap_or(f32::NAN);
    let key = |id: NodeId| if reach(id).is_nan() { f32::NEG_INFINITY } else { reach(id) };
    nodes.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
}

/// The children of an open node: those with cards of their own, and those that share one, both by
/// probability. A node on the path, an open one and one that was asked for have their own.
///
/// # Panics
/// If there is no such node.
pub fn children(
    hierarchy: &Hierarchy,
    decision: &Decision,
    open: &OpenNodes,
    parent: NodeId,
) -> (Vec<NodeId>, Vec<NodeId>) {
    let mut children = hierarchy.node(parent).children.clone();
    by_probability(decision, &mut children);
    if open.is_whole(parent) {
        return (children, Vec::new());
    }
    let is_likely =
        |id: &NodeId| decision.reach_prob.get(*id).is_some_and(|&p| p >= WORTH || p.is_nan());
    let is_wanted =
        |id: &NodeId| open.is_kept(*id) || open.is_open(*id) && !hierarchy.node(*id).is_leaf();
    let has_card = |id: &NodeId| is_likely(id) || is_wanted(id) || decision.path.contains(id);
    let (mut own, mut others): (Vec<_>, Vec<_>) = children.into_iter().partition(has_card);
    if own.is_empty() {
        own = others.drain(..others.len().min(LIKELIEST)).collect();
    }
    // A single one takes no more room than its share of a card would.
    if others.len() == 1 {
        own.append(&mut others);
        by_probability(decision, &mut own);
    }
    (own, others)
}

/// The tree as it is shown: the nodes whose ancestors all are open, parents before children,
/// depth-first, the likeliest child first and the card of the others last.
pub fn rows(hierarchy: &Hierarchy, decision: &Decision, open: &OpenNodes) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut waiting = vec![(Shown::Node(hierarchy.root()), None)];
    while let Some((shown, parent)) = waiting.pop() {
        let opened = shown.node().filter(|&id| open.is_open(id) && !hierarchy.node(id).is_leaf());
        let at = rows.len();
        rows.push(Row { shown, parent, open: opened.is_some() });
        let Some(id) = opened else { continue };
        let (own, others) = children(hierarchy, decision, open, id);
        if !others.is_empty() {
            waiting.push((Shown::Others(Others::new(hierarchy, decision, id, &others)), Some(at)));
        }
        waiting.extend(own.into_iter().rev().map(|child| (Shown::Node(child), Some(at))));
    }
    rows
}

impl Others {
    fn new(
        hierarchy: &Hierarchy,
        decision: &Decision,
        parent: NodeId,
        children: &[NodeId],
    ) -> Self {
        let reach = |id: &NodeId| decision.reach_prob.get(*id).map_or(f64::NAN, |&p| f64::from(p));
        Self {
            parent,
            nodes: children.len(),
            classes: children.iter().map(|&id| hierarchy.node(id).leaves.len()).sum(),
            reach: children.iter().map(reach).sum::<f64>() as f32,
        }
    }
}
