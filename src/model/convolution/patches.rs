//! Convolution as one matrix product: "im2col", Chellapilla et al. 2006.

use burn_tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::epilogue::Epilogue;
use super::shape::{ConvShape, Geometry};
use crate::model::ModelError;

#[derive(Debug)]
pub struct Patches {
    /// `[groups, k · k · C_in / groups, C_out / groups]`, with groups of [`merged`] ones.
    weight: Tensor<3>,
}

impl Patches {
    /// `weight`: `[C_out, C_in / groups, k, k]`
    pub fn new(shape: &ConvShape, weight: &[f32], device: &Device) -> Self {
        let taps = shape.kernel * shape.kernel;
        let channels = shape.channels_in / shape.groups;
        let outs = shape.channels_out / shape.groups;
        let merged = merged(shape.groups, channels);
        let groups = shape.groups / merged;
        let mut matrices = vec![0.0; weight.len() * merged];
        let rows = matrices.chunks_exact_mut(merged * channels * taps);
        for (out, (row, kernels)) in rows.zip(weight.chunks_exact(channels * taps)).enumerate() {
            row[out / outs % merged * kernels.len()..][..kernels.len()].copy_from_slice(kernels);
        }
        let [outs, channels] = [outs * merged, channels * merged];
        let data = TensorData::new(matrices, [groups, outs, channels, taps]);
        // Round trip through plain numbers: they come back in the permuted order.
        let weight = Tensor::<4>::from_data(data, device).permute([0, 3, 2, 1]).into_data();
        let weight =
            Tensor::<4>::from_data(weight, device).reshape([groups, taps * channels, outs]);
        Self { weight }
    }

    /// `[N, H, W, C_in]` → `[N, H', W', C_out]`
    pub fn forward(
        &self,
        geometry: &Geometry,
        x: Tensor<4>,
        epilogue: &Epilogue<'_>,
    ) -> Result<Tensor<4>, ModelError> {
        let device = x.device();
        let [groups, depth, _] = self.weight.dims();
        let rows = geometry.samples * geometry.out[0] * geometry.out[1];
        let patches = if geometry.shape.is_pointwise() {
            x.reshape([1, rows, depth])
        } else {
            let data = x.try_into_data().map_err(ModelError::device)?;
            let image = data.as_slice().map_err(ModelError::device)?;
            let patches = TensorData::new(patches(geometry, image, groups), [groups, rows, depth]);
            Tensor::from_data(patches, &device)
        };
        let product = patches.matmul(self.weight.clone()).swap_dims(0, 1);
        let mut data = product.try_into_data().map_err(ModelError::device)?;
        epilogue.apply_all(data.as_mut_slice().map_err(ModelError::device)?);
        Ok(Tensor::<3>::from_data(data, &device).reshape(geometry.out_shape()))
    }
}

/// How many groups of `channels` become one, with zeros where they do not mix: very small products
/// waste more time than multiplications by zero.
fn merged(groups: usize, channels: usize) -> usize {
    const CHANNELS: usize = 16;
    let enough = |count: &usize| groups.is_multiple_of(*count) && count * channels >= CHANNELS;
    (1..=groups).find(enough).unwrap_or(groups)
}

/// `[N, H, W, C]` → `[groups, N · H' · W', k · k · C / groups]`: a row holds the input values that
/// the kernel meets at one output position (0 outside of the picture).
fn patches(geometry: &Geometry, image: &[f32], groups: usize) -> Vec<f32> {
    let ConvShape { channels_in, kernel, .. } = geometry.shape;
    let [out_height, out_width] = geometry.out;
    let channels = channels_in / groups;
    let depth = kernel * kernel * channels;
    let mut patches = vec![0.0; groups * geometry.samples * out_height * out_width * depth];
    patches.par_chunks_exact_mut(out_width * depth).enumerate().for_each(|(i, line)| {
        let y = i % out_height;
        let sample = i / out_height % geometry.samples;
        let group = i / out_height / geometry.samples;
        for (x, row) in line.chunks_exact_mut(depth).enumerate() {
            let xs = geometry.taps(1, x);
            for ky in geometry.taps(0, y) {
                let first = geometry.pixel(sample, [y, x], [ky, xs.start]);
                let to = &mut row[(ky * kernel + xs.start) * channels..][..xs.len() * channels];
                if groups == 1 {
                    to.copy_from_slice(&image[first * channels..][..to.len()]);
                    continue;
                }
                for (i, to) in to.chunks_exact_mut(channels).enumerate() {
                    let from = (first + i) * channels_in + group * channels;
                    to.copy_from_slice(&image[from..from + channels]);
                }
            }
        }
    });
    patches
}
