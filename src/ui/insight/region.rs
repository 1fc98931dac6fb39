//! What a part of the picture gives to the class and to each decision, live while it is drawn.

mod check;
mod fields;
mod flip;
pub mod numbers;
mod table;
pub mod words;

use std::sync::{Arc, Weak};

use eframe::egui::{
    Align, Grid, Layout, Response, RichText, Role, ScrollArea, Ui, WidgetInfo, vec2,
};

use super::Insight;
use crate::command::Check;
use crate::explain::{Area, Decision, Rect, Removal};
use crate::explanation::Explanation;
use crate::output::percent;
use crate::photo::Photo;
use crate::state::AppState;
use crate::ui::image_view::region::Tool;
use crate::ui::output::UiOutput;
use crate::ui::text::short;
use crate::ui::text::signed;
use check::{Checkable, check_ui, result};
use fields::fields_ui;
use flip::{FlipState, flip_ui};
use numbers::{ModelNumbers, NumbersMemo, TargetNumbers};
use table::table_ui;
use words::EXACT;

/// With less room than this, in points, there is one column.
const TWO_COLUMNS: f32 = 680.0;
/// Share of the left one.
const LEFT: f32 = 0.42;

/// What the tab remembers.
#[derive(Default)]
pub struct RegionState {
    /// The region while it is drawn, moved, or dragged by its numbers.
    pub draft: Option<Arc<Area>>,
    /// Why the last drag on a photo made no region.
    pub message: Option<(Weak<Photo>, String)>,
    /// What dragging on the picture does now.
    pub tool: Tool,
    pub flip: FlipState,
    /// For the picture: cells without which a decision flips, most important first.
    pub cells: Vec<Rect>,
    how: Removal,
    numbers: NumbersMemo,
    /// The last answer of the network that was brought into view.
    answered: Weak<Explanation>,
}

impl RegionState {
    /// What is marked on the picture.
    pub fn area<'a>(&'a self, state: &'a AppState) -> Option<&'a Arc<Area>> {
        self.draft.as_ref().or(state.selection().region.as_ref())
    }
}

/// The tab. `insight` is there once the tree is.
pub fn region_ui(
    ui: &mut Ui,
    state: &AppState,
    insight: Option<&Insight<'_>>,
    memory: &mut RegionState,
    out: &mut UiOutput,
) {
    let Some(photo) = &state.photo else { return };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let (width, gap) = (ui.available_width(), 16.0);
        if width < TWO_COLUMNS {
            region_part_ui(ui, state, insight, photo, memory, out);
            ui.separator();
            tree_part_ui(ui, state, insight, memory, out);
            return;
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            let left = (width * LEFT).floor();
            let layout = Layout::top_down(Align::Min);
            ui.allocate_ui_with_layout(vec2(left, 0.0), layout, |ui| {
                ui.reset_style();
                ui.set_width(left);
                region_part_ui(ui, state, insight, photo, memory, out);
            });
            let right = ui.available_width();
            ui.allocate_ui_with_layout(vec2(right, 0.0), layout, |ui| {
                ui.reset_style();
                tree_part_ui(ui, state, insight, memory, out);
            });
        });
    });
}

/// The region itself, and what it gives to what is selected.
fn region_part_ui(
    ui: &mut Ui,
    state: &AppState,
    insight: Option<&Insight<'_>>,
    photo: &Arc<Photo>,
    memory: &mut RegionState,
    out: &mut UiOutput,
) {
    let area = memory.area(state).cloned();
    fields_ui(ui, photo.rgb.dimensions(), area.as_ref(), memory, out);
    if let Some((of, message)) = &memory.message
        && of.ptr_eq(&Arc::downgrade(photo))
    {
        ui.colored_label(ui.visuals().warn_fg_color, message);
    }
    let Some(area) = area else {
        ui.label("How much does a part of the picture contribute?");
        ui.weak("Press B and drag a box, press L and draw a lasso, or hold Shift and drag");
        return;
    };
    let RegionState { numbers, how, answered, .. } = memory;
    let numbers = numbers.get(state, insight, &area);
    share_ui(ui, &numbers.models);
    if let Some(target) = &numbers.target {
        ui.label(RichText::new(words::headline(target)).strong()).on_hover_text(EXACT);
        ui.weak(words::sum(target)).on_hover_text(EXACT);
    }
    if let Some(ModelNumbers { role, seen, without: Ok(without) }) = numbers.models.first() {
        ui.label(words::prediction(role.name(), seen, without));
    }
    if numbers.models.iter().any(|model| model.without.is_ok()) {
        let (check, roles) = (Check::Region, state.roles());
        let checkable = Checkable { check, roles, area: &area, it: "it" };
        check_ui(ui, state, checkable, how, out);
    }
    if let Some(target) = &numbers.target
        && let Some((again, how)) = result(state, Check::Region, target.role, &area)
    {
        let seen = numbers.models.iter().find(|model| model.role == target.role);
        if let Some(ModelNumbers { seen, .. }) = seen {
            let sentence = comparison_ui(ui, target, seen, &again.forward.logits, how);
            bring_into_view(&sentence, again, answered);
        }
    }
}

