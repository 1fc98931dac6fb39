//! 3×3 convolution with stride 1 by Winograd's algorithm F(2×2, 3×3): Lavin and Gray 2016, "Fast
//! algorithms for convolutional neural networks".
//!
//! The output is made of tiles of 2×2 pixels. Each comes from 4×4 input pixels `d` and the kernel
//! `g` as `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`, the sum over input channels being taken between the
//! brackets: 16 multiplications per tile and channel instead of 36. For each of the 16 elements,
//! that sum is a product of matrices, `[tiles, C_in] × [C_in, C_out]`.
//!
//! The output is made in blocks of so few tiles that what lies between the three steps stays in the
//! cache.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors in these bodies are not inlined, and cost half of the speed"
)]

use std::array::from_fn;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::buffers::{take_buffer, with_scratch};
use super::epilogue::Epilogue;
use super::kernel::{Packed, Product, load, registers, store};
use super::shape::{ConvShape, Geometry};

/// Elements of a transformed tile.
const ELEMENTS: usize = 16;

/// Numbers between the ends of what belongs to two elements, so that the same place of all elements
/// does not compete for the same lines of the cache.
const GAP: usize = 16;

#[derive(Debug)]
pub struct Winograd {
    /// `[C_in, C_out]` for each element.
    weights: Vec<Packed>,
}

impl Winograd {
    pub fn fits(shape: &ConvShape) -> bool {
        let lanes = registers().lanes;
        (shape.kernel, shape.stride, shape.groups) == (3, 1, 1)
            && shape.channels_in.is_multiple_of(lanes)
            && shape.channels_out.is_multiple_of(lanes)
    }

    /// Whether it is faster for an input of this size than the definition is. Its weights are 1.8
    /// times as large, so they have to be used for enough tiles.
    pub fn pays(geometry: &Geometry) -> bool {
        const TILES: usize = 32;
        geometry.samples * tiles(geometry).iter().product::<usize>() >= TILES
    }

    /// `weight`: `[C_out, C_in, 3, 3]`; transformed in `f64`, so that only one rounding is added.
    pub fn new(shape: &ConvShape, weight: &[f32]) -> Self {
        let ConvShape { channels_in, channels_out, .. } = *shape;
        let mut elements = vec![0.0; ELEMENTS * channels_out * channels_in];
        by_row(&mut elements, channels_in, 0)
            .into_par_iter()
            .zip(weight.par_chunks_exact(9 * channels_in))
            .for_each(|(mut rows, kernels)| {
                for (channel, kernel) in kernels.chunks_exact(9).enumerate() {
                    for (row, value) in rows.iter_mut().zip(transform_kernel(kernel)) {
                        row[channel] = value;
                    }
                }
            });
        let size = [1, channels_out, channels_in];
        let elements = elements.chunks_exact(channels_in * channels_out);
        Self { weights: elements.map(|rows| Packed::new(rows, size, 0, |at| at)).collect() }
    }

    /// `[N, H, W, C_in]` → `[N, H', W', C_out]`
    pub fn forward(&self, geometry: &Geometry, image: &[f32], epilogue: &Epilogue<'_>) -> Vec<f32> {
        let ConvShape { channels_in, channels_out, .. } = geometry.shape;
        let [tiles_y, tiles_x] = tiles(geometry);
        let rows = geometry.samples * tiles_y;
        let line = geometry.out[1] * channels_out;
        let mut out = take_buffer(geometry.pixels_out() * channels_out);

        // Half of a processor's second cache, but enough tiles to make the weights worth loading.
        const NUMBERS: usize = 1 << 18;
        let at_once = (NUMBERS / ELEMENTS / (channels_in + channels_out)).max(96);
        let count = (rows * tiles_x).div_ceil(at_once).min(rows);
        let mut rest = out.as_mut_slice();
        let mut blocks = Vec::with_capacity(count);
        for i in 0..count {
            let rows = i * rows / count..(i + 1) * rows / count;
            let lines = first_line(geometry, rows.end) - first_line(geometry, rows.start);
            let (block, after) = rest.split_at_mut(lines * line);
            blocks.push((rows, block));
            rest = after;
        }
        blocks
            .into_par_iter()
            .for_each(|(rows, out)| self.block(geometry, image, epilogue, rows, out));
        out
    }

