//! The keys that walk through the tree.

use eframe::egui::{EventFilter, Id, Key, Modifiers, Ui};

use crate::explain::NodeId;
use crate::tree_layout::shown_nodes;
use crate::ui::pins::pressed_slot;

use super::rows::{Effect, Step, take_step};
use super::{Scene, TreeAction, TreeViewState};
use crate::ui::keys::leave_space;

/// Steps for the arrows left, right, up and down.
pub(super) type Arrows = [Step; 4];

/// Carries out the keys if `focused` widget (a node or what holds the nodes) has the focus. Returns
/// the node that was expanded or collapsed.
pub(super) fn keyboard(
    ui: &Ui,
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    arrows: Arrows,
    holder: Option<Id>,
    actions: &mut Vec<TreeAction>,
) -> Option<NodeId> {
    let cursor = scene.cursor();
    let focused = ui.memory(|memory| memory.focused())?;
    // A key that comes before the focus has followed the last one counts, too.
    let on_its_way = state.focus.is_some() && Some(focused) == state.keyboard_at;
    if focused != scene.id(cursor) && Some(focused) != holder && !on_its_way {
        return None;
    }
    state.keyboard_at = Some(focused);
    leave_space(ui, focused);
    // The arrows belong to the tree, and do not move the focus to other widgets.
    let filter =
        EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(focused, filter));

    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let [left, right, up, down] = arrows;
    let steps = [
        (Key::ArrowLeft, left),
        (Key::ArrowRight, right),
        (Key::ArrowUp, up),
        (Key::ArrowDown, down),
        (Key::Home, Step::First),
        (Key::End, Step::Last),
        (Key::Enter, Step::Toggle),
    ];
    if pressed(Key::E) {
        state.expand_path(scene.decision);
    }
    if let (Some(class), Some(slot)) = (scene.hierarchy.node(cursor).class, pressed_slot(ui)) {
        actions.push(TreeAction::Pin(slot, class));
    }
    let step = steps.into_iter().find_map(|(key, step)| pressed(key).then_some(step))?;
    let is_open = |id| state.open.is_open(id);
    let rows = shown_nodes(scene.hierarchy, &is_open);
    match take_step(scene.hierarchy, &rows, &is_open, cursor, step)? {
        Effect::Select(id) => {
            actions.push(TreeAction::Select(id));
            state.focus = Some(id);
            None
        }
        Effect::SetOpen(id, open) => {
            state.open.set(id, open);
            Some(id)
        }
    }
}
