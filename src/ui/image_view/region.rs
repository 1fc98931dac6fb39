//! Marking a part of the picture: a box, a line around something.

pub mod drag;
pub mod marks;
mod stroke;
pub mod tools;

use std::sync::Arc;

use eframe::egui::{CursorIcon, Key, Modifiers, PointerButton, Pos2, Rect, Response, Ui, Vec2};

use super::cover::CoverAction;
use super::crop_frame::FrameAction;
use super::transform::ScreenFromPhoto;
use crate::explain::{self, Area, Mark, RegionError};
use drag::{Drag, Handle, extend};
use stroke::Stroke;

/// How near to a handle the pointer must be, in points.
const REACH: f32 = 7.0;
/// Corners of a lasso are at least so far apart, in points.
const STEP: f32 = 3.0;

/// What dragging on the picture does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    #[default]
    Pan,
    Box,
    Lasso,
    /// Cover the photo.
    Brush,
    Eraser,
    CoverLasso,
}

impl Tool {
    /// Whether it covers the photo, or takes the cover off.
    pub fn covers(self) -> bool {
        match self {
            Self::Pan | Self::Box | Self::Lasso => false,
            Self::Brush | Self::Eraser | Self::CoverLasso => true,
        }
    }
}

/// What the user did to the region.
#[derive(Clone, Debug, PartialEq)]
pub enum RegionAction {
    /// Not yet let go.
    Draft(Area),
    Set(Area),
    /// What was drawn is dropped, and why, if there is something to say.
    Drop(Option<RegionError>),
    Choose(Tool),
    /// Not to the region, but to the cover of the photo.
    Cover(CoverAction),
    /// Nor to the region, but to the frame around what the network sees.
    Frame(FrameAction),
}

/// What the tool remembers from frame to frame.
pub struct RegionTool {
    pub tool: Tool,
    /// Of the brush and the eraser, in points.
    pub radius: f32,
    drag: Option<Drag>,
    drafted: Option<Area>,
    /// What the pointer looks like over the region, or where one could be drawn.
    pub cursor: Option<CursorIcon>,
}

impl Default for RegionTool {
    fn default() -> Self {
        Self { tool: Tool::Pan, radius: 18.0, drag: None, drafted: None, cursor: None }
    }
}

/// Where the picture is, and what is marked on it.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub canvas: Rect,
    pub to_screen: ScreenFromPhoto,
    /// In pixels.
    pub photo: explain::Rect,
    pub region: Option<&'a Arc<Area>>,
    /// How far to the right of it the same picture is shown once more, in points.
    pub beside: Option<f32>,
}

impl Scene<'_> {
    /// The same place of the picture on the canvas itself, for a point that may lie beside it.
    pub fn home(&self, point: Pos2) -> Pos2 {
        point - self.offset(point)
    }

    /// How far a point lies from where the same place is on the canvas itself.
    fn offset(&self, point: Pos2) -> Vec2 {
        match self.beside {
            Some(shift) if point.x > self.canvas.right() => Vec2::new(shift, 0.0),
            _ => Vec2::ZERO,
        }
    }

    /// As it is shown beside the canvas.
    pub fn shifted(&self, shift: f32) -> Self {
        let by = Vec2::new(shift, 0.0);
        let to_screen = ScreenFromPhoto { origin: self.to_screen.origin + by, ..self.to_screen };
        Self { canvas: self.canvas.translate(by), to_screen, ..*self }
    }

    fn place(&self, point: Pos2) -> [f64; 2] {
        let place = self.to_screen.inverse(point);
        [f64::from(place.x), f64::from(place.y)]
    }

    fn point(&self, [x, y]: [f64; 2]) -> Pos2 {
        self.to_screen.apply(Pos2::new(x as f32, y as f32))
    }

    fn rect(&self, rect: &explain::Rect) -> Rect {
        Rect::from_min_max(self.point(rect.min), self.point(rect.max))
    }
}

/// What of the region is under the pointer.
#[derive(Clone, Copy, PartialEq)]
enum Hit {
    Handle(Handle),
    Inside,
    Nothing,
}

impl RegionTool {
    /// Whether a drag is the tool's own, so that the picture must stay where it is.
    pub fn is_dragging(&self) -> bool {
        self.drag.is_some()
    }

    /// Whether a drag that begins at a point is nothing to the tool.
    pub fn lets(&self, scene: &Scene<'_>, point: Pos2) -> bool {
        self.tool == Tool::Pan && self.drag.is_none() && self.hit(scene, point) == Hit::Nothing
    }

