use eframe::egui::Ui;

use super::Insight;
use crate::command::Command;

#[derive(Default)]
pub struct CompareState;

pub fn compare_ui(
    _ui: &mut Ui,
    _insight: &Insight<'_>,
    _state: &mut CompareState,
    _out: &mut Vec<Command>,
) {
}
