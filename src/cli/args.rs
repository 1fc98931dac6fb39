//! What can be typed: the commands, and the options that several of them have.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use super::Client;
use super::bench::BenchArgs;
use super::cam::CamArgs;
use super::classify::ClassifyArgs;
use super::compare_methods::CompareArgs;
use super::diff::DiffArgs;
use super::eval::EvalArgs;
use super::explain::ExplainArgs;
use super::features::FeaturesArgs;
use super::fetch::FetchArgs;
use super::flip::FlipArgs;
use super::generate::GenerateArgs;
use super::input::InputArgs;
use super::model::{InfoArgs, ModelsArgs};
use super::nodes::HierarchyArgs;
use super::region::RegionArgs;
use super::tree::{InduceArgs, TreeArgs};
use crate::catalog::ModelSource;
use crate::explanation::Explanation;
use crate::model::DeviceChoice;
use crate::photo::{Alpha, Orientation, PhotoOptions};
use crate::preprocess::{Filter, Normalisation, Square};
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
    /// Read untrusted files in this process instead of a sandboxed child process, as does the
    /// environment variable GLASSTREE_IN_PROCESS.
    #[arg(long, global = true, hide = true)]
    pub in_process: bool,
}

/// What the window begins with.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Pictures, folders or weights to open in the window.
    pub paths: Vec<PathBuf>,
    /// Device: auto (a real GPU if there is one, else the CPU), cpu, gpu or ndarray.
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
    /// Compare two classes: where is the evidence for one, and where for the other?
    Diff(DiffArgs),
    /// Compare methods: how faithful is each map, and does it point at the object?
    CompareMethods(CompareArgs),
    /// Show what a part of a picture contributes to the prediction and to each decision.
    Region(RegionArgs),
    /// Find the smallest part of a picture without which a decision would go the other way.
    Flip(FlipArgs),
    /// Write a picture as the network sees it.
    Input(InputArgs),
    /// Print the decisions of the tree.
    Tree(TreeArgs),
    /// Induce a hierarchy from a model's linear layer.
    Induce(InduceArgs),
    /// Evaluate a model on labelled pictures.
    Eval(EvalArgs),
    /// Write what the last layer of a model reads of many pictures, for NumPy.
    Features(FeaturesArgs),
    /// Describe a weights file.
    Info(InfoArgs),
    /// List the models known by name: bundled, fetched, or to be fetched.
    Models(ModelsArgs),
    /// Fetch a model from the catalogue into your models folder.
    Fetch(FetchArgs),
    /// Time the parts of the program.
    #[command(hide = true)]
    Bench(BenchArgs),
    /// Write man pages and shell completions, for packages.
    #[command(hide = true)]
    Generate(GenerateArgs),
}

/// How a picture file is read.
#[derive(Debug, Clone, Args)]
pub struct PictureArgs {
    /// Ignore the orientation recorded by the camera.
    #[arg(long)]
    pub ignore_orientation: bool,
    /// Composite transparent pictures onto white instead of ignoring the alpha channel.
    #[arg(long)]
    pub on_white: bool,
}

/// Which part of the picture the network is shown.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct PartArgs {
    /// Show the network this square of the picture in place of the usual crop: left column, upper
    /// row and side, in pixels of the picture. It is resized to the side of the network's input.
    #[arg(long, value_name = "X,Y,SIDE")]
    pub square: Option<Square>,
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
#[derive(Debug, Clone, Args)]
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
    /// Side of the centre crop.
    #[arg(long, value_name = "PIXELS")]
    pub crop: Option<u32>,
    /// How pictures are resized: bilinear or bicubic.
    #[arg(long, value_parser = choice::<Filter>())]
    pub filter: Option<Filter>,
    /// Normalisation of the colours: imagenet, inception (-1 to 1), unit (0 to 1), bytes (0 to 255)
    /// or clip; --mean and --std set the numbers.
    #[arg(long, value_parser = choice::<Normalisation>(), conflicts_with_all = ["mean", "std"])]
    pub normalisation: Option<Normalisation>,
    /// Mean of each colour, subtracted from values of 0 to 1.
    #[arg(long, value_name = "R,G,B", value_parser = three, allow_hyphen_values = true)]
    pub mean: Option<[f32; 3]>,
    /// Standard deviation of each colour, which values are divided by.
    #[arg(long, value_name = "R,G,B", value_parser = three, allow_hyphen_values = true)]
    pub std: Option<[f32; 3]>,
    /// Device: auto (a real GPU for many pictures, else the CPU), cpu, gpu or ndarray.
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

impl ModelArgs {
    pub fn request(&self, model: Option<&str>, default: ModelSource) -> ModelRequest {
        let source = model.map_or(default, ModelSource::from_argument);
        let Self { labels, wnids, resize, crop, filter, normalisation, mean, std, .. } = self;
        ModelRequest {
            source,
            labels: labels.clone(),
            wnids: wnids.clone(),
            hierarchy: HierarchyChoice::Auto,
            recipe: RecipeChanges {
                resize: *resize,
                crop: *crop,
                filter: *filter,
                mean: mean.or(normalisation.map(Normalisation::mean)),
                std: std.or(normalisation.map(Normalisation::std)),
            },
        }
    }
}

/// One picture, seen by one model.
#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// The picture.
    pub image: PathBuf,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub tree: HierarchyArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub part: PartArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

impl SubjectArgs {
    /// The model, or `default` if none was named, with the tree that was asked for.
    pub fn request(&self, default: ModelSource) -> ModelRequest {
        let request = self.options.request(self.model.as_deref(), default);
        ModelRequest { hierarchy: self.tree.choice(), ..request }
    }

    /// An engine on the device that was asked for.
    pub fn client(&self) -> anyhow::Result<Client> {
        Client::start(self.options.device.for_pictures(1))
    }

    pub fn explain(
        &self,
        client: &Client,
        request: &ModelRequest,
    ) -> anyhow::Result<Arc<Explanation>> {
        let seen = client.explain(&self.picture, &self.image, request)?;
        client.part(seen, request, self.part)
    }
}

/// One of the names of an enum, which an error lists.
pub fn choice<T>() -> impl clap::builder::TypedValueParser<Value = T>
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

pub fn fraction(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("give a number from 0 to 1".to_owned()),
    }
}
