//! Convolution as a product of the input, where it lies, with a matrix of weights.

use std::borrow::Cow;
use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::buffers::{keep_buffer, take_buffer};
use super::epilogue::Epilogue;
use super::kernel::{Packed, Product};
use super::shape::{ConvShape, Geometry};

/// Output pixels of one task. Divisible by all numbers of rows that the kernel works on at once.
const PIXELS: usize = 96;

#[derive(Debug)]
pub struct Direct {
    weights: Packed,
}

/// Where a row of the product, the input under an output pixel, finds its numbers.
struct Rows<'a> {
    /// The input with zeros around it where the kernel reaches over its border.
    image: Cow<'a, [f32]>,
    /// Distances between lines and between samples of `image`.
    line: usize,
    sample: usize,
    segments: Vec<usize>,
    /// Numbers in a segment.
    length: usize,
}

impl Direct {
    /// `weight`: `[C_out, C_in / groups, k, k]`
    pub fn new(shape: &ConvShape, weight: &[f32]) -> Self {
        let taps = shape.kernel * shape.kernel;
        let channels = shape.channels_in / shape.groups;
        let outs = shape.channels_out / shape.groups;
        let merged = merged(shape.groups, channels);
        let groups = shape.groups / merged;
        let place = |at: usize| at % taps * channels * merged + at / taps;
        let size = [groups, outs * merged, channels * merged * taps];
        if merged == 1 {
            return Self { weights: Packed::new(weight, size, channels, place) };
        }
        let mut rows = vec![0.0; weight.len() * merged];
        let kernels = weight.chunks_exact(channels * taps);
        for (out, (row, kernels)) in rows.chunks_exact_mut(size[2]).zip(kernels).enumerate() {
            row[out / outs % merged * kernels.len()..][..kernels.len()].copy_from_slice(kernels);
        }
        Self { weights: Packed::new(&rows, size, channels * merged, place) }
    }

    /// What it was made of, for the same `shape`: `[C_out, C_in / groups, k, k]`.
    pub fn unpacked(&self, shape: &ConvShape) -> Vec<f32> {
        let taps = shape.kernel * shape.kernel;
        let channels = shape.channels_in / shape.groups;
        let outs = shape.channels_out / shape.groups;
        let merged = merged(shape.groups, channels);
        let place = |at: usize| at % taps * channels * merged + at / taps;
        let depth = channels * merged * taps;
        let rows = self.weights.rows([shape.groups / merged, outs * merged, depth], place);
        let kernels = rows.chunks_exact(depth).enumerate();
        let kernel = |(out, row): (usize, &[f32])| {
            row[out / outs % merged * channels * taps..][..channels * taps].to_vec()
        };
        kernels.flat_map(kernel).collect()
    }

    /// `[groups, k · k · C_in / groups, C_out / groups]`
    pub fn weights(&self) -> &Packed {
        &self.weights
    }

    /// `[N, H, W, C_in]` → `[N, H', W', C_out]`
    pub fn forward(&self, geometry: &Geometry, image: &[f32], epilogue: &Epilogue<'_>) -> Vec<f32> {
        let rows = Rows::new(geometry, image);
        let channels = geometry.shape.channels_out;
        let pixels = geometry.pixels_out();
        let mut out = take_buffer(pixels * channels);
        if self.weights.len() > rows.image.len() && pixels <= 2 * PIXELS {
            self.by_panel(geometry, &rows, &mut out, epilogue);
        } else {
            let tasks = out.par_chunks_mut(PIXELS * channels).enumerate();
            tasks.for_each(|(task, out)| {
                let first = task * PIXELS;
                let starts = rows.starts(geometry, first, out.len() / channels);
                let mut out: Vec<_> = out.chunks_exact_mut(channels).collect();
                let panels = 0..self.weights.panels().count();
                Arch::new().dispatch(Product {
                    panels,
                    epilogue: Some((epilogue, first)),
                    ..self.product(&rows, &starts, &mut out)
                });
            });
        }
        if let Cow::Owned(padded) = rows.image {
            keep_buffer(padded);
        }
        out
    }

