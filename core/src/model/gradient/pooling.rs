//! The way back through pooling.

use rayon::prelude::*;

use super::Map;
use crate::model::pool::{Pool, PoolKind};

/// What a pooling layer keeps for the way back.
#[derive(Debug)]
pub struct Pooled {
    size: [usize; 4],
    /// Which number of its square each maximum is, the first one on ties: `[N, H', W', C]`, counted
    /// in the whole square, whatever lies outside of the picture included.
    largest: Option<Vec<u8>>,
}

impl Pooled {
    pub fn new(pool: &Pool, x: &Map) -> Self {
        let [samples, height, width, channels] = x.shape;
        if pool.kind == PoolKind::Mean {
            return Self { size: x.shape, largest: None };
        }
        let [out_height, out_width] = [height, width].map(|size| pool.out(size));
        let mut largest = vec![0; samples * out_height * out_width * channels];
        largest.par_chunks_exact_mut(out_width * channels).enumerate().for_each(|(line, out)| {
            let (sample, y) = (line / out_height, line % out_height);
            let mut most = vec![0.0; channels];
            for (x_out, out) in out.chunks_exact_mut(channels).enumerate() {
                most.fill(f32::NEG_INFINITY);
                for row in pool.reach(y, height) {
                    for column in pool.reach(x_out, width) {
                        let tap = (row + pool.padding - y * pool.stride) * pool.kernel
                            + (column + pool.padding - x_out * pool.stride);
                        let pixel =
                            &x.data[((sample * height + row) * width + column) * channels..];
                        for ((most, out), &value) in most.iter_mut().zip(&mut *out).zip(pixel) {
                            if value > *most {
                                (*most, *out) = (value, tap as u8);
                            }
                        }
                    }
                }
            }
        });
        Self { size: x.shape, largest: Some(largest) }
    }

    pub fn backward(&self, pool: &Pool, gradient: &Map) -> Map {
        let [_, height, width, channels] = self.size;
        let [_, out_height, out_width, _] = gradient.shape;
        let Pool { kernel, stride, padding, .. } = *pool;
        let mut data = vec![0.0; self.size.iter().product()];
        let share = 1.0 / (kernel * kernel) as f32;
        data.par_chunks_exact_mut(width * channels).enumerate().for_each(|(line, row)| {
            let (sample, y) = (line / height, line % height);
            for y_out in (0..out_height).filter(|&y_out| pool.reach(y_out, height).contains(&y)) {
                let own_row = y + padding - y_out * stride;
                for x_out in 0..out_width {
                    let at = ((sample * out_height + y_out) * out_width + x_out) * channels;
                    let gradient = &gradient.data[at..at + channels];
                    match &self.largest {
                        None => {
                            for x in pool.reach(x_out, width) {
                                let sums = row[x * channels..].iter_mut().zip(gradient);
                                sums.for_each(|(sum, gradient)| *sum += gradient * share);
                            }
                        }
                        Some(largest) => {
                            let taps = largest[at..at + channels].iter().zip(gradient).enumerate();
                            for (channel, (&tap, gradient)) in taps {
                                let tap = usize::from(tap);
                                if tap / kernel == own_row {
                                    let x = x_out * stride + tap % kernel - padding;
                                    row[x * channels + channel] += gradient;
                                }
                            }
                        }
                    }
                }
            }
        });
        Map { shape: self.size, data }
    }
}

/// Through means over all places.
pub fn mean_backward(size: [usize; 4], gradient: &Map) -> Map {
    let [_, height, width, channels] = size;
    let places = height * width;
    let pictures = gradient.data.chunks_exact(channels);
    let spread = pictures.flat_map(|row| (0..places).flat_map(move |_| row.iter().copied()));
    Map { shape: size, data: spread.map(|value| value / places as f32).collect() }
}

/// Through means over areas that may overlap, as many along each axis as the gradient has.
pub fn areas_backward(size: [usize; 4], gradient: &Map) -> Map {
    let [samples, height, width, channels] = size;
    let [_, rows, columns, _] = gradient.shape;
    let area =
        |i: usize, size: usize, side: usize| i * size / side..((i + 1) * size).div_ceil(side);
    let mut data = vec![0.0; size.iter().product()];
    for (at, gradient) in gradient.data.chunks_exact(channels).enumerate() {
        let (sample, row, column) = (at / columns / rows, at / columns % rows, at % columns);
        let (ys, xs) = (area(row, height, rows), area(column, width, columns));
        let share = 1.0 / (ys.len() * xs.len()) as f32;
        for place in ys.flat_map(|y| xs.clone().map(move |x| (sample * height + y) * width + x)) {
            let sums = data[place * channels..].iter_mut().zip(gradient);
            sums.for_each(|(sum, gradient)| *sum += gradient * share);
        }
    }
    debug_assert!(samples * height * width * channels == data.len());
    Map { shape: size, data }
}

/// The mean of each channel of each picture, `[N, C]`.
pub fn means(x: &Map) -> Vec<f32> {
    let [samples, height, width, channels] = x.shape;
    let mut means = vec![0.0; samples * channels];
    let pictures = x.data.par_chunks_exact(height * width * channels);
    means.par_chunks_exact_mut(channels).zip(pictures).for_each(|(means, picture)| {
        // Sums of a few places first, which rounds less.
        let mut sum = vec![0.0; channels];
        for rows in picture.chunks(64 * channels) {
            sum.fill(0.0);
            for row in rows.chunks_exact(channels) {
                sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            means.iter_mut().zip(&sum).for_each(|(mean, sum)| *mean += sum);
        }
        means.iter_mut().for_each(|mean| *mean /= (height * width) as f32);
    });
    means
}
