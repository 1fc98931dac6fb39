//! The line at the bottom: picture, device, what is going on, how long it took.

use eframe::egui::{self, Align, Label, Layout, RichText, Ui};

use crate::command::MenuCommand;
use crate::numbers::{number, thousands};
use crate::output::megabytes;
use crate::protocol::Stage;
use crate::state::{AppState, Inquiry, Role, Topic};
use crate::ui::output::UiOutput;

pub fn status_bar_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let device = state.device.as_deref().unwrap_or("No device yet");
            ui.add(Label::new(RichText::new(device).weak()).truncate())
                .on_hover_text(format!("Device for the next picture: {device}"));
            for &role in state.roles().iter().rev() {
                if let Some(explanation) = state.explanation(role) {
                    ui.separator();
                    let milliseconds = number(explanation.took.as_secs_f32() * 1e3, 0);
                    let text = format!("{} {milliseconds} ms", role.name());
                    let device = &explanation.device;
                    let hint = format!("Time the network took on this picture, on {device}");
                    ui.weak(text).on_hover_text(hint);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| left_ui(ui, state, out));
        });
    });
}

fn left_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    if let Some(text) = work(state) {
        ui.add(egui::Spinner::new().size(13.0));
        ui.label(text);
        let cancel = MenuCommand::Cancel.entry();
        if ui.small_button(cancel.text).on_hover_text(cancel.tooltip).clicked() {
            out.push(MenuCommand::Cancel);
        }
        ui.separator();
    }
    if let Some(text) = downloads(state) {
        ui.label(text).on_hover_text("See the catalogue in the models window");
        ui.separator();
    }
    let Some(photo) = &state.photo else {
        ui.weak("No picture yet");
        return;
    };
    let (width, height) = photo.rgb.dimensions();
    let mut text = format!("{}  {width} × {height}", photo.name);
    if let Some(at) = state.shown_position().filter(|_| state.folder.len() > 1) {
        let [at, all] = [at + 1, state.folder.len()].map(thousands);
        text += &format!("  ({at} of {all})");
    }
    ui.add(Label::new(text).truncate());
}

/// What is being fetched.
fn downloads(state: &AppState) -> Option<String> {
    let (id, progress) = state.library.coming().next()?;
    let share = progress.and_then(|progress| Some((progress.done, progress.total?)));
    let share = share.map(|(done, total)| format!(" {}%", done * 100 / total.max(1)));
    Some(format!("Downloading {id}{}", share.unwrap_or_default()))
}

/// What the network is asked again and again, and how long that takes.
fn asking(inquiry: &Inquiry) -> String {
    let what = match inquiry.topic {
        Topic::Map(method, _) => method.name(),
        Topic::Curve(..) => "Curves",
        Topic::Checks => "Checks",
    };
    let [done, total] = [inquiry.answers.len(), inquiry.total].map(thousands);
    match inquiry.left.as_secs_f32() {
        left if left >= 1.0 => format!("{what}: {done} of {total}, {left:.0} s left"),
        _ => format!("{what}: {done} of {total}"),
    }
}

/// What the engine does, for the user.
fn work(state: &AppState) -> Option<String> {
    let stage = |stage| match stage {
        Some(Stage::Decoding) => "reading the picture".to_owned(),
        Some(Stage::LoadingModel { total: 0, .. }) => "loading the model".to_owned(),
        Some(Stage::LoadingModel { read, total }) => {
            format!("loading the model, {:.0} of {}", read as f64 / 1e6, megabytes(total))
        }
        Some(Stage::Running) => "running the network".to_owned(),
        None => "waiting".to_owned(),
    };
    // The one that has begun, or else the first one.
    let jobs = || Role::ALL.into_iter().filter_map(|role| Some((role, state.role(role).job()?)));
    let Some((role, job)) = jobs().find(|(_, job)| job.stage.is_some()).or_else(|| jobs().next())
    else {
        return match state.running_inquiry() {
            Some(inquiry) => Some(asking(inquiry)),
            None => state.is_rerunning().then(|| "Running the network again".to_owned()),
        };
    };
    let mut text = format!("{}: {}", role.name(), stage(job.stage));
    let seconds = job.since.elapsed().as_secs();
    if seconds >= 2 {
        text += &format!(" ({seconds} s)");
    }
    Some(text)
}
