//! What is selected, and the way back.

use crate::explain::{ClassId, NodeId, Rule};
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pub target: Selected,
    pub versus: Versus,
    /// Two classes to compare.
    pub pins: [Option<ClassId>; 2],
    pub rule: Rule,
    /// Whose tree is shown.
    pub tree: Role,
}

impl Default for Selection {
    fn default() -> Self {
        let (target, versus, pins) = (Selected::Prediction, Versus::Siblings, [None; 2]);
        Self { target, versus, pins, rule: Rule::Hard, tree: Role::Tree }
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
        self.change(|now| {
            if now.target != target && matches!(now.versus, Versus::Sibling(_)) {
                now.versus = Versus::Siblings;
            }
            now.target = target;
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

    /// Another picture or model: nothing that could be gone stays selected, now or by undo.
    pub fn reset_target(&mut self) {
        self.now.target = Selected::Prediction;
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
