//! `glasstree tree` and `glasstree induce`

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use super::args::{SubjectArgs, choice};
use super::{Client, Out};
use crate::catalog::ModelSource;
use crate::explain::Rule;
use crate::explanation::Explanation;
use crate::model::DeviceChoice;
use crate::output;
use crate::protocol::ModelRequest;

#[derive(Debug, Args)]
pub struct TreeArgs {
    /// hard (follow the likeliest child) or soft (multiply along the path).
    #[arg(long, default_value = "hard", value_parser = choice::<Rule>())]
    pub rule: Rule,
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
    /// File to write; the standard output if left out.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

pub fn run(args: &TreeArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.subject.request(ModelSource::default_tree_model());
    let client = args.subject.client()?;
    // A hierarchy that cannot be used is told before the network runs.
    client.load(&request)?.tree().map_err(|error| anyhow!("{error}"))?;
    let explanation = args.subject.explain(&client, &request)?;
    if args.subject.json {
        writeln!(out, "{}", to_json(&explanation, args.rule)?)?;
        return Ok(());
    }
    print_decisions(&explanation, args.rule, out)?;
    let agreement = explanation.agreement().map_err(|error| anyhow!("{error}"))?;
    if !agreement.is_unanimous() {
        let label = |class| explanation.model.label(class);
        writeln!(
            out,
            "They differ: network alone {}, hard tree {}, soft tree {}",
            label(agreement.plain),
            label(agreement.hard),
            label(agreement.soft)
        )?;
    }
    Ok(())
}

/// `Prediction: cat // Decisions: animal (99.34%), …`, without the root.
pub fn print_decisions(explanation: &Explanation, rule: Rule, out: Out<'_>) -> anyhow::Result<()> {
    let tree = explanation.model.tree().map_err(|error| anyhow!("{error}"))?;
    let decision = explanation.decision(rule).map_err(|error| anyhow!("{error}"))?;
    let steps = decision.steps(&tree.hierarchy);
    let steps = steps.iter().skip_while(|step| step.child.is_none());
    let texts: Vec<String> =
        steps.map(|step| format!("{} ({:.2}%)", step.name, step.probability * 100.0)).collect();
    let label = explanation.model.label(decision.class);
    writeln!(out, "Prediction: {label} // Decisions: {}", texts.join(", "))?;
    Ok(())
}

fn to_json(explanation: &Explanation, rule: Rule) -> anyhow::Result<serde_json::Value> {
    let tree = explanation.model.tree().map_err(|error| anyhow!("{error}"))?;
    let decision = explanation.decision(rule).map_err(|error| anyhow!("{error}"))?;
    let mut decisions: Vec<_> = decision.steps(&tree.hierarchy);
    for step in &mut decisions {
        // nbdt's trees for Tiny ImageNet have other ids at their leaves than the classes have.
        let class = tree.hierarchy.node(step.node).class;
        if let Some(wnid) = class.and_then(|class| explanation.model.wnid(class)) {
            step.wnid = wnid.to_owned();
        }
    }
    Ok(json!({
        "model": explanation.model.source.name(),
        "hierarchy": tree.name,
        "rule": rule.to_string(),
        "prediction": {
            "index": decision.class,
            "label": explanation.model.label(decision.class),
        },
        "decisions": decisions,
        "class_probabilities": decision.class_prob,
        "agreement": explanation.agreement().map_err(|error| anyhow!("{error}"))?,
    }))
}

pub fn induce(args: &InduceArgs, out: Out<'_>) -> anyhow::Result<()> {
    let mut request = ModelRequest::from(ModelSource::from_argument(&args.model));
    request.wnids = args.wnids.clone();
    let model = Client::start(DeviceChoice::Cpu)?.load(&request)?;
    let (json, classes) = (model.induced_hierarchy()?.to_json(), model.class_count());
    match &args.out {
        Some(path) => {
            output::write(path, json.as_bytes())?;
            writeln!(out, " * Wrote hierarchy of {classes} classes to {}", path.display())?;
        }
        None => writeln!(out, "{json}")?,
    }
    Ok(())
}
