//! Checks of a map, each with a number of its own. There is no single score: published measures
//! contradict each other (Klein et al. 2024, "Navigating the maze of explainable AI: LATEC").

use image::{ExtendedColorType, ImageEncoder as _, RgbImage};

use super::cam::Cam;
use super::cam_set::CamSet;
use super::feature_map::{FeatureMap, Forward, Head};
use super::fill::Canvas;
use super::finer::moved;
use super::probe::{Answers, Probe, ProbeInput};
use crate::preprocess::{ModelInput, Recipe};

/// Spearman's rank correlation, -1 to 1, equal values sharing their mean rank; `None` where one
/// side is constant or there are fewer than two values.
///
/// # Panics
/// If the lengths differ.
pub fn rank_correlation(a: &[f32], b: &[f32]) -> Option<f64> {
    assert_eq!(a.len(), b.len(), "pairs of values");
    let (a, b) = (ranks(a), ranks(b));
    let middle = (a.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum()
    };
    let size = (product(&a, &a) * product(&b, &b)).sqrt();
    (size > 0.0).then(|| product(&a, &b) / size)
}

/// The rank of each value, from 1, equal ones sharing the mean of theirs.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&i| ranks[i] = rank);
        first += equal.len();
    }
    ranks
}

/// How alike a map is to the map of the same features with the weights of the head shuffled among
/// the channels: rank correlation. A map that hardly changes tells of the features, not of the
/// class (after Adebayo et al. 2018, "Sanity checks for saliency maps"). The mean over some shuffles.
pub fn with_shuffled_head(features: &FeatureMap, row: &[f32], seed: u64) -> Option<f64> {
    const SHUFFLES: usize = 8;
    let map = Cam::compute(features, row);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut row = row.to_vec();
    let mut shuffled = || {
        random.shuffle(&mut row);
        rank_correlation(&map.data, &Cam::compute(features, &row).data)
    };
    let alike: Option<Vec<f64>> = (0..SHUFFLES).map(|_| shuffled()).collect();
    alike.map(|alike| alike.iter().sum::<f64>() / SHUFFLES as f64)
}

/// How alike a map is to the mean map of all classes: rank correlation. Close to 1, the map shows
/// where anything is rather than where the class is.
pub fn with_mean_of_classes(map: &Cam, classes: &CamSet) -> Option<f64> {
    let mut mean = vec![0.0_f32; map.data.len()];
    for class in 0..classes.len() {
        mean.iter_mut().zip(classes.values(class)?).for_each(|(sum, value)| *sum += value);
    }
    (classes.height == map.height && classes.width == map.width)
        .then(|| rank_correlation(&map.data, &mean))
        .flatten()
}

/// The photo in other guises: runs that tell whether a map is stable, and whether its cells matter
/// as much as it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Checks {
    canvas: Canvas,
    cells: [usize; 2],
    /// As [`Self::guises`] names them.
    guises: Vec<Vec<f32>>,
}

/// A change that should not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guise {
    /// Moved by a few pixels to the right and down.
    Moved,
    /// Saved as a JPEG of medium quality.
    Jpeg,
}

/// Of [`Guise::Moved`], in input pixels: an eighth of a cell, so that the map need not be moved.
const MOVED_CELLS: f64 = 1.0 / 8.0;
/// Of [`Guise::Jpeg`].
const QUALITY: u8 = 50;

/// What the runs of [`Checks`] say about the map of one row of the head.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Rank correlation of the map with that of the picture in each guise, and what became of the
    /// score.
    pub guises: Vec<(Guise, Option<f64>, f32)>,
    /// Rank correlation of the cells' values with how much the score falls when that cell alone is
    /// hidden (Hesse et al. 2024, "Benchmarking the attribution quality of vision models": IDSDS).
    pub single_deletion: Option<f64>,
}

impl Checks {
    /// `cells`: height and width of the feature map.
    pub fn new(input: &ModelInput, recipe: &Recipe, canvas: Canvas, cells: [usize; 2]) -> Self {
        let side = canvas.side;
        let by = (side as f64 / cells[0].max(1) as f64 * MOVED_CELLS).round().max(1.0) as i64;
        let jpeg = recipe.normalised(&as_jpeg(&input.crop));
        let guises = vec![moved(&input.chw, side, [-by, -by]), jpeg];
        Self { canvas, cells, guises }
    }

    /// What the first inputs are.
    pub fn guises() -> [Guise; 2] {
        [Guise::Moved, Guise::Jpeg]
    }

    /// What the answers say about the map of `row`, with `score` for its logits; `None` before all
    /// answers are there, and for a network without maps.
    pub fn findings(
        &self,
        seen: &Forward,
        head: &Head,
        row: &[f32],
        score: impl Fn(&[f32]) -> f32,
        answers: &Answers,
    ) -> Option<Findings> {
        if answers.len() < self.count() || row.len() != head.channels {
            return None;
        }
        let map = Cam::compute(seen.features.as_ref()?, row);
        let whole = score(&seen.logits);
        let guise = |(at, guise): (usize, Guise)| {
            let answer = &answers.0[at];
            let other = answer.features.as_ref().map(|features| Cam::compute(features, row));
            let alike = other.and_then(|other| rank_correlation(&map.data, &other.data));
            (guise, alike, score(&answer.logits) - whole)
        };
        let guises = Self::guises().into_iter().enumerate().map(guise).collect();
        let hidden = &answers.0[self.guises.len()..];
        let drops: Vec<f32> = hidden.iter().map(|answer| whole - score(&answer.logits)).collect();
        let single_deletion =
            (drops.len() == map.data.len()).then(|| rank_correlation(&map.data, &drops)).flatten();
        Some(Findings { guises, single_deletion })
    }

    /// The input without one cell.
    fn without(&self, cell: usize) -> ProbeInput {
        let Canvas { side, .. } = self.canvas;
        let [height, width] = self.cells;
        let (row, column) = (cell / width, cell % width);
        let visible: Vec<f32> = (0..side * side)
            .map(|pixel| {
                let is_hidden =
                    pixel / side * height / side == row && pixel % side * width / side == column;
                if is_hidden { 0.0 } else { 1.0 }
            })
            .collect();
        self.canvas.blend(&visible)
    }
}

impl Probe for Checks {
    fn count(&self) -> usize {
        self.guises.len() + self.cells[0] * self.cells[1]
    }

    fn input(&self, i: usize) -> ProbeInput {
        match self.guises.get(i) {
            Some(guise) => ProbeInput { side: self.canvas.side, chw: guise.clone() },
            None => self.without(i - self.guises.len()),
        }
    }

    fn keeps_features(&self) -> bool {
        true
    }
}

/// The picture after it was saved as a JPEG; itself if it is too large for one.
fn as_jpeg(picture: &RgbImage) -> RgbImage {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    let (width, height) = picture.dimensions();
    let written = encoder.write_image(picture, width, height, ExtendedColorType::Rgb8);
    let read = written.and_then(|()| image::load_from_memory(&bytes));
    read.map_or_else(|_| picture.clone(), |read| read.into_rgb8())
}
