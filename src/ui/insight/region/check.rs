//! The honest check: what the network itself says without a part of the photo.

use std::sync::Arc;

use eframe::egui::{Button, Spinner, Ui};
use strum::IntoEnumIterator as _;

use crate::command::{Check, Command, MenuCommand};
use crate::explain::{Area, Removal};
use crate::explanation::Explanation;
use crate::state::{AppState, Outcome, Role};
use crate::ui::output::UiOutput;

/// How a part of the photo is taken out: a name and what happens.
fn text(how: Removal) -> [&'static str; 2] {
    match how {
        Removal::MeanColor => ["Mean colour", "Fill it with the mean colour of the photo"],
        Removal::Blur => ["Blur", "Blur it until a cell of the map sees none of its detail"],
    }
}

/// What can be checked.
#[derive(Clone, Copy)]
pub struct Checkable<'a> {
    pub check: Check,
    /// Whose networks are asked.
    pub roles: &'a [Role],
    pub area: &'a Arc<Area>,
    /// What the button calls the area.
    pub it: &'a str,
}

/// The button, the choice of how, and what is going on.
pub fn check_ui(
    ui: &mut Ui,
    state: &AppState,
    checkable: Checkable<'_>,
    how: &mut Removal,
    out: &mut UiOutput,
) {
    let Checkable { check, roles, area, it } = checkable;
    ui.horizontal_wrapped(|ui| {
        let of_roles = || roles.iter().filter_map(|&role| state.rerun(check, role, area));
        let is_running = of_roles().any(|rerun| rerun.is_running());
        let button =
            ui.add_enabled(!is_running, Button::new(format!("Run the network without {it}")));
        let tooltip = "Remove this part from the photo and run the network again";
        if button.on_hover_text(tooltip).clicked() {
            let ask = |&role| Command::RunWithout(check, role, Arc::clone(area), *how);
            out.extend(roles.iter().map(ask));
        }
        for choice in Removal::iter() {
            let [name, hint] = text(choice);
            ui.radio_value(how, choice, name).on_hover_text(hint);
        }
        if is_running {
            ui.add(Spinner::new().size(13.0));
            let cancel = MenuCommand::Cancel.entry();
            if ui.small_button("Stop").on_hover_text(cancel.tooltip).clicked() {
                out.push(MenuCommand::Cancel);
            }
        }
    });
    for &role in roles {
        if let Some(Outcome::Failed(error)) =
            state.rerun(check, role, area).map(|rerun| &rerun.outcome)
        {
            ui.colored_label(ui.visuals().error_fg_color, error);
        }
    }
}

/// What the network said, and how the part was taken out.
pub fn result<'a>(
    state: &'a AppState,
    check: Check,
    role: Role,
    area: &Area,
) -> Option<(&'a Arc<Explanation>, Removal)> {
    let rerun = state.rerun(check, role, area)?;
    Some((rerun.result()?, rerun.how))
}
