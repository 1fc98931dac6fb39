//! The tree beside the picture: whose it is, and the view of it.

use std::sync::Arc;

use eframe::egui::Ui;

use crate::command::Command;
use crate::explain::{Agreement, Decision, Rule};
use crate::explanation::{Explanation, ModelInfo};
use crate::state::{AppState, Role};
use crate::ui::tree_view::{TreeAction, TreeInput, TreeViewState, tree_view_ui};

/// Decisions, made once for each result.
#[derive(Default)]
pub struct TreePanel {
    memo: Option<Memo>,
    /// Models whose tree is there; asking others for it would hold up the window.
    ready: Vec<Arc<ModelInfo>>,
    counter: u64,
}

/// Both rules on one result.
pub struct Memo {
    pub explanation: Arc<Explanation>,
    pub hard: Decision,
    pub soft: Decision,
    pub agreement: Agreement,
    tree_id: u64,
    result_id: u64,
}

impl Memo {
    pub fn decision(&self, rule: Rule) -> &Decision {
        match rule {
            Rule::Hard => &self.hard,
            Rule::Soft => &self.soft,
        }
    }
}

impl TreePanel {
    /// From now on this model's tree can be used.
    pub fn set_ready(&mut self, model: Arc<ModelInfo>, state: &AppState) {
        self.ready.retain(|known| {
            Role::ALL.iter().any(|&role| {
                state.role(role).loaded.as_ref().is_some_and(|m| Arc::ptr_eq(m, known))
            })
        });
        self.ready.push(model);
    }

    pub fn is_ready(&self, model: &ModelInfo) -> bool {
        self.ready.iter().any(|known| std::ptr::eq(Arc::as_ptr(known), model))
    }

    /// Both decisions about a role's last result; `None` while there is no result or no tree.
    pub fn decisions(&mut self, state: &AppState, role: Role) -> Option<&Memo> {
        let explanation = state.role(role).explanation.as_ref()?;
        if !self.is_ready(&explanation.model) {
            return None;
        }
        let known = self.memo.take().filter(|memo| Arc::ptr_eq(&memo.explanation, explanation));
        let memo = match known {
            Some(memo) => memo,
            None => self.make(explanation)?,
        };
        Some(self.memo.insert(memo))
    }

    fn make(&mut self, explanation: &Arc<Explanation>) -> Option<Memo> {
        self.counter += 1;
        let place = self.ready.iter().position(|model| Arc::ptr_eq(model, &explanation.model))?;
        Some(Memo {
            explanation: Arc::clone(explanation),
            hard: explanation.decision(Rule::Hard).ok()?,
            soft: explanation.decision(Rule::Soft).ok()?,
            agreement: explanation.agreement().ok()?,
            // Models stay where they are in memory as long as they are in the list.
            tree_id: Arc::as_ptr(&self.ready[place]) as usize as u64,
            result_id: self.counter,
        })
    }
}

pub fn tree_panel_ui(
    ui: &mut Ui,
    state: &AppState,
    panel: &mut TreePanel,
    view: &mut TreeViewState,
    out: &mut Vec<Command>,
) {
    let role = if state.shared { Role::Classifier } else { state.selection().tree };
    if !state.shared {
        switch_ui(ui, state, role, out);
    }
    let own = state.role(role);
    let error = own.explanation.as_ref().filter(|shown| panel.is_ready(&shown.model));
    if let Some(error) = error.and_then(|shown| shown.model.tree().err()) {
        ui.colored_label(ui.visuals().error_fg_color, error);
        return;
    }
    if let Some(error) = own.error.as_ref().filter(|_| state.explanation(role).is_none()) {
        ui.colored_label(ui.visuals().error_fg_color, error);
        return;
    }
    let current = state.explanation(role).is_some();
    let Some(memo) = panel.decisions(state, role) else {
        waiting_ui(ui, own.explanation.is_some());
        return;
    };
    let Ok(tree) = memo.explanation.model.tree() else { return };
    let model = &memo.explanation.model;
    let label = |class| short(model.label(class)).to_owned();
    let input = TreeInput {
        tree_id: memo.tree_id,
        result_id: memo.result_id,
        hierarchy: &tree.hierarchy,
        hard: &memo.hard,
        soft: &memo.soft,
        rule: state.selection().rule,
        agreement: memo.agreement,
        selected: state.selected_node(role),
        label: &label,
    };
    if !current {
        // Of the picture before.
        ui.multiply_opacity(0.5);
    }
    for action in tree_view_ui(ui, &input, view) {
        out.push(match action {
            TreeAction::Select(node) => Command::SelectNode(role, node),
            TreeAction::SetRule(rule) => Command::SetRule(rule),
        });
    }
}

/// Which of the two trees.
fn switch_ui(ui: &mut Ui, state: &AppState, shown: Role, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        for role in [Role::Tree, Role::Classifier] {
            let text = format!("Tree of {}", state.role(role).request.source.name());
            if ui.selectable_label(role == shown, text).clicked() {
                out.push(Command::ShowTree(role));
            }
        }
    });
}

fn waiting_ui(ui: &mut Ui, has_result: bool) {
    ui.horizontal(|ui| {
        ui.spinner();
        ui.weak(if has_result { "Making the tree" } else { "Waiting for the network" });
    });
}

/// The first of several synonyms.
pub fn short(label: &str) -> &str {
    label.split(',').next().unwrap_or(label).trim()
}
