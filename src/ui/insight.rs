//! Below the picture: why this decision? Step by step, by region, by comparison.

pub mod compare;
pub mod path;
pub mod region;
pub mod trust;

use std::sync::Arc;

use eframe::egui::{Panel, Ui, UiBuilder};
use strum::IntoEnumIterator as _;

use crate::explain::{Decision, Decisions, Forced, Hierarchy};
use crate::explanation::Explanation;
use crate::settings::{InsightTab, LEAST_INSIGHT, PanelSettings, Settings};
use crate::state::{AppState, Role};
use crate::ui::layout::Layout;
use crate::ui::output::UiOutput;
use crate::ui::theme;
use crate::ui::tree_panel::TreePanel;

/// Name and tooltip of a tab.
fn tab_text(tab: InsightTab) -> [&'static str; 2] {
    match tab {
        InsightTab::Path => ["Path", "Each decision from the root to the class"],
        InsightTab::Region => {
            ["Region", "What a part of the picture contributes to the class and to each decision"]
        }
        InsightTab::Compare => ["Compare", "Two classes, and the decision where they part"],
        InsightTab::Trust => {
            ["Trust", "Does the map show what matters to the network? Curves and checks"]
        }
    }
}

/// What the tabs show: one model's decision about the picture on the screen.
pub struct Insight<'a> {
    pub state: &'a AppState,
    /// Whose tree it is.
    pub role: Role,
    pub explanation: &'a Arc<Explanation>,
    pub hierarchy: &'a Hierarchy,
    pub decisions: &'a Decisions,
    /// Another way than the decided one, if the tree is made to take it.
    pub forced: Option<Forced>,
}

impl<'a> Insight<'a> {
    /// About the tree that is shown; `None` while there is none, or no result.
    pub fn new(state: &'a AppState, tree: &'a mut TreePanel) -> Option<Self> {
        let role = state.shown_tree();
        let explanation = state.explanation(role)?;
        tree.decisions(state, role)?;
        let decisions = explanation.decisions().ok()?;
        let hierarchy = &explanation.model.tree().ok()?.hierarchy;
        Some(Self {
            state,
            role,
            explanation,
            hierarchy,
            decisions,
            forced: state.what_if(role, hierarchy, decisions.by(state.rule(role))),
        })
    }

    /// By the rule that is chosen.
    pub fn decision(&self) -> &Decision {
        self.decisions.by(self.state.rule(self.role))
    }
}

/// What the tabs remember.
#[derive(Default)]
pub struct InsightState {
    pub path: path::PathState,
    pub region: region::RegionState,
    pub compare: compare::CompareState,
    pub trust: trust::TrustState,
}

/// The panel at the bottom of the picture.
pub fn insight_panel_ui(
    ui: &mut Ui,
    state: &AppState,
    all: &mut Settings,
    generation: [u64; 2],
    tree: &mut TreePanel,
    memory: &mut InsightState,
    out: &mut UiOutput,
) {
    let Settings { panels: settings, overlay, .. } = all;
    if !settings.insight {
        return;
    }
    let most = (ui.available_height() - 240.0).max(LEAST_INSIGHT);
    let panel = Panel::bottom(("insight", generation))
        .default_size(settings.insight_height.min(most))
        .size_range(LEAST_INSIGHT..=most)
        .resizable(true)
        .frame(theme::panel(ui.visuals()));
    let shown = theme::resizable_panel_ui(ui, panel, |ui| {
        ui.horizontal(|ui| {
            for tab in InsightTab::iter() {
                let [name, tooltip] = tab_text(tab);
                ui.selectable_value(&mut settings.insight_tab, tab, name).on_hover_text(tooltip);
            }
        });
        ui.separator();
        // The tabs stay where they are, however much there is to say below them.
        let body = ui.available_rect_before_wrap();
        let panel = ui;
        let ui = &mut panel.new_child(UiBuilder::new().max_rect(body));
        // Some room for the rings around what has the focus.
        ui.shrink_clip_rect(body.expand(4.0));
        match (settings.insight_tab, Insight::new(state, tree)) {
            // What it gives to a class needs no tree.
            (InsightTab::Region, insight) => {
                region::region_ui(ui, state, insight.as_ref(), &mut memory.region, out);
            }
            // Nor do two classes.
            (InsightTab::Compare, _) => {
                compare::compare_ui(ui, state, overlay, &mut memory.compare, out);
            }
            // Nor does a map.
            (InsightTab::Trust, _) => {
                trust::trust_ui(ui, state, overlay.method, &mut memory.trust, out);
            }
            (_, None) => {
                ui.weak("Waiting for the tree");
            }
            (InsightTab::Path, Some(insight)) => {
                path::path_ui(ui, &insight, &mut memory.path, out);
            }
        }
        panel.advance_cursor_after_rect(body);
    });
    if Layout::is_being_dragged(ui) {
        settings.insight_height = shown.response.rect.height();
    }
}

/// Opens the panel with a tab.
pub fn open(settings: &mut PanelSettings, tab: InsightTab) {
    (settings.insight, settings.insight_tab) = (true, tab);
}

/// Opens the panel with a tab, or closes it if that is what it shows.
pub fn toggle(settings: &mut PanelSettings, tab: InsightTab) {
    settings.insight = !settings.shows(tab);
    settings.insight_tab = tab;
}
