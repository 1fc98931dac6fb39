//! Networks of inverted residual blocks: MobileNetV2, EfficientNet-B0 to B4.
//!
//! Sandler et al. 2018, "MobileNetV2"; Tan and Le 2019, "EfficientNet". Layer names follow
//! torchvision's `mobilenetv2.py` and `efficientnet.py`, or timm's `efficientnet.py`. All pad
//! symmetrically; what TensorFlow trained ("tf_" in timm's names) pads otherwise, and is not known.

use burn_tensor::Tensor;
use burn_tensor::activation::{sigmoid, silu};

use super::ModelError;
use super::layers::{Activation, Conv, ConvShape, Layout, PooledLinear, Strides, strides};
use super::loader::Loader;
use super::network::Activations;
use super::resnet::EPSILON;
use crate::explain::Density;

/// What follows from the names and shapes of the tensors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvertedResidualShape {
    pub nonlinearity: Nonlinearity,
    pub stem: ConvNames,
    pub blocks: Vec<BlockShape>,
    pub last: ConvNames,
    pub head: String,
    /// Channels that are averaged.
    pub head_channels: usize,
}

/// What follows each convolution but the projections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonlinearity {
    /// MobileNetV2's.
    Relu6,
    /// EfficientNet's: `x · sigmoid(x)`.
    Silu,
}

/// Names of a convolution and of the batch normalisation behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvNames {
    pub conv: String,
    pub norm: String,
}

/// One block: expand (1×1), filter each channel (k×k), weigh channels, project (1×1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockShape {
    pub expand: Option<ConvNames>,
    pub depthwise: ConvNames,
    /// Names of the two layers of squeeze-and-excitation.
    pub squeeze: Option<[String; 2]>,
    pub project: ConvNames,
    pub kernel: usize,
    pub stride: usize,
}

#[derive(Debug)]
pub struct InvertedResidual {
    nonlinearity: Nonlinearity,
    stem: Conv,
    blocks: Vec<Block>,
    last: Conv,
    head: PooledLinear,
}

#[derive(Debug)]
struct Block {
    expand: Option<Conv>,
    depthwise: Conv,
    squeeze: Option<Squeeze>,
    project: Conv,
    is_residual: bool,
}

/// Hu et al. 2018, "Squeeze-and-excitation networks": each channel is weighed by what all of them
/// are on average.
#[derive(Debug)]
struct Squeeze {
    /// `[C, reduced]` and `[1, reduced]`
    reduce: [Tensor<2>; 2],
    /// `[reduced, C]` and `[1, C]`
    expand: [Tensor<2>; 2],
    layout: Layout,
}

impl InvertedResidual {
    /// # Errors
    /// A tensor that is missing, has another shape or holds NaN is named.
    pub fn load(
        loader: &mut Loader<'_>,
        shape: &InvertedResidualShape,
    ) -> Result<Self, ModelError> {
        let weight = |names: &ConvNames| format!("{}.weight", names.conv);
        let load = |loader: &mut Loader<'_>, names: &ConvNames, conv: ConvShape| {
            loader.conv_norm(&names.conv, &names.norm, conv, EPSILON)
        };
        let mut channels = loader.channels_out(&weight(&shape.stem))?;
        let stem = load(loader, &shape.stem, ConvShape::new(3, channels, 3, 2))?;
        let mut blocks = Vec::new();
        for block in &shape.blocks {
            let BlockShape { kernel, stride, .. } = *block;
            let width = loader.channels_out(&weight(&block.depthwise))?;
            let out = loader.channels_out(&weight(&block.project))?;
            let expand = match &block.expand {
                Some(names) => Some(load(loader, names, ConvShape::new(channels, width, 1, 1))?),
                None => None,
            };
            let filter =
                ConvShape { groups: width, ..ConvShape::new(width, width, kernel, stride) };
            let depthwise = load(loader, &block.depthwise, filter)?;
            let squeeze = match &block.squeeze {
                Some(names) => Some(Squeeze::load(loader, names, width)?),
                None => None,
            };
            let project = load(loader, &block.project, ConvShape::new(width, out, 1, 1))?;
            let is_residual = stride == 1 && channels == out;
            blocks.push(Block { expand, depthwise, squeeze, project, is_residual });
            channels = out;
        }
        let out = loader.channels_out(&weight(&shape.last))?;
        let last = load(loader, &shape.last, ConvShape::new(channels, out, 1, 1))?;
        let head = loader.pooled_linear(&shape.head, out)?;
        Ok(Self { nonlinearity: shape.nonlinearity, stem, blocks, last, head })
    }

    /// # Shapes
    /// `[N, 3, H, W]` → logits `[N, classes]`, feature map `[N, C, ⌈H/32⌉, ⌈W/32⌉]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: Tensor<4>, density: Density) -> Result<Activations, ModelError> {
        let kind = self.nonlinearity;
        let [pictures, ..] = x.dims();
        let mut x = kind.after(&self.stem, x, Strides::Kept)?;
        let strides =
            strides(self.blocks.iter().map(|block| block.depthwise.is_strided()), density);
        for (block, strides) in self.blocks.iter().zip(strides) {
            x = block.forward(x, kind, strides, pictures)?;
        }
        let features = kind.after(&self.last, x, Strides::Kept)?;
        Ok(Activations { logits: self.head.forward(features.clone()), features, conv2: None })
    }
}

