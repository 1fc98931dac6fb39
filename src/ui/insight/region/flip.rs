//! What would flip a decision: the fewest cells without which it goes the other way.

use std::sync::{Arc, Weak};

use eframe::egui::{RichText, Ui};

use super::bring_into_view;
use super::check::{Checkable, check_ui, result};
use super::words::EXACT;
use crate::command::{Check, Command, MenuCommand};
use crate::explain::{Area, ClassId, Flip, FlipError, NodeId, Rect, Region, Removal, Rule, flip};
use crate::explanation::Explanation;
use crate::memo::{Memo, Same};
use crate::output::percent;
use crate::state::Selected;
use crate::ui::insight::Insight;
use crate::ui::output::UiOutput;
use crate::ui::text::short;
use crate::ui::text::signed;
use crate::words::verdict;

/// Whether the question is asked, and the last answer.
#[derive(Default)]
pub struct FlipState {
    is_asked: bool,
    answer: Memo<(Same<Explanation>, NodeId, Rule), Answer>,
}

struct Answer {
    flip: Result<Flip, FlipError>,
    /// The cells, in pixels of the photo.
    area: Arc<Area>,
    /// What the whole tree says without them.
    class: Option<ClassId>,
}

impl FlipState {
    pub fn ask(&mut self) {
        self.is_asked = true;
    }

    /// The cells to be shown on the picture.
    fn cells(&self) -> &[Rect] {
        match self.answer.last().map(|answer| &*answer.area) {
            Some(Area::Cells(cells)) => cells,
            _ => &[],
        }
    }

    fn answer(&mut self, insight: &Insight<'_>, node: NodeId) -> &Answer {
        let key = (Same::as_value(insight.explanation), node, insight.decision().rule);
        self.answer.get_or_make(key, |_| Answer::new(insight, node))
    }
}

impl Answer {
    fn new(insight: &Insight<'_>, node: NodeId) -> Self {
        let explanation = insight.explanation;
        let decision = insight.decision();
        let flip = explanation
            .class_maps()
            .map_err(FlipError::from)
            .and_then(|maps| flip(insight.hierarchy, decision, maps, node));
        let cells = flip.as_ref().map_or(&[][..], |flip| &flip.cells);
        let places = cells.iter().map(|&cell| explanation.cell_in_photo(cell)).collect();
        let [height, width] = explanation.cells().unwrap_or_default();
        let region = Region::of_cells(height, width, cells);
        let rule = decision.rule;
        let decision = explanation.decision_without(&region, rule).ok();
        let class = decision.map(|decision| decision.class);
        Self { flip, area: Arc::new(Area::Cells(places)), class }
    }
}

/// The decision that is meant: at the selected node, where two compared classes part, else the one
/// on the path that is least sure.
fn decision_of(insight: &Insight<'_>) -> Option<NodeId> {
    let (state, hierarchy) = (insight.state, insight.hierarchy);
    if let Some(selected) = state.selected_node(insight.role) {
        let node = hierarchy.nodes().get(selected)?;
        return if node.is_leaf() { node.parent } else { Some(selected) };
    }
    if let Selected::Difference(_, a, b) = state.selection().target
        && let Some((a, b)) = hierarchy.leaf(a).zip(hierarchy.leaf(b))
        && let Some((node, _)) = hierarchy.parting(a, b)
    {
        return Some(node);
    }
    let decision = insight.decision();
    let sure = |&node: &NodeId| decision.branch_prob[node];
    let choices = decision.path.iter().copied().filter(|&node| {
        let parent = hierarchy.node(node).parent;
        parent.is_some_and(|parent| hierarchy.node(parent).children.len() > 1)
    });
    let weakest = choices.min_by(|a, b| sure(a).total_cmp(&sure(b)))?;
    hierarchy.node(weakest).parent
}

