//! `glasstree cam`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::args::{SubjectArgs, choice, fraction};
use super::checks::{self, Checked};
use super::methods::{self, Made, MethodArgs};
use super::pictures::{self, Figure, Pictures};
use super::{Out, classify, evidence, nodes};
use crate::caption::Caption;
use crate::catalog::ModelSource;
use crate::explain::{
    Cam, ClassId, Colormap, Evidence, Method, NoMaps, NodeId, Paint, Question, Variant,
};
use crate::explanation::{CamTarget, Explanation, ModelInfo};
use crate::look::{OverlayOptions, ScaleMode};
use crate::npy;
use crate::output;
use crate::preprocess::RectTransform;
use crate::text::Shown as _;
use crate::words;

#[derive(Debug, Args)]
pub struct CamArgs {
    /// Class to explain, by name, synonym, WordNet id or index; by default the likeliest.
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
    /// cam, one of its finer kinds (dense2, dense4, shift2, shift4, multi-scale), tiles (all of the
    /// photo), gradcam, gradcam++, layercam, one of those or hirescam on feature maps that are finer by
    /// 2, 4 (layercam also 8), as in layercam4, one from the gradient of the pixels
    /// (integrated-gradients, smoothgrad), or one that hides parts of the picture (occlusion, rise).
    #[arg(long, default_value = "cam", value_parser = choice::<Method>(), conflicts_with = "variant")]
    pub method: Method,
    /// Run checks of how far the map can be trusted.
    #[arg(long)]
    pub checks: bool,
    #[command(flatten)]
    pub methods: MethodArgs,
    /// jet, turbo, viridis, inferno or diverging; turbo, as in the window, if left out. Comparisons
    /// are always diverging.
    #[arg(long, value_parser = choice::<Colormap>())]
    pub colormap: Option<Colormap>,
    /// Which values get the first and the last colour: all-maps (from zero to the largest value of
    /// any class's map), this-map (from zero to the largest of this one) or lowest-to-highest. By
    /// default all-maps, or this-map for methods other than cam.
    #[arg(long, value_parser = choice::<ScaleMode>())]
    pub scale: Option<ScaleMode>,
    /// Opacity of the strongest colour over the photo, 0 to 1; by default 0.7, as in the window.
    #[arg(long, value_parser = fraction)]
    pub alpha: Option<f32>,
    /// Show the map's cells as they are instead of interpolating.
    #[arg(long)]
    pub cells: bool,
    /// Folder for heatmap.png, combined.png and overlay.png; created if missing.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Also write figure.png and figure.svg: the photo with the map and a caption (class,
    /// probability, colour bar, model, file name).
    #[arg(long)]
    pub caption: bool,
    /// Write the raw map as a NumPy array, float32 [H, W].
    #[arg(long, value_name = "FILE")]
    pub npy: Option<PathBuf>,
    #[command(flatten)]
    pub subject: SubjectArgs,
}