    /// Follows the pointer.
    pub fn follow(
        &mut self,
        ui: &Ui,
        response: &Response,
        scene: &Scene<'_>,
    ) -> Option<RegionAction> {
        let (origin, pointer, shift) = ui.input(|input| {
            let pointer = &input.pointer;
            (pointer.press_origin(), pointer.interact_pos(), input.modifiers.shift)
        });
        let dot = origin.filter(|_| response.clicked_by(PointerButton::Primary));
        if let Some(mark) = dot.and_then(|origin| self.mark_from(scene, origin)) {
            let is_dot = !matches!(mark, Mark::Lasso(_));
            return is_dot.then_some(RegionAction::Cover(CoverAction::Add(mark)));
        }
        let step = f64::from(STEP / scene.to_screen.scale);
        let Stroke { line, is_whole } = Stroke::of_frame(ui, response, self.drag.is_some());
        let origin = origin.or(line.first().copied().filter(|_| is_whole));
        if response.drag_started_by(PointerButton::Primary) || is_whole {
            self.drag = origin.and_then(|origin| self.begin(scene, origin, shift));
        }
        let Some(drag) = &mut self.drag else {
            let hover = response.hover_pos();
            self.cursor = hover.and_then(|hover| self.icon(scene, hover, shift));
            return None;
        };
        // Slow frames see several places at a time, all of which a line must go through.
        for point in line {
            drag.pass(scene.place(scene.home(point)), step);
        }
        // A drag may leave the picture that it began on.
        let offset = origin.map_or(Vec2::ZERO, |origin| scene.offset(origin));
        let pointer = pointer.map(|pointer| scene.place(pointer - offset));
        let is_given_up = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        if let Drag::Mark(mark) = drag {
            let is_new = pointer.is_some_and(|place| extend(mark, place, step));
            let mark = mark.clone();
            let action = if is_given_up {
                CoverAction::Draft(None)
            } else if !response.dragged() {
                CoverAction::Add(mark)
            } else if is_new {
                return Some(RegionAction::Cover(CoverAction::Draft(Some(mark))));
            } else {
                return None;
            };
            self.drag = None;
            return Some(RegionAction::Cover(action));
        }
        let area = pointer.map(|place| drag.area(place, &scene.photo, step));
        if is_given_up || !response.dragged() {
            (self.drag, self.drafted) = (None, None);
            return match area {
                Some(Ok(area)) if !is_given_up => Some(RegionAction::Set(area)),
                Some(Err(error)) if !is_given_up => Some(RegionAction::Drop(Some(error))),
                _ => Some(RegionAction::Drop(None)),
            };
        }
        let area = area?.ok().filter(|area| self.drafted.as_ref() != Some(area))?;
        self.drafted = Some(area.clone());
        Some(RegionAction::Draft(area))
    }

    fn begin(&self, scene: &Scene<'_>, origin: Pos2, shift: bool) -> Option<Drag> {
        let from = scene.place(scene.home(origin));
        if let Some(mark) = self.mark_from(scene, origin) {
            return Some(Drag::Mark(mark));
        }
        match (self.hit(scene, origin), scene.region) {
            _ if shift => Some(Drag::Box { from }),
            (Hit::Handle(handle), Some(area)) => {
                let Area::Box(rect) = **area else { return None };
                Some(Drag::Resize { rect, handle })
            }
            (Hit::Inside, Some(area)) => Some(Drag::Move { area: Arc::clone(area), from }),
            _ => match self.tool {
                Tool::Box => Some(Drag::Box { from }),
                Tool::Lasso => Some(Drag::Lasso(vec![from])),
                Tool::Pan | Tool::Brush | Tool::Eraser | Tool::CoverLasso => None,
            },
        }
    }

    /// The stroke that begins at a point; `None` for tools that do not cover.
    fn mark_from(&self, scene: &Scene<'_>, point: Pos2) -> Option<Mark> {
        let line = vec![scene.place(scene.home(point))];
        let radius = f64::from(self.radius / scene.to_screen.scale);
        match self.tool {
            Tool::Brush => Some(Mark::Brush { line, radius }),
            Tool::Eraser => Some(Mark::Eraser { line, radius }),
            Tool::CoverLasso => Some(Mark::Lasso(line)),
            Tool::Pan | Tool::Box | Tool::Lasso => None,
        }
    }

    fn hit(&self, scene: &Scene<'_>, point: Pos2) -> Hit {
        let point = scene.home(point);
        let Some(area) = scene.region.filter(|area| area.is_finite()) else { return Hit::Nothing };
        if let Area::Box(rect) = &**area {
            let is_near = |handle: &Handle| {
                let offset = scene.point(handle.place(rect)) - point;
                offset.abs().max_elem() <= REACH
            };
            if let Some(handle) = Handle::ALL.into_iter().find(is_near) {
                return Hit::Handle(handle);
            }
        }
        // Where there is nothing but region, dragging must still move the picture.
        let fills = area.bounds().is_some_and(|it| scene.rect(&it).contains_rect(scene.canvas));
        let is_inside = area.contains(scene.place(point)) && !(fills && self.tool == Tool::Pan);
        if is_inside { Hit::Inside } else { Hit::Nothing }
    }

    fn icon(&self, scene: &Scene<'_>, point: Pos2, shift: bool) -> Option<CursorIcon> {
        if self.tool.covers() {
            return Some(CursorIcon::Crosshair);
        }
        match self.hit(scene, point) {
            _ if shift => Some(CursorIcon::Crosshair),
            Hit::Handle(Handle { x: 0, .. }) => Some(CursorIcon::ResizeVertical),
            Hit::Handle(Handle { y: 0, .. }) => Some(CursorIcon::ResizeHorizontal),
            Hit::Handle(Handle { x, y }) if x == y => Some(CursorIcon::ResizeNwSe),
            Hit::Handle(_) => Some(CursorIcon::ResizeNeSw),
            Hit::Inside => Some(CursorIcon::Move),
            Hit::Nothing => (self.tool != Tool::Pan).then_some(CursorIcon::Crosshair),
        }
    }
}
