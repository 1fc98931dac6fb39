//! What the nodes of a decided tree say, in words: for cards, tooltips and screen readers.

use crate::explain::{Agreement, ClassId, Decision, Forced, Hierarchy, NodeId};

/// `97 %`, with one decimal where a whole number would hide something: `0.3 %`, `99.6 %`.
pub fn percent(probability: f32) -> String {
    let value = f64::from(probability) * 100.0;
    if value.is_nan() {
        return "?".to_owned();
    }
    let text = match value {
        _ if value > 0.0 && value < 0.05 => return "<0.1 %".to_owned(),
        _ if value < 9.95 || (99.0..99.95).contains(&value) => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// The name as people write it: WordNet joins words with `_`.
pub fn full_name(hierarchy: &Hierarchy, id: NodeId) -> String {
    let node = hierarchy.node(id);
    if node.is_leaf() || node.generated {
        node.name.to_string()
    } else {
        node.name.replace('_', " ")
    }
}

/// The name for a small place: "tench, Tinca tinca" is "tench" on a card, and a made-up name loses
/// its number of classes, "34 classes: trout … shark".
pub fn short_name(hierarchy: &Hierarchy, id: NodeId) -> String {
    let node = hierarchy.node(id);
    if node.is_leaf() {
        return first_synonym(&node.name).to_owned();
    }
    match node.name.split_once(": ") {
        Some((_, classes)) if node.generated => classes.to_owned(),
        _ => full_name(hierarchy, id),
    }
}

/// `tench` of `tench, Tinca tinca`.
pub fn first_synonym(label: &str) -> &str {
    label.split(',').next().unwrap_or(label).trim()
}

/// `12 classes` or `1 class`.
pub fn class_count(count: usize) -> String {
    match count {
        1 => "1 class".to_owned(),
        _ => format!("{count} classes"),
    }
}

/// From here on doubt is marked.
pub const NOTABLE: f32 = 0.1;

/// How undecided a node is, from 0 (certain) to 1 (all children alike); 0 for leaves.
///
/// This is its entropy as a share of the largest one that so many children allow.
pub fn doubt(hierarchy: &Hierarchy, decision: &Decision, id: NodeId) -> f32 {
    let choices = hierarchy.node(id).children.len();
    let entropy = decision.entropy.get(id).copied().unwrap_or_default();
    if choices < 2 || entropy.is_nan() {
        return 0.0;
    }
    (entropy / (choices as f32).ln()).clamp(0.0, 1.0)
}

/// The same for people; `None` for leaves and only choices.
pub fn doubt_in_words(hierarchy: &Hierarchy, decision: &Decision, id: NodeId) -> Option<String> {
    if hierarchy.node(id).children.len() < 2 {
        return None;
    }
    let doubt = doubt(hierarchy, decision, id);
    let words = match doubt {
        ..0.1 => "Decided without much doubt",
        0.1..0.5 => "Decided with some doubt",
        0.5..0.9 => "Decided with much doubt",
        _ => "Hardly decided at all",
    };
    Some(format!("{words}: {} doubt (at 100 % its branches look alike)", percent(doubt)))
}

/// What a screen reader says: `cat, 99 % of carnivore, 97 % overall, leaf`.
pub fn accessible_name(
    hierarchy: &Hierarchy,
    decision: &Decision,
    id: NodeId,
    open: bool,
) -> String {
    let node = hierarchy.node(id);
    let mut text = full_name(hierarchy, id);
    if let Some(parent) = node.parent {
        let [branch, reach] = probabilities(decision, id).map(percent);
        let parent = short_name(hierarchy, parent);
        text += &format!(", {branch} of {parent}, {reach} overall");
    } else {
        text += ", root";
    }
    if node.is_leaf() {
        text += ", leaf";
    } else {
        let state = if open { "expanded" } else { "collapsed" };
        text += &format!(", {}, {state}", class_count(node.leaves.len()));
    }
    if decision.path.contains(&id) {
        text += ", on the path";
    }
    text
}

/// P(node | parent) and P(node); NaN where the decision does not know the node.
pub fn probabilities(decision: &Decision, id: NodeId) -> [f32; 2] {
    let get = |values: &[f32]| values.get(id).copied().unwrap_or(f32::NAN);
    [get(&decision.branch_prob), get(&decision.reach_prob)]
}

/// What the network alone or a rule predicts.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// For the user.
    pub who: &'static str,
    pub class: String,
    pub probability: f32,
}

/// What the network alone, the hard and the soft tree predict. `probabilities` are the network's by
/// class; `soft` is the decision of the soft tree. The hard tree's probability is the product along
/// its path, which the soft tree knows, too.
pub fn predictions(
    agreement: Agreement,
    probabilities: &[f32],
    soft: &Decision,
    label: &dyn Fn(ClassId) -> String,
) -> [Prediction; 3] {
    let Agreement { plain, hard, soft: soft_class } = agreement;
    let of = |who, class: ClassId, values: &[f32]| Prediction {
        who,
        class: first_synonym(&label(class)).to_owned(),
        probability: values.get(class).copied().unwrap_or(f32::NAN),
    };
    [
        of("Network", plain, probabilities),
        of("Hard tree", hard, &soft.class_prob),
        of("Soft tree", soft_class, &soft.class_prob),
    ]
}

/// One line where the network alone, the hard tree and the soft tree disagree; else `None`.
pub fn disagreement(agreement: Agreement, label: &dyn Fn(ClassId) -> String) -> Option<String> {
    let Agreement { plain, hard, soft } = agreement;
    if agreement.is_unanimous() {
        return None;
    }
    let name = |class| first_synonym(&label(class)).to_owned();
    let [network, hard_name, soft_name] = [plain, hard, soft].map(name);
    Some(if hard == soft {
        format!("The network alone says {network}; hard and soft tree say {hard_name}")
    } else if plain == hard {
        format!("The network alone and the hard tree say {network}; the soft tree says {soft_name}")
    } else if plain == soft {
        format!("The network alone and the soft tree say {network}; the hard tree says {hard_name}")
    } else {
        format!(
            "The network alone says {network}, the hard tree {hard_name}, the soft tree {soft_name}"
        )
    })
}

/// `14 times less likely`, of a price as [`Forced`] has it: a log-ratio of two probabilities.
pub fn times_less_likely(price: f32) -> String {
    let times = f64::from(price.abs()).exp();
    let word = if price < 0.0 { "more" } else { "less" };
    match times {
        _ if price.is_nan() => "of unknown likelihood".to_owned(),
        _ if times < 1.05 => "as likely".to_owned(),
        _ if times < 9.95 => {
            format!("{times:.1} times {word} likely").replace(".0 times", " times")
        }
        _ if times < 1e6 => format!("{times:.0} times {word} likely"),
        _ => format!("over a million times {word} likely"),
    }
}

/// What the number behind these words is.
pub fn price_hint(price: f32) -> String {
    format!(
        "How likely both ends are, divided. The natural logarithm of that is {price:.2}: such \
         numbers add up along the way (in nats)"
    )
}

/// `What if: dog instead of cat, 14 times less likely (2.6 in log-odds)`.
pub fn what_if(hierarchy: &Hierarchy, decision: &Decision, forced: &Forced) -> String {
    let name =
        |path: &[NodeId]| path.last().map_or_else(String::new, |&id| short_name(hierarchy, id));
    let [new, old] = [&forced.path, &decision.path].map(|path| name(path));
    let times = times_less_likely(forced.price);
    let price = format!("{:.1}", forced.price).replace('-', "\u{2212}");
    format!("What if: {new} instead of {old}, {times} ({price} in log-odds)")
}
