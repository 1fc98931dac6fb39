//! EfficientNet-Lite: mobile inverted bottlenecks with ReLU6, no squeeze-and-excitation.
//!
//! Tan and Le 2019, "EfficientNet"; the Lite variants are Google's (2020). Layer names follow
//! lukemelas' `efficientnet_pytorch`; padding is TensorFlow's "SAME", batch norm epsilon 1e-3.

use burn_tensor::Tensor;

use super::ModelError;
use super::architecture::EfficientNetShape;
use super::gradient::{Op, Route};
use super::layers::{
    Activation, Bottleneck, Conv, ConvShape, Padding, PooledLinear, Strides, strides,
};
use super::loader::Loader;
use super::network::Activations;
use super::pointwise::Nonlinearity;
use crate::explain::Density;

/// TensorFlow's value for these networks, not PyTorch's.
const EPSILON: f64 = 1e-3;

/// Stride of the first block of each of the seven stages.
pub const STRIDES: [usize; 7] = [1, 2, 2, 2, 1, 2, 1];

#[derive(Debug)]
pub struct EfficientNetLite {
    stem: Conv,
    blocks: Vec<Block>,
    last: Conv,
    head: PooledLinear,
}

/// Expand (1×1), filter each channel (k×k), project (1×1, no activation).
#[derive(Debug)]
struct Block {
    expand: Option<Conv>,
    depthwise: Conv,
    project: Conv,
    residual: bool,
}

impl EfficientNetLite {
    /// # Errors
    /// A tensor that is missing, has another shape or holds NaN is named.
    pub fn load(loader: &mut Loader<'_>, shape: &EfficientNetShape) -> Result<Self, ModelError> {
        let mut channels = loader.channels_out("_conv_stem.weight")?;
        let stem = same(ConvShape::new(3, channels, 3, 2));
        let stem = loader.conv_norm("_conv_stem", "_bn0", stem, EPSILON)?;
        let mut blocks = Vec::new();
        for (&count, stride) in shape.repeats.iter().zip(STRIDES) {
            for index in 0..count {
                let prefix = format!("_blocks.{}", blocks.len());
                let stride = if index == 0 { stride } else { 1 };
                let (block, out) = Block::load(loader, &prefix, channels, stride)?;
                blocks.push(block);
                channels = out;
            }
        }
        let out = loader.channels_out("_conv_head.weight")?;
        let last = ConvShape::new(channels, out, 1, 1);
        let last = loader.conv_norm("_conv_head", "_bn1", last, EPSILON)?;
        let head = loader.pooled_linear("_fc", out)?;
        Ok(Self { stem, blocks, last, head })
    }

    /// What it does up to what its linear layer reads.
    pub fn route(&self) -> Route<'_> {
        let mut ops = vec![Op::Conv(&self.stem, Nonlinearity::Relu6)];
        for block in &self.blocks {
            block.add_to(&mut ops);
        }
        ops.push(Op::Conv(&self.last, Nonlinearity::Relu6));
        Route::new(ops, Vec::new())
    }

    /// # Shapes
    /// `[N, 3, H, W]` → logits `[N, classes]`, feature map `[N, 1280, ⌈H/32⌉, ⌈W/32⌉]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: Tensor<4>, density: Density) -> Result<Activations, ModelError> {
        let mut x = self.stem.forward(x, None, Activation::Relu6)?;
        let strides =
            strides(self.blocks.iter().map(|block| block.depthwise.is_strided()), density);
        for (block, strides) in self.blocks.iter().zip(strides) {
            x = block.forward(x, strides)?;
        }
        let features = self.last.forward(x, None, Activation::Relu6)?;
        Ok(Activations {
            logits: self.head.forward(features.clone())?,
            features: Some(features),
            conv2: None,
        })
    }
}

impl Block {
    fn load(
        loader: &mut Loader<'_>,
        prefix: &str,
        channels: usize,
        stride: usize,
    ) -> Result<(Self, usize), ModelError> {
        let key = |name: &str| format!("{prefix}.{name}");
        let depthwise = key("_depthwise_conv.weight");
        let (width, kernel) = (loader.channels_out(&depthwise)?, loader.kernel(&depthwise)?);
        let expand = if loader.has(&key("_expand_conv.weight")) {
            let conv = ConvShape::new(channels, width, 1, 1);
            Some(loader.conv_norm(&key("_expand_conv"), &key("_bn0"), conv, EPSILON)?)
        } else {
            None
        };
        let conv = ConvShape { groups: width, ..ConvShape::new(width, width, kernel, stride) };
        let depthwise =
            loader.conv_norm(&key("_depthwise_conv"), &key("_bn1"), same(conv), EPSILON)?;
        let out = loader.channels_out(&key("_project_conv.weight"))?;
        let project = ConvShape::new(width, out, 1, 1);
        let project = loader.conv_norm(&key("_project_conv"), &key("_bn2"), project, EPSILON)?;
        let residual = stride == 1 && channels == out;
        Ok((Self { expand, depthwise, project, residual }, out))
    }

    fn add_to<'a>(&'a self, ops: &mut Vec<Op<'a>>) {
        let mut body = Vec::with_capacity(3);
        body.extend(self.expand.iter().map(|conv| Op::Conv(conv, Nonlinearity::Relu6)));
        body.push(Op::Conv(&self.depthwise, Nonlinearity::Relu6));
        body.push(Op::Conv(&self.project, Nonlinearity::None));
        if self.residual {
            ops.push(Op::Sum { body, shortcut: Vec::new(), after: Nonlinearity::None });
        } else {
            ops.append(&mut body);
        }
    }

    fn forward(&self, x: Tensor<4>, strides: Strides) -> Result<Tensor<4>, ModelError> {
        let bottleneck = Bottleneck {
            expand: self.expand.as_ref(),
            filter: &self.depthwise,
            project: &self.project,
            activation: Activation::Relu6,
            is_residual: self.residual,
        };
        bottleneck.forward(x, strides)
    }
}

fn same(conv: ConvShape) -> ConvShape {
    ConvShape { padding: Padding::Same, ..conv }
}
