//! How a node and an edge of the diagram are painted.

use eframe::egui::epaint::CubicBezierShape;
use eframe::egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2,
};

use crate::explain::NodeId;
use crate::tree_layout::{Orientation, Others, Shown};
use crate::tree_text::{
    NOTABLE, class_count, doubt, others_count, percent, probabilities, short_name_on_photo,
};

use super::Scene;
use super::marks::dashes;
use crate::ui::text::{elided, thousands};

/// From this zoom on names are written and maps are shown, then everything.
pub const NAMES: f32 = 0.42;
pub const EVERYTHING: f32 = 0.56;

/// Below this zoom edges are straight hair lines.
const OVERVIEW: f32 = 0.15;

/// How a card differs from the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    pub open: bool,
    pub hovered: bool,
    pub focused: bool,
    /// What is kept for a map: [`crate::tree_layout::Metrics::map`].
    pub map: f32,
}

/// Where the map of a card is.
pub fn map_rect(card: Rect, map: f32, zoom: f32) -> Rect {
    const MARGIN: f32 = 5.0;
    // Beside the mark of the path.
    let corner = card.min + vec2(MARGIN + 3.0, MARGIN) * zoom;
    Rect::from_min_size(corner, Vec2::splat((map - 2.0 * MARGIN) * zoom))
}

/// A font for this zoom. Sizes are rounded, so that zooming does not fill the font atlas.
pub(super) fn font(size: f32, zoom: f32) -> FontId {
    FontId::proportional((size * zoom * 4.0).round() / 4.0)
}

/// The node `id` in `rect` on the screen.
pub(super) fn paint_card(
    painter: &Painter,
    scene: &Scene<'_>,
    id: NodeId,
    rect: Rect,
    zoom: f32,
    look: Look,
) {
    let palette = &scene.palette;
    let on_path = scene.on_path[id];
    let [branch, reach] = probabilities(scene.decision, id);
    if zoom < NAMES {
        paint_block(painter, scene, id, rect, look);
        return;
    }
    let radius = 5.0 * zoom;
    let fill = if on_path { palette.card_on_path } else { palette.card };
    let outline = match (on_path, look.hovered) {
        (true, _) => Stroke::new((2.0 * zoom).max(1.5), palette.path),
        (false, true) => Stroke::new(1.0, palette.weak_text),
        (false, false) => Stroke::new(1.0, palette.outline),
    };
    painter.rect(rect, radius, fill, outline, StrokeKind::Inside);
    if on_path {
        let mark = Rect::from_min_size(rect.min, vec2(5.0 * zoom, rect.height()));
        painter.rect_filled(mark, radius, palette.path);
    }
    paint_selection(painter, scene, id, rect.expand(3.0 * zoom), look);

    let mut inner = rect.shrink2(vec2(11.0, 4.0) * zoom);
    if look.map > 0.0 {
        inner.min =
            pos2(map_rect(rect, look.map, zoom).right() + 7.0 * zoom, inner.top() + 3.0 * zoom);
    }
    let pie = doubt(scene.hierarchy, scene.decision, id);
    let mut name_width = inner.width();
    if pie > NOTABLE && zoom >= EVERYTHING {
        let radius = 4.5 * zoom;
        paint_pie(
            painter,
            pos2(inner.right() - radius, inner.top() + 8.0 * zoom),
            radius,
            pie,
            palette.weak_text,
        );
        name_width -= 15.0 * zoom;
    }
    let name = short_name_on_photo(scene.hierarchy, scene.decision, id);
    let name = elided(painter, &name, font(13.0, zoom), palette.text, name_width);
    if zoom < EVERYTHING {
        let middle = inner.left_center() - vec2(0.0, name.size().y / 2.0);
        painter.galley(middle, name, palette.text);
        return;
    }
    painter.galley(inner.min, name, palette.text);

    let is_root = scene.hierarchy.node(id).parent.is_none();
    let small = font(10.5, zoom);
    let line = inner.top() + 17.0 * zoom;
    let of_parent = format!("{} of parent", percent(branch));
    let overall = format!("{} overall", percent(reach));
    if is_root {
        let text = format!("All {}", class_count(scene.hierarchy.classes()));
        painter.text(pos2(inner.left(), line), Align2::LEFT_TOP, text, small, palette.weak_text);
    } else if inner.width() > 130.0 * zoom {
        let text = [
            (of_parent, inner.left(), Align2::LEFT_TOP),
            (overall, inner.right(), Align2::RIGHT_TOP),
        ];
        for (text, x, align) in text {
            painter.text(pos2(x, line), align, text, small.clone(), palette.weak_text);
        }
    } else {
        for (i, text) in [of_parent, overall].into_iter().enumerate() {
            let place = pos2(inner.left(), line + 12.5 * zoom * i as f32);
            painter.text(place, Align2::LEFT_TOP, text, small.clone(), palette.weak_text);
        }
    }
    paint_bar(painter, scene, rect.with_min_x(inner.left()), reach, zoom);
}

