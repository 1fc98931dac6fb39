//! The recipe by which pictures become inputs, to be changed and put back.

use std::sync::Arc;

use eframe::egui::{
    self, ColorImage, ComboBox, DragValue, Grid, TextureHandle, TextureOptions, Ui, WidgetInfo,
};
use strum::IntoEnumIterator as _;

use crate::memo::{Memo, Same};
use crate::photo::Photo;
use crate::preprocess::{Filter, Normalisation, Recipe};
use crate::protocol::RecipeChanges;

/// Sides of pictures that can be asked for, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 1..=4096;
/// Side of the picture of the input, in points.
const PREVIEW: f32 = 112.0;
const CHANNELS: [&str; 3] = ["red", "green", "blue"];

/// What the user is typing.
#[derive(Default)]
pub struct RecipeEditor {
    /// The recipe that the draft was made from, and the draft.
    draft: Option<(Recipe, Recipe)>,
    preview: Memo<(Same<Photo>, Recipe), Option<Preview>>,
}

impl std::fmt::Debug for RecipeEditor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecipeEditor").field("draft", &self.draft).finish_non_exhaustive()
    }
}

/// What the network would see of a photo.
struct Preview {
    texture: TextureHandle,
    /// The smallest and the largest number that it would be given.
    range: [f32; 2],
}

impl RecipeEditor {
    /// Shows the recipe in use, or what the user makes of it. Returns the changes to apply.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        used: &Recipe,
        changes: &RecipeChanges,
        photo: Option<&Arc<Photo>>,
    ) -> Option<RecipeChanges> {
        if self.draft.as_ref().is_none_or(|(base, _)| base != used) {
            // Another model, or the changes are in use now.
            self.draft = Some((used.clone(), used.clone()));
        }
        let (_, draft) = self.draft.as_mut()?;
        presets_ui(ui, draft);
        fields_ui(ui, draft);
        let problem = draft.check().err();
        if let Some(problem) = &problem {
            ui.colored_label(ui.visuals().error_fg_color, problem.to_string());
        }
        let (mut apply, mut reset) = (false, false);
        ui.horizontal(|ui| {
            let is_new = draft != used;
            apply = ui
                .add_enabled(is_new && problem.is_none(), egui::Button::new("Apply"))
                .on_hover_text("Preprocess pictures like this from now on")
                .clicked();
            let can_reset = is_new || *changes != RecipeChanges::default();
            reset = ui
                .add_enabled(can_reset, egui::Button::new("Reset"))
                .on_hover_text("Return to this model's own preprocessing")
                .clicked();
        });
        if let Some(photo) = photo.filter(|_| problem.is_none()) {
            preview_ui(ui, &mut self.preview, photo, draft);
        }
        if reset {
            self.draft = None;
            let is_changed = *changes != RecipeChanges::default();
            return is_changed.then(RecipeChanges::default);
        }
        apply.then(|| changes_to(draft))
    }
}

fn changes_to(recipe: &Recipe) -> RecipeChanges {
    RecipeChanges {
        resize: recipe.resize,
        crop: Some(recipe.crop),
        filter: Some(recipe.filter),
        mean: Some(recipe.mean),
        std: Some(recipe.std),
    }
}

/// Mean and deviation by name.
fn presets_ui(ui: &mut Ui, recipe: &mut Recipe) {
    ui.horizontal_wrapped(|ui| {
        ui.weak("Colours");
        for preset in Normalisation::iter() {
            let is_used = (recipe.mean, recipe.std) == (preset.mean(), preset.std());
            let (name, hint) = words(preset);
            if ui.selectable_label(is_used, name).on_hover_text(hint).clicked() {
                (recipe.mean, recipe.std) = (preset.mean(), preset.std());
            }
        }
    });
}

