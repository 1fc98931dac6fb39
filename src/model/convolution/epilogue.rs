//! What follows a convolution, done to its sums before they leave the registers.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors in these bodies are not inlined, and cost half of the speed"
)]

use std::ops::Range;

use burn_tensor::{Tensor, activation::relu};
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
    /// Of every element.
    pub fn forward(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::None => x,
            Self::Relu => relu(x),
            Self::Relu6 => x.clamp(0.0, 6.0),
        }
    }

    /// Of every lane; NaN stays NaN.
    #[inline(always)]
    pub fn apply<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        let (low, high) = (simd.splat_f32s(0.0), simd.splat_f32s(6.0));
        match self {
            Self::None => x,
            Self::Relu => simd.select_f32s(simd.less_than_f32s(x, low), low, x),
            Self::Relu6 => {
                let x = simd.select_f32s(simd.less_than_f32s(x, low), low, x);
                simd.select_f32s(simd.greater_than_f32s(x, high), high, x)
            }
        }
    }
}

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
