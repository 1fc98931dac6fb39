//! Class activation maps: where in the picture the evidence for a class lies.

use super::feature_map::{FeatureMap, mean};

/// A map of evidence, in logits: positive where the place argues for the class, negative where it
/// argues against it. Its mean plus the class's bias is the class's logit.
#[derive(Clone, Debug, PartialEq)]
pub struct Cam {
    pub height: usize,
    pub width: usize,
    /// `[height, width]`, row-major.
    pub data: Vec<f32>,
}

/// The self-check of a map: how far its mean plus bias is from the logit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IdentityCheck {
    /// `mean(map) + bias - logit`, in logits.
    pub residual: f32,
    /// The largest residual that rounding explains, in logits.
    pub tolerance: f32,
}

impl IdentityCheck {
    /// Whether the map explains the logit. NaN never does.
    pub fn holds(self) -> bool {
        self.residual.abs() <= self.tolerance
    }
}

impl Cam {
    /// The map of Zhou et al. 2016: `M[y,x] = Σ_k row[k] · F_k[y,x]`, without a ReLU.
    ///
    /// `row` is a row of the head (a class) or a mean of rows (a tree node). Sums run in 64 bits.
    ///
    /// # Panics
    /// If `row` has not one weight per channel.
    pub fn compute(features: &FeatureMap, row: &[f32]) -> Self {
        assert_eq!(row.len(), features.channels, "one weight per channel");
        let mut sums = vec![0.0_f64; features.height * features.width];
        for (&weight, plane) in row.iter().zip(features.planes()) {
            for (sum, &feature) in sums.iter_mut().zip(plane) {
                *sum += f64::from(weight) * f64::from(feature);
            }
        }
        Self {
            height: features.height,
            width: features.width,
            data: sums.into_iter().map(|sum| sum as f32).collect(),
        }
    }

    /// Mean over all places, in logits; 0 for an empty map.
    pub fn mean(&self) -> f32 {
        mean(&self.data)
    }

    /// The smallest and the largest value, NaN left out; `[0, 0]` if there is none.
    pub fn range(&self) -> [f32; 2] {
        let empty = [f32::INFINITY, f32::NEG_INFINITY];
        let range = self.data.iter().fold(empty, |[lo, hi], &v| [lo.min(v), hi.max(v)]);
        if range[0] <= range[1] { range } else { [0.0; 2] }
    }

    /// Checks `mean(map) + bias = logit`, which holds for every head of pooling and a linear layer.
    ///
    /// The tolerance is a thousandth of the quantities involved (at least of one logit). Networks
    /// in 32 bits stay a hundred times below it, a GPU that multiplies with 10-bit mantissas still
    /// passes, and a map of another layer or another class is far outside.
    pub fn check(&self, bias: f32, logit: f32) -> IdentityCheck {
        let size: f64 = self.data.iter().map(|&v| f64::from(v.abs())).sum();
        let size = size / self.data.len().max(1) as f64 + f64::from(bias.abs());
        let sum: f64 = self.data.iter().copied().map(f64::from).sum();
        let mean = sum / self.data.len().max(1) as f64;
        IdentityCheck {
            residual: (mean + f64::from(bias) - f64::from(logit)) as f32,
            tolerance: (1e-3 * size.max(1.0)) as f32,
        }
    }

    /// The part from `start` to `end` (0 to 1 along x and y, where 1 is the far edge) in so many rows
    /// and columns, interpolated between the centres of the cells and flat beyond the outer ones. An
    /// empty map has no values.
    pub fn part(&self, start: [f64; 2], end: [f64; 2], [height, width]: [usize; 2]) -> Self {
        let between = |axis: usize, i: usize, count: usize, cells: usize| {
            let at = (i as f64 + 0.5) / count as f64;
            let place = start[axis] + (end[axis] - start[axis]) * at;
            let last = cells.saturating_sub(1);
            let centre = (place * cells as f64 - 0.5).clamp(0.0, last as f64);
            let near = centre as usize;
            (near, (near + 1).min(last), centre - near as f64)
        };
        if self.data.is_empty() {
            return Self { height: 0, width: 0, data: Vec::new() };
        }
        let value = |y: usize, x: usize| f64::from(self.data[y * self.width + x]);
        let mut data = Vec::with_capacity(height * width);
        for row in 0..height {
            let (top, bottom, down) = between(1, row, height, self.height);
            for column in 0..width {
                let (left, right, across) = between(0, column, width, self.width);
                let upper = value(top, left) * (1.0 - across) + value(top, right) * across;
                let lower = value(bottom, left) * (1.0 - across) + value(bottom, right) * across;
                data.push((upper * (1.0 - down) + lower * down) as f32);
            }
        }
        Self { height, width, data }
    }

    /// The map with its smallest value at 0 and its largest at 1; a constant map becomes all 0.
    pub fn normalized(&self) -> Self {
        let [lo, hi] = self.range();
        self.map(|v| if hi > lo { (v - lo) / (hi - lo) } else { v * 0.0 })
    }

    /// The evidence in favour alone: negative values become 0. NaN stays.
    pub fn positive(&self) -> Self {
        self.map(|v| if v < 0.0 { 0.0 } else { v })
    }

