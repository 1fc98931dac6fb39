//! Sizes of convolutions and of their inputs and outputs.

/// Order of the axes of feature maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `[N, C, H, W]`: GPU.
    ChannelsFirst,
    /// `[N, H, W, C]`: CPU.
    ChannelsLast,
}

/// How the border is padded with zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// The same number of pixels on all four sides (PyTorch).
    Fixed(usize),
    /// Output size `ceil(input / stride)`, the odd pixel at bottom and right (TensorFlow "SAME").
    Same,
}

impl Padding {
    /// Pixels before and after, for one axis of `size` pixels.
    pub fn pair(self, size: usize, kernel: usize, stride: usize) -> (usize, usize) {
        match self {
            Self::Fixed(pad) => (pad, pad),
            Self::Same => {
                let reach = (size.div_ceil(stride) - 1) * stride + kernel;
                let total = reach.saturating_sub(size);
                (total / 2, total - total / 2)
            }
        }
    }
}

/// What a convolution looks like, apart from its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    pub channels_in: usize,
    pub channels_out: usize,
    /// Height and width of the (square) kernel.
    pub kernel: usize,
    pub stride: usize,
    pub padding: Padding,
    /// Groups of channels that do not mix; `channels_in` makes it a depthwise convolution.
    pub groups: usize,
}

impl ConvShape {
    /// Square kernel, PyTorch's usual padding of `kernel / 2`, one group.
    pub fn new(channels_in: usize, channels_out: usize, kernel: usize, stride: usize) -> Self {
        Self {
            channels_in,
            channels_out,
            kernel,
            stride,
            padding: Padding::Fixed(kernel / 2),
            groups: 1,
        }
    }

    /// Shape of the weight tensor, as PyTorch stores it: `[out, in / groups, k, k]`.
    pub fn weight_shape(&self) -> [usize; 4] {
        let channels = self.channels_in / self.groups.max(1);
        [self.channels_out, channels, self.kernel, self.kernel]
    }
}

/// Sizes of input and output, `[N, H, W, C]` both.
#[derive(Debug, Clone, Copy)]
pub struct Geometry {
    pub shape: ConvShape,
    pub samples: usize,
    /// Height and width of the input.
    pub size: [usize; 2],
    /// Height and width of the output.
    pub out: [usize; 2],
    /// Zeros above and to the left.
    pub before: [usize; 2],
}

impl Geometry {
    pub fn new(shape: ConvShape, [samples, height, width, _]: [usize; 4]) -> Self {
        let ConvShape { kernel, stride, padding, .. } = shape;
        let size = [height, width];
        let pads = size.map(|size| padding.pair(size, kernel, stride));
        let out =
            [0, 1].map(|axis| (size[axis] + pads[axis].0 + pads[axis].1 - kernel) / stride + 1);
        Self { shape, samples, size, out, before: [pads[0].0, pads[1].0] }
    }

    /// `[N, H', W', C_out]`
    pub fn out_shape(&self) -> [usize; 4] {
        [self.samples, self.out[0], self.out[1], self.shape.channels_out]
    }

    /// Pixels of the output, those of all samples together.
    pub fn pixels_out(&self) -> usize {
        self.samples * self.out[0] * self.out[1]
    }
}
