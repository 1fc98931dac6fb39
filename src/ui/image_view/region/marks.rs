//! Region and cells on the picture: lines that show on any colour.

use eframe::egui::{
    Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2,
};

use super::{Handle, Scene};
use crate::explain::{self, Area};
use crate::ui::theme::picture::{Palette, small_font};

/// Side of a handle, in points.
const HANDLE: f32 = 8.0;
/// Of the dashes, in points: length and gap.
const DASH: [f32; 2] = [6.0, 5.0];
/// Between the lines of the hatching, in points.
const HATCH: f32 = 9.0;
/// With more cells than this, numbers would be a crowd.
const MOST_NUMBERS: usize = 24;
/// Smaller cells have no room for a number, in points.
const LEAST_FOR_NUMBER: f32 = 17.0;

/// White dashes on a dark line: told from the picture whatever its colours are.
fn outline(painter: &Painter, colors: &Palette, points: &[Pos2]) {
    let [light, dark] = colors.mark;
    painter.add(Shape::line(points.to_vec(), Stroke::new(3.0, dark)));
    let [dash, gap] = DASH;
    painter.extend(Shape::dashed_line(points, Stroke::new(1.5, light), dash, gap));
}

fn corners(rect: Rect) -> [Pos2; 5] {
    let start = rect.left_top();
    [start, rect.right_top(), rect.right_bottom(), rect.left_bottom(), start]
}

/// The marked region, with handles if it is a box.
pub fn paint_region(painter: &Painter, colors: &Palette, scene: &Scene<'_>) {
    let Some(area) = scene.region.filter(|area| area.is_finite()) else { return };
    match &**area {
        Area::Box(rect) => {
            // A box far out of sight has no need of a million dashes.
            let place = scene.rect(rect).intersect(scene.canvas.expand(20.0));
            if place.is_positive() {
                outline(painter, colors, &corners(place));
            }
            let [light, dark] = colors.mark;
            for handle in Handle::ALL {
                let middle = scene.point(handle.place(rect));
                let place = Rect::from_center_size(middle, Vec2::splat(HANDLE));
                let stroke = Stroke::new(1.5, dark);
                painter.rect(place, 1.0, light, stroke, StrokeKind::Outside);
            }
        }
        Area::Lasso(corners) => {
            let next = corners.first();
            let points: Vec<Pos2> =
                corners.iter().chain(next).map(|&corner| scene.point(corner)).collect();
            outline(painter, colors, &points);
        }
        Area::Cells(rects) => {
            for rect in rects {
                outline(painter, colors, &corners(scene.rect(rect)));
            }
        }
    }
}

/// Cells in the order of what they matter: hatched, outlined, and numbered if they are few.
pub fn paint_cells(
    ui: &Ui,
    painter: &Painter,
    colors: &Palette,
    scene: &Scene<'_>,
    cells: &[explain::Rect],
) {
    let [light, dark] = colors.mark;
    let places: Vec<Rect> = cells.iter().map(|cell| scene.rect(cell)).collect();
    for &place in &places {
        let inner = painter.with_clip_rect(painter.clip_rect().intersect(place));
        hatch(&inner, place.intersect(scene.canvas), dark, light);
    }
    // One after the other, so that neighbours share an outline.
    for stroke in [Stroke::new(3.5, dark), Stroke::new(1.5, light)] {
        for &place in &places {
            painter.rect_stroke(place, 0.0, stroke, StrokeKind::Middle);
        }
    }
    let has_room = |place: &Rect| place.size().min_elem() >= LEAST_FOR_NUMBER;
    if places.len() > MOST_NUMBERS || !places.iter().all(has_room) {
        return;
    }
    for (i, place) in places.iter().enumerate() {
        let galley = painter.layout_no_wrap((i + 1).to_string(), small_font(ui), light);
        let plate = Align2::CENTER_CENTER.anchor_size(place.center(), galley.size());
        painter.rect_filled(plate.expand2(Vec2::new(3.0, 0.0)), 3.0, dark);
        painter.galley(plate.min, galley, light);
    }
}

/// Slanted lines over all of `place`.
fn hatch(painter: &Painter, place: Rect, dark: Color32, light: Color32) {
    // In step with the lines of neighbouring cells.
    let first = ((place.left() + place.top()) / HATCH).ceil() as i32;
    let last = ((place.right() + place.bottom()) / HATCH).floor() as i32;
    for line in first..=last {
        let sum = line as f32 * HATCH;
        let from = pos2(sum - place.top(), place.top());
        let to = pos2(sum - place.bottom(), place.bottom());
        painter.line_segment([from, to], Stroke::new(2.0, dark.gamma_multiply(0.6)));
        painter.line_segment([from, to], Stroke::new(1.0, light.gamma_multiply(0.8)));
    }
}
