//! What can be switched, above the tree.

use eframe::egui;
use eframe::egui::{RichText, Ui};

use crate::explain::Rule;
use crate::tree_layout::Orientation;

use super::{Mode, Palette, Scene, TreeAction, TreeInput, TreeViewState, search};

pub(super) fn toolbar_ui(
    ui: &mut Ui,
    input: &TreeInput<'_>,
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    ui.horizontal_wrapped(|ui| {
        let mode = state.mode;
        for (own, text, hint) in [
            (Mode::Diagram, "Diagram", "Nodes and edges; drag to move, turn the wheel to zoom"),
            (Mode::Outline, "Outline", "A list to walk through with the arrow keys"),
        ] {
            if ui.selectable_label(mode == own, text).on_hover_text(hint).clicked() && mode != own {
                state.toggle_mode();
            }
        }
        ui.separator();
        for (rule, text, hint) in [
            (Rule::Hard, "Hard", "Follow the likeliest child from the root down"),
            (Rule::Soft, "Soft", "Take the class with the largest product along its path"),
        ] {
            let chosen = input.rule == rule;
            if ui.selectable_label(chosen, text).on_hover_text(hint).clicked() && !chosen {
                actions.push(TreeAction::SetRule(rule));
            }
        }
        ui.separator();
        let hint = "Show only the winning path and one step beside it";
        if ui.button("Path").on_hover_text(hint).clicked() {
            state.show_path_only(scene.hierarchy, scene.decision);
        }
        if ui.button("Expand all").on_hover_text("Show every node").clicked() {
            state.expand_all();
        }
        if ui.button("Collapse all").on_hover_text("Show the first decision only").clicked() {
            state.collapse_all();
        }
        if state.mode == Mode::Diagram {
            if ui
                .button("Fit")
                .on_hover_text("Show the whole diagram (double-click beside the nodes)")
                .clicked()
            {
                state.fit();
            }
            let (text, hint) = match state.orientation().other() {
                Orientation::LeftToRight => ("Left to right", "Let the tree grow to the right"),
                Orientation::TopDown => ("Top down", "Let the tree grow downwards"),
            };
            if ui.button(text).on_hover_text(hint).clicked() {
                state.toggle_orientation();
            }
        }
        if let Some(id) = search::search_ui(ui, scene.hierarchy, scene.decision, &mut state.search)
        {
            state.open.reveal(scene.hierarchy, id);
            state.reveal = true;
            state.focus = Some(id);
            actions.push(TreeAction::Select(id));
        }
    });
    ui.add_space(2.0);
}

/// One line that says who predicts what.
pub(super) fn disagreement_ui(ui: &mut Ui, line: &str, palette: &Palette) {
    let text = RichText::new(line).color(palette.path);
    ui.add(egui::Label::new(text).truncate());
    ui.add_space(2.0);
}
