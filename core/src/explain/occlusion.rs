//! Occlusion: a patch slides over the picture, and what the network says without it is compared
//! with what it says of the whole (Zeiler and Fergus 2014, section 4.1).

use super::cam::Cam;
use super::fill::Canvas;
use super::probe::{Probe, ProbeInput};

/// Patches that hide one part of the input after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Occlusion {
    canvas: Canvas,
    /// Side of the patch, in input pixels.
    patch: usize,
    /// Upper left corners `[x, y]` of the patches, in an order that covers the picture evenly from
    /// the start.
    corners: Vec<[usize; 2]>,
}

impl Occlusion {
    /// A patch of `patch`² input pixels that moves by `stride`; both are at least 1 and at most the
    /// side of the input. The last patches may stick out.
    pub fn new(canvas: Canvas, patch: usize, stride: usize) -> Self {
        let side = canvas.side.max(1);
        let (patch, stride) = (patch.clamp(1, side), stride.clamp(1, side));
        let steps = (side - patch).div_ceil(stride) + 1;
        let grid = (0..steps).flat_map(|y| (0..steps).map(move |x| [x * stride, y * stride]));
        let mut corners: Vec<_> = grid.collect();
        // Any fixed seed: a partial map shows the whole picture coarsely, and is the same each time.
        fastrand::Rng::with_seed(1).shuffle(&mut corners);
        Self { canvas, patch, corners }
    }

    /// Side of the patch, in input pixels.
    pub fn patch(&self) -> usize {
        self.patch
    }

    /// How much less is scored without each pixel, `[side, side]`: the mean over the patches that
    /// hid it of `whole` minus the score without the patch.
    ///
    /// `whole` is the score of the whole picture, `scores` those of the inputs so far. Pixels that
    /// no patch has hidden yet get the mean of the others.
    pub fn map(&self, whole: f32, scores: &[f32]) -> Cam {
        let side = self.canvas.side;
        let mut drops = vec![(0.0_f64, 0_u32); side * side];
        for (&corner, &score) in self.corners.iter().zip(scores) {
            let drop = f64::from(whole) - f64::from(score);
            for pixels in self.rows(corner) {
                for (sum, count) in &mut drops[pixels] {
                    *sum += drop;
                    *count += 1;
                }
            }
        }
        let known = drops.iter().filter(|(_, count)| *count > 0);
        let means = known.map(|(sum, count)| sum / f64::from(*count));
        let (total, known) = means.fold((0.0, 0), |(sum, n), mean| (sum + mean, n + 1));
        let unknown = total / f64::from(known.max(1));
        let mean = |(sum, count): (f64, u32)| match count {
            0 => unknown as f32,
            count => (sum / f64::from(count)) as f32,
        };
        Cam { height: side, width: side, data: drops.into_iter().map(mean).collect() }
    }

    /// The pixels below a patch, row by row, as ranges of the picture's pixels.
    fn rows(&self, [left, top]: [usize; 2]) -> impl Iterator<Item = std::ops::Range<usize>> {
        let side = self.canvas.side;
        let (right, bottom) = ((left + self.patch).min(side), (top + self.patch).min(side));
        (top..bottom).map(move |y| y * side + left..y * side + right)
    }
}

impl Probe for Occlusion {
    fn count(&self) -> usize {
        self.corners.len()
    }

    fn input(&self, i: usize) -> ProbeInput {
        let Canvas { side, shown, hidden } = &self.canvas;
        let mut chw = shown.clone();
        for pixels in self.rows(self.corners[i]) {
            for channel in 0..3 {
                let offset = channel * side * side;
                let range = offset + pixels.start..offset + pixels.end;
                chw[range.clone()].copy_from_slice(&hidden[range]);
            }
        }
        ProbeInput { side: *side, chw }
    }
}
