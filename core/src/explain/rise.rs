//! RISE: the picture behind many random masks, each counted as much as the network still sees the
//! thing (Petsiuk, Das and Saenko 2018, "RISE: Randomized Input Sampling for Explanation of
//! Black-box Models").

use rayon::prelude::*;

use super::cam::{Cam, Tap};
use super::fill::Canvas;
use super::probe::{Probe, ProbeInput};

/// What the masks look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiseOptions {
    pub masks: usize,
    /// Cells of a mask along each side, before it is enlarged and shifted.
    pub cells: usize,
    /// Share of the cells that is left visible, above 0 and up to 1.
    pub visible: f32,
    /// The same seed gives the same masks.
    pub seed: u64,
}

impl Default for RiseOptions {
    /// The paper's 7 x 7 cells of which half is visible, and a quarter of its 4000 masks.
    fn default() -> Self {
        Self { masks: 1000, cells: 7, visible: 0.5, seed: 1 }
    }
}

/// A small random picture of zeros and ones, to be enlarged smoothly.
#[derive(Clone, Debug, PartialEq)]
pub struct RiseMask {
    /// `[cells, cells]`, 1 where the picture stays visible.
    pub cells: Cam,
    /// How far the enlarged mask is moved to the left and up, in pixels; less than one cell.
    pub shift: [usize; 2],
}

/// An input behind random masks.
#[derive(Clone, Debug, PartialEq)]
pub struct Rise {
    canvas: Canvas,
    visible: f32,
    masks: Vec<RiseMask>,
}

/// What the masks so far say.
#[derive(Clone, Debug, PartialEq)]
pub struct RiseMap {
    /// Mean of score times mask, over the share that is visible: the expected score when the place
    /// is visible, in the unit of the scores.
    pub mean: Cam,
    /// Standard error of the mean, for each place; infinite for fewer than two masks.
    pub standard_error: Cam,
}

impl Rise {
    pub fn new(canvas: Canvas, options: &RiseOptions) -> Self {
        let RiseOptions { masks, cells, visible, seed } = *options;
        let cells = cells.clamp(1, canvas.side.max(1));
        let visible = visible.clamp(f32::EPSILON, 1.0);
        let cell = canvas.side.div_ceil(cells).max(1);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut mask = || {
            let data = (0..cells * cells).map(|_| f32::from(u8::from(random.f32() < visible)));
            let data = data.collect();
            let shift = [random.usize(0..cell), random.usize(0..cell)];
            RiseMask { cells: Cam { height: cells, width: cells, data }, shift }
        };
        let masks = (0..masks).map(|_| mask()).collect();
        Self { canvas, visible, masks }
    }

    /// With masks from elsewhere, of which the share `visible` is visible on average.
    pub fn with_masks(canvas: Canvas, visible: f32, masks: Vec<RiseMask>) -> Self {
        Self { canvas, visible, masks }
    }

    /// Mask `i` over the whole input, `[side, side]`, 0 (hidden) to 1.
    pub fn mask(&self, i: usize) -> Cam {
        let side = self.canvas.side;
        let RiseMask { cells, shift } = &self.masks[i];
        let [columns, rows] = shift.map(|shift| self.taps(cells.width, shift, side));
        let mut row = vec![0.0; cells.width];
        let mut data = Vec::with_capacity(side * side);
        for tap in rows {
            cells.blend_rows(tap, &mut row);
            data.extend(columns.iter().map(|tap| tap.mix(&row)));
        }
        Cam { height: side, width: side, data }
    }

    /// The map from the scores of the inputs so far, at `size`² places spread evenly over the
    /// input.
    ///
    /// Sums run in the order of the masks, so that the same scores give the same bits.
    pub fn map(&self, scores: &[f32], size: usize) -> RiseMap {
        let count = scores.len().min(self.masks.len());
        let cell = self.masks.first().map_or(1, |mask| self.cell(mask.cells.width));
        let cells = self.masks.first().map_or(1, |mask| mask.cells.width);
        let columns: Vec<Vec<Tap>> = (0..cell).map(|shift| self.taps(cells, shift, size)).collect();
        let rows: Vec<(f32, f32)> = (0..size)
            .into_par_iter()
            .flat_map_iter(|y| {
                let mut row = vec![0.0; cells];
                let mut sums = vec![(0.0_f64, 0.0_f64); size];
                for (mask, &score) in self.masks.iter().zip(scores) {
                    mask.cells.blend_rows(columns[mask.shift[1]][y], &mut row);
                    let weight = score / self.visible;
                    for ((sum, squares), tap) in sums.iter_mut().zip(&columns[mask.shift[0]]) {
                        let value = f64::from(weight * tap.mix(&row));
                        *sum += value;
                        *squares += value * value;
                    }
                }
                sums.into_iter().map(move |(sum, squares)| {
                    let n = count as f64;
                    let mean = sum / n.max(1.0);
                    let variance = (squares - n * mean * mean).max(0.0) / (n - 1.0).max(0.0);
                    let error = if count < 2 { f64::INFINITY } else { (variance / n).sqrt() };
                    (mean as f32, error as f32)
                })
            })
            .collect();
        let (mean, error) = rows.into_iter().unzip();
        let cam = |data| Cam { height: size, width: size, data };
        RiseMap { mean: cam(mean), standard_error: cam(error) }
    }

    /// Side of an enlarged cell, in pixels.
    fn cell(&self, cells: usize) -> usize {
        self.canvas.side.div_ceil(cells).max(1)
    }

    /// Where `size` places that are spread over one axis of the input fall in a mask: it is
    /// enlarged to one cell more than the input, of which a part as large as the input is taken.
    fn taps(&self, cells: usize, shift: usize, size: usize) -> Vec<Tap> {
        let enlarged = ((cells + 1) * self.cell(cells)) as f64;
        let pixels = self.canvas.side as f64 / size as f64;
        let position = |i: usize| ((i as f64 + 0.5) * pixels + shift as f64) / enlarged;
        (0..size).map(|i| Tap::at(position(i), cells)).collect()
    }
}

impl Probe for Rise {
    fn count(&self) -> usize {
        self.masks.len()
    }

    fn input(&self, i: usize) -> ProbeInput {
        self.canvas.blend(&self.mask(i).data)
    }
}
