//! The way back: what was selected, and how it was looked at.

use std::sync::Arc;

use crate::explain::{Area, ClassId, Cover, Marks, NodeId, Rule};
use crate::explanation::Tree;
use crate::look::{Gesture, Look};
use crate::preprocess::Square;
use crate::role::Role;
use crate::selection::{PinSlot, Pins, Selected, Selection, Versus};

/// How many steps back there are.
const STEPS: usize = 200;
/// After a longer rest, in seconds, a slider or a zoom begins anew.
const REST: f64 = 0.8;

#[derive(Debug, Default)]
pub struct History {
    pub now: Selection,
    look: Option<Look>,
    before: Vec<Step>,
    after: Vec<Step>,
    /// What is going on, and when it was seen last.
    gesture: Option<(Gesture, f64)>,
}

/// A place on the way back.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    selection: Selection,
    look: Option<Look>,
}

impl History {
    pub fn select(&mut self, target: Selected) {
        self.change(|now| now.set_target(target));
    }

    /// Selects without a step back of its own: it belongs to the last one.
    pub fn glide(&mut self, target: Selected) {
        self.now.set_target(target);
        let here = self.here();
        self.before.pop_if(|last| *last == here);
        self.after.clear();
    }

    /// Makes a tree pass through a node, and shows the map of that decision.
    pub fn force(&mut self, role: Role, node: NodeId) {
        self.change(|now| {
            now.forced = Some((role, node));
            now.set_target(Selected::Node(role, node));
        });
    }

    /// Leaves the decision to the tree again.
    pub fn unforce(&mut self) {
        self.change(|now| now.forced = None);
    }

    /// Another picture: what was forced was about the last one, now and by undo.
    pub fn forget_forced(&mut self) {
        self.forget(|selection| selection.forced = None);
    }

    /// Forgets a part of the selection, now and by undo.
    fn forget(&mut self, forget: impl Fn(&mut Selection)) {
        forget(&mut self.now);
        let here = self.here();
        for steps in [&mut self.before, &mut self.after] {
            steps.iter_mut().for_each(|step| forget(&mut step.selection));
            // Steps that differed in that alone would lead nowhere.
            steps.dedup();
            while steps.last() == Some(&here) {
                steps.pop();
            }
        }
    }

