//! The tree as a list: one line per node, for the keyboard and for screen readers.

use eframe::egui;
use eframe::egui::collapsing_header::paint_default_icon;
use eframe::egui::{
    Align2, FontId, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::explain::NodeId;
use crate::tree_layout::{Others, Shown, rows};
use crate::tree_text::{
    class_count, name_on_photo, others_count, others_name, percent, probabilities,
    short_name_on_photo,
};

use super::keyboard::keyboard;
use super::node_menu::node_menu_ui;
use super::rename::rename_ui;
use super::rows::Step;
use super::tooltip::{others_ui, tooltip_ui};
use super::{Scene, TreeAction, TreeViewState};
use crate::ui::text::elided;

const ROW_HEIGHT: f32 = 22.0;
const INDENT: f32 = 14.0;
/// Deeper rows are not moved further to the right.
const MOST_INDENTS: usize = 12;
/// With less room, in points, there is one column of figures.
const NARROW: f32 = 330.0;
/// For a probability in figures.
const FIGURES: f32 = 62.0;
const TEXT: FontId = FontId::proportional(13.0);
const SMALL: FontId = FontId::proportional(11.5);

pub(super) fn outline_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    keyboard(ui, scene, state, [Step::Out, Step::In, Step::Up, Step::Down], None, actions);
    let rows = rows(scene.hierarchy, scene.decision, &state.open);
    let cursor_row = rows.iter().position(|row| row.shown == Shown::Node(scene.cursor()));
    heading_ui(ui, scene);

    ui.spacing_mut().item_spacing.y = 0.0;
    let mut area = ScrollArea::vertical().id_salt("tree outline").auto_shrink(false);
    let offset_id = scene.base.with("offset");
    if let Some(row) = cursor_row
        && std::mem::take(&mut state.reveal)
    {
        let offset = ui.data(|data| data.get_temp(offset_id)).unwrap_or(0.0);
        let (top, height) = (row as f32 * ROW_HEIGHT, ui.available_height());
        let most = (top - ROW_HEIGHT).max(0.0);
        let least = (top + 2.0 * ROW_HEIGHT - height).max(0.0);
        if offset > most || offset < least {
            area = area.vertical_scroll_offset(if offset > most { most } else { least });
        }
    }
    let output = area.show_rows(ui, ROW_HEIGHT, rows.len(), |ui, range| {
        for (i, row) in rows.iter().enumerate().skip(range.start).take(range.len()) {
            match row.shown {
                Shown::Node(id) => row_ui(ui, scene, state, id, Some(i) == cursor_row, actions),
                Shown::Others(others) => others_row_ui(ui, scene, state, &others),
            }
        }
    });
    ui.data_mut(|data| data.insert_temp(offset_id, output.state.clamped_offset().y));
}

/// What the columns of figures mean.
fn heading_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let right = rect.right() - ui.spacing().scroll.allocated_width() - 6.0;
    let weak = scene.palette.weak_text;
    let columns = [("overall", right), ("of its parent", right - FIGURES)];
    for (text, x) in columns.into_iter().take(if rect.width() < NARROW { 1 } else { 2 }) {
        ui.painter().text(pos2(x, rect.center().y), Align2::RIGHT_CENTER, text, SMALL, weak);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, scene.palette.outline));
}

fn row_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    id: NodeId,
    is_cursor: bool,
    actions: &mut Vec<TreeAction>,
) {
    let node = scene.hierarchy.node(id);
    let open = state.open.is_open(id);
    let selected = scene.selected == Some(id);
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    // One row alone is in the tab order; from there the arrows lead on.
    let sense = if is_cursor { Sense::click() } else { Sense::CLICK };
    let response = ui.interact(rect, scene.id(id), sense);
    response.widget_info(|| {
        WidgetInfo::selected(Role::TreeItem, true, selected, scene.accessible_name(id, open))
    });
    ui.ctx().accesskit_node_builder(response.id, |builder| {
        builder.set_level(node.depth + 1);
        if !node.is_leaf() {
            builder.set_expanded(open);
        }
    });
    let indent = indent(rect, node.depth);
    let toggle = Rect::from_center_size(
        pos2(rect.left() + indent + 14.0, rect.center().y),
        vec2(18.0, ROW_HEIGHT),
    );
    if response.clicked() {
        response.request_focus();
        actions.push(TreeAction::Select(id));
    }
    if is_cursor && state.focus == Some(id) {
        state.focus = None;
        response.request_focus();
    }
    let mut toggled = response.double_clicked() && !node.is_leaf();
    paint_row(ui, scene, id, rect, toggle.right() + 2.0, &response);
    if !node.is_leaf() {
        let name = format!(
            "{} {}",
            if open { "Collapse" } else { "Expand" },
            name_on_photo(scene.hierarchy, scene.decision, id)
        );
        let button = ui.interact(toggle, scene.id(id).with("toggle"), Sense::CLICK);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        toggled |= button.clicked();
        let icon = button.with_new_rect(Rect::from_center_size(toggle.center(), vec2(12.0, 12.0)));
        paint_default_icon(ui, if open { 1.0 } else { 0.0 }, &icon);
    }
    if toggled {
        state.open.set(id, !open);
    }
    node_menu_ui(&response, scene, id, state, actions);
    if state.renaming.as_ref().is_some_and(|renaming| renaming.node == id) {
        let name = rect.with_min_x(toggle.right());
        rename_ui(ui, scene, Some((name, rect)), &mut state.renaming, actions);
    }
    response.on_hover_ui(|ui| tooltip_ui(ui, scene, id, &mut state.tiles));
}

