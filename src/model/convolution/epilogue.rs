//! What follows a convolution, fused into its last step.

use burn_tensor::{Tensor, activation::relu};
use rayon::prelude::*;

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

    /// Of every element, in place; NaN stays NaN.
    pub fn apply(self, values: &mut [f32]) {
        let high = match self {
            Self::None => return,
            Self::Relu => f32::INFINITY,
            Self::Relu6 => 6.0,
        };
        for value in values {
            *value = if *value < 0.0 { 0.0 } else { *value };
            *value = if *value > high { high } else { *value };
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
    /// In place, for the pixels from `first` on.
    pub fn apply(&self, first: usize, pixels: &mut [f32]) {
        let channels = self.bias.len();
        for pixel in pixels.chunks_exact_mut(channels) {
            pixel.iter_mut().zip(self.bias).for_each(|(value, bias)| *value += bias);
        }
        if let Some(residual) = self.residual {
            let residual = &residual[first * channels..];
            pixels.iter_mut().zip(residual).for_each(|(value, residual)| *value += residual);
        }
        self.activation.apply(pixels);
    }

    /// In place, for the whole `[N, H, W, C]`.
    pub fn apply_all(&self, pixels: &mut [f32]) {
        const PIXELS: usize = 64;
        pixels
            .par_chunks_mut(PIXELS * self.bias.len())
            .enumerate()
            .for_each(|(i, pixels)| self.apply(i * PIXELS, pixels));
    }
}
