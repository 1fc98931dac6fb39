//! Finding a node by name: the field, its list of matches, and the matching itself.

use eframe::egui;
use eframe::egui::{Key, Modifiers, Popup, PopupCloseBehavior, TextEdit, Ui};

use crate::explain::{Decision, Hierarchy, NodeId};
use crate::labels::{Searchable, fold};
use crate::numbers::thousands;
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
    /// Made when it is first needed.
    index: Option<Index>,
}

impl Search {
    pub fn focus(&mut self) {
        self.wants_focus = true;
    }
}

/// What the nodes of a tree are found by: names, synonyms and wnids, as in the list of classes.
#[derive(Clone, Debug)]
pub struct Index {
    /// By node; `None` for names that only list classes, which are found themselves.
    nodes: Vec<Option<Searchable>>,
}

impl Index {
    pub fn new(hierarchy: &Hierarchy) -> Self {
        let searchable = |id: NodeId| {
            let node = hierarchy.node(id);
            let has_name = node.is_leaf() || !node.generated;
            has_name.then(|| Searchable::new(&node.name, &node.wnid, node.class))
        };
        Self { nodes: (0..hierarchy.nodes().len()).map(searchable).collect() }
    }

    /// The nodes that a query means: first a class by its number, then by how well the names fit
    /// ([`Searchable::fit`]), classes before branches. An empty query means none.
    pub fn matches(&self, query: &str) -> Vec<NodeId> {
        let folded = fold(query);
        if folded.is_empty() {
            return Vec::new();
        }
        let rank = |(id, node): (NodeId, &Option<Searchable>)| {
            let node = node.as_ref().filter(|node| node.matches(&folded))?;
            let number = node.is_number(&folded);
            Some((!number, node.fit(&folded), !node.is_class(), id))
        };
        let mut found: Vec<_> = self.nodes.iter().enumerate().filter_map(rank).collect();
        found.sort_unstable();
        found.into_iter().map(|(.., id)| id).collect()
    }
}

/// Draws the field; returns the node that the user chose.
pub fn search_ui(
    ui: &mut Ui,
    hierarchy: &Hierarchy,
    decision: &Decision,
    state: &mut Search,
) -> Option<NodeId> {
    let id = ui.scope_id().with("find");
    let found = if state.open {
        state.index.get_or_insert_with(|| Index::new(hierarchy)).matches(&state.text)
    } else {
        Vec::new()
    };
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

    let width = ui.available_width().clamp(60.0, 190.0);
    let hint = if width < 130.0 { "Find" } else { "Find in tree" };
    let field = TextEdit::singleline(&mut state.text).id(id).hint_text(hint);
    let field = ui.add(field.desired_width(width - 8.0));
    let field = field.on_hover_text("Part of a name or synonym, a WordNet id, or a class number");
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
            ui.weak("No match in this tree");
        } else if found.len() > LISTED {
            ui.weak(format!("and {} more", thousands(found.len() - LISTED)));
        }
    });
    state.open = open && chosen.is_none();
    chosen
}
