//! `glasstree explain`: prediction, map and tree decision, as the 2020 tutorial prints them.

use std::path::PathBuf;

use clap::Args;

use super::args::PictureArgs;
use super::{Client, Out, pictures, tree};
use crate::catalog::ModelSource;
use crate::explain::{Paint, Rule, Variant};
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
    /// The model that decides by a tree.
    #[arg(long)]
    pub tree_model: Option<String>,
    /// Folder for the pictures; it is made if it is not there.
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub picture: PictureArgs,
    /// What computes: auto (a real GPU, else the CPU), cpu, gpu or ndarray.
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

pub fn run(args: &ExplainArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = |name: &Option<String>, default| {
        ModelRequest::from(name.as_deref().map_or(default, ModelSource::from_argument))
    };
    let model = request(&args.model, ModelSource::default_classifier());
    let tree_model = request(&args.tree_model, ModelSource::default_tree_model());
    let client = Client::start(args.device)?;

    let explanation = client.explain(&args.picture, &args.image, &model)?;
    let class = explanation.prediction();
    writeln!(out, "Prediction: {}", explanation.model.label(class))?;
    let map = explanation.cam(CamTarget::Class(class))?;
    let files = pictures::write(&args.out, &explanation, Variant::Paper, &map, &Paint::default())?;
    pictures::print(&files, out)?;

    let photo = PictureSource::Photo(explanation.photo.clone());
    let decided = client.engine.explain(photo, &tree_model, &mut super::warn)?;
    tree::print_decisions(&decided, Rule::Hard, out)
}
