//! Convolution with one filter per channel, a line of the output at a time.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors in these bodies are not inlined, and cost half of the speed"
)]

use std::array::from_fn;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::epilogue::Epilogue;
use super::kernel::{load, registers, store};
use super::shape::ConvShape;

/// Output pixels beside each other whose sums are in registers at once, where there are 32 of
/// those. The sides of feature maps for pictures of 224² are divisible by it.
const PIXELS: usize = 7;
/// With 16 registers, where the values that they meet must fit in, too.
const FEW_PIXELS: usize = 4;

#[derive(Debug)]
pub struct Depthwise {
    kernel: usize,
    stride: usize,
    channels: usize,
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
        let ConvShape { kernel, stride, channels_in: channels, .. } = *shape;
        let by_tap = |tap| weight.iter().skip(tap).step_by(kernel * kernel).copied();
        let weight = (0..kernel * kernel).flat_map(by_tap).collect();
        Self { kernel, stride, channels, weight }
    }

    /// `[k · k, C]`
    pub fn weight(&self) -> &[f32] {
        &self.weight
    }

    /// How many pixels of a line of the input `width` pixels of the output reach over, of which
    /// there are at least as many as are computed at once.
    pub fn reach(&self, width: usize) -> usize {
        (width.max(PIXELS) - 1) * self.stride + self.kernel
    }
}

/// A line of the output, or some of its channels.
pub struct FilterLine<'a> {
    pub depthwise: &'a Depthwise,
    /// Those that the lines hold; they begin where a register does.
    pub channels: Range<usize>,
    /// The `k` lines of the input that it depends on, `[W, C]` each, with whatever pads them; they
    /// are as long as [`Depthwise::reach`] says.
    pub lines: &'a [&'a [f32]],
    pub epilogue: &'a Epilogue<'a>,
    /// The number of the first pixel in the output.
    pub pixel: usize,
    /// `[W', C]`
    pub out: &'a mut [f32],
}

impl WithSimd for FilterLine<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Depthwise { kernel, stride, channels, .. } = *self.depthwise;
        if [channels, self.channels.start, self.channels.len()]
            .iter()
            .any(|it| it % S::F32_LANES > 0)
        {
            return self.line_by_definition(simd);
        }
        match (kernel, stride, S::REGISTER_COUNT >= 32) {
            (3, 1, true) => self.line::<S, 3, 1, PIXELS, 9>(simd),
            (3, 2, true) => self.line::<S, 3, 2, PIXELS, 15>(simd),
            (5, 1, true) => self.line::<S, 5, 1, PIXELS, 11>(simd),
            (5, 2, true) => self.line::<S, 5, 2, PIXELS, 17>(simd),
            (7, 1, true) => self.line::<S, 7, 1, PIXELS, 13>(simd),
            (3, 1, false) => self.line::<S, 3, 1, FEW_PIXELS, 6>(simd),
            (3, 2, false) => self.line::<S, 3, 2, FEW_PIXELS, 9>(simd),
            (5, 1, false) => self.line::<S, 5, 1, FEW_PIXELS, 8>(simd),
            (5, 2, false) => self.line::<S, 5, 2, FEW_PIXELS, 11>(simd),
            (7, 1, false) => self.line::<S, 7, 1, FEW_PIXELS, 10>(simd),
            _ => self.line_by_definition(simd),
        }
    }
}

impl FilterLine<'_> {
    /// Kernel `K`, stride `BY`; `P` pixels reach over `REACH`. Channels fill registers.
    #[inline(always)]
    fn line<S: Simd, const K: usize, const BY: usize, const P: usize, const REACH: usize>(
        &mut self,
        simd: S,
    ) {
        let channels = self.channels.len();
        let vectors = channels / S::F32_LANES;
        let (weights, _) = S::as_simd_f32s(&self.depthwise.weight);
        let weights = &weights[self.channels.start / S::F32_LANES..];
        let stride = self.depthwise.channels / S::F32_LANES;
        let lines: [&[S::f32s]; K] = from_fn(|ky| S::as_simd_f32s(self.lines[ky]).0);
        let width = self.out.len() / channels;
        for x in (0..width).step_by(P) {
            // The last ones are moved to the left, where some have been computed already.
            let x = x.min(width.saturating_sub(P));
            for v in 0..vectors {
                let mut sums = [[simd.splat_f32s(0.0); 1]; P];
                for ky in 0..K {
                    // Each is loaded once for all pixels and taps that it meets.
                    let mut values = [simd.splat_f32s(0.0); REACH];
                    for at in 0..REACH {
                        values[at] = lines[ky][(x * BY + at) * vectors + v];
                    }
                    for kx in 0..K {
                        let weight = weights[(ky * K + kx) * stride + v];
                        for n in 0..P {
                            let value = values[n * BY + kx];
                            sums[n][0] = simd.mul_add_f32s(weight, value, sums[n][0]);
                        }
                    }
                }
                let columns = v * S::F32_LANES..(v + 1) * S::F32_LANES;
                let of_all = columns.start + self.channels.start..columns.end + self.channels.start;
                for n in 0..P.min(width) {
                    let pixel = self.pixel + x + n;
                    self.epilogue.finish(simd, &mut sums[n], pixel, of_all.clone());
                    let out = &mut self.out[(x + n) * channels..];
                    store(simd, &mut out[columns.clone()], &sums[n]);
                }
            }
        }
    }

    /// The definition.
    #[inline(always)]
    fn line_by_definition<S: Simd>(&mut self, simd: S) {
        let Depthwise { kernel, stride, channels: all, weight } = self.depthwise;
        let Range { start, end } = self.channels;
        let channels = end - start;
        for (x, out) in self.out.chunks_exact_mut(channels).enumerate() {
            for c in (0..channels).step_by(S::F32_LANES) {
                let columns = c..(c + S::F32_LANES).min(channels);
                let of_all = start + columns.start..start + columns.end;
                let mut sum = [simd.splat_f32s(0.0)];
                for (line, weights) in self.lines.iter().zip(weight.chunks_exact(kernel * all)) {
                    let line = line[x * stride * channels..].chunks_exact(channels);
                    for (pixel, weight) in line.zip(weights.chunks_exact(*all)) {
                        let [value] = load(simd, &pixel[columns.clone()]);
                        let [weight] = load(simd, &weight[of_all.clone()]);
                        sum[0] = simd.mul_add_f32s(weight, value, sum[0]);
                    }
                }
                self.epilogue.finish(simd, &mut sum, self.pixel + x, of_all);
                store(simd, &mut out[columns], &sum);
            }
        }
    }
}
