//! Residual networks: torchvision's (224², 7×7 stem) and the CIFAR kind of nbdt (32², 3×3 stem).
//!
//! He et al. 2016, "Deep residual learning for image recognition"; Xie et al. 2017 (ResNeXt);
//! Zagoruyko and Komodakis 2016 (wide_resnet50_2). Layer names follow torchvision's `resnet.py`
//! (stride on the 3×3 convolution of a bottleneck, "v1.5") and kuangliu/pytorch-cifar.

use burn_tensor::{Tensor, TensorData};

use super::ModelError;
use super::architecture::{ResNetShape, Stem};
use super::convolution::keep_buffer;
use super::gradient::{Op, Route};
use super::layers::{Activation, Affine, Conv, ConvShape, Layout, PooledLinear, Strides, strides};
use super::loader::Loader;
use super::network::Activations;
use super::pointwise::Nonlinearity;
use super::pool::Pool;
use crate::explain::Density;

/// PyTorch's default for `BatchNorm2d`.
pub const EPSILON: f64 = 1e-5;

#[derive(Debug)]
pub struct ResNet {
    stem: Conv,
    max_pool: bool,
    layout: Layout,
    blocks: Vec<Block>,
    head: PooledLinear,
}

/// A residual block: `relu(convs(x) + shortcut(x))`, ReLU between the convolutions.
#[derive(Debug)]
struct Block {
    convs: Vec<Conv>,
    /// Batch normalisation of the last convolution where it is not folded: see [`ResNet::load`].
    last_norm: Option<Affine>,
    shortcut: Option<Conv>,
}

impl ResNet {
    /// Builds the network from its tensors.
    ///
    /// The very last convolution of a BasicBlock network keeps its batch normalisation apart,
    /// because its bare output is what the 2020 tutorial draws its map from.
    ///
    /// # Errors
    /// A tensor that is missing, has another shape or holds NaN is named.
    pub fn load(loader: &mut Loader<'_>, shape: &ResNetShape) -> Result<Self, ModelError> {
        let (kernel, stride) = match shape.stem {
            Stem::ImageNet => (7, 2),
            Stem::Cifar => (3, 1),
        };
        let stem = ConvShape::new(3, shape.stem_channels, kernel, stride);
        let stem = loader.conv_norm("conv1", "bn1", stem, EPSILON)?;
        let mut channels = shape.stem_channels;
        let mut blocks = Vec::new();
        let total: usize = shape.blocks.iter().sum();
        for (stage, &count) in shape.blocks.iter().enumerate() {
            for index in 0..count {
                let prefix = format!("layer{}.{index}", stage + 1);
                let stride = if stage > 0 && index == 0 { 2 } else { 1 };
                let is_last = blocks.len() + 1 == total;
                let (block, out) = Block::load(loader, shape, &prefix, channels, stride, is_last)?;
                blocks.push(block);
                channels = out;
            }
        }
        let head = loader.pooled_linear(&shape.head, channels)?;
        let max_pool = shape.stem == Stem::ImageNet;
        Ok(Self { stem, max_pool, layout: loader.layout(), blocks, head })
    }

    /// What it does up to what its linear layer reads.
    pub fn route(&self) -> Route<'_> {
        let mut ops = vec![Op::Conv(&self.stem, Nonlinearity::Relu)];
        if self.max_pool {
            ops.push(Op::Pool(Pool::STEM));
        }
        ops.extend(self.blocks.iter().map(Block::op));
        Route::new(ops, Vec::new())
    }

    /// # Shapes
    /// `[N, 3, H, W]` → logits `[N, classes]`, feature map `[N, C, H/32, W/32]` (H/8 for CIFAR);
    /// with [`Layout::ChannelsLast`], `[N, H, W, 3]` → `[N, H/32, W/32, C]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: Tensor<4>, density: Density) -> Result<Activations, ModelError> {
        let mut x = self.stem.forward(x, None, Activation::Relu)?;
        if self.max_pool {
            x = Pool::STEM.forward(x, self.layout, Strides::Kept)?;
        }
        let mut conv2 = None;
        let strides = strides(self.blocks.iter().map(Block::is_strided), density);
        for (block, strides) in self.blocks.iter().zip(strides) {
            (x, conv2) = block.forward(x, strides)?;
        }
        Ok(Activations { logits: self.head.forward(x.clone())?, features: Some(x), conv2 })
    }
}

