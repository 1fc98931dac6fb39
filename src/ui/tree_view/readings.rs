//! The readings of one photo side by side: the marginal path beside nbdt's hard one.

use eframe::egui::{Grid, RichText, Ui};

use crate::explain::{Decision, Rule};
use crate::tree_text::{name_on_photo, percent, rule_sentence, short_name_on_photo};

use super::{Scene, TreeInput};

/// Width of a column, in points.
const WIDTH: f32 = 230.0;

/// A button that shows them.
pub(super) fn readings_ui(ui: &mut Ui, input: &TreeInput<'_>, scene: &Scene<'_>) {
    let hint = "The same photo and the same tree, read by two rules";
    let button = ui.menu_button("Two readings", |ui| {
        Grid::new("readings").num_columns(2).spacing([18.0, 4.0]).striped(true).show(ui, |ui| {
            for (rule, name) in [(Rule::Marginal, "Marginal"), (Rule::Hard, "nbdt, hard")] {
                ui.vertical(|ui| {
                    ui.set_width(WIDTH);
                    ui.strong(name);
                    ui.weak(rule_sentence(rule));
                });
            }
            ui.end_row();
            rows_ui(ui, input, scene);
        });
    });
    button.response.on_hover_text(hint);
}

/// Step by step; where the ways part is marked.
fn rows_ui(ui: &mut Ui, input: &TreeInput<'_>, scene: &Scene<'_>) {
    let [marginal, hard] = [Rule::Marginal, Rule::Hard].map(|rule| input.decisions.by(rule));
    let steps = marginal.path.len().max(hard.path.len());
    let parting = marginal.path.iter().zip(&hard.path).position(|(a, b)| a != b);
    for step in 1..steps {
        for decision in [marginal, hard] {
            let text = step_text(input, decision, step);
            let is_end = step + 1 == decision.path.len();
            let mut text = RichText::new(text);
            if parting == Some(step) {
                text = text.color(scene.palette.path);
            }
            if is_end {
                text = text.strong();
            }
            ui.label(text);
        }
        ui.end_row();
    }
}

/// `carnivore 98%`, and at the end how likely all of the way is.
fn step_text(input: &TreeInput<'_>, decision: &Decision, step: usize) -> String {
    let Some(&id) = decision.path.get(step) else { return String::new() };
    let branch = percent(decision.branch_prob[id]);
    if step + 1 == decision.path.len() {
        let name = short_name_on_photo(input.hierarchy, decision, id);
        return format!("{name} {branch}, {} overall", percent(decision.reach_prob[id]));
    }
    format!("{} {branch}", name_on_photo(input.hierarchy, decision, id))
}
