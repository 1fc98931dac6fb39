//! 3×3 convolution with stride 1 by Winograd's algorithm F(2×2, 3×3): Lavin and Gray 2016, "Fast
//! algorithms for convolutional neural networks".
//!
//! The output is made of tiles of 2×2 pixels. Each comes from 4×4 input pixels `d` and the kernel
//! `g` as `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`, the sum over input channels being taken between the
//! brackets: 16 multiplications per tile and channel instead of 36. For each of the 16 elements,
//! that sum is a product of matrices, `[tiles, C_in] × [C_in, C_out]`.

use std::array::from_fn;

use burn_tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::LANES;
use super::epilogue::Epilogue;
use super::shape::{ConvShape, Geometry};
use crate::model::ModelError;

/// Elements of a transformed tile.
const ELEMENTS: usize = 16;

type Lanes = [f32; LANES];

#[derive(Debug)]
pub struct Winograd {
    /// `[16, C_in, C_out]`
    weight: Tensor<3>,
}

impl Winograd {
    pub fn fits(shape: &ConvShape) -> bool {
        (shape.kernel, shape.stride, shape.groups) == (3, 1, 1)
            && shape.channels_in.is_multiple_of(LANES)
            && shape.channels_out.is_multiple_of(LANES)
    }

    /// `weight`: `[C_out, C_in, 3, 3]`; transformed in `f64`, so that only one rounding is added.
    pub fn new(shape: &ConvShape, weight: &[f32], device: &Device) -> Self {
        let ConvShape { channels_in, channels_out, .. } = *shape;
        let mut matrices = vec![0.0; ELEMENTS * channels_in * channels_out];
        by_row(&mut matrices, channels_out).into_par_iter().enumerate().for_each(
            |(channel, mut rows)| {
                let kernels = weight.chunks_exact(9).skip(channel).step_by(channels_in);
                for (out, kernel) in kernels.enumerate() {
                    for (row, value) in rows.iter_mut().zip(transform_kernel(kernel)) {
                        row[out] = value;
                    }
                }
            },
        );
        let data = TensorData::new(matrices, [ELEMENTS, channels_in, channels_out]);
        Self { weight: Tensor::from_data(data, device) }
    }

    /// `[N, H, W, C_in]` → `[N, H', W', C_out]`
    pub fn forward(
        &self,
        geometry: &Geometry,
        x: Tensor<4>,
        epilogue: &Epilogue<'_>,
    ) -> Result<Tensor<4>, ModelError> {
        let device = x.device();
        let data = x.try_into_data().map_err(ModelError::device)?;
        let image = data.as_slice().map_err(ModelError::device)?;
        let [tiles_y, tiles_x] = geometry.out.map(|size| size.div_ceil(2));
        let [_, channels_in, channels_out] = self.weight.dims();
        let tiles = geometry.samples * tiles_y * tiles_x;

        let mut elements = vec![0.0; ELEMENTS * tiles * channels_in];
        by_row(&mut elements, tiles_x * channels_in)
            .into_par_iter()
            .enumerate()
            .for_each(|(row, elements)| transform_input(geometry, image, row, elements));
        let elements = TensorData::new(elements, [ELEMENTS, tiles, channels_in]);
        let sums = Tensor::<3>::from_data(elements, &device).matmul(self.weight.clone());

        let sums = sums.try_into_data().map_err(ModelError::device)?;
        let sums: &[f32] = sums.as_slice().map_err(ModelError::device)?;
        let [out_height, out_width] = geometry.out;
        let mut out = vec![0.0; geometry.samples * out_height * out_width * channels_out];
        let samples = out.par_chunks_exact_mut(out_height * out_width * channels_out);
        samples.enumerate().for_each(|(sample, lines)| {
            let line_pairs = lines.par_chunks_mut(2 * out_width * channels_out);
            line_pairs.enumerate().for_each(|(tile_y, lines)| {
                let first = (sample * tiles_y + tile_y) * tiles_x;
                let sums = from_fn(|element| {
                    &sums[(element * tiles + first) * channels_out..][..tiles_x * channels_out]
                });
                transform_output(sums, out_width, channels_out, lines);
                epilogue.apply((sample * out_height + 2 * tile_y) * out_width, lines);
            });
        });
        Ok(Tensor::from_data(TensorData::new(out, geometry.out_shape()), &device))
    }
}

