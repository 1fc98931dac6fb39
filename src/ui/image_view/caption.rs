//! Words on the picture, at its lower edge.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Align2, FontId, Response, Role, Sense, Ui, WidgetInfo, vec2};

use crate::ui::theme::picture::Palette;

const MARGIN: f32 = 8.0;
const LINES: usize = 3;
/// On narrower pictures, in points, the words are smaller.
const SMALL: f32 = 480.0;

pub fn caption_ui(ui: &Ui, canvas: &Response, colors: &Palette, text: &str) {
    let padding = vec2(10.0, 6.0);
    let room = canvas.rect.shrink(MARGIN);
    let color = ui.visuals().strong_text_color();
    let size = if room.width() < SMALL { 12.0 } else { 14.0 };
    let mut job = LayoutJob::simple(text.to_owned(), FontId::proportional(size), color, 0.0);
    let width = (room.width() - 2.0 * padding.x).clamp(40.0, 620.0);
    job.wrap = TextWrapping { max_rows: LINES, ..TextWrapping::wrap_at_width(width) };
    let painter = ui.painter_at(canvas.rect);
    let galley = painter.layout_job(job);
    let size = galley.size() + 2.0 * padding;
    let plate = Align2::CENTER_BOTTOM.anchor_size(room.center_bottom(), size);
    painter.rect_filled(plate, 6.0, colors.plate);
    painter.galley(plate.min + padding, galley, color);
    let response = ui.interact(plate, canvas.id.with("caption"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
}
