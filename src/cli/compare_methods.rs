//! `glasstree compare-methods`: many kinds of map of the same pictures, measured alike.
//!
//! For each method, and for two maps that know nothing (centre first, random order):
//!
//! - `deletion`, `insertion`, `road`: area below the curve of the class's probability while the
//!   picture is taken apart in the map's order ([`Curve`]), 0 to 1;
//! - where boxes are known: `pointing` (the peak lies in a box), `energy` (share of the positive
//!   values in boxes), `iou` (of the box around the largest part above 20 % of the peak) and `found`
//!   (IoU of at least 0.5); over all pictures `MaxBoxAccV2` ([`MaxBoxAcc`]): for IoUs of 0.3, 0.5 and
//!   0.7 the share of pictures where a box is found at the best common threshold, and their mean;
//! - `runs` (inputs the network looked at for the map) and `seconds`.

mod report;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use strum::IntoEnumIterator as _;

use super::args::{ModelArgs, PictureArgs, choice};
use super::methods::{self, MethodArgs, Progress};
use super::{Client, Out, warn};
use crate::catalog::ModelSource;
use crate::eval::{MaxBoxAcc, Place, Rect, energy_inside};
use crate::explain::{Cam, Canvas, ClassId, Curve, Erasure, Fill, Method, area_below};
use crate::explanation::{CamTarget, Explanation, Score};
use crate::labelled_pictures::{LabelledPicture, LabelledPictures};
use crate::output;
use crate::preprocess::RectTransform;
use crate::protocol::ModelRequest;

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// A picture, a folder with a folder of pictures for each class, or with --boxes the folder of
    /// the pictures in the list.
    pub data: PathBuf,
    /// List of pictures with their classes and boxes, as for `eval`.
    #[arg(long, value_name = "FILE")]
    pub boxes: Option<PathBuf>,
    /// Class to explain in a single picture, by name or number; by default the likeliest.
    #[arg(long, value_name = "NAME|INDEX")]
    pub class: Option<String>,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// Methods to compare, separated by commas; by default all that the network supports.
    #[arg(long, value_delimiter = ',', value_parser = choice::<Method>())]
    pub methods: Vec<Method>,
    /// Curves to draw, separated by commas: deletion, insertion, road, or none.
    #[arg(long, value_delimiter = ',', default_value = "deletion,insertion,road", value_parser = curve)]
    pub curves: Vec<Option<Curve>>,
    /// Steps per curve.
    #[arg(long, default_value = "16")]
    pub steps: NonZeroUsize,
    /// Use only this many pictures, spread evenly.
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<NonZeroUsize>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Write one line for each picture and method.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the maps of a single picture side by side, in the order of the table.
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    #[command(flatten)]
    pub method: MethodArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

