//! `glasstree diff`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::args::{SubjectArgs, fraction};
use super::pictures::{self, Pictures};
use super::{Out, classify, evidence, nodes};
use crate::catalog::ModelSource;
use crate::explain::{ClassId, Evidence, Question, Rule, Variant};
use crate::explanation::{CamTarget, Explanation};
use crate::look::OverlayOptions;
use crate::output::percent;
use crate::text::Shown as _;
use crate::words;

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The class whose evidence is positive, by name, synonym, WordNet id or index.
    #[arg(long, value_name = "NAME|INDEX")]
    pub class: String,
    /// The class to compare it with.
    #[arg(long, value_name = "NAME|INDEX")]
    pub against: String,
    /// Opacity of the strongest colours over the photo, 0 to 1; by default 0.7, as in the window.
    #[arg(long, value_parser = fraction)]
    pub alpha: Option<f32>,
    /// Folder for heatmap.png, combined.png and overlay.png; created if missing.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub subject: SubjectArgs,
}

pub fn run(args: &DiffArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.subject.request(ModelSource::default_classifier());
    let client = args.subject.client()?;
    let model = client.load(&request)?;
    let (a, b) = (model.classes.find(&args.class)?, model.classes.find(&args.against)?);
    let question = Question::classes((a, model.label(a)), (b, model.label(b)))?;
    let explanation = args.subject.explain(&client, &request)?;
    let evidence = explanation.evidence(question)?;
    let parting = parting(&explanation, args.subject.tree.rule, [a, b]);

    let folder = match (&args.out, args.subject.json) {
        (Some(folder), _) => Some(folder.as_path()),
        (None, false) => Some(Path::new(".")),
        (None, true) => None,
    };
    let options = OverlayOptions::default();
    let options = OverlayOptions { opacity: args.alpha.unwrap_or(options.opacity), ..options };
    let paint = options.paint(&explanation, CamTarget::Difference(a, b), &evidence.map);
    let write =
        |folder| pictures::write(folder, &explanation, Variant::Paper, &evidence.map, &paint);
    let files = folder.map(write).transpose()?;
    if args.subject.json {
        let mut value = to_json(&explanation, &evidence, parting, [a, b]);
        value["files"] = json!(files.as_ref().map(Pictures::to_json));
        writeln!(out, "{value}")?;
        return Ok(());
    }
    print(&explanation, &evidence, parting, [a, b], out)?;
    if let Some(files) = &files {
        pictures::print(files, out)?;
        writeln!(out, " * Wrote heatmap on the whole photo to {}", files.overlay.shown())?;
    }
    Ok(())
}

/// The decision at which the two classes part, if the model has a tree.
fn parting(
    explanation: &Explanation,
    rule: Option<Rule>,
    [a, b]: [ClassId; 2],
) -> Option<(usize, Evidence)> {
    let tree = explanation.model.tree().ok()?;
    let rule = rule.unwrap_or_else(|| tree.default_rule());
    let (node, question) = Question::parting(&tree.hierarchy, a, b, rule)?;
    Some((node, explanation.evidence(question).ok()?))
}

/// P(first | one of the two) for a lead in logits.
fn of_the_two(lead: f32) -> f32 {
    1.0 / (1.0 + (-lead).exp())
}

fn print(
    explanation: &Explanation,
    evidence: &Evidence,
    parting: Option<(usize, Evidence)>,
    classes: [ClassId; 2],
    out: Out<'_>,
) -> anyhow::Result<()> {
    let [a, b] = classes.map(|class| explanation.model.label(class));
    let lead = evidence.total;
    let (ahead, behind) = if lead >= 0.0 { (a, b) } else { (b, a) };
    let share = percent(of_the_two(lead.abs()));
    writeln!(out, "{ahead} leads {behind} by {:.2} logits: {share} between these two", lead.abs())?;
    evidence::print(explanation, evidence, out)?;
    match parting {
        Some((node, decision)) => {
            let name = &nodes::tree(&explanation.model)?.hierarchy.node(node).name;
            let (pro, contra) = (&decision.question.pro, decision.question.contra.as_deref());
            let contra = contra.unwrap_or("the other branch");
            writeln!(
                out,
                "In the tree, their paths diverge at {name:?}: {pro:?} against {contra:?}"
            )?;
            writeln!(out, "There: {}", words::sum(&decision))?;
        }
        None => writeln!(out, "The model has no tree in which their paths diverge")?,
    }
    Ok(())
}

fn to_json(
    explanation: &Explanation,
    evidence: &Evidence,
    parting: Option<(usize, Evidence)>,
    classes: [ClassId; 2],
) -> serde_json::Value {
    let [a, b] = classes.map(|class| classify::one(explanation, class));
    let parting = parting.and_then(|(node, decision)| {
        let hierarchy = &explanation.model.tree().ok()?.hierarchy;
        let mut value = evidence::to_json(explanation, &decision);
        value["node"] = nodes::one(hierarchy, node);
        Some(value)
    });
    let mut value = evidence::to_json(explanation, evidence);
    value["model"] = json!(explanation.model.source.name());
    value["device"] = json!(explanation.device);
    value["class"] = a;
    value["against"] = b;
    value["probability_of_the_two"] = json!(of_the_two(evidence.total));
    value["parting"] = json!(parting);
    value
}
