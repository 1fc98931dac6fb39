//! The whole photo as tiles, each seen by the network with its surroundings.
//!
//! A network sees a square of the photo. Here squares of that size cover all of it, at the scale of
//! the usual input, each overlapping the next by at least half, so that everything but the photo's
//! border is seen with context on all sides. The map of each tile is put where the tile is; where
//! tiles overlap, the mean of their maps counts.
//!
//! With `n(p)`, the number of tiles that cover a place, the mean of the map weighted with `n` is the
//! mean of the tiles' means, so that
//!
//! ```text
//! Σ n(p) M(p) / Σ n(p) + bias = mean of the tiles' logits
//! ```
//!
//! holds exactly. The plain mean of the map adds up to nothing: what lies in the middle of the photo
//! is seen more often than its border.

use std::fmt;
use std::sync::Arc;

use image::RgbImage;

use super::cam::{Cam, IdentityCheck};
use super::evidence::{Evidence, Question};
use super::feature_map::Head;
use super::probe::{Answers, Probe, ProbeInput};
use crate::preprocess::{ModelInput, Recipe, RectTransform};

/// Cells of the map along each axis at most.
const MOST_CELLS: usize = 512;

/// Where tiles of a photo lie.
#[derive(Clone, Debug, PartialEq)]
pub struct TileGrid {
    /// Width and height of the photo at the scale of the input.
    size: [u32; 2],
    /// Side of the tiles, in these pixels.
    side: u32,
    /// Where they begin along x, and along y.
    starts: [Vec<i64>; 2],
    /// Pixels of the photo for each of these.
    scale: [f64; 2],
}

impl TileGrid {
    /// Of a photo of this size, at the scale at which the network saw a part of it.
    pub fn new(photo: [u32; 2], seen: &ModelInput) -> Self {
        let side = seen.crop.width().max(1);
        let size = [0, 1].map(|i| {
            let size = f64::from(photo[i]) / seen.photo_from_input.scale[i];
            (size.round() as u32).max(1)
        });
        let scale = [0, 1].map(|i| f64::from(photo[i]) / f64::from(size[i]));
        Self { size, side, starts: size.map(|size| starts(size, side)), scale }
    }

    /// How many tiles there are.
    pub fn count(&self) -> usize {
        self.starts[0].len() * self.starts[1].len()
    }

    /// Where a tile begins; row by row.
    fn start(&self, i: usize) -> [i64; 2] {
        let [xs, ys] = &self.starts;
        [xs[i % xs.len()], ys[i / xs.len()]]
    }

    /// All that the tiles cover: where it begins, and its length, along each axis.
    fn extent(&self) -> [(i64, i64); 2] {
        [0, 1].map(|i| {
            let (first, last) = (self.starts[i].first(), self.starts[i].last());
            let (first, last) = (first.copied().unwrap_or(0), last.copied().unwrap_or(0));
            (first, last - first + i64::from(self.side))
        })
    }

    /// From places of a square of [`ModelInput::crop`]'s side, over which the map is stretched, to
    /// the photo.
    pub fn photo_from_map(&self) -> RectTransform {
        let extent = self.extent();
        RectTransform {
            scale: [0, 1].map(|i| self.scale[i] * extent[i].1 as f64 / f64::from(self.side)),
            offset: [0, 1].map(|i| self.scale[i] * extent[i].0 as f64),
        }
    }
}

/// Where tiles begin along an axis: evenly from one end to the other, each overlapping the next by
/// half or more. What is smaller than a tile lies in its middle.
fn starts(size: u32, side: u32) -> Vec<i64> {
    if size <= side {
        return vec![-i64::from((side - size) / 2)];
    }
    let spare = u64::from(size - side);
    let steps = spare.div_ceil(u64::from(side / 2).max(1));
    (0..=steps).map(|i| ((spare * i + steps / 2) / steps) as i64).collect()
}

/// Tiles to be shown to a network. Each is cut out when it is its turn.
#[derive(Clone)]
pub struct Tiles {
    photo: Arc<dyn AsRef<RgbImage> + Send + Sync>,
    recipe: Recipe,
    grid: TileGrid,
}

impl fmt::Debug for Tiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiles").field("grid", &self.grid).finish_non_exhaustive()
    }
}

impl Tiles {
    /// Of the photo that `seen` is a part of.
    pub fn new(
        photo: Arc<dyn AsRef<RgbImage> + Send + Sync>,
        seen: &ModelInput,
        recipe: Recipe,
    ) -> Self {
        let grid = TileGrid::new((*photo).as_ref().dimensions().into(), seen);
        Self { photo, recipe, grid }
    }

    pub fn grid(&self) -> &TileGrid {
        &self.grid
    }

    /// What the network says of the tiles on average, `[classes]`; `None` before all answers are
    /// there.
    pub fn logits(&self, answers: &Answers) -> Option<Vec<f32>> {
        let all = answers.0.get(..self.count()).filter(|all| !all.is_empty())?;
        let classes = all.first()?.logits.len();
        let mean = |class: usize| {
            let logits = all.iter().map(|answer| f64::from(answer.logits[class]));
            (logits.sum::<f64>() / all.len() as f64) as f32
        };
        Some((0..classes).map(mean).collect())
    }

