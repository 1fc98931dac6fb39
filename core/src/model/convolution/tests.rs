//! Every method against the definition of convolution, in `f64`.

use burn_tensor::{Device, Tensor, TensorData};

use super::*;

/// SplitMix64's output function as a hash: values in [−1, 1).
fn noise(seed: usize, n: usize) -> Vec<f32> {
    (seed..seed + n)
        .map(|i| {
            let mut z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z >> 40) as f32 / (1u32 << 23) as f32 - 1.0
        })
        .collect()
}

/// `[N, C, H, W]` and its shape, from `x` of shape `[n, C_in, height, width]`.
fn naive(
    shape: &ConvShape,
    x: &[f32],
    [n, height, width]: [usize; 3],
    weight: &[f32],
) -> ([usize; 4], Vec<f64>) {
    let ConvShape { channels_in, channels_out, kernel, stride, padding, groups } = *shape;
    let (channels, outs) = (channels_in / groups, channels_out / groups);
    let side = |size: usize| match padding {
        Padding::Fixed(pad) => ((size + 2 * pad - kernel) / stride + 1, pad),
        Padding::Same => {
            let out = size.div_ceil(stride);
            (out, ((out - 1) * stride + kernel).saturating_sub(size) / 2)
        }
    };
    let ((out_height, top), (out_width, left)) = (side(height), side(width));
    let mut result = Vec::new();
    for i in 0..n * channels_out * out_height * out_width {
        let (ox, oy) = (i % out_width, i / out_width % out_height);
        let out = i / out_width / out_height % channels_out;
        let sample = i / out_width / out_height / channels_out;
        let mut sum = 0.0;
        for tap in 0..channels * kernel * kernel {
            let (kx, ky, c) = (tap % kernel, tap / kernel % kernel, tap / kernel / kernel);
            let (y, x_) = (oy * stride + ky, ox * stride + kx);
            if (top..top + height).contains(&y) && (left..left + width).contains(&x_) {
                let plane = sample * channels_in + out / outs * channels + c;
                let at = (plane * height + y - top) * width + x_ - left;
                sum += f64::from(x[at]) * f64::from(weight[out * channels * kernel * kernel + tap]);
            }
        }
        result.push(sum);
    }
    ([n, channels_out, out_height, out_width], result)
}

fn check(shape: ConvShape, size: [usize; 3], layout: Layout) {
    let device = Device::flex();
    let [n, height, width] = size;
    let x = noise(1, n * shape.channels_in * height * width);
    let weight = noise(1 << 20, shape.weight_shape().iter().product());
    let bias = noise(1 << 30, shape.channels_out);
    let (out, sums) = naive(&shape, &x, size, &weight);
    let residual = noise(1 << 40, sums.len());

    let tensor = |values: Vec<f32>, shape: [usize; 4]| {
        let tensor = Tensor::<4>::from_data(TensorData::new(values, shape), &device);
        match layout {
            Layout::ChannelsFirst => tensor,
            Layout::ChannelsLast => tensor.permute([0, 2, 3, 1]),
        }
    };
    let conv = Conv::new(shape, weight, Some(bias.clone()), layout, &device);
    let input = tensor(x, [n, shape.channels_in, height, width]);
    let y = conv.forward(input, Some(tensor(residual.clone(), out)), Activation::Relu).unwrap();
    let y = match layout {
        Layout::ChannelsFirst => y,
        Layout::ChannelsLast => y.permute([0, 3, 1, 2]),
    };
    assert_eq!(y.dims(), out, "{shape:?}");
    let found = y.into_data().try_to_vec::<f32>().unwrap();

    // A sum of `terms` products of this size stays near sqrt(terms), and so do the errors of its
    // additions, at random half an ulp each: about `terms · EPSILON / 2` in the end. Eight times that,
    // for the transforms of Winograd's algorithm, which take sums and differences of 16 values; any
    // value that is left out or misplaced is thousands of times larger.
    let terms = (shape.channels_in / shape.groups * shape.kernel * shape.kernel) as f64;
    let tolerance = 4.0 * f64::from(f32::EPSILON) * terms;
    for (i, (found, sum)) in found.iter().zip(sums).enumerate() {
        let bias = bias[i / (out[2] * out[3]) % out[1]];
        let expected = (sum + f64::from(bias) + f64::from(residual[i])).max(0.0);
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= tolerance.max(1e-6), "{shape:?} {size:?} {i}: {found} for {expected}");
    }
}

