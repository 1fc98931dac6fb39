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
mod pane;
pub mod pixels;
pub mod region;
pub mod shown_map;
mod state;
pub mod transform;
mod waiting;

use std::sync::Arc;

use eframe::egui::{
    CursorIcon, Key, Pos2, Rect, Response, Role, Sense, Spinner, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::explain::{self, Area, Cover, Method};
use crate::explanation::{CamTarget, Explanation};
use crate::look::OverlayOptions;
use crate::photo::Photo;
use crate::preprocess::Square;
use crate::ui::overlay::crop_in_photo;
use crate::ui::theme::picture::{Palette, palette, small_line};
use caption::caption_ui;
use cover::{CoverInput, cover_ui};
use crop_frame::CROP;
use footer::{legend_ui, status_ui};
use no_map::no_map_ui;
use pane::{before_ui, pane_ui};
use pixels::PhotoPixels;
use region::tools::tools_ui;
use region::{RegionAction, Scene};
use shown_map::MapInput;
use transform::{Canvas, size_of};
use waiting::waiting_ui;

pub use state::ImageViewState;
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

fn busy_ui(ui: &Ui, canvas: &Response, colors: &Palette) {
    let plate = Rect::from_min_size(canvas.rect.min + vec2(8.0, 8.0), Vec2::splat(28.0));
    ui.painter_at(canvas.rect).rect_filled(plate, 4.0, colors.plate);
    Spinner::new().paint_at(ui, plate.shrink(6.0));
    let response = ui.interact(plate, canvas.id.with("busy"), Sense::hover());
    let label = "Running the network on the photo";
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, label));
    response.on_hover_text(label);
}