pub fn run(args: &CamArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.subject.request(ModelSource::default_classifier());
    let client = args.subject.client()?;
    let model = client.load(&request)?;
    // What is misspelt is told before the network runs.
    let class = args.class.as_deref().map(|name| model.classes.find(name)).transpose()?;
    let node = args.node.as_deref().map(|name| nodes::find(&model, name)).transpose()?;
    let of_node = node.map(|node| node_question(args, &model, node)).transpose()?;
    let explanation = args.subject.explain(&client, &request)?;
    let class = class.unwrap_or_else(|| explanation.prediction());
    let question = of_node.unwrap_or_else(|| Question::class(class, model.label(class)));
    let target = target(args, &model, node, class)?;
    let made = match args.method {
        Method::Cam => None,
        method => {
            Some(methods::make(&client, &request, &explanation, method, target, &args.methods)?)
        }
    };
    // What hides parts of the picture needs no map that adds up.
    let evidence = match (explanation.evidence(question.clone()), &made) {
        (Err(_), Some(_)) if !args.checks => None,
        (evidence, _) => Some(evidence?),
    };
    let checked = match args.checks {
        false => None,
        true => {
            let options = &args.methods;
            let (fill, seed) = (options.fill, options.seed);
            Some(checks::run(&client, &request, &explanation, &question, fill, seed)?)
        }
    };
    let map = match &made {
        Some(made) => made.map.map.clone(),
        None => {
            let head = explanation.head.as_deref().map_err(NoMaps::clone)?;
            let row = question.ask(&explanation.forward.logits).row(head).0;
            args.variant.raw(&explanation.forward, &row)?
        }
    };

    if let Some(path) = &args.npy {
        output::write(path, &npy::to_bytes(&[map.height, map.width], &map.data)?)?;
    }
    // Without any file asked for, the pictures are what the command is for.
    let folder = match (&args.out, &args.npy, args.subject.json) {
        (Some(folder), ..) => Some(folder.as_path()),
        (None, None, false) => Some(Path::new(".")),
        _ => None,
    };
    let paint = paint(args, &explanation, target, &map);
    let usual = explanation.input.photo_from_input;
    let place = made.as_ref().and_then(|made| made.map.photo_from_map).unwrap_or(usual);
    // Over what the network saw, and over the whole photo.
    let over = made.as_ref().map_or_else(|| map.clone(), |made| made.map.over(&explanation.input));
    let maps = [&over, &map];
    let written = folder
        .map(|folder| pictures::write_at(folder, &explanation, args.variant, maps, place, &paint))
        .transpose()?;
    let figure = match folder.filter(|_| args.caption) {
        Some(folder) => Some(figure(args, folder, &explanation, target, (&map, place), &paint)?),
        None => None,
    };
    let subject = node.map_or(Subject::Class(class), Subject::Node);
    let explanation = &explanation;
    let report = Report {
        args,
        explanation,
        subject,
        question,
        evidence,
        map,
        made,
        checked,
        written,
        figure,
    };
    if args.subject.json {
        writeln!(out, "{}", report.to_json()?)?;
        return Ok(());
    }
    report.print(out)
}

/// Writes the whole photo with the map and a caption.
fn figure(
    args: &CamArgs,
    folder: &Path,
    explanation: &Explanation,
    target: CamTarget,
    (map, place): (&Cam, RectTransform),
    paint: &Paint,
) -> anyhow::Result<Figure> {
    let method = match (args.method, args.variant) {
        (Method::Cam, Variant::Paper) => None,
        (Method::Cam, variant) => Some(variant.to_string()),
        (method, _) => Some(method.to_string()),
    };
    let caption = Caption::new(explanation, target, map, paint, method.as_deref())
        .context("There is nothing to caption")?;
    let (photo, side) = (&explanation.photo.rgb, explanation.input.crop.width());
    let picture = args.variant.overlay(photo, map, place, side, paint);
    pictures::write_figure(folder, &picture, &caption)
}

/// A node alone, or against siblings.
fn node_question(args: &CamArgs, model: &ModelInfo, node: NodeId) -> anyhow::Result<Question> {
    let hierarchy = &nodes::tree(model)?.hierarchy;
    let rule = args.subject.tree.rule(model)?;
    Ok(match args.against.as_deref() {
        None => Question::node(hierarchy, node, rule),
        Some("siblings") => Question::decision(hierarchy, node, rule)?,
        Some(sibling) => Question::against(hierarchy, node, nodes::find(model, sibling)?, rule)?,
    })
}

/// The colours of the window, unless the tutorial's map is asked for, which has its own.
fn paint(args: &CamArgs, explanation: &Explanation, target: CamTarget, map: &Cam) -> Paint {
    let options = OverlayOptions::default();
    let is_plain = args.method == Method::Cam;
    // Maps of other methods are on scales of their own.
    let usual = if is_plain { options.scale } else { ScaleMode::PerMap };
    let options = OverlayOptions {
        colormap: args.colormap.unwrap_or(options.colormap),
        opacity: args.alpha.unwrap_or(options.opacity),
        scale: args.scale.unwrap_or(usual),
        smooth: !args.cells,
        ..options
    };
    match args.variant {
        Variant::Paper | Variant::GradCam => options.paint(explanation, target, map),
        Variant::Tutorial | Variant::TutorialFixed => {
            let paint = Paint::default();
            Paint { alpha: args.alpha.unwrap_or(paint.alpha), ..paint }
        }
    }
}

