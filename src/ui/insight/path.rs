use eframe::egui::Ui;

use super::Insight;
use crate::command::Command;

#[derive(Default)]
pub struct PathState;

pub fn path_ui(
    _ui: &mut Ui,
    _insight: &Insight<'_>,
    _state: &mut PathState,
    _out: &mut Vec<Command>,
) {
}