fn check_sizes(shape: ConvShape) {
    for size in [[1, 7, 7], [2, 5, 8], [1, 1, 1], [3, 2, 9], [1, 12, 3], [1, 17, 23]] {
        for padding in [Padding::Fixed(shape.kernel / 2), Padding::Same] {
            for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
                check(ConvShape { padding, ..shape }, size, layout);
            }
        }
    }
}

/// With few tiles the definition is used, with more the algorithm; several blocks of them at the
/// end, and one that begins in the middle of a sample.
#[test]
fn winograd_is_convolution() {
    let shape = ConvShape::new(16, 32, 3, 1);
    assert!(Winograd::fits(&shape));
    check_sizes(shape);
    let unpadded = ConvShape { padding: Padding::Fixed(0), ..shape };
    for size in [[2, 6, 7], [1, 15, 18], [3, 13, 11]] {
        check(unpadded, size, Layout::ChannelsLast);
    }
    check(ConvShape::new(96, 160, 3, 1), [5, 15, 9], Layout::ChannelsLast);
}

#[test]
fn depthwise_is_convolution() {
    for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
        for channels in [16, 24] {
            let groups = channels;
            let shape = ConvShape { groups, ..ConvShape::new(channels, channels, kernel, stride) };
            assert!(Depthwise::fits(&shape));
            check_sizes(shape);
        }
    }
}

#[test]
fn a_direct_product_is_convolution() {
    for (kernel, stride) in [(1, 1), (1, 2), (3, 1), (3, 2), (5, 1), (7, 2)] {
        check_sizes(ConvShape::new(3, 5, kernel, stride));
        check_sizes(ConvShape { groups: 3, ..ConvShape::new(6, 9, kernel, stride) });
    }
    check_sizes(ConvShape { groups: 2, ..ConvShape::new(32, 40, 3, 1) });
}

/// One, two, three and four vectors across, and a last one that is not full.
#[test]
fn any_number_of_channels_is_convolution() {
    for channels in [1, 8, 16, 20, 33, 48, 63, 64, 80, 100, 144, 200] {
        for size in [[1, 7, 7], [2, 9, 13]] {
            check(ConvShape::new(40, channels, 1, 1), size, Layout::ChannelsLast);
            check(ConvShape::new(5, channels, 3, 2), size, Layout::ChannelsLast);
        }
    }
}

/// What is not a number must reach the logits, where it is noticed.
#[test]
fn nothing_that_is_not_a_number_gets_lost() {
    let device = Device::flex();
    let depthwise = ConvShape { groups: 32, ..ConvShape::new(32, 32, 3, 1) };
    for shape in [ConvShape::new(32, 32, 3, 1), ConvShape::new(32, 32, 3, 2), depthwise] {
        for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
            let mut x = noise(1, 20 * 20 * 32);
            x[210 * 32 + 5] = f32::NAN;
            let x = Tensor::<4>::from_data(TensorData::new(x, [1, 20, 20, 32]), &device);
            let weight = noise(9, shape.weight_shape().iter().product());
            let conv = Conv::new(shape, weight, None, Layout::ChannelsLast, &device);
            let y = conv.forward(x, None, activation).unwrap();
            let y = y.into_data().try_to_vec::<f32>().unwrap();
            assert!(y.iter().any(|value| value.is_nan()), "{shape:?} {activation:?}");
        }
    }
}

