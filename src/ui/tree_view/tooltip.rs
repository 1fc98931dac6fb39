//! Everything about one node, for the tooltip.

use eframe::egui::{RichText, Ui};

use crate::explain::NodeId;
use crate::tree_text::{class_count, full_name, percent, probabilities, short_name};

use super::Scene;

/// Most classes that are named.
const LISTED: usize = 12;

pub(super) fn tooltip_ui(ui: &mut Ui, scene: &Scene<'_>, id: NodeId) {
    let node = scene.hierarchy.node(id);
    let [branch, reach] = probabilities(scene.decision, id).map(percent);
    ui.set_max_width(300.0);
    ui.label(RichText::new(full_name(scene.hierarchy, id)).strong());
    ui.weak(&node.wnid);
    if let Some(parent) = node.parent {
        ui.label(format!("{branch} of {}", short_name(scene.hierarchy, parent)));
        ui.label(format!("{reach} overall"));
    }
    if !node.is_leaf() {
        let entropy = scene.decision.entropy.get(id).copied().unwrap_or(f32::NAN);
        let most = (node.children.len().max(1) as f32).ln();
        let text = format!("Entropy {entropy:.2} of at most {most:.2} nats");
        ui.label(text);
        let mut names: Vec<String> =
            node.leaves.iter().take(LISTED).map(|&c| (scene.label)(c)).collect();
        if node.leaves.len() > LISTED {
            names.push("…".to_owned());
        }
        ui.weak(format!("{}: {}", class_count(node.leaves.len()), names.join(" · ")));
    }
    let on_path = scene.on_path.get(id).copied().unwrap_or(false);
    if let Some(sentence) = scene.marks.sentence(id, on_path) {
        ui.colored_label(scene.palette.path, sentence);
    }
    if scene.selected == Some(id) && node.parent.is_some() {
        ui.weak("Drag it onto another branch to move it there; right click for more");
    }
}
