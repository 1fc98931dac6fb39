//! What nodes are called.

use super::percent;
use crate::explain::{ClassId, Decision, Hierarchy, NodeId};
use crate::numbers::thousands;
use crate::tree_layout::Others;

/// The name as people write it: WordNet joins words with `_`. A node without a name of its own is
/// called after the meaning that fits best, `≈ dog, 96%`.
pub fn full_name(hierarchy: &Hierarchy, id: NodeId) -> String {
    let node = hierarchy.node(id);
    match (node.generated, node.meaning) {
        (true, Some(meaning)) => format!("{}, {}", node.name, percent(meaning.overlap)),
        _ if node.is_leaf() || node.generated => node.name.to_string(),
        _ => node.name.replace('_', " "),
    }
}

/// The name for a small place: "tench, Tinca tinca" is "tench" on a card.
pub fn short_name(hierarchy: &Hierarchy, id: NodeId) -> String {
    let node = hierarchy.node(id);
    if node.is_leaf() { first_synonym(&node.name).to_owned() } else { node.name.replace('_', " ") }
}

/// The name in a text about one photo: a node that has no name and no meaning is called after the
/// classes below it that are likeliest on that photo, `trout, salmon or 32 others`.
pub fn name_on_photo(hierarchy: &Hierarchy, decision: &Decision, id: NodeId) -> String {
    let node = hierarchy.node(id);
    if node.is_leaf() || !node.generated || node.meaning.is_some() {
        return full_name(hierarchy, id);
    }
    members_on_photo(hierarchy, decision, id)
}

/// The same for a small place.
pub fn short_name_on_photo(hierarchy: &Hierarchy, decision: &Decision, id: NodeId) -> String {
    let node = hierarchy.node(id);
    if node.is_leaf() || !node.generated || node.meaning.is_some() {
        return short_name(hierarchy, id);
    }
    members_on_photo(hierarchy, decision, id)
}

/// The two likeliest classes below a node, and how many others there are.
fn members_on_photo(hierarchy: &Hierarchy, decision: &Decision, id: NodeId) -> String {
    let leaf = |class: ClassId| hierarchy.leaf(class).unwrap_or(id);
    let logit = |class: ClassId| decision.logit.get(leaf(class)).copied().unwrap_or(f32::NAN);
    let mut best: [Option<ClassId>; 2] = [None; 2];
    for &class in &hierarchy.node(id).leaves {
        let is_better = |than: Option<ClassId>| than.is_none_or(|than| logit(class) > logit(than));
        if is_better(best[0]) {
            best = [Some(class), best[0]];
        } else if is_better(best[1]) {
            best[1] = Some(class);
        }
    }
    let name = |class: ClassId| short_name(hierarchy, leaf(class));
    let names: Vec<String> = best.into_iter().flatten().map(name).collect();
    match hierarchy.node(id).leaves.len() - names.len() {
        0 => names.join(" or "),
        1 => format!("{} or 1 other", names.join(", ")),
        others => format!("{} or {} others", names.join(", "), thousands(others)),
    }
}

/// `+118 others`: the improbable children of a node, counted in classes.
pub fn others_count(others: &Others) -> String {
    format!("+{} others", thousands(others.classes))
}

/// What a screen reader says: `118 others of carnivore, 0.4% overall, in 12 branches`.
pub fn others_name(hierarchy: &Hierarchy, decision: &Decision, others: &Others) -> String {
    let parent = short_name_on_photo(hierarchy, decision, others.parent);
    let count = thousands(others.classes);
    let text = format!("{count} others of {parent}, {} overall", percent(others.reach));
    if others.nodes == others.classes {
        return text;
    }
    format!("{text}, in {} branches", others.nodes)
}

/// `tench` of `tench, Tinca tinca`.
pub fn first_synonym(label: &str) -> &str {
    label.split(',').next().unwrap_or(label).trim()
}

/// `12 classes` or `1 class`.
pub fn class_count(count: usize) -> String {
    match count {
        1 => "1 class".to_owned(),
        _ => format!("{} classes", thousands(count)),
    }
}
