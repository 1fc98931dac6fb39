//! Entries of the menus that concern the window rather than the facts.

use std::sync::Arc;

use eframe::egui::{Context, ViewportCommand};
use strum::IntoEnumIterator as _;

use super::App;
use crate::command::MenuCommand;
use crate::explain::{Colormap, Paint};
use crate::explanation::{CamTarget, Explanation};
use crate::export::Export;
use crate::settings::{Settings, Theme};
use crate::state::{NoticeKind, Role};
use crate::tree_svg::{SvgOptions, tree_svg};
use crate::ui::controls::set_colormap;
use crate::ui::image_view::region::Tool;
use crate::ui::insight::{self, InsightTab};
use crate::ui::path_prompt::Purpose;
use crate::ui::theme;

const ZOOM: f32 = 1.1;
const PICTURE_ZOOM: f32 = 1.25;
const OPACITY: f32 = 0.1;

impl App {
    /// Does what concerns the window; [`crate::state`] does the rest.
    pub(super) fn run_menu_command(&mut self, ctx: &Context, command: MenuCommand) {
        use MenuCommand as M;
        match command {
            M::Open => self.ask(Purpose::Open),
            M::OpenPath => self.ask_in_window(Purpose::Open, None),
            M::Models => {
                toggle(&mut self.panels.models.open);
                self.look_for_models();
            }
            M::ExportOverlay | M::ExportMap | M::ExportJson | M::ExportTree | M::SaveHierarchy => {
                self.prepare(command)
            }
            M::OpenHierarchy => self.ask(Purpose::Hierarchy(self.state.shown_tree())),
            M::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            M::CopyPicture => {
                if let Some((explanation, target)) = self.shown()
                    && let Some(paint) = self.paint(&explanation, target)
                {
                    self.tasks.paint(explanation, target, paint);
                }
            }
            M::FindClass => {
                self.settings.panels.classes = true;
                self.panels.classes.focus_search();
            }
            M::FindNode => {
                self.settings.panels.tree = true;
                self.settings.tree.focus_search();
            }
            M::ToggleClasses => toggle(&mut self.settings.panels.classes),
            M::ToggleTree => toggle(&mut self.settings.panels.tree),
            M::ShowPath | M::ShowRegion | M::ShowCompare => {
                insight::toggle(&mut self.settings.panels, command);
            }
            M::DrawBox => self.draw(Tool::Box),
            M::DrawLasso => self.draw(Tool::Lasso),
            M::StopDrawing => self.panels.image.region.tool = Tool::Pan,
            M::WhatFlips => {
                insight::open(&mut self.settings.panels, InsightTab::Region);
                self.panels.insight.region.flip.ask();
            }
            M::TreeOnly => toggle(&mut self.settings.panels.large_tree),
            M::ThemeSystem | M::ThemeLight | M::ThemeDark => {
                self.settings.theme = match command {
                    M::ThemeLight => Theme::Light,
                    M::ThemeDark => Theme::Dark,
                    _ => Theme::System,
                };
                theme::set(ctx, self.settings.theme);
            }
            M::LargerText => self.set_zoom(ctx, self.settings.window.zoom * ZOOM),
            M::SmallerText => self.set_zoom(ctx, self.settings.window.zoom / ZOOM),
            M::NormalText => self.set_zoom(ctx, 1.0),
            M::FullScreen => {
                let full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!full));
            }
            M::ResetSettings => {
                let recent = std::mem::take(&mut self.settings.recent);
                self.settings = Settings { recent, ..Settings::default() };
                theme::set(ctx, self.settings.theme);
                self.set_zoom(ctx, 1.0);
            }
            M::Palette => self.panels.palette.show(),
            M::Shortcuts => toggle(&mut self.panels.shortcuts),
            M::About => toggle(&mut self.panels.about),
            M::RestartEngine => self.restart_engine(),
            _ => self.change_view(command),
        }
    }

    /// How picture, map and tree are looked at.
    fn change_view(&mut self, command: MenuCommand) {
        use MenuCommand as M;
        let overlay = &mut self.settings.overlay;
        match command {
            M::Fit => self.panels.image.fit(),
            M::ActualSize => self.panels.image.actual_size(),
            M::ZoomIn => self.panels.image.zoom_by(PICTURE_ZOOM),
            M::ZoomOut => self.panels.image.zoom_by(1.0 / PICTURE_ZOOM),
            M::ToggleOverlay => toggle(&mut overlay.visible),
            M::LessOpacity => overlay.opacity = (overlay.opacity - OPACITY).max(0.0),
            M::MoreOpacity => overlay.opacity = (overlay.opacity + OPACITY).min(1.0),
            M::ToggleSmooth => toggle(&mut overlay.smooth),
            M::NextColormap => {
                let all: Vec<Colormap> = Colormap::iter().collect();
                let at = all.iter().position(|&colormap| colormap == overlay.colormap);
                set_colormap(overlay, all[(at.unwrap_or(0) + 1) % all.len()]);
            }
            M::ToggleInput => toggle(&mut overlay.show_input),
            M::ExpandAll => self.settings.tree.expand_all(),
            M::CollapseAll => self.settings.tree.collapse_all(),
            M::Orientation => self.settings.tree.toggle_orientation(),
            M::ResetTree => self.settings.tree.fit(),
            M::ToggleThumbnails => self.settings.tree.toggle_maps(),
            M::Outline => self.settings.tree.toggle_mode(),
            M::RenameNode | M::MoveNode => self.begin_edit(command),
            M::ExpandPath => {
                let selection = self.state.selection();
                let (role, rule) = (selection.tree, selection.rule);
                if let Some(memo) = self.panels.tree.decisions(&self.state, role)
                    && let Ok(tree) = memo.explanation.model.tree()
                {
                    self.settings.tree.show_path_only(&tree.hierarchy, memo.decision(rule));
                }
            }
            _ => {}
        }
    }

    /// Asks for the selected node's new name, or new place.
    fn begin_edit(&mut self, command: MenuCommand) {
        let role = self.state.shown_tree();
        let tree = self.state.explained_tree(role).and_then(|it| it.model.tree().ok());
        let Some((tree, node)) = tree.zip(self.state.selected_node(role)) else { return };
        self.settings.panels.tree = true;
        match command {
            MenuCommand::RenameNode => self.settings.tree.begin_rename(&tree.hierarchy, node),
            _ => self.settings.tree.begin_move(node),
        }
    }

    /// Takes a tool up, or puts it down.
    fn draw(&mut self, tool: Tool) {
        let current = &mut self.panels.image.region.tool;
        *current = if *current == tool { Tool::Pan } else { tool };
        if *current != Tool::Pan {
            // Now, since a panel that opens later would move the picture under the pointer.
            insight::open(&mut self.settings.panels, InsightTab::Region);
        }
    }

    fn set_zoom(&mut self, ctx: &Context, zoom: f32) {
        self.settings.window.zoom = zoom.clamp(0.5, 3.0);
        ctx.set_zoom_factor(self.settings.window.zoom);
    }

    /// What the picture shows.
    fn shown(&self) -> Option<(Arc<Explanation>, CamTarget)> {
        let (role, target) = self.state.target()?;
        Some((Arc::clone(self.state.explanation(role)?), target))
    }

    /// How it is shown.
    fn paint(&self, explanation: &Explanation, target: CamTarget) -> Option<Paint> {
        let options = &self.settings.overlay;
        let paint = options.paint(explanation, target, &explanation.cam(target).ok()?);
        Some(Paint { alpha: if options.visible { paint.alpha } else { 0.0 }, ..paint })
    }

    /// Collects what is to be saved, and asks where.
    fn prepare(&mut self, command: MenuCommand) {
        let of = |role| self.state.explanation(role).cloned();
        let export = match command {
            MenuCommand::ExportOverlay => self.shown().and_then(|(explanation, target)| {
                let paint = self.paint(&explanation, target)?;
                Some(Export::Overlay { explanation, target, paint })
            }),
            MenuCommand::ExportMap => {
                let shown = self.shown().filter(|(explanation, _)| explanation.head.is_ok());
                shown.map(|(explanation, target)| Export::Map { explanation, target })
            }
            MenuCommand::ExportTree => self.drawing(),
            MenuCommand::SaveHierarchy => {
                let explanation = self.state.explained_tree(self.state.shown_tree());
                let tree = explanation.and_then(|explanation| explanation.model.tree().ok());
                let text = tree.map(|tree| tree.hierarchy.to_json());
                text.map(|text| Export::Text { text, extension: "json" })
            }
            _ => Some(Export::Json {
                classifier: of(Role::Classifier),
                tree: of(Role::Tree),
                rule: self.state.selection().rule,
            }),
        };
        match export {
            Some(export) => {
                let extension = export.extension();
                self.export = Some(export);
                self.ask(Purpose::Save(extension));
            }
            None => self.state.notify(NoticeKind::Warning, "There is nothing to save yet"),
        }
    }
}

impl App {
    /// Asks where to save the tree that lies in a model's weights.
    pub(super) fn save_hierarchy(&mut self, role: Role) {
        if let Some(model) = self.state.role(role).loaded.clone() {
            self.export = Some(Export::Hierarchy(model));
            self.ask(Purpose::Save("json"));
        }
    }

    /// The tree as it is shown.
    fn drawing(&mut self) -> Option<Export> {
        let selection = self.state.selection();
        let (role, rule) = (selection.tree, selection.rule);
        let memo = self.panels.tree.decisions(&self.state, role)?;
        let tree = memo.explanation.model.tree().ok()?;
        let options = SvgOptions {
            orientation: self.settings.tree.orientation(),
            dark: self.settings.theme == Theme::Dark,
            title: &format!("{}, {}", memo.explanation.photo.name, tree.name),
        };
        let is_open = |node| self.settings.tree.is_open(node);
        let text = tree_svg(&tree.hierarchy, memo.decision(rule), &is_open, &options);
        Some(Export::Text { text, extension: "svg" })
    }
}

fn toggle(switch: &mut bool) {
    *switch = !*switch;
}