/// `[16, rows, row]` as one list of 16 slices for each row.
fn by_row(elements: &mut [f32], row: usize) -> Vec<Vec<&mut [f32]>> {
    let mut rows: Vec<_> = (0..elements.len() / ELEMENTS / row).map(|_| Vec::new()).collect();
    for element in elements.chunks_exact_mut(elements.len() / ELEMENTS) {
        for (slices, slice) in rows.iter_mut().zip(element.chunks_exact_mut(row)) {
            slices.push(slice);
        }
    }
    rows
}

/// `G g Gᵀ`
fn transform_kernel(kernel: &[f32]) -> [f32; ELEMENTS] {
    const G: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];
    from_fn(|element| {
        let (left, right) = (G[element / 4], G[element % 4]);
        let terms = kernel.iter().enumerate();
        terms.map(|(i, &g)| left[i / 3] * f64::from(g) * right[i % 3]).sum::<f64>() as f32
    })
}

/// `Bᵀ d B` for a row of tiles; `out` holds a slice `[tiles, C]` for each element.
fn transform_input(geometry: &Geometry, image: &[f32], row: usize, mut out: Vec<&mut [f32]>) {
    let channels = geometry.shape.channels_in;
    let [height, width] = geometry.size;
    let tiles_y = geometry.out[0].div_ceil(2);
    let (sample, y) = (row / tiles_y, row % tiles_y * 2);
    let zeros = vec![0.0; channels];
    for tile in 0..geometry.out[1].div_ceil(2) {
        let pixels: [[&[f32]; 4]; 4] = from_fn(|dy| {
            from_fn(|dx| {
                let y = (y + dy).wrapping_sub(geometry.before[0]);
                let x = (2 * tile + dx).wrapping_sub(geometry.before[1]);
                if y >= height || x >= width {
                    return zeros.as_slice();
                }
                &image[((sample * height + y) * width + x) * channels..][..channels]
            })
        });
        for c in (0..channels).step_by(LANES) {
            let columns = from_fn(|dy| input_transform(pixels[dy].map(|pixel| lanes(pixel, c))));
            for dx in 0..4 {
                let column = input_transform(columns.map(|row: [Lanes; 4]| row[dx]));
                for (dy, value) in column.iter().enumerate() {
                    out[4 * dy + dx][tile * channels + c..][..LANES].copy_from_slice(value);
                }
            }
        }
    }
}

/// `Aᵀ m A` for a row of tiles: `sums` holds `[tiles, C]` for each element, `lines` is one or two
/// lines of the output.
fn transform_output(sums: [&[f32]; ELEMENTS], width: usize, channels: usize, lines: &mut [f32]) {
    for tile in 0..width.div_ceil(2) {
        for c in (0..channels).step_by(LANES) {
            let at = tile * channels + c;
            let columns: [[Lanes; 2]; 4] =
                from_fn(|dy| output_transform(from_fn(|dx| lanes(sums[4 * dy + dx], at))));
            for dx in 0..2.min(width - 2 * tile) {
                let column = output_transform(columns.map(|row| row[dx]));
                let lines = lines.chunks_exact_mut(width * channels);
                for (line, value) in lines.zip(column) {
                    line[(2 * tile + dx) * channels + c..][..LANES].copy_from_slice(&value);
                }
            }
        }
    }
}

/// `Bᵀ d`
fn input_transform([a, b, c, d]: [Lanes; 4]) -> [Lanes; 4] {
    [sub(a, c), add(b, c), sub(c, b), sub(b, d)]
}

/// `Aᵀ m`
fn output_transform([a, b, c, d]: [Lanes; 4]) -> [Lanes; 2] {
    [add(add(a, b), c), sub(sub(b, c), d)]
}

fn lanes(values: &[f32], at: usize) -> Lanes {
    let values = &values[at..at + LANES];
    from_fn(|i| values[i])
}

fn add(a: Lanes, b: Lanes) -> Lanes {
    from_fn(|i| a[i] + b[i])
}

fn sub(a: Lanes, b: Lanes) -> Lanes {
    from_fn(|i| a[i] - b[i])
}
