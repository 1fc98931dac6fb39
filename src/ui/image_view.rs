//! The picture: the whole photo, the map over what the network saw, and what the colours mean.

mod account;
mod caption;
mod color_bar;
pub mod cover;
pub mod crop_frame;
mod fade;
mod footer;
mod inset;
mod no_map;
pub mod pixels;
pub mod region;
pub mod shown_map;
pub mod transform;
mod waiting;

use std::sync::Arc;

use eframe::egui::{
    self, Color32, CursorIcon, Key, Painter, Pos2, Rect, Response, Role, Sense, Shape, Spinner,
    Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::explain::{self, Area, Cover, Method};
use crate::explanation::{CamTarget, Explanation};
use crate::look::OverlayOptions;
use crate::photo::Photo;
use crate::preprocess::Square;
use crate::ui::overlay::crop_in_photo;
use crate::ui::theme::picture::{Palette, palette, small_font, small_line};
use caption::caption_ui;
use cover::{CoverInput, CoverState, cover_ui};
use crop_frame::{CROP, CropFrame};
use fade::Fade;
use footer::{legend_ui, status_ui};
use inset::Inset;
use no_map::no_map_ui;
use pixels::PhotoPixels;
use region::marks::{paint_cells, paint_region};
use region::tools::tools_ui;
use region::{RegionAction, RegionTool, Scene};
use shown_map::{MapInput, MapMemo, MapRequest, ShownMap};
use transform::{Canvas, ScreenFromPhoto, size_of};
use waiting::waiting_ui;

pub use transform::View;

/// Between two pictures, in points.
const PANE_GAP: f32 = 6.0;
/// Points of scrolling that zoom by a factor of e.
const SCROLL_PER_E: f32 = 200.0;
/// With less room than this for the picture, in points, the colour bar gives way.
const LEAST_CANVAS: f32 = 120.0;

/// What is shown.
#[derive(Clone, Copy)]
pub struct ImageInput<'a> {
    pub photo: &'a Arc<Photo>,
    /// Of this photo.
    pub explanation: Option<&'a Arc<Explanation>>,
    pub target: Option<CamTarget>,
    /// How the map is made.
    pub map: MapInput<'a>,
    /// A second map of the same target, on a second picture beside the first.
    pub beside: Option<MapInput<'a>>,
    /// Methods of these that take long and were not asked for on this photo.
    pub waiting: &'a [Method],
    /// What the words call the target.
    pub target_name: &'a str,
    /// Point out which part of the photo the network saw.
    pub highlight_crop: bool,
    /// Where a walk down the tree is, in words. While there is one, each map fades into the next.
    pub walking: Option<&'a str>,
    /// The network is looking at the photo.
    pub busy: bool,
    /// The marked part of the photo, also while it is drawn.
    pub region: Option<&'a Arc<Area>>,
    /// The part of the photo that the network is to be shown, also while that is dragged; `None`: the
    /// usual one.
    pub square: Option<Square>,
    /// What the photo is painted over with.
    pub cover: Option<CoverInput<'a>>,
    /// What is seen below the cover, or will be.
    pub cover_kind: Cover,
    /// Cells without which a decision flips, in pixels of the photo, most important first.
    pub cells: &'a [explain::Rect],
}

/// What the view remembers from frame to frame.
#[derive(Default)]
pub struct ImageViewState {
    view: View,
    pub region: RegionTool,
    pub cover: CoverState,
    frame: CropFrame,
    /// A map that somebody asked for in the last frame.
    pub asked: Option<Method>,
    canvas: Option<Canvas>,
    pixels: Option<PhotoPixels>,
    maps: [MapMemo; 2],
    inset: Inset,
    fades: [Fade; 2],
    overlay: Option<(egui::TextureId, Rect)>,
    colour_bar: Option<Rect>,
}

impl ImageViewState {
    /// Shows all of the photo.
    pub fn fit(&mut self) {
        self.view = View::Fit;
    }

    /// Shows one photo pixel on one screen pixel.
    pub fn actual_size(&mut self) {
        if let Some(canvas) = &self.canvas {
            self.view = self.view.actual_size(canvas);
        }
    }

    /// Zooms in (above 1) or out about the middle.
    pub fn zoom_by(&mut self, factor: f32) {
        if let Some(canvas) = &self.canvas {
            self.view = self.view.zoomed(canvas, factor, canvas.rect.center());
        }
    }

    pub fn view(&self) -> View {
        self.view
    }

    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Where the photo is on the screen; `None` before the first frame.
    pub fn screen_from_photo(&self) -> Option<ScreenFromPhoto> {
        self.canvas.as_ref().map(|canvas| self.view.screen_from_photo(canvas))
    }

    /// The map's texture and where it was painted in the last frame, in points; `None` if it was
    /// not.
    pub fn painted_overlay(&self) -> Option<(egui::TextureId, Rect)> {
        self.overlay
    }

    /// The map that was shown in the last frame.
    pub fn shown_map(&self) -> Option<&ShownMap> {
        self.maps[0].last()
    }

