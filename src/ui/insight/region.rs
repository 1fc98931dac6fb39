use eframe::egui::Ui;

use super::Insight;
use crate::command::Command;

#[derive(Default)]
pub struct RegionState;

pub fn region_ui(
    _ui: &mut Ui,
    _insight: &Insight<'_>,
    _state: &mut RegionState,
    _out: &mut Vec<Command>,
) {
}
