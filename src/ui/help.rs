//! The windows with all keys, and about the program.

use eframe::egui::{self, Grid, RichText, ScrollArea, Ui};
use strum::IntoEnumIterator as _;

use crate::assets::NOTICES;
use crate::command::{Menu, MenuCommand};
use crate::state::AppState;
use crate::ui::{keys, theme};

/// Keys and gestures that are no commands.
const GESTURES: [(&str, &str); 11] = [
    ("Wheel", "Zoom at the pointer"),
    ("Drag", "Move the picture or the tree"),
    ("Shift and drag", "Draw a box on the picture"),
    ("Drag a selected node", "Move it, and all below it, to another branch of the tree"),
    ("Right click on a node", "All that can be done with it"),
    ("Double click", "Fit again"),
    ("O held", "Hide the map"),
    ("Ctrl+V", "Open the picture or path from the clipboard"),
    ("Arrow keys", "Walk through the list or the tree that was clicked last"),
    ("Escape", "Let go of what is dragged; leave a walk; stop drawing; remove the region"),
    ("Enter", "Open or close the selected node of the tree"),
];

pub fn shortcuts_ui(ui: &Ui, open: &mut bool) {
    let window = egui::Window::new("Keyboard shortcuts")
        .open(open)
        .default_pos(theme::WINDOW_AT)
        .collapsible(false)
        .resizable(false);
    window.default_width(380.0).show(ui.ctx(), |ui| {
        ScrollArea::vertical().max_height(460.0).show(ui, |ui| {
            for menu in Menu::iter() {
                ui.label(RichText::new(menu.to_string()).strong());
                Grid::new(menu.to_string()).num_columns(2).min_col_width(150.0).show(ui, |ui| {
                    for command in MenuCommand::iter() {
                        let entry = command.entry();
                        if entry.menu != menu || entry.keys.is_empty() {
                            continue;
                        }
                        let keys = entry.keys.iter().map(|key| keys::readable(ui.ctx(), key));
                        ui.monospace(keys.collect::<Vec<_>>().join(", "));
                        ui.label(entry.text.trim_end_matches('…')).on_hover_text(entry.tooltip);
                        ui.end_row();
                    }
                });
                ui.add_space(6.0);
            }
            ui.label(RichText::new("Pointer and panels").strong());
            Grid::new("gestures").num_columns(2).min_col_width(150.0).show(ui, |ui| {
                for (gesture, effect) in GESTURES {
                    ui.monospace(gesture);
                    ui.label(effect);
                    ui.end_row();
                }
            });
        });
    });
}

pub fn about_ui(ui: &Ui, open: &mut bool, state: &AppState) {
    let window = egui::Window::new("About glasstree")
        .open(open)
        .default_pos(theme::WINDOW_AT)
        .collapsible(false)
        .resizable(true);
    window.default_size([520.0, 420.0]).show(ui.ctx(), |ui| {
        ui.label(format!(
            "glasstree {} shows what an image classifier looked at and how it decided",
            env!("CARGO_PKG_VERSION")
        ));
        ui.add_space(6.0);
        for entry in state.library.usable() {
            ui.label(RichText::new(entry.title).strong());
            let accuracy = entry.accuracy.unwrap_or("no published accuracy");
            ui.weak(format!("{}; {accuracy}; {}", entry.paper, entry.licence));
        }
        ui.add_space(6.0);
        ui.label(RichText::new("Notices").strong());
        ScrollArea::vertical().show(ui, |ui| {
            ui.label(RichText::new(NOTICES).monospace().small());
        });
    });
}
