//! `glasstree eval`: accuracy of a model and its tree, and how well its maps point.
//!
//! Prints a summary, or with `--json` one JSON object:
//!
//! - `model`, `device`, `pictures` (how many were measured)
//! - `unreadable`: `count`, `first` (lines about the first ten)
//! - `unknown_classes`: list of `name`, `pictures`, `reason`
//! - `top1`, `top5`: `right`, `of`, `rate` (0 to 1); `mean_class`: mean over the classes of top-1
//! - `classes`: list of `index`, `label`, `right`, `of`, `rate` of top-1, for classes with pictures
//! - `mistakes`: list of `truth`, `prediction` (class numbers) and `count`, most frequent first
//! - `calibration`: `error` (expected calibration error, 0 to 1) and `bins`: list of `confidence`
//!   (mean of the bin), `right`, `of`, `rate`
//! - `tree`: null without a hierarchy, else `hierarchy`; `hard`, `soft`, `marginal` (as `top1`; the
//!   last is the end of the path); `agreement` of `plain_hard`, `plain_soft`, `plain_marginal`,
//!   `hard_soft`, `all` (network, hard, soft); by the marginal rule `certainty`: list of `threshold`,
//!   `right`, `single_class`, `mean_depth`, `mean_classes`, and `promises`: list of `accuracy` and
//!   the `threshold` above which answers are right as often on pictures like these; `severity`:
//!   `mean`, `mean_of_mistakes`, `heights` (list of `height`, `count`) of the lowest common ancestor
//!   of truth and prediction, and `levels` (accuracy at each depth from 1 on); and `nodes`: of the
//!   pictures whose leaf is below each inner node, how many are sent the right way by the hard rule;
//!   list of `node`, `wnid`, `name`, `depth`, `right`, `of`, `rate`, and `marginal` with the same by
//!   that rule
//! - `folded`: with `--fold`, `node`, `branches`, `counts`: a row for each branch with how often its
//!   pictures were taken for each branch, and for something else
//! - `others`: null without them, else the list of `measure`, `auroc` (0 to 1), `threshold` (which
//!   95 % of the pictures reach), `caught` (share of the others that do not reach it)
//! - `localisation`: null without boxes, else `truth` and `predicted` (whose map is measured) with
//!   `pointing`, `found` (IoU of at least 0.5), `mean_iou`, and `top1`, where the predicted class
//!   has to be right too
//! - `pointing_game`: null without boxes, else as in TorchRay `margin` (pixels), `all` and `difficult`
//!   (boxes below a quarter of the picture, other classes in it), each null or `mean_of_classes` (0 to
//!   1) and `of`
//! - `faithfulness`: with `--faithfulness`, as `glasstree compare-methods --json` prints it
//!
//! All lists have a fixed order, and there are no times in it: equal input gives equal output.

mod chart;
mod report;
mod tree_report;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use strum::IntoEnumIterator as _;

use super::args::{ModelArgs, PictureArgs, choice};
use super::compare_methods::{self, CompareArgs};
use super::methods::MethodArgs;
use super::nodes::{self, HierarchyArgs};
use super::progress::Progress;
use super::{Client, Out, warn};
use crate::catalog::ModelSource;
use crate::eval::fold;
use crate::explain::{Curve, Method};
use crate::labelled_pictures::{LabelledPictures, UnknownClass, limit_evenly, pictures_below};
use crate::numbers::thousands;
use crate::output;
use crate::protocol::Unreadable;
use crate::text::Shown as _;

/// Pictures that are taken apart, if nobody says how many.
const APART: NonZeroUsize = NonZeroUsize::new(50).unwrap();
/// Steps of their curves.
const STEPS: NonZeroUsize = NonZeroUsize::new(16).unwrap();
/// Reasons that are printed for pictures that were left out.
const SHOWN: usize = 5;

#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// A folder with a folder of pictures for each class, or a list (CSV or tabs): path, class, and
    /// perhaps x0, y0, x1, y1.
    #[arg(long, value_name = "DIR|FILE")]
    pub data: PathBuf,
    /// List of the pictures in the folder with their classes and boxes: file, class, x0, y0, x1, y1
    /// (first and last pixel of the box), as TinyImageNet's `val_annotations.txt`. Also a folder of XML
    /// files as PASCAL VOC's `Annotations`, COCO's JSON, or the WSOL benchmark's `localization.txt`.
    #[arg(long, value_name = "FILE")]
    pub boxes: Option<PathBuf>,
    #[command(flatten)]
    pub tree: HierarchyArgs,
    /// Use only this many pictures, spread evenly.
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<NonZeroUsize>,
    /// A folder with pictures of other things, at any depth: how well can the model tell them from
    /// its own classes?
    #[arg(long, value_name = "DIR")]
    pub others: Option<PathBuf>,
    /// Also take pictures apart in the order of their maps, beside orders that know nothing: areas
    /// below the curves of deletion, insertion and ROAD. Of 50 pictures, spread evenly, unless
    /// --limit says how many.
    #[arg(long)]
    pub faithfulness: bool,
    /// Methods whose maps order it, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "cam", value_parser = choice::<Method>(), requires = "faithfulness")]
    pub methods: Vec<Method>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Print the confusions at a node of the tree, by name or WordNet id.
    #[arg(long, value_name = "NAME|WNID")]
    pub fold: Option<String>,
    /// Write charts: accuracy by certainty, and calibration.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Write the confusion matrix: one row for each true class, one column for each prediction.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