    /// Few pixels and many weights: every weight is read once, by one thread.
    fn by_panel(
        &self,
        geometry: &Geometry,
        rows: &Rows<'_>,
        out: &mut [f32],
        epilogue: &Epilogue<'_>,
    ) {
        let starts = rows.starts(geometry, 0, geometry.pixels_out());
        let columns: Vec<_> = self.weights.panels().collect();
        let count = columns.len().min(rayon::current_num_threads());
        let panels = |task: usize| task * columns.len() / count..(task + 1) * columns.len() / count;
        let mut tasks: Vec<Vec<&mut [f32]>> = (0..count).map(|_| Vec::new()).collect();
        for mut pixel in out.chunks_exact_mut(self.weights.columns()) {
            for (i, task) in tasks.iter_mut().enumerate() {
                let width = columns[panels(i)].iter().map(Range::len).sum();
                let (part, rest) = pixel.split_at_mut(width);
                task.push(part);
                pixel = rest;
            }
        }
        tasks.into_par_iter().enumerate().for_each(|(task, mut out)| {
            Arch::new().dispatch(Product {
                panels: panels(task),
                epilogue: Some((epilogue, 0)),
                ..self.product(rows, &starts, &mut out)
            });
        });
    }

    fn product<'a>(
        &'a self,
        rows: &'a Rows<'_>,
        starts: &'a [usize],
        out: &'a mut [&'a mut [f32]],
    ) -> Product<'a> {
        Product {
            input: &rows.image,
            starts,
            segments: &rows.segments,
            length: rows.length,
            weights: &self.weights,
            depth: 0,
            panels: 0..0,
            out,
            epilogue: None,
        }
    }
}

impl<'a> Rows<'a> {
    fn new(geometry: &Geometry, image: &'a [f32]) -> Self {
        let ConvShape { channels_in: channels, kernel, stride, groups, .. } = geometry.shape;
        let reach = geometry.out.map(|out| (out - 1) * stride + kernel);
        let fits = reach[0] <= geometry.size[0] && reach[1] <= geometry.size[1];
        let (image, [height, width]) = if geometry.before == [0, 0] && fits {
            (Cow::Borrowed(image), geometry.size)
        } else {
            (Cow::Owned(pad(geometry, image, reach)), reach)
        };
        let line = width * channels;
        let lines = (0..kernel).map(|y| y * line);
        let (segments, length) = if groups == 1 {
            (lines.collect(), kernel * channels)
        } else {
            let merged = merged(groups, channels / groups);
            let taps = lines.flat_map(|at| (0..kernel).map(move |x| at + x * channels));
            (taps.collect(), channels / groups * merged)
        };
        Self { image, line, sample: height * line, segments, length }
    }

    /// Where the rows for `count` output pixels begin.
    fn starts(&self, geometry: &Geometry, first: usize, count: usize) -> Vec<usize> {
        let ConvShape { channels_in: channels, stride, .. } = geometry.shape;
        let [height, width] = geometry.out;
        let mut starts = Vec::with_capacity(count);
        let (mut line, mut x) = (first / width, first % width);
        while starts.len() < count {
            let start = line / height * self.sample + line % height * stride * self.line;
            let end = width.min(x + count - starts.len());
            starts.extend((x..end).map(|x| start + x * stride * channels));
            (line, x) = (line + 1, 0);
        }
        starts
    }
}

/// How many groups of `channels` become one, with zeros where they do not mix: very small products
/// waste more time than multiplications by zero.
fn merged(groups: usize, channels: usize) -> usize {
    const CHANNELS: usize = 16;
    let enough = |count: &usize| groups.is_multiple_of(*count) && count * channels >= CHANNELS;
    if groups == 1 { 1 } else { (1..=groups).find(enough).unwrap_or(groups) }
}

/// `[N, H, W, C]` → `[N, height, width, C]`: what the kernel reaches, zeros outside of the picture.
fn pad(geometry: &Geometry, image: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let channels = geometry.shape.channels_in;
    let [top, left] = geometry.before;
    let line = geometry.size[1] * channels;
    let count = line.min((width - left.min(width)) * channels);
    let mut padded = take_buffer(geometry.samples * height * width * channels);
    padded.par_chunks_exact_mut(width * channels).enumerate().for_each(|(i, padded)| {
        let y = (i % height).wrapping_sub(top);
        if y < geometry.size[0] {
            let from = (i / height * geometry.size[0] + y) * line;
            padded[..left * channels].fill(0.0);
            padded[left * channels..][..count].copy_from_slice(&image[from..from + count]);
            padded[left * channels + count..].fill(0.0);
        } else {
            padded.fill(0.0);
        }
    });
    padded
}
