//! One filter per channel, and the 1×1 convolutions before and after it, a few lines at a time.
//!
//! These blocks of mobile networks widen a feature map to the sixfold, filter each channel, and make
//! it narrow again. The wide maps are larger than a core's cache while few multiplications are done
//! with each number, so they are never written as a whole: of the first, as many lines are kept as
//! the filter needs, padded with zeros as it needs them.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::buffers::{keep_buffer, take_buffer, with_scratch};
use super::depthwise::{Depthwise, FilterLine};
use super::epilogue::Epilogue;
use super::kernel::{Packed, Product, load, store};
use super::shape::{ConvShape, Geometry};

/// At least as many pixels are worth loading all weights for, if there are as many.
const PIXELS: usize = 96;

/// Up to so many pixels of output, threads share the channels instead of the lines: so few lines
/// would have to be widened by several threads, for the filters that reach over them.
const SMALL: usize = 14 * 14;
/// So many parts the channels have then: more would take longer to be added up.
const PARTS: usize = 4;

/// Each layer with what follows it.
pub struct Separable<'a> {
    /// `[1, C_in, C]`
    pub expand: Option<(&'a Packed, Epilogue<'a>)>,
    pub filter: (&'a Depthwise, Epilogue<'a>),
    /// `[1, C, C_out]`
    pub project: Option<(&'a Packed, Epilogue<'a>)>,
}

/// Some lines of the output of a sample, by way of some of the wide channels.
struct Strip<'a> {
    sample: usize,
    rows: Range<usize>,
    part: Part,
    out: &'a mut [f32],
}

/// Neighbouring wide channels.
#[derive(Clone)]
struct Part {
    channels: Range<usize>,
    /// Those of the first convolution's weights that make them.
    panels: Range<usize>,
}