/// How far a row of this depth is moved to the right.
fn indent(rect: Rect, depth: usize) -> f32 {
    INDENT.min(0.4 * rect.width() / MOST_INDENTS as f32) * depth.min(MOST_INDENTS) as f32
}

/// The row that improbable nodes share: a button that shows them.
fn others_row_ui(ui: &mut Ui, scene: &Scene<'_>, state: &mut TreeViewState, others: &Others) {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let response = ui.interact(rect, scene.id(others.parent).with("others"), Sense::click());
    response.widget_info(|| {
        let name = others_name(scene.hierarchy, scene.decision, others);
        WidgetInfo::labeled(Role::Button, true, format!("Unfold {name}"))
    });
    let (painter, palette) = (ui.painter(), &scene.palette);
    if response.hovered() {
        painter.rect_filled(rect, 0.0, palette.text.gamma_multiply(0.06));
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, palette.weak_text);
        painter.rect_stroke(rect, 3.0, stroke, StrokeKind::Inside);
    }
    let depth = scene.hierarchy.node(others.parent).depth + 1;
    let (left, y) = (rect.left() + indent(rect, depth) + 25.0, rect.center().y);
    for (x, align, text, font) in [
        (left, Align2::LEFT_CENTER, others_count(others), TEXT),
        (rect.right() - 6.0, Align2::RIGHT_CENTER, percent(others.reach), SMALL),
    ] {
        painter.text(pos2(x, y), align, text, font, palette.weak_text);
    }
    if response.clicked() {
        state.open.show_others(others.parent);
    }
    response.on_hover_ui(|ui| others_ui(ui, scene, others, state));
}

/// Background, name, figures and bar of a row; the name begins at `left`.
fn paint_row(
    ui: &Ui,
    scene: &Scene<'_>,
    id: NodeId,
    rect: Rect,
    left: f32,
    response: &egui::Response,
) {
    let palette = &scene.palette;
    let node = scene.hierarchy.node(id);
    let painter = ui.painter();
    let on_path = scene.on_path[id];
    if on_path {
        painter.rect_filled(rect, 0.0, palette.card_on_path);
        let mark = Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
        painter.rect_filled(mark, 0.0, palette.path);
    }
    if response.hovered() {
        painter.rect_filled(rect, 0.0, palette.text.gamma_multiply(0.06));
    }
    if scene.selected == Some(id) {
        let width = if response.has_focus() { 2.0 } else { 1.0 };
        let stroke = Stroke::new(width, palette.selection);
        painter.rect_stroke(rect, 3.0, stroke, StrokeKind::Inside);
    } else if response.has_focus() {
        let stroke = Stroke::new(1.0, palette.weak_text);
        painter.rect_stroke(rect, 3.0, stroke, StrokeKind::Inside);
    }

    let [branch, reach] = probabilities(scene.decision, id);
    let y = rect.center().y;
    let mut right = rect.right() - 6.0;
    let figures = [(reach, palette.text), (branch, palette.weak_text)];
    for (value, color) in figures.into_iter().take(if rect.width() < NARROW { 1 } else { 2 }) {
        let text = if node.parent.is_none() { String::new() } else { percent(value) };
        painter.text(pos2(right, y), Align2::RIGHT_CENTER, text, SMALL, color);
        right -= FIGURES;
    }
    if rect.width() > 460.0 {
        let track = Rect::from_min_max(pos2(right - 80.0, y - 3.0), pos2(right, y + 3.0));
        painter.rect_filled(track, 3.0, palette.bar_track);
        let filled = 80.0 * if reach.is_nan() { 0.0 } else { reach.clamp(0.0, 1.0) };
        let bar = Rect::from_min_size(track.min, vec2(filled, track.height()));
        painter.rect_filled(bar, 3.0, palette.probability(reach.max(0.35)));
        right = track.left() - 10.0;
    }
    let name = if node.is_leaf() {
        node.name.to_string()
    } else {
        short_name_on_photo(scene.hierarchy, scene.decision, id)
    };
    let name = elided(painter, &name, TEXT, palette.text, (right - left).max(20.0));
    let end = left + name.size().x;
    let top = y - name.size().y / 2.0;
    painter.galley(pos2(left, top), name.clone(), palette.text);
    if on_path {
        // Twice, half a pixel apart: bold, which the built-in font does not have.
        painter.galley(pos2(left + 0.5, top), name, palette.text);
    }
    let tag = scene.marks.tag(id).map(str::to_owned);
    let count = (!node.is_leaf()).then(|| class_count(node.leaves.len()));
    if let Some(remark) = tag.or(count) {
        let count = painter.layout_no_wrap(remark, SMALL, palette.weak_text);
        if end + 8.0 + count.size().x < right {
            let place = pos2(end + 8.0, y - count.size().y / 2.0);
            painter.galley(place, count, palette.weak_text);
        }
    }
}
