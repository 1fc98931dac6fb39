//! One line of the class list.

use eframe::egui::{
    self, Align2, Button, Color32, Id, Rect, Response, Role, Sense, StrokeKind, TextStyle, Ui,
    WidgetInfo, pos2, text::LayoutJob, text::TextFormat, vec2,
};

use super::ClassAction;
use super::rows::{names_of, percent};
use crate::explain::ClassId;
use crate::explanation::Explanation;
use crate::selection::PinSlot;
use crate::ui::pins::pin_text;
use crate::ui::theme::picture::small_font;
use crate::wordnet;

/// Height of a line, in points.
pub const HEIGHT: f32 = 30.0;
const RANK_WIDTH: f32 = 38.0;
const PIN_SIDE: f32 = 18.0;

/// What the line shows.
pub struct Row<'a> {
    pub explanation: &'a Explanation,
    pub class: ClassId,
    /// Counted from 1.
    pub rank: usize,
    pub is_selected: bool,
    /// Whether the list has the keyboard.
    pub is_focused: bool,
    pub pins: [Option<ClassId>; 2],
}

/// Paints the line into all of `ui`; returns what was asked for.
pub fn row_ui(ui: &mut Ui, list: Id, row: &Row<'_>) -> Option<ClassAction> {
    let Row { explanation, class, rank, is_selected, .. } = *row;
    let rect = ui.max_rect();
    // Not `Sense::click()`: the list as a whole has the keyboard, not each of its lines.
    let response = ui.interact(rect, list.with(class), Sense::CLICK);
    let probability = explanation.probabilities.get(class).copied().unwrap_or(f32::NAN);
    let percent = percent(probability);
    let label = explanation.model.label(class);
    response.widget_info(|| {
        let text = format!("{label}, {percent}, rank {rank}");
        WidgetInfo::selected(Role::ListBoxOption, true, is_selected, text)
    });

    paint_background(ui, rect, &response, row);
    let painter = ui.painter_at(rect);
    let visuals = ui.visuals();
    let (text_color, weak) = (visuals.text_color(), visuals.weak_text_color());
    let strong = if is_selected { visuals.strong_text_color() } else { text_color };
    let small = small_font(ui);
    let middle = rect.center().y - 2.0;
    let rank_at = pos2(rect.left() + RANK_WIDTH - 8.0, middle);
    painter.text(rank_at, Align2::RIGHT_CENTER, rank, small.clone(), weak);
    let percent_at = pos2(rect.right() - 6.0, middle);
    let percent_rect =
        painter.text(percent_at, Align2::RIGHT_CENTER, percent, small.clone(), strong);

    let pins = [PinSlot::A, PinSlot::B].map(|slot| row.pins[slot as usize] == Some(class));
    // The line, or one of the buttons on it.
    let is_hovered = ui.rect_contains_pointer(rect.with_max_y(rect.bottom() - 0.1));
    let has_buttons = is_hovered || is_selected;
    let pin_count = if has_buttons { 2 } else { pins.iter().filter(|&&pinned| pinned).count() };
    let pins_width = pin_count as f32 * (PIN_SIDE + 2.0);
    // The numbers of all lines take the space of the longest one.
    let percent_left = percent_rect.left().min(rect.right() - 54.0);
    let name_rect = Rect::from_min_max(
        pos2(rect.left() + RANK_WIDTH, rect.top()),
        pos2(percent_left - pins_width - 6.0, rect.bottom()),
    );
    let galley = painter.layout_job(name_job(ui, label, strong, weak, name_rect.width()));
    painter.galley(pos2(name_rect.left(), middle - galley.size().y / 2.0), galley, strong);
    let bar = Rect::from_min_max(
        pos2(name_rect.left(), rect.bottom() - 5.0),
        pos2(rect.right() - 6.0, rect.bottom() - 2.5),
    );
    paint_bar(ui, bar, probability);

    let mut action = response.clicked().then_some(ClassAction::Select(class));
    let mut left = percent_left - pins_width - 2.0;
    for (slot, is_pinned) in [PinSlot::A, PinSlot::B].into_iter().zip(pins) {
        if has_buttons || is_pinned {
            let at = pos2(left, middle - PIN_SIDE / 2.0);
            let place = Rect::from_min_size(at, vec2(PIN_SIDE, PIN_SIDE));
            if pin_ui(ui, place, slot, is_pinned, label).clicked() {
                action = Some(ClassAction::Pin(slot, class));
            }
            left += PIN_SIDE + 2.0;
        }
    }
    response.context_menu(|ui| {
        for slot in [PinSlot::A, PinSlot::B] {
            if ui.button(pin_text(slot, pins[slot as usize])).clicked() {
                action = Some(ClassAction::Pin(slot, class));
                ui.close();
            }
        }
    });
    response.on_hover_ui(|ui| tooltip_ui(ui, explanation, class));
    action
}

