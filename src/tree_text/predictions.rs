//! What network and tree say, and where they part.

use super::names::{class_count, first_synonym, full_name};
use crate::explain::{Agreement, ClassId, Decision, Decisions, Hierarchy, NodeId, Rule};
use crate::numbers::percent;

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
