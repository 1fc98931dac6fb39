//! Wide residual networks for 32×32 pictures, pre-activation (batch norm → ReLU → convolution).
//!
//! Zagoruyko and Komodakis 2016, "Wide residual networks". Layer names follow pytorchcv's
//! `wrn_cifar.py`; the first stage-2 and stage-3 units project the *pre-activated* input.
//!
//! The map that is average-pooled is the output of the final batch norm and ReLU.

use burn_tensor::{Tensor, TensorData};

use super::ModelError;
use super::architecture::WideResNetShape;
use super::convolution::{keep_buffer, take_buffer};
use super::gradient::{Op, Route};
use super::layers::{Activation, Affine, Conv, ConvShape, PooledLinear, Strides, strides};
use super::loader::Loader;
use super::network::Activations;
use super::pointwise::Nonlinearity;
use super::resnet::EPSILON;
use crate::explain::Density;

#[derive(Debug)]
pub struct WideResNet {
    stem: Conv,
    units: Vec<Unit>,
    last_norm: Affine,
    head: PooledLinear,
}

/// `y = conv2(relu(bn2(conv1(h)))) + identity`, with `h = relu(bn1(x))`; bn2 is folded into conv1.
#[derive(Debug)]
struct Unit {
    norm: Affine,
    conv1: Conv,
    conv2: Conv,
    identity: Option<Conv>,
}

impl WideResNet {
    /// # Errors
    /// A tensor that is missing, has another shape or holds NaN is named.
    pub fn load(loader: &mut Loader<'_>, shape: &WideResNetShape) -> Result<Self, ModelError> {
        let mut channels = shape.stem_channels;
        let stem = loader.conv("features.init_block", ConvShape::new(3, channels, 3, 1))?;
        let mut units = Vec::new();
        for stage in 1..=3 {
            for index in 1..=shape.units {
                let prefix = format!("features.stage{stage}.unit{index}");
                let stride = if stage > 1 && index == 1 { 2 } else { 1 };
                let (unit, out) = Unit::load(loader, &prefix, channels, stride)?;
                units.push(unit);
                channels = out;
            }
        }
        let last_norm = loader.norm("features.post_activ.bn", channels, EPSILON)?;
        let head = loader.pooled_linear("output", channels)?;
        Ok(Self { stem, units, last_norm, head })
    }

    /// What it does up to what its linear layer reads.
    pub fn route(&self) -> Route<'_> {
        let mut ops = vec![Op::Conv(&self.stem, Nonlinearity::None)];
        for unit in &self.units {
            unit.add_to(&mut ops);
        }
        ops.push(Op::Norm(&self.last_norm, Nonlinearity::Relu));
        Route::new(ops, Vec::new())
    }

    /// # Shapes
    /// `[N, 3, H, W]` → logits `[N, classes]`, feature map `[N, C, H/4, W/4]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: Tensor<4>, density: Density) -> Result<Activations, ModelError> {
        let mut x = self.stem.forward(x, None, Activation::None)?;
        let strides = strides(self.units.iter().map(|unit| unit.conv1.is_strided()), density);
        for (unit, strides) in self.units.iter().zip(strides) {
            x = unit.forward(x, strides)?;
        }
        let features = self.last_norm.forward(x, Activation::Relu)?;
        Ok(Activations {
            logits: self.head.forward(features.clone())?,
            features: Some(features),
            conv2: None,
        })
    }
}

impl Unit {
    fn load(
        loader: &mut Loader<'_>,
        prefix: &str,
        channels: usize,
        stride: usize,
    ) -> Result<(Self, usize), ModelError> {
        let key = |name: &str| format!("{prefix}.{name}");
        let out = loader.channels_out(&key("body.conv1.conv.weight"))?;
        let norm = loader.norm(&key("body.conv1.bn"), channels, EPSILON)?;
        let conv1 = ConvShape::new(channels, out, 3, stride);
        let conv1 =
            loader.conv_norm(&key("body.conv1.conv"), &key("body.conv2.bn"), conv1, EPSILON)?;
        let conv2 = loader.conv(&key("body.conv2.conv"), ConvShape::new(out, out, 3, 1))?;
        let identity = if stride != 1 || channels != out {
            Some(loader.conv(&key("identity_conv"), ConvShape::new(channels, out, 1, stride))?)
        } else {
            None
        };
        Ok((Self { norm, conv1, conv2, identity }, out))
    }

    /// With a projection, what precedes both sides stands alone.
    fn add_to<'a>(&'a self, ops: &mut Vec<Op<'a>>) {
        let norm = Op::Norm(&self.norm, Nonlinearity::Relu);
        let mut body = vec![
            Op::Conv(&self.conv1, Nonlinearity::Relu),
            Op::Conv(&self.conv2, Nonlinearity::None),
        ];
        let mut shortcut = Vec::new();
        match &self.identity {
            Some(conv) => {
                ops.push(norm);
                shortcut.push(Op::Conv(conv, Nonlinearity::None));
            }
            None => body.insert(0, norm),
        }
        ops.push(Op::Sum { body, shortcut, after: Nonlinearity::None });
    }

    fn forward(&self, x: Tensor<4>, strides: Strides) -> Result<Tensor<4>, ModelError> {
        if strides == Strides::Kept && self.conv2.is_own() {
            return self.forward_own(x);
        }
        let h = self.norm.forward(x.clone(), Activation::Relu)?;
        let identity = match &self.identity {
            Some(conv) => conv.forward_at(h.clone(), Activation::None, strides)?,
            None => x,
        };
        let y = self.conv1.forward_at(h, Activation::Relu, strides)?;
        self.conv2.forward(y, Some(identity), Activation::None)
    }

    /// The same without tensors on the way, each of which would be copied where two layers read it.
    fn forward_own(&self, x: Tensor<4>) -> Result<Tensor<4>, ModelError> {
        let (size, device) = (x.dims(), x.device());
        let input = x.try_into_data().map_err(ModelError::device)?;
        let image: &[f32] = input.as_slice().map_err(ModelError::device)?;
        let mut h = take_buffer(image.len());
        h.copy_from_slice(image);
        self.norm.apply(&mut h, Activation::Relu)?;
        let identity = self.identity.as_ref();
        let identity = identity.map(|conv| conv.forward_numbers(&h, size, None, Activation::None));
        let identity = identity.transpose()?.map(|(numbers, _)| numbers);
        let (y, shape) = self.conv1.forward_numbers(&h, size, None, Activation::Relu)?;
        let added = Some(identity.as_deref().unwrap_or(image));
        let (out, shape) = self.conv2.forward_numbers(&y, shape, added, Activation::None)?;
        let used = [Some(h), Some(y), identity, input.try_into_vec().ok()];
        used.into_iter().flatten().for_each(keep_buffer);
        Ok(Tensor::from_data(TensorData::new(out, shape), &device))
    }
}