    /// Each value replaced by `f(value)`.
    pub fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        let data = self.data.iter().map(|&v| f(v)).collect();
        Self { data, ..*self }
    }

    /// What the cells of squares of `side` × `side` add up to, one value for each square. The map stays
    /// as it is unless squares cover it exactly.
    pub fn summed(&self, side: usize) -> Self {
        let fits = side > 1 && [self.height, self.width].iter().all(|it| it.is_multiple_of(side));
        if !fits {
            return self.clone();
        }
        let (height, width) = (self.height / side, self.width / side);
        let mut sums = vec![0.0_f64; height * width];
        for (at, &value) in self.data.iter().enumerate() {
            let (row, column) = (at / self.width / side, at % self.width / side);
            sums[row * width + column] += f64::from(value);
        }
        Self { height, width, data: sums.into_iter().map(|sum| sum as f32).collect() }
    }

    /// Mirrored about the main diagonal: rows become columns.
    pub fn transposed(&self) -> Self {
        let (height, width) = (self.width, self.height);
        let data = (0..height)
            .flat_map(|y| (0..width).map(move |x| (y, x)))
            .map(|(y, x)| self.data[x * self.width + y])
            .collect();
        Self { height, width, data }
    }

    /// Left and right exchanged.
    pub fn mirrored(&self) -> Self {
        let rows = self.data.chunks_exact(self.width.max(1));
        Self { data: rows.flat_map(|row| row.iter().rev().copied()).collect(), ..*self }
    }

    /// The values between the cells, bilinear with half-pixel centres and clamped at the edges:
    /// PyTorch's `interpolate(mode="bilinear", align_corners=False)`, OpenCV's `INTER_LINEAR`.
    pub fn upsampled(&self, height: usize, width: usize) -> Self {
        if self.data.is_empty() {
            return Self { height, width, data: vec![0.0; height * width] };
        }
        let columns: Vec<Tap> = (0..width).map(|x| Tap::pixel(x, width, self.width)).collect();
        let mut row = vec![0.0; self.width];
        let mut data = Vec::with_capacity(height * width);
        for y in 0..height {
            self.blend_rows(Tap::pixel(y, height, self.height), &mut row);
            data.extend(columns.iter().map(|tap| tap.mix(&row)));
        }
        Self { height, width, data }
    }

    /// One row of cells at the height of `tap`, written to `row` (`[width]`).
    pub(super) fn blend_rows(&self, tap: Tap, row: &mut [f32]) {
        let (upper, lower) = (tap.first * self.width, tap.second * self.width);
        let pairs = self.data[upper..].iter().zip(&self.data[lower..]);
        for (value, (&a, &b)) in row.iter_mut().zip(pairs) {
            *value = a + (b - a) * tap.fraction;
        }
    }

    /// Grad-CAM from the paper's map, before any scaling: `ReLU(M) / (H·W)`.
    ///
    /// With pooling and a linear layer, the mean gradient of the logit is `w_k / (H·W)` (Selvaraju
    /// et al. 2017, section 3).
    pub fn gradcam_raw(&self) -> Self {
        let cells = self.data.len().max(1) as f32;
        self.positive().map(|v| v / cells)
    }

    /// A raw Grad-CAM map as the package `pytorch-grad-cam` shows it, `[height, width]` from 0 to
    /// 1: scaled, enlarged, and scaled again.
    pub fn gradcam_picture(&self, height: usize, width: usize) -> Self {
        self.scaled().upsampled(height, width).positive().scaled()
    }

    /// Min-max scaling with the small denominator that spares Grad-CAM the division by zero.
    fn scaled(&self) -> Self {
        let [lo, hi] = self.range();
        self.map(|v| (v - lo) / (1e-7 + (hi - lo)))
    }
}

/// Where a position falls between two neighbouring cells of one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    first: usize,
    second: usize,
    /// 0 at the centre of `first`, 1 at the centre of `second`.
    fraction: f32,
}

impl Tap {
    /// The centre of pixel `i` of `pixels` that share the axis with `cells` cells.
    fn pixel(i: usize, pixels: usize, cells: usize) -> Self {
        Self::at((i as f64 + 0.5) / pixels as f64, cells)
    }

    /// A position from 0 to 1 along the axis of `cells` cells; the outer half cells are flat.
    pub(super) fn at(position: f64, cells: usize) -> Self {
        let last = cells.saturating_sub(1);
        let cell = (position * cells as f64 - 0.5).clamp(0.0, last as f64);
        let first = cell as usize;
        let fraction = (cell - first as f64) as f32;
        Self { first, second: (first + 1).min(last), fraction }
    }

    /// The cell whose area holds the position, as a tap on this cell alone.
    pub(super) fn nearest(position: f64, cells: usize) -> Self {
        let last = cells.saturating_sub(1);
        let first = ((position * cells as f64).max(0.0) as usize).min(last);
        Self { first, second: first, fraction: 0.0 }
    }

    /// The value between the two cells of `row`.
    pub(super) fn mix(self, row: &[f32]) -> f32 {
        let (a, b) = (row[self.first], row[self.second]);
        a + (b - a) * self.fraction
    }
}