/// The overall probability, along the bottom of a card.
fn paint_bar(painter: &Painter, scene: &Scene<'_>, rect: Rect, reach: f32, zoom: f32) {
    let palette = &scene.palette;
    let left = rect.left();
    let width = rect.right() - 11.0 * zoom - left;
    let top = pos2(left, rect.bottom() - 6.0 * zoom);
    let track = Rect::from_min_size(top, vec2(width, 2.5 * zoom));
    painter.rect_filled(track, zoom, palette.bar_track);
    let share = if reach.is_nan() { 0.0 } else { reach.clamp(0.0, 1.0) };
    let bar = Rect::from_min_size(track.min, vec2(width * share, track.height()));
    painter.rect_filled(bar, zoom, palette.probability(reach.max(0.35)));
}

/// A card that is too small for text.
fn paint_block(painter: &Painter, scene: &Scene<'_>, id: NodeId, rect: Rect, look: Look) {
    let palette = &scene.palette;
    let [_, reach] = probabilities(scene.decision, id);
    let on_path = scene.on_path[id];
    let least = if on_path { 4.0 } else { 1.5 };
    let size = rect.size().max(Vec2::splat(least));
    let rect = Rect::from_center_size(rect.center(), size);
    let radius = (size.min_elem() / 6.0).min(3.0);
    let fill = if on_path { palette.path } else { palette.probability(reach) };
    painter.rect_filled(rect, radius, fill);
    paint_selection(painter, scene, id, rect.expand(3.0), look);
}

fn paint_selection(painter: &Painter, scene: &Scene<'_>, id: NodeId, ring: Rect, look: Look) {
    let width = match (scene.selected == Some(id), look.focused) {
        (true, true) => 2.5,
        (true, false) => 1.75,
        (false, true) => 1.0,
        (false, false) => return,
    };
    let stroke = Stroke::new(width, scene.palette.selection);
    painter.rect_stroke(ring, 7.0, stroke, StrokeKind::Outside);
}

/// A circle that is filled clockwise from the top to the share `filled`.
fn paint_pie(painter: &Painter, centre: Pos2, radius: f32, filled: f32, color: Color32) {
    const STEPS: usize = 24;
    painter.circle_stroke(centre, radius, Stroke::new(1.0, color));
    if filled > 0.98 {
        painter.circle_filled(centre, radius, color);
        return;
    }
    let at = |i: usize| {
        let angle = std::f32::consts::TAU * filled * i as f32 / STEPS as f32;
        centre + radius * vec2(angle.sin(), -angle.cos())
    };
    // In two convex parts.
    for part in [0..=STEPS / 2, STEPS / 2..=STEPS] {
        let points = std::iter::once(centre).chain(part.map(at)).collect();
        painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
    }
}

/// An edge on the screen.
pub(super) struct Flow {
    /// At the parent and at the child.
    pub ends: [Pos2; 2],
    /// As much as the child is likely overall.
    pub width: f32,
    pub orientation: Orientation,
}

