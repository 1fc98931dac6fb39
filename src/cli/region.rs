//! `glasstree region`

mod class_part;
mod tree_part;

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::args::SubjectArgs;
use super::verify::{self, Reruns};
use super::{Client, Out};
use crate::catalog::ModelSource;
use crate::explain::{Area, Rect};
use crate::explanation::Explanation;
use crate::protocol::ModelRequest;
use class_part::ClassPart;
use tree_part::TreePart;

#[derive(Debug, Args)]
pub struct RegionArgs {
    /// The part of the photo, in its pixels.
    #[arg(long = "box", value_name = "X,Y,W,H", value_parser = rect, allow_hyphen_values = true)]
    pub rect: Rect,
    /// Class to explain, by name, synonym, WordNet id or index; by default the likeliest.
    #[arg(long, value_name = "NAME|INDEX")]
    pub class: Option<String>,
    /// Run the network again with the region painted over and with the region blurred.
    #[arg(long)]
    pub verify: bool,
    #[command(flatten)]
    pub subject: SubjectArgs,
}

/// `10,20,100,50`
fn rect(text: &str) -> Result<Rect, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[x, y, width, height]) => Ok(Rect::new(x, y, width, height)),
        _ => Err("give four numbers: left, top, width and height, such as 10,20,100,50".to_owned()),
    }
}

pub fn run(args: &RegionArgs, out: Out<'_>) -> anyhow::Result<()> {
    let subject = &args.subject;
    let request = subject.request(ModelSource::default_classifier());
    let client = subject.client()?;
    let model = client.load(&request)?;
    let class = args.class.as_deref().map(|name| model.classes.find(name)).transpose()?;
    let seen = subject.explain(&client, &request)?;
    let class = ClassPart::new(args, &client, &request, seen, class)?;
    let decided = Arc::clone(&class.explanation);
    let tree = TreePart::new(args, &client, &request, decided);
    // Without a tree there is still the class, unless the tree was asked for.
    let tree = match tree {
        Err(error) if subject.tree.hierarchy.is_none() => {
            super::warn(&format!("no decisions: {error:#}"));
            None
        }
        tree => Some(tree?),
    };
    if subject.json {
        let Rect { min: [x, y], max: [right, bottom] } = args.rect;
        let value = json!({
            "box": { "x": x, "y": y, "width": right - x, "height": bottom - y },
            "class": class.to_json(),
            "tree": tree.as_ref().map(TreePart::to_json).transpose()?,
        });
        writeln!(out, "{value}")?;
        return Ok(());
    }
    class.print(out)?;
    tree.map_or(Ok(()), |tree| tree.print(out))
}

fn reruns(
    args: &RegionArgs,
    client: &Client,
    request: &ModelRequest,
    explanation: &Arc<Explanation>,
) -> anyhow::Result<Reruns> {
    if !args.verify {
        return Ok(Vec::new());
    }
    verify::without(client, explanation, request, Area::Box(args.rect))
}