    /// The lines of the output that some rows of tiles cover.
    fn block(
        &self,
        geometry: &Geometry,
        image: &[f32],
        epilogue: &Epilogue<'_>,
        rows: Range<usize>,
        out: &mut [f32],
    ) {
        let ConvShape { channels_in, channels_out, .. } = geometry.shape;
        let tiles_x = tiles(geometry)[1];
        let tiles = rows.len() * tiles_x;
        let [inner, outer] = [channels_in, channels_out].map(|channels| tiles * channels + GAP);
        let arch = Arch::new();

        with_scratch(ELEMENTS * (inner + outer), |scratch| {
            let (elements, sums) = scratch.split_at_mut(ELEMENTS * inner);

            let tile_rows = by_row(elements, tiles_x * channels_in, GAP).into_par_iter();
            let zeros = vec![0.0; channels_in];
            tile_rows.zip(rows.clone()).for_each(|(mut elements, row)| {
                let elements = elements.as_mut_slice();
                arch.dispatch(TransformInput { geometry, image, zeros: &zeros, row, elements });
            });

            let starts: Vec<usize> = (0..tiles).map(|tile| tile * channels_in).collect();
            let products = sums.par_chunks_exact_mut(outer).zip(elements.par_chunks_exact(inner));
            products.zip(&self.weights).for_each(|((sums, input), weights)| {
                let sums = &mut sums[..tiles * channels_out];
                let mut out: Vec<_> = sums.chunks_exact_mut(channels_out).collect();
                arch.dispatch(Product {
                    input,
                    starts: &starts,
                    segments: &[0],
                    length: channels_in,
                    weights,
                    depth: 0,
                    panels: 0..weights.panels().count(),
                    out: &mut out,
                    epilogue: None,
                });
            });

            let line = geometry.out[1] * channels_out;
            let mut rest = out;
            let mut tile_rows = Vec::with_capacity(rows.len());
            for (i, row) in rows.enumerate() {
                let at = first_line(geometry, row);
                let (lines, after) = rest.split_at_mut((first_line(geometry, row + 1) - at) * line);
                rest = after;
                let sums: [&[f32]; ELEMENTS] = from_fn(|element| {
                    &sums[element * outer + i * tiles_x * channels_out..][..tiles_x * channels_out]
                });
                tile_rows.push((sums, at * geometry.out[1], lines));
            }
            tile_rows.into_par_iter().for_each(|(sums, pixel, lines)| {
                arch.dispatch(TransformOutput { geometry, epilogue, sums, pixel, lines });
            });
        });
    }
}

/// Tiles down and across.
fn tiles(geometry: &Geometry) -> [usize; 2] {
    geometry.out.map(|size| size.div_ceil(2))
}

/// The first line of the output that a row of tiles covers, all samples below each other.
fn first_line(geometry: &Geometry, row: usize) -> usize {
    let tiles_y = tiles(geometry)[0];
    row / tiles_y * geometry.out[0] + row % tiles_y * 2
}

/// `[16, rows, row]`, `gap` after each element, as a list of 16 slices for each row.
fn by_row(elements: &mut [f32], row: usize, gap: usize) -> Vec<Vec<&mut [f32]>> {
    let element = elements.len() / ELEMENTS;
    let count = (element - gap) / row;
    let mut rows: Vec<_> = (0..count).map(|_| Vec::with_capacity(ELEMENTS)).collect();
    for element in elements.chunks_exact_mut(element) {
        for (slices, slice) in rows.iter_mut().zip(element.chunks_exact_mut(row)) {
            slices.push(slice);
        }
    }
    rows
}

/// `G g Gᵀ`
fn transform_kernel(kernel: &[f32]) -> [f32; ELEMENTS] {
    let transform = |[a, b, c]: [f64; 3]| [a, (a + b + c) / 2.0, (a - b + c) / 2.0, c];
    let columns = [0, 1, 2].map(|x| transform([0, 3, 6].map(|y| f64::from(kernel[y + x]))));
    let rows: [_; 4] = from_fn(|y| transform(columns.map(|column| column[y])));
    from_fn(|element| rows[element / 4][element % 4] as f32)
}