/// The edge to a card. The flow lets what it crosses shine through; a line along its middle is seen
/// where hardly anything flows.
pub(super) fn paint_edge(
    painter: &Painter,
    scene: &Scene<'_>,
    shown: Shown,
    flow: &Flow,
    zoom: f32,
) {
    let Flow { ends: [from, to], width, orientation } = *flow;
    let reach = scene.reach(shown);
    let share = if reach.is_nan() { 0.0 } else { reach.clamp(0.0, 1.0) };
    let is_on_path = scene.is_on_path(shown);
    let (color, least) = match is_on_path {
        true => (scene.palette.path, 2.0),
        false => (scene.palette.probability(share.sqrt()), 1.0),
    };
    let stroke = Stroke::new((least * zoom).max(0.75 * least), color);
    if zoom < OVERVIEW {
        painter.line_segment([from, to], stroke);
        return;
    }
    let bend = match orientation {
        Orientation::LeftToRight => vec2((to.x - from.x) / 2.0, 0.0),
        Orientation::TopDown => vec2(0.0, (to.y - from.y) / 2.0),
    };
    let points = [from, from + bend, to - bend, to];
    let curve =
        |stroke| CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke);
    if shown.node().is_some_and(|id| scene.marks.has_left(id)) {
        let dashed = Stroke::new((2.0 * zoom).max(1.0), scene.palette.weak_text);
        painter.extend(dashes(&curve(stroke).flatten(None), dashed));
        return;
    }
    if width > stroke.width {
        painter.add(curve(Stroke::new(width, color.gamma_multiply(0.4))));
    }
    painter.add(curve(stroke));
}

/// The card that improbable nodes share.
pub(super) fn paint_others(
    painter: &Painter,
    scene: &Scene<'_>,
    others: &Others,
    rect: Rect,
    zoom: f32,
    look: Look,
) {
    let palette = &scene.palette;
    if zoom < NAMES {
        painter.rect_filled(rect, 1.0, palette.probability(others.reach));
        return;
    }
    let outline = if look.hovered { palette.weak_text } else { palette.outline };
    let fill = palette.card.gamma_multiply(0.6);
    painter.rect_filled(rect, 5.0 * zoom, fill);
    let corners =
        [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.min];
    painter.extend(dashes(&corners, Stroke::new(1.0, outline)));
    if look.focused {
        let ring = Stroke::new(1.0, palette.selection);
        painter.rect_stroke(rect.expand(3.0 * zoom), 7.0, ring, StrokeKind::Outside);
    }
    let [what, reach] = [others_count(others), percent(others.reach)];
    let inner = rect.shrink2(vec2(9.0, 5.0) * zoom);
    let font = font(11.5, zoom);
    let name = elided(painter, &what, font.clone(), palette.text, inner.width());
    let in_one_line = rect.height() < 40.0 * zoom;
    let (top, align, corner) = match in_one_line {
        true => {
            (inner.center().y - name.size().y / 2.0, Align2::RIGHT_CENTER, inner.right_center())
        }
        false => (inner.top() + 3.0 * zoom, Align2::LEFT_BOTTOM, inner.left_bottom()),
    };
    painter.galley(pos2(inner.left(), top), name, palette.text);
    painter.text(corner, align, reach, font, palette.weak_text);
}

/// The button that expands (`+12`: so many classes are below) or collapses (`−`) a node.
pub(super) fn paint_toggle(
    painter: &Painter,
    scene: &Scene<'_>,
    id: NodeId,
    rect: Rect,
    zoom: f32,
    look: Look,
) {
    let palette = &scene.palette;
    let outline = if look.hovered { palette.selection } else { palette.outline };
    let radius = rect.height() / 2.0;
    painter.rect(rect, radius, palette.card, Stroke::new(1.0, outline), StrokeKind::Inside);
    if look.open {
        let arm = 3.5 * zoom;
        let stroke = Stroke::new((1.5 * zoom).max(1.0), palette.weak_text);
        let centre = rect.center();
        painter.hline(centre.x - arm..=centre.x + arm, centre.y, stroke);
    } else if zoom >= EVERYTHING {
        let text = format!("+{}", thousands(scene.hierarchy.node(id).leaves.len()));
        painter.text(rect.center(), Align2::CENTER_CENTER, text, font(10.0, zoom), palette.text);
    }
}

/// Where the toggle of a card is on the screen.
pub fn toggle_rect(
    orientation: Orientation,
    card: Rect,
    open: bool,
    classes: usize,
    zoom: f32,
) -> Rect {
    let digits = classes.max(1).ilog10() as f32 + 1.0;
    let width = if open { 15.0 } else { 14.0 + 5.5 * digits };
    let size = vec2(width, 15.0) * zoom;
    let corner = match orientation {
        Orientation::LeftToRight => card.right_center() + vec2(3.0 * zoom, -size.y / 2.0),
        Orientation::TopDown => card.center_bottom() + vec2(-size.x / 2.0, 3.0 * zoom),
    };
    Rect::from_min_size(corner, size)
}
