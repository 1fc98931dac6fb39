//! What can be typed.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use super::diff::DiffArgs;
use super::eval::EvalArgs;
use super::flip::FlipArgs;
use super::nodes::HierarchyArgs;
use super::region::RegionArgs;
use crate::catalog::ModelSource;
use crate::explain::{Colormap, Rule, Variant};
use crate::model::DeviceChoice;
use crate::photo::{Alpha, Orientation, PhotoOptions};
use crate::preprocess::Filter;
use crate::protocol::{HierarchyChoice, ModelRequest, PictureSource, RecipeChanges};

/// See what an image classifier looked at and how it decided.
///
/// Without a command, a window opens.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub window: WindowArgs,
}

/// What the window begins with.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Pictures, folders or weights to open in the window.
    pub paths: Vec<PathBuf>,
    /// What computes: auto (a real GPU, else the CPU), cpu, gpu or ndarray.
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Explain the picture, save a picture of the window, and quit.
    #[arg(long, value_name = "FILE", hide = true)]
    pub screenshot: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Classify a picture, show what the network looked at, and how a tree decides.
    Explain(ExplainArgs),
    /// Print the likeliest classes of pictures.
    Classify(ClassifyArgs),
    /// Write the class activation map of a class, a node of the tree, or a decision.
    Cam(CamArgs),
    /// Compare two classes: where does the picture speak for one, where for the other?
    Diff(DiffArgs),
    /// Say what a part of a picture contributes to the prediction and to each decision.
    Region(RegionArgs),
    /// Find the smallest part of a picture without which a decision would go the other way.
    Flip(FlipArgs),
    /// Write what the network sees of a picture.
    Input(InputArgs),
    /// Print how a neural-backed decision tree decides.
    Tree(TreeArgs),
    /// Make the hierarchy that lies in a model's linear layer.
    Induce(InduceArgs),
    /// Measure a model on pictures whose class is known.
    Eval(EvalArgs),
    /// Say what a weights file holds.
    Info(InfoArgs),
    /// List the models that come with the program.
    Models(ModelsArgs),
    /// Time the parts of the program.
    #[command(hide = true)]
    Bench(BenchArgs),
}

/// How a picture file is read.
#[derive(Debug, Args)]
pub struct PictureArgs {
    /// Ignore the orientation that the camera recorded.
    #[arg(long)]
    pub ignore_orientation: bool,
    /// Put transparent pictures on white instead of dropping the transparency.
    #[arg(long)]
    pub on_white: bool,
}

impl PictureArgs {
    pub fn options(&self) -> PhotoOptions {
        let orientation =
            if self.ignore_orientation { Orientation::Ignore } else { Orientation::Exif };
        let alpha = if self.on_white { Alpha::OnWhite } else { Alpha::Drop };
        PhotoOptions { orientation, alpha }
    }

    pub fn source(&self, image: &Path) -> PictureSource {
        PictureSource::File(image.to_owned(), self.options())
    }
}

/// What is different about a model.
#[derive(Debug, Args)]
pub struct ModelArgs {
    /// Class names: a JSON list, a JSON object of index and name, or one line per class.
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// WordNet ids of the classes, one line per class.
    #[arg(long, value_name = "FILE")]
    pub wnids: Option<PathBuf>,
    /// Length of the short side after resizing.
    #[arg(long, value_name = "PIXELS")]
    pub resize: Option<u32>,
    /// Side of the square cut out of the middle.
    #[arg(long, value_name = "PIXELS")]
    pub crop: Option<u32>,
    /// How pictures are resized: bilinear or bicubic.
    #[arg(long, value_parser = choice::<Filter>())]
    pub filter: Option<Filter>,
    /// Mean of each colour, subtracted from values of 0 to 1.
    #[arg(long, value_name = "R,G,B", value_parser = three, allow_hyphen_values = true)]
    pub mean: Option<[f32; 3]>,
    /// Standard deviation of each colour, divided by.
    #[arg(long, value_name = "R,G,B", value_parser = three, allow_hyphen_values = true)]
    pub std: Option<[f32; 3]>,
    /// What computes: auto (a real GPU, else the CPU), cpu, gpu or ndarray.
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

impl ModelArgs {
    pub fn request(&self, model: Option<&str>, default: ModelSource) -> ModelRequest {
        let source = model.map_or(default, ModelSource::from_argument);
        let Self { labels, wnids, resize, crop, filter, mean, std, .. } = self;
        ModelRequest {
            source,
            labels: labels.clone(),
            wnids: wnids.clone(),
            hierarchy: HierarchyChoice::Auto,
            recipe: RecipeChanges {
                resize: *resize,
                crop: *crop,
                filter: *filter,
                mean: *mean,
                std: *std,
            },
        }
    }
}

/// One of the names of an enum, which an error lists.
fn choice<T>() -> impl clap::builder::TypedValueParser<Value = T>
where
    T: FromStr<Err = strum::ParseError> + strum::VariantNames + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|name| name.parse::<T>())
}

/// `0.5,0.5,0.5`, or one number for all three.
fn three(text: &str) -> Result<[f32; 3], String> {
    let numbers: Result<Vec<f32>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok([all]) => Ok([*all; 3]),
        Ok([r, g, b]) => Ok([*r, *g, *b]),
        _ => Err("give three numbers, such as 0.485,0.456,0.406".to_owned()),
    }
}

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

#[derive(Debug, Args)]
pub struct ClassifyArgs {
    /// The pictures.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// How many classes to print.
    #[arg(long, default_value_t = 5)]
    pub top: usize,
    /// Print JSON, one line per picture.
    #[arg(long)]
    pub json: bool,
    /// Add all logits to the JSON, or print them all.
    #[arg(long)]
    pub logits: bool,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

#[derive(Debug, Args)]
pub struct CamArgs {
    /// The picture.
    pub image: PathBuf,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
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
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub tree: HierarchyArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

pub fn fraction(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("give a number from 0 to 1".to_owned()),
    }
}

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
    /// Write it as a picture.
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

#[derive(Debug, Args)]
pub struct TreeArgs {
    /// The picture.
    pub image: PathBuf,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    #[command(flatten)]
    pub tree: HierarchyArgs,
    /// hard (follow the likeliest child) or soft (multiply along the path).
    #[arg(long, default_value = "hard", value_parser = choice::<Rule>())]
    pub rule: Rule,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

#[derive(Debug, Args)]
pub struct InduceArgs {
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: String,
    /// WordNet ids of the classes, one line per class.
    #[arg(long, value_name = "FILE")]
    pub wnids: Option<PathBuf>,
    /// File to write; the standard output if left out.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct InfoArgs {
    /// A weights file, or a name from `glasstree models`.
    pub weights: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Weights of a ResNet-18 for 224².
    #[arg(long, value_name = "FILE")]
    pub resnet18: Option<PathBuf>,
    /// Weights of a WideResNet-28-10 for 32².
    #[arg(long, value_name = "FILE")]
    pub wrn28_10: Option<PathBuf>,
    #[arg(long, default_value_t = 10)]
    pub rounds: usize,
    /// Threads of the CPU to use; all if left out.
    #[arg(long)]
    pub threads: Option<usize>,
    #[arg(long)]
    pub json: bool,
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}
