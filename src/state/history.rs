//! What is selected, and the way back.

use std::sync::Arc;

use crate::explain::{Area, ClassId, NodeId, Rule};
use crate::explanation::Tree;
use crate::state::Role;

/// What the map speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selected {
    /// Whatever is likeliest.
    #[default]
    Prediction,
    /// A class of the classifier.
    Class(ClassId),
    /// A node of a model's tree.
    Node(Role, NodeId),
    /// The first class of a model against the second.
    Difference(Role, ClassId, ClassId),
}

/// What a selected node is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versus {
    /// Nothing: the map of its own logit.
    Nothing,
    /// The mean of its siblings: the map of the decision for it.
    #[default]
    Siblings,
    /// One of its siblings.
    Sibling(NodeId),
}

/// Everything that undo brings back.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub target: Selected,
    pub versus: Versus,
    /// Two classes to compare.
    pub pins: [Option<ClassId>; 2],
    pub rule: Rule,
    /// Whose tree is shown.
    pub tree: Role,
    /// A node that a tree is made to pass through, against its own decision.
    pub forced: Option<(Role, NodeId)>,
    /// What the user made of the trees of the classifier and the tree model; `None`: nothing.
    pub trees: [Option<Arc<Tree>>; 2],
    /// A part of the photo to ask about, in its pixels.
    pub region: Option<Arc<Area>>,
}

impl Default for Selection {
    fn default() -> Self {
        let (target, versus, pins) = (Selected::Prediction, Versus::Siblings, [None; 2]);
        let (forced, trees, region) = (None, [None, None], None);
        Self { target, versus, pins, rule: Rule::Hard, tree: Role::Tree, forced, trees, region }
    }
}

impl Selection {
    fn aim(&mut self, target: Selected) {
        if self.target != target && matches!(self.versus, Versus::Sibling(_)) {
            self.versus = Versus::Siblings;
        }
        self.target = target;
    }
}

/// How many steps back there are.
const STEPS: usize = 200;

#[derive(Debug, Default)]
pub struct History {
    pub now: Selection,
    before: Vec<Selection>,
    after: Vec<Selection>,
}

impl History {
    pub fn select(&mut self, target: Selected) {
        self.change(|now| now.aim(target));
    }

    /// Selects without a step back of its own: it belongs to the last one.
    pub fn glide(&mut self, target: Selected) {
        self.now.aim(target);
        if self.before.last() == Some(&self.now) {
            self.before.pop();
        }
        self.after.clear();
    }

    /// Makes a tree pass through a node, and shows the map of that decision.
    pub fn force(&mut self, role: Role, node: NodeId) {
        self.change(|now| {
            now.forced = Some((role, node));
            now.aim(Selected::Node(role, node));
        });
    }

    /// Leaves the decision to the tree again.
    pub fn unforce(&mut self) {
        self.change(|now| now.forced = None);
    }

    /// Another picture: what was forced was about the last one, now and by undo.
    pub fn forget_forced(&mut self) {
        for selection in self.before.iter_mut().chain([&mut self.now]).chain(&mut self.after) {
            selection.forced = None;
        }
        // Steps that differed in that alone would lead nowhere.
        self.before.dedup();
        self.before.pop_if(|last| *last == self.now);
        self.after.dedup();
        self.after.pop_if(|next| *next == self.now);
    }

    /// Another tree for a model. `counterpart` knows where its nodes are in the new tree;
    /// `chosen`, a node of the old one, gets selected.
    pub fn set_tree(
        &mut self,
        at: usize,
        tree: Option<Arc<Tree>>,
        chosen: Option<Selected>,
        counterpart: &dyn Fn(Role, NodeId) -> Option<NodeId>,
    ) {
        self.change(|now| {
            if let Some(slot) = now.trees.get_mut(at) {
                *slot = tree;
            }
            if matches!(now.versus, Versus::Sibling(_)) {
                now.versus = Versus::Siblings;
            }
            if let Selected::Node(role, node) = chosen.unwrap_or(now.target) {
                let new = counterpart(role, node).map(|node| Selected::Node(role, node));
                now.target = new.unwrap_or_default();
            }
            now.forced = now.forced.and_then(|(role, node)| Some((role, counterpart(role, node)?)));
        });
    }

    pub fn set_versus(&mut self, versus: Versus) {
        self.change(|now| now.versus = versus);
    }

    /// Pins a class, or takes it off again.
    pub fn pin(&mut self, slot: usize, class: ClassId) {
        self.change(|now| {
            if let Some(pin) = now.pins.get_mut(slot) {
                *pin = (*pin != Some(class)).then_some(class);
            }
        });
    }

    pub fn set_rule(&mut self, rule: Rule) {
        self.change(|now| now.rule = rule);
    }

    pub fn show_tree(&mut self, tree: Role) {
        self.change(|now| now.tree = tree);
    }

    pub fn set_region(&mut self, region: Option<Arc<Area>>) {
        self.change(|now| now.region = region);
    }

    /// Another picture: a part of the one before means nothing there, now or by undo.
    pub fn forget_regions(&mut self) {
        self.now.region = None;
        for selection in self.before.iter_mut().chain(&mut self.after) {
            selection.region = None;
        }
        for steps in [&mut self.before, &mut self.after] {
            steps.dedup();
            // A step to where one already is would be none.
            while steps.last() == Some(&self.now) {
                steps.pop();
            }
        }
    }

    /// Another picture or model: nothing that could be gone stays selected, now or by undo.
    pub fn reset_target(&mut self) {
        self.now.target = Selected::Prediction;
        self.now.forced = None;
        if matches!(self.now.versus, Versus::Sibling(_)) {
            self.now.versus = Versus::Siblings;
        }
        self.before.clear();
        self.after.clear();
    }

    /// Another classifier: its classes are not those that were pinned.
    pub fn reset_pins(&mut self) {
        self.now.pins = [None; 2];
    }

    /// Another model: what was made of the last one's tree does not fit it.
    pub fn reset_tree(&mut self, at: usize) {
        if let Some(tree) = self.now.trees.get_mut(at) {
            *tree = None;
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Selection)) {
        let before = self.now.clone();
        change(&mut self.now);
        if self.now != before {
            self.before.push(before);
            if self.before.len() > STEPS {
                self.before.remove(0);
            }
            self.after.clear();
        }
    }

    pub fn undo(&mut self) {
        if let Some(before) = self.before.pop() {
            self.after.push(std::mem::replace(&mut self.now, before));
        }
    }

    pub fn redo(&mut self) {
        if let Some(after) = self.after.pop() {
            self.before.push(std::mem::replace(&mut self.now, after));
        }
    }

    pub fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.after.is_empty()
    }
}