/// What the map is of.
fn target(
    args: &CamArgs,
    model: &ModelInfo,
    node: Option<NodeId>,
    class: ClassId,
) -> anyhow::Result<CamTarget> {
    let Some(node) = node else { return Ok(CamTarget::Class(class)) };
    let rule = args.subject.tree.rule(model)?;
    Ok(match args.against.as_deref() {
        None => CamTarget::Node(node, rule),
        Some("siblings") => CamTarget::Decision(node, rule),
        Some(sibling) => CamTarget::Against(node, nodes::find(model, sibling)?, rule),
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
    question: Question,
    /// Of the plain map, if the network has one.
    evidence: Option<Evidence>,
    map: Cam,
    /// Where it was another method than the plain map.
    made: Option<Made>,
    checked: Option<Checked>,
    written: Option<Pictures>,
    figure: Option<Figure>,
}

impl Report<'_> {
    fn to_json(&self) -> anyhow::Result<Value> {
        let Self { explanation, question, evidence, map, .. } = self;
        let [min, max] = map.range();
        let mut value = match evidence {
            Some(evidence) => evidence::to_json(explanation, evidence),
            None => json!({ "pro": question.pro, "contra": question.contra }),
        };
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
                value["against"] = json!(question.contra);
            }
        }
        value["variant"] = json!(self.args.variant.to_string());
        value["method"] = self.made.as_ref().map_or(Value::Null, Made::to_json);
        value["checks"] = self.checked.as_ref().map_or(Value::Null, Checked::to_json);
        value["map"] = json!({
            "height": map.height, "width": map.width, "min": min, "max": max, "mean": map.mean(),
        });
        value["files"] = json!(self.written.as_ref().map(Pictures::to_json));
        if let Some(Figure { png, svg }) = &self.figure {
            value["files"]["figure"] = json!([png, svg]);
        }
        Ok(value)
    }

    fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let Self { explanation, question, evidence, map, .. } = self;
        match self.subject {
            Subject::Class(class) => {
                writeln!(out, "Class: {} ({class})", explanation.model.label(class))?;
            }
            Subject::Node(node) => {
                let node = nodes::tree(&explanation.model)?.hierarchy.node(node);
                let (name, wnid, classes) = (&node.name, &node.wnid, node.leaves.len());
                let against = question.contra.as_ref();
                let against = against.map_or_else(String::new, |other| format!(" against {other}"));
                writeln!(out, "Node: {name}{against} ({wnid}; classes below: {classes})")?;
            }
        }
        if let Some(files) = &self.written {
            pictures::print(files, out)?;
            writeln!(out, " * Wrote heatmap on the whole photo to {}", files.overlay.shown())?;
        }
        if let Some(Figure { png, svg }) = &self.figure {
            writeln!(out, " * Wrote figure to {} and {}", png.shown(), svg.shown())?;
        }
        if let Some(path) = &self.args.npy {
            writeln!(out, " * Wrote map to {}", path.shown())?;
        }
        if let Some(made) = &self.made {
            let ([min, max], [height, width]) = (map.range(), [map.height, map.width]);
            writeln!(out, "Map: {min:.4} to {max:.4}, {height} x {width}")?;
            made.print(out)?;
        } else if let Some(evidence) = evidence
            && self.args.variant == Variant::Paper
        {
            let ([min, max], mean) = (map.range(), map.mean());
            let Evidence { bias, entropy, total, .. } = evidence;
            let entropy = match question.is_linear() {
                true => String::new(),
                false => format!(" + entropy {entropy:.4}"),
            };
            let (what, sum) = match question.contra {
                Some(_) => ("bias difference", "lead"),
                None => ("bias", "logit"),
            };
            writeln!(
                out,
                "Map: {min:.3} to {max:.3}; mean {mean:.4} + {what} {bias:.4}{entropy} = {sum} \
                 {total:.4}"
            )?;
        }
        if let Some(checked) = &self.checked {
            checked.print(out)?;
        }
        let Some(evidence) = evidence else { return Ok(()) };
        // The sentence speaks of the exact map, so it would not fit another one.
        if self.made.is_none() && matches!(self.subject, Subject::Node(_)) {
            writeln!(out, "{}", words::story(evidence))?;
        }
        if !evidence.check.holds() {
            let residual = evidence.check.residual;
            super::warn(&format!("mean + bias misses the logit by {residual:.2e}"));
        }
        Ok(())
    }
}
