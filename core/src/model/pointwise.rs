//! Functions of single numbers that are not fused into a convolution, and of channels.
//!
//! On the CPU they are written so that the compiler can make vectors of them (`pulp` compiles each
//! loop for every instruction set); burn's own take several times as long there.

use burn_tensor::activation::{gelu, hard_sigmoid, hard_swish, sigmoid, silu};
use burn_tensor::{Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

use super::ModelError;
use super::convolution::{Activation, Layout, keep_buffer, take_buffer};

/// What follows a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonlinearity {
    None,
    Relu,
    Relu6,
    /// `x · sigmoid(x)`, also called swish.
    Silu,
    /// `x · min(max(x + 3, 0), 6) / 6` (Howard et al. 2019).
    HardSwish,
    /// `x · Φ(x)` with the normal distribution Φ (Hendrycks and Gimpel 2016), not its approximation
    /// by a tanh.
    Gelu,
}

/// What makes weights of 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Sigmoid,
    /// `min(max(x + 3, 0), 6) / 6`
    HardSigmoid,
}

impl Nonlinearity {
    /// The part that a convolution does itself, and what is left for [`Self::forward`].
    pub fn split(self) -> (Activation, Self) {
        match self {
            Self::None => (Activation::None, Self::None),
            Self::Relu => (Activation::Relu, Self::None),
            Self::Relu6 => (Activation::Relu6, Self::None),
            Self::Silu | Self::HardSwish | Self::Gelu => (Activation::None, self),
        }
    }

    /// Of every number.
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward(self, x: Tensor<4>, layout: Layout) -> Result<Tensor<4>, ModelError> {
        match (self, layout) {
            (Self::None, _) => Ok(x),
            (Self::Relu, Layout::ChannelsFirst) => Ok(Activation::Relu.forward(x)),
            (Self::Relu6, Layout::ChannelsFirst) => Ok(Activation::Relu6.forward(x)),
            (Self::Silu, Layout::ChannelsFirst) => Ok(silu(x)),
            (Self::HardSwish, Layout::ChannelsFirst) => Ok(hard_swish(x)),
            (Self::Gelu, Layout::ChannelsFirst) => Ok(gelu(x)),
            // NaN stays NaN.
            (Self::Relu, Layout::ChannelsLast) => each(x, |x| if x < 0.0 { 0.0 } else { x }),
            (Self::Relu6, Layout::ChannelsLast) => each(x, |x| x.clamp(0.0, 6.0)),
            (Self::Silu, Layout::ChannelsLast) => each(x, |x| x / (1.0 + exp(-x))),
            (Self::HardSwish, Layout::ChannelsLast) => {
                each(x, |x| x * (x + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0))
            }
            (Self::Gelu, Layout::ChannelsLast) => each(x, own_gelu),
        }
    }

    /// The same for a few numbers.
    pub fn of_row(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::None => x,
            Self::Relu => x.clamp_min(0.0),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::Silu => silu(x),
            Self::HardSwish => hard_swish(x),
            Self::Gelu => gelu(x),
        }
    }
}

impl Gate {
    pub fn of_row(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Sigmoid => sigmoid(x),
            Self::HardSigmoid => hard_sigmoid(x, 1.0 / 6.0, 0.5),
        }
    }
}

/// Numbers of one task.
const NUMBERS: usize = 1 << 13;

fn each(x: Tensor<4>, f: impl Fn(f32) -> f32 + Sync) -> Result<Tensor<4>, ModelError> {
    let (shape, device) = (x.dims(), x.device());
    let mut data = x.try_into_data().map_err(ModelError::device)?;
    let numbers: &mut [f32] = data.as_mut_slice().map_err(ModelError::device)?;
    numbers.par_chunks_mut(NUMBERS).for_each(|numbers| {
        Arch::new().dispatch(|| {
            for x in numbers {
                *x = f(*x);
            }
        });
    });
    Ok(Tensor::<4>::from_data(data, &device).reshape(shape))
}

/// eˣ to the last bit or two: a power of two, whose exponent is put together by hand, times the
/// series of what is left, of at most half of ln 2. NaN stays NaN.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    /// Adding it leaves the nearest integer in the last bits of the sum.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, so that multiples of the first are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let series = [5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0];
    let sum = series.into_iter().fold(0.0, |sum, divisor| sum * r + 1.0 / divisor);
    sum * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

