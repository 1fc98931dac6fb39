//! The tree beside the picture: whose it is, and the view of it.

use std::sync::Arc;

use eframe::egui::{Align, Button, Label, Layout, RichText, Role as Kind, Ui, WidgetInfo, vec2};

use crate::command::{Command, MenuCommand};
use crate::explain::{Decision, Forced, Hierarchy};
use crate::explanation::{Explanation, Tree};
use crate::look::OverlayOptions;
use crate::settings::TreeSettings;
use crate::state::{AppState, PerRole, Role};
use crate::tree_text;
use crate::ui::map_tiles::MapSource;
use crate::ui::output::UiOutput;
use crate::ui::text::short;
use crate::ui::tree_view::{NodeMaps, TreeAction, TreeInput, TreeViewState, palette, tree_view_ui};

/// The result that is shown for each role.
#[derive(Default)]
pub struct TreePanel {
    memos: PerRole<Option<Memo>>,
    counter: u64,
    /// What was shown last, and the number of its tree.
    last: Option<(Arc<Explanation>, u64)>,
}

/// A result, and numbers that tell it and its tree from others.
pub struct Memo {
    pub explanation: Arc<Explanation>,
    tree: Arc<Tree>,
    tree_id: u64,
    result_id: u64,
}

impl TreePanel {
    /// A role's last result, if it has been decided; `None` while there is no result or no tree.
    pub fn decisions(&mut self, state: &AppState, role: Role) -> Option<&Memo> {
        let explanation = state.role(role).explanation()?;
        if !explanation.model.is_tree_made() {
            return None;
        }
        let own = state.own(role);
        let old = self.memos[own].take();
        let memo = match old {
            Some(memo) if Arc::ptr_eq(&memo.explanation, explanation) => memo,
            old => self.make(explanation, old.as_ref())?,
        };
        Some(self.memos[own].insert(memo))
    }

    fn make(&mut self, explanation: &Arc<Explanation>, old: Option<&Memo>) -> Option<Memo> {
        let tree = explanation.model.tree().ok()?;
        self.counter += 1;
        let known = old.filter(|old| Arc::ptr_eq(&old.tree, tree));
        Some(Memo {
            explanation: Arc::clone(explanation),
            tree: Arc::clone(tree),
            tree_id: known.map_or(self.counter, |known| known.tree_id),
            result_id: self.counter,
        })
    }
}

pub fn tree_panel_ui(
    ui: &mut Ui,
    state: &AppState,
    panel: &mut TreePanel,
    view: &mut TreeViewState,
    settings: &mut TreeSettings,
    overlay: &OverlayOptions,
    out: &mut UiOutput,
) {
    let role = state.shown_tree();
    if !state.shared {
        switch_ui(ui, state, role, out);
    }
    let own = state.role(role);
    let error = own.explanation().filter(|shown| shown.model.is_tree_made());
    if let Some(error) = error.and_then(|shown| shown.model.tree().err()) {
        ui.colored_label(ui.visuals().error_fg_color, error);
        return;
    }
    if let Some(error) = own.error().filter(|_| state.explanation(role).is_none()) {
        ui.colored_label(ui.visuals().error_fg_color, error);
        return;
    }
    let current = state.explanation(role).is_some();
    let last = panel.last.take();
    let Some(memo) = panel.decisions(state, role) else {
        waiting_ui(ui, own.explanation().is_some());
        return;
    };
    let Ok(decisions) = memo.explanation.decisions() else { return };
    let (tree, model) = (&memo.tree, &memo.explanation.model);
    if let Some((last, id)) = last
        && id != memo.tree_id
        && last.model.is_same_network(model)
        && let Ok(old) = last.model.tree()
    {
        // The same network with another tree: an edit, or its undoing.
        view.carry_over(&old.hierarchy, (memo.tree_id, &tree.hierarchy));
    }
    let shown = (Arc::clone(&memo.explanation), memo.tree_id);
    let rule = state.rule(role);
    let decision = decisions.by(rule);
    let forced = state.what_if(role, &tree.hierarchy, decision);
    let label = |class| short(model.label(class));
    let input = TreeInput {
        tree_id: memo.tree_id,
        result_id: memo.result_id,
        hierarchy: &tree.hierarchy,
        trained: tree.trained,
        decisions,
        rule,
        agreement: decisions.agreement(&memo.explanation.forward.logits),
        probabilities: &memo.explanation.probabilities,
        selected: state.linked_node(role),
        forced: forced.as_ref(),
        walks: state.walking().is_some(),
        pins: state.selection().pins.of(role),
        label: &label,
        maps: Some(NodeMaps {
            source: MapSource {
                explanation: &memo.explanation,
                options: overlay,
                decisions: Some(rule),
            },
            versus: state.selection().versus,
        }),
    };
    if !current {
        // Of the picture before.
        ui.multiply_opacity(0.5);
    }
    if state.edited_tree(role).is_some() {
        edited_ui(ui, &tree.name, out);
    }
    if let Some(forced) = &forced {
        what_if_ui(ui, &tree.hierarchy, decision, forced, out);
    }
    for action in tree_view_ui(ui, &input, settings, view) {
        out.push(match action {
            TreeAction::Select(node) => Command::SelectNode(role, node),
            TreeAction::SetRule(rule) => Command::SetRule(rule),
            TreeAction::Force(node) => Command::Force(role, node),
            TreeAction::Rename(node, name) => Command::RenameNode(role, node, name),
            TreeAction::Move(node, parent) => Command::MoveNode(role, node, parent),
            TreeAction::Pin(slot, class) => Command::Pin(role, slot, class),
            TreeAction::Compare(a, b) => Command::Compare(role, a, b),
        });
    }
    panel.last = Some(shown);
}

