//! What all parts of the view draw from.

use eframe::egui;

use super::{NodeMaps, Palette, marks};
use crate::explain::{ClassId, Decision, Hierarchy, NodeId};
use crate::explanation::CamTarget;
use crate::selection::Versus;
use crate::tree_layout::{Cards, Shown};
use crate::tree_text;

/// What all parts of the view draw from.
pub(super) struct Scene<'a> {
    pub tree_id: u64,
    pub result_id: u64,
    pub hierarchy: &'a Hierarchy,
    pub decision: &'a Decision,
    pub label: &'a dyn Fn(ClassId) -> String,
    pub selected: Option<NodeId>,
    pub pins: [Option<ClassId>; 2],
    pub maps: Option<NodeMaps<'a>>,
    /// By node.
    pub on_path: Vec<bool>,
    pub marks: marks::Marks,
    /// Where the ways to the predictions part.
    pub partings: Vec<NodeId>,
    pub palette: Palette,
    /// Prefix of the ids of all nodes.
    pub base: egui::Id,
}

impl Scene<'_> {
    /// The widget of a node.
    pub fn id(&self, node: NodeId) -> egui::Id {
        self.base.with(node)
    }

    /// Where the keyboard is: the selected node, or the predicted class.
    pub fn cursor(&self) -> NodeId {
        let end = self.way().last().copied();
        self.selected.or(end).unwrap_or(self.hierarchy.root())
    }

    /// From the root to the class that is shown as the answer.
    pub fn way(&self) -> &[NodeId] {
        self.marks.way(self.decision)
    }

    pub fn is_on_path(&self, shown: Shown) -> bool {
        shown.node().is_some_and(|id| self.on_path[id])
    }

    /// P(node), or the sum of it.
    pub fn reach(&self, shown: Shown) -> f32 {
        match shown {
            Shown::Node(id) => tree_text::probabilities(self.decision, id)[1],
            Shown::Others(others) => others.reach,
        }
    }

    pub fn accessible_name(&self, node: NodeId, open: bool) -> String {
        let mut name = tree_text::accessible_name(self.hierarchy, self.decision, node, open);
        if tree_text::doubt(self.hierarchy, self.decision, node) >= tree_text::CLOSE {
            name += ", close decision";
        }
        if self.partings.contains(&node) {
            name += ", predictions diverge here";
        }
        for slot in self.slots(node) {
            name += &format!(", pinned as {slot}");
        }
        name + self.marks.words(node)
    }

    /// The letters that a leaf is pinned as.
    pub fn slots(&self, node: NodeId) -> impl Iterator<Item = &'static str> {
        let class = self.hierarchy.node(node).class;
        let pins = self.pins.into_iter().zip(["A", "B"]);
        pins.filter(move |(pin, _)| class.is_some() && *pin == class).map(|(_, letter)| letter)
    }

    /// What the map of a node shows: nothing where decisions are shown, but nothing is decided.
    pub fn map_of(&self, node: NodeId) -> Option<CamTarget> {
        let versus = self.maps?.versus;
        let target = versus.target(self.hierarchy, node, self.decision.rule);
        (versus == Versus::Nothing || target.is_comparison()).then_some(target)
    }

    /// The kind of cards that can be drawn.
    pub fn cards(&self, wanted: Cards) -> Cards {
        if self.maps.is_some() { wanted } else { Cards::Plain }
    }
}
