//! The layers that all networks here are made of, for inference only.
//!
//! Batch normalisation never appears as a layer of its own where it follows a convolution: it is
//! folded into the weights when they are loaded (`w' = w·γ/σ`, `b' = β − μ·γ/σ`), computed in
//! `f64` so that the folded network stays as close to PyTorch's as the unfolded one.

use burn_tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::ModelError;
use super::convolution::{ask_for, load, store};
use super::pointwise::channel_means;

pub use super::convolution::{
    Activation, Bottleneck, Conv, ConvShape, Layout, Padding, Strides, strides,
};

/// `y = scale·x + shift` per channel: batch normalisation at inference, where no convolution
/// precedes it (pre-activation networks) or where the convolution's own output is wanted. `scale` is
/// `γ / sqrt(running_var + eps)`, `shift` is `β − running_mean · scale`.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a network has a few dozen of them")]
pub enum Affine {
    /// `[1, C, 1, 1]` both, for burn.
    ChannelsFirst { scale: Tensor<4>, shift: Tensor<4> },
    /// `[C]` both.
    ChannelsLast { scale: Vec<f32>, shift: Vec<f32> },
}

impl Affine {
    /// `activation(scale·x + shift)`, same shape in and out.
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward(&self, x: Tensor<4>, activation: Activation) -> Result<Tensor<4>, ModelError> {
        if let Self::ChannelsFirst { scale, shift } = self {
            return Ok(activation.forward(x * scale.clone() + shift.clone()));
        }
        let (shape, device) = (x.dims(), x.device());
        let mut data = x.try_into_data().map_err(ModelError::device)?;
        self.apply(data.as_mut_slice().map_err(ModelError::device)?, activation)?;
        Ok(Tensor::<4>::from_data(data, &device).reshape(shape))
    }

    /// The same for plain numbers, channels last.
    ///
    /// # Errors
    /// Where burn has the weights.
    pub fn apply(&self, pixels: &mut [f32], activation: Activation) -> Result<(), ModelError> {
        let Self::ChannelsLast { scale, shift } = self else { return Err(ModelError::OnCpuOnly) };
        pixels.par_chunks_mut(PIXELS * scale.len()).for_each(|pixels| {
            Arch::new().dispatch(AffinePixels { pixels, scale, shift, activation });
        });
        Ok(())
    }
}

/// Pixels of one task.
const PIXELS: usize = 64;

struct AffinePixels<'a> {
    pixels: &'a mut [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    activation: Activation,
}

impl WithSimd for AffinePixels<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.scale.len();
        for pixel in self.pixels.chunks_exact_mut(channels) {
            for from in (0..channels).step_by(S::F32_LANES) {
                let range = from..(from + S::F32_LANES).min(channels);
                let [x] = load(simd, &pixel[range.clone()]);
                let [scale] = load(simd, &self.scale[range.clone()]);
                let [shift] = load(simd, &self.shift[range.clone()]);
                let y = self.activation.apply(simd, simd.mul_add_f32s(x, scale, shift));
                store(simd, &mut pixel[range], &[y]);
            }
        }
    }
}

/// The classifier head: global average pooling, then one linear layer.
///
/// That this is all that follows the feature map is what makes class activation maps exact.
#[derive(Debug)]
pub enum PooledLinear {
    /// `[C, classes]` (transposed from PyTorch's) and `[1, classes]`, of maps `[N, C, H, W]`.
    ChannelsFirst([Tensor<2>; 2]),
    /// A convolution of one pixel, whose weights lie in the order in which they are read.
    ChannelsLast(Conv),
}

impl PooledLinear {
    /// # Shapes
    /// feature map `[N, C, H, W]` (`[N, H, W, C]` if the channels are last) → logits
    /// `[N, classes]`
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward(&self, features: Tensor<4>) -> Result<Tensor<2>, ModelError> {
        match self {
            Self::ChannelsFirst([weight, bias]) => {
                let pooled = channel_means(features, Layout::ChannelsFirst)?;
                Ok(pooled.matmul(weight.clone()) + bias.clone())
            }
            Self::ChannelsLast(conv) => {
                // The map is kept, so burn copies it; what it takes is aligned in its own way.
                ask_for(4 * features.dims().iter().product::<usize>());
                let pooled = channel_means(features, Layout::ChannelsLast)?;
                let [n, c] = pooled.dims();
                let logits = conv.forward(pooled.reshape([n, 1, 1, c]), None, Activation::None)?;
                let [.., classes] = logits.dims();
                Ok(logits.reshape([n, classes]))
            }
        }
    }
}
