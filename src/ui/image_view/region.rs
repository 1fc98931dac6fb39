//! Marking a part of the picture: a box, a line around something.

pub mod drag;
pub mod marks;
pub mod tools;

use std::sync::Arc;

use eframe::egui::{CursorIcon, Key, Modifiers, PointerButton, Pos2, Rect, Response, Ui};

use super::transform::ScreenFromPhoto;
use crate::explain::{self, Area, RegionError};
use drag::{Drag, Handle};

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
}

/// What the tool remembers from frame to frame.
#[derive(Default)]
pub struct RegionTool {
    pub tool: Tool,
    drag: Option<Drag>,
    drafted: Option<Area>,
    /// What the pointer looks like over the region, or where one could be drawn.
    pub cursor: Option<CursorIcon>,
}

/// Where the picture is, and what is marked on it.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub canvas: Rect,
    pub to_screen: ScreenFromPhoto,
    /// In pixels.
    pub photo: explain::Rect,
    pub region: Option<&'a Arc<Area>>,
}

impl Scene<'_> {
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
        if response.drag_started_by(PointerButton::Primary) {
            self.drag = origin.and_then(|origin| self.begin(scene, origin, shift));
        }
        let Some(drag) = &mut self.drag else {
            let hover = response.hover_pos();
            self.cursor = hover.and_then(|hover| self.icon(scene, hover, shift));
            return None;
        };
        let step = f64::from(STEP / scene.to_screen.scale);
        let area = pointer.map(|pointer| drag.area(scene.place(pointer), &scene.photo, step));
        let is_given_up = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
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
        let from = scene.place(origin);
        match (self.hit(scene, origin), scene.region) {
            _ if shift => Some(Drag::Box { from }),
            (Hit::Handle(handle), Some(area)) => {
                let Area::Box(rect) = **area else { return None };
                Some(Drag::Resize { rect, handle })
            }
            (Hit::Inside, Some(area)) => Some(Drag::Move { area: Arc::clone(area), from }),
            _ => match self.tool {
                Tool::Pan => None,
                Tool::Box => Some(Drag::Box { from }),
                Tool::Lasso => Some(Drag::Lasso(vec![from])),
            },
        }
    }

    fn hit(&self, scene: &Scene<'_>, point: Pos2) -> Hit {
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
