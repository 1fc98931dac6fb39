//! All models that are known by name, and the buttons that fetch them.

use eframe::egui::{
    self, Button, Label, ProgressBar, Response, RichText, Sense, Ui, WidgetInfo, vec2,
};
use egui_extras::{Column, TableBuilder, TableRow};

use crate::catalog::CatalogEntry;
use crate::command::Command;
use crate::fetch::Progress;
use crate::numbers::thousands;
use crate::output::megabytes;
use crate::state::{AppState, DownloadState};
use crate::ui::output::UiOutput;

const ROW: f32 = 40.0;
const HEAD: f32 = 22.0;

pub fn catalogue_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    let library = &state.library;
    let place = match &library.folder {
        Some(folder) => format!("Downloaded models are kept in {}", folder.display()),
        None => "Nothing can be downloaded: there is no folder for models".to_owned(),
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
        for name in ["Model", "Classes", "Accuracy", "Size", "Use as"] {
            row.col(|ui| {
                ui.weak(name);
            });
        }
    });
    let groups = variants(&library.entries);
    table.body(|body| {
        body.rows(ROW, groups.len(), |mut row| {
            let group = &groups[row.index()];
            row_ui(&mut row, group, state, out);
        });
    });
}

/// The entries by network and data set, in the order in which those come first: the same network
/// has been published several times, in another format or trained in another way. What is part of
/// the program stands for itself.
pub fn variants(entries: &[&'static CatalogEntry]) -> Vec<Vec<&'static CatalogEntry>> {
    let is_variant = |a: &CatalogEntry, b: &CatalogEntry| {
        let are_published = a.published().is_some() && b.published().is_some();
        are_published && a.network == b.network && a.dataset == b.dataset
    };
    let mut groups: Vec<Vec<&'static CatalogEntry>> = Vec::new();
    for &entry in entries {
        match groups.iter_mut().find(|group| is_variant(group[0], entry)) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups
}

/// The variant that is shown: the one that was chosen, else one that is here or on its way.
fn shown(ui: &Ui, group: &[&'static CatalogEntry], state: &AppState) -> &'static CatalogEntry {
    let chosen = ui.data(|data| data.get_temp::<&'static str>(choice_of(group)));
    let is_chosen = |entry: &&&CatalogEntry| Some(entry.id) == chosen;
    let is_known = |entry: &&&'static CatalogEntry| {
        !matches!(state.library.download_state(entry), DownloadState::Absent)
    };
    let found = group.iter().find(is_chosen).or_else(|| group.iter().find(is_known));
    found.copied().unwrap_or(group[0])
}

fn choice_of(group: &[&'static CatalogEntry]) -> egui::Id {
    egui::Id::unique(("variant of", group[0].id))
}

/// The other variants, where there are some.
fn variants_ui(ui: &mut Ui, group: &[&'static CatalogEntry], shown: &CatalogEntry) {
    if group.len() < 2 {
        return;
    }
    let text = RichText::new(format!("{} variants", group.len())).small();
    let menu = ui.menu_button(text, |ui| {
        for entry in group {
            let accuracy = entry.accuracy.unwrap_or("no published accuracy");
            let choice = ui.selectable_label(entry.id == shown.id, entry.title);
            if choice.on_hover_text(format!("{}: {accuracy}", entry.id)).clicked() {
                ui.data_mut(|data| data.insert_temp(choice_of(group), entry.id));
                ui.close();
            }
        }
    });
    let name = format!("Variants of {}", shown.network);
    menu.response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
}

fn row_ui(
    row: &mut TableRow<'_, '_>,
    group: &[&'static CatalogEntry],
    state: &AppState,
    out: &mut UiOutput,
) {
    let mut entry = group[0];
    row.col(|ui| {
        entry = shown(ui, group, state);
        name_ui(ui, group, entry);
    });
    row.col(|ui| {
        let classes = format!("The classes of {}", entry.dataset.title());
        ui.label(thousands(entry.dataset.class_count())).on_hover_text(classes);
    });
    row.col(|ui| accuracy_ui(ui, entry));
    row.col(|ui| size_ui(ui, entry, &state.library.download_state(entry)));
    row.col(|ui| download_ui(ui, entry, state, out));
}

/// Two lines: what to type, and what it is.
fn name_ui(ui: &mut Ui, group: &[&'static CatalogEntry], entry: &CatalogEntry) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add_space(5.0);
        ui.horizontal(|ui| {
            ui.add(Label::new(RichText::new(entry.id).strong()).truncate());
            variants_ui(ui, group, entry);
        });
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
        DownloadState::Here => Some(("downloaded", "In your models folder")),
        _ => None,
    };
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add_space(if place.is_some() { 5.0 } else { 12.0 });
        match entry.size() {
            Some(size) => ui.label(megabytes(size)),
            None => ui.weak("unknown").on_hover_text("Known once the download starts"),
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
        None => (0.0, "connecting…".to_owned()),
        Some(Progress { done, total: Some(total) }) => (
            done as f32 / total.max(1) as f32,
            format!("{:.0} of {}", done as f64 / 1e6, megabytes(total)),
        ),
        Some(Progress { done, total: None }) => (0.0, megabytes(done)),
    };
    let bar = ProgressBar::new(share).desired_width(120.0).text(RichText::new(&text).small());
    let bar = ui.add(bar);
    bar.widget_info(|| {
        let label = format!("Downloading {}: {text}", entry.id);
        WidgetInfo::labeled(egui::Role::ProgressIndicator, true, label)
    });
}

fn button(ui: &mut Ui, enabled: bool, text: &str, name: &str) -> Response {
    let button = Button::new(text).min_size(vec2(64.0, 0.0)).sense(Sense::click());
    let button = ui.add_enabled(enabled, button);
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, name));
    button
}
