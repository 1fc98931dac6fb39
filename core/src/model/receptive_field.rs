//! How much of a picture one cell of the feature map can draw on.

use super::architecture::{Architecture, EfficientNetShape, ResNetShape, Stem, WideResNetShape};
use super::efficientnet::STRIDES;

/// Kernel of the depthwise convolutions in each of the seven stages of a published EfficientNet.
const KERNELS: [usize; 7] = [3, 3, 5, 3, 5, 5, 3];

/// A square of input pixels that grows from layer to layer (Araujo et al. 2019, "Computing
/// receptive fields of convolutional neural networks").
#[derive(Clone, Copy)]
struct Field {
    side: usize,
    /// Between neighbouring cells, in input pixels.
    step: usize,
}

impl Field {
    const PIXEL: Self = Self { side: 1, step: 1 };

    fn through(self, kernel: usize, stride: usize) -> Self {
        Self { side: self.side + (kernel - 1) * self.step, step: self.step * stride }
    }

    /// `count` layers, of which the first one has the stride.
    fn stage(self, kernel: usize, stride: usize, count: usize) -> Self {
        let stride_of = |i: usize| if i == 0 { stride } else { 1 };
        (0..count).fold(self, |field, i| field.through(kernel, stride_of(i)))
    }
}

impl Architecture {
    /// Side of the square of input pixels that can influence one cell of the feature map. Pixels
    /// near its edge hardly do; where it is larger than the input, padding fills the rest.
    pub fn receptive_field(&self) -> usize {
        let field = match self {
            Self::ResNet(shape) => resnet(shape),
            Self::WideResNet(WideResNetShape { units, .. }) => {
                let stem = Field::PIXEL.through(3, 1);
                [1, 2, 2].iter().fold(stem, |field, &stride| field.stage(3, stride, 2 * units))
            }
            Self::EfficientNetLite(EfficientNetShape { repeats, .. }) => {
                let stages = repeats.iter().zip(KERNELS).zip(STRIDES);
                stages.fold(Field::PIXEL.through(3, 2), |field, ((&count, kernel), stride)| {
                    field.stage(kernel, stride, count)
                })
            }
            Self::Planned(plan) => return plan.receptive_field(),
        };
        field.side
    }
}

fn resnet(shape: &ResNetShape) -> Field {
    let stem = match shape.stem {
        Stem::ImageNet => Field::PIXEL.through(7, 2).through(3, 2),
        Stem::Cifar => Field::PIXEL.through(3, 1),
    };
    // A bottleneck has one 3x3 convolution, a basic block two; its stride is on the first.
    let per_block = if shape.bottleneck { 1 } else { 2 };
    let stages = shape.blocks.iter().zip([1, 2, 2, 2]);
    stages.fold(stem, |field, (&blocks, stride)| field.stage(3, stride, per_block * blocks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resnet(blocks: [usize; 4], bottleneck: bool) -> usize {
        let shape = ResNetShape {
            stem: Stem::ImageNet,
            stem_channels: 64,
            bottleneck,
            blocks,
            groups: 1,
            width: 64,
            shortcut: "downsample",
            head: "fc".to_owned(),
        };
        Architecture::ResNet(shape).receptive_field()
    }

    #[test]
    fn fields_are_as_known() {
        // The first two as in Araujo et al. 2019; torchvision's bottleneck has its stride on the
        // 3x3 convolution, so its field is smaller than the 483 of the paper's.
        assert_eq!(resnet([2, 2, 2, 2], false), 435);
        assert_eq!(resnet([3, 4, 6, 3], false), 899);
        assert_eq!(resnet([3, 4, 6, 3], true), 427);
        let wide = WideResNetShape { stem_channels: 16, units: 2, width: 32 };
        // By hand: 3, four layers by 2, one by 2 and three by 4, one by 4 and three by 8.
        assert_eq!(Architecture::WideResNet(wide).receptive_field(), 3 + 8 + 2 + 12 + 4 + 24);
        let lite0 = EfficientNetShape { repeats: [1, 2, 2, 3, 3, 4, 1], last_channels: 320 };
        assert_eq!(Architecture::EfficientNetLite(lite0).receptive_field(), 851);
    }
}
