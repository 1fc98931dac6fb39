//! Two classes: which one the picture speaks for, where, and at which decision they part.

mod facts;

use eframe::egui::{
    Button, ComboBox, Label, RichText, Role as Kind, ScrollArea, Sense, Ui, Vec2, WidgetInfo,
};

use crate::command::Command;
use crate::explain::{ClassId, NodeId};
use crate::explanation::{CamTarget, Explanation};
use crate::look::OverlayOptions;
use crate::state::{AppState, Role, Versus};
use crate::tree_text::percent;
use crate::ui::class_picker::ClassPicker;
use crate::ui::legend::{Identity, Total, exactness};
use crate::ui::map_tiles::{MapSource, MapTiles};
use crate::ui::output::UiOutput;
use crate::ui::text::number;
use crate::ui::text::short;
use crate::ui::text::target_name;
use crate::ui::theme::picture::{small_font, small_line};
use crate::words::story;

use crate::ui::pins::pair;
pub use facts::{Comparison, Parting};

/// Wide enough for the three maps beside the words, in points.
const ROOM_FOR_MAPS: f32 = 560.0;

#[derive(Default)]
pub struct CompareState {
    pickers: [ClassPicker; 2],
    tiles: MapTiles,
}

pub fn compare_ui(
    ui: &mut Ui,
    state: &AppState,
    overlay: &OverlayOptions,
    memory: &mut CompareState,
    out: &mut UiOutput,
) {
    let pins = state.selection().pins;
    let role = state.own(pins.role);
    let Some(explanation) = state.explanation(role) else {
        ui.weak("Waiting for the network");
        return;
    };
    let [a, b] = pair(explanation, pins.classes);
    let is_shown = state.target() == Some((role, CamTarget::Difference(a, b)));
    ui.horizontal_wrapped(|ui| {
        if let Some(command) = choice_ui(ui, state, role, explanation, [a, b], memory) {
            out.push(command);
        }
        if a != b {
            let button = Button::selectable(is_shown, "Show on the picture");
            let hint = "The map of the difference: red is evidence for A, blue for B";
            if ui.add(button).on_hover_text(hint).clicked() && !is_shown {
                out.push(Command::Compare(role, a, b));
            }
        }
    });
    // Making one takes a while.
    let tree = explanation.model.is_tree_made().then(|| explanation.model.tree().ok()).flatten();
    let hierarchy = tree.map(|tree| &tree.hierarchy);
    let Some(comparison) =
        Comparison::new(explanation, hierarchy.map(|it| (it, state.rule(role))), [a, b])
    else {
        let name = short(explanation.model.label(a));
        ui.label(format!("A and B are both {name}; choose another class to compare"));
        return;
    };
    let source = MapSource { explanation, options: overlay, decisions: None };
    ui.horizontal_top(|ui| {
        if ui.available_width() > ROOM_FOR_MAPS {
            maps_ui(ui, source, [a, b], &mut memory.tiles);
        }
        let words = ScrollArea::vertical().id_salt("comparison").auto_shrink(false);
        words.show(ui, |ui| {
            ui.vertical(|ui| {
                words_ui(ui, &comparison);
                if let Some(parting) = &comparison.parting {
                    parting_ui(ui, state, role, parting, out);
                }
                sum_ui(ui, explanation, &comparison);
            });
        });
    });
}

/// Whose classes, which ones, and the other way round.
fn choice_ui(
    ui: &mut Ui,
    state: &AppState,
    role: Role,
    explanation: &Explanation,
    [a, b]: [ClassId; 2],
    memory: &mut CompareState,
) -> Option<Command> {
    let mut command = None;
    let [first, second] = &mut memory.pickers;
    ui.label("A");
    if let Some(class) = first.ui(ui, "A", explanation, a) {
        command = Some(Command::Compare(role, class, b));
    }
    if ui.button("Swap").on_hover_text("B against A instead of A against B").clicked() {
        command = Some(Command::Compare(role, b, a));
    }
    ui.label("B");
    if let Some(class) = second.ui(ui, "B", explanation, b) {
        command = Some(Command::Compare(role, a, class));
    }
    if state.roles().len() > 1 {
        command = model_ui(ui, state, role).or(command);
    }
    command
}

