//! The sizes of the panels: as the user dragged them, whatever the window went through since.

use eframe::egui::Ui;

/// A panel that can be dragged to another size.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Side,
    Classes,
    Insight,
}

/// egui remembers how large a panel was last, even if that was because there was no room. So panels
/// begin anew, from the size in the settings, whenever the room has changed.
#[derive(Default)]
pub struct Layout {
    side: Room,
    classes: Room,
    insight: Room,
    resets: u64,
}

#[derive(Default)]
struct Room {
    points: f32,
    changes: u64,
}

impl Layout {
    /// A part of the panel's id, which changes with the room it has, in points.
    pub fn generation(&mut self, ui: &Ui, part: Part, points: f32) -> [u64; 2] {
        let room = match part {
            Part::Side => &mut self.side,
            Part::Classes => &mut self.classes,
            Part::Insight => &mut self.insight,
        };
        // While another panel is dragged the room changes, too, but the pointer holds this one.
        if (room.points - points).abs() > 0.5 && !Self::is_being_dragged(ui) {
            room.points = points;
            room.changes += 1;
        }
        [room.changes, self.resets]
    }

    /// All panels get the size that the settings say.
    pub fn reset(&mut self) {
        self.resets += 1;
    }

    /// Whether the pointer may hold the edge of a panel.
    pub fn is_being_dragged(ui: &Ui) -> bool {
        ui.input(|input| input.pointer.any_down())
    }
}
