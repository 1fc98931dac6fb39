//! One of the two models: its files, what was recognised in them, how pictures are prepared for it.

use std::path::Path;

use eframe::egui::{self, ComboBox, Grid, Label, RichText, ScrollArea, TextStyle, Ui};

use super::hint;
use super::picker::{WIDTH, picker_ui};
use super::recipe::RecipeEditor;
use super::training::training_ui;
use crate::command::{Action, Command, Purpose};
use crate::explanation::{ModelInfo, RecipeOrigin};
use crate::numbers::{number, thousands};
use crate::protocol::{HierarchyChoice, ModelRequest, RecipeChanges};
use crate::state::{AppState, Role, RoleState};
use crate::tree_text::class_count;
use crate::ui::output::UiOutput;

/// Width of the names at the left.
const NAMES: f32 = 100.0;

pub fn role_ui(
    ui: &mut Ui,
    role: Role,
    state: &AppState,
    recipe: &mut RecipeEditor,
    out: &mut UiOutput,
) {
    let own = state.role(role);
    ui.horizontal(|ui| {
        ui.label(RichText::new(role.name()).strong()).on_hover_text(hint(role));
        picker_ui(ui, role, WIDTH, state, out);
        if own.job().is_some() {
            ui.spinner();
            ui.weak("Working");
        }
    });
    if let Some(error) = own.error() {
        ui.colored_label(ui.visuals().error_fg_color, error);
    }
    let model = own.model.as_deref();
    Grid::new("facts").num_columns(2).min_col_width(NAMES).show(ui, |ui| {
        files_ui(ui, role, own, out);
        if let Some(model) = model {
            facts_ui(ui, model, own);
            if let Some(changed) = state.edited_tree(role) {
                ui.weak("Changed tree");
                ui.add(Label::new(&changed.name).wrap());
                ui.end_row();
            }
        }
    });
    let Some(model) = model else { return };
    if !model.unused.is_empty() {
        let text = format!("{} tensors in the file were not used", model.unused.len());
        ui.weak(text).on_hover_text(model.unused.join("\n"));
    }
    meanings_ui(ui, model);
    if model.recipe_origin == RecipeOrigin::Guess && own.request.recipe == RecipeChanges::default()
    {
        let text = "The file does not say how its network wants pictures, so their preprocessing is \
                    a guess. If answers look arbitrary, choose other colours under Preprocessing.";
        ui.colored_label(ui.visuals().warn_fg_color, text);
    }
    let heading = "Preprocessing";
    ui.collapsing(heading, |ui| {
        let photo = state.explanation(role).map(|seen| &seen.photo);
        ui.weak(format!("Source: {}", model.recipe_origin));
        if let Some(changes) = recipe.show(ui, &model.recipe, &own.request.recipe, photo) {
            let request = ModelRequest { recipe: changes, ..own.request.clone() };
            out.push(Command::SetModel(role, request));
        }
    })
    .header_response
    .on_hover_text(
        "Size and normalisation of the network's input; with the wrong ones its \
                    answers are arbitrary",
    );
    ui.collapsing("Train it with a tree", |ui| training_ui(ui, role, model, out));
}

/// Files beside the weights: names of the classes, their meaning, the tree.
fn files_ui(ui: &mut Ui, role: Role, own: &RoleState, out: &mut UiOutput) {
    let request = &own.request;
    let lists = [
        (
            "Class names",
            "A list of class names, one per output",
            &request.labels,
            Purpose::Labels(role),
            ModelRequest { labels: None, ..request.clone() },
        ),
        (
            "WordNet ids",
            "A list of WordNet ids (n02123045 …), one per output; the tree takes its names from \
             them",
            &request.wnids,
            Purpose::Wnids(role),
            ModelRequest { wnids: None, ..request.clone() },
        ),
    ];
    for (name, hover, path, purpose, without) in lists {
        ui.weak(name).on_hover_text(hover);
        ui.horizontal(|ui| {
            match path {
                Some(path) => {
                    ui.label(file_name(path)).on_hover_text(path.display().to_string());
                    let remove = ui.small_button("×").on_hover_text("Remove this list");
                    remove.widget_info(|| button(format!("Remove {}", name.to_lowercase())));
                    if remove.clicked() {
                        out.push(Command::SetModel(role, without));
                    }
                }
                None => {
                    ui.weak(known_list(own));
                }
            }
            let open = ui.small_button("Open…").on_hover_text(hover);
            let of = role.name().to_lowercase();
            open.widget_info(|| button(format!("Open {} of the {of}", name.to_lowercase())));
            if open.clicked() {
                out.push(Action::ChooseFile(purpose));
            }
        });
        ui.end_row();
    }
    ui.weak("Tree");
    hierarchy_ui(ui, role, request, own.model.as_deref(), out);
    ui.end_row();
}