    /// The same, if it is of this answer.
    pub fn shown_map_of(&self, explanation: &Arc<Explanation>) -> Option<&ShownMap> {
        self.maps[0].last_of(explanation)
    }

    /// The one beside it, if there were two.
    pub fn map_beside(&self) -> Option<&ShownMap> {
        self.maps[1].last()
    }

    /// Where the colour bar is on the screen, if there was one in the last frame.
    pub fn colour_bar(&self) -> Option<Rect> {
        self.colour_bar
    }

    /// Whether the photo was painted as fine as the screen allows in the last frame.
    pub fn is_sharp(&self) -> bool {
        self.pixels.as_ref().is_some_and(|pixels| pixels.sharp)
    }
}

/// The picture with its map, and below it a line that reads values, the colour bar, and the sum.
/// Returns what was done to the region.
pub fn image_view_ui(
    ui: &mut Ui,
    input: &ImageInput<'_>,
    options: &mut OverlayOptions,
    state: &mut ImageViewState,
) -> Option<RegionAction> {
    let input = &ImageInput {
        target: input.target.filter(|&target| {
            input.explanation.is_some_and(|explanation| explanation.question(target).is_some())
        }),
        ..*input
    };
    ui.spacing_mut().item_spacing.y = 2.0;
    let gap = ui.spacing().item_spacing.y;
    let status_height = ui.spacing().interact_size.y;
    let legend_height = color_bar::height(ui) + small_line(ui);
    let (region, cover, has_marks) = (&mut state.region, &mut state.cover, input.cover.is_some());
    let chosen = cover_ui(ui, input.cover_kind, has_marks, region, cover);
    let available = ui.available_size().max(Vec2::splat(1.0));
    let mut canvas_height = available.y - status_height - gap;
    // The room is kept before there is a map, or the photo would jump when it comes.
    let has_legend = canvas_height - legend_height - 3.0 * gap >= LEAST_CANVAS;
    if has_legend {
        canvas_height -= legend_height + 3.0 * gap;
    }
    let size = vec2(available.x, canvas_height.max(1.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    // Two pictures of one size, with a gap between them.
    let pane = match input.beside {
        None => rect,
        Some(_) => rect.with_max_x((rect.center().x - PANE_GAP / 2.0).floor()),
    };
    let shift = pane.width() + PANE_GAP;
    let canvas = Canvas {
        rect: pane,
        photo: size_of(input.photo.rgb.dimensions().into()),
        pixels_per_point: ui.pixels_per_point(),
    };
    let scene = |state: &ImageViewState| Scene {
        canvas: pane,
        to_screen: state.view.screen_from_photo(&canvas),
        photo: explain::Rect::of_size(canvas.photo.x.into(), canvas.photo.y.into()),
        region: input.region,
        beside: input.beside.map(|_| shift),
    };
    let before = scene(state);
    let frame = input.frame();
    let pulled = frame.and_then(|frame| {
        let region = &state.region;
        let is_free =
            |point| !ui.input(|input| input.modifiers.shift) && region.lets(&before, point);
        state.frame.follow(ui, &response, &before, frame, is_free)
    });
    let mut action = match state.frame.is_dragging() || pulled.is_some() {
        true => pulled.map(RegionAction::Frame),
        false => state.region.follow(ui, &response, &before),
    };
    let pointer = response.hover_pos().map(|pointer| before.home(pointer));
    navigate(ui, &response, pointer, &canvas, state);
    let cursor = state.frame.cursor().or(state.region.cursor);
    if let Some(cursor) = cursor.filter(|_| response.hovered() || state.frame.is_dragging()) {
        ui.ctx().set_cursor_icon(cursor);
    }
    describe(&response, input, options);

    let scene = scene(state);
    let to_screen = scene.to_screen;
    let colors = palette(ui.visuals());
    ui.painter_at(rect).rect_filled(rect, 0.0, colors.canvas);
    match &mut state.pixels {
        Some(pixels) if pixels.is_of(input.photo) => {}
        other => *other = Some(PhotoPixels::new(ui.ctx(), input.photo)),
    }
    state.make_maps(ui.ctx(), input, options);
    // Held down, the key shows the bare photo.
    let is_bare = ui.input(|input| input.key_down(Key::O) && input.modifiers.is_none())
        && !ui.ctx().text_edit_focused();
    state.overlay = None;
    pane_ui(ui, &colors, &scene, input, options, is_bare, 0, state);
    if input.beside.is_some() {
        pane_ui(ui, &colors, &scene.shifted(shift), input, options, is_bare, 1, state);
    }
    if let (Some(cover), true) = (input.cover, state.cover.compares) {
        before_ui(ui, &colors, &scene, input, options, &cover, is_bare, state);
    }
    if state.frame.is_hovered() && !is_bare {
        response.clone().on_hover_text_at_pointer(CROP);
    }
    if let Some(explanation) = input.explanation.filter(|_| !is_bare && options.show_input) {
        let id = response.id.with("inset");
        state.inset.ui(ui, id, pane, explanation, &colors);
    }
    if let Some(tool) = tools_ui(ui, response.id.with("tools"), rect, &colors, state.region.tool) {
        action = Some(RegionAction::Choose(tool));
    }
    action = chosen.or(action);
    if let Some(text) = input.walking {
        caption_ui(ui, &response, &colors, text);
    }
    if let Some(explanation) = input.explanation.filter(|_| !input.busy) {
        no_map_ui(ui, &response, &colors, explanation, options);
        state.asked = waiting_ui(ui, &response, &colors, explanation, input.waiting);
    }
    if input.busy {
        busy_ui(ui, &response, &colors);
    }

    let place = pointer.map(|point| to_screen.inverse(point));
    let is_beside = response.hover_pos().is_some_and(|point| Some(point) != pointer);
    let [first, second] = &state.maps;
    let read = if is_beside { second.last() } else { first.last() };
    let marked = status_ui(ui, input, options, read, place, to_screen, status_height);
    state.colour_bar = None;
    if has_legend {
        state.colour_bar = legend_ui(ui, input, read, marked, legend_height + 2.0 * gap);
    }
    state.canvas = Some(canvas);
    action
}

impl ImageInput<'_> {
    /// What the network is to see, as a rectangle of the photo in pixels; `None` before it has seen
    /// anything.
    fn frame(&self) -> Option<Rect> {
        let seen = self.explanation?;
        Some(self.square.map_or_else(
            || crop_in_photo(&seen.input),
            |Square { x, y, side }| {
                let [x, y, side] = [x, y, side].map(|pixels| pixels as f32);
                Rect::from_min_size(pos2(x, y), Vec2::splat(side))
            },
        ))
    }
}

impl ImageViewState {
    /// The maps of what is shown. Two exact ones share a scale; others mean different things.
    fn make_maps(&mut self, ctx: &egui::Context, input: &ImageInput<'_>, options: &OverlayOptions) {
        let [first, second] = &mut self.maps;
        let (Some(explanation), Some(target)) = (input.explanation, input.target) else {
            first.clear();
            second.clear();
            return;
        };
        let request = |map| MapRequest { explanation, target, input: map, options };
        let own = request(input.map);
        let Some(other) = input.beside.map(request) else {
            second.clear();
            first.get(ctx, &own, None);
            return;
        };
        let ranges = first.exact_range(&own).zip(second.exact_range(&other));
        first.get(ctx, &own, ranges.map(|(_, of_other)| of_other));
        second.get(ctx, &other, ranges.map(|(of_own, _)| of_own));
    }
}

/// One picture: the photo with a map, and what is marked on it.
#[expect(clippy::too_many_arguments)]
fn pane_ui(
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
fn before_ui(
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

/// Wheel, pinch, drag and double click.
fn navigate(
    ui: &Ui,
    response: &Response,
    pointer: Option<Pos2>,
    canvas: &Canvas,
    state: &mut ImageViewState,
) {
    if let Some(pointer) = pointer {
        let factor = ui.input(|input| {
            input.zoom_delta() * (input.smooth_scroll_delta().y / SCROLL_PER_E).exp()
        });
        if factor != 1.0 {
            state.view = state.view.zoomed(canvas, factor, pointer);
        }
        if state.view.can_pan(canvas) {
            let icon = if response.dragged() { CursorIcon::Grabbing } else { CursorIcon::Grab };
            ui.ctx().set_cursor_icon(icon);
        } else {
            ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        }
    }
    if response.dragged() && !state.region.is_dragging() && !state.frame.is_dragging() {
        state.view = state.view.panned(canvas, response.drag_delta());
    }
    if response.double_clicked() && !state.region.tool.covers() && !state.frame.is_hovered() {
        state.view = View::Fit;
    }
}

/// What a screen reader says about the picture.
fn describe(response: &Response, input: &ImageInput<'_>, options: &OverlayOptions) {
    let ImageInput { photo, target, target_name, .. } = *input;
    let (width, height) = photo.rgb.dimensions();
    let map = match target {
        Some(_) if options.visible => format!(", with the map of {target_name}"),
        _ => String::new(),
    };
    let region = if input.region.is_some() { ", with a marked region" } else { "" };
    let cells = match input.cells.len() {
        0 => String::new(),
        count => format!(", with {count} cells that flip a decision"),
    };
    let label = format!("Photo {}, {width} by {height} pixels{map}{region}{cells}", photo.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
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

fn busy_ui(ui: &Ui, canvas: &Response, colors: &Palette) {
    let plate = Rect::from_min_size(canvas.rect.min + vec2(8.0, 8.0), Vec2::splat(28.0));
    ui.painter_at(canvas.rect).rect_filled(plate, 4.0, colors.plate);
    Spinner::new().paint_at(ui, plate.shrink(6.0));
    let response = ui.interact(plate, canvas.id.with("busy"), Sense::hover());
    let label = "Running the network on the photo";
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, label));
    response.on_hover_text(label);
}
