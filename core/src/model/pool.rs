//! Pooling over small squares.

use std::ops::Range;

use burn_tensor::module::{avg_pool2d, max_pool2d};
use burn_tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn_tensor::{Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

use super::ModelError;
use super::convolution::{Layout, Strides, take_buffer};

/// One number for every square of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    pub kind: PoolKind,
    /// Side of the square.
    pub kernel: usize,
    pub stride: usize,
    /// On all sides; what lies there does not count.
    pub padding: usize,
    /// Whether a last square that only partly lies in the picture counts.
    pub is_ceiled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolKind {
    Max,
    /// Without padding only, so that all squares have as many numbers.
    Mean,
}

impl Pool {
    /// Behind the first layer of ResNets and others.
    pub const STEM: Self =
        Self { kind: PoolKind::Max, kernel: 3, stride: 2, padding: 1, is_ceiled: false };

    /// Squares of 2×2 beside each other.
    pub const fn halves(kind: PoolKind) -> Self {
        Self { kind, kernel: 2, stride: 2, padding: 0, is_ceiled: false }
    }

    /// Squares along an axis of `size` numbers.
    pub fn out(&self, size: usize) -> usize {
        let Self { kernel, stride, padding, is_ceiled, .. } = *self;
        let room = (size + 2 * padding).saturating_sub(kernel);
        let floor = room / stride + 1;
        // PyTorch: the last square must begin inside of the picture or before it.
        let has_rest = is_ceiled && room % stride > 0 && floor * stride < size + padding;
        floor + usize::from(has_rest)
    }

    /// The numbers of an axis of `size` that square `at` has.
    pub fn reach(&self, at: usize, size: usize) -> Range<usize> {
        let start = at * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel - self.padding).min(size)
    }

    /// # Shapes
    /// `[N, C, H, W]`, or `[N, H, W, C]`, as `layout` says. With its stride left out, four phases
    /// as [`super::convolution::Conv::forward_at`] has them.
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward(
        &self,
        x: Tensor<4>,
        layout: Layout,
        strides: Strides,
    ) -> Result<Tensor<4>, ModelError> {
        if strides == Strides::Split && self.stride == 2 {
            return self.forward_split(x, layout);
        }
        if layout == Layout::ChannelsLast {
            return self.forward_own(x);
        }
        let (kernel, stride, padding) = ([self.kernel; 2], [self.stride; 2], [self.padding; 2]);
        Ok(match self.kind {
            PoolKind::Max => {
                let options = MaxPoolOptions::new(kernel).with_stride(stride);
                max_pool2d(x, options.with_padding(padding).with_ceil_mode(self.is_ceiled))
            }
            PoolKind::Mean => avg_pool2d(x, AvgPoolOptions::new(kernel).with_stride(stride)),
        })
    }

    /// What lies outside of the picture must not count: it is smaller than all numbers for a
    /// maximum, and zero, as for convolutions, for a mean.
    fn forward_split(&self, x: Tensor<4>, layout: Layout) -> Result<Tensor<4>, ModelError> {
        let axes = match layout {
            Layout::ChannelsFirst => [2, 3],
            Layout::ChannelsLast => [1, 2],
        };
        let dims = x.dims();
        let (mut size, mut inside) = (dims, dims.map(|size| 0..size));
        for axis in axes {
            size[axis] = self.out(dims[axis]) * self.stride + self.kernel + 1;
            let end = (self.padding + dims[axis]).min(size[axis]);
            inside[axis] = self.padding..end;
        }
        let outside = match self.kind {
            PoolKind::Max => f32::MIN,
            PoolKind::Mean => 0.0,
        };
        let seen = dims.map(|size| 0..size);
        let seen = [0, 1, 2, 3].map(|axis| 0..seen[axis].end.min(inside[axis].len()));
        let padded =
            Tensor::<4>::full(size, outside, &x.device()).slice_assign(inside, x.slice(seen));
        let plain = Self { padding: 0, is_ceiled: false, ..*self };
        let mut phases = Vec::with_capacity(4);
        for start in [[0, 0], [0, 1], [1, 0], [1, 1]] {
            let mut part = size.map(|size| 0..size);
            for (axis, start) in axes.into_iter().zip(start) {
                let reach = (self.out(dims[axis]) - 1) * self.stride + self.kernel;
                part[axis] = start..start + reach;
            }
            phases.push(plain.forward(padded.clone().slice(part), layout, Strides::Kept)?);
        }
        Ok(Tensor::cat(phases, 0))
    }

    fn forward_own(&self, x: Tensor<4>) -> Result<Tensor<4>, ModelError> {
        let device = x.device();
        let [n, height, width, channels] = x.dims();
        let (out_height, out_width) = (self.out(height), self.out(width));
        let data = x.try_into_data().map_err(ModelError::device)?;
        let image: &[f32] = data.as_slice().map_err(ModelError::device)?;
        let mut out = take_buffer(n * out_height * out_width * channels);
        let line = |(i, line): (usize, &mut [f32])| {
            let (sample, y) = (i / out_height, i % out_height);
            for (x, out) in line.chunks_exact_mut(channels).enumerate() {
                let pixels = self.reach(y, height);
                let pixels = pixels.flat_map(|y| self.reach(x, width).map(move |x| (y, x)));
                let pixel = |(y, x)| &image[((sample * height + y) * width + x) * channels..];
                match self.kind {
                    PoolKind::Max => {
                        out.fill(f32::NEG_INFINITY);
                        for pixel in pixels.map(pixel) {
                            for (max, value) in out.iter_mut().zip(pixel) {
                                // NaN must not get lost.
                                let is_more = *value > *max || value.is_nan();
                                *max = if is_more { *value } else { *max };
                            }
                        }
                    }
                    PoolKind::Mean => {
                        out.fill(0.0);
                        for pixel in pixels.map(pixel) {
                            out.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
                        }
                        let count = (self.kernel * self.kernel) as f32;
                        out.iter_mut().for_each(|sum| *sum /= count);
                    }
                }
            }
        };
        // `pulp` compiles the loop once for each instruction set.
        let lines = out.par_chunks_exact_mut(out_width * channels).enumerate();
        lines.for_each(|numbered| Arch::new().dispatch(|| line(numbered)));
        let data = TensorData::new(out, [n, out_height, out_width, channels]);
        Ok(Tensor::from_data(data, &device))
    }
}

/// Means over `side` × `side` areas that cover the map, the same as PyTorch's adaptive average
/// pooling; areas overlap where the sides do not divide.
///
/// # Errors
/// When the device fails to hand out its numbers.
pub fn areas(x: Tensor<4>, side: usize, layout: Layout) -> Result<Tensor<4>, ModelError> {
    let axes = match layout {
        Layout::ChannelsFirst => [2, 3],
        Layout::ChannelsLast => [1, 2],
    };
    let mut x = x;
    for axis in axes {
        let size = x.dims()[axis];
        let area = |i: usize| {
            let (start, end) = (i * size / side, ((i + 1) * size).div_ceil(side));
            let mut part = x.dims().map(|size| 0..size);
            part[axis] = start..end;
            x.clone().slice(part).mean_dim(axis)
        };
        if size != side {
            x = Tensor::cat((0..side).map(area).collect(), axis);
        }
    }
    Ok(x)
}
