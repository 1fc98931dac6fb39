//! Moving a node without a pointer: a list of the branches that it could hang on.

use eframe::egui::{
    Align2, Button, Key, Modifiers, Role, ScrollArea, TextEdit, Ui, WidgetInfo, Window, vec2,
};

use crate::explain::{Hierarchy, NodeId};
use crate::numbers::thousands;
use crate::tree_text::{class_count, full_name, short_name};

use super::{Scene, TreeAction};

/// Most branches in the list.
const LISTED: usize = 60;

/// The search for a place.
#[derive(Clone, Debug)]
pub struct MoveTo {
    node: NodeId,
    text: String,
    /// Which branch Enter takes.
    at: usize,
}

impl MoveTo {
    pub fn new(node: NodeId) -> Self {
        Self { node, text: String::new(), at: 0 }
    }
}

/// Branches that a node can be moved to and that have all words of `query` in their name, or in
/// the name of a class right below; the latter come last.
pub fn places(hierarchy: &Hierarchy, node: NodeId, query: &str) -> Vec<NodeId> {
    let query = query.to_lowercase();
    let has = |id: NodeId| {
        let name = full_name(hierarchy, id).to_lowercase();
        query.split_whitespace().all(|word| name.contains(word))
    };
    let rank = |id: NodeId| {
        let children = &hierarchy.node(id).children;
        let below = || children.iter().any(|&child| hierarchy.node(child).is_leaf() && has(child));
        if has(id) { Some(0) } else { below().then_some(1) }
    };
    let branches = (0..hierarchy.nodes().len()).filter(|&id| !hierarchy.node(id).is_leaf());
    let mut found: Vec<(u8, NodeId)> = branches
        .filter_map(|id| Some((rank(id)?, id)))
        .filter(|&(_, id)| hierarchy.check_move(node, id).is_ok())
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, id)| id).collect()
}

pub(super) fn move_to_ui(
    ui: &Ui,
    scene: &Scene<'_>,
    state: &mut Option<MoveTo>,
    actions: &mut Vec<TreeAction>,
) {
    let Some(search) = state else { return };
    if search.node >= scene.hierarchy.nodes().len() {
        *state = None;
        return;
    }
    let found = places(scene.hierarchy, search.node, &search.text);
    let (mut chosen, mut is_closed) = (None, false);
    ui.input_mut(|input| {
        if input.consume_key(Modifiers::NONE, Key::ArrowDown) {
            search.at += 1;
        }
        if input.consume_key(Modifiers::NONE, Key::ArrowUp) {
            search.at = search.at.saturating_sub(1);
        }
        if input.consume_key(Modifiers::NONE, Key::Enter) {
            chosen = found.get(search.at).copied();
        }
        is_closed = input.consume_key(Modifiers::NONE, Key::Escape);
    });
    search.at = search.at.min(found.len().min(LISTED).saturating_sub(1));
    let name = short_name(scene.hierarchy, search.node);
    let mut is_open = true;
    let window = Window::new(format!("Move {name} to"))
        .id(scene.base.with("move to"))
        .open(&mut is_open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_TOP, [0.0, 60.0])
        .fixed_size([420.0, 320.0]);
    window.show(ui.ctx(), |ui| {
        let field = TextEdit::singleline(&mut search.text)
            .hint_text("Name of a branch, or of a class below it")
            .desired_width(f32::INFINITY);
        let field = ui.add(field);
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Branch to move it to"));
        if field.changed() {
            search.at = 0;
        }
        field.request_focus();
        ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
            for (i, &id) in found.iter().take(LISTED).enumerate() {
                let count = class_count(scene.hierarchy.node(id).leaves.len());
                let button = Button::selectable(i == search.at, short_name(scene.hierarchy, id))
                    .shortcut_text(count)
                    .truncate()
                    .min_size(vec2(ui.available_width(), 0.0));
                let response = ui.add(button);
                if i == search.at {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(id);
                }
            }
            if found.is_empty() {
                ui.weak("It cannot be moved to any branch of that name");
            } else if found.len() > LISTED {
                ui.weak(format!(
                    "and {} more; type part of the name",
                    thousands(found.len() - LISTED)
                ));
            }
        });
    });
    actions.extend(chosen.map(|parent| TreeAction::Move(search.node, parent)));
    if chosen.is_some() || is_closed || !is_open {
        *state = None;
    }
}
