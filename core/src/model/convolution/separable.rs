//! One filter per channel, and the 1×1 convolutions before and after it, a few lines at a time.
//!
//! These blocks of mobile networks widen a feature map to the sixfold, filter each channel, and make
//! it narrow again. The wide maps are larger than a core's cache while few multiplications are done
//! with each number, so they are never written as a whole: of the first, as many lines are kept as
//! the filter needs, padded with zeros as it needs them.

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::buffers::{take_buffer, with_scratch};
use super::depthwise::{Depthwise, FilterLine};
use super::epilogue::Epilogue;
use super::kernel::{Packed, Product};
use super::shape::{ConvShape, Geometry};

/// At least as many pixels are worth loading all weights for, if there are as many.
const PIXELS: usize = 96;

/// Each layer with what follows it.
pub struct Separable<'a> {
    /// `[1, C_in, C]`
    pub expand: Option<(&'a Packed, Epilogue<'a>)>,
    pub filter: (&'a Depthwise, Epilogue<'a>),
    /// `[1, C, C_out]`
    pub project: Option<(&'a Packed, Epilogue<'a>)>,
}

/// Some lines of the output of a sample.
struct Strip<'a> {
    sample: usize,
    rows: Range<usize>,
    out: &'a mut [f32],
}

impl Separable<'_> {
    /// `[N, H, W, C_in]` → `[N, H', W', C_out]`; `geometry` is that of the filter.
    pub fn forward(&self, geometry: &Geometry, image: &[f32]) -> Vec<f32> {
        let [height, width] = geometry.out;
        let mut out = take_buffer(geometry.pixels_out() * self.channels_out());
        let strips = rayon::current_num_threads().div_ceil(geometry.samples.max(1)).min(height);
        let mut rest = out.as_mut_slice();
        let mut tasks = Vec::with_capacity(geometry.samples * strips);
        for i in 0..geometry.samples * strips {
            let (sample, strip) = (i / strips, i % strips);
            let rows = strip * height / strips..(strip + 1) * height / strips;
            let (out, after) = rest.split_at_mut(rows.len() * width * self.channels_out());
            tasks.push(Strip { sample, rows, out });
            rest = after;
        }
        tasks.into_par_iter().for_each(|strip| self.strip(geometry, image, strip));
        out
    }

    pub fn channels_out(&self) -> usize {
        self.project.map_or(self.filter.1.bias.len(), |(weights, _)| weights.columns())
    }

    /// Numbers in a padded line of the filter's input.
    fn padded(&self, geometry: &Geometry) -> usize {
        let width = geometry.before[1] + geometry.size[1];
        self.filter.0.reach(geometry.out[1]).max(width) * geometry.shape.channels_in
    }

    fn strip(&self, geometry: &Geometry, image: &[f32], Strip { sample, rows, out }: Strip<'_>) {
        let ConvShape { kernel, stride, channels_in: channels, .. } = geometry.shape;
        let [width_in, width] = [geometry.size[1], geometry.out[1]];
        let left = geometry.before[1];
        let at_once = PIXELS.div_ceil(width).min(rows.len());
        let kept = (at_once - 1) * stride + kernel;
        let padded = self.padded(geometry);
        let filtered = if self.project.is_some() { at_once * width * channels } else { 0 };
        let line_out = width * self.channels_out();
        with_scratch(kept * padded + filtered, |scratch| {
            // A line of the padded input, counted from its top, has a place here until the one that
            // is `kept` lines further down needs it.
            let (lines, filtered) = scratch.split_at_mut(kept * padded);
            for line in lines.chunks_exact_mut(padded) {
                line[..left * channels].fill(0.0);
                line[(left + width_in) * channels..].fill(0.0);
            }
            let mut filled = rows.start * stride;
            for (row, out) in rows.step_by(at_once).zip(out.chunks_mut(at_once * line_out)) {
                let count = out.len() / line_out;
                let end = (row + count - 1) * stride + kernel;
                self.fill(geometry, image, sample, filled.max(row * stride)..end, lines);
                filled = end;
                let lines_of = |row: usize| {
                    let places = (row * stride..row * stride + kernel).map(|at| at % kept);
                    places.map(|at| &lines[at * padded..][..padded]).collect::<Vec<_>>()
                };
                let pixel = (sample * geometry.out[0] + row) * width;
                let target = match self.project {
                    Some(_) => &mut filtered[..count * width * channels],
                    None => &mut *out,
                };
                for (i, line) in target.chunks_exact_mut(width * channels).enumerate() {
                    Arch::new().dispatch(FilterLine {
                        depthwise: self.filter.0,
                        lines: &lines_of(row + i),
                        epilogue: &self.filter.1,
                        pixel: pixel + i * width,
                        out: line,
                    });
                }
                if let Some((weights, epilogue)) = &self.project {
                    let starts: Vec<usize> = (0..count * width).map(|at| at * channels).collect();
                    let mut out: Vec<_> = out.chunks_exact_mut(weights.columns()).collect();
                    Arch::new().dispatch(Product {
                        input: filtered,
                        starts: &starts,
                        segments: &[0],
                        length: channels,
                        weights,
                        panels: 0..weights.panels().count(),
                        out: &mut out,
                        epilogue: Some((epilogue, pixel)),
                    });
                }
            }
        });
    }

    /// Brings lines of the padded input to their places.
    fn fill(
        &self,
        geometry: &Geometry,
        image: &[f32],
        sample: usize,
        rows: Range<usize>,
        lines: &mut [f32],
    ) {
        let channels = geometry.shape.channels_in;
        let [height, width] = geometry.size;
        let [top, left] = geometry.before;
        let channels_in = image.len() / (geometry.samples * height * width);
        let padded = self.padded(geometry);
        let kept = lines.len() / padded;
        let mut starts = Vec::with_capacity(rows.len() * width);
        let mut pixels = Vec::with_capacity(rows.len() * width);
        for (place, line) in lines.chunks_exact_mut(padded).enumerate() {
            let row = rows.start + (place + kept - rows.start % kept) % kept;
            if row >= rows.end {
                continue;
            }
            let line = &mut line[left * channels..][..width * channels];
            let y = row.wrapping_sub(top);
            if y >= height {
                line.fill(0.0);
                continue;
            }
            let start = (sample * height + y) * width * channels_in;
            if self.expand.is_some() {
                starts.extend((0..width).map(|x| start + x * channels_in));
                pixels.extend(line.chunks_exact_mut(channels));
            } else {
                line.copy_from_slice(&image[start..start + width * channels]);
            }
        }
        if let Some((weights, epilogue)) = &self.expand {
            Arch::new().dispatch(Product {
                input: image,
                starts: &starts,
                segments: &[0],
                length: channels_in,
                weights,
                panels: 0..weights.panels().count(),
                out: &mut pixels,
                epilogue: Some((epilogue, 0)),
            });
        }
    }
}
