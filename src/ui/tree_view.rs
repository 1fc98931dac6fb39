//! The tree of a decision, as a diagram and as an outline, with one selection.
//!
//! | module | question |
//! | --- | --- |
//! | `rows` | where does a step by keyboard lead? (plain data) |
//! | `camera` | which part of the diagram is seen? (plain data) |
//! | `diagram`, `nodes`, `card`, `motion` | how is the diagram drawn and used? |
//! | `outline` | … and the outline? |
//! | `marks` | what if, and what nearly? |
//! | `compare`, `predictions`, `readings` | what do network and tree say by each rule, and where do they part? |
//! | `node_menu`, `rename`, `regroup`, `move_to` | how is the tree changed? |
//! | `toolbar`, `search`, `keyboard`, `tooltip` | what do both share? |
//! | `palette` | which colours are there? |
//!
//! Which nodes are shown and where they go says [`crate::tree_layout`], what they say
//! [`crate::tree_text`].

use eframe::egui;
use eframe::egui::{Key, Modifiers, Ui};

use crate::explain::{Agreement, ClassId, Decision, Decisions, Forced, Hierarchy, NodeId, Rule};
use crate::explanation::CamTarget;
use crate::selection::{PinSlot, Versus};
use crate::settings::{TreeMode, TreeSettings};
use crate::tree_layout::{Cards, OpenNodes, Orientation, Shown};
use crate::tree_text;
use crate::ui::map_tiles::{MapSource, MapTiles};

mod camera;
mod card;
mod compare;
mod diagram;
mod keyboard;
mod marks;
mod motion;
mod move_to;
mod node_menu;
mod nodes;
mod outline;
mod predictions;
mod readings;
mod regroup;
mod rename;
mod rows;
mod search;
mod toolbar;
mod tooltip;

pub use crate::ui::theme::tree::{Palette, palette};
pub use move_to::places;
pub use rows::{Effect, Step, take_step};
pub use search::Index;

/// What the view shows.
#[derive(Clone, Copy)]
pub struct TreeInput<'a> {
    /// Another number for another hierarchy.
    pub tree_id: u64,
    /// Another number for another picture or decision.
    pub result_id: u64,
    pub hierarchy: &'a Hierarchy,
    /// Whether the model was trained with this tree, so that doubt means something.
    pub trained: bool,
    pub decisions: &'a Decisions,
    /// Which of the decisions is shown.
    pub rule: Rule,
    pub agreement: Agreement,
    /// Softmax of the logits, by class: what the network alone thinks.
    pub probabilities: &'a [f32],
    pub selected: Option<NodeId>,
    /// Another way than that of the decision, which is shown instead.
    pub forced: Option<&'a Forced>,
    /// A walk is going on, and the selected node is where it is.
    pub walks: bool,
    /// Classes to compare: A and B.
    pub pins: [Option<ClassId>; 2],
    pub label: &'a dyn Fn(ClassId) -> String,
    /// The maps of the nodes; `None`: there are none to show.
    pub maps: Option<NodeMaps<'a>>,
}

/// Where the small maps on the nodes come from.
#[derive(Clone, Copy)]
pub struct NodeMaps<'a> {
    pub source: MapSource<'a>,
    /// What nodes are compared with.
    pub versus: Versus,
}

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeAction {
    Select(NodeId),
    SetRule(Rule),
    /// What if the tree went here?
    Force(NodeId),
    Rename(NodeId, String),
    /// The first node, and all below it, onto the second one.
    Move(NodeId, NodeId),
    /// Pins a class, or unpins it if it is pinned there.
    Pin(PinSlot, ClassId),
    /// The first class against the second.
    Compare(ClassId, ClassId),
}

/// How the user looks at one tree. What holds for all trees is in the settings.
#[derive(Clone, Debug, Default)]
pub struct TreeViewState {
    tiles: MapTiles,
    open: OpenNodes,
    search: search::Search,
    diagram: diagram::DiagramState,
    seen: Option<Seen>,
    /// Bring the selected node into view.
    reveal: bool,
    /// There is another result: what it is about has to be in view.
    arrived: bool,
    /// Give this node the keyboard focus as soon as it is the selected one.
    focus: Option<NodeId>,
    /// The widget that had the focus when the keyboard was used last.
    keyboard_at: Option<egui::Id>,
    renaming: Option<rename::Renaming>,
    moving: Option<move_to::MoveTo>,
    /// The node that hangs on the pointer.
    dragged: Option<NodeId>,
    path_on_screen: Option<egui::Rect>,
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
    fn follow(&mut self, input: &TreeInput<'_>, decision: &Decision) {
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

/// What all parts of the view draw from.
struct Scene<'a> {
    tree_id: u64,
    result_id: u64,
    hierarchy: &'a Hierarchy,
    decision: &'a Decision,
    label: &'a dyn Fn(ClassId) -> String,
    selected: Option<NodeId>,
    pins: [Option<ClassId>; 2],
    maps: Option<NodeMaps<'a>>,
    /// By node.
    on_path: Vec<bool>,
    marks: marks::Marks,
    /// Where the ways to the predictions part.
    partings: Vec<NodeId>,
    palette: Palette,
    /// Prefix of the ids of all nodes.
    base: egui::Id,
}

impl Scene<'_> {
    /// The widget of a node.
    fn id(&self, node: NodeId) -> egui::Id {
        self.base.with(node)
    }

