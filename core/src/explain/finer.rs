//! Finer maps: feature maps of several runs, put together cell by cell.
//!
//! What comes out is a feature map like any other, and the mean logits of the runs belong to it, so
//! maps made from it add up exactly.

use image::RgbImage;

use super::cam::Cam;
use super::feature_map::{FeatureMap, Forward, Head};
use super::probe::{Answers, Density, Probe, ProbeInput};
use crate::preprocess::{ModelInput, PreprocessError, Recipe};

impl Head {
    /// `weight · pooled + bias`, `[classes]`; sums run in 64 bits.
    ///
    /// # Panics
    /// If `pooled` has not one value per channel.
    pub fn logits(&self, pooled: &[f32]) -> Vec<f32> {
        assert_eq!(pooled.len(), self.channels, "one value per channel");
        let logit = |(class, &bias): (usize, &f32)| {
            let products = self.row(class).iter().zip(pooled);
            let sum: f64 = products.map(|(&w, &f)| f64::from(w) * f64::from(f)).sum();
            (sum + f64::from(bias)) as f32
        };
        self.bias.iter().enumerate().map(logit).collect()
    }
}

/// Feature maps that saw the picture at `n` x `n` places each, row by row, as one map with `n` times
/// as many cells along each axis: cell `(i n + row, j n + column)` is cell `(i, j)` of map
/// `row n + column`.
///
/// # Panics
/// If there are not n² maps of one size.
pub fn interleave(maps: &[&FeatureMap], n: usize) -> FeatureMap {
    assert_eq!(maps.len(), n * n, "one map for each place");
    let FeatureMap { channels, height, width, .. } = *maps[0];
    let (fine_height, fine_width) = (height * n, width * n);
    let mut data = vec![0.0; channels * fine_height * fine_width];
    for (at, map) in maps.iter().enumerate() {
        assert_eq!([map.channels, map.height, map.width], [channels, height, width]);
        let (row, column) = (at / n, at % n);
        let fine_planes = data.chunks_exact_mut(fine_height * fine_width);
        for (fine, plane) in fine_planes.zip(map.planes()) {
            for (y, line) in plane.chunks_exact(width).enumerate() {
                let start = (y * n + row) * fine_width + column;
                for (fine, &value) in fine[start..].iter_mut().step_by(n).zip(line) {
                    *fine = value;
                }
            }
        }
    }
    FeatureMap { channels, height: fine_height, width: fine_width, data }
}

/// The reverse of [`interleave`] for one place: every `n`th cell, from `[row, column]` on.
pub fn sub_grid(fine: &FeatureMap, n: usize, [row, column]: [usize; 2]) -> FeatureMap {
    let (height, width) = (fine.height / n, fine.width / n);
    let mut data = Vec::with_capacity(fine.channels * height * width);
    for plane in fine.planes() {
        for line in plane.chunks_exact(fine.width).skip(row).step_by(n).take(height) {
            data.extend(line.iter().skip(column).step_by(n).take(width));
        }
    }
    FeatureMap { channels: fine.channels, height, width, data }
}

/// The phases of a network with strides left out, as the fine maps of its pictures. The phases of
/// the last stride come outermost: of N pictures first all with the first phase of the last stride,
/// and so on.
pub fn interleave_phases(mut maps: Vec<FeatureMap>, density: Density) -> Vec<FeatureMap> {
    for _ in 0..density.splits() {
        let count = maps.len() / 4;
        maps = (0..count)
            .map(|i| interleave(&[0, 1, 2, 3].map(|phase| &maps[phase * count + i]), 2))
            .collect();
    }
    maps
}

/// Several inputs that make one finer map.
#[derive(Debug, Clone, PartialEq)]
pub struct Finer {
    inputs: Vec<ProbeInput>,
    kind: FinerKind,
}

/// How the feature maps are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FinerKind {
    /// So many shifts along each axis, each with strides left out.
    Grid { density: Density, shifts: usize },
    /// Sizes one after the other, each as it is and mirrored.
    Scales,
}

/// How much larger than usual the picture is shown, for maps of several sizes.
const SCALES: [f64; 3] = [1.0, 1.5, 2.0];

impl Finer {
    /// One run with strides left out.
    pub fn dense(input: &ModelInput, density: Density) -> Self {
        Self::grid(input, 0, density, 1)
    }

    /// `n` x `n` runs on inputs that are moved by the `n`th part of a cell of `cell` pixels, so that
    /// the centres of all cells lie evenly. At the border, the edge of the picture is repeated.
    pub fn shifted(input: &ModelInput, cell: usize, n: usize) -> Self {
        Self::grid(input, cell, Density::Native, n)
    }

