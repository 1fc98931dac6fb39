//! Walking through the tree by keyboard, on plain data.

use crate::explain::{Hierarchy, NodeId};

/// A direction, by the shape of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the parent, or first collapse this node.
    Out,
    /// To the likeliest child, or first expand this node.
    In,
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// To the neighbour before, on the same level.
    Before,
    /// To the neighbour after, on the same level.
    After,
    First,
    Last,
    Toggle,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Select(NodeId),
    SetOpen(NodeId, bool),
}

/// What `step` does from `selected`, if anything. `rows` are the shown nodes,
/// depth-first, in the order in which they are drawn.
pub fn take_step(
    hierarchy: &Hierarchy,
    rows: &[NodeId],
    is_open: &dyn Fn(NodeId) -> bool,
    selected: NodeId,
    step: Step,
) -> Option<Effect> {
    let index = rows.iter().position(|&id| id == selected)?;
    let node = hierarchy.node(selected);
    let same_level = |&&id: &&NodeId| hierarchy.node(id).depth == node.depth;
    let expands = !node.is_leaf();
    let target = match step {
        Step::Toggle if expands => return Some(Effect::SetOpen(selected, !is_open(selected))),
        Step::Out if expands && is_open(selected) && node.parent.is_some() => {
            return Some(Effect::SetOpen(selected, false));
        }
        Step::In if expands && !is_open(selected) => return Some(Effect::SetOpen(selected, true)),
        Step::Toggle => None,
        Step::Out => node.parent.as_ref(),
        // What is open shows a child at least, and the likeliest comes first.
        Step::In if expands => rows.get(index + 1),
        Step::In => None,
        Step::Up => rows[..index].last(),
        Step::Down => rows.get(index + 1),
        Step::Before => rows[..index].iter().rev().find(same_level),
        Step::After => rows[index..].iter().skip(1).find(same_level),
        Step::First => rows.first(),
        Step::Last => rows.last(),
    };
    target.map(|&id| Effect::Select(id))
}
