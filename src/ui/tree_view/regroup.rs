//! Dragging a node, and all below it, onto another branch.

use eframe::egui::{
    CursorIcon, FontId, Key, Modifiers, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, vec2,
};

use crate::explain::NodeId;
use crate::tree_layout::Card;
use crate::tree_text::short_name;

use super::camera::point;
use super::diagram::View;
use super::{Scene, TreeAction};
use crate::ui::text::elided;

/// What hangs on the pointer, and where it would be dropped.
pub(super) fn regroup_ui(
    ui: &Ui,
    painter: &Painter,
    scene: &Scene<'_>,
    view: &View<'_>,
    dragged: &mut Option<NodeId>,
    actions: &mut Vec<TreeAction>,
) {
    let Some(node) = *dragged else { return };
    let is_cancelled = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let (pointer, is_down) = ui.input(|i| (i.pointer.latest_pos(), i.pointer.primary_down()));
    let Some(pointer) = pointer.filter(|_| !is_cancelled) else {
        *dragged = None;
        return;
    };
    let place = |card: &Card| Some((card.shown.node()?, view.card_at(card, point(card.centre))));
    let cards = view.layout.cards.iter().filter_map(place);
    let inside = view.canvas.contains(pointer);
    // Cards may overlap where they are small; the last one is on top.
    let target = cards.rev().find(|(id, card)| inside && *id != node && card.contains(pointer));
    let check = target.map(|(parent, _)| scene.hierarchy.check_move(node, parent));
    if !is_down {
        // One that cannot be is dropped as well: the answer says why.
        actions.extend(target.map(|(parent, _)| TreeAction::Move(node, parent)));
        *dragged = None;
        return;
    }

    let palette = &scene.palette;
    let name = |id: NodeId| short_name(scene.hierarchy, id);
    let (text, color) = match (target, check) {
        (Some((parent, card)), Some(Ok(_))) => {
            let stroke = Stroke::new(3.0, palette.path);
            painter.rect_filled(card, 5.0, palette.path.gamma_multiply(0.25));
            painter.rect_stroke(card.expand(3.0), 7.0, stroke, StrokeKind::Outside);
            (format!("Move {} below {}", name(node), name(parent)), palette.text)
        }
        (_, Some(Err(error))) => (error.to_string(), ui.visuals().error_fg_color),
        _ => (format!("{}: drop it on a branch, or press Esc to cancel", name(node)), palette.text),
    };
    let icon = if target.is_some() { CursorIcon::Grabbing } else { CursorIcon::Move };
    ui.ctx().set_cursor_icon(icon);
    let line = elided(painter, &text, FontId::proportional(13.0), color, 320.0);
    let size = line.size() + vec2(16.0, 10.0);
    let room = Rect::from_min_max(view.canvas.min, (view.canvas.max - size).max(view.canvas.min));
    let plate = Rect::from_min_size(room.clamp(pointer + vec2(14.0, 12.0)), size);
    let edge = Stroke::new(1.5, palette.path);
    painter.rect(plate, 5.0, palette.card, edge, StrokeKind::Inside);
    painter.galley(plate.min + vec2(8.0, 5.0), line, color);
    let response = ui.interact(plate, scene.base.with("dragged"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
}
