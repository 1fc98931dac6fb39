//! `glasstree classify`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::args::{ModelArgs, PictureArgs};
use super::{Client, Out};
use crate::catalog::ModelSource;
use crate::explain::ClassId;
use crate::explanation::Explanation;

#[derive(Debug, Args)]
pub struct ClassifyArgs {
    /// The pictures.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// How many classes to print.
    #[arg(long, default_value_t = 5)]
    pub top: usize,
    /// Print JSON, one line per picture.
    #[arg(long)]
    pub json: bool,
    /// Add all logits to the JSON, or print them all.
    #[arg(long)]
    pub logits: bool,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

pub fn run(args: &ClassifyArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.options.request(args.model.as_deref(), ModelSource::default_classifier());
    let client = Client::start(args.options.device.for_pictures(args.images.len()))?;
    client.load(&request)?;
    let mut failed = 0;
    for image in &args.images {
        match client.explain(&args.picture, image, &request) {
            Ok(explanation) if args.json => {
                let mut line = to_json(&explanation, args.top, args.logits);
                line["image"] = json!(image.display().to_string());
                writeln!(out, "{line}")?;
            }
            Ok(explanation) => print(&explanation, args, out)?,
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

fn print(explanation: &Explanation, args: &ClassifyArgs, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, "{}", super::one_line(&explanation.photo.name))?;
    let count = if args.logits { explanation.forward.logits.len() } else { args.top };
    for class in explanation.top(count) {
        let percent = explanation.probabilities[class] * 100.0;
        let label = explanation.model.label(class);
        let logit = explanation.forward.logits[class];
        if args.logits {
            writeln!(out, "{percent:7.2} %  {logit:9.4}  {label} ({class})")?;
        } else {
            writeln!(out, "{percent:7.2} %  {label} ({class})")?;
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
