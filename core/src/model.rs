//! Networks: the only module that talks to burn and to rten.
//!
//! [`Classifier`] is what the rest of the program uses: weights in, logits and feature map out.
//! All of it must run on one thread (the engine's), because the GPU runtime orders its work by
//! operating-system thread.

mod architecture;
mod awake;
mod classifier;
mod convolution;
mod cost;
mod device;
mod efficientnet;
mod families;
mod gradient;
mod graph_network;
mod layers;
mod loader;
mod network;
#[cfg(feature = "onnx")]
mod onnx;
mod place_norm;
mod plan;
mod planned;
mod pointwise;
mod pool;
mod receptive_field;
mod resnet;
mod wide_resnet;

pub use architecture::{Architecture, EfficientNetShape, ResNetShape, Stem, WideResNetShape};
pub use classifier::{Classifier, PictureRange};
pub use convolution::OutOfMemory;
pub use cost::MAX_FEATURE_MAP;
pub use device::{Compute, DeviceChoice, Opened};
pub use graph_network::{GraphFacts, GraphNetwork, RunGraph};
#[cfg(feature = "onnx")]
pub use onnx::check as check_graph;
pub use plan::Plan;

use crate::checkpoint::CheckpointError;
use crate::explain::NoGradient;
use crate::text::CleanText;

/// Why a network could not be built or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(
        "The weights fit no network known here: {reason}. Known are the ResNets of torchvision and \
         nbdt, pytorchcv's CIFAR WideResNets, EfficientNet, MobileNetV2 and V3, DenseNet, RegNet, \
         ConvNeXt, VGG, SqueezeNet and ShuffleNetV2. Any other can be exported as ONNX"
    )]
    Unknown { reason: String },
    #[error("This network cannot be used: {0}")]
    Graph(CleanText),
    /// What a child said.
    #[error("{0}")]
    Told(CleanText),
    #[error("The strides of this network cannot be left out, so it has no denser map")]
    NotDense,
    #[error("Gradients are computed on the CPU alone")]
    OnCpuOnly,
    #[error(
        "A gradient would keep more than 2 GB of feature maps inside of the network; a smaller crop \
         of the picture takes less"
    )]
    TooManyMaps,
    #[error("{0}")]
    NoGradient(#[from] NoGradient),
    #[error("The compute device failed: {0}")]
    Device(String),
    #[error("{0}")]
    NoDevice(String),
    #[error("The network returned {0}; its weights are damaged or do not fit this program")]
    NotFinite(f32),
}

impl ModelError {
    /// Wraps whatever burn reports.
    pub(crate) fn device(error: impl std::fmt::Display) -> Self {
        Self::Device(error.to_string())
    }

    /// Whether another device might succeed where this one failed.
    pub fn is_device_failure(&self) -> bool {
        matches!(self, Self::Device(_) | Self::NoDevice(_))
    }
}
