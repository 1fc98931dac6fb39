//! Walking down the tree step by step, and making it go elsewhere.

use super::{AppState, Role, Selected};
use crate::explain::{Decision, Forced, Hierarchy, NodeId};

/// A walk down the tree that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walking {
    pub role: Role,
    /// The branch that was taken last.
    pub node: NodeId,
    /// What was selected before.
    from: Selected,
}

impl AppState {
    /// The walk that is going on; ends when something else is selected.
    pub fn walking(&self) -> Option<&Walking> {
        let is_there = |walk: &&Walking| {
            self.selected_node(walk.role) == Some(walk.node) && walk.role == self.shown_tree()
        };
        self.walk.as_ref().filter(is_there)
    }

    /// The node that a role's tree is made to pass through.
    pub fn forced(&self, role: Role) -> Option<NodeId> {
        let (of, node) = self.selection().forced?;
        (self.own(of) == self.own(role)).then_some(node)
    }

    /// The way on which a role's tree is made to go, if that is another one than `decision`.
    pub fn what_if(
        &self,
        role: Role,
        hierarchy: &Hierarchy,
        decision: &Decision,
    ) -> Option<Forced> {
        let node = self.forced(role).filter(|&node| node < hierarchy.nodes().len())?;
        Some(decision.force(hierarchy, node)).filter(|forced| forced.parting.is_some())
    }

    /// The way to walk, from the root to the leaf: through what is forced, or as the tree decided.
    fn way(&self) -> Option<Vec<NodeId>> {
        let role = self.shown_tree();
        let (hierarchy, decision) = self.decided(role)?;
        Some(match self.forced(role).filter(|&node| node < hierarchy.nodes().len()) {
            Some(node) => decision.force(hierarchy, node).path,
            None => decision.path,
        })
    }

    fn decided(&self, role: Role) -> Option<(&Hierarchy, Decision)> {
        let explanation = self.explained_tree(role)?;
        let hierarchy = &explanation.model.tree().ok()?.hierarchy;
        Some((hierarchy, explanation.decision(self.selection().rule).ok()?))
    }

    /// One decision further down, or up again. Behind the leaf the walk begins anew.
    pub(super) fn step(&mut self, is_down: bool) {
        let role = self.shown_tree();
        let Some(way) = self.way() else { return };
        // The root was never decided for.
        let Some((_, steps)) = way.split_first().filter(|(_, steps)| !steps.is_empty()) else {
            return;
        };
        let at = self.selected_node(role).and_then(|id| steps.iter().position(|&step| step == id));
        let next = match (is_down, at) {
            (true, Some(at)) if at + 1 < steps.len() => at + 1,
            (true, _) => 0,
            (false, Some(at)) => at.saturating_sub(1),
            (false, None) => steps.len() - 1,
        };
        let target = Selected::Node(role, steps[next]);
        let from = match self.walking() {
            Some(walk) => {
                let from = walk.from;
                self.history.glide(target);
                from
            }
            None => {
                let from = self.selection().target;
                self.history.select(target);
                from
            }
        };
        self.walk = Some(Walking { role, node: steps[next], from });
    }

    /// Back to what was selected before the walk.
    pub(super) fn leave_walk(&mut self) {
        if let Some(walk) = self.walking() {
            let from = walk.from;
            self.history.glide(from);
        }
        self.walk = None;
    }

    /// Makes the tree pass through a node. Where it does so anyway, nothing is forced.
    pub(super) fn force(&mut self, role: Role, node: NodeId) {
        let role = self.own(role);
        match self.can_force(role, node) {
            Some(true) => self.history.force(role, node),
            Some(false) => self.history.unforce(),
            None => {}
        }
    }

    /// Whether passing through a node would be another way; `None` without such a node.
    fn can_force(&self, role: Role, node: NodeId) -> Option<bool> {
        let (hierarchy, decision) = self.decided(role)?;
        hierarchy.nodes().get(node).map(|_| !decision.path.contains(&node))
    }

    pub(super) fn can_force_selected(&self) -> bool {
        let role = self.shown_tree();
        self.selected_node(role).and_then(|node| self.can_force(role, node)) == Some(true)
    }
}
