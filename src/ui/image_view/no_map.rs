//! For a network without exact maps: why there is none, and which maps there can be.

use eframe::egui::{self, Align2, Area, Frame, Id, Response, Ui, vec2};

use crate::explain::Method;
use crate::explanation::{Explanation, PlanOptions};
use crate::look::OverlayOptions;
use crate::ui::methods::cost_words;
use crate::ui::theme::picture::Palette;

/// The methods that need no map that adds up: the first a way back through the network, the others
/// nothing but one that can be asked.
const OTHERS: [Method; 3] = [Method::GradCam, Method::Occlusion, Method::Rise];

/// Words and buttons on the picture; nothing where the chosen method can be used.
pub fn no_map_ui(
    ui: &Ui,
    canvas: &Response,
    colors: &Palette,
    explanation: &Explanation,
    options: &mut OverlayOptions,
) {
    let Err(why) = explanation.model.check_method(options.method) else { return };
    let place = canvas.rect.center_bottom() - vec2(0.0, 10.0);
    let area = Area::new(Id::unique("no map")).order(egui::Order::Middle);
    let area = area.pivot(Align2::CENTER_BOTTOM).fixed_pos(place).constrain_to(canvas.rect);
    area.show(ui.ctx(), |ui| {
        Frame::new().fill(colors.plate).corner_radius(6.0).inner_margin(8.0).show(ui, |ui| {
            ui.set_max_width((canvas.rect.width() - 40.0).min(460.0));
            ui.label(why.to_string());
            ui.horizontal_wrapped(|ui| {
                let model = &explanation.model;
                for method in OTHERS.into_iter().filter(|&it| model.check_method(it).is_ok()) {
                    let cost = cost_words(explanation.cost(method, &PlanOptions::default()));
                    let button = ui.button(format!("{} ({cost})", method.name()));
                    if button.on_hover_text(method.kind().shows()).clicked() {
                        options.method = method;
                    }
                }
            });
        });
    });
}
