//! `glasstree classify`

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use super::args::{ModelArgs, PartArgs, PictureArgs, fraction};
use super::nodes::{self, HierarchyArgs};
use super::{Client, Out, tree};
use crate::catalog::ModelSource;
use crate::explain::{ClassId, Hierarchy, Rule, Sure};
use crate::explanation::Explanation;
use crate::protocol::ModelRequest;
use crate::text::Shown as _;

#[derive(Debug, Args)]
pub struct ClassifyArgs {
    /// The pictures.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// Number of classes to print.
    #[arg(long, default_value_t = 5)]
    pub top: usize,
    /// Print JSON, one line per picture.
    #[arg(long)]
    pub json: bool,
    /// Add all logits to the JSON, or print them all.
    #[arg(long)]
    pub logits: bool,
    /// Also give the most specific answer with at least this certainty, 0 to 1: a class, or a group
    /// of classes.
    #[arg(long, value_name = "SHARE", value_parser = fraction)]
    pub sure: Option<f32>,
    #[command(flatten)]
    pub tree: HierarchyArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub part: PartArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

pub fn run(args: &ClassifyArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = ModelRequest {
        hierarchy: args.tree.choice(),
        ..args.options.request(args.model.as_deref(), ModelSource::default_classifier())
    };
    let client = Client::start(args.options.device.for_pictures(args.images.len()))?;
    let model = client.load(&request)?;
    let rule = args.sure.map(|_| args.tree.rule(&model)).transpose()?;
    let sure = args.sure.zip(rule);
    let mut failed = 0;
    for image in &args.images {
        let seen = client.explain(&args.picture, image, &request);
        match seen.and_then(|seen| client.part(seen, &request, args.part)) {
            Ok(explanation) if args.json => {
                let mut line = to_json(&explanation, args.top, args.logits);
                if let Some(sure) = sure {
                    let (hierarchy, sure) = find_sure(&explanation, sure)?;
                    line["sure"] = tree::sure_to_json(&explanation, hierarchy, &sure);
                }
                line["image"] = json!(image.shown());
                writeln!(out, "{line}")?;
            }
            Ok(explanation) => {
                print(&explanation, args, out)?;
                if let Some(sure) = sure {
                    let (_, sure) = find_sure(&explanation, sure)?;
                    writeln!(out, "{}", tree::sure_in_words(&explanation, &sure)?)?;
                }
            }
            Err(error) if args.images.len() == 1 => return Err(error),
            // One picture that cannot be read is no reason to leave out the others.
            Err(error) => {
                failed += 1;
                super::warn(&format!("{error:#}"));
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of {} pictures failed", args.images.len());
    Ok(())
}

/// The most that can be said at a certainty, by a rule.
fn find_sure(
    explanation: &Explanation,
    (threshold, rule): (f32, Rule),
) -> anyhow::Result<(&Hierarchy, Sure)> {
    let hierarchy = &nodes::tree(&explanation.model)?.hierarchy;
    let decision = explanation.decision(rule).map_err(|error| anyhow!("{error}"))?;
    Ok((hierarchy, decision.sure(hierarchy, threshold)))
}

fn print(explanation: &Explanation, args: &ClassifyArgs, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, "{}", explanation.photo.name)?;
    let count = if args.logits { explanation.forward.logits.len() } else { args.top };
    for class in explanation.top(count) {
        let percent = explanation.probabilities[class] * 100.0;
        let label = explanation.model.label(class);
        let logit = explanation.forward.logits[class];
        if args.logits {
            writeln!(out, "{percent:7.2}%  {logit:9.4}  {label} ({class})")?;
        } else {
            writeln!(out, "{percent:7.2}%  {label} ({class})")?;
        }
    }
    Ok(())
}

fn to_json(explanation: &Explanation, top: usize, logits: bool) -> serde_json::Value {
    let predictions = explanation.top(top).into_iter().map(|class| one(explanation, class));
    let mut value = json!({
        "model": explanation.model.source.name(),
        "device": explanation.device,
        "predictions": predictions.collect::<Vec<_>>(),
    });
    if logits {
        value["logits"] = json!(explanation.forward.logits);
    }
    value
}

/// A class as JSON: index, label, WordNet id if known, logit, probability.
pub fn one(explanation: &Explanation, class: ClassId) -> serde_json::Value {
    let mut value = json!({
        "index": class,
        "label": explanation.model.label(class),
        "logit": explanation.forward.logits[class],
        "probability": explanation.probabilities[class],
    });
    if let Some(wnid) = explanation.model.wnid(class) {
        value["wnid"] = json!(wnid);
    }
    value
}
