//! Leaves as classes to compare: how they are pinned, and the letters that say so.

use eframe::egui::{Align2, Painter, Rect, Stroke, StrokeKind, Ui, vec2};

use crate::explain::NodeId;
use crate::selection::PinSlot;
use crate::tree_text::first_synonym;
use crate::ui::pins::pin_text;

use super::card::font;
use super::{Scene, TreeAction};

/// What the menu of a leaf offers: to pin it, and to compare it.
pub(super) fn leaf_menu_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    id: NodeId,
    actions: &mut Vec<TreeAction>,
) {
    let Some(class) = scene.hierarchy.node(id).class else { return };
    ui.separator();
    for slot in [PinSlot::A, PinSlot::B] {
        let is_pinned = scene.pins[slot as usize] == Some(class);
        let hint = format!("Two pinned classes can be compared (Shift+{slot:?})");
        if ui.button(pin_text(slot, is_pinned)).on_hover_text(hint).clicked() {
            actions.push(TreeAction::Pin(slot, class));
            ui.close();
        }
    }
    let prediction = Some(scene.decision.class);
    let mut others: Vec<_> = scene.pins.into_iter().chain([prediction]).flatten().collect();
    others.sort_unstable();
    others.dedup();
    for other in others.into_iter().filter(|&other| other != class) {
        let text = format!("Compare with {}", first_synonym(&(scene.label)(other)));
        if ui.button(text).clicked() {
            actions.push(TreeAction::Compare(class, other));
            ui.close();
        }
    }
}

/// The letters of a pinned leaf at a corner of its card, and the words where predictions part.
pub(super) fn paint_badges(
    painter: &Painter,
    scene: &Scene<'_>,
    id: NodeId,
    card: Rect,
    zoom: f32,
) {
    let font = font(10.5, zoom);
    let palette = &scene.palette;
    // Half on the card and half above it, where nothing else is.
    let badge = |text: &str, anchor: Align2, edge| {
        let galley = painter.layout_no_wrap(text.to_owned(), font.clone(), palette.text);
        let size = galley.size() + vec2(8.0, 1.0) * zoom;
        let line =
            Rect::from_center_size(card.center_top(), vec2(card.width() - 12.0 * zoom, size.y));
        let plate = anchor.align_size_within_rect(size, line);
        let stroke = Stroke::new(1.0, edge);
        painter.rect(plate, 3.0 * zoom, palette.card_on_path, stroke, StrokeKind::Inside);
        painter.galley(plate.center() - galley.size() / 2.0, galley, palette.text);
    };
    if scene.partings.contains(&id) {
        badge("they diverge here", Align2::LEFT_CENTER, palette.path);
    }
    let letters: Vec<&str> = scene.slots(id).collect();
    if !letters.is_empty() {
        badge(&letters.join(" and "), Align2::LEFT_CENTER, palette.selection);
    }
}
