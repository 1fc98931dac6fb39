//! `glasstree cam`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::args::{SubjectArgs, choice, fraction};
use super::pictures::{self, Pictures};
use super::{Out, classify, evidence, nodes};
use crate::catalog::ModelSource;
use crate::explain::{Cam, ClassId, Colormap, Evidence, NodeId, Paint, Question, Scale, Variant};
use crate::explanation::{Explanation, ModelInfo};
use crate::npy;
use crate::output;
use crate::text::Shown as _;

#[derive(Debug, Args)]
pub struct CamArgs {
    /// Class to explain, by name, synonym, WordNet id or index; the likeliest one if left out.
    #[arg(long, value_name = "NAME|INDEX")]
    pub class: Option<String>,
    /// Node of the tree to explain, by name or WordNet id, instead of a class.
    #[arg(long, value_name = "NAME|WNID", conflicts_with = "class")]
    pub node: Option<String>,
    /// Sibling to compare the node with, or `siblings` for the mean of all of them.
    #[arg(long, value_name = "SIBLING", requires = "node")]
    pub against: Option<String>,
    /// paper (exact, signed), gradcam, tutorial (with its mistakes), tutorial-fixed.
    #[arg(long, default_value = "paper", value_parser = choice::<Variant>())]
    pub variant: Variant,
    /// jet, turbo, viridis, inferno or diverging; jet for a class or a node and diverging for a
    /// comparison if left out.
    #[arg(long, value_parser = choice::<Colormap>())]
    pub colormap: Option<Colormap>,
    /// Weight of the colours over the photo, 0 to 1.
    #[arg(long, default_value_t = 0.5, value_parser = fraction)]
    pub alpha: f32,
    /// Show the cells of the map as they are instead of smoothing them.
    #[arg(long)]
    pub cells: bool,
    /// Folder for heatmap.png, combined.png and overlay.png; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write the raw map as a NumPy array, float32 [H, W].
    #[arg(long, value_name = "FILE")]
    pub npy: Option<PathBuf>,
    #[command(flatten)]
    pub subject: SubjectArgs,
}

pub fn run(args: &CamArgs, out: Out<'_>) -> anyhow::Result<()> {
    let default = match args.node {
        Some(_) => ModelSource::default_tree_model(),
        None => ModelSource::default_classifier(),
    };
    let request = args.subject.request(default);
    let client = args.subject.client()?;
    let model = client.load(&request)?;
    // What is misspelt is told before the network runs.
    let class = args.class.as_deref().map(|name| model.classes.find(name)).transpose()?;
    let node = args.node.as_deref().map(|name| nodes::find(&model, name)).transpose()?;
    let of_node = node.map(|node| node_question(args, &model, node)).transpose()?;
    let explanation = args.subject.explain(&client, &request)?;
    let class = class.unwrap_or_else(|| explanation.prediction());
    let question = of_node.unwrap_or_else(|| Question::class(class, model.label(class)));
    let evidence = explanation.evidence(question);
    let row = evidence.question.row(&model.head).0;
    let map = args.variant.raw(&explanation.forward, &row)?;

    if let Some(path) = &args.npy {
        output::write(path, &npy::to_bytes(&[map.height, map.width], &map.data)?)?;
    }
    // Without any file asked for, the pictures are what the command is for.
    let folder = match (&args.out, &args.npy, args.subject.json) {
        (Some(folder), ..) => Some(folder.as_path()),
        (None, None, false) => Some(Path::new(".")),
        _ => None,
    };
    let signed = evidence.question.contra.is_some();
    let usual = if signed { Colormap::Diverging } else { Colormap::Jet };
    let colormap = args.colormap.unwrap_or(usual);
    let scale = Scale::for_colormap(colormap);
    let paint = Paint {
        colormap,
        scale,
        alpha: args.alpha,
        smooth: !args.cells,
        fades: false,
        contours: false,
    };
    let written = folder
        .map(|folder| pictures::write(folder, &explanation, args.variant, &map, &paint))
        .transpose()?;
    let subject = node.map_or(Subject::Class(class), Subject::Node);
    let report = Report { args, explanation: &explanation, subject, evidence, map, written };
    if args.subject.json {
        writeln!(out, "{}", report.to_json()?)?;
        return Ok(());
    }
    report.print(out)
}

