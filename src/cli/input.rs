//! `glasstree input`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::args::{ModelArgs, PartArgs, PictureArgs};
use super::{Client, Out};
use crate::budget::Wanted;
use crate::catalog::ModelSource;
use crate::decoder;
use crate::npy;
use crate::output;
use crate::text::Shown as _;

#[derive(Debug, Args)]
pub struct InputArgs {
    /// The picture.
    pub image: PathBuf,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// Write the normalised tensor as a NumPy array, float32 [3, H, W].
    #[arg(long, value_name = "FILE")]
    pub npy: Option<PathBuf>,
    /// Write the input as a picture.
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub part: PartArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

pub fn run(args: &InputArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.options.request(args.model.as_deref(), ModelSource::default_classifier());
    let client = Client::start(args.options.device.for_pictures(1))?;
    let model = client.load(&request)?;
    let recipe = &model.recipe;
    let photo = decoder::photo(&args.image, &args.picture.options(), &Wanted::default())?;
    let square = args.part.square;
    let input = recipe.apply_to(&photo.rgb, square).with_context(|| photo.name.clone())?;
    let side = recipe.crop as usize;
    if let Some(path) = &args.npy {
        output::write(path, &npy::to_bytes(&[3, side, side], &input.chw)?)?;
        writeln!(out, " * Wrote tensor to {}", path.shown())?;
    }
    if let Some(path) = &args.png {
        output::write_png(path, &input.crop)?;
        writeln!(out, " * Wrote picture to {}", path.shown())?;
    }
    let resize = recipe.resize.map_or("not resized".to_owned(), |side| {
        format!("short side resized to {side} ({})", recipe.filter)
    });
    let [left, top] = input.photo_from_input.apply([0.0, 0.0]);
    let [right, bottom] = input.photo_from_input.apply([side as f64; 2]);
    let (width, height) = photo.rgb.dimensions();
    let part = match square {
        None => format!("{resize}, centre crop {side}×{side}"),
        Some(square) => {
            format!("the square {square} resized to {side}×{side} ({})", recipe.filter)
        }
    };
    writeln!(out, "Recipe: {part}, minus {:?}, divided by {:?}", recipe.mean, recipe.std)?;
    writeln!(
        out,
        "Seen: x {left:.1} to {right:.1}, y {top:.1} to {bottom:.1} of the {width}×{height} photo"
    )?;
    Ok(())
}