impl Nonlinearity {
    fn after(self, conv: &Conv, x: Tensor<4>, strides: Strides) -> Result<Tensor<4>, ModelError> {
        match self {
            Self::Relu6 => conv.forward_at(x, Activation::Relu6, strides),
            Self::Silu => Ok(silu(conv.forward_at(x, Activation::None, strides)?)),
        }
    }
}

impl Block {
    fn forward(
        &self,
        x: Tensor<4>,
        kind: Nonlinearity,
        strides: Strides,
        pictures: usize,
    ) -> Result<Tensor<4>, ModelError> {
        let identity = self.is_residual.then(|| x.clone());
        let mut y = x;
        if let Some(expand) = &self.expand {
            y = kind.after(expand, y, Strides::Kept)?;
        }
        y = kind.after(&self.depthwise, y, strides)?;
        if let Some(squeeze) = &self.squeeze {
            y = squeeze.forward(y, pictures);
        }
        self.project.forward(y, identity, Activation::None)
    }
}

impl Squeeze {
    fn load(
        loader: &mut Loader<'_>,
        [reduce, expand]: &[String; 2],
        channels: usize,
    ) -> Result<Self, ModelError> {
        let reduced = loader.channels_out(&format!("{reduce}.weight"))?;
        Ok(Self {
            reduce: loader.dense(reduce, channels, reduced)?,
            expand: loader.dense(expand, reduced, channels)?,
            layout: loader.layout(),
        })
    }

    /// With strides left out there are several phases of each of the `pictures`, one phase of all
    /// pictures after the other. A channel gets one weight for all phases of a picture, since they
    /// are places of one larger map.
    fn forward(&self, x: Tensor<4>, pictures: usize) -> Tensor<4> {
        let [n, a, b, c] = x.dims();
        let phases = n / pictures.max(1);
        let (pooled, channels) = match self.layout {
            Layout::ChannelsFirst => (x.clone().reshape([n, a, b * c]).mean_dim(2), a),
            Layout::ChannelsLast => (x.clone().reshape([n, a * b, c]).mean_dim(1), c),
        };
        let [weight, bias] = self.reduce.clone();
        let pooled = pooled.reshape([phases, pictures * channels]).mean_dim(0);
        let y = silu(pooled.reshape([pictures, channels]).matmul(weight) + bias);
        let [weight, bias] = self.expand.clone();
        let y = sigmoid(y.matmul(weight) + bias).repeat_dim(0, phases);
        x * match self.layout {
            Layout::ChannelsFirst => y.reshape([n, channels, 1, 1]),
            Layout::ChannelsLast => y.reshape([n, 1, 1, channels]),
        }
    }
}