    /// Where the keyboard is: the selected node, or the predicted class.
    fn cursor(&self) -> NodeId {
        let end = self.way().last().copied();
        self.selected.or(end).unwrap_or(self.hierarchy.root())
    }

    /// From the root to the class that is shown as the answer.
    fn way(&self) -> &[NodeId] {
        self.marks.way(self.decision)
    }

    fn is_on_path(&self, shown: Shown) -> bool {
        shown.node().is_some_and(|id| self.on_path[id])
    }

    /// P(node), or the sum of it.
    fn reach(&self, shown: Shown) -> f32 {
        match shown {
            Shown::Node(id) => tree_text::probabilities(self.decision, id)[1],
            Shown::Others(others) => others.reach,
        }
    }

    fn accessible_name(&self, node: NodeId, open: bool) -> String {
        let mut name = tree_text::accessible_name(self.hierarchy, self.decision, node, open);
        let doubt = tree_text::doubt(self.hierarchy, self.decision, node);
        if doubt > tree_text::NOTABLE {
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
    fn slots(&self, node: NodeId) -> impl Iterator<Item = &'static str> {
        let class = self.hierarchy.node(node).class;
        let pins = self.pins.into_iter().zip(["A", "B"]);
        pins.filter(move |(pin, _)| class.is_some() && *pin == class).map(|(_, letter)| letter)
    }

    /// What the map of a node shows: nothing where decisions are shown, but nothing is decided.
    fn map_of(&self, node: NodeId) -> Option<CamTarget> {
        let versus = self.maps?.versus;
        let target = versus.target(self.hierarchy, node, self.decision.rule);
        (versus == Versus::Nothing || target.is_comparison()).then_some(target)
    }

    /// The kind of cards that can be drawn.
    fn cards(&self, wanted: Cards) -> Cards {
        if self.maps.is_some() { wanted } else { Cards::Plain }
    }
}

/// Draws the view into all of `ui`.
pub fn tree_view_ui(
    ui: &mut Ui,
    input: &TreeInput<'_>,
    settings: &mut TreeSettings,
    state: &mut TreeViewState,
) -> Vec<TreeAction> {
    let decision = input.decisions.by(input.rule);
    let nodes = input.hierarchy.nodes().len();
    let selected = input.selected.filter(|&id| id < nodes);
    let input = TreeInput { selected, ..*input };
    state.follow(&input, decision);

    let marks = marks::Marks::new(&input, decision);
    let mut on_path = vec![false; nodes];
    for &id in marks.way(decision) {
        if let Some(flag) = on_path.get_mut(id) {
            *flag = true;
        }
    }
    let scene = Scene {
        tree_id: input.tree_id,
        result_id: input.result_id,
        hierarchy: input.hierarchy,
        decision,
        label: input.label,
        selected,
        pins: input.pins,
        maps: input.maps,
        on_path,
        marks,
        partings: input.agreement.partings(input.hierarchy, input.rule),
        palette: palette(ui.visuals()),
        base: ui.scope_id().with("tree node"),
    };
    let over = ui.rect_contains_pointer(ui.max_rect());
    let focused = ui.memory(|memory| memory.focused()) == Some(scene.id(scene.cursor()));
    let find = |input: &mut egui::InputState| input.consume_key(Modifiers::COMMAND, Key::F);
    if (over || focused) && ui.input_mut(find) {
        state.focus_search();
    }

    let mut actions = Vec::new();
    toolbar::toolbar_ui(ui, &input, &scene, settings, state, &mut actions);
    predictions::predictions_ui(ui, &input, &scene, state, &mut actions);
    match settings.mode {
        TreeMode::Diagram => diagram::diagram_ui(ui, &scene, settings, state, &mut actions),
        TreeMode::Outline => outline::outline_ui(ui, &scene, state, &mut actions),
    }
    move_to::move_to_ui(ui, &scene, &mut state.moving, &mut actions);
    let seen = |&id: &NodeId| {
        let rect = ui.ctx().read_response(scene.id(id))?.rect.intersect(ui.max_rect());
        rect.is_positive().then_some(rect)
    };
    let path = scene.marks.way(decision).iter().filter_map(seen);
    state.path_on_screen = path.min_by(|a, b| a.left().total_cmp(&b.left()));
    actions
}
