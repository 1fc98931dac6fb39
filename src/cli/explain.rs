//! `glasstree explain`: prediction, map and tree decision, as the 2020 tutorial prints them.

use super::args::ExplainArgs;
use super::{Client, Out, cam, tree};
use crate::catalog::ModelSource;
use crate::explain::{Paint, Rule, Variant};
use crate::explanation::CamTarget;
use crate::protocol::{ModelRequest, PictureSource};

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
    let map = explanation.cam(CamTarget::Class(class));
    let files =
        cam::write_pictures(&args.out, &explanation, Variant::Paper, &map, &Paint::default())?;
    cam::print_written(&files, out)?;

    let photo = PictureSource::Photo(explanation.photo.clone());
    let decided = client.engine.explain(photo, &tree_model, &mut super::warn)?;
    tree::print_decisions(&decided, Rule::Hard, out)
}