pub fn run(args: &EvalArgs, out: Out<'_>) -> anyhow::Result<()> {
    let mut request =
        args.options.request(args.model.as_deref(), ModelSource::default_classifier());
    request.hierarchy = args.tree.choice();
    let pictures = args.limit.map_or(usize::MAX, NonZeroUsize::get);
    let client = Client::start(args.options.device.for_pictures(pictures))?;
    let model = client.load(&request)?;
    // What cannot be used is told before the network runs.
    if let (Err(error), Some(_)) = (model.tree(), &args.tree.hierarchy) {
        return Err(anyhow!("{error}"));
    }
    let folded_at = args.fold.as_deref().map(|name| nodes::find(&model, name)).transpose()?;
    let mut data = LabelledPictures::read(&args.data, args.boxes.as_deref(), &model.classes)?;
    if let Some(limit) = args.limit {
        data.limit(limit.get());
    }
    let mut others = match &args.others {
        Some(folder) => pictures_below(folder)?,
        None => Vec::new(),
    };
    if let Some(limit) = args.limit {
        limit_evenly(&mut others, limit.get());
    }
    let LabelledPictures { pictures, unknown } = data;
    warn_unknown(&unknown);

    let mut progress = Progress::new();
    let evaluation = client.engine.evaluate(
        pictures.into(),
        others.into(),
        args.picture.options(),
        &request,
        &mut warn,
        &mut |done, total| progress.show(done, total),
    );
    progress.clear();
    let evaluation = evaluation?;
    warn_unreadable(&evaluation.unreadable);
    if let Some(path) = &args.csv {
        output::write(path, report::confusion_csv(&evaluation).as_bytes())?;
    }
    if let Some(path) = &args.svg {
        output::write(path, chart::svg(&evaluation.scores).as_bytes())?;
    }
    let folded = folded_at.map(|node| {
        let tree = nodes::tree(&evaluation.model)?;
        anyhow::Ok((fold(&evaluation.scores.confusion, &tree.hierarchy, node), tree, node))
    });
    let folded = folded.transpose()?;
    let faithfulness =
        args.faithfulness.then(|| compare_methods::measure(&args.apart())).transpose()?;
    if args.json {
        let mut value = report::json(&evaluation, &unknown);
        if let Some((folded, tree, node)) = &folded {
            value["folded"] = tree_report::folded_json(folded, tree, *node);
        }
        if let Some(faithfulness) = &faithfulness {
            value["faithfulness"] = faithfulness.to_json();
        }
        writeln!(out, "{value}")?;
        return Ok(());
    }
    report::print(&evaluation, args.tree.rule, out)?;
    if let Some((folded, tree, node)) = &folded {
        tree_report::print_folded(folded, tree, *node, out)?;
    }
    if let Some(faithfulness) = &faithfulness {
        writeln!(out, "\nPictures taken apart, area below the curve of the true class:")?;
        faithfulness.print(out)?;
    }
    if let Some(path) = &args.svg {
        writeln!(out, " * Wrote diagrams to {}", path.display())?;
    }
    if let Some(path) = &args.csv {
        writeln!(out, " * Wrote confusion matrix to {}", path.shown())?;
    }
    Ok(())
}

impl EvalArgs {
    /// What measures the map of the true class by taking pictures apart.
    fn apart(&self) -> CompareArgs {
        CompareArgs {
            data: self.data.clone(),
            boxes: self.boxes.clone(),
            class: None,
            model: self.model.clone(),
            methods: self.methods.clone(),
            curves: Curve::iter().map(Some).collect(),
            steps: STEPS,
            limit: self.limit.or(Some(APART)),
            json: false,
            csv: None,
            png: None,
            method: MethodArgs::default(),
            picture: self.picture.clone(),
            options: self.options.clone(),
        }
    }
}

pub fn warn_unknown(unknown: &[UnknownClass]) {
    let pictures: usize = unknown.iter().map(|class| class.pictures).sum();
    if pictures == 0 {
        return;
    }
    let names = unknown.len();
    warn(&format!("{pictures} pictures of {names} unknown classes are skipped"));
    for class in unknown.iter().filter(|class| class.pictures > 0).take(SHOWN) {
        warn(&format!("{} skipped: {}", class.pictures, class.reason));
    }
}

pub fn warn_unreadable(unreadable: &Unreadable) {
    if unreadable.count > 0 {
        let skipped = match unreadable.count {
            1 => "1 picture could not be read and is skipped".to_owned(),
            count => format!("{} pictures could not be read and are skipped", thousands(count)),
        };
        warn(&skipped);
        unreadable.first.iter().take(SHOWN).for_each(|error| warn(error));
    }
}