    /// Both: `shifts` x `shifts` runs with strides left out, each moved by a part of the smaller
    /// cells that this makes. `cell` is the side of a native one, in input pixels.
    pub fn grid(input: &ModelInput, cell: usize, density: Density, shifts: usize) -> Self {
        let (side, n) = (input.crop.width() as usize, shifts.max(1));
        let cell = cell / density.factor();
        // From the centre of a cell to that of the finer one.
        let offset = |i: usize| ((2 * i + 1) * cell) as i64 / (2 * n) as i64 - cell as i64 / 2;
        let shifts = (0..n).flat_map(|y| (0..n).map(move |x| [y, x]));
        let inputs = shifts
            .map(|shift| {
                let [dy, dx] = shift.map(offset);
                ProbeInput { side, chw: moved(&input.chw, side, [dy, dx]) }
            })
            .collect();
        Self { inputs, kind: FinerKind::Grid { density, shifts: n } }
    }

    /// The part of the photo that `seen` is of at several sizes, each also mirrored.
    ///
    /// # Errors
    /// Where the recipe makes no input of that size.
    pub fn scaled(
        photo: &RgbImage,
        seen: &ModelInput,
        recipe: &Recipe,
    ) -> Result<Self, PreprocessError> {
        let mut inputs = Vec::new();
        for scale in SCALES {
            let larger = |side: u32| (f64::from(side) * scale) as u32;
            let recipe = Recipe {
                resize: recipe.resize.map(larger),
                crop: larger(recipe.crop),
                ..recipe.clone()
            };
            let input = recipe.apply_to(photo, seen.square)?;
            let side = input.crop.width() as usize;
            let mirrored = input.chw.chunks_exact(side.max(1)).flat_map(|row| row.iter().rev());
            let mirrored = mirrored.copied().collect();
            inputs.push(ProbeInput { side, chw: input.chw });
            inputs.push(ProbeInput { side, chw: mirrored });
        }
        Ok(Self { inputs, kind: FinerKind::Scales })
    }

    /// What the runs together leave behind: the fine features, and the logits that belong to them.
    /// `None` before all answers are there, and for several sizes, which add up to no logit.
    pub fn forward(&self, answers: &Answers) -> Option<Forward> {
        let n = match self.kind {
            FinerKind::Grid { shifts, .. } => shifts,
            FinerKind::Scales => return None,
        };
        let features = interleave(&self.features(answers)?, n);
        let count = answers.len() as f64;
        let classes = answers.0.first()?.logits.len();
        let mean = |class: usize| {
            let logits = answers.0.iter().map(|answer| f64::from(answer.logits[class]));
            (logits.sum::<f64>() / count) as f32
        };
        Some(Forward {
            logits: (0..classes).map(mean).collect(),
            features: Some(features),
            conv2: None,
        })
    }

    /// The map for a row of the head, in logits; `None` before all answers are there.
    pub fn map(&self, answers: &Answers, row: &[f32]) -> Option<Cam> {
        match self.kind {
            FinerKind::Grid { .. } => Some(Cam::compute(&self.forward(answers)?.features?, row)),
            FinerKind::Scales => {
                let features = self.features(answers)?;
                let last = features.last()?;
                let (height, width) = (last.height, last.width);
                let mut sums = vec![0.0; height * width];
                for (i, features) in features.iter().enumerate() {
                    let map = Cam::compute(features, row);
                    let map = if i % 2 == 1 { map.mirrored() } else { map };
                    let map = map.upsampled(height, width);
                    sums.iter_mut().zip(&map.data).for_each(|(sum, value)| *sum += value);
                }
                let share = 1.0 / features.len() as f32;
                let data = sums.into_iter().map(|sum| sum * share).collect();
                Some(Cam { height, width, data })
            }
        }
    }

    fn features<'a>(&self, answers: &'a Answers) -> Option<Vec<&'a FeatureMap>> {
        let features: Option<Vec<_>> =
            answers.0.iter().map(|answer| answer.features.as_ref()).collect();
        features.filter(|features| features.len() == self.inputs.len())
    }
}

impl Probe for Finer {
    fn count(&self) -> usize {
        self.inputs.len()
    }

    fn input(&self, i: usize) -> ProbeInput {
        self.inputs[i].clone()
    }

    fn keeps_features(&self) -> bool {
        true
    }

    fn density(&self) -> Density {
        match self.kind {
            FinerKind::Grid { density, .. } => density,
            FinerKind::Scales => Density::Native,
        }
    }
}

/// The picture whose pixel (y, x) is pixel (y + dy, x + dx) of another one, or the nearest on its
/// edge.
pub(super) fn moved(chw: &[f32], side: usize, [dy, dx]: [i64; 2]) -> Vec<f32> {
    let clamped = |i: usize, by: i64| (i as i64 + by).clamp(0, side as i64 - 1) as usize;
    let columns: Vec<usize> = (0..side).map(|x| clamped(x, dx)).collect();
    let mut out = Vec::with_capacity(chw.len());
    for plane in chw.chunks_exact((side * side).max(1)) {
        for y in 0..side {
            let row = &plane[clamped(y, dy) * side..][..side];
            out.extend(columns.iter().map(|&x| row[x]));
        }
    }
    out
}
