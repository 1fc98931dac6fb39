//! Convolutions whose stride is left out, for finer feature maps ("à trous", Chen et al. 2018).
//!
//! A network without the stride of one layer and with twice the dilation in all layers after it
//! computes the same four times: at even and odd rows and columns, which never meet again. So the
//! strided layer runs once for each of the four phases, on an input that is moved by one pixel, and
//! all that follows runs as it is, on four times as many pictures. No layer needs to know dilation.

use burn_tensor::Tensor;

use super::shape::{Layout, Padding};
use super::{Activation, Conv, ConvShape, Method, ModelError};
use crate::explain::Density;

/// What becomes of a layer's stride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strides {
    /// As the network was trained.
    Kept,
    /// All four phases are computed.
    Split,
}

/// For each block of a network, whether its stride is left out: the last ones are, as many as
/// `density` says.
pub fn strides(
    is_strided: impl DoubleEndedIterator<Item = bool>,
    density: Density,
) -> impl Iterator<Item = Strides> {
    let mut left = density.splits();
    let mut strides: Vec<Strides> = is_strided
        .rev()
        .map(|is_strided| {
            if is_strided && left > 0 {
                left -= 1;
                Strides::Split
            } else {
                Strides::Kept
            }
        })
        .collect();
    strides.reverse();
    strides.into_iter()
}

impl Conv {
    /// Whether the output is smaller than the input.
    pub fn is_strided(&self) -> bool {
        self.shape.stride > 1
    }

    /// As [`Self::forward`] without a residual. A layer of stride 2 that is split gives its four
    /// phases one after the other along the first axis: upper left, upper right, lower left, lower
    /// right, N pictures each.
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward_at(
        &self,
        x: Tensor<4>,
        activation: Activation,
        strides: Strides,
    ) -> Result<Tensor<4>, ModelError> {
        match strides {
            Strides::Split if self.shape.stride == 2 => self.forward_split(x, activation),
            Strides::Split | Strides::Kept => self.forward(x, None, activation),
        }
    }

    fn forward_split(&self, x: Tensor<4>, activation: Activation) -> Result<Tensor<4>, ModelError> {
        let ConvShape { kernel, stride, padding, .. } = self.shape;
        let axes = match self.layout() {
            Layout::ChannelsFirst => [2, 3],
            Layout::ChannelsLast => [1, 2],
        };
        // Asymmetric padding draws the picture towards the lower right; the phases that were left
        // out lie on the other side then, so that the finer map is centred better.
        let first = match padding {
            Padding::Fixed(_) => 0,
            Padding::Same => 1,
        };
        let dims = x.dims();
        let mut bounds = dims.map(|size| 0..size);
        let mut padded = dims;
        for axis in axes {
            let (before, _) = padding.pair(dims[axis], kernel, stride);
            bounds[axis] = before + first..before + first + dims[axis];
            padded[axis] = before + first + dims[axis] + kernel + stride;
        }
        let device = x.device();
        let padded = Tensor::<4>::zeros(padded, &device).slice_assign(bounds, x);
        let unpadded = ConvShape { padding: Padding::Fixed(0), ..self.shape };
        let mut phases = Vec::with_capacity(4);
        for [y, x] in [[0, 0], [0, 1], [1, 0], [1, 1]] {
            let mut part = padded.dims().map(|size| 0..size);
            for (axis, start) in axes.into_iter().zip([y, x]) {
                let (before, after) = padding.pair(dims[axis], kernel, stride);
                let out = (dims[axis] + before + after - kernel) / stride + 1;
                part[axis] = start..start + (out - 1) * stride + kernel;
            }
            let part = padded.clone().slice(part);
            phases.push(self.forward_as(unpadded, part, None, activation)?);
        }
        Ok(Tensor::cat(phases, 0))
    }

    fn layout(&self) -> Layout {
        match self.method {
            Method::Burn(..) => Layout::ChannelsFirst,
            Method::Own(..) => Layout::ChannelsLast,
        }
    }
}
