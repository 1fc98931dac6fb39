//! `glasstree info` and `glasstree models`

use clap::Args;
use serde_json::json;

use super::args::ModelArgs;
use super::{Client, Out};
use crate::catalog::{self, CatalogEntry, ModelSource};
use crate::folders;
use crate::labels::Placement;
use crate::model::DeviceChoice;
use crate::output::megabytes;
use crate::text::Shown as _;

#[derive(Debug, Args)]
pub struct InfoArgs {
    /// A weights file, or a name from `glasstree models`.
    pub weights: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// List the classes whose meaning was found in WordNet by their names, and those without one.
    #[arg(long)]
    pub meanings: bool,
    #[command(flatten)]
    pub options: ModelArgs,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What there is to say of maps that need no caveat.
const EXACT: &str = "exact: the mean of a map plus the bias is the logit";

pub fn info(args: &InfoArgs, out: Out<'_>) -> anyhow::Result<()> {
    let source = ModelSource::from_argument(&args.weights);
    let request = args.options.request(None, source);
    let model = Client::start(DeviceChoice::Cpu)?.load(&request)?;
    let labels = &model.classes.labels;
    let placement = Placement::new(labels, model.classes.wnids.as_deref());
    let (classes, recipe) = (model.class_count(), &model.recipe);
    if args.json {
        let value = json!({
            "architecture": model.architecture,
            "classes": classes,
            "parameters": model.parameters,
            "format": model.format,
            "dtype": model.dtype,
            "unused": model.unused,
            "dataset": model.dataset.map(|dataset| dataset.name()),
            "recipe": recipe,
            "recipe_origin": model.recipe_origin,
            "maps": model.ending.caveat().unwrap_or_else(|| EXACT.to_owned()),
            "meanings": {
                "known": placement.known(),
                "by_name": placement.by_name.iter().map(|&class| json!({
                    "index": class, "label": labels[class], "wnid": placement.senses[class],
                })).collect::<Vec<_>>(),
                "unknown": placement.unknown(),
            },
        });
        writeln!(out, "{value}")?;
        return Ok(());
    }
    writeln!(out, "Architecture: {}", model.architecture)?;
    match model.dataset {
        Some(dataset) => writeln!(out, "Classes:      {classes}, as in {}", dataset.title())?,
        None => writeln!(out, "Classes:      {classes}")?,
    }
    writeln!(out, "Parameters:   {}", model.parameters)?;
    writeln!(out, "Format:       {}, {}", model.format, model.dtype)?;
    let resize = recipe.resize.map_or("none".to_owned(), |side| side.to_string());
    let (filter, crop, origin) = (recipe.filter, recipe.crop, model.recipe_origin);
    writeln!(out, "Recipe:       resize {resize} ({filter}), crop {crop}")?;
    let (mean, std) = (recipe.mean, recipe.std);
    writeln!(out, "              minus {mean:?}, divided by {std:?}; source: {origin}")?;
    let maps = model.ending.caveat();
    writeln!(out, "Maps:         {}", maps.as_deref().unwrap_or(EXACT))?;
    writeln!(out, "In WordNet:   {}", placement.in_words())?;
    if !model.unused.is_empty() {
        writeln!(out, "Unused:       {}", model.unused.join(", "))?;
    }
    if args.meanings {
        writeln!(out, "\nFound by name:")?;
        for line in placement.matches(labels) {
            writeln!(out, "  {line}")?;
        }
        writeln!(out, "Not found:")?;
        for class in placement.unknown() {
            writeln!(out, "  {}", labels[class])?;
        }
    }
    Ok(())
}

pub fn list(args: &ModelsArgs, out: Out<'_>) -> anyhow::Result<()> {
    let models = folders::models().unwrap_or_default();
    let state = |entry: &CatalogEntry| match (entry.published(), entry.is_here(&models)) {
        (None, _) => "bundled",
        (Some(_), true) => "fetched",
        (Some(_), false) => "to be fetched",
    };
    if args.json {
        let models: Vec<_> = catalog::all()
            .map(|entry| {
                json!({
                    "id": entry.id, "title": entry.title, "network": entry.network,
                    "dataset": entry.dataset.name(), "classes": entry.dataset.class_count(),
                    "paper": entry.paper, "accuracy": entry.accuracy, "licence": entry.licence,
                    "file": entry.file, "size": entry.size(), "state": state(entry),
                    "url": entry.published().map(|published| published.url),
                    "sha256": entry.published().and_then(|published| published.sha256),
                    "recipe": entry.recipe, "hierarchy": entry.hierarchy.unwrap_or("induced"),
                })
            })
            .collect();
        writeln!(out, "{}", json!(models))?;
        return Ok(());
    }
    for entry in catalog::all() {
        let size = entry.size().map_or_else(|| "size unknown".to_owned(), megabytes);
        let accuracy = entry.accuracy.unwrap_or("no published accuracy");
        writeln!(out, "{:<30} {}", entry.id, entry.title)?;
        writeln!(out, "{:<30} {}, {size}; {accuracy}; {}", "", state(entry), entry.licence)?;
    }
    writeln!(out, "\n`glasstree fetch NAME` fetches a model into {}.", models.shown())?;
    writeln!(out, "Any weights file of a known network can be given instead of a name.")?;
    Ok(())
}
