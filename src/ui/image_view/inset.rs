//! What the model saw: the preprocessed picture in a corner.

use std::sync::Arc;

use eframe::egui::{
    Color32, ColorImage, Context, Id, Pos2, Rect, Role, Sense, StrokeKind, TextureHandle,
    TextureOptions, Ui, WidgetInfo, pos2, vec2,
};

use super::color_bar::one_line;
use crate::explanation::Explanation;
use crate::memo::{Memo, Same};
use crate::ui::theme::picture::{Palette, small_font, small_line};

/// Smallest and largest side of the picture, in points.
const SIDES: [f32; 2] = [72.0, 176.0];
const PADDING: f32 = 6.0;

/// The texture of the input shown last.
#[derive(Default)]
pub struct Inset {
    texture: Memo<Same<Explanation>, TextureHandle>,
}

impl Inset {
    /// Paints the input into the upper right corner of the canvas, if there is room.
    pub fn ui(
        &mut self,
        ui: &Ui,
        id: Id,
        canvas: Rect,
        explanation: &Arc<Explanation>,
        palette: &Palette,
    ) {
        let side = (0.36 * canvas.size().min_elem()).clamp(SIDES[0], SIDES[1]).floor();
        let line = small_line(ui);
        let size = vec2(side + 2.0 * PADDING, side + 2.0 * line + 2.5 * PADDING);
        if size.x + 16.0 > canvas.width() || size.y + 16.0 > canvas.height() {
            return;
        }
        let plate =
            Rect::from_min_size(pos2(canvas.right() - size.x - 8.0, canvas.top() + 8.0), size);
        let [width, height] = [explanation.input.crop.width(), explanation.input.crop.height()];
        let pixels = format!("{width} \u{d7} {height} pixels");
        let response = ui.interact(plate, id, Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Image, true, format!("What the model saw, {pixels}"))
        });

        let painter = ui.painter_at(canvas);
        let stroke = ui.visuals().window_stroke;
        painter.rect(plate, 4.0, palette.plate, stroke, StrokeKind::Inside);
        let picture = Rect::from_min_size(plate.min + vec2(PADDING, PADDING), vec2(side, side));
        let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        let texture = self.texture(ui.ctx(), explanation);
        painter.image(texture.id(), picture, uv, Color32::WHITE);
        let font = small_font(ui);
        let lines = [
            ("What the model saw", ui.visuals().text_color()),
            (pixels.as_str(), ui.visuals().weak_text_color()),
        ];
        for (i, (text, color)) in lines.into_iter().enumerate() {
            let galley = one_line(&painter, text, font.clone(), color, side);
            let top = picture.bottom() + 0.75 * PADDING + i as f32 * line;
            painter.galley(pos2(picture.left(), top), galley, color);
        }
    }

    fn texture(&mut self, ctx: &Context, explanation: &Arc<Explanation>) -> &TextureHandle {
        self.texture.get_or_make(Same::as_value(explanation), |_| {
            let crop = &explanation.input.crop;
            let side = ctx.input(|input| input.max_texture_side) as u32;
            let smaller;
            let shown = if crop.width().max(crop.height()) > side {
                smaller = image::imageops::thumbnail(crop, side, side);
                &smaller
            } else {
                crop
            };
            let size = [shown.width() as usize, shown.height() as usize];
            // Pixels of small inputs are meant to be seen.
            let options =
                if shown.width() <= 64 { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
            ctx.load_texture("model input", ColorImage::from_rgb(size, shown), options)
        })
    }
}
