//! The window's panels. Each is a function that gets facts to show and says what the user asks for.
//!
//! Nothing here talks to the engine or to a network.

pub mod class_list;
pub mod class_picker;
pub mod consent;
pub mod controls;
pub mod folder_strip;
pub mod headline;
pub mod help;
pub mod image_view;
pub mod insight;
pub mod introduction;
pub mod keys;
pub mod layout;
pub mod legend;
pub mod map_tiles;
pub mod menu;
pub mod methods;
pub mod models;
pub mod notices;
pub mod output;
pub mod overlay;
pub mod palette;
pub mod path_prompt;
pub mod pins;
pub mod status_bar;
pub mod text;
pub mod theme;
pub mod tree_panel;
pub mod tree_view;
pub mod versus;
pub mod welcome;

use std::sync::Arc;

use eframe::egui::{self, Align2, CentralPanel, Panel, Ui};

use crate::command::{Command, MenuCommand};
use crate::explain::Method;
use crate::explanation::Explanation;
use crate::look::OverlayOptions;
use crate::photo::Photo;
use crate::settings::{InsightTab, LEAST_CLASSES, PanelSettings, Settings, Theme};
use crate::state::{AppState, Role, Topic};
use crate::tree_layout::Cards;
use class_list::{ClassAction, ClassListState, class_list_ui};
use consent::Consent;
use folder_strip::{FolderStrip, folder_strip_ui, has_strip};
use image_view::cover::{CoverAction, CoverInput};
use image_view::crop_frame::FrameAction;
use image_view::region::{RegionAction, Tool};
use image_view::shown_map::MapInput;
use image_view::{ImageInput, ImageViewState, image_view_ui};
use insight::{Insight, InsightState, insight_panel_ui};
use introduction::{Introduction, introduction_ui};
use layout::{Layout, Part};
use menu::Checked;
use output::UiOutput;
use path_prompt::{PathPrompt, path_prompt_ui};
use text::target_name;
use tree_panel::TreePanel;
use tree_view::TreeViewState;

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

/// Smallest width of the panels beside the picture, in points.
const LEAST: f32 = 260.0;
/// Largest share of the window that the panels beside the picture take by themselves.
const SIDE: f32 = 0.44;
/// Smallest width of the picture.
const LEAST_PICTURE: f32 = 400.0;
/// Smallest height of the tree below the class list.
const LEAST_TREE: f32 = 120.0;
/// With less height below the controls of the picture, in points, its folder is not shown.
const LEAST_WITH_FOLDER: f32 = 420.0;
/// Beside a large tree.
const SMALL_PICTURE: f32 = 240.0;

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

/// The class list above the tree.
fn side_ui(
    ui: &mut Ui,
    state: &AppState,
    settings: &mut Settings,
    panels: &mut Panels,
    out: &mut UiOutput,
) {
    let shown = &mut settings.panels;
    if !shown.classes && !shown.tree {
        return;
    }
    let picture = if shown.large_tree { SMALL_PICTURE } else { LEAST_PICTURE };
    let most = (ui.available_width() - picture).max(LEAST);
    let generation = panels.layout.generation(ui, Part::Side, ui.available_width());
    let (id, width) = match shown.large_tree {
        true => ("side, large", (ui.available_width() * 0.68).min(most)),
        // Until it is dragged, it leaves the picture more than half of a narrow window.
        false if shown.width == PanelSettings::default().width => {
            ("side", shown.width.min(ui.available_width() * SIDE).clamp(LEAST, most))
        }
        false => ("side", shown.width.min(most)),
    };
    let id = (id, generation);
    let frame = theme::panel(ui.visuals());
    let side = Panel::right(id).default_size(width).size_range(LEAST..=most).frame(frame);
    let side = theme::resizable_panel_ui(ui, side, |ui| {
        ui.set_min_width(ui.available_width());
        let free = ui.available_height();
        if shown.classes && shown.tree {
            let most = (free - LEAST_TREE).max(LEAST_CLASSES);
            let height = shown.classes_height.min(free * 0.6);
            let id = ("classes", panels.layout.generation(ui, Part::Classes, free));
            let list = Panel::top(id).default_size(height).size_range(LEAST_CLASSES..=most);
            let frame =
                egui::Frame::new().inner_margin(egui::Margin { bottom: 6, ..Default::default() });
            let list = list.resizable(true).frame(frame);
            let list = theme::resizable_panel_ui(ui, list, |ui| {
                // As high as it was dragged, whatever is in it.
                ui.set_min_height(ui.available_height());
                classes_ui(ui, state, panels, out);
            });
            if Layout::is_being_dragged(ui) {
                shown.classes_height = list.response.rect.height();
            }
            ui.add_space(2.0);
        } else if shown.classes {
            classes_ui(ui, state, panels, out);
        }
        if shown.tree {
            let Panels { tree, tree_view, .. } = panels;
            let (how, overlay) = (&mut settings.tree, &settings.overlay);
            tree_panel::tree_panel_ui(ui, state, tree, tree_view, how, overlay, out);
        }
    });
    if !shown.large_tree && Layout::is_being_dragged(ui) {
        shown.width = side.response.rect.width();
    }
}

