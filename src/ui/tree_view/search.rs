//! Finding a node by name: the field, its list of matches, and the matching itself.

use eframe::egui;
use eframe::egui::{Key, Modifiers, Popup, PopupCloseBehavior, TextEdit, Ui};

use crate::explain::{Decision, Hierarchy, NodeId};
use crate::tree_text;

/// Most matches in the list.
const LISTED: usize = 10;

/// The search field.
#[derive(Clone, Debug, Default)]
pub struct Search {
    text: String,
    /// Which match Enter takes.
    highlighted: usize,
    open: bool,
    wants_focus: bool,
}

impl Search {
    pub fn focus(&mut self) {
        self.wants_focus = true;
    }
}

/// Nodes that have all words of `query` in their name or wnid: names that begin with the query come
/// first, classes before branches.
pub fn matches(hierarchy: &Hierarchy, query: &str) -> Vec<NodeId> {
    let query = query.trim().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let rank = |id: NodeId| {
        let node = hierarchy.node(id);
        if node.generated && !node.is_leaf() {
            return None; // Its name only lists classes that are found themselves.
        }
        let name = tree_text::full_name(hierarchy, id).to_lowercase();
        let found = node.wnid == query || words.iter().all(|word| name.contains(word));
        found.then(|| (!name.starts_with(&query), !node.is_leaf(), id))
    };
    let mut found: Vec<_> = (0..hierarchy.nodes().len()).filter_map(rank).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, _, id)| id).collect()
}

/// Draws the field; returns the node that the user chose.
pub fn search_ui(
    ui: &mut Ui,
    hierarchy: &Hierarchy,
    decision: &Decision,
    state: &mut Search,
) -> Option<NodeId> {
    let id = ui.scope_id().with("find");
    let found = if state.open { matches(hierarchy, &state.text) } else { Vec::new() };
    let last = found.len().min(LISTED).saturating_sub(1);
    if ui.memory(|memory| memory.has_focus(id)) {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            state.highlighted += 1;
        }
        if pressed(Key::ArrowUp) {
            state.highlighted = state.highlighted.saturating_sub(1);
        }
    }
    state.highlighted = state.highlighted.min(last);

    let width = ui.available_width().clamp(90.0, 190.0);
    let field = TextEdit::singleline(&mut state.text).id(id).hint_text("Find in the tree");
    let field = ui.add(field.desired_width(width - 8.0));
    let field = field.on_hover_text("Find a class or a branch by its name (Ctrl+F)");
    if std::mem::take(&mut state.wants_focus) {
        field.request_focus();
    }
    if field.changed() {
        state.open = true;
        state.highlighted = 0;
    }
    let mut chosen = None;
    if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        chosen = found.get(state.highlighted).copied();
    }
    let mut open = state.open && !state.text.trim().is_empty();
    let popup = Popup::from_response(&field)
        .open_bool(&mut open)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Matches in the tree");
    popup.show(|ui| {
        ui.set_max_width(280.0);
        for (i, &node) in found.iter().take(LISTED).enumerate() {
            let text = format!(
                "{}  {}",
                tree_text::full_name(hierarchy, node),
                tree_text::percent(tree_text::probabilities(decision, node)[1])
            );
            let row = egui::Button::selectable(i == state.highlighted, text).truncate();
            if ui.add(row).clicked() {
                chosen = Some(node);
            }
        }
        if found.is_empty() {
            ui.weak("No such name in this tree");
        } else if found.len() > LISTED {
            ui.weak(format!("and {} more", found.len() - LISTED));
        }
    });
    state.open = open && chosen.is_none();
    chosen
}