/// The question, or its answer. Returns the cells for the picture.
pub fn flip_ui(
    ui: &mut Ui,
    insight: &Insight<'_>,
    memory: &mut FlipState,
    (how, answered): (&mut Removal, &mut Weak<Explanation>),
    out: &mut UiOutput,
) -> Vec<Rect> {
    let entry = MenuCommand::WhatFlips.entry();
    if !memory.is_asked {
        if ui.button(entry.text).on_hover_text(entry.tooltip).clicked() {
            memory.is_asked = true;
        }
        return Vec::new();
    }
    let Some(node) = decision_of(insight) else {
        ui.label("The tree makes no decision");
        return Vec::new();
    };
    let name = short(&insight.hierarchy.node(node).name);
    let mut is_hidden = false;
    ui.horizontal_wrapped(|ui| {
        ui.strong(format!("What would flip the decision at {name}?"));
        is_hidden =
            ui.small_button("Hide").on_hover_text("Remove the cells from the picture").clicked();
    });
    let Answer { flip, area, class, .. } = memory.answer(insight, node);
    match flip {
        Err(error) => {
            ui.label(error.to_string());
        }
        Ok(flip) => {
            ui.label(sentence(insight, flip, *class)).on_hover_text(EXACT);
            if !flip.cells.is_empty() {
                let roles = [insight.role];
                let checkable = Checkable { check: Check::Flip, roles: &roles, area, it: "them" };
                check_ui(ui, insight.state, checkable, how, out);
                if let Some((seen, how)) = result(insight.state, Check::Flip, insight.role, area) {
                    let sentence = ui.label(RichText::new(checked(insight, flip, seen, how)));
                    bring_into_view(&sentence, seen, answered);
                }
                let tooltip = "What do these cells contribute to each decision?";
                if ui.button("Use the cells as region").on_hover_text(tooltip).clicked() {
                    out.push(Command::SetRegion(Some(Arc::clone(area))));
                }
            }
        }
    }
    if is_hidden {
        memory.is_asked = false;
        return Vec::new();
    }
    memory.cells().to_vec()
}

/// The answer in words.
fn sentence(insight: &Insight<'_>, flip: &Flip, class: Option<ClassId>) -> String {
    let name = |id: NodeId| short(&insight.hierarchy.node(id).name);
    let (from, to, count) = (name(flip.from), name(flip.to), flip.cells.len());
    let [height, width] = insight.explanation.cells().unwrap_or_default();
    let all = height * width;
    let [margin, left] = [flip.margin, flip.margin_without].map(fine);
    if !flip.flips {
        return format!(
            "It cannot be flipped: even without all {count} cells with evidence for {from}, \
             {from} leads {to} by {left} ({margin} with them)"
        );
    }
    let cells = match count {
        0 => return format!("{from} and {to} are practically tied: {margin}"),
        1 => format!("Without this one of {all} cells"),
        _ => format!("Without these {count} of {all} cells"),
    };
    let leads = format!("the lead of {margin} becomes {left}");
    let label = |class| short(insight.explanation.model.label(class));
    let is_leaf_of = |node: NodeId, class| insight.hierarchy.leaf(class) == Some(node);
    let before = insight.decision().class;
    match class {
        Some(class) if is_leaf_of(flip.to, class) && is_leaf_of(flip.from, before) => {
            format!("{cells}, the tree would predict {to} instead of {from}: {leads}")
        }
        Some(class) if class != before => format!(
            "{cells}, it would go to {to} instead of {from}: {leads}. The whole tree would \
             predict {} instead of {}",
            label(class),
            label(before)
        ),
        _ => format!(
            "{cells}, it would go to {to} instead of {from}: {leads}. The whole tree would still \
             predict {}",
            label(before)
        ),
    }
}

/// With a third decimal where two would hide which side it is on.
fn fine(lead: f32) -> String {
    signed(lead, if lead.abs() < 0.005 { 3 } else { 2 })
}

/// What the network itself says, and whether it held.
fn checked(insight: &Insight<'_>, flip: &Flip, seen: &Explanation, how: Removal) -> String {
    let check = flip.check(insight.hierarchy, &seen.forward.logits);
    let name = |id: NodeId| short(&insight.hierarchy.node(id).name);
    format!(
        "The network itself, with the cells {}: {} leads by {} ({}); {}",
        how.words(),
        name(flip.from),
        signed(check.margin, 2),
        percent(check.probability),
        verdict(&check)
    )
}
