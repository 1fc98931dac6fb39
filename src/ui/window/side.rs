//! The class list above the tree, beside the picture.

use eframe::egui::{self, Panel, Ui};

use super::Panels;
use crate::command::Command;
use crate::settings::{LEAST_CLASSES, PanelSettings, Settings};
use crate::state::{AppState, Role};
use crate::ui::class_list::{ClassAction, class_list_ui};
use crate::ui::layout::{Layout, Part};
use crate::ui::output::UiOutput;
use crate::ui::{theme, tree_panel};

/// Smallest width of the panels beside the picture, in points.
const LEAST: f32 = 260.0;

/// Largest share of the window that the panels beside the picture take by themselves.
const SIDE: f32 = 0.44;

/// Smallest width of the picture.
const LEAST_PICTURE: f32 = 400.0;

/// Smallest height of the tree below the class list.
const LEAST_TREE: f32 = 120.0;

/// Beside a large tree.
const SMALL_PICTURE: f32 = 240.0;

/// The class list above the tree.
pub(super) fn side_ui(
    ui: &mut Ui,
    state: &AppState,
    settings: &mut Settings,
    panels: &mut Panels,
    out: &mut UiOutput,
) {
    let shown = &mut settings.panels;
    if !shown.classes && !shown.tree {
        return;
    }
    let picture = if shown.large_tree { SMALL_PICTURE } else { LEAST_PICTURE };
    let most = (ui.available_width() - picture).max(LEAST);
    let generation = panels.layout.generation(ui, Part::Side, ui.available_width());
    let (id, width) = match shown.large_tree {
        true => ("side, large", (ui.available_width() * 0.68).min(most)),
        // Until it is dragged, it leaves the picture more than half of a narrow window.
        false if shown.width == PanelSettings::default().width => {
            ("side", shown.width.min(ui.available_width() * SIDE).clamp(LEAST, most))
        }
        false => ("side", shown.width.min(most)),
    };
    let id = (id, generation);
    let frame = theme::panel(ui.visuals());
    let side = Panel::right(id).default_size(width).size_range(LEAST..=most).frame(frame);
    let side = theme::resizable_panel_ui(ui, side, |ui| {
        ui.set_min_width(ui.available_width());
        let free = ui.available_height();
        if shown.classes && shown.tree {
            let most = (free - LEAST_TREE).max(LEAST_CLASSES);
            let height = shown.classes_height.min(free * 0.6);
            let id = ("classes", panels.layout.generation(ui, Part::Classes, free));
            let list = Panel::top(id).default_size(height).size_range(LEAST_CLASSES..=most);
            let frame =
                egui::Frame::new().inner_margin(egui::Margin { bottom: 6, ..Default::default() });
            let list = list.resizable(true).frame(frame);
            let list = theme::resizable_panel_ui(ui, list, |ui| {
                // As high as it was dragged, whatever is in it.
                ui.set_min_height(ui.available_height());
                classes_ui(ui, state, panels, out);
            });
            if Layout::is_being_dragged(ui) {
                shown.classes_height = list.response.rect.height();
            }
            ui.add_space(2.0);
        } else if shown.classes {
            classes_ui(ui, state, panels, out);
        }
        if shown.tree {
            let Panels { tree, tree_view, .. } = panels;
            let (how, overlay) = (&mut settings.tree, &settings.overlay);
            tree_panel::tree_panel_ui(ui, state, tree, tree_view, how, overlay, out);
        }
    });
    if !shown.large_tree && Layout::is_being_dragged(ui) {
        shown.width = side.response.rect.width();
    }
}

fn classes_ui(ui: &mut Ui, state: &AppState, panels: &mut Panels, out: &mut UiOutput) {
    let role = state.role(Role::Classifier);
    let current = state.explanation(Role::Classifier).is_some();
    let error = role.error().filter(|_| !current);
    match (role.explanation(), error) {
        (_, Some(error)) => {
            ui.colored_label(ui.visuals().error_fg_color, error);
        }
        (Some(explanation), None) => {
            if !current {
                // Of the picture before.
                ui.multiply_opacity(0.5);
            }
            let pins = state.selection().pins.of(Role::Classifier);
            let selected = state.linked_class();
            let list = &mut panels.classes;
            panels.introduction.places.classes = Some(ui.available_rect_before_wrap());
            for action in class_list_ui(ui, explanation, selected, pins, list) {
                out.push(match action {
                    ClassAction::Select(class) => Command::SelectClass(class),
                    ClassAction::Pin(slot, class) => Command::Pin(Role::Classifier, slot, class),
                    ClassAction::Compare(a, b) => Command::Compare(Role::Classifier, a, b),
                });
            }
        }
        (None, None) => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.weak("Waiting for the network");
            });
        }
    }
}