/// That this is not the model's own tree.
fn edited_ui(ui: &mut Ui, name: &str, out: &mut UiOutput) {
    let text = format!("Edited tree: {name}");
    sign_ui(
        ui,
        &text,
        "The network is unchanged; only its decisions are grouped differently",
        |ui| {
            button_ui(ui, "Original tree", MenuCommand::OriginalTree, out);
            button_ui(ui, "Save\u{2026}", MenuCommand::SaveHierarchy, out);
        },
    );
}

/// What comes out, and how much less likely that is.
fn what_if_ui(
    ui: &mut Ui,
    hierarchy: &Hierarchy,
    decision: &Decision,
    forced: &Forced,
    out: &mut UiOutput,
) {
    let text = tree_text::what_if(hierarchy, decision, forced);
    sign_ui(ui, &text, &tree_text::price_hint(forced.price), |ui| {
        button_ui(ui, "\u{d7}", MenuCommand::Unforce, out);
    });
}

/// A line above the tree with buttons at its end.
fn sign_ui(ui: &mut Ui, text: &str, hint: &str, buttons: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        buttons(ui);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let color = palette(ui.visuals()).path;
            let sign = Label::new(RichText::new(text).color(color)).truncate();
            ui.add(sign).on_hover_text(format!("{text}\n{hint}"));
        });
    });
}

/// A button for a command whose own text is too long here.
fn button_ui(ui: &mut Ui, text: &str, command: MenuCommand, out: &mut UiOutput) {
    let entry = command.entry();
    let button = ui.button(text);
    button.widget_info(|| WidgetInfo::labeled(Kind::Button, true, entry.text));
    if button.on_hover_text(format!("{}: {}", entry.text, entry.tooltip)).clicked() {
        out.push(command);
    }
}

/// Which of the two trees.
fn switch_ui(ui: &mut Ui, state: &AppState, shown: Role, out: &mut UiOutput) {
    ui.horizontal(|ui| {
        // The first name may take what the second leaves, but not more than half.
        let most = [0.5 * (ui.available_width() - ui.spacing().item_spacing.x), f32::INFINITY];
        for (role, most) in [Role::Tree, Role::Classifier].into_iter().zip(most) {
            let text = format!("Tree of {}", state.role(role).request.source.name());
            let button = Button::selectable(role == shown, text.as_str()).truncate();
            let place = vec2(ui.available_width().min(most), ui.spacing().interact_size.y);
            let layout = Layout::left_to_right(Align::Center);
            let response = ui.allocate_ui_with_layout(place, layout, |ui| ui.add(button)).inner;
            if response.on_hover_text(text).clicked() {
                out.push(Command::ShowTree(role));
            }
        }
    });
}

fn waiting_ui(ui: &mut Ui, has_result: bool) {
    ui.horizontal(|ui| {
        ui.spinner();
        ui.weak(if has_result { "Building the tree" } else { "Waiting for the network" });
    });
}
