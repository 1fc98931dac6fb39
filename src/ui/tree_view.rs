//! The tree of a decision, as a diagram and as an outline, with one selection.
//!
//! | module | question |
//! | --- | --- |
//! | `state`, `scene` | what is remembered, and what do all parts draw from? |
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

use crate::explain::{Agreement, ClassId, Decisions, Forced, Hierarchy, NodeId, Rule};
use crate::selection::{PinSlot, Versus};
use crate::settings::{TreeMode, TreeSettings};
use crate::ui::map_tiles::MapSource;

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
mod scene;
mod search;
mod state;
mod toolbar;
mod tooltip;

pub use crate::ui::theme::tree::{Palette, palette};
pub use move_to::places;
pub use rows::{Effect, Step, take_step};
pub use search::Index;
pub use state::TreeViewState;

use scene::Scene;

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
