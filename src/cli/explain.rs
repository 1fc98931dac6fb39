//! `glasstree explain`: prediction, map and tree decision, as the 2020 tutorial prints them.

use std::path::PathBuf;

use clap::Args;

use super::args::{PartArgs, PictureArgs};
use super::nodes::HierarchyArgs;
use super::{Client, Out, pictures, tree};
use crate::catalog::ModelSource;
use crate::explain::{Paint, Variant};
use crate::explanation::CamTarget;
use crate::model::DeviceChoice;
use crate::protocol::{ModelRequest, PictureSource};

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The picture.
    pub image: PathBuf,
    /// The classifier: a name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// Another model whose tree decides; by default the classifier itself.
    #[arg(long)]
    pub tree_model: Option<String>,
    #[command(flatten)]
    pub tree: HierarchyArgs,
    /// Folder for the pictures, created if missing; without it none are written.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub part: PartArgs,
    /// Device: auto (the CPU), cpu, gpu or ndarray.
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

pub fn run(args: &ExplainArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = |name: &str| ModelRequest::from(ModelSource::from_argument(name));
    let hierarchy = args.tree.choice();
    let classifier = args
        .model
        .as_deref()
        .map_or_else(|| ModelRequest::from(ModelSource::default_classifier()), request);
    let model = ModelRequest { hierarchy: hierarchy.clone(), ..classifier };
    let tree_model = args.tree_model.as_deref();
    let tree_model = tree_model.map(|name| ModelRequest { hierarchy, ..request(name) });
    let client = Client::start(args.device.for_pictures(1))?;

    let whole = client.explain(&args.picture, &args.image, &model)?;
    let explanation = client.part(whole, &model, args.part)?;
    let class = explanation.prediction();
    writeln!(out, "Prediction: {}", explanation.model.label(class))?;
    let mut no_map = None;
    if let Some(folder) = &args.out {
        match explanation.cam(CamTarget::Class(class)) {
            Ok(map) => {
                let paint = Paint::default();
                let files = pictures::write(folder, &explanation, Variant::Paper, &map, &paint)?;
                pictures::print(&files, out)?;
            }
            // The decisions need none, so the failure comes after them.
            Err(error) => no_map = Some(error),
        }
    }

    let decided = match &tree_model {
        None => explanation,
        Some(tree_model) => {
            let photo = PictureSource::Photo(explanation.photo.clone());
            client.part(client.explain_source(photo, tree_model)?, tree_model, args.part)?
        }
    };
    tree::print_decisions(&decided, args.tree.rule(&decided.model)?, out)?;
    no_map.map_or(Ok(()), |error| Err(error.into()))
}