    /// Another tree for a model. `counterpart` knows where its nodes are in the new tree;
    /// `chosen`, a node of the old one, gets selected.
    pub fn set_tree(
        &mut self,
        of: Role,
        tree: Option<Arc<Tree>>,
        chosen: Option<Selected>,
        counterpart: &dyn Fn(Role, NodeId) -> Option<NodeId>,
    ) {
        self.change(|now| {
            now.trees[of] = tree;
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

    /// Pins a class, or takes it off again. Classes of another model than before begin a new pair;
    /// a comparison on the screen follows its pair.
    pub fn pin(&mut self, role: Role, slot: PinSlot, class: ClassId) {
        self.change(|now| {
            if now.pins.role != role {
                now.pins = Pins { role, classes: [None; 2] };
            }
            let pin = now.pins.slot_mut(slot);
            *pin = (*pin != Some(class)).then_some(class);
            if let (Selected::Difference(..), [Some(a), Some(b)]) = (now.target, now.pins.classes)
                && a != b
            {
                now.target = Selected::Difference(role, a, b);
            }
        });
    }

    /// Pins both classes and shows one against the other; a class against itself is pinned only.
    pub fn compare(&mut self, role: Role, a: ClassId, b: ClassId) {
        self.change(|now| {
            now.pins = Pins { role, classes: [Some(a), Some(b)] };
            if a != b {
                now.target = Selected::Difference(role, a, b);
            }
        });
    }

    /// Whether the target stays for the next pictures, too.
    pub fn set_keeps_target(&mut self, keeps: bool) {
        self.change(|now| now.keeps_target = keeps);
    }

    /// Another picture: what was chosen for the last one was meant for that one, unless it is kept.
    /// Two classes that are pinned as A and B stay compared. One step back leads to it again.
    pub fn follow_prediction(&mut self) {
        self.change(|now| {
            let follows = match now.target {
                Selected::Class(_) | Selected::Node(..) => !now.keeps_target,
                Selected::Prediction | Selected::Difference(..) => false,
            };
            if follows {
                now.set_target(Selected::Prediction);
            }
        });
    }

    pub fn set_rule(&mut self, rule: Rule) {
        self.change(|now| now.rule = Some(rule));
    }

    pub fn show_tree(&mut self, tree: Role) {
        self.change(|now| now.tree = tree);
    }

    pub fn set_region(&mut self, region: Option<Arc<Area>>) {
        self.change(|now| now.region = region);
    }

    /// The part of the photo that the networks are shown.
    pub fn set_square(&mut self, square: Option<Square>) {
        self.change(|now| now.square = square);
    }

    /// The strokes that cover the photo.
    pub fn set_marks(&mut self, marks: Option<Arc<Marks>>) {
        self.change(|now| now.marks = marks);
    }

    /// What is seen where the photo is covered.
    pub fn set_cover(&mut self, cover: Cover) {
        self.change(|now| {
            now.cover = cover;
            if let Some(marks) = &now.marks {
                now.marks = Some(Arc::new(Marks { cover, ..(**marks).clone() }));
            }
        });
    }

    /// Another picture: a part of the one before means nothing there, now or by undo.
    pub fn forget_regions(&mut self) {
        self.forget(|selection| {
            (selection.region, selection.marks, selection.square) = (None, None, None);
        });
    }

    /// Another picture or model: nothing that could be gone stays selected, now or by undo.
    pub fn reset_target(&mut self) {
        self.now.target = Selected::Prediction;
        self.now.keeps_target = false;
        self.now.forced = None;
        if matches!(self.now.versus, Versus::Sibling(_)) {
            self.now.versus = Versus::Siblings;
        }
        self.before.clear();
        self.after.clear();
        self.gesture = None;
    }

    /// Another model: its classes are not those that were pinned.
    pub fn reset_pins(&mut self) {
        self.now.pins = Pins::default();
    }

    /// Another model: what was made of the last one's tree does not fit it.
    pub fn reset_tree(&mut self, role: Role) {
        self.now.trees[role] = None;
    }

    fn change(&mut self, change: impl FnOnce(&mut Selection)) {
        let before = self.here();
        change(&mut self.now);
        if self.now != before.selection {
            self.keep(before);
        }
    }

    fn here(&self) -> Step {
        Step { selection: self.now.clone(), look: self.look }
    }

    /// Notes how things are looked at `now`, in seconds. What a slider or a zoom does without a
    /// longer rest is one step; `is_held` says that the pointer still holds it.
    pub fn see(&mut self, look: Look, is_held: bool, now: f64) {
        let Some(before) = self.look.replace(look) else { return };
        if before == look {
            if let Some((_, seen)) = self.gesture.as_mut().filter(|_| is_held) {
                *seen = now;
            }
            return;
        }
        let gesture = before.gesture_to(&look);
        let goes_on =
            self.gesture.is_some_and(|(last, seen)| gesture == Some(last) && now - seen < REST);
        if !goes_on {
            self.keep(Step { selection: self.now.clone(), look: Some(before) });
        }
        self.gesture = gesture.map(|gesture| (gesture, now));
    }

    /// How things were looked at, at this place on the way.
    pub fn look(&self) -> Option<Look> {
        self.look
    }

    /// Keeps a place to come back to.
    fn keep(&mut self, step: Step) {
        self.before.push(step);
        if self.before.len() > STEPS {
            self.before.remove(0);
        }
        self.after.clear();
        self.gesture = None;
    }

    pub fn undo(&mut self) {
        if let Some(step) = self.before.pop() {
            let here = self.go(step);
            self.after.push(here);
        }
    }

    pub fn redo(&mut self) {
        if let Some(step) = self.after.pop() {
            let here = self.go(step);
            self.before.push(here);
        }
    }

    /// Goes to a place; returns where it was before.
    fn go(&mut self, Step { selection, look }: Step) -> Step {
        self.gesture = None;
        let selection = std::mem::replace(&mut self.now, selection);
        Step { selection, look: std::mem::replace(&mut self.look, look) }
    }

    pub fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.after.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opacity(opacity: f32) -> Look {
        let mut look = Look::default();
        look.overlay.opacity = opacity;
        look
    }

    fn zoom(scale: f32) -> Look {
        Look { zoom: Some((scale, [5.0, 5.0])), ..opacity(0.9) }
    }

    /// Tells what is seen at so many seconds.
    fn seen(history: &mut History, looks: &[(f64, Look, bool)]) {
        for &(now, look, is_held) in looks {
            history.see(look, is_held, now);
        }
    }

    #[test]
    fn a_gesture_is_one_step() {
        let mut history = History::default();
        let drag = [(0.0, 0.5), (0.1, 0.6), (0.7, 0.6), (1.4, 0.8), (1.5, 0.9)];
        seen(&mut history, &drag.map(|(at, value)| (at, opacity(value), true)));
        // Another gesture, and after a rest the same again.
        seen(&mut history, &[(1.6, zoom(2.0), false), (1.7, zoom(3.0), false)]);
        seen(&mut history, &[(9.0, zoom(4.0), false)]);
        for look in [zoom(3.0), opacity(0.9), opacity(0.5)] {
            history.undo();
            assert_eq!(history.look(), Some(look));
        }
        assert!(!history.can_undo());
        history.redo();
        assert_eq!(history.look(), Some(opacity(0.9)));
        // What is seen after that is what was brought back: no step.
        history.see(opacity(0.9), false, 9.1);
        assert!(history.can_undo() && history.can_redo());
    }

    #[test]
    fn clicks_are_steps_of_their_own_and_selections_lie_between_them() {
        let mut history = History::default();
        let shown = |visible| {
            let mut look = Look::default();
            look.overlay.visible = visible;
            look
        };
        seen(&mut history, &[(0.0, shown(true), false), (0.01, shown(false), false)]);
        history.select(Selected::Class(7));
        seen(&mut history, &[(0.02, shown(true), false)]);
        history.undo();
        assert_eq!((history.look(), history.now.target), (Some(shown(false)), Selected::Class(7)));
        history.undo();
        assert_eq!(history.now.target, Selected::Prediction);
        assert_eq!(history.look(), Some(shown(false)));
        history.undo();
        assert_eq!(history.look(), Some(shown(true)));
        history.redo();
        history.select(Selected::Class(1));
        assert!(!history.can_redo());
    }
}
