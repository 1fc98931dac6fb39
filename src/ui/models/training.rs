//! What training with a tree would add to a model, and how to begin.

use eframe::egui::{self, Label, RichText, Ui};

use crate::assets::Dataset;
use crate::catalog::ModelSource;
use crate::command::Action;
use crate::explanation::ModelInfo;
use crate::state::Role;
use crate::ui::output::UiOutput;

const WHY: &str = "A network trained without a tree often disagrees with it, since the tree was \
                   built afterwards. Tree supervision trains the network a little longer with a \
                   second objective: at every branch, the right side should win. Accuracy stays \
                   about the same, and the path through the tree becomes one the network really \
                   follows. This takes the training pictures, Python with PyTorch, and a file \
                   with the tree:";
const TRAINED: &str = "This model was already trained with its tree.";
const OTHER: &str = "The script was written for another network or other pictures: adapt the \
                     lines that build the network and read the pictures.";

pub fn training_ui(ui: &mut Ui, role: Role, model: &ModelInfo, out: &mut UiOutput) {
    let is_trained = model.source.entry().is_some_and(|entry| entry.supervised);
    ui.add(Label::new(if is_trained { TRAINED } else { WHY }).wrap());
    let save = ui.button("Save the tree in its weights…");
    let hover = "The tree induced from its last layer, in nbdt's format";
    if save.on_hover_text(hover).clicked() {
        out.push(Action::SaveModelTree(role));
    }
    let (command, fits) = command(model);
    ui.horizontal(|ui| {
        let copy = ui.small_button("Copy").on_hover_text("Copy the command");
        copy.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, "Copy the training command")
        });
        if copy.clicked() {
            ui.ctx().copy_text(command.clone());
        }
        let text = RichText::new(&command).monospace();
        ui.add(Label::new(text).truncate()).on_hover_text(&command);
    });
    if !fits {
        ui.add(Label::new(RichText::new(OTHER).weak()).wrap());
    }
}

/// To be run in a checkout of this program, and whether its script is made for this very model.
fn command(model: &ModelInfo) -> (String, bool) {
    let name = model.architecture.as_str();
    let wide = name.strip_prefix("WideResNet-").and_then(|name| name.split([' ', '(']).next());
    let wide = wide.and_then(|size| size.split_once('-'));
    let (script, options, fits) = match wide {
        Some((depth, width)) => {
            let options = format!("--data cifar10 --depth {depth} --width {width} --minutes 25");
            ("wrn_cifar10.py", options, model.dataset == Some(Dataset::Cifar10))
        }
        None => {
            let fits = model.dataset == Some(Dataset::TinyImagenet200) && name == "ResNet-18";
            let options = "--data tiny-imagenet-200 --lr 0.02 --minutes 8".to_owned();
            ("resnet18_tinyimagenet.py", options, fits)
        }
    };
    let (tree, weights) = (tree_file(&model.source), weights(&model.source));
    let out = format!("runs/{}", stem(&model.source));
    let command = format!(
        "python training/{script} --hierarchy {tree} --start {weights} --out {out} {options}"
    );
    (command, fits)
}

/// Name for the file with a model's tree.
pub fn tree_file(source: &ModelSource) -> String {
    format!("{}-tree.json", stem(source))
}

/// A model's name in letters that no shell takes for something else.
fn stem(source: &ModelSource) -> String {
    let name = source.name();
    let stem = name.split('.').next().unwrap_or(&name);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    stem.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
}

/// The file with a model's weights, as one word for a shell.
fn weights(source: &ModelSource) -> String {
    let path = match source {
        ModelSource::File(path) => path.display().to_string(),
        ModelSource::Known(entry, models) if entry.published().is_some() => {
            models.join(entry.file).display().to_string()
        }
        ModelSource::Known(entry, _) => format!("weights/{}", entry.file),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(is_plain) { path } else { format!("\"{path}\"") }
}
