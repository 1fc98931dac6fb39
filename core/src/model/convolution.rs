//! 2-D convolution with fixed weights, fused with what follows it (bias, shortcut, activation).
//!
//! On a GPU this is burn's own `conv2d`, feature maps being `[N, C, H, W]`. On the CPU, burn's
//! convolution re-orders weights and input on every call; here the weights are laid out once and
//! feature maps are `[N, H, W, C]`, so that all inner loops run over contiguous channels:
//!
//! - 3×3, stride 1, unless few pixels meet many weights: Winograd's algorithm, 2.25 times fewer
//!   multiplications ([`winograd`]);
//! - one filter per channel: a direct loop ([`depthwise`]), with the 1×1 convolutions before and
//!   after it if there are any ([`separable`]);
//! - all others: a product of the input, where it lies, with a matrix of weights ([`direct`]).
//!
//! The way back, from the gradient of an output to that of its input, is in [`backward`].
//!
//! The inner loops are compiled once for each instruction set, by `pulp`; the products of all of
//! them are one ([`kernel`]).

mod backward;
mod bottleneck;
mod buffers;
mod dense;
mod depthwise;
mod direct;
mod epilogue;
mod kernel;
mod separable;
mod shape;
#[cfg(test)]
mod tests;
mod winograd;

use std::sync::OnceLock;

use burn_tensor::activation::relu;
use burn_tensor::module::conv2d;
use burn_tensor::ops::ConvOptions;
use burn_tensor::{Device, Tensor, TensorData};

use self::backward::Back;
use self::depthwise::Depthwise;
use self::direct::Direct;
use self::epilogue::Epilogue;
use self::separable::Separable;
use self::shape::Geometry;
use self::winograd::Winograd;
use super::ModelError;

pub use self::bottleneck::Bottleneck;
pub use self::buffers::{OutOfMemory, ask_for, keep_buffer, take_buffer, zeros};
pub use self::dense::{Strides, strides};
pub use self::epilogue::Activation;
pub use self::kernel::{load, store};
pub use self::shape::{ConvShape, Layout, Padding};

/// A convolution, ready to run.
#[derive(Debug)]
pub struct Conv {
    shape: ConvShape,
    method: Method,
    /// Made when a gradient is first asked for.
    back: OnceLock<Box<Back>>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a network has a few dozen of them")]
enum Method {
    /// Weight `[out, in / groups, k, k]` and bias `[out]`, for burn's `conv2d`.
    Burn(Tensor<4>, Option<Tensor<1>>),
    /// Channels last, with a bias `[out]`.
    Own(Kernel, Vec<f32>),
}

#[derive(Debug)]
enum Kernel {
    Depthwise(Depthwise),
    Direct(Direct),
    /// Whichever is faster for the size of the input, made of `weight` when first used.
    Either {
        weight: Vec<f32>,
        direct: OnceLock<Direct>,
        winograd: OnceLock<Winograd>,
    },
}

impl Conv {
    /// `weight` has shape [`ConvShape::weight_shape`]; `bias` is `[channels_out]`.
    pub fn new(
        shape: ConvShape,
        weight: Vec<f32>,
        bias: Option<Vec<f32>>,
        layout: Layout,
        device: &Device,
    ) -> Self {
        let method = if layout == Layout::ChannelsFirst {
            let bias = bias.map(|bias| TensorData::new(bias, [shape.channels_out]));
            Method::Burn(
                Tensor::from_data(TensorData::new(weight, shape.weight_shape()), device),
                bias.map(|bias| Tensor::from_data(bias, device)),
            )
        } else {
            let kernel = if Depthwise::fits(&shape) {
                Kernel::Depthwise(Depthwise::new(&shape, &weight))
            } else if Winograd::fits(&shape) {
                Kernel::Either { weight, direct: OnceLock::new(), winograd: OnceLock::new() }
            } else {
                Kernel::Direct(Direct::new(&shape, &weight))
            };
            Method::Own(kernel, bias.unwrap_or_else(|| vec![0.0; shape.channels_out]))
        };
        Self { shape, method, back: OnceLock::new() }
    }

