//! Which models are used: the pickers in the top bar, and the window with all details.

use eframe::egui::{self, ComboBox, Grid, RichText, Ui};

use super::path_prompt::Purpose;
use super::theme;
use crate::catalog::{CATALOG, ModelSource};
use crate::command::{Command, MenuCommand};
use crate::explanation::ModelInfo;
use crate::protocol::{HierarchyChoice, ModelRequest};
use crate::state::{AppState, Role};

/// Width of a picker, in points.
const WIDTH: f32 = 160.0;
/// In a narrower window, the names of the roles are in tooltips alone.
const NARROW: f32 = 760.0;
/// In a narrower window, pickers are narrower, too.
const SMALL: f32 = 600.0;

/// What a model is chosen for.
fn hint(role: Role) -> &'static str {
    match role {
        Role::Classifier => "Its classes are listed, and their maps are shown on the picture",
        Role::Tree => "Its tree shows how a picture is classified step by step",
    }
}

/// Choices in the top bar. `ask` gets what needs a file.
pub fn pickers_ui(ui: &mut Ui, state: &AppState, out: &mut Vec<Command>, ask: &mut Vec<Purpose>) {
    let room = ui.available_width();
    let width = if room < SMALL { 96.0 } else { WIDTH };
    for &role in Role::ALL.iter().rev() {
        if role == Role::Tree && state.shared {
            continue;
        }
        picker_ui(ui, role, width, state, out, ask);
        if room >= NARROW {
            ui.weak(role.name()).on_hover_text(hint(role));
            ui.add_space(6.0);
        }
    }
}

fn picker_ui(
    ui: &mut Ui,
    role: Role,
    width: f32,
    state: &AppState,
    out: &mut Vec<Command>,
    ask: &mut Vec<Purpose>,
) {
    let request = &state.role(role).request;
    let name = request.source.name();
    let combo = ComboBox::from_id_salt(("model", role as u8)).selected_text(&name).width(width);
    let response = combo.truncate().show_ui(ui, |ui| {
        for entry in &CATALOG {
            let source = ModelSource::Bundled(entry);
            let chosen = request.source == source;
            let label = ui.selectable_label(chosen, entry.id);
            if label.on_hover_text(format!("{}; {}", entry.title, entry.accuracy)).clicked() {
                out.push(Command::SetModel(role, source.into()));
            }
        }
        if let ModelSource::File(path) = &request.source {
            ui.selectable_label(true, &name).on_hover_text(path.display().to_string());
        }
        ui.separator();
        if ui.button("Open weights…").clicked() {
            ask.push(Purpose::Weights(role));
        }
        if ui.button(MenuCommand::Models.entry().text).clicked() {
            out.push(Command::Menu(MenuCommand::Models));
        }
    });
    response.response.widget_info(|| {
        let text = format!("{}: {name}", role.name());
        egui::WidgetInfo::labeled(egui::Role::ComboBox, true, text)
    });
    response.response.on_hover_text(format!("{}: {name}\n{}", role.name(), hint(role)));
}

/// The window. `is_tree_ready` says whether a tree can be looked at without waiting for it.
pub fn models_ui(
    ui: &Ui,
    open: &mut bool,
    state: &AppState,
    is_tree_ready: &dyn Fn(&ModelInfo) -> bool,
    out: &mut Vec<Command>,
    ask: &mut Vec<Purpose>,
) {
    let window = egui::Window::new("Models")
        .open(open)
        .default_pos(theme::WINDOW_AT)
        .collapsible(false)
        .resizable(false)
        .default_width(470.0);
    window.show(ui.ctx(), |ui| {
        let mut shared = state.shared;
        let both = ui.checkbox(&mut shared, "One model for both");
        if both.on_hover_text("The tree of the classifier is shown, and no other").changed() {
            out.push(Command::ShareModel(shared));
        }
        for &role in state.roles() {
            ui.add_space(4.0);
            ui.separator();
            role_ui(ui, role, state, is_tree_ready, out, ask);
        }
        ui.add_space(4.0);
        ui.separator();
        let device = state.device.as_deref().unwrap_or("none yet");
        ui.weak(format!("Device: {device}"));
    });
}

