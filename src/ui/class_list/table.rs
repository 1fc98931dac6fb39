//! The lines of the list, of which only those in view are drawn.

use std::ops::Range;

use eframe::egui::{Align, Id, Role, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder};

use super::row::{HEIGHT, Row, row_ui};
use super::rows::Move;
use super::{ClassAction, ClassListState, Memo, arrows};
use crate::explain::ClassId;
use crate::explanation::Explanation;

/// Where to scroll to after a change: steps keep one more line in view, what comes from outside is
/// put into the middle unless it can be seen already.
pub(super) fn scroll_goal(
    rows: &[ClassId],
    selected: Option<ClassId>,
    step: Option<Move>,
    in_view: &Range<usize>,
) -> Option<(usize, Option<Align>)> {
    let Some(row) = rows.iter().position(|&class| Some(class) == selected) else {
        return Some((0, None));
    };
    match step {
        Some(Move::First) => Some((0, None)),
        Some(Move::By(by)) if by < 0 => Some((row.saturating_sub(1), None)),
        Some(_) => Some(((row + 1).min(rows.len() - 1), None)),
        None if in_view.contains(&row) => None,
        None => Some((row, Some(Align::Center))),
    }
}

/// The lines that are in view, which are returned, too; `goal` is the row to bring into view.
pub(super) fn table_ui(
    ui: &mut Ui,
    list: Id,
    explanation: &Explanation,
    selected: Option<ClassId>,
    pins: [Option<ClassId>; 2],
    state: &ClassListState,
    goal: Option<(usize, Option<Align>)>,
) -> (Vec<ClassAction>, Range<usize>) {
    let Some(Memo { rows, ranks, .. }) = &state.memo else {
        return (Vec::new(), 0..0);
    };
    let view = ui.available_rect_before_wrap();
    let mut in_view = 0..0;
    let response = ui.interact(view, list, Sense::FOCUSABLE);
    let label = match selected {
        Some(class) => format!("Classes, {} selected", explanation.model.label(class)),
        None => "Classes".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, &label));
    let is_focused = response.has_focus();
    if is_focused {
        ui.memory_mut(|memory| memory.set_focus_lock_filter(list, arrows()));
    }

    let mut actions = Vec::new();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        let mut table = TableBuilder::new(ui)
            .id_salt("classes")
            .column(Column::remainder().clip(true))
            .auto_shrink(false)
            .min_scrolled_height(0.0)
            .animate_scrolling(false);
        if let Some(goal) = goal {
            table = table.scroll_to_row(goal.0, goal.1);
        }
        table.body(|body| {
            body.rows(HEIGHT, rows.len(), |mut table_row| {
                let Some(&class) = rows.get(table_row.index()) else { return };
                let row = Row {
                    explanation,
                    class,
                    rank: ranks.get(class).map_or(0, |rank| rank + 1),
                    is_selected: selected == Some(class),
                    is_focused,
                    pins,
                };
                let index = table_row.index();
                table_row.col(|ui| {
                    if view.contains_rect(ui.max_rect()) {
                        let first = if in_view.is_empty() { index } else { in_view.start };
                        in_view = first..index + 1;
                    }
                    actions.extend(row_ui(ui, list, &row));
                });
            });
        });
    });
    (actions, in_view)
}
