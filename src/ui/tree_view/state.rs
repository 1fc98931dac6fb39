//! How the user looks at one tree.

use eframe::egui;

use super::{TreeInput, diagram, move_to, rename, search};
use crate::explain::{Decision, Hierarchy, NodeId, Rule};
use crate::settings::{TreeMode, TreeSettings};
use crate::tree_layout::{Cards, OpenNodes, Orientation};
use crate::ui::map_tiles::MapTiles;

/// How the user looks at one tree. What holds for all trees is in the settings.
#[derive(Clone, Debug, Default)]
pub struct TreeViewState {
    pub(super) tiles: MapTiles,
    pub(super) open: OpenNodes,
    pub(super) search: search::Search,
    pub(super) diagram: diagram::DiagramState,
    seen: Option<Seen>,
    /// Bring the selected node into view.
    pub(super) reveal: bool,
    /// There is another result: what it is about has to be in view.
    pub(super) arrived: bool,
    /// Give this node the keyboard focus as soon as it is the selected one.
    pub(super) focus: Option<NodeId>,
    /// The widget that had the focus when the keyboard was used last.
    pub(super) keyboard_at: Option<egui::Id>,
    pub(super) renaming: Option<rename::Renaming>,
    pub(super) moving: Option<move_to::MoveTo>,
    /// The node that hangs on the pointer.
    pub(super) dragged: Option<NodeId>,
    pub(super) path_on_screen: Option<egui::Rect>,
}

/// The input of the last frame, to notice what has changed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    tree_id: u64,
    result_id: u64,
    rule: Rule,
    selected: Option<NodeId>,
    forced: Option<NodeId>,
}

impl TreeViewState {
    /// Asks for another name of a branch.
    pub fn begin_rename(&mut self, hierarchy: &Hierarchy, node: NodeId) {
        self.renaming = Some(rename::Renaming::new(hierarchy, node));
        self.open.reveal(hierarchy, node);
        self.reveal = true;
    }

    /// Asks where a node shall hang.
    pub fn begin_move(&mut self, node: NodeId) {
        self.moving = Some(move_to::MoveTo::new(node));
    }

    /// Keeps what is seen when the tree has changed into a similar one with another number.
    pub fn carry_over(&mut self, old: &Hierarchy, (tree_id, new): (u64, &Hierarchy)) {
        self.open.carry_over(old, new);
        self.diagram.forget_layout();
        if let Some(seen) = &mut self.seen {
            *seen = Seen { tree_id, selected: None, ..*seen };
        }
        (self.renaming, self.moving, self.dragged) = (None, None, None);
    }

    /// Opens every node and shows all of them.
    pub fn expand_all(&mut self) {
        self.open.expand_all();
        self.diagram.fit();
    }

    /// All but the root.
    pub fn collapse_all(&mut self) {
        self.open.collapse_all();
        self.diagram.reset_view();
    }

    /// Shows the winning path and the children of its nodes, in addition to what is open.
    pub fn expand_path(&mut self, decision: &Decision) {
        self.open.open_all(decision.path.iter().copied());
    }

    /// Shows the winning path and what else is likely, as at the start.
    pub fn show_path_only(&mut self, hierarchy: &Hierarchy, decision: &Decision) {
        self.open.reset(hierarchy, decision);
        self.diagram.reset_view();
    }

    /// Readable, from the root on.
    pub fn reset_view(&mut self) {
        self.diagram.reset_view();
    }

    /// All of the diagram, however small.
    pub fn fit(&mut self, settings: &mut TreeSettings) {
        settings.mode = TreeMode::Diagram;
        self.diagram.fit();
    }

    pub fn focus_search(&mut self) {
        self.search.focus();
    }

    pub fn toggle_orientation(&mut self, settings: &mut TreeSettings) {
        settings.orientation = Some(self.orientation(settings).other());
        self.diagram.reset_view();
    }

    pub fn toggle_mode(&mut self, settings: &mut TreeSettings) {
        settings.mode = match settings.mode {
            TreeMode::Diagram => TreeMode::Outline,
            TreeMode::Outline => TreeMode::Diagram,
        };
        self.reveal = true;
    }

    /// Shows the maps on the nodes, or hides them.
    pub fn toggle_maps(&mut self, settings: &mut TreeSettings) {
        settings.cards = match settings.cards {
            Cards::WithMap => Cards::Plain,
            Cards::Plain => Cards::WithMap,
        };
        self.diagram.reset_view();
    }

    /// The leftmost node of the path that was seen in the last frame.
    pub fn path_on_screen(&self) -> Option<egui::Rect> {
        self.path_on_screen
    }

    /// How many small maps are ready.
    pub fn maps_ready(&self) -> usize {
        self.tiles.ready()
    }

    /// The orientation that is shown.
    pub fn orientation(&self, settings: &TreeSettings) -> Orientation {
        settings.orientation.unwrap_or(self.diagram.automatic_orientation())
    }

    /// What is expanded.
    pub fn open_nodes(&self) -> &OpenNodes {
        &self.open
    }

    /// Takes over what has changed since the last frame.
    pub(super) fn follow(&mut self, input: &TreeInput<'_>, decision: &Decision) {
        let TreeInput { tree_id, result_id, rule, selected, hierarchy, .. } = *input;
        let forced = input.forced.map(|forced| forced.node);
        let new = Seen { tree_id, result_id, rule, selected, forced };
        let old = self.seen.replace(new);
        if old.is_none_or(|old| old.tree_id != tree_id) || !self.open.fits(hierarchy) {
            self.open.reset(hierarchy, decision);
            self.diagram = diagram::DiagramState::default();
            self.search = search::Search::default();
            (self.renaming, self.moving, self.dragged) = (None, None, None);
        } else if old.is_some_and(|old| (old.result_id, old.rule) != (result_id, rule)) {
            self.open.follow(hierarchy, decision);
            self.arrived |= old.is_some_and(|old| old.result_id != result_id);
            if let Some(id) = selected {
                self.open.reveal(hierarchy, id);
            }
        }
        if let Some(way) = input.forced
            && old.is_none_or(|old| old.forced != forced)
        {
            self.open.open_all(way.path.iter().copied());
            // Both ways are to be seen, the decided one and this.
            self.diagram.fit();
            if let Some(id) = selected {
                self.open.reveal(hierarchy, id);
            }
        } else if let Some(id) = selected
            && old.is_none_or(|old| old.selected != selected)
        {
            self.open.reveal(hierarchy, id);
            self.reveal = true;
        }
    }
}