/// Lines that several tasks share, sums of the same numbers in the same order.
#[test]
fn a_bottleneck_is_its_layers_one_after_the_other() {
    let device = Device::flex();
    let threads = rayon::current_num_threads();
    for (kernel, stride, padding, expands, width) in [
        (3, 1, Padding::Same, true, 96),
        (3, 2, Padding::Same, true, 48),
        (5, 1, Padding::Fixed(2), true, 40),
        (5, 2, Padding::Same, false, 32),
        (7, 1, Padding::Fixed(3), true, 35),
        (4, 3, Padding::Fixed(0), true, 32),
    ] {
        let channels = if expands { 16 } else { width };
        let filter =
            ConvShape { groups: width, padding, ..ConvShape::new(width, width, kernel, stride) };
        let conv = |shape: ConvShape| {
            let weight = noise(kernel, shape.weight_shape().iter().product());
            let bias = noise(stride, shape.channels_out);
            Conv::new(shape, weight, Some(bias), Layout::ChannelsLast, &device)
        };
        let expand = expands.then(|| conv(ConvShape::new(channels, width, 1, 1)));
        let (filter, project) = (conv(filter), conv(ConvShape::new(width, channels, 1, 1)));
        let bottleneck = Bottleneck {
            expand: expand.as_ref(),
            filter: &filter,
            project: &project,
            activation: Activation::Relu6,
            is_residual: stride == 1,
        };
        assert!(bottleneck.separable().is_some());
        for shape in [[1, 42 * threads, 20, channels], [2 * threads, 45, 5, channels]] {
            let x = noise(7, shape.iter().product());
            let x = Tensor::<4>::from_data(TensorData::new(x, shape), &device);
            let mut y = x.clone();
            if let Some(expand) = &expand {
                y = expand.forward(y, None, Activation::Relu6).unwrap();
            }
            y = filter.forward(y, None, Activation::Relu6).unwrap();
            let residual = (stride == 1).then(|| x.clone());
            let expected = project.forward(y, residual, Activation::None).unwrap();
            let found = bottleneck.forward(x, Strides::Kept).unwrap();
            assert_eq!(found.dims(), expected.dims());
            assert_eq!(found.into_data(), expected.into_data(), "{kernel} {stride} {shape:?}");
        }
    }
}

/// Small maps, whose channels are shared out: parts of one and more panels, the last of which is not
/// full, and numbers that do not depend on how many threads there are.
#[test]
fn a_bottleneck_of_a_small_map_is_its_layers_one_after_the_other() {
    let device = Device::flex();
    for (kernel, stride, width, outs) in
        [(3, 1, 96, 16), (5, 1, 1152, 16), (5, 2, 200, 33), (4, 3, 144, 16), (7, 1, 33, 16)]
    {
        let channels = 16;
        let filter = ConvShape { groups: width, ..ConvShape::new(width, width, kernel, stride) };
        let conv = |shape: ConvShape| {
            let weight = noise(kernel, shape.weight_shape().iter().product());
            let bias = noise(stride, shape.channels_out);
            Conv::new(shape, weight, Some(bias), Layout::ChannelsLast, &device)
        };
        let expand = conv(ConvShape::new(channels, width, 1, 1));
        let (filter, project) = (conv(filter), conv(ConvShape::new(width, outs, 1, 1)));
        let bottleneck = Bottleneck {
            expand: Some(&expand),
            filter: &filter,
            project: &project,
            activation: Activation::Relu6,
            is_residual: stride == 1 && outs == channels,
        };
        for shape in [[1, 14, 14, channels], [3, 7, 9, channels]] {
            let x = noise(7, shape.iter().product());
            let x = Tensor::<4>::from_data(TensorData::new(x, shape), &device);
            let y = expand.forward(x.clone(), None, Activation::Relu6).unwrap();
            let y = filter.forward(y, None, Activation::Relu6).unwrap();
            let residual = bottleneck.is_residual.then(|| x.clone());
            let expected = project.forward(y, residual, Activation::None).unwrap();
            let found = [1, 3].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let found = pool.install(|| bottleneck.forward(x.clone(), Strides::Kept)).unwrap();
                assert_eq!(found.dims(), expected.dims());
                found.into_data().try_to_vec::<f32>().unwrap()
            });
            assert_eq!(found[0], found[1], "{kernel} {width} {shape:?}");
            let expected = expected.into_data().try_to_vec::<f32>().unwrap();
            // A thousand sums in another order, each rounded to 6e-8 of itself: at random 2e-6 of the
            // largest of them, which is larger than what is left in the end.
            let largest = expected.iter().fold(0.0_f32, |largest, it| largest.max(it.abs()));
            let far = found[0].iter().zip(&expected).map(|(a, b)| (a - b).abs());
            let far = far.fold(0.0, f32::max);
            assert!(far < 1e-5 * largest, "{kernel} {width} {shape:?}: {far} of {largest}");
        }
    }
}