fn role_ui(
    ui: &mut Ui,
    role: Role,
    state: &AppState,
    is_tree_ready: &dyn Fn(&ModelInfo) -> bool,
    out: &mut Vec<Command>,
    ask: &mut Vec<Purpose>,
) {
    let own = state.role(role);
    ui.label(RichText::new(role.name()).strong()).on_hover_text(hint(role));
    ui.horizontal(|ui| {
        ui.push_id(role as u8, |ui| picker_ui(ui, role, WIDTH, state, out, ask));
        let labels = ui.button("Labels…").on_hover_text("A list of class names, one per output");
        if labels.clicked() {
            ask.push(Purpose::Labels(role));
        }
        hierarchy_ui(ui, role, &own.request, own.loaded.as_deref(), out, ask);
    });
    if let Some(error) = &own.error {
        ui.colored_label(ui.visuals().error_fg_color, error);
    }
    if own.job.is_some() {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.weak("At work");
        });
    }
    let Some(model) = own.loaded.as_deref() else { return };
    Grid::new(("facts", role as u8)).num_columns(2).min_col_width(90.0).show(ui, |ui| {
        for (name, value) in facts(model, is_tree_ready(model)) {
            ui.weak(name);
            ui.add(egui::Label::new(value).wrap());
            ui.end_row();
        }
        if let Some(changed) = state.edited_tree(role) {
            ui.weak("Changed tree");
            ui.add(egui::Label::new(&changed.name).wrap());
            ui.end_row();
        }
        if let Some(loading) = own.loading {
            ui.weak("Loaded in");
            ui.label(format!("{:.0} ms", loading.as_secs_f64() * 1e3));
            ui.end_row();
        }
    });
    if !model.unused.is_empty() {
        let text = format!("{} tensors of the file were not used", model.unused.len());
        ui.weak(text).on_hover_text(model.unused.join("\n"));
    }
}

/// What was recognised.
fn facts(model: &ModelInfo, tree_ready: bool) -> Vec<(&'static str, String)> {
    let recipe = &model.recipe;
    let resize = recipe.resize.map_or_else(String::new, |side| format!("short side to {side}, "));
    let three = |values: [f32; 3]| values.map(|value| format!("{value:.3}")).join(", ");
    let tree = match tree_ready.then(|| model.tree()) {
        Some(Ok(tree)) => format!("{}, {} nodes", tree.name, tree.hierarchy.nodes().len()),
        Some(Err(error)) => error.to_owned(),
        None => "being made".to_owned(),
    };
    let dataset = model.dataset.map_or_else(String::new, |set| format!(", {}", set.name()));
    vec![
        (
            "Network",
            format!("{}, {:.1} M numbers", model.architecture, model.parameters as f64 / 1e6),
        ),
        ("File", format!("{}, {}", model.format, model.dtype)),
        ("Classes", format!("{}{dataset}", model.head.classes)),
        ("Tree", tree),
        ("Picture", format!("{resize}middle {0} × {0}, {1}", recipe.crop, recipe.filter)),
        ("Mean", three(recipe.mean)),
        ("Deviation", three(recipe.std)),
        ("Cell of the map", format!("{0} × {0} pixels of the input", model.cell)),
    ]
}

fn hierarchy_ui(
    ui: &mut Ui,
    role: Role,
    request: &ModelRequest,
    model: Option<&ModelInfo>,
    out: &mut Vec<Command>,
    ask: &mut Vec<Purpose>,
) {
    let name = |choice: &HierarchyChoice| match choice {
        HierarchyChoice::Auto => "Its own tree".to_owned(),
        HierarchyChoice::Induced => "Tree from its weights".to_owned(),
        HierarchyChoice::Named(name) => std::path::Path::new(name)
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into()),
    };
    let mut choices = vec![HierarchyChoice::Auto, HierarchyChoice::Induced];
    if let Some(dataset) = model.and_then(|model| model.dataset) {
        let own = dataset.hierarchies().iter();
        choices.extend(own.map(|asset| HierarchyChoice::Named(asset.name.to_owned())));
    }
    let combo = ComboBox::from_id_salt(("hierarchy", role as u8))
        .selected_text(name(&request.hierarchy))
        .width(150.0);
    let response = combo.show_ui(ui, |ui| {
        for choice in choices {
            let chosen = request.hierarchy == choice;
            if ui.selectable_label(chosen, name(&choice)).clicked() {
                let request = ModelRequest { hierarchy: choice, ..request.clone() };
                out.push(Command::SetModel(role, request));
            }
        }
        ui.separator();
        if ui.button("Open hierarchy…").clicked() {
            ask.push(Purpose::Hierarchy(role));
        }
    });
    response.response.widget_info(|| {
        let text = format!("Tree of the {}", role.name().to_lowercase());
        egui::WidgetInfo::labeled(egui::Role::ComboBox, true, text)
    });
}
