//! What the nodes of a decided tree say, in words: for cards, tooltips and screen readers.

use crate::explain::{
    Agreement, ClassId, Decision, Decisions, Forced, Hierarchy, NodeId, Rule, Sure,
};
pub use crate::numbers::percent;
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

/// How a node is decided: `Close: cat 54 %, dog 46 %`; `None` for leaves and only choices.
pub fn doubt_in_words(hierarchy: &Hierarchy, decision: &Decision, id: NodeId) -> Option<String> {
    let share = |id: NodeId| decision.branch_prob.get(id).copied().unwrap_or(f32::NAN);
    let mut branches = hierarchy.node(id).children.clone();
    branches.sort_by(|&a, &b| share(b).total_cmp(&share(a)));
    let [first, second, ..] = branches[..] else { return None };
    let word = match doubt(hierarchy, decision, id) {
        ..NOTABLE => "Clear",
        NOTABLE..0.5 => "Fairly clear",
        0.5..0.9 => "Close",
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

/// Why the likeliest branches lead elsewhere than to the likeliest class; `None` if they do not.
pub fn detour(
    hierarchy: &Hierarchy,
    decision: &Decision,
    label: &dyn Fn(ClassId) -> String,
) -> Option<String> {
    let Decision { class, likeliest, .. } = *decision;
    let [leaf, best] = [hierarchy.leaf(class)?, hierarchy.leaf(likeliest)?];
    let (_, [taken, other]) = hierarchy.parting(leaf, best)?;
    let name = |class| first_synonym(&label(class)).to_owned();
    let reach = |id: NodeId| percent(decision.reach_prob[id]);
    let branch = |id: NodeId| {
        let node = hierarchy.node(id);
        let count = class_count(node.leaves.len());
        match node.is_leaf() {
            true => format!("{} ({})", first_synonym(&node.name), reach(id)),
            false => format!("{} ({count}, together {})", full_name(hierarchy, id), reach(id)),
        }
    };
    Some(format!(
        "The likeliest class is {} ({}), but the path leads to {} ({}): where they diverge, {} is \
         likelier than {}",
        name(likeliest),
        reach(best),
        name(class),
        reach(leaf),
        branch(taken),
        branch(other)
    ))
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

/// What the network alone or a rule predicts.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// For the user.
    pub who: &'static str,
    /// How it comes about.
    pub hint: &'static str,
    pub class: String,
    pub probability: f32,
}

/// What is predicted by whom, as far as a reader of `rule` compares it: see
/// [`Agreement::compared`]. `probabilities` are the network's by class. The hard tree's probability
/// is the product along its path, which the soft tree knows, too.
pub fn predictions(
    decisions: &Decisions,
    agreement: Agreement,
    rule: Rule,
    probabilities: &[f32],
    label: &dyn Fn(ClassId) -> String,
) -> Vec<Prediction> {
    let of = |who, hint, class: ClassId, values: &[f32]| Prediction {
        who,
        hint,
        class: first_synonym(&label(class)).to_owned(),
        probability: values.get(class).copied().unwrap_or(f32::NAN),
    };
    let Decisions { soft, marginal, .. } = decisions;
    let network = of(
        "Network",
        "The class with the largest output of the network, without a tree",
        agreement.plain,
        probabilities,
    );
    match rule {
        Rule::Hard | Rule::Soft => vec![
            network,
            of(
                "Hard tree",
                "Follows the likeliest branch from the root down; the probability is the product \
                 along the way",
                agreement.hard,
                &soft.class_prob,
            ),
            of(
                "Soft tree",
                "Multiplies the probabilities along every path and takes the class with the \
                 largest product",
                agreement.soft,
                &soft.class_prob,
            ),
        ],
        Rule::Marginal => vec![
            network,
            of(
                "Path",
                "Follows the likeliest branch from the root down; a branch is as likely as all \
                 its classes together",
                agreement.marginal,
                &marginal.class_prob,
            ),
        ],
    }
}

/// One line where those disagree whom a reader of `rule` compares; else `None`.
pub fn disagreement(
    agreement: Agreement,
    rule: Rule,
    label: &dyn Fn(ClassId) -> String,
) -> Option<String> {
    let Agreement { plain, hard, soft, marginal } = agreement;
    if agreement.is_unanimous(rule) {
        return None;
    }
    let name = |class| first_synonym(&label(class)).to_owned();
    let [network, hard_name, soft_name, path] = [plain, hard, soft, marginal].map(name);
    Some(match rule {
        Rule::Marginal => {
            format!("The likeliest branches lead to {path}, the likeliest class is {network}")
        }
        Rule::Hard | Rule::Soft if hard == soft => {
            format!(
                "The network alone predicts {network}; the hard and soft trees predict \
                     {hard_name}"
            )
        }
        Rule::Hard | Rule::Soft if plain == hard => {
            format!(
                "The network alone and the hard tree predict {network}; the soft tree predicts \
                 {soft_name}"
            )
        }
        Rule::Hard | Rule::Soft if plain == soft => {
            format!(
                "The network alone and the soft tree predict {network}; the hard tree predicts \
                 {hard_name}"
            )
        }
        Rule::Hard | Rule::Soft => format!(
            "The network alone predicts {network}, the hard tree {hard_name}, the soft tree \
             {soft_name}"
        ),
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
