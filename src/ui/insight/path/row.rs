//! One decision of the path, as a line of a waterfall.

use eframe::egui::{
    Align2, Button, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use crate::explain::{Decision, Hierarchy, NodeId, WalkStep};
use crate::tree_text::{percent, short_name};
use crate::ui::text::elided;
use crate::ui::theme::tree::palette;

const HEIGHT: f32 = 34.0;
const TEXT: FontId = FontId::proportional(13.0);
const SMALL: FontId = FontId::proportional(11.5);
/// Room for the probabilities.
const FIGURES: f32 = 92.0;
/// Room for the button.
const BUTTON: f32 = 62.0;

/// A decision and its place.
pub struct Row<'a> {
    pub hierarchy: &'a Hierarchy,
    pub decision: &'a Decision,
    pub step: &'a WalkStep,
    /// Which of how many.
    pub place: [usize; 2],
    /// The probability of the way up to here.
    pub before: f32,
    pub is_weakest: bool,
    pub is_selected: bool,
    /// The tree was made to go here.
    pub is_forced: bool,
    /// The way that is not taken.
    pub is_other: bool,
}

/// What the user asks for.
pub enum Wish {
    Select,
    Force(NodeId),
}

impl Row<'_> {
    fn name(&self, id: NodeId) -> String {
        short_name(self.hierarchy, id)
    }

    /// What was nearly chosen.
    fn other(&self) -> String {
        match self.step.runner_up {
            Some(id) => {
                let share = percent(self.decision.branch_prob[id]);
                format!("rather than {}, {share}", self.name(id))
            }
            None => "the only branch".to_owned(),
        }
    }

    /// What is special.
    fn remark(&self) -> &'static str {
        match (self.is_forced, self.is_weakest) {
            (true, true) => "forced, least certain",
            (true, false) => "forced",
            (false, true) => "least certain",
            (false, false) => "",
        }
    }

    fn accessible_name(&self) -> String {
        let ([at, of], step) = (self.place, self.step);
        let mut text = format!(
            "Step {at} of {of}: {} {}, {} here, {} so far",
            self.name(step.node),
            self.other(),
            percent(step.probability),
            percent(step.reach)
        );
        let remark = self.remark();
        if !remark.is_empty() {
            text = format!("{text}, {remark}");
        }
        text
    }
}

pub fn row_ui(ui: &mut Ui, row: &Row<'_>) -> Option<Wish> {
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, true, row.is_selected, row.accessible_name())
    });
    let button = row.step.runner_up.filter(|_| rect.width() > 330.0 && !row.is_other);
    let right = rect.right() - 8.0;
    let figures = right - if button.is_some() { BUTTON + 8.0 } else { 0.0 };
    paint(ui, row, rect, figures, &response);
    let mut wish = response.clicked().then_some(Wish::Select);
    if let Some(other) = button {
        let size = vec2(BUTTON, ui.spacing().interact_size.y);
        let place = Rect::from_center_size(pos2(right - BUTTON / 2.0, rect.center().y), size);
        if what_if_ui(ui, row, other, place).clicked() {
            wish = Some(Wish::Force(other));
        }
    }
    let hint = format!(
        "{}\nThe bar is the probability of the whole path so far, 0 to 100%: {} is left, {} is lost \
         here",
        row.accessible_name(),
        percent(row.step.reach),
        percent(row.before - row.step.reach)
    );
    if row.is_selected && !response.is_pointer_button_down_on() {
        keep_in_view(ui, &response);
    }
    response.on_hover_text(hint);
    wish
}

/// Only when it has just been selected, so that one can scroll away from it.
fn keep_in_view(ui: &Ui, response: &Response) {
    let last = response.id.with("seen");
    let frame = ui.ctx().cumulative_frame_nr();
    let seen = ui.data_mut(|data| {
        let seen = data.get_temp::<u64>(last);
        data.insert_temp(last, frame);
        seen
    });
    if seen.is_none_or(|seen| seen + 1 < frame) {
        response.scroll_to_me(None);
    }
}

fn what_if_ui(ui: &mut Ui, row: &Row<'_>, other: NodeId, place: Rect) -> Response {
    // In a child: the row below stays where it is.
    let mut child = ui.new_child(UiBuilder::new().max_rect(place));
    let button = child.add_sized(place.size(), Button::new("What if?"));
    let label = format!("What if {} instead of {}", row.name(other), row.name(row.step.node));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    button.on_hover_text(format!(
        "{label}? Which class would be predicted, and how much less \
                                  likely is it?"
    ))
}

fn paint(ui: &Ui, row: &Row<'_>, rect: Rect, right: f32, response: &Response) {
    let palette = palette(ui.visuals());
    let painter = ui.painter();
    let (strong, weak) = match row.is_other {
        true => (palette.weak_text, palette.weak_text),
        false => (palette.text, palette.weak_text),
    };
    let fill = if row.is_selected { palette.card_on_path } else { palette.card };
    painter.rect_filled(rect, 4.0, fill);
    let edge = match () {
        () if response.has_focus() => Stroke::new(2.0, palette.selection),
        () if row.is_selected => Stroke::new(1.5, palette.path),
        () if response.hovered() => Stroke::new(1.0, palette.weak_text),
        () => Stroke::new(1.0, palette.outline),
    };
    painter.rect_stroke(rect, 4.0, edge, StrokeKind::Inside);

    let [upper, lower] = [rect.top() + 4.0, rect.top() + 18.0];
    let left = rect.left() + 8.0;
    painter.text(pos2(left, upper), Align2::LEFT_TOP, row.place[0], TEXT, weak);
    let left = left + 18.0;
    let names = ((right - left - FIGURES) * 0.5).max(80.0);
    let name = elided(painter, &row.name(row.step.node), TEXT, strong, names);
    painter.galley(pos2(left, upper - 1.0), name, strong);
    let other = elided(painter, &row.other(), SMALL, weak, names);
    painter.galley(pos2(left, lower), other, weak);

    for (y, value, word, color) in
        [(upper, row.step.probability, "here", weak), (lower, row.step.reach, "so far", strong)]
    {
        let text = format!("{} {word}", percent(value));
        painter.text(pos2(right, y), Align2::RIGHT_TOP, text, SMALL, color);
    }

    let track = Rect::from_min_max(
        pos2(left + names + 10.0, upper + 2.0),
        pos2(right - FIGURES, upper + 11.0),
    );
    if track.width() < 24.0 {
        return;
    }
    painter.rect_filled(track, 2.0, palette.bar_track);
    let x = |probability: f32| {
        let known = if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) };
        track.left() + track.width() * known
    };
    let (left_over, before) = (x(row.step.reach), x(row.before));
    // What is left, faint; what is lost here, full.
    let rest = Rect::from_x_y_ranges(track.left()..=left_over, track.y_range());
    painter.rect_filled(rest, 2.0, palette.weak_text.gamma_multiply(0.25));
    let color = match (row.is_other, row.is_weakest) {
        (true, _) => palette.weak_text,
        (false, true) => palette.path,
        (false, false) => palette.probability(1.0),
    };
    let lost = Rect::from_x_y_ranges(left_over..=before.max(left_over + 2.0), track.y_range());
    painter.rect_filled(lost.intersect(track), 2.0, color);
    let remark = elided(painter, row.remark(), SMALL, color, track.width());
    painter.galley(pos2(track.left(), lower), remark, color);
}
