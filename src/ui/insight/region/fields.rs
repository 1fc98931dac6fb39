//! The region in numbers, and the buttons to draw one.

use std::sync::Arc;

use eframe::egui::{DragValue, Ui};

use super::RegionState;
use crate::command::{Command, MenuCommand};
use crate::explain::{Area, Rect};
use crate::ui::image_view::region::Tool;
use crate::ui::output::UiOutput;

/// Nothing on a photo is farther away, in pixels.
const FAR: f64 = 1e6;

pub fn fields_ui(
    ui: &mut Ui,
    photo: (u32, u32),
    area: Option<&Arc<Area>>,
    memory: &mut RegionState,
    out: &mut UiOutput,
) {
    ui.horizontal_wrapped(|ui| {
        match area.map(|area| &**area) {
            None => {
                begin_ui(ui, photo, memory, out);
                return;
            }
            Some(Area::Box(rect)) => box_ui(ui, rect, memory, out),
            Some(Area::Lasso(corners)) => {
                ui.label(format!("Lasso with {} corners", corners.len()));
            }
            Some(Area::Cells(cells)) => {
                ui.label(format!("{} cells of the map", cells.len()));
            }
        }
        let remove = MenuCommand::RemoveRegion.entry();
        if ui.button("Remove").on_hover_text(remove.tooltip).clicked() {
            memory.draft = None;
            out.push(MenuCommand::RemoveRegion);
        }
    });
}

/// Ways to make a region.
fn begin_ui(ui: &mut Ui, photo: (u32, u32), memory: &RegionState, out: &mut UiOutput) {
    for (tool, command, text) in
        [(Tool::Box, MenuCommand::DrawBox, "Box"), (Tool::Lasso, MenuCommand::DrawLasso, "Lasso")]
    {
        let button = ui.selectable_label(memory.tool == tool, text);
        if button.on_hover_text(command.entry().tooltip).clicked() {
            out.push(command);
        }
    }
    ui.separator();
    let middle = ui.button("Centre of the picture");
    if middle.on_hover_text("A box to start from when using the keyboard").clicked() {
        out.push(Command::SetRegion(Some(Arc::new(Area::Box(middle_of(photo))))));
    }
}

/// Half as wide and half as high as the photo.
fn middle_of((width, height): (u32, u32)) -> Rect {
    let [width, height] = [width, height].map(f64::from);
    let round_up = |x: f64| x.max(1.0).round();
    Rect::new(
        (width / 4.0).floor(),
        (height / 4.0).floor(),
        round_up(width / 2.0),
        round_up(height / 2.0),
    )
}

/// Four numbers; one step of undo for each change.
fn box_ui(ui: &mut Ui, rect: &Rect, memory: &mut RegionState, out: &mut UiOutput) {
    let [width, height] = [0, 1].map(|i| rect.max[i] - rect.min[i]);
    let mut numbers = [rect.min[0], rect.min[1], width, height];
    for (i, name) in ["x", "y", "width", "height"].into_iter().enumerate() {
        let field = DragValue::new(&mut numbers[i])
            .speed(1.0)
            .max_decimals(1)
            .range(-FAR..=FAR)
            .update_while_editing(false);
        // Together on one line.
        let field = ui.horizontal(|ui| {
            let label = ui.label(name);
            ui.add(field).labelled_by(label.id).on_hover_text("In photo pixels")
        });
        let field = field.inner;
        if !(field.changed() || field.drag_stopped()) {
            continue;
        }
        let [x, y, width, height] = numbers;
        let area = Arc::new(Area::Box(Rect::new(x, y, width, height)));
        memory.message = None;
        if field.dragged() {
            memory.draft = Some(area);
        } else {
            memory.draft = None;
            out.push(Command::SetRegion(Some(area)));
        }
    }
}