/// `x · Φ(x)`. The tail of Φ is formula 7.1.26 of Abramowitz and Stegun, right to 7.5e-8.
#[inline(always)]
pub fn own_gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let factors = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
    let polynomial = factors.into_iter().fold(0.0, |sum, factor| sum * t + factor) * t;
    let tail = 0.5 * polynomial * exp(-z * z);
    x * if x > 0.0 { 1.0 - tail } else { tail }
}

/// The mean of each channel of each picture, `[N, C]`.
///
/// # Errors
/// When the device fails to hand out its numbers.
pub fn channel_means(x: Tensor<4>, layout: Layout) -> Result<Tensor<2>, ModelError> {
    let [n, a, b, c] = x.dims();
    if layout == Layout::ChannelsFirst {
        return Ok(x.reshape([n, a, b * c]).mean_dim(2).reshape([n, a]));
    }
    let device = x.device();
    let data = x.try_into_data().map_err(ModelError::device)?;
    let numbers: &[f32] = data.as_slice().map_err(ModelError::device)?;
    let places = a * b;
    // Sums of a fixed number of places, so that the order of adding does not depend on threads.
    let sums: Vec<Vec<f32>> = numbers
        .par_chunks_exact(places * c)
        .flat_map(|picture| picture.par_chunks(64 * c))
        .map(|rows| {
            let mut sum = vec![0.0; c];
            Arch::new().dispatch(|| {
                for row in rows.chunks_exact(c) {
                    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                }
            });
            sum
        })
        .collect();
    let mut means = vec![0.0; n * c];
    for (means, sums) in means.chunks_exact_mut(c).zip(sums.chunks(places.div_ceil(64))) {
        for sum in sums {
            means.iter_mut().zip(sum).for_each(|(mean, x)| *mean += x);
        }
        means.iter_mut().for_each(|mean| *mean /= places as f32);
    }
    Ok(Tensor::from_data(TensorData::new(means, [n, c]), &device))
}

/// Each channel times its own factor; `factors` is `[N, C]`.
///
/// # Errors
/// When the device fails to hand out its numbers.
pub fn scale_channels(
    x: Tensor<4>,
    factors: Tensor<2>,
    layout: Layout,
) -> Result<Tensor<4>, ModelError> {
    let [n, channels] = factors.dims();
    if layout == Layout::ChannelsFirst {
        return Ok(x * factors.reshape([n, channels, 1, 1]));
    }
    let (shape, device) = (x.dims(), x.device());
    let factors = factors.try_into_data().map_err(ModelError::device)?;
    let factors: &[f32] = factors.as_slice().map_err(ModelError::device)?;
    let mut data = x.try_into_data().map_err(ModelError::device)?;
    let numbers: &mut [f32] = data.as_mut_slice().map_err(ModelError::device)?;
    let rows = shape[1] * shape[2];
    numbers.par_chunks_mut(rows * channels).zip(factors.par_chunks(channels)).for_each(
        |(picture, factors)| {
            picture.par_chunks_mut(64 * channels).for_each(|rows| {
                Arch::new().dispatch(|| {
                    for row in rows.chunks_exact_mut(channels) {
                        row.iter_mut().zip(factors).for_each(|(x, factor)| *x *= factor);
                    }
                });
            });
        },
    );
    Ok(Tensor::<4>::from_data(data, &device).reshape(shape))
}

/// The channels of several maps, one map behind the other. All have the same height and width.
///
/// # Errors
/// When the device fails to hand out its numbers.
pub fn concat(maps: Vec<Tensor<4>>, layout: Layout) -> Result<Tensor<4>, ModelError> {
    if layout == Layout::ChannelsFirst {
        return Ok(Tensor::cat(maps, 1));
    }
    let Some(first) = maps.first() else {
        return Err(ModelError::device("nothing to put together"));
    };
    let ([n, height, width, _], device) = (first.dims(), first.device());
    let counts: Vec<usize> = maps.iter().map(|map| map.dims()[3]).collect();
    let total: usize = counts.iter().sum();
    let parts = maps.into_iter().map(|map| map.try_into_data().map_err(ModelError::device));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let mut out = take_buffer(n * height * width * total);
    {
        let slices = parts.iter().map(|part| part.as_slice::<f32>().map_err(ModelError::device));
        let slices = slices.collect::<Result<Vec<_>, _>>()?;
        out.par_chunks_exact_mut(width * total).enumerate().for_each(|(line, out)| {
            for (at, out) in out.chunks_exact_mut(total).enumerate() {
                let mut rest = out;
                for (slice, &count) in slices.iter().zip(&counts) {
                    let (own, others) = rest.split_at_mut(count);
                    own.copy_from_slice(&slice[(line * width + at) * count..][..count]);
                    rest = others;
                }
            }
        });
    }
    parts.into_iter().filter_map(|part| part.try_into_vec().ok()).for_each(keep_buffer);
    Ok(Tensor::from_data(TensorData::new(out, [n, height, width, total]), &device))
}