fn curve(text: &str) -> Result<Option<Curve>, String> {
    match text {
        "none" => Ok(None),
        text => {
            text.parse().map(Some).map_err(|_| "give deletion, insertion, road or none".to_owned())
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    Method(Method),
    /// A map that knows nothing but the middle of the picture.
    CentreFirst,
    /// A map of random cells.
    Random,
}

impl Contestant {
    pub fn name(self) -> String {
        match self {
            Self::Method(method) => method.to_string(),
            Self::CentreFirst => "centre-first".to_owned(),
            Self::Random => "random".to_owned(),
        }
    }
}

/// The figures of one map of one picture.
#[derive(Debug, Clone)]
pub struct Figures {
    pub picture: String,
    pub contestant: Contestant,
    /// Areas below the curves that were asked for.
    pub areas: Vec<(Curve, f64)>,
    pub boxes: Option<BoxFigures>,
    pub runs: usize,
    pub seconds: f64,
}

/// How a map fits the boxes.
#[derive(Debug, Clone, Copy)]
pub struct BoxFigures {
    pub pointing: bool,
    pub iou: f64,
    /// `None` for a map without positive values.
    pub energy: Option<f64>,
}

/// A picture with what is known about it.
struct Subject {
    /// Which of the pictures it is; each gets another random map.
    number: usize,
    path: PathBuf,
    class: Option<ClassId>,
    boxes: Vec<Rect>,
}

/// What was measured.
pub struct Measured {
    figures: Vec<Figures>,
    contestants: Vec<Contestant>,
    max_box_acc: Vec<MaxBoxAcc>,
}

impl Measured {
    pub fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        report::print(&self.figures, &self.contestants, &self.max_box_acc, out)
    }

    pub fn to_json(&self) -> serde_json::Value {
        report::json(&self.figures, &self.contestants, &self.max_box_acc)
    }
}

pub fn run(args: &CompareArgs, out: Out<'_>) -> anyhow::Result<()> {
    let measured = measure(args)?;
    if let Some(path) = &args.csv {
        output::write(path, report::csv(&measured.figures).as_bytes())?;
    }
    if args.json {
        writeln!(out, "{}", measured.to_json())?;
        return Ok(());
    }
    measured.print(out)
}

/// Makes all maps of all pictures, and measures them.
pub fn measure(args: &CompareArgs) -> anyhow::Result<Measured> {
    let request = args.options.request(args.model.as_deref(), ModelSource::default_classifier());
    let client = Client::start(args.options.device)?;
    let subjects = subjects(args, &client, &request)?;
    if args.png.is_some() && subjects.len() > 1 {
        anyhow::bail!("--png shows the maps of one picture; give a picture instead of a folder");
    }
    let methods = match args.methods.is_empty() {
        false => args.methods.clone(),
        true => {
            let model = client.load(&request)?;
            Method::iter().filter(|&method| model.check_method(method).is_ok()).collect()
        }
    };
    let mut contestants: Vec<_> = methods.into_iter().map(Contestant::Method).collect();
    contestants.extend([Contestant::CentreFirst, Contestant::Random]);

    let progress = Progress::new("Pictures");
    let started = Instant::now();
    let mut figures = Vec::new();
    let mut max_box_acc = vec![MaxBoxAcc::default(); contestants.len()];
    for (done, subject) in subjects.iter().enumerate() {
        match compare(args, &client, &request, subject, &contestants, &mut max_box_acc) {
            Ok(of_picture) => figures.extend(of_picture),
            // One picture that cannot be read is no reason to lose the others.
            Err(error) if subjects.len() > 1 => warn(&format!("{error:#}")),
            Err(error) => return Err(error),
        }
        let rest = (subjects.len() - done - 1) as f64 / (done + 1) as f64;
        progress.show(done + 1, subjects.len(), started.elapsed().mul_f64(rest));
    }
    progress.clear();
    if figures.is_empty() {
        anyhow::bail!("No picture could be measured");
    }
    Ok(Measured { figures, contestants, max_box_acc })
}

fn subjects(
    args: &CompareArgs,
    client: &Client,
    request: &ModelRequest,
) -> anyhow::Result<Vec<Subject>> {
    let model = client.load(request)?;
    let class = args.class.as_deref().map(|name| model.classes.find(name)).transpose()?;
    if args.boxes.is_none() && !args.data.is_dir() {
        return Ok(vec![Subject { number: 0, path: args.data.clone(), class, boxes: Vec::new() }]);
    }
    if class.is_some() {
        anyhow::bail!("A folder's classes are known; --class is for a single picture");
    }
    let mut data = LabelledPictures::read(&args.data, args.boxes.as_deref(), &model.classes)?;
    if let Some(limit) = args.limit {
        data.limit(limit.get());
    }
    let subject = |(number, picture): (usize, LabelledPicture)| Subject {
        number,
        path: picture.path,
        class: Some(picture.class),
        boxes: picture.boxes,
    };
    Ok(data.pictures.into_iter().enumerate().map(subject).collect())
}

fn compare(
    args: &CompareArgs,
    client: &Client,
    request: &ModelRequest,
    subject: &Subject,
    contestants: &[Contestant],
    max_box_acc: &mut [MaxBoxAcc],
) -> anyhow::Result<Vec<Figures>> {
    let seen = client.explain(&args.picture, &subject.path, request)?;
    let target = CamTarget::Class(subject.class.unwrap_or_else(|| seen.prediction()));
    let mut figures = Vec::new();
    let mut maps = Vec::new();
    for (&contestant, max_box_acc) in contestants.iter().zip(max_box_acc) {
        let started = Instant::now();
        let usual = seen.input.photo_from_input;
        let (map, transform, over, runs) = match contestant {
            Contestant::Method(method) => {
                let made = methods::make(client, request, &seen, method, target, &args.method)?;
                let over = made.map.over(&seen.input);
                (made.map.map, made.map.photo_from_map.unwrap_or(usual), over, made.runs)
            }
            Contestant::CentreFirst => {
                let [height, width] = seen.usual_cells();
                // Above zero, so that it can be measured against boxes.
                let map = Cam::centre_first(height, width).map(|v| v + 1.0);
                (map.clone(), usual, map, 0)
            }
            Contestant::Random => {
                let [height, width] = seen.usual_cells();
                let seed = args.method.seed.wrapping_add(subject.number as u64);
                let map = Cam::random(height, width, seed);
                (map.clone(), usual, map, 0)
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        let boxes = box_figures(contestant, &map, transform, &seen, &subject.boxes);
        if !subject.boxes.is_empty() {
            max_box_acc.add(&map, seen.input.crop.width(), transform, &subject.boxes);
        }
        let areas = areas(args, client, request, &seen, target, &over)?;
        let picture = subject.path.display().to_string();
        figures.push(Figures { picture, contestant, areas, boxes, runs, seconds });
        maps.push(over);
    }
    if let Some(path) = &args.png {
        output::write_png(path, &report::side_by_side(&seen, &maps))?;
    }
    Ok(figures)
}

fn box_figures(
    contestant: Contestant,
    map: &Cam,
    transform: RectTransform,
    seen: &Explanation,
    boxes: &[Rect],
) -> Option<BoxFigures> {
    // What has no zero of its own begins at its smallest value.
    let map = match contestant {
        Contestant::CentreFirst | Contestant::Random => &map.normalized(),
        Contestant::Method(_) => map,
    };
    let side = seen.input.crop.width();
    let place = Place::of(map, side, transform).filter(|_| !boxes.is_empty())?;
    Some(BoxFigures {
        pointing: boxes.iter().any(|known| known.contains(place.peak)),
        iou: place.iou(boxes),
        energy: energy_inside(map, side, transform, boxes),
    })
}

/// The area below each curve that was asked for.
fn areas(
    args: &CompareArgs,
    client: &Client,
    request: &ModelRequest,
    seen: &Explanation,
    target: CamTarget,
    map: &Cam,
) -> anyhow::Result<Vec<(Curve, f64)>> {
    let mut areas = Vec::new();
    for curve in args.curves.iter().copied().flatten() {
        let fill = match curve {
            Curve::Insertion => Fill::Blur,
            Curve::Deletion | Curve::Road => args.method.fill,
        };
        let canvas = Canvas::new(&seen.input, &seen.model.recipe, fill);
        let erasure = Arc::new(Erasure::new(canvas, curve, map, args.steps.get()));
        let answers = client.engine.probe(erasure, request, &mut warn, &mut |_, _, _| {})?;
        let scorer = seen.scorer(target, Score::Probability);
        let scores = answers.scores(scorer.ok_or_else(|| anyhow::anyhow!("No such class"))?);
        if let Some(area) = area_below(&scores) {
            areas.push((curve, area));
        }
    }
    Ok(areas)
}

/// The name of a picture without its folders.
fn name_of(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path)
}
