//! What is shown before the first picture.

use eframe::egui::{
    self, Align, Button, Layout, RichText, TextureHandle, Ui, UiBuilder, Vec2, vec2,
};

use crate::assets::SAMPLE_PHOTOS;
use crate::command::{Command, MenuCommand};
use crate::photo::{Photo, PhotoOptions};
use crate::protocol::PictureSource;
use crate::state::AppState;
use crate::ui::keys;
use crate::ui::output::UiOutput;

/// Small pictures of the samples, as soon as they are made.
#[derive(Default)]
pub struct Welcome {
    thumbnails: Vec<(String, TextureHandle)>,
}

impl Welcome {
    /// Whether the small pictures are there.
    pub fn is_ready(&self) -> bool {
        !self.thumbnails.is_empty()
    }

    pub fn set_thumbnails(&mut self, ctx: &egui::Context, photos: &[Photo]) {
        let texture = |photo: &Photo| {
            let size = [photo.rgb.width() as usize, photo.rgb.height() as usize];
            let image = egui::ColorImage::from_rgb(size, &photo.rgb);
            (
                photo.name.to_string(),
                ctx.load_texture(photo.name.as_str(), image, Default::default()),
            )
        };
        self.thumbnails = photos.iter().map(texture).collect();
    }
}

const CARD: Vec2 = vec2(150.0, 132.0);
const GAP: f32 = 12.0;
/// Most recent pictures that are listed here.
const RECENT: usize = 5;

pub fn welcome_ui(ui: &mut Ui, welcome: &Welcome, state: &AppState, out: &mut UiOutput) {
    let free = ui.available_rect_before_wrap();
    let columns = if free.width() > 4.0 * (CARD.x + GAP) { 4 } else { 2 };
    let width = columns as f32 * (CARD.x + GAP) - GAP;
    let rows = SAMPLE_PHOTOS.len().div_ceil(columns) as f32;
    let recent = state.recent.len().min(RECENT) as f32;
    let height = 180.0 + rows * (CARD.y + GAP) + recent * 24.0;
    let size = vec2(width.min(free.width()), height.min(free.height()));
    let area = egui::Align2::CENTER_CENTER.align_size_within_rect(size, free);
    ui.scope_builder(UiBuilder::new().max_rect(area), |ui| {
        ui.vertical_centered(|ui| {
            ui.label(RichText::new("Drop a picture here").size(22.0).strong());
            ui.add_space(2.0);
            ui.weak("See what the network looked at and how the tree decided");
            ui.add_space(10.0);
            let open =
                Button::new(RichText::new("Open picture…").size(14.0)).min_size(vec2(150.0, 30.0));
            let key = keys::first(ui.ctx(), MenuCommand::Open).unwrap_or_default();
            let hint = format!("{key}, or paste a path or a picture");
            if ui.add(open).on_hover_text(hint).clicked() {
                out.push(MenuCommand::Open);
            }
            ui.add_space(14.0);
        });
        samples_ui(ui, welcome, columns, out);
        tutorial_ui(ui, state, out);
        recent_ui(ui, state, out);
    });
}

fn samples_ui(ui: &mut Ui, welcome: &Welcome, columns: usize, out: &mut UiOutput) {
    ui.weak("Or start with one of these");
    for row in SAMPLE_PHOTOS.chunks(columns) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for sample in row {
                if card_ui(ui, welcome, sample.name).clicked() {
                    let (name, bytes) = (sample.name.to_owned(), sample.bytes.into());
                    let source = PictureSource::Bytes(name, bytes, PhotoOptions::default());
                    out.push(Command::OpenPicture(source));
                }
            }
        });
    }
}

/// The model that decides with a tree it was trained with, which a newcomer would not look for.
fn tutorial_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    ui.add_space(8.0);
    let mut with_tutorial = !state.shared;
    let text = "Tutorial: add a second network, with a tree of ten classes";
    let choice = ui.checkbox(&mut with_tutorial, text);
    choice.on_hover_text(
        "A WideResNet trained on CIFAR10 together with its tree; it knows only airplanes, cars, \
         birds, cats, deer, dogs, frogs, horses, ships and trucks",
    );
    if with_tutorial == state.shared {
        out.push(Command::ShareModel(!with_tutorial));
    }
}

/// A sample: its picture above its name.
fn card_ui(ui: &mut Ui, welcome: &Welcome, name: &str) -> egui::Response {
    let label = name.rsplit_once('.').map_or(name, |(stem, _)| stem).replace('_', " ");
    let (rect, response) = ui.allocate_exact_size(CARD, egui::Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Sample {label}"))
    });
    let visuals = ui.style().interact(&response);
    let painter = ui.painter();
    painter.rect_filled(rect, 6.0, visuals.weak_bg_fill);
    let picture = rect.shrink(5.0).with_max_y(rect.max.y - 24.0);
    if let Some((_, texture)) = welcome.thumbnails.iter().find(|(of, _)| of == name) {
        // Cut to the shape of the card, from the middle.
        let size = texture.size_vec2();
        let scale = (picture.width() / size.x).max(picture.height() / size.y);
        let seen = picture.size() / (size * scale);
        let uv = egui::Rect::from_center_size(egui::pos2(0.5, 0.5), seen);
        egui::Image::new(texture).uv(uv).corner_radius(4.0).paint_at(ui, picture);
    }
    let at = egui::pos2(rect.center().x, rect.max.y - 12.0);
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().text(at, egui::Align2::CENTER_CENTER, label, font, visuals.text_color());
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 6.0, visuals.fg_stroke, egui::StrokeKind::Inside);
    }
    response
}

fn recent_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    if state.recent.is_empty() {
        return;
    }
    ui.add_space(8.0);
    ui.weak("Recent pictures");
    for path in state.recent.iter().take(RECENT) {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let name =
                path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
            if ui.link(name).on_hover_text(path.display().to_string()).clicked() {
                out.push(Command::OpenPaths(vec![path.clone()]));
            }
            let folder = path.parent().map_or_else(String::new, |path| path.display().to_string());
            ui.add(egui::Label::new(RichText::new(folder).weak().small()).truncate());
        });
    }
}
