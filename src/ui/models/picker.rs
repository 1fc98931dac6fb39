//! A model is chosen: from those that are here, or by its file.

use eframe::egui::{self, ComboBox, Ui};

use super::hint;
use crate::catalog::ModelSource;
use crate::command::{Action, Command, MenuCommand, Purpose};
use crate::state::{AppState, Role};
use crate::ui::output::UiOutput;
use crate::ui::text::at_most;

/// Width of a picker, in points.
pub const WIDTH: f32 = 160.0;
/// In a narrower window, the names of the roles are in tooltips alone.
const NARROW: f32 = 760.0;
/// In a narrower window, pickers are narrower, too.
const SMALL: f32 = 600.0;

/// Choices in the top bar.
pub fn pickers_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    let room = ui.available_width();
    let width = if room < SMALL { 96.0 } else { WIDTH };
    for &role in Role::ALL.iter().rev() {
        if role == Role::Tree && state.shared {
            continue;
        }
        picker_ui(ui, role, width, state, out);
        if room >= NARROW {
            ui.weak(role.name()).on_hover_text(hint(role));
            ui.add_space(6.0);
        }
    }
}

pub fn picker_ui(ui: &mut Ui, role: Role, width: f32, state: &AppState, out: &mut UiOutput) {
    let request = &state.role(role).request;
    let name = request.source.name();
    let combo = ComboBox::from_id_salt(("model", role as u8)).selected_text(&name).width(width);
    let choices_ui = |ui: &mut Ui| {
        for entry in state.library.usable() {
            let source = state.library.source(entry);
            let chosen = request.source == source;
            let label = ui.selectable_label(chosen, entry.id);
            let accuracy = entry.accuracy.unwrap_or("no published accuracy");
            if label.on_hover_text(format!("{}; {accuracy}", entry.title)).clicked() {
                out.push(Command::SetModel(role, source.into()));
            }
        }
        if let ModelSource::File(path) = &request.source {
            ui.selectable_label(true, &name).on_hover_text(path.display().to_string());
        }
        ui.separator();
        if ui.button("Open weights…").clicked() {
            out.push(Action::ChooseFile(Purpose::Weights(role)));
        }
        if ui.button(MenuCommand::Models.entry().text).clicked() {
            out.push(MenuCommand::Models);
        }
    };
    let response = at_most(ui, width, |ui| combo.truncate().show_ui(ui, choices_ui));
    response.response.widget_info(|| {
        let text = format!("{}: {name}", role.name());
        egui::WidgetInfo::labeled(egui::Role::ComboBox, true, text)
    });
    response.response.on_hover_text(format!("{}: {name}\n{}", role.name(), hint(role)));
}
