//! What the network alone, the hard tree and the soft tree say, where they part, and whether the
//! tree should be believed at all.

use eframe::egui::{Label, RichText, Role, Ui, WidgetInfo, text::LayoutJob, text::TextFormat};

use crate::explain::NodeId;
use crate::tree_text::{Prediction, disagreement, percent, predictions};
use crate::ui::text::cut;
use crate::ui::theme::picture::small_font;

use super::readings::readings_ui;
use super::toolbar::NARROW;
use super::{Scene, TreeAction, TreeInput, TreeViewState};

/// Of the name of a class, so that a prediction fits into the narrowest panel.
const LETTERS: usize = 30;

pub(super) fn predictions_ui(
    ui: &mut Ui,
    input: &TreeInput<'_>,
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    let said =
        predictions(input.decisions, input.agreement, input.rule, input.probabilities, input.label);
    let has_room = ui.available_width() >= NARROW;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 9.0;
        for prediction in &said {
            prediction_ui(ui, prediction, prediction.hint);
        }
        if let Some(line) = disagreement(input.agreement, input.rule, input.label) {
            disagreement_ui(ui, &line, input, scene, state, actions);
        }
        // In a small panel the row is worth more to the tree.
        if has_room {
            readings_ui(ui, input, scene);
        }
    });
}

fn prediction_ui(ui: &mut Ui, prediction: &Prediction, hint: &str) {
    let (font, visuals) = (small_font(ui), ui.visuals());
    let mut job = LayoutJob::default();
    let who = format!("{} ", prediction.who);
    job.append(&who, 0.0, TextFormat::simple(font.clone(), visuals.weak_text_color()));
    let class = cut(&prediction.class, LETTERS);
    let what = format!("{class} {}", percent(prediction.probability));
    job.append(&what, 0.0, TextFormat::simple(font, visuals.strong_text_color()));
    // Not wrapped, or it would not stand in the middle of its row.
    ui.add(Label::new(job).extend()).on_hover_text(hint);
}

/// That they disagree, and the ways to find out why.
fn disagreement_ui(
    ui: &mut Ui,
    line: &str,
    input: &TreeInput<'_>,
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    let text = RichText::new("They disagree").font(small_font(ui)).color(scene.palette.path);
    let label = ui.add(Label::new(text).extend());
    label.widget_info(|| WidgetInfo::labeled(Role::Label, true, line));
    label.on_hover_text(line);
    let agreement = input.agreement;
    let compared = agreement.compared(input.rule);
    let other = compared.into_iter().find(|&class| class != agreement.plain);
    let other = other.unwrap_or(agreement.plain);
    let [a, b] = [agreement.plain, other].map(input.label);
    let hint = format!("Where is the evidence for {a}, and where for {b}?");
    if ui.small_button("Compare").on_hover_text(hint).clicked() {
        actions.push(TreeAction::Compare(agreement.plain, other));
    }
    let Some(&node) = scene.partings.first() else { return };
    let hint = "Select the decision at which the paths to these classes diverge";
    if ui.small_button("Where they diverge").on_hover_text(hint).clicked() {
        // The branch that is taken there: its map is that of the decision.
        let is_next = |id: &NodeId| scene.hierarchy.node(*id).parent == Some(node);
        let branch = scene.decision.path.iter().copied().find(is_next).unwrap_or(node);
        state.open.reveal(scene.hierarchy, branch);
        actions.push(TreeAction::Select(branch));
    }
}
