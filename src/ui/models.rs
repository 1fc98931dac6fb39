//! Which models are used: the pickers in the top bar, and the window with all details.

pub mod catalogue;
mod picker;
mod recipe;
mod role;
mod training;

use eframe::egui::{self, ScrollArea, Ui};

use crate::command::Command;
use crate::state::{AppState, Role};
use crate::ui::output::UiOutput;
use crate::ui::theme;
use catalogue::catalogue_ui;
pub use picker::pickers_ui;
use recipe::RecipeEditor;
use role::role_ui;
pub use training::tree_file;

/// What the window remembers.
#[derive(Debug, Default)]
pub struct ModelsWindow {
    pub open: bool,
    pub page: Page,
    recipes: [RecipeEditor; 2],
}

/// What the window shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Page {
    /// The two models in use.
    #[default]
    InUse,
    /// All models that are known by name.
    Catalogue,
}

/// What a model is chosen for.
fn hint(role: Role) -> &'static str {
    match role {
        Role::Classifier => "Its classes are listed, with their maps on the picture",
        Role::Tree => "Its tree shows how a picture is classified step by step",
    }
}

pub fn models_ui(ui: &Ui, window: &mut ModelsWindow, state: &AppState, out: &mut UiOutput) {
    let ModelsWindow { open, page, recipes } = window;
    let screen = ui.ctx().content_rect().size();
    let size = egui::vec2(
        theme::MODELS_SIZE.x.min(screen.x - 2.0 * theme::WINDOW_AT[0]),
        theme::MODELS_SIZE.y.min(screen.y - theme::WINDOW_AT[1] - 90.0),
    );
    let shown = egui::Window::new("Models")
        .open(open)
        .default_pos(theme::WINDOW_AT)
        .collapsible(false)
        .default_size(size)
        .max_size(screen - egui::vec2(40.0, 100.0));
    shown.show(ui.ctx(), |ui| {
        ui.horizontal(|ui| {
            ui.selectable_value(page, Page::InUse, "In use");
            ui.selectable_value(page, Page::Catalogue, "Catalogue");
        });
        ui.separator();
        match page {
            Page::InUse => {
                // The bar of the scroll area would lie on what is at the right.
                let area = ScrollArea::vertical().auto_shrink([false, false]);
                area.show(ui, |ui| in_use_ui(ui, recipes, state, out));
            }
            Page::Catalogue => catalogue_ui(ui, state, out),
        }
    });
}

fn in_use_ui(ui: &mut Ui, recipes: &mut [RecipeEditor; 2], state: &AppState, out: &mut UiOutput) {
    let mut shared = state.shared;
    let both = ui.checkbox(&mut shared, "One model for both");
    if both.on_hover_text("Show only the classifier's own tree").changed() {
        out.push(Command::ShareModel(shared));
    }
    for (&role, recipe) in state.roles().iter().zip(recipes) {
        ui.add_space(4.0);
        ui.separator();
        ui.push_id(("role", role as u8), |ui| {
            role_ui(ui, role, state, recipe, out);
        });
    }
    ui.add_space(4.0);
    ui.separator();
    let device = state.device.as_deref().unwrap_or("none yet");
    ui.weak(format!("Device: {device}"));
}