/// For each output channel, the input channel it is a copy of.
///
/// # Errors
/// When the device fails to hand out its numbers.
pub fn pick_channels(
    x: Tensor<4>,
    picked: &[usize],
    layout: Layout,
) -> Result<Tensor<4>, ModelError> {
    let device = x.device();
    if layout == Layout::ChannelsFirst {
        let picked: Vec<i64> = picked.iter().map(|&channel| channel as i64).collect();
        let count = picked.len();
        let index =
            Tensor::<1, burn_tensor::Int>::from_data(TensorData::new(picked, [count]), &device);
        return Ok(x.select(1, index));
    }
    let [n, height, width, channels] = x.dims();
    let data = x.try_into_data().map_err(ModelError::device)?;
    let numbers: &[f32] = data.as_slice().map_err(ModelError::device)?;
    let mut out = take_buffer(n * height * width * picked.len());
    let rows = out.par_chunks_exact_mut(picked.len()).zip(numbers.par_chunks_exact(channels));
    rows.with_min_len(64).for_each(|(out, row)| {
        for (out, &channel) in out.iter_mut().zip(picked) {
            *out = row[channel];
        }
    });
    Ok(Tensor::from_data(TensorData::new(out, [n, height, width, picked.len()]), &device))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same functions in 64 bits; erf by its series, which converges everywhere.
    fn exact(kind: Nonlinearity, x: f64) -> f64 {
        let erf = |x: f64| {
            let mut term = x;
            let mut sum = x;
            for n in 1..200 {
                term *= -x * x / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            sum * std::f64::consts::FRAC_2_SQRT_PI
        };
        match kind {
            Nonlinearity::None => x,
            Nonlinearity::Relu => x.max(0.0),
            Nonlinearity::Relu6 => x.clamp(0.0, 6.0),
            Nonlinearity::Silu => x / (1.0 + (-x).exp()),
            Nonlinearity::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Nonlinearity::Gelu if x.abs() > 5.5 => x.max(0.0),
            Nonlinearity::Gelu => x * 0.5 * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        }
    }

    #[test]
    fn functions_equal_those_in_64_bits() {
        use Nonlinearity::{Gelu, HardSwish, Relu, Relu6, Silu};
        let device = super::super::Compute::cpu().device;
        let inputs: Vec<f32> = (-2000..=2000).map(|i| i as f32 * 0.05 + 0.013).collect();
        for kind in [Relu, Relu6, Silu, HardSwish, Gelu] {
            let data = TensorData::new(inputs.clone(), [1, 1, 1, inputs.len()]);
            let x = Tensor::<4>::from_data(data, &device);
            let y = kind.forward(x, Layout::ChannelsLast).unwrap().into_data();
            for (&x, &y) in inputs.iter().zip(y.as_slice::<f32>().unwrap()) {
                let exact = exact(kind, f64::from(x));
                // A few units in the last place; of GELU, 7.5e-8 of the input.
                let allowed = 5e-7 * exact.abs() + 1e-7 * f64::from(x.abs()) + 1e-9;
                assert!(
                    (f64::from(y) - exact).abs() <= allowed,
                    "{kind:?}({x}) = {y}, not {exact}"
                );
            }
        }
    }

    #[test]
    fn nan_is_not_lost() {
        let device = super::super::Compute::cpu().device;
        for kind in [Nonlinearity::Silu, Nonlinearity::HardSwish, Nonlinearity::Gelu] {
            let data = TensorData::new(vec![f32::NAN; 3], [1, 1, 1, 3]);
            let x = Tensor::<4>::from_data(data, &device);
            let y = kind.forward(x, Layout::ChannelsLast).unwrap().into_data();
            assert!(y.as_slice::<f32>().unwrap().iter().all(|y| y.is_nan()), "{kind:?}");
        }
    }
}
