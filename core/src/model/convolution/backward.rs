//! The way back through a convolution: from the gradient of its output to that of its input. Its
//! weights are fixed and need none.
//!
//! A convolution is a product with a matrix, and its way back one with the transposed matrix:
//!
//! - with stride 1 that is a convolution again, with the kernel turned round and the channels of
//!   input and output exchanged, so that it is as fast as the way there;
//! - with a stride, a product says what every pixel of the output gives to those under the kernel,
//!   and these are added up, so that no zero between pixels is multiplied;
//! - with one filter per channel and a stride, the definition.

use burn_tensor::Device;
use pulp::Arch;
use rayon::prelude::*;

use super::buffers::{keep_buffer, take_buffer};
use super::shape::{ConvShape, Geometry, Layout, Padding};
use super::{Activation, Conv, Kernel, Method, ModelError};

/// What the way back needs.
#[derive(Debug)]
pub enum Back {
    /// A convolution with the turned kernel.
    Turned(Conv),
    /// `[C_in · k · k, C_out / groups]` as a convolution of 1×1; within a group, the channels of a
    /// place under the kernel lie together.
    Spread(Conv),
    /// `[k · k, C]`
    Filters(Vec<f32>),
}

impl Conv {
    /// The gradient of its input, `[N, H, W, C_in]`, from the one of its output, `[N, H', W', C_out]`
    /// before any activation. `size` is the shape of the input.
    ///
    /// # Errors
    /// For a convolution that burn runs.
    pub fn backward(&self, gradient: &[f32], size: [usize; 4]) -> Result<Vec<f32>, ModelError> {
        let geometry = Geometry::new(self.shape, size);
        let back = match self.back.get() {
            Some(back) => back,
            None => {
                let back = Box::new(self.make_back()?);
                self.back.get_or_init(|| back)
            }
        };
        let out = geometry.out_shape();
        match &**back {
            Back::Turned(conv) => {
                Ok(conv.forward_numbers(gradient, out, None, Activation::None)?.0)
            }
            Back::Spread(conv) => {
                let (columns, _) = conv.forward_numbers(gradient, out, None, Activation::None)?;
                let gathered = gather(&geometry, &columns);
                keep_buffer(columns);
                Ok(gathered)
            }
            Back::Filters(weight) => Ok(filter(&geometry, weight, gradient)),
        }
    }

    fn make_back(&self) -> Result<Back, ModelError> {
        let ConvShape { channels_in, channels_out, kernel, stride, padding, groups } = self.shape;
        let weight = self.weight()?;
        let taps = kernel * kernel;
        let [ins, outs] = [channels_in / groups, channels_out / groups];
        if stride > 1 && ins == 1 && outs == 1 {
            let by_tap = |tap| weight.iter().skip(tap).step_by(taps).copied();
            return Ok(Back::Filters((0..taps).flat_map(by_tap).collect()));
        }
        let is_turned = stride == 1 && (padding != Padding::Fixed(0) || kernel == 1);
        let mut turned = vec![0.0; weight.len()];
        for (out, kernels) in weight.chunks_exact(ins * taps).enumerate() {
            let (group, out) = (out / outs, out % outs);
            for (at, &value) in kernels.iter().enumerate() {
                let (channel, tap) = (at / taps, at % taps);
                let place = if is_turned {
                    ((group * ins + channel) * outs + out) * taps + taps - 1 - tap
                } else {
                    ((group * taps + tap) * ins + channel) * outs + out
                };
                turned[place] = value;
            }
        }
        let shape = if is_turned {
            let padding = match padding {
                Padding::Fixed(pad) => Padding::Fixed((kernel - 1).saturating_sub(pad)),
                Padding::Same => Padding::Same,
            };
            ConvShape { padding, groups, ..ConvShape::new(channels_out, channels_in, kernel, 1) }
        } else {
            ConvShape { groups, ..ConvShape::new(channels_out, channels_in * taps, 1, 1) }
        };
        let conv = Self::new(shape, turned, None, Layout::ChannelsLast, &Device::flex());
        Ok(if is_turned { Back::Turned(conv) } else { Back::Spread(conv) })
    }

    /// `[C_out, C_in / groups, k, k]`
    fn weight(&self) -> Result<Vec<f32>, ModelError> {
        let Method::Own(kernel, _) = &self.method else { return Err(ModelError::OnCpuOnly) };
        Ok(match kernel {
            Kernel::Depthwise(depthwise) => {
                let (weight, channels) = (depthwise.weight(), self.shape.channels_in);
                let filter = |channel| weight.iter().skip(channel).step_by(channels).copied();
                (0..channels).flat_map(filter).collect()
            }
            Kernel::Direct(direct) => direct.unpacked(&self.shape),
            Kernel::Either { weight, .. } => weight.clone(),
        })
    }
}

/// Calls `add` for each line of the kernel that reaches line `y` of the input: with its number, and
/// with that of the line of the output below which it lies.
fn lines(geometry: &Geometry, y: usize, mut add: impl FnMut(usize, usize)) {
    let ConvShape { kernel, stride, .. } = geometry.shape;
    for ky in 0..kernel {
        let Some(start) = (y + geometry.before[0]).checked_sub(ky) else { break };
        if start.is_multiple_of(stride) && start / stride < geometry.out[0] {
            add(ky, start / stride);
        }
    }
}

