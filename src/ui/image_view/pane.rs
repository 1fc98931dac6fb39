//! One picture: the photo, the map on it, and what is marked.

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::cover::CoverInput;
use super::region::Scene;
use super::region::marks::{paint_cells, paint_region};
use super::shown_map::{MapInput, MapRequest};
use super::transform::{ScreenFromPhoto, size_of};
use super::{ImageInput, ImageViewState};
use crate::explain;
use crate::look::OverlayOptions;
use crate::ui::overlay::crop_in_photo;
use crate::ui::theme::picture::{Palette, small_font};

/// One picture: the photo with a map, and what is marked on it.
#[expect(clippy::too_many_arguments)]
pub(super) fn pane_ui(
    ui: &Ui,
    colors: &Palette,
    scene: &Scene<'_>,
    input: &ImageInput<'_>,
    options: &OverlayOptions,
    is_bare: bool,
    which: usize,
    state: &mut ImageViewState,
) {
    let to_screen = scene.to_screen;
    let painter = ui.painter_at(scene.canvas);
    if let Some(pixels) = &mut state.pixels {
        pixels.paint(&painter, input.photo, to_screen);
    }
    if let Some(cover) = input.cover.filter(|_| !is_bare) {
        let is_drawing = state.region.is_dragging();
        state.cover.paint(&painter, colors, scene, input.photo, &cover, is_drawing);
    }
    let shown = state.maps[which].last();
    if let Some(explanation) = input.explanation.filter(|_| !is_bare) {
        let crop = crop_in_photo(&explanation.input);
        let texture = shown.and_then(|shown| shown.texture.as_ref());
        let whole = shown.and_then(|shown| shown.place);
        let place = to_screen.rect(whole.unwrap_or(crop));
        let fade = &mut state.fades[which];
        let layers = fade.layers(ui, texture, input.walking.is_some(), options.opacity);
        for (texture, opacity) in layers.into_iter().flatten().filter(|_| options.visible) {
            let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            painter.image(texture, place, uv, Color32::WHITE.gamma_multiply(opacity));
            if which == 0 {
                state.overlay = Some((texture, place));
            }
        }
        if let Some(shown) = shown.filter(|_| options.visible) {
            paint_contours(&painter, colors, place, &shown.contours, options.opacity);
        }
        let size = size_of(input.photo.rgb.dimensions().into());
        let photo = Rect::from_min_size(Pos2::ZERO, size);
        // Where the map goes on beside the frame, the photo must not fade.
        let dims = (options.visible && whole.is_none()) || input.highlight_crop;
        let frame = input.frame().unwrap_or(crop);
        paint_crop(&painter, colors, to_screen, photo, frame, input.highlight_crop, dims);
        state.frame.paint(&painter, colors, to_screen.rect(frame));
    }
    paint_cells(ui, &painter, colors, scene, input.cells);
    paint_region(&painter, colors, scene);
    let methods = [Some(input.map), input.beside];
    if let (Some(map), true) = (methods[which], input.beside.is_some()) {
        title_ui(ui, colors, scene.canvas, map.method.name());
    }
}

/// The photo as it was, with the map as it was, left of a line.
#[expect(clippy::too_many_arguments)]
pub(super) fn before_ui(
    ui: &Ui,
    colors: &Palette,
    scene: &Scene<'_>,
    input: &ImageInput<'_>,
    options: &OverlayOptions,
    cover: &CoverInput<'_>,
    is_bare: bool,
    state: &mut ImageViewState,
) {
    let left = state.cover.divider_ui(ui, scene.canvas, colors);
    let painter = ui.painter_at(left);
    if let Some(pixels) = &mut state.pixels {
        pixels.paint(&painter, input.photo, scene.to_screen);
    }
    let (Some(before), Some(target)) = (cover.before, input.target) else { return };
    let request = MapRequest { explanation: before, target, input: MapInput::default(), options };
    let shown = state.cover.before.get(ui.ctx(), &request, None);
    let Some(shown) = shown.filter(|_| options.visible && !is_bare) else { return };
    let place = scene.to_screen.rect(crop_in_photo(&before.input));
    if let Some(texture) = &shown.texture {
        let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        painter.image(texture.id(), place, uv, Color32::WHITE.gamma_multiply(options.opacity));
    }
    paint_contours(&painter, colors, place, &shown.contours, options.opacity);
}

/// What one of two pictures shows.
fn title_ui(ui: &Ui, colors: &Palette, canvas: Rect, text: &str) {
    let painter = ui.painter_at(canvas);
    let galley = painter.layout_no_wrap(text.to_owned(), small_font(ui), ui.visuals().text_color());
    let corner = canvas.center_top() + vec2(-galley.size().x / 2.0, 6.0);
    let plate = Rect::from_min_size(corner, galley.size()).expand2(vec2(6.0, 2.0));
    painter.rect_filled(plate, 4.0, colors.plate);
    painter.galley(corner, galley, ui.visuals().text_color());
}

/// Lines of equal evidence over the map at `place` of the screen.
fn paint_contours(
    painter: &Painter,
    colors: &Palette,
    place: Rect,
    lines: &[explain::Segment],
    opacity: f32,
) {
    let point = |[x, y]: [f32; 2]| place.lerp_inside(vec2(x, y));
    let [light, dark] = colors.contour.map(|color| color.gamma_multiply((opacity * 2.0).min(1.0)));
    for (width, color) in [(3.0, dark), (1.2, light)] {
        painter.extend(lines.iter().map(|line| Shape::LineSegment {
            points: line.map(point),
            stroke: Stroke::new(width, color),
        }));
    }
}

/// Outlines what the network saw, and dims the rest of the photo.
fn paint_crop(
    painter: &Painter,
    colors: &Palette,
    to_screen: ScreenFromPhoto,
    photo: Rect,
    crop: Rect,
    is_highlighted: bool,
    dims: bool,
) {
    let is_all = crop.expand(0.5).contains_rect(photo) && photo.expand(0.5).contains_rect(crop);
    let inner = crop.intersect(photo);
    if dims && !is_all {
        let dim = colors.dim[usize::from(is_highlighted)];
        let bands = [
            Rect::from_min_max(photo.min, pos2(photo.right(), inner.top())),
            Rect::from_min_max(pos2(photo.left(), inner.bottom()), photo.max),
            Rect::from_min_max(pos2(photo.left(), inner.top()), inner.left_bottom()),
            Rect::from_min_max(inner.right_top(), pos2(photo.right(), inner.bottom())),
        ];
        for band in bands.into_iter().filter(|band| band.is_positive()) {
            painter.rect_filled(to_screen.rect(band), 0.0, dim);
        }
    }
    let place = to_screen.rect(crop);
    if is_highlighted {
        let stroke = Stroke::new(3.0, colors.highlight);
        painter.rect_stroke(place, 0.0, stroke, StrokeKind::Middle);
    } else if !is_all {
        let [light, dark] = colors.outline.map(|color| Stroke::new(1.0, color));
        painter.rect_stroke(place, 0.0, dark, StrokeKind::Outside);
        painter.rect_stroke(place, 0.0, light, StrokeKind::Inside);
    }
}
