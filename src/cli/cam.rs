//! `glasstree cam`

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::CamArgs;
use super::{Client, Out, classify, nodes};
use crate::catalog::ModelSource;
use crate::explain::{
    Cam, ClassId, Colormap, Evidence, NodeId, Paint, Question, Scale, Variant, blend,
};
use crate::explanation::{Explanation, ModelInfo};
use crate::npy;
use crate::output;

/// The pictures of one map.
pub struct Pictures {
    /// The map alone, as large as the crop.
    pub heatmap: PathBuf,
    /// Over what the network saw.
    pub combined: PathBuf,
    /// Over the whole photo.
    pub overlay: PathBuf,
}

impl Pictures {
    pub fn to_json(&self) -> Value {
        json!({ "heatmap": self.heatmap, "combined": self.combined, "overlay": self.overlay })
    }
}

pub fn run(args: &CamArgs, out: Out<'_>) -> anyhow::Result<()> {
    let default = match args.node {
        Some(_) => ModelSource::default_tree_model(),
        None => ModelSource::default_classifier(),
    };
    let mut request = args.options.request(args.model.as_deref(), default);
    request.hierarchy = args.tree.choice();
    let client = Client::start(args.options.device)?;
    let model = client.load(&request)?;
    // What is misspelt is told before the network runs.
    let class = args.class.as_deref().map(|name| model.classes.find(name)).transpose()?;
    let node = args.node.as_deref().map(|name| nodes::find(&model, name)).transpose()?;
    let of_node = node.map(|node| node_question(args, &model, node)).transpose()?;
    let explanation = client.explain(&args.picture, &args.image, &request)?;
    let class = class.unwrap_or_else(|| explanation.prediction());
    let question = of_node.unwrap_or_else(|| Question::class(class, model.label(class)));
    let evidence = explanation.evidence(question);
    let row = evidence.question.row(&model.head).0;
    let map = args.variant.raw(&explanation.forward, &row)?;

    if let Some(path) = &args.npy {
        output::write(path, &npy::to_bytes(&[map.height, map.width], &map.data)?)?;
    }
    // Without any file asked for, the pictures are what the command is for.
    let folder = match (&args.out, &args.npy, args.json) {
        (Some(folder), ..) => Some(folder.as_path()),
        (None, None, false) => Some(Path::new(".")),
        _ => None,
    };
    let signed = evidence.question.contra.is_some();
    let usual = if signed { Colormap::Diverging } else { Colormap::Jet };
    let colormap = args.colormap.unwrap_or(usual);
    let scale = Scale::for_colormap(colormap);
    let paint = Paint { colormap, scale, alpha: args.alpha, smooth: !args.cells, fades: false };
    let written = folder
        .map(|folder| write_pictures(folder, &explanation, args.variant, &map, &paint))
        .transpose()?;
    let subject = node.map_or(Subject::Class(class), Subject::Node);
    let report = Report { args, explanation: &explanation, subject, evidence, map, written };
    if args.json {
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
        let mut value = evidence_json(explanation, evidence);
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
            print_written(files, out)?;
            writeln!(out, " * Wrote heatmap on the whole photo to {}", files.overlay.display())?;
        }
        if let Some(path) = &self.args.npy {
            writeln!(out, " * Wrote map to {}", path.display())?;
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

/// The sentence and the sum of a comparison, and where in the photo each side is strongest.
pub fn print_evidence(
    explanation: &Explanation,
    evidence: &Evidence,
    out: Out<'_>,
) -> anyhow::Result<()> {
    writeln!(out, "{}", evidence.story())?;
    let place = |cell: Option<usize>| {
        let [x, y] = explanation.cell_in_photo(cell?).centre();
        Some(format!("x {x:.0}, y {y:.0}"))
    };
    let [pro, contra] = evidence.peaks().map(place);
    if let (Some(place), name) = (pro, &evidence.question.pro) {
        writeln!(out, "  most for {name} around {place} of the photo")?;
    }
    if let (Some(place), Some(name)) = (contra, &evidence.question.contra) {
        writeln!(out, "  most for {name} around {place}")?;
    }
    writeln!(out, "{} (exact at the level of the feature map)", evidence.sum_in_words())?;
    Ok(())
}

/// Map, bias, total and check of a question as JSON.
pub fn evidence_json(explanation: &Explanation, evidence: &Evidence) -> Value {
    let Evidence { question, map, bias, total, check } = evidence;
    let [min, max] = map.range();
    let place = |cell: Option<usize>| cell.map(|cell| explanation.cell_in_photo(cell).centre());
    let [pro, contra] = evidence.peaks().map(place);
    json!({
        "pro": question.pro,
        "contra": question.contra,
        "map": { "height": map.height, "width": map.width, "min": min, "max": max,
                 "mean": map.mean() },
        "bias": bias,
        "total": total,
        "identity": { "residual": check.residual, "holds": check.holds() },
        "strongest": { "pro": pro, "contra": contra },
    })
}

/// Writes heatmap.png, combined.png and overlay.png.
pub fn write_pictures(
    folder: &Path,
    explanation: &Explanation,
    variant: Variant,
    map: &Cam,
    paint: &Paint,
) -> anyhow::Result<Pictures> {
    output::make_folder(folder)?;
    let crop = &explanation.input.crop;
    let files = Pictures {
        heatmap: folder.join("heatmap.png"),
        combined: folder.join("combined.png"),
        overlay: folder.join("overlay.png"),
    };
    let heatmap = variant.heatmap(map, crop.width(), crop.height(), paint);
    output::write_png(&files.heatmap, &heatmap)?;
    output::write_png(&files.combined, &blend(crop, &heatmap, paint.alpha))?;
    let transform = explanation.input.photo_from_input;
    let whole = variant.overlay(&explanation.photo.rgb, map, transform, crop.width(), paint);
    output::write_png(&files.overlay, &whole)?;
    Ok(files)
}

/// The two lines of the tutorial.
pub fn print_written(files: &Pictures, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, " * Wrote heatmap to {}", files.heatmap.display())?;
    writeln!(out, " * Wrote heatmap on image to {}", files.combined.display())?;
    Ok(())
}
