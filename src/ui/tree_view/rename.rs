//! Another name for a branch, typed where the old one stands.

use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::{Align2, Key, Modifiers, Rect, Role, TextEdit, Ui, UiBuilder, WidgetInfo, vec2};

use crate::explain::{Hierarchy, NodeId};
use crate::tree_text::full_name;

use super::{Scene, TreeAction};

/// Narrower fields are no use.
const LEAST_WIDTH: f32 = 160.0;

/// A name that is being typed.
#[derive(Clone, Debug)]
pub struct Renaming {
    pub node: NodeId,
    text: String,
    old: String,
    /// Whether the field was shown before.
    has_begun: bool,
}

impl Renaming {
    pub fn new(hierarchy: &Hierarchy, node: NodeId) -> Self {
        let old = full_name(hierarchy, node);
        // A name that was made up is no beginning of a better one.
        let is_made_up = hierarchy.node(node).generated;
        let text = if is_made_up { String::new() } else { old.clone() };
        Self { node, text, old, has_begun: false }
    }
}

/// The field over a node, whose place and what holds it are given; without a place there is none.
pub(super) fn rename_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    place: Option<(Rect, Rect)>,
    renaming: &mut Option<Renaming>,
    actions: &mut Vec<TreeAction>,
) {
    let (Some(name), Some((card, canvas))) = (renaming.as_mut(), place) else { return };
    // Taken before the field does: it would only lose the focus.
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        *renaming = None;
        return;
    }
    let height = ui.spacing().interact_size.y + 4.0;
    let size = vec2(card.width().max(LEAST_WIDTH).min(canvas.width()), height);
    let room = Rect::from_min_max(canvas.min, (canvas.max - size).max(canvas.min));
    let rect = Rect::from_min_size(room.clamp(card.left_center() - vec2(0.0, height / 2.0)), size);
    let id = scene.base.with("new name");
    let field = TextEdit::singleline(&mut name.text).id(id).hint_text(name.old.as_str());
    let field = field.desired_width(f32::INFINITY).align(Align2::LEFT_CENTER);
    // In a child: what is drawn below does not move.
    let field = ui.new_child(UiBuilder::new().max_rect(rect)).add_sized(size, field);
    let label = format!("New name of {}", name.old);
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &label));
    if !std::mem::replace(&mut name.has_begun, true) {
        field.request_focus();
        // All of it, so that typing replaces it.
        let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
        let all = CCursorRange::two(CCursor::new(0), CCursor::new(name.text.chars().count()));
        state.cursor.set_char_range(Some(all));
        state.store(ui.ctx(), id);
    } else if field.lost_focus() {
        let is_meant = ui.input(|input| input.key_pressed(Key::Enter));
        let is_other = !name.text.trim().is_empty() && name.text.trim() != name.old;
        if is_meant || is_other {
            actions.push(TreeAction::Rename(name.node, std::mem::take(&mut name.text)));
        }
        *renaming = None;
    }
}
