//! All models that are known by name, and the buttons that fetch them.

use eframe::egui::{
    self, Button, Label, ProgressBar, Response, RichText, Sense, Ui, WidgetInfo, vec2,
};
use egui_extras::{Column, TableBuilder, TableRow};

use crate::catalog::CatalogEntry;
use crate::command::Command;
use crate::fetch::Progress;
use crate::output::megabytes;
use crate::state::{AppState, DownloadState};
use crate::ui::output::UiOutput;

const ROW: f32 = 40.0;
const HEAD: f32 = 22.0;

pub fn catalogue_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    let library = &state.library;
    let place = match &library.folder {
        Some(folder) => format!("Fetched models are kept in {}", folder.display()),
        None => "Nothing can be fetched: there is no folder to keep it in".to_owned(),
    };
    ui.add(Label::new(RichText::new(place).weak()).truncate());
    ui.add_space(4.0);
    let table = TableBuilder::new(ui)
        .striped(true)
        .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
        .column(Column::remainder().at_least(150.0).clip(true))
        .column(Column::exact(54.0))
        .column(Column::exact(120.0))
        .column(Column::exact(70.0))
        .column(Column::exact(190.0))
        .auto_shrink([false, false]);
    let table = table.header(HEAD, |mut row| {
        for name in ["Model", "Classes", "Right answers", "Size", "Use as"] {
            row.col(|ui| {
                ui.weak(name);
            });
        }
    });
    table.body(|body| {
        body.rows(ROW, library.entries.len(), |mut row| {
            let entry = library.entries[row.index()];
            row_ui(&mut row, entry, state, out);
        });
    });
}

fn row_ui(
    row: &mut TableRow<'_, '_>,
    entry: &'static CatalogEntry,
    state: &AppState,
    out: &mut UiOutput,
) {
    row.col(|ui| name_ui(ui, entry));
    row.col(|ui| {
        ui.label(entry.dataset.class_count().to_string()).on_hover_text(entry.dataset.name());
    });
    row.col(|ui| accuracy_ui(ui, entry));
    row.col(|ui| size_ui(ui, entry, &state.library.download_state(entry)));
    row.col(|ui| download_ui(ui, entry, state, out));
}

/// Two lines: what to type, and what it is.
fn name_ui(ui: &mut Ui, entry: &CatalogEntry) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add_space(5.0);
        ui.add(Label::new(RichText::new(entry.id).strong()).truncate());
        let about =
            format!("{}\n{}\nLicence: {}\n{}", entry.title, entry.paper, entry.licence, entry.file);
        ui.add(Label::new(RichText::new(entry.title).weak().small()).truncate())
            .on_hover_text(about);
    });
}

/// The size, and below it whether the model is here.
fn size_ui(ui: &mut Ui, entry: &CatalogEntry, download: &DownloadState) {
    let place = match download {
        DownloadState::Bundled => Some(("bundled", "Part of the program")),
        DownloadState::Here => Some(("fetched", "In your folder for models")),
        _ => None,
    };
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add_space(if place.is_some() { 5.0 } else { 12.0 });
        match entry.size() {
            Some(size) => ui.label(megabytes(size)),
            None => ui.weak("unknown").on_hover_text("The server tells when it is asked"),
        };
        if let Some((text, hover)) = place {
            ui.label(RichText::new(text).weak().small()).on_hover_text(hover);
        }
    });
}

/// The figure; the rest of the sentence says of what and by whom.
fn accuracy_ui(ui: &mut Ui, entry: &CatalogEntry) {
    let Some(accuracy) = entry.accuracy else {
        ui.weak("not published");
        return;
    };
    let figure = accuracy.split([',', ';']).next().unwrap_or(accuracy);
    let figure = figure.split(" on ").next().unwrap_or(figure);
    ui.add(Label::new(figure).truncate()).on_hover_text(accuracy);
}

/// What can be done with it now.
fn download_ui(ui: &mut Ui, entry: &'static CatalogEntry, state: &AppState, out: &mut UiOutput) {
    match state.library.download_state(entry) {
        DownloadState::Bundled | DownloadState::Here => use_ui(ui, entry, state, out),
        DownloadState::Coming(progress) => {
            bar_ui(ui, entry, progress);
            if button(ui, true, "Cancel", &format!("Cancel {}", entry.id)).clicked() {
                out.push(Command::CancelFetch(entry));
            }
        }
        DownloadState::Absent => {
            let can_fetch = state.library.folder.is_some();
            let fetch = button(ui, can_fetch, "Download", &format!("Download {}", entry.id));
            let hover = entry.published().map_or("", |published| published.url);
            if fetch.on_hover_text(format!("From {hover}")).clicked() {
                out.push(Command::Fetch(entry));
            }
        }
        DownloadState::Failed(error) => {
            if button(ui, true, "Retry", &format!("Retry {}", entry.id)).clicked() {
                out.push(Command::Fetch(entry));
            }
            let text = RichText::new(&error).small().color(ui.visuals().error_fg_color);
            ui.add(Label::new(text).truncate()).on_hover_text(error);
        }
    }
}

/// One that is here is chosen for a role.
fn use_ui(ui: &mut Ui, entry: &'static CatalogEntry, state: &AppState, out: &mut UiOutput) {
    let source = state.library.source(entry);
    for &role in state.roles() {
        let is_used = state.role(role).request.source == source;
        let text = role.name();
        let button = ui.add(Button::new(text).selected(is_used));
        let name = format!("Use {} as {}", entry.id, text.to_lowercase());
        button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_used, &name));
        if button.on_hover_text(name.as_str()).clicked() && !is_used {
            out.push(Command::SetModel(role, source.clone().into()));
        }
    }
}

fn bar_ui(ui: &mut Ui, entry: &CatalogEntry, progress: Option<Progress>) {
    let (share, text) = match progress {
        None => (0.0, "asking …".to_owned()),
        Some(Progress { done, total: Some(total) }) => (
            done as f32 / total.max(1) as f32,
            format!("{:.0} of {}", done as f64 / 1e6, megabytes(total)),
        ),
        Some(Progress { done, total: None }) => (0.0, megabytes(done)),
    };
    let bar = ProgressBar::new(share).desired_width(120.0).text(RichText::new(&text).small());
    let bar = ui.add(bar);
    bar.widget_info(|| {
        let label = format!("Fetching {}: {text}", entry.id);
        WidgetInfo::labeled(egui::Role::ProgressIndicator, true, label)
    });
}

fn button(ui: &mut Ui, enabled: bool, text: &str, name: &str) -> Response {
    let button = Button::new(text).min_size(vec2(64.0, 0.0)).sense(Sense::click());
    let button = ui.add_enabled(enabled, button);
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, name));
    button
}
