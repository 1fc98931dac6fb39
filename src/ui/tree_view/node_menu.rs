//! What can be done with a node, besides selecting it.

use eframe::egui::{Button, Response, Ui};

use crate::command::MenuCommand;
use crate::explain::NodeId;

use super::compare::leaf_menu_ui;
use super::{Scene, TreeAction, TreeViewState};

/// The menu of a node, on a click with the other button.
pub(super) fn node_menu_ui(
    response: &Response,
    scene: &Scene<'_>,
    id: NodeId,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    response.context_menu(|ui| {
        let node = scene.hierarchy.node(id);
        ui.set_min_width(150.0);
        if entry_ui(ui, MenuCommand::ForceNode, !scene.decision.path.contains(&id)) {
            actions.push(TreeAction::Force(id));
        }
        if entry_ui(ui, MenuCommand::RenameNode, !node.is_leaf()) {
            actions.push(TreeAction::Select(id));
            state.begin_rename(scene.hierarchy, id);
        }
        if entry_ui(ui, MenuCommand::MoveNode, node.parent.is_some()) {
            state.begin_move(id);
        }
        leaf_menu_ui(ui, scene, id, actions);
    });
}

fn entry_ui(ui: &mut Ui, command: MenuCommand, is_enabled: bool) -> bool {
    let entry = command.entry();
    let chosen = ui.add_enabled(is_enabled, Button::new(entry.text)).on_hover_text(entry.tooltip);
    if chosen.clicked() {
        ui.close();
    }
    chosen.clicked()
}