    /// `activation(convolution(x) + bias + residual)`
    ///
    /// # Shapes
    /// `[N, C_in, H, W]` → `[N, C_out, H', W']`, with [`Layout::ChannelsLast`] `[N, H, W, C_in]` →
    /// `[N, H', W', C_out]`; `residual` has the shape of the output.
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward(
        &self,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
    ) -> Result<Tensor<4>, ModelError> {
        self.forward_as(self.shape, x, residual, activation)
    }

    /// The same with another padding than its own.
    fn forward_as(
        &self,
        shape: ConvShape,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
    ) -> Result<Tensor<4>, ModelError> {
        if let Method::Burn(weight, bias) = &self.method {
            let y = forward_burn(shape, x, weight.clone(), bias.clone());
            return Ok(activation.forward(match residual {
                Some(residual) => y + residual,
                None => y,
            }));
        }
        let geometry = Geometry::new(shape, x.dims());
        let device = x.device();
        let input = numbers(x)?;
        let image = input.as_slice().map_err(ModelError::device)?;
        let added = residual.map(numbers).transpose()?;
        let residual = added.as_ref().map(TensorData::as_slice).transpose();
        let residual = residual.map_err(ModelError::device)?;
        let out = self.own(&geometry, image, residual, activation)?;
        for used in [Some(input), added].into_iter().flatten() {
            used.try_into_vec().into_iter().for_each(keep_buffer);
        }
        Ok(Tensor::from_data(TensorData::new(out, geometry.out_shape()), &device))
    }

    /// Whether it runs on plain numbers.
    pub fn is_own(&self) -> bool {
        matches!(self.method, Method::Own(..))
    }

    /// The same for plain numbers, channels last, and the shape of what comes out.
    ///
    /// # Errors
    /// For a convolution that burn runs.
    pub fn forward_numbers(
        &self,
        image: &[f32],
        size: [usize; 4],
        residual: Option<&[f32]>,
        activation: Activation,
    ) -> Result<(Vec<f32>, [usize; 4]), ModelError> {
        let geometry = Geometry::new(self.shape, size);
        let out = self.own(&geometry, image, residual, activation)?;
        Ok((out, geometry.out_shape()))
    }

    fn own(
        &self,
        geometry: &Geometry,
        image: &[f32],
        residual: Option<&[f32]>,
        activation: Activation,
    ) -> Result<Vec<f32>, ModelError> {
        let Method::Own(kernel, bias) = &self.method else { return Err(ModelError::OnCpuOnly) };
        let epilogue = Epilogue { bias, residual, activation };
        Ok(match kernel {
            Kernel::Depthwise(depthwise) => {
                let filter = (depthwise, epilogue);
                Separable { expand: None, filter, project: None }.forward(geometry, image)
            }
            Kernel::Direct(direct) => direct.forward(geometry, image, &epilogue),
            Kernel::Either { weight, winograd, .. } if Winograd::pays(geometry) => winograd
                .get_or_init(|| Winograd::new(&self.shape, weight))
                .forward(geometry, image, &epilogue),
            Kernel::Either { weight, direct, .. } => direct
                .get_or_init(|| Direct::new(&self.shape, weight))
                .forward(geometry, image, &epilogue),
        })
    }
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
}

fn forward_burn(
    shape: ConvShape,
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
) -> Tensor<4> {
    let ConvShape { kernel, stride, padding, groups, .. } = shape;
    let [_, _, height, width] = x.dims();
    let pads = [height, width].map(|size| padding.pair(size, kernel, stride));
    let options = ConvOptions::new_with_padding([stride, stride], pads, [1, 1], groups);
    conv2d(x, weight, bias, options)
}

fn numbers(x: Tensor<4>) -> Result<TensorData, ModelError> {
    x.try_into_data().map_err(ModelError::device)
}