impl Separable<'_> {
    /// `[N, H, W, C_in]` → `[N, H', W', C_out]`; `geometry` is that of the filter.
    pub fn forward(&self, geometry: &Geometry, image: &[f32]) -> Vec<f32> {
        if self.shares_channels(geometry)
            && let (Some((weights, _)), Some((_, epilogue))) = (&self.expand, &self.project)
        {
            return self.by_channels(geometry, image, &parts(weights), epilogue);
        }
        let [height, width] = geometry.out;
        let mut out = take_buffer(geometry.pixels_out() * self.channels_out());
        let strips = rayon::current_num_threads().div_ceil(geometry.samples.max(1)).min(height);
        let mut rest = out.as_mut_slice();
        let mut tasks = Vec::with_capacity(geometry.samples * strips);
        for i in 0..geometry.samples * strips {
            let (sample, strip) = (i / strips, i % strips);
            let rows = strip * height / strips..(strip + 1) * height / strips;
            let (out, after) = rest.split_at_mut(rows.len() * width * self.channels_out());
            tasks.push(Strip { sample, rows, part: self.all(), out });
            rest = after;
        }
        let epilogue = self.project.as_ref().map(|(_, epilogue)| epilogue);
        tasks.into_par_iter().for_each(|strip| self.strip(geometry, image, strip, epilogue));
        out
    }

    pub fn channels_out(&self) -> usize {
        self.project.map_or(self.channels(), |(weights, _)| weights.columns())
    }

    fn channels(&self) -> usize {
        self.filter.1.bias.len()
    }

    fn all(&self) -> Part {
        let panels = self.expand.map_or(0, |(weights, _)| weights.panels().count());
        Part { channels: 0..self.channels(), panels: 0..panels }
    }

    /// Whether the threads share the channels of an output of this size, however many they are, so
    /// that numbers do not depend on that.
    pub fn shares_channels(&self, geometry: &Geometry) -> bool {
        let pixels: usize = geometry.out.iter().product();
        pixels <= SMALL && self.expand.is_some() && self.project.is_some()
    }

    /// Each part goes all the way, and what they give is added up in the end. So every weight is read
    /// by one thread, and no line is widened twice.
    fn by_channels(
        &self,
        geometry: &Geometry,
        image: &[f32],
        parts: &[Part],
        epilogue: &Epilogue<'_>,
    ) -> Vec<f32> {
        let [height, width] = geometry.out;
        let columns = self.channels_out();
        let count = height * width * columns;
        let mut sums = take_buffer(geometry.samples * parts.len() * count);
        sums.par_chunks_exact_mut(count).enumerate().for_each(|(i, out)| {
            let (sample, part) = (i / parts.len(), parts[i % parts.len()].clone());
            self.strip(geometry, image, Strip { sample, rows: 0..height, part, out }, None);
        });
        let mut out = take_buffer(geometry.samples * count);
        let lines = out.par_chunks_exact_mut(width * columns).enumerate();
        lines.for_each(|(line, out)| {
            let (sample, row) = (line / height, line % height);
            let sums = &sums[sample * parts.len() * count..][..parts.len() * count];
            let sums = sums.chunks_exact(count).map(|sums| &sums[row * width * columns..]);
            Arch::new().dispatch(Total { sums, epilogue, pixel: line * width, out });
        });
        keep_buffer(sums);
        out
    }

    /// Numbers in a padded line of the filter's input.
    fn padded(&self, geometry: &Geometry, channels: usize) -> usize {
        let width = geometry.before[1] + geometry.size[1];
        self.filter.0.reach(geometry.out[1]).max(width) * channels
    }

    /// `epilogue`: what follows the last convolution, if this strip is all that goes into it.
    fn strip(
        &self,
        geometry: &Geometry,
        image: &[f32],
        Strip { sample, rows, part, out }: Strip<'_>,
        epilogue: Option<&Epilogue<'_>>,
    ) {
        let ConvShape { kernel, stride, .. } = geometry.shape;
        let channels = part.channels.len();
        let [width_in, width] = [geometry.size[1], geometry.out[1]];
        let left = geometry.before[1];
        let at_once = PIXELS.div_ceil(width).min(rows.len());
        let kept = (at_once - 1) * stride + kernel;
        let padded = self.padded(geometry, channels);
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
                self.fill(geometry, image, (sample, &part), filled.max(row * stride)..end, lines);
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
                        channels: part.channels.clone(),
                        lines: &lines_of(row + i),
                        epilogue: &self.filter.1,
                        pixel: pixel + i * width,
                        out: line,
                    });
                }
                if let Some((weights, _)) = &self.project {
                    let starts: Vec<usize> = (0..count * width).map(|at| at * channels).collect();
                    let mut out: Vec<_> = out.chunks_exact_mut(weights.columns()).collect();
                    Arch::new().dispatch(Product {
                        input: filtered,
                        starts: &starts,
                        segments: &[0],
                        length: channels,
                        weights,
                        depth: part.channels.start,
                        panels: 0..weights.panels().count(),
                        out: &mut out,
                        epilogue: epilogue.map(|epilogue| (epilogue, pixel)),
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
        (sample, part): (usize, &Part),
        rows: Range<usize>,
        lines: &mut [f32],
    ) {
        let channels = part.channels.len();
        let [height, width] = geometry.size;
        let [top, left] = geometry.before;
        let channels_in = image.len() / (geometry.samples * height * width);
        let padded = self.padded(geometry, channels);
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
                depth: 0,
                panels: part.panels.clone(),
                out: &mut pixels,
                epilogue: Some((epilogue, 0)),
            });
        }
    }
}

/// The columns of some weights in [`PARTS`], or fewer if they have fewer panels.
fn parts(weights: &Packed) -> Vec<Part> {
    let panels: Vec<_> = weights.panels().collect();
    let count = PARTS.min(panels.len());
    let part = |i: usize| {
        let numbers = i * panels.len() / count..(i + 1) * panels.len() / count;
        let columns = &panels[numbers.clone()];
        let start = columns.first().map_or(0, |columns| columns.start);
        let end = columns.last().map_or(0, |columns| columns.end);
        Part { channels: start..end, panels: numbers }
    };
    (0..count).map(part).collect()
}

/// What the parts give for a line of the output, added up.
struct Total<'a, I> {
    sums: I,
    epilogue: &'a Epilogue<'a>,
    /// The number of its first pixel.
    pixel: usize,
    out: &'a mut [f32],
}

impl<'a, I: Iterator<Item = &'a [f32]> + Clone> WithSimd for Total<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let columns = self.epilogue.bias.len();
        for (x, out) in self.out.chunks_exact_mut(columns).enumerate() {
            for c in (0..columns).step_by(S::F32_LANES) {
                let columns = c..(c + S::F32_LANES).min(columns);
                let mut total = [simd.splat_f32s(0.0)];
                for sums in self.sums.clone() {
                    let [sum] = load(simd, &sums[x * self.epilogue.bias.len()..][columns.clone()]);
                    total[0] = simd.add_f32s(total[0], sum);
                }
                self.epilogue.finish(simd, &mut total, self.pixel + x, columns.clone());
                store(simd, &mut out[columns], &total);
            }
        }
    }
}
