//! Which nodes show their children.

use crate::explain::{Hierarchy, NodeId};

/// The expanded nodes of one tree.
#[derive(Clone, Debug, Default)]
pub struct OpenNodes {
    /// By node.
    open: Vec<bool>,
    /// Whether the user has chosen what is open; else the path decides.
    chosen: bool,
    /// Changes with every change.
    revision: u64,
}

impl OpenNodes {
    /// The start: the path and the children of its nodes, everything else collapsed.
    pub fn reset(&mut self, hierarchy: &Hierarchy, path: &[NodeId]) {
        self.open = vec![false; hierarchy.nodes().len()];
        self.chosen = false;
        self.open_all(path.iter().copied());
        self.open_all([hierarchy.root()]);
        self.revision += 1;
    }

    /// Follows a new path: what the user has opened stays open.
    pub fn follow(&mut self, hierarchy: &Hierarchy, path: &[NodeId]) {
        if self.chosen && self.fits(hierarchy) {
            self.open_all(path.iter().copied());
        } else {
            self.reset(hierarchy, path);
        }
    }

    /// What is open in a tree stays open in one that was made of it.
    pub fn carry_over(&mut self, old: &Hierarchy, new: &Hierarchy) {
        let mut open = vec![false; new.nodes().len()];
        for (id, counterpart) in old.counterparts(new).into_iter().enumerate() {
            if let Some(flag) = counterpart.and_then(|id| open.get_mut(id)) {
                *flag = self.is_open(id);
            }
        }
        self.open = open;
        self.open_all([new.root()]);
        self.chosen = true;
        self.revision += 1;
    }

    /// Whether this was made for a tree of this size.
    pub fn fits(&self, hierarchy: &Hierarchy) -> bool {
        self.open.len() == hierarchy.nodes().len()
    }

    pub fn is_open(&self, id: NodeId) -> bool {
        self.open.get(id).copied().unwrap_or(false)
    }

    pub fn set(&mut self, id: NodeId, open: bool) {
        if let Some(flag) = self.open.get_mut(id) {
            *flag = open;
            self.chosen = true;
            self.revision += 1;
        }
    }

    pub fn expand_all(&mut self) {
        self.open.fill(true);
        self.chosen = true;
        self.revision += 1;
    }

    /// All but the root, whose children stay visible.
    pub fn collapse_all(&mut self) {
        self.open.fill(false);
        self.open_all([0]);
        self.chosen = true;
    }

    /// Makes a node visible.
    pub fn reveal(&mut self, hierarchy: &Hierarchy, id: NodeId) {
        if id < hierarchy.nodes().len() {
            let mut ancestors = hierarchy.path_to(id);
            ancestors.pop();
            self.open_all(ancestors);
        }
    }

    /// Opens nodes; says nothing about the user's choice.
    pub fn open_all(&mut self, ids: impl IntoIterator<Item = NodeId>) {
        for id in ids {
            if let Some(open) = self.open.get_mut(id)
                && !*open
            {
                *open = true;
                self.revision += 1;
            }
        }
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }
}
