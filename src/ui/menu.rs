//! The menu bar, made from the command table.

use eframe::egui::{self, Button, Ui};
use strum::IntoEnumIterator as _;

use super::keys;
use crate::command::{Command, Menu, MenuCommand};
use crate::state::AppState;
use crate::ui::output::UiOutput;

/// What menus need to know beside the state: which switches are on.
pub trait Checked {
    /// `None` for commands that are no switches.
    fn is_on(&self, command: MenuCommand) -> Option<bool>;
}

pub fn menu_bar_ui(ui: &mut Ui, state: &AppState, checked: &dyn Checked, out: &mut UiOutput) {
    egui::MenuBar::new().ui(ui, |ui| {
        for menu in Menu::iter() {
            ui.menu_button(menu.to_string(), |ui| {
                ui.set_min_width(220.0);
                menu_ui(ui, menu, state, checked, out);
            });
        }
    });
}

fn menu_ui(ui: &mut Ui, menu: Menu, state: &AppState, checked: &dyn Checked, out: &mut UiOutput) {
    for command in MenuCommand::iter().filter(|command| command.entry().menu == menu) {
        let entry = command.entry();
        if entry.separated {
            ui.separator();
        }
        if menu == Menu::File && command == MenuCommand::Reload && !state.recent.is_empty() {
            recent_ui(ui, state, out);
        }
        let mut button = Button::new(entry.text);
        if let Some(key) = keys::first(ui.ctx(), command) {
            button = button.shortcut_text(key);
        }
        if checked.is_on(command) == Some(true) {
            button = button.selected(true);
        }
        let response =
            ui.add_enabled(state.is_enabled(command), button).on_hover_text(entry.tooltip);
        if response.clicked() {
            out.push(command);
            ui.close();
        }
    }
}

fn recent_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    ui.menu_button("Recent pictures", |ui| {
        for path in &state.recent {
            let name =
                path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                out.push(Command::OpenPaths(vec![path.clone()]));
                ui.close();
            }
        }
    });
}