/// Scrolls to what the network said when it has just said it.
fn bring_into_view(
    response: &Response,
    again: &Arc<Explanation>,
    answered: &mut Weak<Explanation>,
) {
    let new = Arc::downgrade(again);
    if !new.ptr_eq(answered) {
        *answered = new;
        response.scroll_to_me(None);
    }
}

/// How much of the picture it is, or why a model has nothing to say about it.
fn share_ui(ui: &mut Ui, models: &[ModelNumbers]) {
    let mut shares = Vec::new();
    for ModelNumbers { role, without, .. } in models {
        let name = role.name();
        match without {
            Ok(without) => {
                let share = percent(without.region.share() as f32);
                shares.push((share, name.to_lowercase()));
            }
            // Both models may say the same.
            Err(error) if models.iter().all(|it| it.without.as_ref().err() == Some(error)) => {
                if *role == models[0].role {
                    ui.colored_label(ui.visuals().warn_fg_color, error.to_string());
                }
            }
            Err(error) => {
                ui.colored_label(ui.visuals().warn_fg_color, format!("{name}: {error}"));
            }
        }
    }
    if let Some(((share, name), others)) = shares.split_first() {
        let mut text = format!("{share} of what the {name} sees");
        for (share, name) in others {
            text += &format!(", {share} for the {name}");
        }
        ui.weak(text);
    }
}

/// What the cells say about the rest of the picture, and what the network itself says about it.
/// These are the `logits` of the network; the tree may be another one than the network's own.
fn comparison_ui(
    ui: &mut Ui,
    target: &TargetNumbers,
    seen: &Explanation,
    logits: &[f32],
    how: Removal,
) -> Response {
    let sum = target.account.without();
    let network = target.question.ask(logits).total;
    let probability = seen.probability(target.target, logits);
    Grid::new("comparison").spacing([12.0, 3.0]).show(ui, |ui| {
        for (who, value, probability) in [
            ("cells", sum, target.probability.map(|[_, without]| without)),
            ("network", network, probability),
        ] {
            let name = format!("Without it, {} by the {who}", target.unit.name());
            let [value, p] = [signed(value, 2), probability.map_or_else(String::new, percent)];
            let label = ui.label(&name);
            label.widget_info(|| {
                WidgetInfo::labeled(Role::Label, true, format!("{name}: {value}, {p}"))
            });
            ui.monospace(value);
            ui.monospace(p);
            ui.end_row();
        }
    });
    ui.label(format!("With the region {}: {}", how.words(), words::agreement(network, sum)))
}

/// The decisions of the path, and what would flip one.
fn tree_part_ui(
    ui: &mut Ui,
    state: &AppState,
    insight: Option<&Insight<'_>>,
    memory: &mut RegionState,
    out: &mut UiOutput,
) {
    let Some(insight) = insight else {
        ui.weak("Waiting for the tree");
        return;
    };
    let RegionState { flip, cells, how, answered, .. } = memory;
    *cells = flip_ui(ui, insight, flip, (how, answered), out);
    let Some(area) = memory.area(state).cloned() else { return };
    let numbers = memory.numbers.get(state, Some(insight), &area);
    let Some(tree) = &numbers.tree else { return };
    let network = result(state, Check::Region, insight.role, &area).map(|(again, how)| {
        let (logits, rule) = (&again.forward.logits, insight.decision().rule);
        (Decision::new(insight.hierarchy, logits, rule), how)
    });
    ui.label(format!("Without the region {}", tree_says(insight, &tree.without)));
    table_ui(ui, insight, tree, network.as_ref().map(|(decision, _)| decision), out);
    if let Some((decision, how)) = network {
        let says = tree_says(insight, &decision);
        ui.label(format!("Run again with the region {}, {says}", how.words()));
    }
}

fn tree_says(insight: &Insight<'_>, without: &Decision) -> String {
    let label = |class| short(insight.explanation.model.label(class));
    let (now, then) = (insight.decision().class, without.class);
    match now == then {
        true => format!("the tree still says {}", label(now)),
        false => format!("the tree says {} instead of {}", label(then), label(now)),
    }
}