/// Whose classes are compared.
fn model_ui(ui: &mut Ui, state: &AppState, role: Role) -> Option<Command> {
    let name = |role| state.role(role).request.source.name();
    let combo = ComboBox::from_id_salt("whose classes").selected_text(name(role)).width(120.0);
    let mut command = None;
    let response = combo.truncate().show_ui(ui, |ui| {
        for &other in state.roles() {
            let Some(explanation) = state.explanation(other) else { continue };
            if ui.selectable_label(other == role, name(other)).clicked() && other != role {
                let [a, b] = pair(explanation, [None; 2]);
                command = Some(Command::Compare(other, a, b));
            }
        }
    });
    let label = format!("Classes of {}", name(role));
    response.response.widget_info(|| WidgetInfo::labeled(Kind::ComboBox, true, &label));
    response.response.on_hover_text("Which model's classes are compared");
    command
}

/// The map of A, minus the map of B, is the map of the difference.
fn maps_ui(ui: &mut Ui, source: MapSource<'_>, [a, b]: [ClassId; 2], tiles: &mut MapTiles) {
    let line = small_line(ui) + 8.0;
    let side = (ui.available_height() - line).clamp(48.0, 120.0);
    let mut places = Vec::new();
    for target in [CamTarget::Class(a), CamTarget::Class(b), CamTarget::Difference(a, b)] {
        ui.vertical(|ui| {
            ui.set_width(side);
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
            let name = target_name(source.explanation, target);
            let label = format!("Small map of {name}");
            response.widget_info(|| WidgetInfo::labeled(Kind::Image, true, &label));
            response.on_hover_text(&label);
            places.push((Some(target), rect));
            let caption = if target.is_comparison() { "the difference" } else { &name };
            ui.add(Label::new(RichText::new(caption).font(small_font(ui))).truncate());
        });
    }
    tiles.paint(ui.painter(), source, &places);
}

/// Numbers of both classes, and what they mean.
fn words_ui(ui: &mut Ui, comparison: &Comparison) {
    for (letter, side) in ["A", "B"].into_iter().zip(&comparison.sides) {
        let text = format!(
            "{letter}  {}: {}, logit {}",
            side.name,
            percent(side.probability),
            number(side.logit, 2)
        );
        ui.add(Label::new(RichText::new(text).strong()).wrap())
            .on_hover_text("Probability among all classes, and the network's raw score behind it");
    }
    ui.add(Label::new(comparison.lead_in_words()).wrap()).on_hover_text(
        "The lead is the difference between the two logits; the other classes play no part in it",
    );
    ui.add(Label::new(format!("{}.", story(&comparison.evidence))).wrap());
}

/// That the map adds up.
fn sum_ui(ui: &mut Ui, explanation: &Explanation, comparison: &Comparison) {
    let sum = Identity::of(&comparison.evidence, Total::LogOdds, &explanation.model);
    let color = match sum.check.holds() {
        true => ui.visuals().weak_text_color(),
        false => ui.visuals().error_fg_color,
    };
    let sum = RichText::new(sum.sentence(false)).font(small_font(ui)).color(color);
    ui.add(Label::new(sum).wrap()).on_hover_text(exactness(&explanation.model));
}

/// Where the ways to both classes part, and a way to go there.
fn parting_ui(ui: &mut Ui, state: &AppState, role: Role, parting: &Parting, out: &mut UiOutput) {
    ui.horizontal_wrapped(|ui| {
        ui.add(Label::new(parting.in_words()).wrap());
        let hint = "Select it in the tree, with its map on the picture";
        if ui.button("Show this decision").on_hover_text(hint).clicked() {
            out.extend(go_to(state, role, parting));
        }
    });
}

/// The decision of a parting in the tree, with its map.
fn go_to(state: &AppState, role: Role, parting: &Parting) -> Vec<Command> {
    let [branch, other]: [NodeId; 2] = parting.branches;
    let versus = if parting.is_binary { Versus::Siblings } else { Versus::Sibling(other) };
    let mut commands = Vec::new();
    if state.own(state.selection().tree) != role {
        commands.push(Command::ShowTree(role));
    }
    commands.extend([Command::SelectNode(role, branch), Command::SetVersus(versus)]);
    commands
}