fn paint_background(ui: &Ui, rect: Rect, response: &Response, row: &Row<'_>) {
    let visuals = ui.visuals();
    let painter = ui.painter_at(rect);
    if row.is_selected {
        painter.rect_filled(rect, 3.0, visuals.selection.bg_fill.gamma_multiply(0.45));
        // A mark of its own form, for those who cannot tell the colours apart.
        let marker = Rect::from_min_size(rect.min, vec2(4.0, rect.height()));
        painter.rect_filled(marker, 1.0, visuals.strong_text_color());
        if row.is_focused {
            let stroke = visuals.selection.stroke;
            painter.rect_stroke(rect, 3.0, stroke, StrokeKind::Inside);
        }
    } else if response.hovered() {
        painter.rect_filled(rect, 3.0, visuals.widgets.hovered.weak_bg_fill);
    }
}

fn paint_bar(ui: &Ui, bar: Rect, probability: f32) {
    let painter = ui.painter();
    let visuals = ui.visuals();
    painter.rect_filled(bar, 1.0, visuals.text_color().gamma_multiply(0.12));
    let part = if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) };
    let filled = Rect::from_min_size(bar.min, vec2(bar.width() * part, bar.height()));
    painter.rect_filled(filled, 1.0, visuals.hyperlink_color);
}

/// The first name, and the others in a weaker colour, cut where the space ends.
fn name_job(ui: &Ui, label: &str, strong: Color32, weak: Color32, width: f32) -> LayoutJob {
    let (first, others) = names_of(label);
    let body = TextStyle::Body.resolve(ui.style());
    let small = small_font(ui);
    let mut job = LayoutJob::default();
    job.append(&first, 0.0, TextFormat::simple(body, strong));
    if !others.is_empty() {
        job.append(&format!(", {others}"), 0.0, TextFormat::simple(small, weak));
    }
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(1.0));
    job
}

fn pin_ui(ui: &mut Ui, place: Rect, slot: PinSlot, is_pinned: bool, label: &str) -> Response {
    let text = pin_text(slot, is_pinned);
    let button = Button::new(egui::RichText::new(format!("{slot:?}")).font(small_font(ui)))
        .selected(is_pinned)
        .sense(Sense::CLICK)
        .min_size(place.size());
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().button_padding = vec2(1.0, 0.0);
            ui.put(place, button)
        })
        .inner;
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, true, is_pinned, format!("{text}: {label}"))
    });
    response.on_hover_text(text)
}

fn tooltip_ui(ui: &mut Ui, explanation: &Explanation, class: ClassId) {
    ui.set_max_width(360.0);
    ui.strong(explanation.model.label(class));
    if let Some(wnid) = explanation.model.wnid(class) {
        let gloss = wordnet::synset(wnid).map_or("", |synset| synset.gloss);
        if !gloss.is_empty() {
            ui.label(gloss);
        }
        ui.weak(format!("WordNet {wnid}"));
    }
    let probability = explanation.probabilities.get(class).copied().unwrap_or(f32::NAN);
    let logit = explanation.forward.logits.get(class).copied().unwrap_or(f32::NAN);
    let logit = crate::ui::text::number(logit, 3);
    ui.weak(format!("Class {class} \u{b7} {:.4}% \u{b7} logit {logit}", 100.0 * probability));
}
