//! The answer in one line: what it is, how sure the network is, and by which path; and the most that
//! can be said at a certainty that the user chooses.

use eframe::egui::{self, DragValue, Label, Response, RichText, Sense, Ui};

use super::output::UiOutput;
use super::text::{at_most, short};
use crate::command::Command;
use crate::explain::{ClassId, Decision, NodeId, Rule};
use crate::explanation::{Explanation, Tree};
use crate::numbers::percent_to;
use crate::state::{AppState, Role};
use crate::tree_text::{self, percent, short_name_on_photo};

/// With less room, in points, the certain answer has no place.
const ROOMY: f32 = 640.0;
/// With less room, nor has the path.
const LEAST_PATH: f32 = 120.0;
/// Between two steps of the path.
const STEP: &str = " \u{203a} ";
/// The share of the line that a name may take.
const MOST_OF_ALL: f32 = 0.6;

/// `certainty` is how likely the second answer has to be, 0 to 1.
pub fn headline_ui(ui: &mut Ui, state: &AppState, certainty: &mut f32, out: &mut UiOutput) {
    let role = state.shown_tree();
    let Some(explanation) = state.explanation(role) else {
        // The room is kept, or everything below would jump.
        ui.label(" ");
        return;
    };
    let tree = explanation.model.is_tree_made().then(|| explanation.model.tree().ok()).flatten();
    let decision = explanation.decision(state.rule(role)).ok().filter(|_| tree.is_some());
    ui.horizontal(|ui| {
        if !state.shared {
            // Two networks answer in this window.
            ui.weak(role.name());
        }
        answer_ui(ui, role, explanation, out);
        let Some((tree, decision)) = tree.zip(decision) else { return };
        if ui.available_width() < LEAST_PATH {
            return;
        }
        if decision.rule == Rule::Marginal && ui.available_width() >= ROOMY {
            ui.separator();
            certain_ui(ui, state, explanation, tree, decision, certainty, out);
        }
        ui.separator();
        path_ui(ui, state, tree, decision, out);
    });
}

/// The likeliest class, whatever a tree makes of it.
fn answer_ui(ui: &mut Ui, role: Role, explanation: &Explanation, out: &mut UiOutput) {
    let class = explanation.prediction();
    let probability = explanation.probabilities.get(class).copied().unwrap_or_default();
    let text = format!("{}, {}", short(explanation.model.label(class)), percent(probability));
    let label =
        Label::new(RichText::new(text).strong().size(15.0)).truncate().sense(Sense::click());
    let hint = format!(
        "{}: the likeliest class, by the network's own confidence; click to see its map",
        explanation.model.label(class)
    );
    // A long name leaves room for what follows.
    let label = at_most(ui, MOST_OF_ALL * ui.available_width(), |ui| ui.add(label));
    if label.on_hover_text(hint).clicked() {
        out.push(match role {
            Role::Classifier => Command::SelectClass(class),
            Role::Tree => select_leaf(role, explanation, class),
        });
    }
}

fn select_leaf(role: Role, explanation: &Explanation, class: ClassId) -> Command {
    let tree = explanation.model.tree().ok();
    let leaf = tree.and_then(|tree| tree.hierarchy.leaf(class)).unwrap_or_default();
    Command::SelectNode(role, leaf)
}

/// The deepest node that is likely enough, and a handle for how likely that is.
fn certain_ui(
    ui: &mut Ui,
    state: &AppState,
    explanation: &Explanation,
    tree: &Tree,
    decision: &Decision,
    certainty: &mut f32,
    out: &mut UiOutput,
) {
    ui.weak("At");
    let value = DragValue::new(certainty)
        .range(0.5..=0.999)
        .speed(0.002)
        .custom_formatter(|value, _| percent_to(value as f32, 0))
        .custom_parser(|text| {
            let number: f64 = text.trim_end_matches('%').trim().parse().ok()?;
            Some(number / 100.0)
        });
    ui.add(value).on_hover_text(
        "How likely the answer has to be; drag to see what can be said at another certainty. This \
         is the network's own confidence: `glasstree eval` measures how often it is right",
    );
    let sure = decision.sure(&tree.hierarchy, *certainty);
    let label = |class| short(explanation.model.label(class));
    let mut text = tree_text::sure(&tree.hierarchy, &sure, &label);
    if sure.node == tree.hierarchy.root() {
        text = format!("not sure; {text}");
    }
    let response = ui.add(Label::new(text).truncate().sense(Sense::click()));
    if response
        .on_hover_text("The most specific answer at this certainty; click to see its map")
        .clicked()
    {
        out.push(Command::SelectNode(state.shown_tree(), sure.node));
    }
}

/// The names along the path, each of which can be clicked. Where there is no room for all, the first
/// ones are left out: the end is what is nearest to the answer.
fn path_ui(ui: &mut Ui, state: &AppState, tree: &Tree, decision: &Decision, out: &mut UiOutput) {
    let role = state.shown_tree();
    let selected = state.selected_node(role);
    // The root was never chosen.
    let path = decision.path.get(1..).unwrap_or_default();
    let first = first_that_fits(ui, tree, decision, path);
    if first > 0 {
        let left_out = path[..first].iter();
        let names = left_out.map(|&node| short_name_on_photo(&tree.hierarchy, decision, node));
        let names: Vec<String> = names.collect();
        ui.weak("\u{2026}").on_hover_text(names.join(STEP));
    }
    for (i, &node) in path.iter().enumerate().skip(first) {
        if i > 0 {
            ui.weak(STEP.trim());
        }
        if step_ui(ui, tree, decision, node, selected == Some(node)).clicked() {
            out.push(Command::SelectNode(role, node));
        }
    }
}

/// From which step on the rest of the path has room; at least the last one is shown.
fn first_that_fits(ui: &Ui, tree: &Tree, decision: &Decision, path: &[NodeId]) -> usize {
    let gap = ui.spacing().item_spacing.x;
    let width = |text: String| {
        let font = egui::TextStyle::Body.resolve(ui.style());
        let galley = ui.painter().layout_no_wrap(text, font, egui::Color32::PLACEHOLDER);
        galley.size().x + gap
    };
    let step = width(STEP.trim().to_owned());
    let widths =
        path.iter().map(|&node| step + width(short_name_on_photo(&tree.hierarchy, decision, node)));
    let widths: Vec<f32> = widths.collect();
    // There may have to be room for the sign that something is left out.
    let mut room = ui.available_width() - step - widths.iter().sum::<f32>();
    let mut first = 0;
    while room < 0.0 && first + 1 < path.len() {
        room += widths[first];
        first += 1;
    }
    first
}

fn step_ui(
    ui: &mut Ui,
    tree: &Tree,
    decision: &Decision,
    node: NodeId,
    is_selected: bool,
) -> Response {
    let name = short_name_on_photo(&tree.hierarchy, decision, node);
    let text = RichText::new(&name);
    let text = if is_selected { text.strong() } else { text.weak() };
    let [of_parent, overall] = tree_text::probabilities(decision, node).map(percent);
    ui.add(Label::new(text).truncate().sense(Sense::click()))
        .on_hover_text(format!("{name}: {overall} overall, {of_parent} of its parent"))
}
