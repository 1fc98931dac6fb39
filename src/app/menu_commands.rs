//! What the entries of the menus do.

use std::sync::Arc;

use eframe::egui::{Context, ViewportCommand};
use strum::IntoEnumIterator as _;

use super::App;
use crate::command::{Command, MenuCommand, Purpose, Turn};
use crate::explain::{Colormap, Hierarchy, Method, NodeId, Paint, Scale};
use crate::export::{Export, Painted};
use crate::settings::{InsightTab, Settings, Theme};
use crate::state::{NoticeKind, Role};
use crate::tree_svg::{SvgOptions, tree_svg};
use crate::ui::image_view::region::Tool;
use crate::ui::insight;
use crate::ui::theme;
use crate::ui::tree_view::TreeViewState;

const ZOOM: f32 = 1.1;
const PICTURE_ZOOM: f32 = 1.25;
const OPACITY: f32 = 0.1;

impl App {
    /// Does what an entry of a menu says. This is the one place where entries are told apart.
    pub(super) fn dispatch_menu(&mut self, ctx: &Context, command: MenuCommand) {
        use MenuCommand as M;
        let panels = &mut self.settings.panels;
        let overlay = &mut self.settings.overlay;
        match command {
            M::Open => self.ask(Purpose::Open),
            M::OpenPath => self.ask_in_window(Purpose::Open, None),
            M::Reload => self.change(Command::Reload),
            M::Previous => self.change(Command::GoTo(Turn::Previous)),
            M::Next => self.change(Command::GoTo(Turn::Next)),
            M::First => self.change(Command::GoTo(Turn::First)),
            M::Last => self.change(Command::GoTo(Turn::Last)),
            M::Models => {
                toggle(&mut self.panels.models.open);
                self.look_for_models();
            }
            M::ExportOverlay => self.ask_where_to_save(self.overlay_export()),
            M::ExportFigure => self.ask_where_to_save(self.figure_export()),
            M::ExportMap => self.ask_where_to_save(self.map_export()),
            M::ExportJson => self.ask_where_to_save(Some(self.json_export())),
            M::ExportTree => {
                let drawing = self.drawing();
                self.ask_where_to_save(drawing);
            }
            M::SaveHierarchy => self.ask_where_to_save(self.hierarchy_export()),
            M::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            M::Undo => self.travel(Command::Undo),
            M::Redo => self.travel(Command::Redo),
            M::CopyPicture => {
                if let Some(painted) = self.painted() {
                    self.tasks.paint(painted);
                }
            }
            M::FindClass => {
                panels.classes = true;
                self.panels.classes.focus_search();
            }
            M::FindNode => {
                panels.tree = true;
                self.panels.tree_view.focus_search();
            }
            M::Cancel => self.change(Command::Cancel),
            M::ToggleClasses => toggle(&mut panels.classes),
            M::ToggleTree => toggle(&mut panels.tree),
            M::ToggleFolder => toggle(&mut panels.folder),
            M::TreeOnly => toggle(&mut panels.large_tree),
            M::ShowPath => insight::toggle(panels, InsightTab::Path),
            M::ShowRegion => insight::toggle(panels, InsightTab::Region),
            M::ShowCompare => insight::toggle(panels, InsightTab::Compare),
            M::ShowTrust => insight::toggle(panels, InsightTab::Trust),
            M::ThemeSystem => self.set_theme(ctx, Theme::System),
            M::ThemeLight => self.set_theme(ctx, Theme::Light),
            M::ThemeDark => self.set_theme(ctx, Theme::Dark),
            M::LargerText => self.set_zoom(ctx, self.settings.window.zoom * ZOOM),
            M::SmallerText => self.set_zoom(ctx, self.settings.window.zoom / ZOOM),
            M::NormalText => self.set_zoom(ctx, 1.0),
            M::FullScreen => {
                let full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!full));
            }
            M::ResetSettings => {
                let recent = std::mem::take(&mut self.settings.recent);
                let introduction = self.settings.introduction;
                self.settings = Settings { recent, introduction, ..Settings::default() };
                self.panels.layout.reset();
                self.set_theme(ctx, self.settings.theme);
                self.set_zoom(ctx, 1.0);
            }
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
                overlay.colormap = all[(at.unwrap_or(0) + 1) % all.len()];
            }
            M::ToggleInput => toggle(&mut overlay.show_input),
            M::KeepTarget => {
                let keeps = self.state.selection().keeps_target;
                self.change(Command::KeepTarget(!keeps));
            }
            M::DrawBox => self.draw(Tool::Box),
            M::DrawLasso => self.draw(Tool::Lasso),
            M::StopDrawing => self.panels.image.region.tool = Tool::Pan,
            M::RemoveRegion => self.change(Command::SetRegion(None)),
            M::UsualCrop => self.change(Command::SetSquare(None)),
            M::PaintOver => self.take_up(Tool::Brush),
            M::Uncover => self.take_up(Tool::Eraser),
            M::CoverLasso => self.take_up(Tool::CoverLasso),
            M::ClearMarks => self.change(Command::ClearMarks),
            M::BeforeAfter => toggle(&mut self.panels.image.cover.compares),
            M::SwitchRule => self.change(Command::SwitchRule),
            M::SwitchTree => self.change(Command::SwitchTree),
            M::WalkOn => self.change(Command::WalkOn),
            M::WalkBack => self.change(Command::WalkBack),
            M::LeaveWalk => self.change(Command::LeaveWalk),
            M::ForceNode => self.change(Command::ForceSelected),
            M::Unforce => self.change(Command::Unforce),
            M::RenameNode => self.begin_edit(TreeViewState::begin_rename),
            M::MoveNode => self.begin_edit(|view, _, node| view.begin_move(node)),
            M::OpenHierarchy => self.ask(Purpose::Hierarchy(self.state.shown_tree())),
            M::OriginalTree => self.change(Command::OriginalTree),
            M::WhatFlips => {
                insight::open(panels, InsightTab::Region);
                self.panels.insight.region.flip.ask();
            }
            M::ExpandPath => self.expand_path(),
            M::ExpandAll => self.panels.tree_view.expand_all(),
            M::CollapseAll => self.panels.tree_view.collapse_all(),
            M::Outline => self.panels.tree_view.toggle_mode(&mut self.settings.tree),
            M::Orientation => self.panels.tree_view.toggle_orientation(&mut self.settings.tree),
            M::ResetTree => self.panels.tree_view.fit(&mut self.settings.tree),
            M::ToggleThumbnails => self.panels.tree_view.toggle_maps(&mut self.settings.tree),
            M::Palette => self.panels.palette.show(),
            M::Help => toggle(&mut self.panels.help.open),
            M::Introduction => self.settings.introduction = true,
            M::Notices => toggle(&mut self.panels.notices),
            M::RestartEngine => self.restart_engine(),
            M::About => toggle(&mut self.panels.about),
        }
    }

    /// Shows the path of the picture in the tree and nothing else.
    fn expand_path(&mut self) {
        let role = self.state.selection().tree;
        let rule = self.state.rule(role);
        if let Some(memo) = self.panels.tree.decisions(&self.state, role)
            && let Ok(tree) = memo.explanation.model.tree()
            && let Ok(decision) = memo.explanation.decision(rule)
        {
            self.panels.tree_view.show_path_only(&tree.hierarchy, decision);
        }
    }

    /// Begins to ask for the selected node's new name, or new place.
    fn begin_edit(&mut self, begin: impl FnOnce(&mut TreeViewState, &Hierarchy, NodeId)) {
        let role = self.state.shown_tree();
        let tree = self.state.explained_tree(role).and_then(|it| it.model.tree().ok());
        let Some((tree, node)) = tree.zip(self.state.selected_node(role)) else { return };
        self.settings.panels.tree = true;
        begin(&mut self.panels.tree_view, &tree.hierarchy, node);
    }

    /// Takes a tool up, or puts it down.
    fn take_up(&mut self, tool: Tool) {
        let current = &mut self.panels.image.region.tool;
        *current = if *current == tool { Tool::Pan } else { tool };
    }

    /// The same for a tool that marks a region.
    fn draw(&mut self, tool: Tool) {
        self.take_up(tool);
        if self.panels.image.region.tool != Tool::Pan {
            // Now, since a panel that opens later would move the picture under the pointer.
            insight::open(&mut self.settings.panels, InsightTab::Region);
        }
    }

    fn set_theme(&mut self, ctx: &Context, theme: Theme) {
        self.settings.theme = theme;
        theme::set(ctx, theme);
    }

    fn set_zoom(&mut self, ctx: &Context, zoom: f32) {
        self.settings.window.zoom = zoom.clamp(0.5, 3.0);
        ctx.set_zoom_factor(self.settings.window.zoom);
    }

    /// The picture as it is shown.
    fn painted(&self) -> Option<Painted> {
        let (role, _) = self.state.target()?;
        let explanation = Arc::clone(self.state.explanation(role)?);
        let shown = self.panels.image.shown_map_of(&explanation)?;
        let options = &self.settings.overlay;
        let paint = Paint {
            colormap: shown.colormap,
            scale: Scale::Shared(shown.range),
            alpha: if options.visible { options.opacity.clamp(0.0, 1.0) } else { 0.0 },
            smooth: options.smooth,
            fades: true,
            contours: options.contours && options.smooth,
        };
        let (map, photo_from_map) = (shown.cam.clone(), shown.photo_from_map);
        Some(Painted { explanation, map, photo_from_map, paint })
    }

    /// Asks where to save something.
    fn ask_where_to_save(&mut self, export: Option<Export>) {
        match export {
            Some(export) => {
                let purpose = match &export {
                    Export::Figure { .. } => Purpose::SaveFigure,
                    other => Purpose::Save(other.extension()),
                };
                self.export = Some(export);
                self.ask(purpose);
            }
            None => self.state.notify(NoticeKind::Warning, "There is nothing to save yet"),
        }
    }

    fn overlay_export(&self) -> Option<Export> {
        Some(Export::Overlay(self.painted()?))
    }

    fn figure_export(&self) -> Option<Export> {
        let (_, target) = self.state.target()?;
        let painted = self.painted()?;
        // What is on the picture, which may still be the plain map while a finer one is made.
        let method = self.panels.image.shown_map_of(&painted.explanation)?.method;
        let method = (method != Method::Cam).then(|| method.name());
        Some(Export::Figure { painted, target, method })
    }

    fn map_export(&self) -> Option<Export> {
        Some(Export::Map(self.painted()?.map))
    }

    fn json_export(&self) -> Export {
        let of = |role| self.state.explanation(role).cloned();
        let rule = self.state.rule(Role::Tree);
        Export::Json { classifier: of(Role::Classifier), tree: of(Role::Tree), rule }
    }

    fn hierarchy_export(&self) -> Option<Export> {
        let tree = self.state.explained_tree(self.state.shown_tree())?.model.tree().ok()?;
        Some(Export::Text { text: tree.hierarchy.to_json(), extension: "json" })
    }
}

impl App {
    /// Asks where to save the tree that lies in a model's weights.
    pub(super) fn save_hierarchy(&mut self, role: Role) {
        if let Some(model) = self.state.role(role).model.clone() {
            self.ask_where_to_save(Some(Export::Hierarchy(model)));
        }
    }

    /// The tree as it is shown.
    fn drawing(&mut self) -> Option<Export> {
        let role = self.state.selection().tree;
        let rule = self.state.rule(role);
        let memo = self.panels.tree.decisions(&self.state, role)?;
        let tree = memo.explanation.model.tree().ok()?;
        let options = SvgOptions {
            orientation: self.panels.tree_view.orientation(&self.settings.tree),
            dark: self.settings.theme == Theme::Dark,
            title: &format!("{}, {}", memo.explanation.photo.name, tree.name),
        };
        let open = self.panels.tree_view.open_nodes();
        let decision = memo.explanation.decision(rule).ok()?;
        let text = tree_svg(&tree.hierarchy, decision, open, &options);
        Some(Export::Text { text, extension: "svg" })
    }
}

fn toggle(switch: &mut bool) {
    *switch = !*switch;
}