/// Which columns of the kernel lie in the picture at column `x` of the output, and where in the
/// input the first of them is.
fn columns_inside(geometry: &Geometry, x: usize) -> (std::ops::Range<usize>, usize) {
    let ConvShape { kernel, stride, .. } = geometry.shape;
    let (left, start) = (geometry.before[1], x * stride);
    let first = left.saturating_sub(start);
    let end = kernel.min((geometry.size[1] + left).saturating_sub(start));
    (first..end.max(first), start + first - left)
}

/// Adds up what the pixels of the output give to those of the input.
fn gather(geometry: &Geometry, columns: &[f32]) -> Vec<f32> {
    let ConvShape { channels_in: channels, kernel, groups, .. } = geometry.shape;
    let ([height, width], [out_height, out_width]) = (geometry.size, geometry.out);
    let (own, column) = (channels / groups, channels * kernel * kernel);
    let mut image = take_buffer(geometry.samples * height * width * channels);
    image.par_chunks_exact_mut(width * channels).enumerate().for_each(|(line, row)| {
        row.fill(0.0);
        Arch::new().dispatch(|| {
            lines(geometry, line % height, |ky, y| {
                let first = (line / height * out_height + y) * out_width;
                let pixels = columns[first * column..].chunks_exact(column).take(out_width);
                for (x, values) in pixels.enumerate() {
                    let (inside, at) = columns_inside(geometry, x);
                    // Without groups, what lies side by side here does so there, too.
                    let pieces = if groups == 1 { 1 } else { inside.len() };
                    let length = own * inside.len() / pieces.max(1);
                    for piece in 0..pieces {
                        for group in 0..groups {
                            let tap = ky * kernel + inside.start + piece;
                            let from = (group * kernel * kernel + tap) * own;
                            let to = (at + piece) * channels + group * own;
                            let to = &mut row[to..to + length];
                            let from = &values[from..from + length];
                            to.iter_mut().zip(from).for_each(|(sum, value)| *sum += value);
                        }
                    }
                }
            });
        });
    });
    image
}

/// One filter per channel: the definition.
fn filter(geometry: &Geometry, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
    let ConvShape { channels_in: channels, kernel, .. } = geometry.shape;
    let ([height, width], [out_height, out_width]) = (geometry.size, geometry.out);
    let mut image = take_buffer(geometry.samples * height * width * channels);
    image.par_chunks_exact_mut(width * channels).enumerate().for_each(|(line, row)| {
        row.fill(0.0);
        Arch::new().dispatch(|| {
            lines(geometry, line % height, |ky, y| {
                let first = (line / height * out_height + y) * out_width;
                let pixels = gradient[first * channels..].chunks_exact(channels).take(out_width);
                for (x, values) in pixels.enumerate() {
                    let (inside, at) = columns_inside(geometry, x);
                    let weights = &weight[(ky * kernel + inside.start) * channels..];
                    let places = row[at * channels..].chunks_exact_mut(channels);
                    let taps = places.zip(weights.chunks_exact(channels)).take(inside.len());
                    for (place, weights) in taps {
                        for ((sum, value), weight) in place.iter_mut().zip(values).zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
            });
        });
    });
    image
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noise(seed: u64, n: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..n).map(|_| 2.0 * random.f32() - 1.0).collect()
    }

    fn dot(a: &[f32], b: &[f32]) -> (f64, f64) {
        let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
        products.fold((0.0, 0.0), |(sum, size), p| (sum + p, size + p.abs()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// For every x and g, the product of A·x and g is that of x and Aᵀ·g. Both sides are sums of
        /// the same numbers in another order; 2e-5 of what they add up is what Winograd's
        /// transforms and 32 bits leave, and a single misplaced tap is far more.
        #[test]
        fn the_way_back_is_the_transpose(
            kernel in prop_oneof![Just(1_usize), Just(3), Just(5), Just(7)],
            stride in 1_usize..4,
            groups in prop_oneof![Just(1_usize), Just(2), Just(5), Just(32)],
            [ins, outs] in prop_oneof![Just([1_usize, 1]), Just([3, 2]), Just([16, 16]), Just([2, 16])],
            is_same in any::<bool>(), is_bare in any::<bool>(),
            [height, width] in [7_usize..18, 7_usize..18],
            samples in 1_usize..3, seed in any::<u64>(),
        ) {
            let padding = match (is_same, is_bare) {
                (true, _) => Padding::Same,
                (false, true) => Padding::Fixed(0),
                (false, false) => Padding::Fixed(kernel / 2),
            };
            let shape = ConvShape {
                padding, groups, ..ConvShape::new(ins * groups, outs * groups, kernel, stride)
            };
            let weight = noise(seed, shape.weight_shape().iter().product());
            let conv = Conv::new(shape, weight.clone(), None, Layout::ChannelsLast, &Device::flex());
            prop_assert_eq!(conv.weight().unwrap(), weight);
            let size = [samples, height, width, ins * groups];
            let x = noise(seed ^ 1, size.iter().product());
            let (y, _) = conv.forward_numbers(&x, size, None, Activation::None).unwrap();
            let gradient = noise(seed ^ 2, y.len());
            let back = conv.backward(&gradient, size).unwrap();
            prop_assert_eq!(back.len(), x.len());
            let ((there, large), (here, _)) = (dot(&y, &gradient), dot(&x, &back));
            prop_assert!((there - here).abs() <= 2e-5 * large, "{there} {here} of {large}");
        }
    }
}
