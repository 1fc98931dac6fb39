//! `glasstree diff`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::args::{SubjectArgs, fraction};
use super::pictures::{self, Pictures};
use super::{Out, classify, evidence, nodes};
use crate::catalog::ModelSource;
use crate::explain::{ClassId, Colormap, Evidence, Paint, Question, Scale, Variant};
use crate::explanation::Explanation;
use crate::output::percent;
use crate::text::Shown as _;

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The class that the map speaks for, by name, synonym, WordNet id or index.
    #[arg(long, value_name = "NAME|INDEX")]
    pub class: String,
    /// The class that the map speaks against.
    #[arg(long, value_name = "NAME|INDEX")]
    pub against: String,
    /// Weight of the colours over the photo, 0 to 1.
    #[arg(long, default_value_t = 0.5, value_parser = fraction)]
    pub alpha: f32,
    /// Folder for heatmap.png, combined.png and overlay.png; it is made if it is not there.
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
    let evidence = explanation.evidence(question);

    let folder = match (&args.out, args.subject.json) {
        (Some(folder), _) => Some(folder.as_path()),
        (None, false) => Some(Path::new(".")),
        (None, true) => None,
    };
    let colormap = Colormap::Diverging;
    let scale = Scale::for_colormap(colormap);
    let paint =
        Paint { colormap, scale, alpha: args.alpha, smooth: true, fades: false, contours: false };
    let write =
        |folder| pictures::write(folder, &explanation, Variant::Paper, &evidence.map, &paint);
    let files = folder.map(write).transpose()?;
    if args.subject.json {
        let mut value = to_json(&explanation, &evidence, [a, b]);
        value["files"] = json!(files.as_ref().map(Pictures::to_json));
        writeln!(out, "{value}")?;
        return Ok(());
    }
    print(&explanation, &evidence, [a, b], out)?;
    if let Some(files) = &files {
        pictures::print(files, out)?;
        writeln!(out, " * Wrote heatmap on the whole photo to {}", files.overlay.shown())?;
    }
    Ok(())
}

/// The decision at which the two classes part, if the model has a tree.
fn parting(explanation: &Explanation, [a, b]: [ClassId; 2]) -> Option<(usize, Evidence)> {
    let tree = explanation.model.tree().ok()?;
    let (node, question) = Question::parting(&tree.hierarchy, a, b)?;
    Some((node, explanation.evidence(question)))
}

/// P(first | one of the two) for a lead in logits.
fn of_the_two(lead: f32) -> f32 {
    1.0 / (1.0 + (-lead).exp())
}

fn print(
    explanation: &Explanation,
    evidence: &Evidence,
    classes: [ClassId; 2],
    out: Out<'_>,
) -> anyhow::Result<()> {
    let [a, b] = classes.map(|class| explanation.model.label(class));
    let lead = evidence.total;
    let (ahead, behind) = if lead >= 0.0 { (a, b) } else { (b, a) };
    let share = percent(of_the_two(lead.abs()));
    writeln!(out, "{ahead} leads {behind} by {:.2} logits: of these two, {share}", lead.abs())?;
    evidence::print(explanation, evidence, out)?;
    match parting(explanation, classes) {
        Some((node, decision)) => {
            let name = &nodes::tree(&explanation.model)?.hierarchy.node(node).name;
            let (pro, contra) = (&decision.question.pro, decision.question.contra.as_deref());
            let contra = contra.unwrap_or("the other branch");
            writeln!(out, "In the tree they part at {name:?}: {pro:?} against {contra:?}")?;
            writeln!(out, "There: {}", decision.sum_in_words())?;
        }
        None => writeln!(out, "The model has no tree in which they part")?,
    }
    Ok(())
}

fn to_json(
    explanation: &Explanation,
    evidence: &Evidence,
    classes: [ClassId; 2],
) -> serde_json::Value {
    let [a, b] = classes.map(|class| classify::one(explanation, class));
    let parting = parting(explanation, classes).and_then(|(node, decision)| {
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
