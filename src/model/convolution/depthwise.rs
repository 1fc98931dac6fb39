//! Convolution with one filter per channel, as a direct loop.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors in these bodies are not inlined, and cost half of the speed"
)]

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::buffers::take_buffer;
use super::epilogue::Epilogue;
use super::kernel::{load, registers, store};
use super::shape::{ConvShape, Geometry};

/// Output pixels beside each other whose sums are in registers at once.
const PIXELS: usize = 8;

#[derive(Debug)]
pub struct Depthwise {
    /// `[k · k, C]`
    weight: Vec<f32>,
}

impl Depthwise {
    pub fn fits(shape: &ConvShape) -> bool {
        shape.groups > 1
            && shape.groups == shape.channels_in
            && shape.channels_in == shape.channels_out
            && shape.channels_in >= registers().lanes
    }

    /// `weight`: `[C, 1, k, k]`
    pub fn new(shape: &ConvShape, weight: &[f32]) -> Self {
        let taps = shape.kernel * shape.kernel;
        let by_tap = |tap| weight.iter().skip(tap).step_by(taps).copied();
        Self { weight: (0..taps).flat_map(by_tap).collect() }
    }

    /// `[N, H, W, C]` → `[N, H', W', C]`
    pub fn forward(&self, geometry: &Geometry, image: &[f32], epilogue: &Epilogue<'_>) -> Vec<f32> {
        let [out_height, out_width] = geometry.out;
        let line = out_width * geometry.shape.channels_out;
        let mut out = take_buffer(geometry.pixels_out() * geometry.shape.channels_out);
        let arch = Arch::new();
        out.par_chunks_exact_mut(line).enumerate().for_each(|(i, line)| {
            let place = [i / out_height, i % out_height];
            arch.dispatch(Line { geometry, image, weight: &self.weight, epilogue, place, line });
        });
        out
    }
}

/// A line of the output: `place` is its sample and its number in that sample.
struct Line<'a> {
    geometry: &'a Geometry,
    image: &'a [f32],
    weight: &'a [f32],
    epilogue: &'a Epilogue<'a>,
    place: [usize; 2],
    line: &'a mut [f32],
}

impl WithSimd for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = self.geometry.out[1];
        let mut x = 0;
        while x < width {
            // Where the whole kernel is inside of the picture for several pixels, they share its
            // weights; at the borders, each goes alone.
            let last = x + PIXELS - 1;
            let inside = |x| self.geometry.taps(1, x).len() == self.geometry.shape.kernel;
            if last < width && inside(x) && inside(last) {
                self.pixels::<S, PIXELS>(simd, x);
                x += PIXELS;
            } else {
                self.pixels::<S, 1>(simd, x);
                x += 1;
            }
        }
    }
}

impl Line<'_> {
    /// `N` pixels from `x` on, whose kernels meet the picture with the same columns.
    #[inline(always)]
    fn pixels<S: Simd, const N: usize>(&mut self, simd: S, x: usize) {
        let channels = self.geometry.shape.channels_in;
        for c in (0..channels).step_by(S::F32_LANES) {
            let end = c + S::F32_LANES;
            // The same, but the compiler knows the length of the first.
            if end <= channels {
                self.channels::<S, N>(simd, x, c..c + S::F32_LANES);
            } else {
                self.channels::<S, N>(simd, x, c..channels);
            }
        }
    }

    /// As many channels as a register holds, or less.
    #[inline(always)]
    fn channels<S: Simd, const N: usize>(&mut self, simd: S, x: usize, columns: Range<usize>) {
        let ConvShape { kernel, stride, channels_in: channels, .. } = self.geometry.shape;
        let [sample, y] = self.place;
        let (ys, xs) = (self.geometry.taps(0, y), self.geometry.taps(1, x));
        let pixel = (sample * self.geometry.out[0] + y) * self.geometry.out[1] + x;
        let mut sums = [[simd.splat_f32s(0.0); 1]; N];
        for ky in ys {
            let first = self.geometry.pixel(sample, [y, x], [ky, xs.start]) * channels;
            for kx in xs.clone() {
                let weight = &self.weight[(ky * kernel + kx) * channels..][columns.clone()];
                let [weight] = load(simd, weight);
                let image = &self.image[first + (kx - xs.start) * channels..];
                for n in 0..N {
                    let [value] = load(simd, &image[n * stride * channels..][columns.clone()]);
                    sums[n][0] = simd.mul_add_f32s(weight, value, sums[n][0]);
                }
            }
        }
        for n in 0..N {
            self.epilogue.finish(simd, &mut sums[n], pixel + n, columns.clone());
            store(simd, &mut self.line[(x + n) * channels..][columns.clone()], &sums[n]);
        }
    }
}
