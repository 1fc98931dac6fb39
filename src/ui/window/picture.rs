//! The picture below the controls of its map, and above its folder and the reasons.

use std::sync::Arc;

use eframe::egui::{CentralPanel, Panel, Ui};

use super::Panels;
use crate::command::{Command, MenuCommand};
use crate::explain::Method;
use crate::explanation::Explanation;
use crate::look::OverlayOptions;
use crate::photo::Photo;
use crate::settings::{InsightTab, Settings};
use crate::state::{AppState, Role, Topic};
use crate::ui::folder_strip::{folder_strip_ui, has_strip};
use crate::ui::image_view::cover::{CoverAction, CoverInput};
use crate::ui::image_view::crop_frame::FrameAction;
use crate::ui::image_view::region::{RegionAction, Tool};
use crate::ui::image_view::shown_map::MapInput;
use crate::ui::image_view::{ImageInput, image_view_ui};
use crate::ui::insight::{self, Insight, insight_panel_ui};
use crate::ui::layout::Part;
use crate::ui::output::UiOutput;
use crate::ui::text::target_name;
use crate::ui::{controls, theme};

/// With less height below the controls of the picture, in points, its folder is not shown.
const LEAST_WITH_FOLDER: f32 = 420.0;

/// The picture below the controls of its map.
pub(super) fn picture_ui(
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
