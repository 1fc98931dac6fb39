//! The closed set of networks, behind one `forward`.

use burn_tensor::Tensor;

use super::ModelError;
use super::architecture::Architecture;
use super::efficientnet::EfficientNetLite;
use super::gradient::Route;
use super::loader::Loader;
use super::planned::Planned;
use super::resnet::ResNet;
use super::wide_resnet::WideResNet;
use crate::explain::Density;

/// What a forward pass leaves on the device.
pub struct Activations {
    /// `[N, classes]`
    pub logits: Tensor<2>,
    /// `[N, C, H, W]`: the tensor that is average-pooled, if that is all that precedes the linear
    /// layer.
    pub features: Option<Tensor<4>>,
    /// `[N, C, H, W]`: output of the last convolution before batch norm, shortcut and ReLU
    /// (ResNets of BasicBlocks only).
    pub conv2: Option<Tensor<4>>,
}

#[derive(Debug)]
pub enum Network {
    ResNet(ResNet),
    WideResNet(WideResNet),
    EfficientNetLite(EfficientNetLite),
    Planned(Planned),
}

impl Network {
    /// # Errors
    /// A tensor that is missing, has another shape or holds NaN is named.
    pub fn load(loader: &mut Loader<'_>, architecture: &Architecture) -> Result<Self, ModelError> {
        Ok(match architecture {
            Architecture::ResNet(shape) => Self::ResNet(ResNet::load(loader, shape)?),
            Architecture::WideResNet(shape) => Self::WideResNet(WideResNet::load(loader, shape)?),
            Architecture::EfficientNetLite(shape) => {
                Self::EfficientNetLite(EfficientNetLite::load(loader, shape)?)
            }
            Architecture::Planned(plan) => Self::Planned(Planned::load(loader, plan)?),
        })
    }

    /// What it does up to what its linear layer reads, step by step.
    pub fn route(&self) -> Route<'_> {
        match self {
            Self::ResNet(network) => network.route(),
            Self::WideResNet(network) => network.route(),
            Self::EfficientNetLite(network) => network.route(),
            Self::Planned(network) => network.route(),
        }
    }

    /// # Shapes
    /// `[N, 3, H, W]`, normalised → [`Activations`]; with another density than the native one, of
    /// 4 N or 16 N phases instead of N pictures ([`super::convolution::Conv::forward_at`])
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: Tensor<4>, density: Density) -> Result<Activations, ModelError> {
        match self {
            Self::ResNet(network) => network.forward(x, density),
            Self::WideResNet(network) => network.forward(x, density),
            Self::EfficientNetLite(network) => network.forward(x, density),
            Self::Planned(network) => network.forward(x, density),
        }
    }
}
