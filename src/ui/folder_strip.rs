//! The pictures of the folder below the large one: small, with what the classifier says of each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use eframe::egui::{
    self, Align2, ColorImage, Context, Rect, ScrollArea, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, Vec2, WidgetInfo, pos2, scroll_area::ScrollSource, vec2,
};
use image::RgbImage;

use super::output::UiOutput;
use super::text::{elided, short, thousands};
use super::theme::picture::small_font;
use crate::command::{Command, Turn};
use crate::state::{AppState, Role};
use crate::tree_text::percent;

/// Width of a picture with its words, in points.
const CELL: f32 = 104.0;
/// Height of the picture alone, in points.
const PICTURE: f32 = 58.0;
/// Small pictures that are kept: several times what fits on a wide screen.
const KEPT: usize = 256;
/// Pictures on either side of those in view that are made ahead.
const AHEAD: usize = 6;

/// Small pictures, and which of them are missing.
#[derive(Default)]
pub struct FolderStrip {
    pictures: HashMap<PathBuf, Small>,
    /// Files in view without a small picture or a prediction, those in the middle of the view first.
    wanted: Vec<PathBuf>,
    /// The picture that was scrolled to.
    shown: Option<usize>,
    frame: u64,
}

struct Small {
    /// `None` if the file cannot be read.
    texture: Option<TextureHandle>,
    last_seen: u64,
}

impl FolderStrip {
    /// The files to look at next.
    pub fn wanted(&self) -> &[PathBuf] {
        &self.wanted
    }

    /// Whether a file has its small picture.
    pub fn has(&self, path: &Path) -> bool {
        self.pictures.contains_key(path)
    }

    /// Takes in a small picture; `None` if the file cannot be read.
    pub fn insert(&mut self, ctx: &Context, path: PathBuf, small: Option<&RgbImage>) {
        let texture = small.map(|rgb| {
            let size = [rgb.width() as usize, rgb.height() as usize];
            let image = ColorImage::from_rgb(size, rgb);
            ctx.load_texture("thumbnail", image, TextureOptions::LINEAR)
        });
        self.pictures.insert(path, Small { texture, last_seen: self.frame });
        if self.pictures.len() > KEPT {
            let oldest = self.pictures.iter().min_by_key(|(_, small)| small.last_seen);
            if let Some(path) = oldest.map(|(path, _)| path.clone()) {
                self.pictures.remove(&path);
            }
        }
    }
}

/// Whether there is a folder to go through.
pub fn has_strip(state: &AppState) -> bool {
    state.folder.len() > 1
}

/// Only what is in view is drawn, however many pictures there are.
pub fn folder_strip_ui(ui: &mut Ui, state: &AppState, strip: &mut FolderStrip, out: &mut UiOutput) {
    strip.frame = ui.ctx().cumulative_frame_nr();
    let font = small_font(ui);
    let line = ui.fonts_mut(|fonts| fonts.row_height(&font));
    let height = PICTURE + 2.0 * line + 8.0;
    let count = state.folder.len();
    let area = ScrollArea::horizontal().auto_shrink([false, true]).scroll_source(ScrollSource::ALL);
    area.id_salt("folder").show_viewport(ui, |ui, view| {
        ui.set_width(count as f32 * CELL);
        ui.set_height(height);
        let origin = ui.max_rect().min;
        let place =
            |i: usize| Rect::from_min_size(origin + vec2(i as f32 * CELL, 0.0), vec2(CELL, height));
        let first = (view.left() / CELL).max(0.0) as usize;
        let last = ((view.right() / CELL).ceil().max(0.0) as usize).min(count);
        for i in first..last {
            cell_ui(ui, state, strip, i, place(i).shrink2(vec2(3.0, 0.0)), out);
        }
        strip.wanted = wanted(state, strip, first, last);
        if strip.shown != state.position() {
            strip.shown = state.position();
            if let Some(at) = strip.shown {
                ui.scroll_to_rect(place(at), Some(egui::Align::Center));
            }
        }
    });
}

