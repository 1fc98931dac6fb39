//! Lines about what went wrong, above the status bar.

use eframe::egui::{self, Align, Layout, RichText, Ui};

use super::theme;
use crate::command::Command;
use crate::state::AppState;
use crate::ui::output::UiOutput;

pub fn notices_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    for notice in &state.notices {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_height(20.0);
            let close = ui.small_button("×").on_hover_text("Dismiss");
            close.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, "Dismiss notice")
            });
            if close.clicked() {
                out.push(Command::Dismiss(notice.id));
            }
            if let Some(action) = notice.action
                && ui.button(action.entry().text).clicked()
            {
                out.push(action);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let color = theme::notice_color(ui.visuals(), notice.kind);
                ui.add(egui::Label::new(RichText::new(&notice.text).color(color)).wrap());
            });
        });
    }
}
