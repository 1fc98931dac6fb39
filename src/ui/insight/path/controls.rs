//! Walking by pointer, and by itself.

use std::time::Duration;

use eframe::egui::{Button, DragValue, Label, Response, Ui};

use super::{Insight, place, summary};
use crate::command::MenuCommand;
use crate::explain::Walk;
use crate::ui::output::UiOutput;

/// Whether the walk goes on by itself, and how fast.
pub struct PathState {
    playing: bool,
    /// Seconds for each decision.
    pace: f32,
    /// When the next decision is due, in seconds.
    due: f64,
}

impl Default for PathState {
    fn default() -> Self {
        Self { playing: false, pace: 1.5, due: 0.0 }
    }
}

pub(super) fn controls_ui(
    ui: &mut Ui,
    insight: &Insight<'_>,
    way: &Walk,
    state: &mut PathState,
    out: &mut UiOutput,
) {
    play(ui, insight, way, state, out);
    ui.horizontal(|ui| {
        let button = |ui: &mut Ui, text: &str, command: MenuCommand| -> Response {
            ui.button(text).on_hover_text(command.entry().tooltip)
        };
        if button(ui, "Back", MenuCommand::WalkBack).clicked() {
            out.push(MenuCommand::WalkBack);
        }
        let text = if state.playing { "Pause" } else { "Play" };
        let hint = "Walk from the root to the class automatically";
        if ui.add(Button::new(text).selected(state.playing)).on_hover_text(hint).clicked() {
            state.playing = !state.playing;
            if state.playing {
                start(ui, state);
                out.push(MenuCommand::WalkOn);
            }
        }
        if button(ui, "Next", MenuCommand::WalkOn).clicked() {
            out.push(MenuCommand::WalkOn);
        }
        if insight.state.walking().is_some()
            && button(ui, "Leave", MenuCommand::LeaveWalk).clicked()
        {
            out.push(MenuCommand::LeaveWalk);
        }
        let pace = DragValue::new(&mut state.pace)
            .range(0.5..=5.0)
            .speed(0.05)
            .fixed_decimals(1)
            .suffix(" s");
        ui.add(pace).on_hover_text("How long each decision is shown");
        if insight.forced.is_some() {
            let entry = MenuCommand::Unforce.entry();
            if ui.button(entry.text).on_hover_text(entry.tooltip).clicked() {
                out.push(MenuCommand::Unforce);
            }
        } else {
            let hint = "The product of the probabilities of all decisions";
            ui.add(Label::new(summary(insight, way)).truncate()).on_hover_text(hint);
        }
    });
}

fn start(ui: &Ui, state: &mut PathState) {
    state.due = ui.input(|input| input.time) + f64::from(state.pace);
}

/// The next step when it is due; ends at the leaf, or when the walk is left.
fn play(ui: &Ui, insight: &Insight<'_>, way: &Walk, state: &mut PathState, out: &mut UiOutput) {
    if !state.playing {
        return;
    }
    let is_last = place(insight, way).is_some_and(|at| at + 1 == way.steps.len());
    if is_last || insight.state.walking().is_none() {
        state.playing = false;
        return;
    }
    let left = state.due - ui.input(|input| input.time);
    if left <= 0.0 {
        start(ui, state);
        out.push(MenuCommand::WalkOn);
    }
    ui.ctx().request_repaint_after(Duration::from_secs_f64(left.clamp(0.0, 5.0)));
}
