//! The way from the root to the class, decision by decision, with what each of them costs.

mod controls;
mod row;

use eframe::egui::{RichText, ScrollArea, Ui, vec2};

use super::Insight;
use crate::command::Command;
use crate::explain::{NodeId, Walk};
use crate::tree_text::{percent, price_hint, short_name, times_less_likely};
use crate::ui::output::UiOutput;
use controls::controls_ui;
use row::{Row, row_ui};

pub use controls::PathState;

/// Narrower than this, in points, two ways stand one below the other.
const SIDE_BY_SIDE: f32 = 620.0;

pub fn path_ui(ui: &mut Ui, insight: &Insight<'_>, state: &mut PathState, out: &mut UiOutput) {
    let (hierarchy, decision) = (insight.hierarchy, insight.decision());
    let decided = decision.walk(hierarchy);
    if decided.steps.is_empty() {
        ui.weak("The tree has a single class, so there is nothing to decide");
        return;
    }
    let forced = insight.forced.as_ref().map(|it| (it, decision.walk_along(hierarchy, &it.path)));
    let way = forced.as_ref().map_or(&decided, |(_, walk)| walk);
    controls_ui(ui, insight, way, state, out);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let Some((what_if, other)) = &forced else {
            walk_ui(ui, insight, &decided, None, out);
            return;
        };
        let draw = |ui: &mut Ui, is_forced: bool, out: &mut UiOutput| {
            let walk = if is_forced { other } else { &decided };
            let end = walk.steps.last().map_or(hierarchy.root(), |step| step.node);
            let name = short_name(hierarchy, end);
            let reach = percent(walk.log_prob.exp());
            ui.horizontal(|ui| {
                if is_forced {
                    ui.label(RichText::new(format!("What if: {name}, {reach}")).strong());
                    ui.label(times_less_likely(what_if.price))
                        .on_hover_text(price_hint(what_if.price));
                } else {
                    ui.label(RichText::new(format!("The tree decided: {name}, {reach}")).strong());
                }
            });
            walk_ui(ui, insight, walk, Some((what_if.node, is_forced)), out);
        };
        if ui.available_width() >= SIDE_BY_SIDE {
            ui.columns(2, |columns| {
                for (column, is_forced) in columns.iter_mut().zip([false, true]) {
                    column.push_id(is_forced, |ui| draw(ui, is_forced, out));
                }
            });
        } else {
            for is_forced in [true, false] {
                ui.push_id(is_forced, |ui| draw(ui, is_forced, out));
                ui.add_space(6.0);
            }
        }
    });
}

/// One way. `pair` is the forced node, and whether this is the way through it, where there are two.
fn walk_ui(
    ui: &mut Ui,
    insight: &Insight<'_>,
    walk: &Walk,
    pair: Option<(NodeId, bool)>,
    out: &mut UiOutput,
) {
    ui.spacing_mut().item_spacing = vec2(8.0, 2.0);
    let selected = insight.state.selected_node(insight.role);
    let mut before = 1.0;
    for (i, step) in walk.steps.iter().enumerate() {
        let row = Row {
            hierarchy: insight.hierarchy,
            decision: insight.decision(),
            step,
            place: [i + 1, walk.steps.len()],
            before,
            is_weakest: walk.weak_point() == Some(i),
            is_selected: selected == Some(step.node),
            is_forced: pair == Some((step.node, true)),
            is_other: matches!(pair, Some((_, false))),
        };
        before = step.reach;
        let wish = row_ui(ui, &row);
        out.extend(wish.map(|wish| match wish {
            row::Wish::Select => Command::SelectNode(insight.role, step.node),
            row::Wish::Force(node) => Command::Force(insight.role, node),
        }));
    }
}

/// Where a walk is, in words; `None` while nobody walks.
pub fn caption(insight: &Insight<'_>) -> Option<String> {
    let node = insight.state.walking()?.node;
    let decision = insight.decision();
    let path = insight.forced.as_ref().map_or(&decision.path, |forced| &forced.path);
    let walk = decision.walk_along(insight.hierarchy, path);
    let at = walk.steps.iter().position(|step| step.node == node)?;
    let name = |id: NodeId| short_name(insight.hierarchy, id);
    let step = &walk.steps[at];
    let other = step.runner_up.map_or_else(String::new, |id| format!(" rather than {}", name(id)));
    let weakest = match walk.weak_point() == Some(at) {
        true => ". The least certain step",
        false => "",
    };
    Some(format!(
        "Step {} of {}: {}{other}, {} here, {} so far{weakest}",
        at + 1,
        walk.steps.len(),
        name(node),
        percent(step.probability),
        percent(step.reach),
    ))
}

/// The step that is walked, or selected; counted from 0.
fn place(insight: &Insight<'_>, walk: &Walk) -> Option<usize> {
    let selected = insight.state.selected_node(insight.role)?;
    walk.steps.iter().position(|step| step.node == selected)
}

/// How sure the tree is, and where least, in words.
fn summary(insight: &Insight<'_>, walk: &Walk) -> String {
    let name = |id: NodeId| short_name(insight.hierarchy, id);
    let end = walk.steps.last().map_or(insight.hierarchy.root(), |step| step.node);
    let whole = format!("{}: {} of the tree's confidence", name(end), percent(walk.log_prob.exp()));
    match walk.weak_point().map(|at| &walk.steps[at]) {
        Some(step) => {
            let other = step.runner_up.map_or_else(String::new, |id| format!(" or {}", name(id)));
            format!("{whole}, least certain at \u{201c}{}{other}?\u{201d}", name(step.node))
        }
        None => whole,
    }
}
