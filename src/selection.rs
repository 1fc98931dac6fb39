//! What is selected: plain data that undo brings back.

use std::sync::Arc;

use crate::explain::{Area, ClassId, Cover, Hierarchy, Marks, NodeId, Rule};
use crate::explanation::{CamTarget, Tree};
use crate::preprocess::Square;
use crate::role::{PerRole, Role};

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

impl Versus {
    /// What the map of a node shows. The root and only children were never chosen against anything.
    pub fn target(self, hierarchy: &Hierarchy, node: NodeId, rule: Rule) -> CamTarget {
        let siblings = hierarchy.siblings(node);
        match self {
            Self::Sibling(other) if siblings.contains(&other) => {
                CamTarget::Against(node, other, rule)
            }
            Self::Nothing => CamTarget::Node(node, rule),
            _ if siblings.is_empty() => CamTarget::Node(node, rule),
            Self::Siblings | Self::Sibling(_) => CamTarget::Decision(node, rule),
        }
    }
}

/// The places that a class can be pinned to, for comparing two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinSlot {
    A,
    B,
}

/// Two classes of one model, to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pins {
    /// Whose classes they are.
    pub role: Role,
    /// A and B.
    pub classes: [Option<ClassId>; 2],
}

impl Default for Pins {
    fn default() -> Self {
        Self { role: Role::Classifier, classes: [None; 2] }
    }
}

impl Pins {
    /// The class that is pinned to a slot.
    pub fn slot_mut(&mut self, slot: PinSlot) -> &mut Option<ClassId> {
        let [a, b] = &mut self.classes;
        match slot {
            PinSlot::A => a,
            PinSlot::B => b,
        }
    }

    /// A and B if they are classes of `role`.
    pub fn of(&self, role: Role) -> [Option<ClassId>; 2] {
        if self.role == role { self.classes } else { [None; 2] }
    }
}

/// Everything that is selected, and the trees as they were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub target: Selected,
    /// Whether the target stays for the next pictures, too.
    pub keeps_target: bool,
    pub versus: Versus,
    pub pins: Pins,
    /// How trees are read; `None`: each as suits it, see [`Tree::default_rule`].
    pub rule: Option<Rule>,
    /// Whose tree is shown.
    pub tree: Role,
    /// A node that a tree is made to pass through, against its own decision.
    pub forced: Option<(Role, NodeId)>,
    /// What the user made of each model's tree; `None`: nothing.
    pub trees: PerRole<Option<Arc<Tree>>>,
    /// A part of the photo to ask about, in its pixels.
    pub region: Option<Arc<Area>>,
    /// The part of the photo that the networks are shown; `None`: what each one's recipe says.
    pub square: Option<Square>,
    /// What the photo is painted over with.
    pub marks: Option<Arc<Marks>>,
    /// What is seen there.
    pub cover: Cover,
}

impl Default for Selection {
    fn default() -> Self {
        let (target, versus, pins) = (Selected::Prediction, Versus::Siblings, Pins::default());
        let (forced, trees, region, marks) = (None, PerRole::default(), None, None);
        let keeps_target = false;
        Self {
            target,
            keeps_target,
            versus,
            pins,
            rule: None,
            tree: Role::Tree,
            forced,
            trees,
            region,
            square: None,
            marks,
            cover: Cover::default(),
        }
    }
}

impl Selection {
    /// Selects something else. A sibling to compare with belongs to the node before.
    pub fn set_target(&mut self, target: Selected) {
        if self.target != target && matches!(self.versus, Versus::Sibling(_)) {
            self.versus = Versus::Siblings;
        }
        self.target = target;
    }
}