/// The files in view and beside it that lack something, from the middle outwards.
fn wanted(state: &AppState, strip: &FolderStrip, first: usize, last: usize) -> Vec<PathBuf> {
    let range = first.saturating_sub(AHEAD)..(last + AHEAD).min(state.folder.len());
    let middle = (first + last) / 2;
    let mut wanted: Vec<usize> = range.collect();
    wanted.sort_by_key(|&i| i.abs_diff(middle));
    let paths = wanted.into_iter().filter_map(|i| state.folder.get(i));
    let lacks = |path: &&PathBuf| match strip.pictures.get(*path) {
        None => true,
        Some(small) => small.texture.is_some() && state.can_glance(path),
    };
    paths.filter(lacks).cloned().collect()
}

fn cell_ui(
    ui: &mut Ui,
    state: &AppState,
    strip: &mut FolderStrip,
    i: usize,
    rect: Rect,
    out: &mut UiOutput,
) {
    let Some(path) = state.folder.get(i) else { return };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_current = state.position() == Some(i);
    let response = ui.interact(rect, ui.scope_id().with(("picture", i)), Sense::click());
    let model = state.role(Role::Classifier).model.as_ref();
    let said = state
        .glance(path)
        .zip(model)
        .map(|(glance, model)| [short(model.label(glance.class)), percent(glance.probability)]);
    let frame = strip.frame;
    let small = strip.pictures.get_mut(path);
    let is_unreadable = small.as_ref().is_some_and(|small| small.texture.is_none());
    let words = match &said {
        Some(said) => said.clone(),
        None if is_unreadable => ["unreadable".to_owned(), String::new()],
        None => ["\u{2026}".to_owned(), String::new()],
    };
    let place = [i + 1, state.folder.len()].map(thousands).join(" of ");
    let spoken = format!("Picture {place}, {name}: {}", words.join(" ").trim_end());
    let kind = egui::Role::Button;
    response.widget_info(|| WidgetInfo::selected(kind, true, is_current, &spoken));

    let visuals = ui.style().interact_selectable(&response, is_current);
    let painter = ui.painter_at(rect);
    let plate = Rect::from_min_size(rect.min, vec2(rect.width(), PICTURE));
    painter.rect_filled(plate, 3.0, ui.visuals().extreme_bg_color);
    if let Some(small) = small {
        small.last_seen = frame;
        if let Some(texture) = &small.texture {
            let place = fitted(plate.shrink(2.0), texture.size_vec2());
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), place, uv, egui::Color32::WHITE);
        }
    }
    let stroke = match (is_current, response.hovered()) {
        (true, _) => Stroke::new(2.0, ui.visuals().selection.stroke.color),
        (false, true) => visuals.bg_stroke,
        (false, false) => Stroke::NONE,
    };
    painter.rect_stroke(plate.shrink(1.0), 3.0, stroke, StrokeKind::Inside);
    let font = small_font(ui);
    let colors = [ui.visuals().text_color(), ui.visuals().weak_text_color()];
    let mut top = plate.bottom() + 2.0;
    for (text, color) in words.iter().zip(colors) {
        let galley = elided(&painter, text, font.clone(), color, rect.width());
        let spot = Align2::CENTER_TOP.anchor_size(pos2(rect.center().x, top), galley.size());
        top += galley.size().y;
        painter.galley(spot.min, galley, color);
    }
    let response = response.on_hover_ui(|ui| {
        ui.label(name.as_ref());
        if let Some([class, probability]) = &said {
            ui.weak(format!("{class}, {probability}"));
        }
    });
    if response.clicked() && !is_current {
        out.push(Command::GoTo(Turn::To(i)));
    }
}

/// The largest place of these proportions, in the middle.
fn fitted(rect: Rect, size: Vec2) -> Rect {
    let scale = (rect.width() / size.x.max(1.0)).min(rect.height() / size.y.max(1.0));
    Rect::from_center_size(rect.center(), size * scale)
}
