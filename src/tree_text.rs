//! What the nodes of a decided tree say, in words: for cards, tooltips and screen readers.

mod names;
mod predictions;

use crate::explain::{ClassId, Decision, Forced, Hierarchy, NodeId, Rule, Sure};
pub use crate::numbers::percent;
use crate::numbers::thousands;

pub use names::{
    class_count, first_synonym, full_name, name_on_photo, others_count, others_name, short_name,
    short_name_on_photo,
};
pub use predictions::{Prediction, detour, disagreement, predictions};

/// From here on doubt is marked.
pub const NOTABLE: f32 = 0.1;

/// From here on a decision is called close: of two branches, the likelier has 89% or less.
pub const CLOSE: f32 = 0.5;

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

/// How a node is decided: `Close: cat 54 %, dog 46 %`; `None` for leaves and only choices.
pub fn doubt_in_words(hierarchy: &Hierarchy, decision: &Decision, id: NodeId) -> Option<String> {
    let share = |id: NodeId| decision.branch_prob.get(id).copied().unwrap_or(f32::NAN);
    let mut branches = hierarchy.node(id).children.clone();
    branches.sort_by(|&a, &b| share(b).total_cmp(&share(a)));
    let [first, second, ..] = branches[..] else { return None };
    let word = match doubt(hierarchy, decision, id) {
        ..NOTABLE => "Clear",
        NOTABLE..CLOSE => "Fairly clear",
        CLOSE..0.9 => "Close",
        _ => "Undecided",
    };
    let branch = |id| {
        let name = short_name_on_photo(hierarchy, decision, id);
        format!("{name} {}", percent(share(id)))
    };
    Some(format!("{word}: {}, {}", branch(first), branch(second)))
}

/// What a screen reader says: `cat, 99% of carnivore, 97% overall, leaf`.
pub fn accessible_name(
    hierarchy: &Hierarchy,
    decision: &Decision,
    id: NodeId,
    open: bool,
) -> String {
    let node = hierarchy.node(id);
    let mut text = name_on_photo(hierarchy, decision, id);
    if let Some(parent) = node.parent {
        let [branch, reach] = probabilities(decision, id).map(percent);
        let parent = short_name_on_photo(hierarchy, decision, parent);
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

/// `domestic cat (95%), probably tiger cat`: the most that can be said at a certainty. Where that
/// is nothing, `best guess: Egyptian cat (34%)`.
pub fn sure(hierarchy: &Hierarchy, sure: &Sure, label: &dyn Fn(ClassId) -> String) -> String {
    let class = first_synonym(&label(sure.class)).to_owned();
    let node = hierarchy.node(sure.node);
    if node.is_leaf() {
        return format!("{class} ({})", percent(sure.probability));
    }
    if node.parent.is_none() {
        return format!("best guess: {class} ({})", percent(sure.class_probability));
    }
    let name = full_name(hierarchy, sure.node);
    format!("{name} ({}), probably {class}", percent(sure.probability))
}

/// What a rule does, in one sentence.
pub fn rule_sentence(rule: Rule) -> &'static str {
    match rule {
        Rule::Hard => {
            "A branch has the mean logit of its classes, and from the root down the likeliest branch \
             is taken; this holds for networks that were trained with the tree"
        }
        Rule::Soft => {
            "A branch has the mean logit of its classes, and the class wins whose probabilities \
             along its path have the largest product"
        }
        Rule::Marginal => {
            "A branch is as likely as the network finds its classes together, and from the root down \
             the likeliest branch is taken; this holds for every network"
        }
    }
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
        _ if times < 1e6 => format!("{} times {word} likely", thousands(times.round() as usize)),
        _ => format!("more than a million times {word} likely"),
    }
}

/// What the number behind these words is.
pub fn price_hint(price: f32) -> String {
    format!(
        "The ratio of the two probabilities. Its natural logarithm is {price:.2} nats; such \
         numbers add up along the path"
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