fn classes_ui(ui: &mut Ui, state: &AppState, panels: &mut Panels, out: &mut UiOutput) {
    let role = state.role(Role::Classifier);
    let current = state.explanation(Role::Classifier).is_some();
    let error = role.error().filter(|_| !current);
    match (role.explanation(), error) {
        (_, Some(error)) => {
            ui.colored_label(ui.visuals().error_fg_color, error);
        }
        (Some(explanation), None) => {
            if !current {
                // Of the picture before.
                ui.multiply_opacity(0.5);
            }
            let pins = state.selection().pins.of(Role::Classifier);
            let selected = state.linked_class();
            let list = &mut panels.classes;
            panels.introduction.places.classes = Some(ui.available_rect_before_wrap());
            for action in class_list_ui(ui, explanation, selected, pins, list) {
                out.push(match action {
                    ClassAction::Select(class) => Command::SelectClass(class),
                    ClassAction::Pin(slot, class) => Command::Pin(Role::Classifier, slot, class),
                    ClassAction::Compare(a, b) => Command::Compare(Role::Classifier, a, b),
                });
            }
        }
        (None, None) => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.weak("Waiting for the network");
            });
        }
    }
}

/// The picture below the controls of its map.
fn picture_ui(
    ui: &mut Ui,
    state: &AppState,
    settings: &mut Settings,
    panels: &mut Panels,
    out: &mut UiOutput,
) {
    let Some(photo) = &state.photo else { return };
    Panel::top("controls").frame(theme::bar(ui.visuals())).show(ui, |ui| {
        controls::controls_ui(ui, state, &mut settings.overlay, out);
    });
    if settings.panels.folder && has_strip(state) && ui.available_height() >= LEAST_WITH_FOLDER {
        let frame = theme::panel(ui.visuals());
        Panel::bottom("folder").frame(frame).show(ui, |ui| {
            folder_strip_ui(ui, state, &mut panels.folder, out);
        });
    }
    let Panels { tree, insight, .. } = panels;
    insight.region.tool = panels.image.region.tool;
    insight.region.cells.clear();
    let generation = panels.layout.generation(ui, Part::Insight, ui.available_height());
    insight_panel_ui(ui, state, settings, generation, tree, insight, out);
    panels.topics.append(&mut insight.trust.topics);
    let walking = Insight::new(state, tree).and_then(|insight| insight::path::caption(&insight));
    let (role, target) = match state.target() {
        Some((role, target)) => (role, Some(target)),
        None => (Role::Classifier, None),
    };
    let explanation = state.explanation(role);
    let name = explanation
        .zip(target)
        .map_or_else(String::new, |(explanation, target)| target_name(explanation, target));
    let OverlayOptions { method, beside, .. } = settings.overlay;
    let topic_of = |method| match explanation.zip(target) {
        Some((explanation, target)) => Topic::map(explanation, method, target),
        None => Topic::Map(method, None),
    };
    let chosen: Vec<Method> = [Some(method), beside].into_iter().flatten().collect();
    panels.consent.follow(photo, &chosen);
    let is_waiting = |&method: &Method| {
        let is_missing = |seen| panels.consent.is_missing(seen, method);
        explanation.is_some_and(|seen| is_missing(seen))
            && !state.is_answered(role, topic_of(method))
    };
    let waiting: Vec<Method> = chosen.into_iter().filter(is_waiting).collect();
    let mut map = |method| {
        let topic = topic_of(method);
        if !waiting.contains(&method) {
            panels.topics.push((role, topic));
        }
        MapInput { method, inquiry: state.inquiry(role, topic) }
    };
    let (map, beside) = (map(method), beside.map(map));
    let marks = state.marks();
    let cover = marks.as_ref().map(|marks| CoverInput {
        marks,
        covered: state.covered(role).map(|covered| &covered.given.photo),
        before: state.uncovered(role),
    });
    let input = ImageInput {
        photo,
        explanation,
        target,
        map,
        beside,
        waiting: &waiting,
        target_name: &name,
        highlight_crop: false,
        walking: walking.as_deref(),
        busy: state.role(role).job().is_some(),
        region: panels.insight.region.area(state),
        square: state.square(),
        cover,
        cover_kind: state.selection().cover,
        cells: &panels.insight.region.cells,
    };
    let frame = theme::panel(ui.visuals());
    let picture = CentralPanel::default_margins()
        .frame(frame)
        .show(ui, |ui| image_view_ui(ui, &input, &mut settings.overlay, &mut panels.image));
    if let Some(method) = panels.image.asked.take() {
        panels.consent.give(method);
    }
    panels.introduction.room = Some(picture.response.rect);
    panels.introduction.places.colours = panels.image.colour_bar();
    let is_without_maps = |seen: &Arc<Explanation>| seen.model.check_method(Method::Cam).is_err();
    panels.introduction.is_without_maps = explanation.is_some_and(is_without_maps);
    if let Some(action) = picture.inner {
        mark(ui, photo, action, settings, panels, out);
    }
}

