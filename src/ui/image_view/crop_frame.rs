//! The frame around what the network sees: its line can be dragged, and its corners pulled.

use eframe::egui::{
    CursorIcon, Key, Modifiers, Painter, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind,
    Ui, Vec2,
};

use super::region::Scene;
use super::transform::ScreenFromPhoto;
use crate::preprocess::{Corner, Square};
use crate::ui::theme::picture::Palette;

/// What the frame on the photo is, and what can be done with it.
pub const CROP: &str = "The network sees only what is inside this frame. Drag its line to move it, \
                        a corner to resize it; double-click it for the usual crop";
/// How near to a corner the pointer must be, in points.
const CORNER: f32 = 8.0;
/// How near to the line.
const LINE: f32 = 5.0;
/// Side of a handle, in points.
const HANDLE: f32 = 8.0;

/// What was done to the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameAction {
    /// Not yet let go; `None` gives the drag up.
    Draft(Option<Square>),
    /// Let go; `None` is the recipe's own crop.
    Set(Option<Square>),
}

/// What was taken hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grip {
    Line,
    Corner(Corner),
}

/// A drag that has begun.
#[derive(Clone, Copy, Debug)]
struct Drag {
    grip: Grip,
    /// The frame as it was.
    square: Square,
    /// Where the pointer took hold of it, in pixels of the photo.
    from: [f64; 2],
}

/// What is remembered from frame to frame.
#[derive(Debug, Default)]
pub struct CropFrame {
    drag: Option<Drag>,
    drafted: Option<Square>,
    /// What the pointer is on.
    hovered: Option<Grip>,
}

impl CropFrame {
    /// Whether a drag is the frame's own, so that the picture must stay where it is.
    pub fn is_dragging(&self) -> bool {
        self.drag.is_some()
    }

    /// Whether the pointer is on the frame.
    pub fn is_hovered(&self) -> bool {
        self.hovered.is_some()
    }

    /// What the pointer looks like.
    pub fn cursor(&self) -> Option<CursorIcon> {
        let grip = self.drag.map(|drag| drag.grip).or(self.hovered);
        grip.map(|grip| match grip {
            Grip::Line => CursorIcon::Move,
            Grip::Corner(Corner { is_right, is_lower }) if is_right == is_lower => {
                CursorIcon::ResizeNwSe
            }
            Grip::Corner(_) => CursorIcon::ResizeNeSw,
        })
    }

    /// Follows the pointer. `frame` is in pixels of the photo; `is_free` says that no tool and no
    /// region wants a drag that begins here.
    pub fn follow(
        &mut self,
        ui: &Ui,
        response: &Response,
        scene: &Scene<'_>,
        frame: Rect,
        is_free: impl Fn(Pos2) -> bool,
    ) -> Option<FrameAction> {
        let (origin, pointer) =
            ui.input(|input| (input.pointer.press_origin(), input.pointer.interact_pos()));
        let place = scene.to_screen.rect(frame);
        let grip_at = |point: Pos2| grip(place, scene.home(point)).filter(|_| is_free(point));
        let photo = [0, 1].map(|i| scene.photo.max[i] as u32);
        if response.drag_started_by(PointerButton::Primary)
            && let Some((grip, origin)) = origin.and_then(|at| Some((grip_at(at)?, at)))
        {
            let start = [frame.min.x, frame.min.y].map(f64::from);
            let side = f64::from(frame.width().min(frame.height()));
            let square = Square::nearest(start, side, photo);
            let from = photo_place(scene.to_screen, scene.home(origin));
            self.drag = Some(Drag { grip, square, from });
        }
        let Some(Drag { grip, square, from }) = self.drag else {
            let hover =
                response.hover_pos().filter(|_| !ui.input(|input| input.pointer.any_down()));
            self.hovered = hover.and_then(grip_at);
            let is_on = || response.interact_pointer_pos().and_then(grip_at).is_some();
            return (response.double_clicked() && is_on()).then_some(FrameAction::Set(None));
        };
        // A drag may leave the picture that it began on.
        let offset = origin.map_or(Vec2::ZERO, |origin| origin - scene.home(origin));
        let dragged = pointer.map(|pointer| {
            let to = photo_place(scene.to_screen, pointer - offset);
            match grip {
                Grip::Line => square.moved([to[0] - from[0], to[1] - from[1]], photo),
                Grip::Corner(corner) => square.pulled(corner, to, photo),
            }
        });
        if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            (self.drag, self.drafted) = (None, None);
            return Some(FrameAction::Draft(None));
        }
        if !response.dragged() {
            let last = dragged.or(self.drafted);
            (self.drag, self.drafted) = (None, None);
            return Some(
                last.map_or(FrameAction::Draft(None), |last| FrameAction::Set(Some(last))),
            );
        }
        let new = dragged.filter(|_| dragged != self.drafted)?;
        self.drafted = Some(new);
        Some(FrameAction::Draft(Some(new)))
    }

    /// Handles at the corners of the frame at `place` of the screen, while there is something to do
    /// with them.
    pub fn paint(&self, painter: &Painter, colors: &Palette, place: Rect) {
        if self.drag.is_none() && self.hovered.is_none() {
            return;
        }
        let [light, dark] = colors.mark;
        painter.rect_stroke(place, 0.0, Stroke::new(2.0, light), StrokeKind::Middle);
        for corner in Corner::ALL {
            let handle = Rect::from_center_size(at(place, corner), Vec2::splat(HANDLE));
            painter.rect(handle, 1.0, light, Stroke::new(1.5, dark), StrokeKind::Outside);
        }
    }
}

fn photo_place(to_screen: ScreenFromPhoto, point: Pos2) -> [f64; 2] {
    let place = to_screen.inverse(point);
    [f64::from(place.x), f64::from(place.y)]
}

fn at(place: Rect, Corner { is_right, is_lower }: Corner) -> Pos2 {
    let x = if is_right { place.right() } else { place.left() };
    let y = if is_lower { place.bottom() } else { place.top() };
    Pos2::new(x, y)
}

/// What of a frame on the screen is under a point.
fn grip(place: Rect, point: Pos2) -> Option<Grip> {
    let is_near = |&corner: &Corner| (at(place, corner) - point).abs().max_elem() <= CORNER;
    if let Some(corner) = Corner::ALL.into_iter().find(is_near) {
        return Some(Grip::Corner(corner));
    }
    let is_on = place.expand(LINE).contains(point) && !place.shrink(LINE).contains(point);
    is_on.then_some(Grip::Line)
}
