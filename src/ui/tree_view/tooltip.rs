//! Everything about one node, for the tooltip.

use eframe::egui::{RichText, Sense, Ui, Vec2};

use crate::explain::NodeId;
use crate::explanation::CamTarget;
use crate::numbers::number;
use crate::tree_layout::{Others, children};
use crate::tree_text::{
    class_count, doubt_in_words, name_on_photo, percent, probabilities, short_name,
};
use crate::ui::map_tiles::MapTiles;

use super::{NodeMaps, Scene, TreeViewState};

/// Side of the map, in points.
const MAP: f32 = 150.0;

/// Most classes that are named.
const LISTED: usize = 12;

pub(super) fn tooltip_ui(ui: &mut Ui, scene: &Scene<'_>, id: NodeId, tiles: &mut MapTiles) {
    let node = scene.hierarchy.node(id);
    let [branch, reach] = probabilities(scene.decision, id).map(percent);
    ui.set_max_width(300.0);
    ui.label(RichText::new(name_on_photo(scene.hierarchy, scene.decision, id)).strong());
    ui.weak(node.wnid.as_str());
    if let Some(parent) = node.parent {
        ui.label(format!("{branch} of {}", short_name(scene.hierarchy, parent)));
        ui.label(format!("{reach} overall"));
    }
    map_ui(ui, scene, id, tiles);
    if scene.partings.contains(&id) {
        ui.label("The predictions diverge here: the network and the tree disagree");
    }
    if let Some(words) = doubt_in_words(scene.hierarchy, scene.decision, id) {
        ui.label(words);
        let entropy = scene.decision.entropy.get(id).copied().unwrap_or(f32::NAN);
        let most = (node.children.len().max(1) as f32).ln();
        ui.weak(format!("Entropy {entropy:.2} of at most {most:.2} nats"));
    }
    if !node.is_leaf() {
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
        ui.weak("Drag it onto another branch to move it there; right-click for more");
    }
}

/// The likeliest of the nodes that share a card.
pub(super) fn others_ui(ui: &mut Ui, scene: &Scene<'_>, others: &Others, state: &TreeViewState) {
    let Scene { hierarchy, decision, .. } = *scene;
    let (_, nodes) = children(hierarchy, decision, &state.open, others.parent);
    ui.set_max_width(300.0);
    let parent = short_name(hierarchy, others.parent);
    let count = class_count(others.classes);
    ui.label(RichText::new(format!("{count} of {parent}: {}", percent(others.reach))).strong());
    for &id in nodes.iter().take(LISTED) {
        let [_, reach] = probabilities(decision, id);
        ui.label(format!("{}  {}", name_on_photo(hierarchy, decision, id), percent(reach)));
    }
    if nodes.len() > LISTED {
        ui.weak(format!("and {} more", nodes.len() - LISTED));
    }
    ui.weak("Click to show them in the tree");
}

/// The map of a node, and what its colours mean.
fn map_ui(ui: &mut Ui, scene: &Scene<'_>, id: NodeId, tiles: &mut MapTiles) {
    let (Some(target), Some(NodeMaps { source, .. })) = (scene.map_of(id), scene.maps) else {
        return;
    };
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(MAP), Sense::hover());
    tiles.paint(ui.painter(), source, &[(Some(target), rect)]);
    let siblings = scene.hierarchy.siblings(id);
    let other = match (target, &siblings[..]) {
        (CamTarget::Against(_, other, _), _) | (CamTarget::Decision(..), &[other]) => {
            short_name(scene.hierarchy, other)
        }
        (CamTarget::Decision(..), _) => format!("its {} siblings", siblings.len()),
        _ => return,
    };
    let name = short_name(scene.hierarchy, id);
    let scale = match tiles.among_siblings(source, target) {
        Some(most) => format!(", up to {} logits among its siblings", number(most, 1)),
        None => String::new(),
    };
    ui.label(format!("Red is evidence for {name}, blue for {other}{scale}"));
}
