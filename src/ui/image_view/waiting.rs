//! For a map that takes long and has not been asked for on this picture.

use eframe::egui::{self, Align2, Area, Frame, Id, Response, Ui, vec2};

use crate::explain::Method;
use crate::explanation::{Explanation, PlanOptions};
use crate::ui::methods::cost_words;
use crate::ui::theme::picture::Palette;

/// Words and a button for each on the picture; returns what was asked for.
pub fn waiting_ui(
    ui: &Ui,
    canvas: &Response,
    colors: &Palette,
    explanation: &Explanation,
    waiting: &[Method],
) -> Option<Method> {
    if waiting.is_empty() {
        return None;
    }
    let mut asked = None;
    let place = canvas.rect.center_bottom() - vec2(0.0, 10.0);
    let area = Area::new(Id::unique("waiting")).order(egui::Order::Middle);
    let area = area.pivot(Align2::CENTER_BOTTOM).fixed_pos(place).constrain_to(canvas.rect);
    area.show(ui.ctx(), |ui| {
        Frame::new().fill(colors.plate).corner_radius(6.0).inner_margin(8.0).show(ui, |ui| {
            ui.set_max_width((canvas.rect.width() - 40.0).min(460.0));
            ui.label("This map takes long, so it waits for you");
            ui.horizontal_wrapped(|ui| {
                for &method in waiting {
                    let cost = cost_words(explanation.cost(method, &PlanOptions::default()));
                    let button = ui.button(format!("Make it: {} ({cost})", method.name()));
                    if button.on_hover_text(method.kind().shows()).clicked() {
                        asked = Some(method);
                    }
                }
            });
        });
    });
    asked
}
