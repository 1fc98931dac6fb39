//! The families of networks whose layers are told from names and shapes of their tensors: one file
//! for each, with the names of torchvision and of timm.

mod convnext;
mod densenet;
mod inverted;
mod mobilenet_v3;
mod regnet;
mod shufflenet;
mod squeezenet;
mod vgg;

use super::ModelError;
use super::architecture::unknown;
use super::convolution::{ConvShape, Padding};
use super::plan::{ConvLayer, Epsilon, Layer, Plan};
use super::pointwise::Nonlinearity;
use crate::checkpoint::StateDict;

/// The plan of a network, if its tensors are named like one of these families.
///
/// `name` is that of the file, folder or configuration; it tells apart what looks the same.
///
/// # Errors
/// [`ModelError::Unknown`] for one that is like these, but not the same.
pub fn recognise(weights: &StateDict, name: &str) -> Option<Result<Plan, ModelError>> {
    let names = Names { weights, network: name };
    let families = [
        inverted::recognise,
        mobilenet_v3::recognise,
        densenet::recognise,
        regnet::recognise,
        vgg::recognise,
        convnext::recognise,
        squeezenet::recognise,
        shufflenet::recognise,
    ];
    families.iter().find_map(|recognise| recognise(&names))
}

/// What can be asked of the tensors.
struct Names<'a> {
    weights: &'a StateDict,
    network: &'a str,
}

impl Names<'_> {
    /// Whether the layer has a weight.
    fn has(&self, layer: &str) -> bool {
        self.weights.shape(&format!("{layer}.weight")).is_some()
    }

    /// Whether the network is called so, as far as is known.
    fn is_called(&self, start: &str) -> bool {
        self.network.starts_with(start)
    }

    fn shape(&self, layer: &str) -> Result<&[usize], ModelError> {
        let name = format!("{layer}.weight");
        match self.weights.shape(&name) {
            Some(shape) if !shape.contains(&0) => Ok(shape),
            Some(shape) => Err(unknown(format!("tensor {name} has the odd shape {shape:?}"))),
            None => Err(unknown(format!("it has no tensor {name}"))),
        }
    }

    /// A convolution of a map of so many channels, padded by half of its kernel; a linear layer is
    /// one of 1×1. Groups follow from the shapes.
    fn conv(&self, layer: &str, channels: usize, stride: usize) -> Result<ConvLayer, ModelError> {
        let stored = self.shape(layer)?;
        let (out, inputs, kernel) = match *stored {
            [out, inputs] => (out, inputs, 1),
            [out, inputs, height, width] if height == width => (out, inputs, height),
            _ => return Err(self.odd(layer)),
        };
        let groups = channels / inputs;
        if groups == 0 || groups * inputs != channels || out % groups != 0 {
            return Err(self.odd(layer));
        }
        Ok(ConvLayer {
            name: layer.to_owned(),
            shape: ConvShape { groups, ..ConvShape::new(channels, out, kernel, stride) },
            stored: stored.to_vec(),
            has_bias: self.weights.shape(&format!("{layer}.bias")).is_some(),
            norm: None,
            scale: None,
            nonlinearity: Nonlinearity::None,
        })
    }

    /// The first convolution, of a picture.
    fn stem(&self, layer: &str, kernel: usize, stride: usize) -> Result<ConvLayer, ModelError> {
        let conv = self.conv(layer, 3, stride)?;
        if conv.shape.kernel == kernel { Ok(conv) } else { Err(self.odd(layer)) }
    }

    /// The linear layer that reads `side` × `side` places of a map, one after the other.
    fn whole(&self, layer: &str, channels: usize, side: usize) -> Result<ConvLayer, ModelError> {
        let stored = self.shape(layer)?;
        let inputs: usize = stored[1..].iter().product();
        if inputs != channels * side * side {
            return Err(self.odd(layer));
        }
        let shape = ConvShape::new(channels, stored[0], side, 1);
        Ok(ConvLayer {
            name: layer.to_owned(),
            shape: ConvShape { padding: Padding::Fixed(0), ..shape },
            stored: stored.to_vec(),
            has_bias: true,
            norm: None,
            scale: None,
            nonlinearity: Nonlinearity::None,
        })
    }

    fn odd(&self, layer: &str) -> ModelError {
        let shape = self.weights.shape(&format!("{layer}.weight")).unwrap_or_default();
        unknown(format!("tensor {layer}.weight has the odd shape {shape:?}"))
    }
}

impl ConvLayer {
    fn norm(mut self, name: impl Into<String>) -> Self {
        self.norm = Some((name.into(), Epsilon::PyTorch));
        self
    }

    fn norm_of(mut self, name: impl Into<String>, epsilon: Epsilon) -> Self {
        self.norm = Some((name.into(), epsilon));
        self
    }

    fn then(mut self, nonlinearity: Nonlinearity) -> Self {
        self.nonlinearity = nonlinearity;
        self
    }

    fn padded(mut self, padding: Padding) -> Self {
        self.shape.padding = padding;
        self
    }

    fn channels_out(&self) -> usize {
        self.shape.channels_out
    }
}

impl From<ConvLayer> for Layer {
    fn from(layer: ConvLayer) -> Self {
        Self::Conv(layer)
    }
}

/// Why networks with more than one layer behind the pooling have no exact map.
const TWO_LAYERS: &str = "a second layer lies between the mean of its feature map and its classes";
