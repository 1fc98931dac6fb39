//! What follows a convolution, done to its sums before they leave the registers.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors in these bodies are not inlined, and cost half of the speed"
)]

use std::ops::Range;

use pulp::Simd;

use super::kernel::load;

/// The non-linear function after a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    None,
    Relu,
    /// ReLU, clamped to at most 6.
    Relu6,
}

impl Activation {
    /// Of every lane; NaN stays NaN.
    #[inline(always)]
    pub fn apply<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        match self {
            Self::None => x,
            Self::Relu => at_least(simd, 0.0, x),
            Self::Relu6 => at_most(simd, 6.0, at_least(simd, 0.0, x)),
        }
    }
}

/// The larger one of `low` and each lane, NaN where that is NaN.
#[inline(always)]
fn at_least<S: Simd>(simd: S, low: f32, x: S::f32s) -> S::f32s {
    let low = simd.splat_f32s(low);
    if SECOND_IF_NAN {
        simd.max_f32s(low, x)
    } else {
        simd.select_f32s(simd.less_than_f32s(x, low), low, x)
    }
}

/// The smaller one of `high` and each lane, NaN where that is NaN.
#[inline(always)]
fn at_most<S: Simd>(simd: S, high: f32, x: S::f32s) -> S::f32s {
    let high = simd.splat_f32s(high);
    if SECOND_IF_NAN {
        simd.min_f32s(high, x)
    } else {
        simd.select_f32s(simd.greater_than_f32s(x, high), high, x)
    }
}

/// What this processor's minimum and maximum are when an operand is NaN; others may drop it.
const SECOND_IF_NAN: bool = cfg!(target_arch = "x86_64");

/// `y → activation(y + bias + residual)`
#[derive(Debug, Clone, Copy)]
pub struct Epilogue<'a> {
    /// `[C]`
    pub bias: &'a [f32],
    /// `[N, H, W, C]`
    pub residual: Option<&'a [f32]>,
    pub activation: Activation,
}

impl Epilogue<'_> {
    /// For neighbouring channels of a pixel, at most as many as `V` registers hold.
    #[inline(always)]
    pub fn finish<S: Simd, const V: usize>(
        &self,
        simd: S,
        sums: &mut [S::f32s; V],
        pixel: usize,
        channels: Range<usize>,
    ) {
        let bias = load::<S, V>(simd, &self.bias[channels.clone()]);
        for v in 0..V {
            sums[v] = simd.add_f32s(sums[v], bias[v]);
        }
        if let Some(residual) = self.residual {
            let residual = &residual[pixel * self.bias.len()..][channels];
            let residual = load::<S, V>(simd, residual);
            for v in 0..V {
                sums[v] = simd.add_f32s(sums[v], residual[v]);
            }
        }
        for v in 0..V {
            sums[v] = self.activation.apply(simd, sums[v]);
        }
    }
}