/// `Bᵀ d B` for a row of tiles; `elements` holds a slice `[tiles, C]` for each element.
struct TransformInput<'a> {
    geometry: &'a Geometry,
    image: &'a [f32],
    /// `[C]`, instead of pixels outside of the picture.
    zeros: &'a [f32],
    row: usize,
    elements: &'a mut [&'a mut [f32]],
}

impl WithSimd for TransformInput<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.geometry.shape.channels_in;
        let [height, width] = self.geometry.size;
        let [top, left] = self.geometry.before;
        let [tiles_y, tiles_x] = tiles(self.geometry);
        let (sample, y) = (self.row / tiles_y, self.row % tiles_y * 2);
        for tile in 0..tiles_x {
            let mut pixels = [[self.zeros; 4]; 4];
            for (dy, pixels) in pixels.iter_mut().enumerate() {
                for (dx, pixel) in pixels.iter_mut().enumerate() {
                    let (y, x) = ((y + dy).wrapping_sub(top), (2 * tile + dx).wrapping_sub(left));
                    if y < height && x < width {
                        let at = ((sample * height + y) * width + x) * channels;
                        *pixel = &self.image[at..at + channels];
                    }
                }
            }
            for c in (0..channels).step_by(S::F32_LANES) {
                let mut d = [[simd.splat_f32s(0.0); 4]; 4];
                for dy in 0..4 {
                    for dx in 0..4 {
                        [d[dy][dx]] = load(simd, &pixels[dy][dx][c..c + S::F32_LANES]);
                    }
                    d[dy] = input_transform(simd, d[dy]);
                }
                let at = tile * channels + c..tile * channels + c + S::F32_LANES;
                for dx in 0..4 {
                    let column = [d[0][dx], d[1][dx], d[2][dx], d[3][dx]];
                    let column = input_transform(simd, column);
                    for dy in 0..4 {
                        store(simd, &mut self.elements[4 * dy + dx][at.clone()], &[column[dy]]);
                    }
                }
            }
        }
    }
}

/// `Aᵀ m A` and what follows for a row of tiles: `sums` holds `[tiles, C]` for each element, `lines`
/// is one or two lines of the output, from `pixel` on.
struct TransformOutput<'a> {
    geometry: &'a Geometry,
    epilogue: &'a Epilogue<'a>,
    sums: [&'a [f32]; ELEMENTS],
    pixel: usize,
    lines: &'a mut [f32],
}

impl WithSimd for TransformOutput<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.geometry.shape.channels_out;
        let width = self.geometry.out[1];
        let lines = self.lines.len() / (width * channels);
        for tile in 0..width.div_ceil(2) {
            for c in (0..channels).step_by(S::F32_LANES) {
                let at = tile * channels + c;
                let mut columns = [[simd.splat_f32s(0.0); 2]; 4];
                for dy in 0..4 {
                    let mut row = [simd.splat_f32s(0.0); 4];
                    for dx in 0..4 {
                        [row[dx]] = load(simd, &self.sums[4 * dy + dx][at..at + S::F32_LANES]);
                    }
                    columns[dy] = output_transform(simd, row);
                }
                for dx in 0..2 {
                    let column = [columns[0][dx], columns[1][dx], columns[2][dx], columns[3][dx]];
                    let column = output_transform(simd, column);
                    for dy in 0..2 {
                        if dy < lines && 2 * tile + dx < width {
                            let pixel = dy * width + 2 * tile + dx;
                            let range = c..c + S::F32_LANES;
                            let mut sum = [column[dy]];
                            self.epilogue.finish(simd, &mut sum, self.pixel + pixel, range);
                            let at = pixel * channels + c;
                            store(simd, &mut self.lines[at..at + S::F32_LANES], &sum);
                        }
                    }
                }
            }
        }
    }
}

/// `Bᵀ d`
#[inline(always)]
fn input_transform<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 4] {
    [simd.sub_f32s(a, c), simd.add_f32s(b, c), simd.sub_f32s(c, b), simd.sub_f32s(b, d)]
}

/// `Aᵀ m`
#[inline(always)]
fn output_transform<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 2] {
    let [left, right] = [simd.add_f32s(a, b), simd.sub_f32s(b, c)];
    [simd.add_f32s(left, c), simd.sub_f32s(right, d)]
}
