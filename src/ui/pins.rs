//! Pinning two classes, A and B, to compare them.

use eframe::egui::{Key, Modifiers, Ui};

use crate::explain::ClassId;
use crate::explanation::Explanation;
use crate::selection::PinSlot;

/// A and B: what is pinned, and else the likeliest class that is not the other one. Both are the
/// same class if that is what is pinned, or if there is no second class.
pub fn pair(explanation: &Explanation, pins: [Option<ClassId>; 2]) -> [ClassId; 2] {
    let classes = explanation.forward.logits.len();
    let [a, b] = pins.map(|pin| pin.filter(|&class| class < classes));
    let top = explanation.top(2);
    let other_than = |taken: Option<ClassId>| {
        top.iter().copied().find(|&class| Some(class) != taken).or(taken).unwrap_or_default()
    };
    let a = a.unwrap_or_else(|| other_than(b));
    [a, b.unwrap_or_else(|| other_than(Some(a)))]
}

/// The place that a key pins to.
pub fn pressed_slot(ui: &Ui) -> Option<PinSlot> {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, key));
    let slots = [(Key::A, PinSlot::A), (Key::B, PinSlot::B)];
    slots.into_iter().find(|&(key, _)| pressed(key)).map(|(_, slot)| slot)
}

/// For buttons and menus.
pub fn pin_text(slot: PinSlot, is_pinned: bool) -> String {
    if is_pinned { format!("Unpin {slot:?}") } else { format!("Pin as {slot:?}") }
}
