//! The keys that walk through the tree.

use eframe::egui::{EventFilter, Id, Key, Modifiers, Ui};

use crate::explain::NodeId;
use crate::tree_layout::rows;
use crate::ui::pins::pressed_slot;

use super::rows::{Effect, Step, take_step};
use super::{Scene, TreeAction, TreeViewState};
use crate::ui::keys::{leave_free, take_presses};

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
    leave_free(ui, focused, &[Key::Space]);
    // The arrows belong to the tree, and do not move the focus to other widgets.
    let filter =
        EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(focused, filter));

    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::E) {
        state.expand_path(scene.decision);
    }
    if let (Some(class), Some(slot)) = (scene.hierarchy.node(cursor).class, pressed_slot(ui)) {
        actions.push(TreeAction::Pin(slot, class));
    }
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
    let step_of = |key: Key| steps.iter().find(|(own, _)| *own == key).map(|&(_, step)| step);
    let (mut at, mut toggled) = (cursor, None);
    for step in take_presses(ui, &steps.map(|(key, _)| key)).into_iter().filter_map(step_of) {
        let is_open = |id| state.open.is_open(id);
        let rows = rows(scene.hierarchy, scene.decision, &state.open);
        let rows: Vec<NodeId> = rows.iter().filter_map(|row| row.shown.node()).collect();
        match take_step(scene.hierarchy, &rows, &is_open, at, step) {
            Some(Effect::Select(id)) => at = id,
            Some(Effect::SetOpen(id, open)) => {
                state.open.set(id, open);
                toggled = Some(id);
            }
            None => {}
        }
    }
    if at != cursor {
        actions.push(TreeAction::Select(at));
        state.focus = Some(at);
    }
    toggled
}