/// A node alone, or against siblings.
fn node_question(args: &CamArgs, model: &ModelInfo, node: NodeId) -> anyhow::Result<Question> {
    let hierarchy = &nodes::tree(model)?.hierarchy;
    Ok(match args.against.as_deref() {
        None => Question::node(hierarchy, node),
        Some("siblings") => Question::decision(hierarchy, node)?,
        Some(sibling) => Question::against(hierarchy, node, nodes::find(model, sibling)?)?,
    })
}

/// What the map is about.
enum Subject {
    Class(ClassId),
    Node(NodeId),
}

struct Report<'a> {
    args: &'a CamArgs,
    explanation: &'a Explanation,
    subject: Subject,
    evidence: Evidence,
    map: Cam,
    written: Option<Pictures>,
}

impl Report<'_> {
    fn to_json(&self) -> anyhow::Result<Value> {
        let Self { explanation, evidence, map, .. } = self;
        let [min, max] = map.range();
        let mut value = evidence::to_json(explanation, evidence);
        value["model"] = json!(explanation.model.source.name());
        value["device"] = json!(explanation.device);
        match self.subject {
            Subject::Class(class) => value["class"] = classify::one(explanation, class),
            Subject::Node(node) => {
                let hierarchy = &nodes::tree(&explanation.model)?.hierarchy;
                value["node"] = nodes::one(hierarchy, node);
                let leaves = &hierarchy.node(node).leaves;
                let labels: Vec<_> =
                    leaves.iter().map(|&class| explanation.model.label(class)).collect();
                value["node"]["classes"] = json!(labels);
                value["against"] = json!(evidence.question.contra);
            }
        }
        value["variant"] = json!(self.args.variant.to_string());
        value["map"] = json!({
            "height": map.height, "width": map.width, "min": min, "max": max, "mean": map.mean(),
        });
        value["files"] = json!(self.written.as_ref().map(Pictures::to_json));
        Ok(value)
    }

    fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let Self { explanation, evidence, map, .. } = self;
        match self.subject {
            Subject::Class(class) => {
                writeln!(out, "Class: {} ({class})", explanation.model.label(class))?;
            }
            Subject::Node(node) => {
                let node = nodes::tree(&explanation.model)?.hierarchy.node(node);
                let (name, wnid, classes) = (&node.name, &node.wnid, node.leaves.len());
                let against = evidence.question.contra.as_ref();
                let against = against.map_or_else(String::new, |other| format!(" against {other}"));
                writeln!(out, "Node: {name}{against} ({wnid}; classes below: {classes})")?;
            }
        }
        if let Some(files) = &self.written {
            pictures::print(files, out)?;
            writeln!(out, " * Wrote heatmap on the whole photo to {}", files.overlay.shown())?;
        }
        if let Some(path) = &self.args.npy {
            writeln!(out, " * Wrote map to {}", path.shown())?;
        }
        if self.args.variant == Variant::Paper {
            let ([min, max], mean) = (map.range(), map.mean());
            let Evidence { bias, total, question, .. } = evidence;
            let (what, sum) = match question.contra {
                Some(_) => ("bias difference", "lead"),
                None => ("bias", "logit"),
            };
            writeln!(
                out,
                "Map: {min:.3} to {max:.3}; mean {mean:.4} + {what} {bias:.4} = {sum} {total:.4}"
            )?;
        }
        if matches!(self.subject, Subject::Node(_)) {
            writeln!(out, "{}", evidence.story())?;
        }
        if !evidence.check.holds() {
            let residual = evidence.check.residual;
            super::warn(&format!("mean + bias misses the logit by {residual:.2e}"));
        }
        Ok(())
    }
}
