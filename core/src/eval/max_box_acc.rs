//! MaxBoxAccV2: the measure of weakly supervised localisation of Choe et al. 2020, "Evaluating
//! weakly supervised object localization methods right", section 3.2, as their code
//! (`wsolevaluation`) computes it.

use super::Rect;
use super::localisation::parts;
use crate::explain::Cam;
use crate::preprocess::RectTransform;

/// Shares of the largest value at which a map is cut: 0, 0.01 … 0.99.
const CUTS: usize = 100;

/// Overlaps at which a box counts as found.
pub const OVERLAPS: [f64; 3] = [0.3, 0.5, 0.7];

/// How often a box was found at each cut.
///
/// A map is scaled to 0 … 1 and cut at many heights. At each, the boxes around all connected parts
/// are compared with all known boxes, and the best pair counts. The cut is then chosen for the whole
/// data set, separately for each overlap; so the figure says what the map could tell if the right
/// cut were known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxBoxAcc {
    /// `[overlap][cut]`: pictures that were found.
    found: [Vec<usize>; 3],
    pictures: usize,
}

impl Default for MaxBoxAcc {
    fn default() -> Self {
        Self { found: [0; 3].map(|zero| vec![zero; CUTS]), pictures: 0 }
    }
}

impl MaxBoxAcc {
    /// Counts one map of an input of `side`² pixels, which `photo_from_input` places in the photo;
    /// the boxes are in the photo's pixels.
    pub fn add(&mut self, map: &Cam, side: u32, photo_from_input: RectTransform, boxes: &[Rect]) {
        let large = map.upsampled(side as usize, side as usize).normalized();
        self.pictures += 1;
        for cut in 0..CUTS {
            let found = parts(&large, cut as f32 / CUTS as f32);
            let ious = found.iter().flat_map(|part| {
                let part = Rect::of_edges(part.edges, photo_from_input);
                boxes.iter().map(move |known| part.iou(*known))
            });
            let best = ious.fold(0.0, f64::max);
            for (counts, overlap) in self.found.iter_mut().zip(OVERLAPS) {
                counts[cut] += usize::from(best >= overlap);
            }
        }
    }

    /// For each of [`OVERLAPS`], the share of pictures that is found at the best cut, 0 to 1;
    /// `None` without pictures.
    pub fn best(&self) -> Option<[f64; 3]> {
        let share = |counts: &Vec<usize>| {
            counts.iter().max().map_or(0.0, |&most| most as f64 / self.pictures as f64)
        };
        (self.pictures > 0).then(|| self.found.each_ref().map(share))
    }

    /// MaxBoxAccV2, the mean of [`Self::best`], 0 to 1; `None` without pictures.
    pub fn v2(&self) -> Option<f64> {
        self.best().map(|best| best.iter().sum::<f64>() / best.len() as f64)
    }
}
