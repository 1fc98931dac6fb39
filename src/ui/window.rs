//! All panels together: where each of them is, and what lies over them.

mod checked;
mod picture;
mod side;

use eframe::egui::{self, Align2, CentralPanel, Panel, Ui};

use crate::command::MenuCommand;
use crate::settings::Settings;
use crate::state::{AppState, Role, Topic};
use crate::ui::class_list::ClassListState;
use crate::ui::consent::Consent;
use crate::ui::folder_strip::FolderStrip;
use crate::ui::image_view::ImageViewState;
use crate::ui::image_view::region::Tool;
use crate::ui::insight::InsightState;
use crate::ui::introduction::{Introduction, introduction_ui};
use crate::ui::layout::Layout;
use crate::ui::output::UiOutput;
use crate::ui::path_prompt::{PathPrompt, path_prompt_ui};
use crate::ui::tree_panel::TreePanel;
use crate::ui::tree_view::TreeViewState;
use crate::ui::{headline, help, menu, models, notices, palette, status_bar, theme, welcome};
use picture::picture_ui;
use side::side_ui;

/// What the panels remember for themselves.
#[derive(Default)]
pub struct Panels {
    pub image: ImageViewState,
    pub classes: ClassListState,
    pub tree: TreePanel,
    pub folder: FolderStrip,
    pub tree_view: TreeViewState,
    pub insight: InsightState,
    pub consent: Consent,
    pub palette: palette::Palette,
    pub welcome: welcome::Welcome,
    pub prompt: Option<PathPrompt>,
    pub models: models::ModelsWindow,
    pub help: help::Help,
    pub introduction: Introduction,
    pub about: bool,
    pub layout: Layout,
    /// The log of all notices.
    pub notices: bool,
    /// What the networks shall be asked beside everything else, as of the last frame.
    pub topics: Vec<(Role, Topic)>,
    /// A field or a menu had the keyboard in the last frame.
    is_typing: bool,
    /// A window lay over the panels in the last frame.
    had_window: bool,
}

impl Panels {
    /// Whether a window lies over the panels.
    fn has_window(&self) -> bool {
        let Self { palette, models, help, about, notices, .. } = self;
        palette.open || models.open || help.open || *about || *notices
    }
}

/// The whole window.
pub fn root_ui(
    ui: &mut Ui,
    state: &AppState,
    settings: &mut Settings,
    panels: &mut Panels,
) -> UiOutput {
    let mut output = UiOutput::default();
    let out = &mut output;
    panels.topics.clear();
    let visuals = ui.visuals().clone();
    Panel::top("menu").frame(theme::bar(&visuals)).show(ui, |ui| {
        let mut pickers = UiOutput::default();
        egui::Sides::new().height(theme::BAR_HEIGHT - 6.0).shrink_left().show(
            ui,
            |ui| menu::menu_bar_ui(ui, state, &*settings, out),
            |ui| models::pickers_ui(ui, state, &mut pickers),
        );
        out.extend(pickers);
    });
    if let Some(prompt) = &mut panels.prompt {
        Panel::top("prompt").frame(theme::panel(&visuals)).show(ui, |ui| {
            path_prompt_ui(ui, prompt, out);
        });
    }
    Panel::bottom("status").frame(theme::bar(&visuals)).show(ui, |ui| {
        status_bar::status_bar_ui(ui, state, out);
    });
    panels.introduction.begin_frame();
    if state.photo.is_some() {
        Panel::top("headline").frame(theme::bar(&visuals)).show(ui, |ui| {
            headline::headline_ui(ui, state, &mut settings.tree.certainty, out);
        });
        side_ui(ui, state, settings, panels, out);
        CentralPanel::no_frame().show(ui, |ui| {
            picture_ui(ui, state, settings, panels, out);
        });
    } else {
        CentralPanel::default_margins().frame(theme::panel(&visuals)).show(ui, |ui| {
            welcome::welcome_ui(ui, &panels.welcome, state, out);
        });
    }
    first_minute_ui(ui, state, settings, panels);
    windows_ui(ui, state, panels, out);
    notices::toasts_ui(ui, state, out);
    drop_hint_ui(ui);
    escape_ui(ui, state, panels, out);
    forget_pointer(ui, panels);
    panels.is_typing = ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx());
    output
}

/// When a window opens, the pointer counts for nothing until it moves: egui keeps a tooltip as long as
/// the pointer rests, and it would lie on the window.
fn forget_pointer(ui: &Ui, panels: &mut Panels) {
    let has_window = panels.has_window();
    if has_window && !panels.had_window {
        ui.input_mut(|input| input.pointer = egui::PointerState::default());
        ui.ctx().request_repaint();
    }
    panels.had_window = has_window;
}

/// What Escape leaves if nothing else has heard it: a window, a walk, the tool that draws, the
/// region.
fn escape_ui(ui: &Ui, state: &AppState, panels: &Panels, out: &mut UiOutput) {
    // The key takes the keyboard from a field before the field is drawn.
    let is_busy = panels.prompt.is_some() || panels.is_typing;
    let left = if panels.notices {
        MenuCommand::Notices
    } else if panels.about {
        MenuCommand::About
    } else if panels.help.open {
        MenuCommand::Help
    } else if panels.models.open {
        MenuCommand::Models
    } else if state.walking().is_some() {
        MenuCommand::LeaveWalk
    } else if panels.image.region.tool != Tool::Pan {
        MenuCommand::StopDrawing
    } else if state.selection().region.is_some() {
        MenuCommand::RemoveRegion
    } else {
        return;
    };
    let escape =
        |input: &mut egui::InputState| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape);
    if !is_busy && ui.input_mut(escape) {
        out.push(left);
    }
}

fn windows_ui(ui: &mut Ui, state: &AppState, panels: &mut Panels, out: &mut UiOutput) {
    let Panels { palette, models, help, about, notices, .. } = panels;
    models::models_ui(ui, models, state, out);
    help::help_ui(ui, help);
    help::about_ui(ui, about, state);
    notices::log_ui(ui, notices, state, out);
    palette::palette_ui(ui, palette, state, out);
}

/// The marks for newcomers, over the first picture that is explained; not while a window or a menu
/// could cover what they point at.
fn first_minute_ui(ui: &mut Ui, state: &AppState, settings: &mut Settings, panels: &mut Panels) {
    let is_explained = state.roles().iter().all(|&role| state.explanation(role).is_some());
    let has_window = panels.has_window() || panels.prompt.is_some();
    if is_explained && !has_window && !egui::Popup::is_any_open(ui.ctx()) {
        panels.introduction.places.path = panels.tree_view.path_on_screen();
        introduction_ui(ui, &mut panels.introduction, &mut settings.introduction);
    }
}

/// Over everything, while files are held over the window.
fn drop_hint_ui(ui: &Ui) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop hint"));
    let painter = ui.ctx().layer_painter(layer);
    let rect = ui.ctx().content_rect();
    let visuals = ui.visuals();
    painter.rect_filled(rect, 0.0, theme::veil(visuals));
    let edge = egui::Stroke::new(2.0, visuals.hyperlink_color);
    painter.rect_stroke(rect.shrink(14.0), 8.0, edge, egui::StrokeKind::Inside);
    let text = "Drop pictures, a folder, or the weights of a model";
    let font = egui::FontId::proportional(20.0);
    painter.text(rect.center(), Align2::CENTER_CENTER, text, font, visuals.strong_text_color());
}
