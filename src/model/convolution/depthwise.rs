//! Convolution with one filter per channel, as a direct loop.

use burn_tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::LANES;
use super::epilogue::Epilogue;
use super::shape::{ConvShape, Geometry};
use crate::model::ModelError;

#[derive(Debug)]
pub struct Depthwise {
    /// `[k · k, C]`
    weight: Vec<f32>,
}

impl Depthwise {
    pub fn fits(shape: &ConvShape) -> bool {
        shape.groups == shape.channels_in
            && shape.channels_in == shape.channels_out
            && shape.channels_in.is_multiple_of(LANES)
    }

    /// `weight`: `[C, 1, k, k]`
    pub fn new(shape: &ConvShape, weight: &[f32]) -> Self {
        let taps = shape.kernel * shape.kernel;
        let by_tap = |tap| weight.iter().skip(tap).step_by(taps).copied();
        Self { weight: (0..taps).flat_map(by_tap).collect() }
    }

    /// `[N, H, W, C]` → `[N, H', W', C]`
    pub fn forward(
        &self,
        geometry: &Geometry,
        x: Tensor<4>,
        epilogue: &Epilogue<'_>,
    ) -> Result<Tensor<4>, ModelError> {
        let device = x.device();
        let data = x.try_into_data().map_err(ModelError::device)?;
        let image = data.as_slice().map_err(ModelError::device)?;
        let [out_height, out_width] = geometry.out;
        let line = out_width * geometry.shape.channels_out;
        let mut out = vec![0.0; geometry.samples * out_height * line];
        out.par_chunks_exact_mut(line).enumerate().for_each(|(i, line)| {
            self.line(geometry, image, [i / out_height, i % out_height], line);
            epilogue.apply(i * out_width, line);
        });
        Ok(Tensor::from_data(TensorData::new(out, geometry.out_shape()), &device))
    }

    fn line(&self, geometry: &Geometry, image: &[f32], [sample, y]: [usize; 2], line: &mut [f32]) {
        let ConvShape { kernel, channels_in: channels, .. } = geometry.shape;
        let ys = geometry.taps(0, y);
        for (x, pixel) in line.chunks_exact_mut(channels).enumerate() {
            let xs = geometry.taps(1, x);
            for (c, out) in pixel.chunks_exact_mut(LANES).enumerate() {
                let mut sum = [0.0; LANES];
                for ky in ys.clone() {
                    let first = geometry.pixel(sample, [y, x], [ky, xs.start]);
                    for kx in xs.clone() {
                        let at = (first + kx - xs.start) * channels + c * LANES;
                        let values = &image[at..at + LANES];
                        let weights = &self.weight[(ky * kernel + kx) * channels + c * LANES..];
                        for ((sum, value), weight) in sum.iter_mut().zip(values).zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
                out.copy_from_slice(&sum);
            }
        }
    }
}
