//! Layer normalisation over the channels of each place (Ba et al. 2016), as in ConvNeXt.

use burn_tensor::Tensor;
use pulp::Arch;
use rayon::prelude::*;

use super::ModelError;
use super::convolution::Layout;

/// `y_c = γ_c · (x_c − μ) / sqrt(σ² + ε) + β_c`, with mean μ and variance σ² over the channels of a
/// place.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a network has a few dozen of these, and they stay where they are"
)]
pub enum PlaceNorm {
    /// `[1, C, 1, 1]` both, for burn.
    ChannelsFirst { scale: Tensor<4>, shift: Tensor<4>, epsilon: f32 },
    /// `[C]` both.
    ChannelsLast { scale: Vec<f32>, shift: Vec<f32>, epsilon: f32 },
}

/// Partial sums, so that the compiler can add many numbers at once.
const LANES: usize = 16;

impl PlaceNorm {
    /// Same shape in and out.
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward(&self, x: Tensor<4>, layout: Layout) -> Result<Tensor<4>, ModelError> {
        debug_assert_eq!(
            layout == Layout::ChannelsFirst,
            matches!(self, Self::ChannelsFirst { .. })
        );
        let (scale, shift, epsilon) = match self {
            Self::ChannelsFirst { scale, shift, epsilon } => {
                let centred = x.clone() - x.mean_dim(1);
                let variance = centred.clone().square().mean_dim(1);
                let normed = centred / (variance + *epsilon).sqrt();
                return Ok(normed * scale.clone() + shift.clone());
            }
            Self::ChannelsLast { scale, shift, epsilon } => (scale, shift, *epsilon),
        };
        let (shape, device) = (x.dims(), x.device());
        let mut data = x.try_into_data().map_err(ModelError::device)?;
        let numbers: &mut [f32] = data.as_mut_slice().map_err(ModelError::device)?;
        let channels = scale.len();
        numbers.par_chunks_mut(64 * channels).for_each(|rows| {
            Arch::new().dispatch(|| {
                for row in rows.chunks_exact_mut(channels) {
                    norm_row(row, scale, shift, epsilon);
                }
            });
        });
        Ok(Tensor::<4>::from_data(data, &device).reshape(shape))
    }
}

impl PlaceNorm {
    /// Makes the gradient of the output, `[N, H, W, C]`, the one of the input `x`; mean and variance
    /// depend on the input, too.
    ///
    /// # Errors
    /// For a norm that burn runs.
    pub fn backward(&self, x: &[f32], gradient: &mut [f32]) -> Result<(), ModelError> {
        let Self::ChannelsLast { scale, epsilon, .. } = self else {
            return Err(ModelError::OnCpuOnly);
        };
        let rows = gradient.par_chunks_exact_mut(scale.len()).zip(x.par_chunks_exact(scale.len()));
        rows.with_min_len(64).for_each(|(gradient, x)| {
            let count = x.len() as f32;
            let mean = sum(x, |x| x) / count;
            let variance = sum(x, |x| (x - mean) * (x - mean)) / count;
            let factor = 1.0 / (variance + epsilon).sqrt();
            let (mut all, mut along) = (0.0, 0.0);
            for ((gradient, x), scale) in gradient.iter_mut().zip(x).zip(scale) {
                *gradient *= scale;
                all += *gradient;
                along += *gradient * (x - mean) * factor;
            }
            for (gradient, x) in gradient.iter_mut().zip(x) {
                let normed = (x - mean) * factor;
                *gradient = factor * (*gradient - all / count - normed * along / count);
            }
        });
        Ok(())
    }
}

#[inline(always)]
fn norm_row(row: &mut [f32], scale: &[f32], shift: &[f32], epsilon: f32) {
    let count = row.len() as f32;
    let mean = sum(row, |x| x) / count;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / count;
    let factor = 1.0 / (variance + epsilon).sqrt();
    for ((x, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
        *x = (*x - mean) * factor * scale + shift;
    }
}

#[inline(always)]
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (blocks, rest) = row.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for block in blocks {
        for (sum, &x) in sums.iter_mut().zip(block) {
            *sum += of(x);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|&x| of(x)).sum::<f32>()
}