/// Where names come from without a list.
fn known_list(own: &RoleState) -> String {
    let dataset = own.model.as_ref().and_then(|model| model.dataset);
    dataset.map_or_else(|| "none".to_owned(), |set| format!("from {}", set.title()))
}

fn button(name: String) -> egui::WidgetInfo {
    egui::WidgetInfo::labeled(egui::Role::Button, true, name)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name();
    name.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into())
}

/// Which classes were matched to WordNet by their names alone; nothing if none was.
fn meanings_ui(ui: &mut Ui, model: &ModelInfo) {
    let Some(Ok(tree)) = model.is_tree_made().then(|| model.tree()) else { return };
    let count = tree.placement.by_name.len();
    if count == 0 {
        return;
    }
    let heading = format!("Matched to WordNet by name: {}", class_count(count));
    ui.collapsing(heading, |ui| {
        ui.weak(format!(
            "In WordNet: {}. A wrong match? Give WordNet ids",
            tree.placement.in_words()
        ));
        let lines: Vec<String> = tree.placement.matches(&model.classes.labels).collect();
        let height = ui.text_style_height(&TextStyle::Body);
        ScrollArea::vertical().max_height(160.0).show_rows(ui, height, lines.len(), |ui, rows| {
            for line in &lines[rows] {
                ui.add(Label::new(line).truncate());
            }
        });
    })
    .header_response
    .on_hover_text("Their place in the tree hangs on these matches");
}

/// What was recognised.
fn facts_ui(ui: &mut Ui, model: &ModelInfo, own: &RoleState) {
    let tree = match model.is_tree_made().then(|| model.tree()) {
        Some(Ok(tree)) => {
            format!("{}, {} nodes", tree.name, thousands(tree.hierarchy.nodes().len()))
        }
        Some(Err(error)) => error.to_owned(),
        None => "being built".to_owned(),
    };
    let dataset = model.dataset.map_or_else(String::new, |set| format!(", {}", set.title()));
    let network =
        format!("{}, {:.1} M parameters", model.architecture, model.parameters as f64 / 1e6);
    let recipe = &model.recipe;
    let resize = recipe.resize.map_or_else(String::new, |side| format!("short side {side}, "));
    let mut facts = vec![
        ("", tree),
        ("Network", network),
        ("File", format!("{}, {}", model.format, model.dtype)),
        ("Classes", format!("{}{dataset}", thousands(model.class_count()))),
        ("Input", format!("{resize}centre crop {0} × {0}, {1}", recipe.crop, recipe.filter)),
    ];
    if let Some(cell) = model.cell {
        facts.push(("Map cell", format!("{cell} × {cell} pixels of the input")));
    }
    if let Some(caveat) = model.ending.caveat() {
        facts.push(("Maps", caveat));
    }
    if let Some(loading) = own.loading_time {
        facts.push(("Loaded in", format!("{} ms", number(loading.as_secs_f32() * 1e3, 0))));
    }
    for (name, value) in facts {
        ui.weak(name);
        ui.add(Label::new(value).wrap());
        ui.end_row();
    }
}

fn hierarchy_ui(
    ui: &mut Ui,
    role: Role,
    request: &ModelRequest,
    model: Option<&ModelInfo>,
    out: &mut UiOutput,
) {
    let name = |choice: &HierarchyChoice| match choice {
        HierarchyChoice::Auto => "Default tree".to_owned(),
        HierarchyChoice::Induced => "Induced from its weights".to_owned(),
        HierarchyChoice::WordNet => "WordNet".to_owned(),
        HierarchyChoice::Named(name) => file_name(Path::new(name)),
    };
    let mut choices =
        vec![HierarchyChoice::Auto, HierarchyChoice::WordNet, HierarchyChoice::Induced];
    if let Some(dataset) = model.and_then(|model| model.dataset) {
        let own = dataset.hierarchies().iter();
        choices.extend(own.map(|asset| HierarchyChoice::Named(asset.name.to_owned())));
    }
    let combo = ComboBox::from_id_salt(("hierarchy", role as u8))
        .selected_text(name(&request.hierarchy))
        .width(200.0);
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
            out.push(Action::ChooseFile(Purpose::Hierarchy(role)));
        }
    });
    response.response.widget_info(|| {
        let text = format!("Tree of the {}", role.name().to_lowercase());
        egui::WidgetInfo::labeled(egui::Role::ComboBox, true, text)
    });
}