fn words(preset: Normalisation) -> (&'static str, &'static str) {
    match preset {
        Normalisation::Imagenet => ("ImageNet", "For torchvision and most of timm"),
        Normalisation::Inception => (
            "-1 to 1",
            "For Inception, most of Keras, Google's \
                                                 transformers",
        ),
        Normalisation::Unit => ("0 to 1", "No further normalisation"),
        Normalisation::Bytes => ("0 to 255", "For networks that normalise their input themselves"),
        Normalisation::Clip => ("CLIP", "For CLIP: mean and deviation of its training pictures"),
    }
}

/// The input that the draft makes of the photo, and its numbers.
fn preview_ui(
    ui: &mut Ui,
    kept: &mut Memo<(Same<Photo>, Recipe), Option<Preview>>,
    photo: &Arc<Photo>,
    recipe: &Recipe,
) {
    let shown = kept.get_or_make((Same::as_value(photo), recipe.clone()), |(_, recipe)| {
        // A photo that makes no input has its error told where it is explained.
        let input = recipe.apply(&photo.rgb).ok()?;
        let size = [input.crop.width() as usize, input.crop.height() as usize];
        let image = ColorImage::from_rgb(size, &input.crop);
        let ends = [f32::INFINITY, f32::NEG_INFINITY];
        Some(Preview {
            texture: ui.ctx().load_texture("recipe preview", image, TextureOptions::LINEAR),
            range: input.chw.iter().fold(ends, |[lo, hi], &v| [lo.min(v), hi.max(v)]),
        })
    });
    let Some(Preview { texture, range: [lo, hi] }) = shown else { return };
    ui.horizontal(|ui| {
        ui.image((texture.id(), egui::Vec2::splat(PREVIEW)));
        ui.weak(format!("What the network sees: values from {lo:.2} to {hi:.2}"));
    });
}

fn fields_ui(ui: &mut Ui, recipe: &mut Recipe) {
    let Recipe { resize, crop, filter, mean, std } = recipe;
    Grid::new("recipe").num_columns(2).min_col_width(90.0).show(ui, |ui| {
        ui.weak("Short side").on_hover_text("Length of the short side after resizing");
        match resize {
            Some(side) => pixels_ui(ui, side, "Short side in pixels"),
            None => {
                ui.weak("original size");
            }
        }
        ui.end_row();
        ui.weak("Centre crop").on_hover_text("The square cut from the centre");
        pixels_ui(ui, crop, "Side of the centre crop in pixels");
        ui.end_row();
        ui.weak("Filter").on_hover_text("How pixels are interpolated when a picture is resized");
        let combo = ComboBox::from_id_salt("filter").selected_text(filter.to_string());
        let combo = combo.show_ui(ui, |ui| {
            for choice in Filter::iter() {
                ui.selectable_value(filter, choice, choice.to_string());
            }
        });
        combo.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, "Filter"));
        ui.end_row();
        ui.weak("Mean").on_hover_text("Subtracted from red, green and blue (0 to 1)");
        channels_ui(ui, mean, "Mean");
        ui.end_row();
        ui.weak("Deviation").on_hover_text("Red, green and blue (0 to 1) are divided by it");
        channels_ui(ui, std, "Deviation");
        ui.end_row();
    });
}

fn pixels_ui(ui: &mut Ui, side: &mut u32, name: &str) {
    let field = ui.add(DragValue::new(side).range(SIDES).suffix(" pixels"));
    field.widget_info(|| WidgetInfo::labeled(egui::Role::SpinButton, true, name));
}

fn channels_ui(ui: &mut Ui, values: &mut [f32; 3], name: &str) {
    ui.horizontal(|ui| {
        for (value, channel) in values.iter_mut().zip(CHANNELS) {
            let field = DragValue::new(value).speed(0.001).max_decimals(4).min_decimals(3);
            let field = ui.add(field).on_hover_text(channel);
            let name = format!("{name} of {channel}");
            field.widget_info(|| WidgetInfo::labeled(egui::Role::SpinButton, true, &name));
        }
    });
}