    /// The map for a row of the head, in logits, over all of the photo; and its mean, each place
    /// weighted with the tiles that cover it. `None` before all answers are there.
    pub fn map(&self, answers: &Answers, row: &[f32]) -> Option<(Cam, f64)> {
        let all = answers.0.get(..self.count())?;
        let maps: Option<Vec<Cam>> =
            all.iter().map(|it| Some(Cam::compute(it.features.as_ref()?, row))).collect();
        let maps = maps?;
        let (height, width) = maps.first().map(|map| (map.height, map.width))?;
        let [columns, rows] = [0, 1].map(|axis| {
            let cells = [width, height][axis];
            Axis::new(&self.grid.starts[axis], self.grid.extent()[axis], self.grid.side, cells)
        });
        let mut sums = vec![0.0_f64; columns.cells * rows.cells];
        for (i, map) in maps.iter().enumerate() {
            let of_columns = &columns.shares[i % columns.shares.len()];
            for &(y, cell_y, share_y) in &rows.shares[i / columns.shares.len()] {
                for &(x, cell_x, share_x) in of_columns {
                    let value = f64::from(map.data[cell_y * width + cell_x]);
                    sums[y * columns.cells + x] += share_y * share_x * value;
                }
            }
        }
        let weight = columns.cover.iter().sum::<f64>() * rows.cover.iter().sum::<f64>();
        let mean = sums.iter().sum::<f64>() / weight;
        let cover = rows.cover.iter().flat_map(|y| columns.cover.iter().map(move |x| x * y));
        let data = sums.iter().zip(cover).map(|(sum, cover)| (sum / cover) as f32).collect();
        Some((Cam { height: rows.cells, width: columns.cells, data }, mean))
    }

    /// The map that answers a question about the mean of the tiles, with its self-check; `None`
    /// before all answers are there.
    pub fn evidence(&self, answers: &Answers, question: Question, head: &Head) -> Option<Evidence> {
        let answer = question.ask(&self.logits(answers)?);
        let (row, bias) = answer.row(head);
        let (map, mean) = self.map(answers, &row)?;
        let rest = f64::from(bias) + f64::from(answer.entropy) - f64::from(answer.total);
        let residual = (mean + rest) as f32;
        let check = IdentityCheck { residual, ..map.check(bias, answer.total) };
        let (entropy, total) = (answer.entropy, answer.total);
        Some(Evidence { question, map, bias, entropy, total, check })
    }
}

impl Probe for Tiles {
    fn count(&self) -> usize {
        self.grid.count()
    }

    fn input(&self, i: usize) -> ProbeInput {
        let TileGrid { size, side, .. } = self.grid;
        let tile = self.recipe.cut((*self.photo).as_ref(), size, self.grid.start(i));
        ProbeInput { side: side as usize, chw: self.recipe.normalised(&tile) }
    }

    fn keeps_features(&self) -> bool {
        true
    }
}

/// How the cells of the tiles lie among those of the whole map along one axis.
struct Axis {
    /// Of the whole map: two for each cell of a tile, since the next tile may begin in its middle.
    cells: usize,
    /// For each tile: cell of the map, cell of the tile, and what they have in common, in pixels.
    shares: Vec<Vec<(usize, usize, f64)>>,
    /// For each cell of the map, how much all tiles have in common with it.
    cover: Vec<f64>,
}

impl Axis {
    fn new(starts: &[i64], (first, length): (i64, i64), side: u32, tile_cells: usize) -> Self {
        let of_tile = f64::from(side) / tile_cells.max(1) as f64;
        let cells = match starts {
            // A single tile: its own cells.
            [_] => tile_cells.max(1),
            _ => ((2.0 * length as f64 / of_tile).round() as usize).clamp(1, MOST_CELLS),
        };
        let of_map = length as f64 / cells as f64;
        let mut cover = vec![0.0; cells];
        let shares = starts
            .iter()
            .map(|&start| {
                let mut shares = Vec::new();
                for cell in 0..tile_cells {
                    let from = (start - first) as f64 + cell as f64 * of_tile;
                    let to = from + of_tile;
                    let (near, far) = ((from / of_map) as usize, (to / of_map).ceil() as usize);
                    let (near, far) = (near.min(cells - 1), far.min(cells));
                    for (at, cover) in cover.iter_mut().enumerate().take(far).skip(near) {
                        let (left, right) = (at as f64 * of_map, (at + 1) as f64 * of_map);
                        let common = right.min(to) - left.max(from);
                        if common > 0.0 {
                            shares.push((at, cell, common));
                            *cover += common;
                        }
                    }
                }
                shares
            })
            .collect();
        Self { cells, shares, cover }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_reach_from_end_to_end_and_overlap_by_half() {
        assert_eq!(starts(224, 224), [0]);
        assert_eq!(starts(100, 224), [-62]);
        assert_eq!(starts(256, 224), [0, 32]);
        assert_eq!(starts(448, 224), [0, 112, 224]);
        for (size, side) in [(225, 224), (999, 224), (33, 32), (5, 2), (4, 1), (7000, 3)] {
            let starts = starts(size, side);
            assert_eq!(starts[0], 0);
            assert_eq!(starts.last(), Some(&i64::from(size - side)));
            let most = i64::from(side / 2).max(1);
            assert!(starts.windows(2).all(|it| (1..=most).contains(&(it[1] - it[0]))));
        }
    }
}
