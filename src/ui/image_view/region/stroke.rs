//! Where the pointer was within one frame: frames may be slower than hands.

use eframe::egui::{Event, PointerButton, Pos2, Response, Ui};

/// So far a click may slip, in points; egui's own measure.
const SLIP: f32 = 6.0;

/// What the pointer did in one frame with its button down.
#[derive(Debug, Default)]
pub struct Stroke {
    /// Where it was, in order.
    pub line: Vec<Pos2>,
    /// Whether a drag began and ended in this frame; egui calls that neither a click nor a drag.
    pub is_whole: bool,
}

impl Stroke {
    /// On what `response` is of. `is_down`: the button was, before this frame.
    pub fn of_frame(ui: &Ui, response: &Response, is_down: bool) -> Self {
        let mut stroke = ui.input(|input| Self::of_events(&input.events, is_down));
        let start = stroke.line.first().filter(|_| stroke.is_whole);
        stroke.is_whole = start.is_some_and(|&start| {
            let is_on_top = ui.ctx().layer_id_at(start) == Some(response.layer_id);
            is_on_top && response.rect.contains(start)
        });
        stroke
    }

    fn of_events(events: &[Event], mut is_down: bool) -> Self {
        let (mut stroke, mut has_begun) = (Self::default(), false);
        for event in events {
            match *event {
                Event::PointerButton { pos, button: PointerButton::Primary, pressed, .. } => {
                    if pressed {
                        (stroke, has_begun) = (Self::default(), true);
                    }
                    if pressed || is_down {
                        stroke.line.push(pos);
                    }
                    stroke.is_whole = has_begun && !pressed && stroke.has_moved();
                    is_down = pressed;
                }
                Event::PointerMoved(pos) if is_down => stroke.line.push(pos),
                _ => {}
            }
        }
        stroke
    }

    fn has_moved(&self) -> bool {
        let start = self.line.first();
        start.is_some_and(|start| self.line.iter().any(|at| at.distance(*start) > SLIP))
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Modifiers, pos2};

    use super::*;

    fn button(x: f32, pressed: bool) -> Event {
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        Event::PointerButton { pos: pos2(x, 0.0), button, pressed, modifiers }
    }

    fn moved(x: f32) -> Event {
        Event::PointerMoved(pos2(x, 0.0))
    }

    #[test]
    fn a_drag_may_fit_into_a_frame() {
        let events = [moved(0.0), button(1.0, true), moved(20.0), moved(5.0), button(5.0, false)];
        let stroke = Stroke::of_events(&events, false);
        assert!(stroke.is_whole);
        assert_eq!(stroke.line.iter().map(|at| at.x).collect::<Vec<f32>>(), [1.0, 20.0, 5.0, 5.0]);
        let click = [button(1.0, true), moved(3.0), button(3.0, false)];
        assert!(!Stroke::of_events(&click, false).is_whole);
        let rest = Stroke::of_events(&events[2..], true);
        assert!(!rest.is_whole && rest.line.len() == 3);
        assert!(Stroke::of_events(&events[..1], false).line.is_empty());
    }
}