/// Takes in what was done to the region on the picture.
fn mark(
    ui: &Ui,
    photo: &Arc<Photo>,
    action: RegionAction,
    settings: &mut Settings,
    panels: &mut Panels,
    out: &mut UiOutput,
) {
    let memory = &mut panels.insight.region;
    memory.message = None;
    match action {
        RegionAction::Draft(area) => {
            memory.draft = Some(Arc::new(area));
            // The panel below was drawn before.
            ui.ctx().request_repaint();
        }
        RegionAction::Set(area) => {
            memory.draft = None;
            insight::open(&mut settings.panels, InsightTab::Region);
            out.push(Command::SetRegion(Some(Arc::new(area))));
        }
        RegionAction::Drop(error) => {
            memory.draft = None;
            memory.message = error.map(|error| (Arc::downgrade(photo), error.to_string()));
            if memory.message.is_some() {
                insight::open(&mut settings.panels, InsightTab::Region);
            }
        }
        RegionAction::Choose(Tool::Pan) => panels.image.region.tool = Tool::Pan,
        RegionAction::Choose(Tool::Box) => out.push(MenuCommand::DrawBox),
        RegionAction::Choose(Tool::Lasso) => out.push(MenuCommand::DrawLasso),
        RegionAction::Choose(Tool::Brush) => out.push(MenuCommand::PaintOver),
        RegionAction::Choose(Tool::Eraser) => out.push(MenuCommand::Uncover),
        RegionAction::Choose(Tool::CoverLasso) => out.push(MenuCommand::CoverLasso),
        RegionAction::Frame(action) => out.push(match action {
            FrameAction::Draft(square) => Command::DraftSquare(square),
            FrameAction::Set(square) => Command::SetSquare(square),
        }),
        RegionAction::Cover(action) => out.push(match action {
            CoverAction::Draft(mark) => Command::DraftMark(mark),
            CoverAction::Add(mark) => Command::AddMark(mark),
            CoverAction::Set(cover) => Command::SetCover(cover),
            CoverAction::Clear => Command::ClearMarks,
        }),
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

impl Checked for Settings {
    fn is_on(&self, command: MenuCommand) -> Option<bool> {
        use MenuCommand as M;
        Some(match command {
            M::ToggleClasses => self.panels.classes,
            M::ToggleTree => self.panels.tree,
            M::ToggleFolder => self.panels.folder,
            M::TreeOnly => self.panels.large_tree,
            M::ShowPath => self.panels.shows(InsightTab::Path),
            M::ShowRegion => self.panels.shows(InsightTab::Region),
            M::ShowCompare => self.panels.shows(InsightTab::Compare),
            M::ShowTrust => self.panels.shows(InsightTab::Trust),
            M::ThemeSystem => self.theme == Theme::System,
            M::ThemeLight => self.theme == Theme::Light,
            M::ThemeDark => self.theme == Theme::Dark,
            M::ToggleOverlay => self.overlay.visible,
            M::ToggleSmooth => self.overlay.smooth,
            M::ToggleInput => self.overlay.show_input,
            M::ToggleThumbnails => self.tree.cards == Cards::WithMap,
            M::Open | M::OpenPath | M::Reload | M::Models | M::Quit => return None,
            M::Previous | M::Next | M::First | M::Last => return None,
            M::ExportOverlay | M::ExportFigure | M::ExportMap => return None,
            M::ExportJson | M::ExportTree => return None,
            M::SaveHierarchy | M::CopyPicture | M::Undo | M::Redo | M::Cancel => return None,
            M::FindClass | M::FindNode => return None,
            M::LargerText | M::SmallerText | M::NormalText | M::FullScreen => return None,
            M::ResetSettings => return None,
            M::Fit | M::ActualSize | M::ZoomIn | M::ZoomOut => return None,
            M::LessOpacity | M::MoreOpacity | M::NextColormap | M::KeepTarget => return None,
            M::DrawBox | M::DrawLasso | M::StopDrawing | M::RemoveRegion => return None,
            M::PaintOver | M::Uncover | M::CoverLasso | M::ClearMarks => return None,
            M::BeforeAfter | M::UsualCrop => return None,
            M::SwitchRule | M::SwitchTree | M::WalkOn | M::WalkBack | M::LeaveWalk => return None,
            M::ForceNode | M::Unforce | M::RenameNode | M::MoveNode => return None,
            M::OpenHierarchy | M::OriginalTree | M::WhatFlips => return None,
            M::ExpandPath | M::ExpandAll | M::CollapseAll => return None,
            M::Outline | M::Orientation | M::ResetTree => return None,
            M::Palette | M::Help | M::Introduction | M::Notices => return None,
            M::RestartEngine | M::About => return None,
        })
    }
}