impl Block {
    fn load(
        loader: &mut Loader<'_>,
        shape: &ResNetShape,
        prefix: &str,
        channels: usize,
        stride: usize,
        is_last: bool,
    ) -> Result<(Self, usize), ModelError> {
        let key = |name: &str| format!("{prefix}.{name}");
        let width = loader.channels_out(&key("conv1.weight"))?;
        let mut shapes = vec![ConvShape::new(channels, width, 3, stride)];
        if shape.bottleneck {
            let out = loader.channels_out(&key("conv3.weight"))?;
            shapes = vec![
                ConvShape::new(channels, width, 1, 1),
                ConvShape { groups: shape.groups, ..ConvShape::new(width, width, 3, stride) },
                ConvShape::new(width, out, 1, 1),
            ];
        } else {
            shapes.push(ConvShape::new(width, width, 3, 1));
        }
        let out = shapes.last().map_or(width, |last| last.channels_out);

        let mut convs = Vec::new();
        let mut last_norm = None;
        for (i, conv) in shapes.iter().enumerate() {
            let (conv_key, norm_key) =
                (key(&format!("conv{}", i + 1)), key(&format!("bn{}", i + 1)));
            if is_last && !shape.bottleneck && i + 1 == shapes.len() {
                convs.push(loader.conv(&conv_key, *conv)?);
                last_norm = Some(loader.norm(&norm_key, out, EPSILON)?);
            } else {
                convs.push(loader.conv_norm(&conv_key, &norm_key, *conv, EPSILON)?);
            }
        }
        // The projection exists where the size changes, also when only the stride does.
        let shortcut = if stride != 1 || channels != out {
            let conv = ConvShape::new(channels, out, 1, stride);
            let (conv_key, norm_key) =
                (key(&format!("{}.0", shape.shortcut)), key(&format!("{}.1", shape.shortcut)));
            Some(loader.conv_norm(&conv_key, &norm_key, conv, EPSILON)?)
        } else {
            None
        };
        Ok((Self { convs, last_norm, shortcut }, out))
    }

    fn op(&self) -> Op<'_> {
        let mut body: Vec<_> =
            self.convs.iter().map(|conv| Op::Conv(conv, Nonlinearity::Relu)).collect();
        if let Some(Op::Conv(_, nonlinearity)) = body.last_mut() {
            *nonlinearity = Nonlinearity::None;
        }
        body.extend(self.last_norm.iter().map(|norm| Op::Norm(norm, Nonlinearity::None)));
        let shortcut = self.shortcut.iter().map(|conv| Op::Conv(conv, Nonlinearity::None));
        Op::Sum { body, shortcut: shortcut.collect(), after: Nonlinearity::Relu }
    }

    fn is_strided(&self) -> bool {
        self.convs.iter().any(Conv::is_strided)
    }

    /// The block's output, and the bare output of its last convolution where that was kept apart.
    fn forward(
        &self,
        x: Tensor<4>,
        strides: Strides,
    ) -> Result<(Tensor<4>, Option<Tensor<4>>), ModelError> {
        let Some((last, first)) = self.convs.split_last() else {
            return Ok((x, None));
        };
        if strides == Strides::Kept && last.is_own() {
            return self.forward_own(x, first, last);
        }
        let mut y = x.clone();
        let identity = match &self.shortcut {
            Some(conv) => conv.forward_at(x, Activation::None, strides)?,
            None => x,
        };
        for conv in first {
            y = conv.forward_at(y, Activation::Relu, strides)?;
        }
        let Some(norm) = &self.last_norm else {
            return Ok((last.forward(y, Some(identity), Activation::Relu)?, None));
        };
        let bare = last.forward(y, None, Activation::None)?;
        let y = Activation::Relu.forward(norm.forward(bare.clone(), Activation::None)? + identity);
        Ok((y, Some(bare)))
    }

    /// The same without tensors on the way, each of which would be copied where two layers read it.
    fn forward_own(
        &self,
        x: Tensor<4>,
        first: &[Conv],
        last: &Conv,
    ) -> Result<(Tensor<4>, Option<Tensor<4>>), ModelError> {
        let (size, device) = (x.dims(), x.device());
        let input = x.try_into_data().map_err(ModelError::device)?;
        let image: &[f32] = input.as_slice().map_err(ModelError::device)?;
        let shortcut = self.shortcut.as_ref();
        let shortcut =
            shortcut.map(|conv| conv.forward_numbers(image, size, None, Activation::None));
        let shortcut = shortcut.transpose()?.map(|(numbers, _)| numbers);
        let identity = shortcut.as_deref().unwrap_or(image);

        let mut inside: Option<(Vec<f32>, [usize; 4])> = None;
        for conv in first {
            let (y, size) = inside.as_ref().map_or((image, size), |(y, size)| (y, *size));
            let next = conv.forward_numbers(y, size, None, Activation::Relu)?;
            inside.replace(next).into_iter().for_each(|(used, _)| keep_buffer(used));
        }
        let (y, size) = inside.as_ref().map_or((image, size), |(y, size)| (y, *size));
        let (fused, after) = match self.last_norm {
            None => (Some(identity), Activation::Relu),
            Some(_) => (None, Activation::None),
        };
        let (mut out, shape) = last.forward_numbers(y, size, fused, after)?;
        let tensor = |numbers| Tensor::from_data(TensorData::new(numbers, shape), &device);
        let mut bare = None;
        if let Some(norm) = &self.last_norm {
            bare = Some(tensor(out.clone()));
            norm.apply(&mut out, Activation::None)?;
            for (y, x) in out.iter_mut().zip(identity) {
                *y += x;
                // NaN stays NaN.
                *y = if *y < 0.0 { 0.0 } else { *y };
            }
        }
        let used = [inside.map(|(y, _)| y), shortcut, input.try_into_vec().ok()];
        used.into_iter().flatten().for_each(keep_buffer);
        Ok((tensor(out), bare))
    }
}
