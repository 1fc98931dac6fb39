//! The curves drawn, and the picture at the place that the pointer is over.

use std::sync::Arc;

use eframe::egui::{
    Align2, ColorImage, Pos2, Rect, Role as Kind, Sense, Shape, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, WidgetInfo, pos2, vec2,
};

use super::curves::Line;
use crate::explain::{Curve, Erasure, Probe as _};
use crate::explanation::Explanation;
use crate::memo::{Memo, Same};
use crate::state::{Asked, Inquiry};
use crate::ui::text::number;
use crate::ui::theme::picture::{small_font, small_line};

/// A step of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hovered {
    /// Of the lines.
    pub line: usize,
    pub step: usize,
}

/// Draws the lines; returns the place that the pointer is over. `size` in points.
pub fn plot_ui(
    ui: &mut Ui,
    [width, height]: [f32; 2],
    name: &str,
    curve: Curve,
    lines: &[Line],
) -> Option<Hovered> {
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let words: Vec<String> = lines.iter().map(Line::words).collect();
    let label = format!("{curve} curves of {name}: {}", words.join(", "));
    response.widget_info(|| WidgetInfo::labeled(Kind::Image, true, &label));
    let painter = ui.painter_at(rect);
    let (font, line_height) = (small_font(ui), small_line(ui));
    let (text, weak) = (ui.visuals().text_color(), ui.visuals().weak_text_color());
    let frame = ui.visuals().widgets.noninteractive.bg_stroke;
    let plot = Rect::from_min_max(
        rect.min + vec2(34.0, 4.0),
        rect.max - vec2(6.0, 2.0 * line_height + 2.0),
    );
    let scores = || lines.iter().flat_map(|line| &line.scores).copied().filter(|v| v.is_finite());
    let lo = scores().fold(0.0, f32::min);
    let hi = scores().fold(lo + 1e-3, f32::max);
    painter.rect_stroke(plot, 0.0, frame, StrokeKind::Inside);
    for (value, align) in [(hi, Align2::RIGHT_TOP), (lo, Align2::RIGHT_BOTTOM)] {
        let y = if value == hi { plot.top() } else { plot.bottom() };
        painter.text(pos2(plot.left() - 4.0, y), align, number(value, 2), font.clone(), weak);
    }
    for (share, align) in
        [(0.0, Align2::LEFT_TOP), (0.5, Align2::CENTER_TOP), (1.0, Align2::RIGHT_TOP)]
    {
        let place = pos2(plot.left() + share * plot.width(), plot.bottom() + 2.0);
        painter.text(place, align, format!("{:.0}%", share * 100.0), font.clone(), weak);
    }
    let axis = match curve {
        Curve::Deletion => "of the picture hidden",
        Curve::Insertion => "of the picture shown",
        Curve::Road => "of the picture replaced",
    };
    let place = pos2(plot.center().x, plot.bottom() + 2.0 + line_height);
    painter.text(place, Align2::CENTER_TOP, axis, font.clone(), weak);
    let point = |line: &Line, step: usize| -> Option<Pos2> {
        let x = step as f32 / (line.total.max(2) - 1) as f32 * fraction(curve);
        let y = (line.scores.get(step)? - lo) / (hi - lo);
        Some(pos2(plot.left() + x * plot.width(), plot.bottom() - y * plot.height()))
    };
    // The map's own line lies above the others.
    for line in lines.iter().rev() {
        let points: Vec<Pos2> =
            (0..line.scores.len()).filter_map(|step| point(line, step)).collect();
        painter.add(Shape::line(points, Stroke::new(1.8, line.color(ui))));
    }
    let pointer = response.hover_pos()?;
    let nearest = lines.iter().enumerate().flat_map(|(at, line)| {
        (0..line.scores.len()).filter_map(move |step| Some((at, step, point(line, step)?)))
    });
    // First of all the step below the pointer, then the line that is nearest.
    let distance = |place: Pos2| 4.0 * (place.x - pointer.x).abs() + (place.y - pointer.y).abs();
    let (line, step, place) = nearest.min_by(|a, b| distance(a.2).total_cmp(&distance(b.2)))?;
    painter.vline(place.x, plot.y_range(), Stroke::new(1.0, weak));
    painter.circle(place, 3.5, lines[line].color(ui), Stroke::new(1.0, text));
    Some(Hovered { line, step })
}

/// The largest share of the picture that is changed.
fn fraction(curve: Curve) -> f32 {
    match curve {
        Curve::Deletion | Curve::Insertion => 1.0,
        Curve::Road => 0.9,
    }
}

/// The picture shown last, as the network got it.
#[derive(Default)]
pub struct PictureMemo(Memo<(Same<Erasure>, usize), TextureHandle>);

/// The picture at a step, `side` points wide; in the middle of the map's own line if the pointer was
/// nowhere yet.
pub fn picture_ui(
    ui: &mut Ui,
    side: f32,
    seen: &Arc<Explanation>,
    inquiries: &[Option<&Inquiry>],
    hovered: Option<Hovered>,
    memo: &mut PictureMemo,
) {
    let known: Vec<&Inquiry> = inquiries.iter().flatten().copied().collect();
    let hovered =
        hovered.filter(|it| it.line < known.len()).unwrap_or(Hovered { line: 0, step: 5 });
    let Some(inquiry) = known.get(hovered.line) else { return };
    let Asked::Curve(erasure) = &inquiry.asked else { return };
    let step = hovered.step.min(inquiry.total.saturating_sub(1));
    let texture = memo.0.get_or_make((Same::as_value(erasure), step), |_| {
        let input = erasure.input(step);
        let picture = seen.model.recipe.pictured(&input.chw, input.side as u32);
        let image = ColorImage::from_rgb([input.side; 2], &picture);
        ui.ctx().load_texture("picture taken apart", image, TextureOptions::LINEAR)
    });
    let line = small_line(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let text = format!("{:.0}% changed", erasure.fraction(step) * 100.0);
    response.widget_info(|| WidgetInfo::labeled(Kind::Image, true, &text));
    response.on_hover_text("What the network saw at the place of the curve under the pointer");
    let picture = rect.with_max_y(rect.bottom() - line);
    let picture = Rect::from_min_size(picture.min, vec2(picture.height(), picture.height()));
    let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    let painter = ui.painter_at(rect);
    painter.image(texture.id(), picture, uv, eframe::egui::Color32::WHITE);
    let place = picture.center_bottom();
    painter.text(place, Align2::CENTER_TOP, text, small_font(ui), ui.visuals().text_color());
}
