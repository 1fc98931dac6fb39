//! What a network takes for pictures of a size, before any of it is taken.

use super::architecture::{Architecture, EfficientNetShape, ResNetShape, Stem, WideResNetShape};

/// Most bytes of one feature map inside a network; a few of them, and what a convolution arranges
/// anew, are in memory at a time.
pub const MAX_FEATURE_MAP: u64 = 1 << 30;

impl Architecture {
    /// Bytes of the largest feature map inside the network, for one square picture of `side` pixels.
    pub fn largest_feature_map(&self, side: u32) -> u64 {
        // Channels, and how many pixels of the picture lie along one cell.
        let layers = match self {
            Self::ResNet(ResNetShape { stem, stem_channels, bottleneck, width, .. }) => {
                let (first, second) = match stem {
                    Stem::ImageNet => (2, 4),
                    Stem::Cifar => (1, 1),
                };
                let expansion = if *bottleneck { 4 } else { 1 };
                [(*stem_channels, first), (expansion * width, second)]
            }
            Self::WideResNet(WideResNetShape { stem_channels, width, .. }) => {
                [(*stem_channels, 1), (*width, 1)]
            }
            // The second stage widens 16 channels sixfold before it halves the sides.
            Self::EfficientNetLite(EfficientNetShape { .. }) => [(32, 2), (6 * 16, 2)],
            Self::Planned(plan) => return plan.largest_map(side.into()).saturating_mul(4),
        };
        let bytes = |(channels, cell): (usize, u64)| {
            let cells = u64::from(side).div_ceil(cell);
            4 * (channels as u64).saturating_mul(cells * cells)
        };
        layers.into_iter().map(bytes).max().unwrap_or_default()
    }
}
