//! `glasstree tree` and `glasstree induce`

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use super::args::{SubjectArgs, fraction};
use super::{Client, Out, nodes};
use crate::catalog::ModelSource;
use crate::explain::{Decision, Hierarchy, NodeId, Rule, Sure};
use crate::explanation::Explanation;
use crate::model::DeviceChoice;
use crate::output;
use crate::protocol::ModelRequest;
use crate::text::Shown as _;
use crate::tree_text::{self, percent};

/// How likely the answer at a certainty has to be if nothing else is said.
pub const SURE: f32 = 0.9;

#[derive(Debug, Args)]
pub struct TreeArgs {
    /// Required certainty of the answer, 0 to 1.
    #[arg(long, default_value_t = SURE, value_parser = fraction)]
    pub sure: f32,
    #[command(flatten)]
    pub subject: SubjectArgs,
}

#[derive(Debug, Args)]
pub struct InduceArgs {
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: String,
    /// WordNet ids of the classes, one line per class.
    #[arg(long, value_name = "FILE")]
    pub wnids: Option<PathBuf>,
    /// File to write; standard output by default.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

pub fn run(args: &TreeArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.subject.request(ModelSource::default_classifier());
    let client = args.subject.client()?;
    // A hierarchy that cannot be used is told before the network runs.
    let model = client.load(&request)?;
    nodes::tree(&model)?;
    let explanation = args.subject.explain(&client, &request)?;
    let rule = args.subject.tree.rule(&explanation.model)?;
    if args.subject.json {
        writeln!(out, "{}", to_json(&explanation, rule, args.sure)?)?;
        return Ok(());
    }
    print_decisions(&explanation, rule, out)?;
    let decision = explanation.decision(rule).map_err(|error| anyhow!("{error}"))?;
    let sure = decision.sure(&nodes::tree(&explanation.model)?.hierarchy, args.sure);
    writeln!(out, "{}", sure_in_words(&explanation, &sure)?)?;
    Ok(())
}

/// `At least 90 % sure, by the network's own confidence: domestic cat (95 %), probably tiger cat`, or
/// that it is not.
pub fn sure_in_words(explanation: &Explanation, sure: &Sure) -> anyhow::Result<String> {
    let hierarchy = &nodes::tree(&explanation.model)?.hierarchy;
    let label = |class| explanation.model.label(class).to_owned();
    let answer = tree_text::sure(hierarchy, sure, &label);
    let threshold = percent(sure.threshold);
    let is_said = hierarchy.node(sure.node).parent.is_some();
    let how = if is_said { "At least" } else { "Not" };
    Ok(format!("{how} {threshold} sure, by the network's own confidence: {answer}"))
}

/// `Prediction: cat // Decisions: animal (99.34%), …`, without the root; and where the predictions
/// differ that a reader of this rule would compare, in which way and why.
pub fn print_decisions(explanation: &Explanation, rule: Rule, out: Out<'_>) -> anyhow::Result<()> {
    let hierarchy = &nodes::tree(&explanation.model)?.hierarchy;
    let decision = explanation.decision(rule).map_err(|error| anyhow!("{error}"))?;
    let steps = decision.steps(hierarchy);
    let steps = steps.iter().skip_while(|step| step.child.is_none());
    let texts: Vec<String> = steps
        .map(|step| {
            let name = tree_text::name_on_photo(hierarchy, decision, step.node);
            format!("{name} ({:.2}%)", step.probability * 100.0)
        })
        .collect();
    let label = explanation.model.label(decision.class);
    writeln!(out, "Prediction: {label} // Decisions: {}", texts.join(", "))?;
    let agreement = explanation.agreement().map_err(|error| anyhow!("{error}"))?;
    if agreement.is_unanimous(rule) {
        return Ok(());
    }
    let label = |class| explanation.model.label(class);
    match rule {
        Rule::Hard | Rule::Soft => writeln!(
            out,
            "Predictions differ: network alone {}, hard tree {}, soft tree {}",
            label(agreement.plain),
            label(agreement.hard),
            label(agreement.soft)
        )?,
        Rule::Marginal => {
            let label = |class| label(class).to_owned();
            if let Some(text) = tree_text::detour(hierarchy, decision, &label) {
                writeln!(out, "{text}")?;
            }
        }
    }
    Ok(())
}

fn to_json(
    explanation: &Explanation,
    rule: Rule,
    threshold: f32,
) -> anyhow::Result<serde_json::Value> {
    let tree = nodes::tree(&explanation.model)?;
    let hierarchy = &tree.hierarchy;
    let decision = explanation.decision(rule).map_err(|error| anyhow!("{error}"))?;
    let mut decisions: Vec<_> = decision.steps(hierarchy);
    for step in &mut decisions {
        step.wnid = wnid(explanation, hierarchy, step.node).into();
    }
    Ok(json!({
        "model": explanation.model.source.name(),
        "hierarchy": tree.name,
        "rule": rule.to_string(),
        "prediction": {
            "index": decision.class,
            "label": explanation.model.label(decision.class),
        },
        "likeliest": likeliest(explanation, decision),
        "decisions": decisions,
        "class_probabilities": decision.class_prob,
        "sure": sure_to_json(explanation, hierarchy, &decision.sure(hierarchy, threshold)),
        "agreement": explanation.agreement().map_err(|error| anyhow!("{error}"))?,
    }))
}

/// The class with the largest probability of all, by the rule of the decision.
fn likeliest(explanation: &Explanation, decision: &Decision) -> serde_json::Value {
    let class = decision.likeliest;
    let hierarchy = explanation.model.tree().map(|tree| &tree.hierarchy);
    let leaf = hierarchy.ok().and_then(|hierarchy| hierarchy.leaf(class));
    json!({
        "index": class,
        "label": explanation.model.label(class),
        "probability": leaf.map(|leaf| decision.reach_prob[leaf]),
    })
}

/// The answer at a certainty: the node, how likely it is, how deep it lies.
pub fn sure_to_json(
    explanation: &Explanation,
    hierarchy: &Hierarchy,
    sure: &Sure,
) -> serde_json::Value {
    json!({
        "threshold": super::exact(sure.threshold),
        "name": tree_text::full_name(hierarchy, sure.node),
        "wnid": wnid(explanation, hierarchy, sure.node),
        "probability": sure.probability,
        "depth": sure.depth,
        "likeliest": {
            "index": sure.class,
            "label": explanation.model.label(sure.class),
        },
    })
}

/// nbdt's trees for Tiny ImageNet have other ids at their leaves than the classes have.
fn wnid(explanation: &Explanation, hierarchy: &Hierarchy, node: NodeId) -> String {
    let node = hierarchy.node(node);
    let own = node.class.and_then(|class| explanation.model.wnid(class));
    own.unwrap_or(&node.wnid).to_owned()
}

pub fn induce(args: &InduceArgs, out: Out<'_>) -> anyhow::Result<()> {
    let mut request = ModelRequest::from(ModelSource::from_argument(&args.model));
    request.wnids = args.wnids.clone();
    let model = Client::start(DeviceChoice::Cpu)?.load(&request)?;
    let (json, classes) = (model.induced_hierarchy()?.to_json(), model.class_count());
    match &args.out {
        Some(path) => {
            output::write(path, json.as_bytes())?;
            writeln!(out, " * Wrote hierarchy of {classes} classes to {}", path.shown())?;
        }
        None => writeln!(out, "{json}")?,
    }
    Ok(())
}
