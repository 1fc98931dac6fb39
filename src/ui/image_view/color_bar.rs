//! The colour bar below the picture: colours, numbers, and what they mean.

use eframe::egui::{
    Align2, Color32, FontId, Mesh, Painter, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, text::LayoutJob, vec2,
};

use super::account::Account;
use super::shown_map::ShownMap;
use crate::explain::Colormap;
use crate::ui::legend::{end_words, nice_ticks};
use crate::ui::text::number;
use crate::ui::text::short;
use crate::ui::theme::picture::{small_font, small_line};

/// Of the coloured strip, in points.
const STRIP_HEIGHT: f32 = 10.0;
/// Space that a number takes along the bar, in points.
const TICK_SPACE: f32 = 60.0;
/// Steps of the gradient.
const STEPS: usize = 64;

/// How high the bar is, with words above and numbers below.
pub fn height(ui: &Ui) -> f32 {
    2.0 * small_line(ui) + STRIP_HEIGHT + 6.0
}

/// The bar of a map; returns where its colours are. `marked` is the value under the pointer.
pub fn color_bar_ui(ui: &mut Ui, shown: &ShownMap, marked: Option<f32>) -> Rect {
    let size = vec2(ui.available_width(), height(ui));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let range = shown.range;
    let (pro, contra) = (short(&shown.question.pro), shown.question.contra.as_deref().map(short));
    let (pro, contra) = (pro.as_str(), contra.as_deref());
    let words = end_words(range, pro, contra);
    let sentence = shown.finding.sentence(pro, contra);
    let spoken = sentence.clone().unwrap_or_else(|| words.join(" to "));
    let [lo, hi] = range.map(|end| number(end, 2));
    let unit = match &shown.account {
        Account::Sum { .. } => " logits",
        Account::Words { .. } => "",
    };
    let label = format!("Colour bar from {lo} to {hi}{unit}: {spoken}");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    response.on_hover_text(match &shown.account {
        Account::Sum { .. } => {
            "Evidence at each place, in logits: the mean of the map plus the bias is the logit"
        }
        Account::Words { meaning, .. } => meaning,
    });

    let font = small_font(ui);
    let text_color = ui.visuals().text_color();
    let painter = ui.painter_at(rect);
    let line = small_line(ui);
    let word = |text: &str, align: Align2, most: f32| -> f32 {
        let galley = one_line(&painter, text, font.clone(), text_color, most);
        let anchor = pos2(align.pos_in_rect(&rect).x, rect.top());
        let place = align.anchor_size(anchor, galley.size());
        painter.galley(place.min, galley, text_color);
        place.width()
    };
    match sentence {
        Some(sentence) => {
            word(&sentence, Align2::LEFT_TOP, rect.width());
        }
        None => {
            let right = word(&words[1], Align2::RIGHT_TOP, rect.width() / 2.0 - 6.0);
            word(&words[0], Align2::LEFT_TOP, rect.width() - right - 12.0);
        }
    }

    let top = rect.top() + line + 2.0;
    let strip = Rect::from_min_max(
        pos2(rect.left() + 0.5, top),
        pos2(rect.right() - 0.5, top + STRIP_HEIGHT),
    );
    painter.add(gradient(strip, shown.colormap));
    let frame = ui.visuals().widgets.noninteractive.bg_stroke;
    painter.rect_stroke(strip, 0.0, frame, StrokeKind::Outside);
    if !shown.contours.is_empty() {
        let color = ui.visuals().strong_text_color();
        for level in shown.colormap.contour_levels() {
            let x = strip.left() + level * strip.width();
            painter.vline(x, strip.y_range(), Stroke::new(1.0, color));
        }
    }

    let [lo, hi] = range;
    let x_of = |value: f32| strip.left() + (value - lo) / (hi - lo) * strip.width();
    let most = (strip.width() / TICK_SPACE) as usize;
    for tick in nice_ticks(range, most.max(2)) {
        let x = x_of(tick.value);
        painter.vline(x, strip.bottom()..=strip.bottom() + 3.0, Stroke::new(1.0, text_color));
        let galley = painter.layout_no_wrap(tick.text, font.clone(), text_color);
        let most = (rect.right() - galley.size().x).max(rect.left());
        let left = (x - galley.size().x / 2.0).clamp(rect.left(), most);
        painter.galley(pos2(left, strip.bottom() + 3.0), galley, text_color);
    }
    if let Some(value) = marked.filter(|value| value.is_finite() && hi > lo) {
        let x = x_of(value).clamp(strip.left(), strip.right());
        painter.vline(x, strip.y_range(), Stroke::new(3.0, Color32::BLACK));
        painter.vline(x, strip.y_range(), Stroke::new(1.0, Color32::WHITE));
    }
    strip
}

/// Text cut to one line, with an ellipsis where it does not fit.
pub fn one_line(
    painter: &Painter,
    text: &str,
    font: FontId,
    color: Color32,
    most: f32,
) -> std::sync::Arc<eframe::egui::Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap.max_width = most.max(1.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    painter.layout_job(job)
}

fn gradient(strip: Rect, colormap: Colormap) -> Shape {
    let mut mesh = Mesh::default();
    for i in 0..=STEPS {
        let t = i as f32 / STEPS as f32;
        let ([r, g, b], strength) = colormap.layer(t);
        let color = Color32::from_rgba_unmultiplied(r, g, b, (strength * 255.0).round() as u8);
        let x = strip.left() + t * strip.width();
        mesh.colored_vertex(pos2(x, strip.top()), color);
        mesh.colored_vertex(pos2(x, strip.bottom()), color);
    }
    for i in 0..STEPS as u32 {
        mesh.add_triangle(2 * i, 2 * i + 1, 2 * i + 2);
        mesh.add_triangle(2 * i + 1, 2 * i + 2, 2 * i + 3);
    }
    Shape::mesh(mesh)
}
