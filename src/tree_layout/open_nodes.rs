//! Which nodes show their children, and which children all of them.

use super::fold::WORTH;
use crate::explain::{Decision, Hierarchy, NodeId};

/// What is expanded of one tree.
#[derive(Clone, Debug, Default)]
pub struct OpenNodes {
    /// By node.
    nodes: Vec<Flags>,
    /// Whether the user has chosen what is open; else the decision decides.
    chosen: bool,
    /// Changes with every change.
    revision: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flags {
    /// Its children are shown.
    open: bool,
    /// All of its children are, however improbable.
    whole: bool,
    /// It is shown itself, however improbable.
    kept: bool,
}

impl OpenNodes {
    /// The start: see [`Self::reset`].
    pub fn new(hierarchy: &Hierarchy, decision: &Decision) -> Self {
        let mut new = Self::default();
        new.reset(hierarchy, decision);
        new
    }

    /// The start: open is the path, and what else has a likely child.
    pub fn reset(&mut self, hierarchy: &Hierarchy, decision: &Decision) {
        self.nodes = vec![Flags::default(); hierarchy.nodes().len()];
        self.chosen = false;
        for (node, &reach) in hierarchy.nodes().iter().zip(&decision.reach_prob) {
            if let Some(parent) = node.parent.filter(|_| reach >= WORTH) {
                self.nodes[parent].open = true;
            }
        }
        self.open_all(decision.path.iter().copied());
        self.open_all([hierarchy.root()]);
        self.revision += 1;
    }

    /// Follows a new decision: what the user has opened stays open.
    pub fn follow(&mut self, hierarchy: &Hierarchy, decision: &Decision) {
        if self.chosen && self.fits(hierarchy) {
            self.open_all(decision.path.iter().copied());
        } else {
            self.reset(hierarchy, decision);
        }
    }

    /// What is open in a tree stays open in one that was made of it.
    pub fn carry_over(&mut self, old: &Hierarchy, new: &Hierarchy) {
        let mut nodes = vec![Flags::default(); new.nodes().len()];
        for (id, counterpart) in old.counterparts(new).into_iter().enumerate() {
            if let Some(flags) = counterpart.and_then(|id| nodes.get_mut(id)) {
                *flags = self.flags(id);
            }
        }
        self.nodes = nodes;
        self.open_all([new.root()]);
        self.chosen = true;
        self.revision += 1;
    }

    /// Whether this was made for a tree of this size.
    pub fn fits(&self, hierarchy: &Hierarchy) -> bool {
        self.nodes.len() == hierarchy.nodes().len()
    }

    pub fn is_open(&self, id: NodeId) -> bool {
        self.flags(id).open
    }

    /// Whether all children of a node have cards of their own.
    pub fn is_whole(&self, id: NodeId) -> bool {
        self.flags(id).whole
    }

    /// Whether a node has a card of its own wherever its parent is open.
    pub fn is_kept(&self, id: NodeId) -> bool {
        self.flags(id).kept
    }

    /// Expands or collapses a node. One that is expanded again shows its likely children alone.
    pub fn set(&mut self, id: NodeId, open: bool) {
        self.choose(id, |flags| *flags = Flags { open, whole: false, ..*flags });
    }

    /// Shows all children of a node.
    pub fn show_others(&mut self, parent: NodeId) {
        self.choose(parent, |flags| (flags.open, flags.whole) = (true, true));
    }

    pub fn expand_all(&mut self) {
        self.nodes.fill(Flags { open: true, whole: true, kept: false });
        self.chosen = true;
        self.revision += 1;
    }

    /// All but the root, whose children stay visible.
    pub fn collapse_all(&mut self) {
        self.nodes.fill(Flags::default());
        self.open_all([0]);
        self.chosen = true;
        self.revision += 1;
    }

    /// Makes a node visible.
    pub fn reveal(&mut self, hierarchy: &Hierarchy, id: NodeId) {
        if id < hierarchy.nodes().len() {
            let mut ancestors = hierarchy.path_to(id);
            ancestors.pop();
            self.open_all(ancestors);
            self.change(id, |flags| flags.kept = true);
        }
    }

    /// Opens nodes; says nothing about the user's choice.
    pub fn open_all(&mut self, ids: impl IntoIterator<Item = NodeId>) {
        for id in ids {
            self.change(id, |flags| flags.open = true);
        }
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    fn flags(&self, id: NodeId) -> Flags {
        self.nodes.get(id).copied().unwrap_or_default()
    }

    fn choose(&mut self, id: NodeId, change: impl FnOnce(&mut Flags)) {
        self.chosen = true;
        self.change(id, change);
    }

    fn change(&mut self, id: NodeId, change: impl FnOnce(&mut Flags)) {
        if let Some(flags) = self.nodes.get_mut(id) {
            let old = *flags;
            change(flags);
            self.revision += u64::from(*flags != old);
        }
    }
}
