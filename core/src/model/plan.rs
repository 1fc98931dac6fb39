//! What a network of one of the larger families consists of, before any number of it is read.
//!
//! A family knows how its publishers name the layers ([`super::families`]); what comes out is a list
//! that can be built and run ([`super::planned`]), and from which size, stride and receptive field
//! follow without running anything.

use std::ops::Range;

use super::convolution::ConvShape;
use super::pointwise::{Gate, Nonlinearity};
use super::pool::Pool;
use crate::preprocess::{Filter, Recipe};

/// A network as a list of layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// For the user, such as `DenseNet-121`.
    pub name: String,
    /// From the picture to the feature map.
    pub layers: Vec<Layer>,
    pub ending: PlannedEnding,
    /// Names of its tensors start with one of these.
    pub parts: &'static [&'static str],
    /// The short side after resizing and the side of the crop with which its publisher measured it,
    /// in pixels.
    pub sides: [u32; 2],
    pub filter: Filter,
}

/// What follows the feature map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedEnding {
    /// The mean of each channel, then the linear layer of this name.
    Linear { head: String },
    /// A layer norm between the two.
    NormLinear { norm: String, head: String },
    /// Each channel is the map of a class, and its mean the logit.
    ClassMaps { classes: usize },
    /// More layers, and `why` there is no exact map because of them.
    Layers { layers: Vec<Layer>, head: String, why: &'static str },
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a network has a few dozen of these, and they stay where they are"
)]
#[expect(clippy::enum_variant_names, reason = "a layer norm is called so")]
pub enum Layer {
    Conv(ConvLayer),
    /// Batch normalisation that no convolution precedes.
    Norm {
        name: String,
        channels: usize,
        nonlinearity: Nonlinearity,
    },
    /// Layer normalisation over the channels of each place.
    LayerNorm {
        name: String,
        channels: usize,
    },
    Pool(Pool),
    /// The mean of each channel, as a map of one place.
    Mean,
    /// Means over `side` × `side` areas that cover the map ("adaptive average pooling"); a map that
    /// is larger stays as it is unless it `shrinks`.
    Areas {
        side: usize,
        shrinks: bool,
    },
    /// Squeeze-and-excitation.
    Squeeze(SqueezeLayer),
    /// `nonlinearity(last(body(x)) + shortcut(x))`; without a shortcut, x itself is added.
    Residual {
        body: Vec<Layer>,
        last: ConvLayer,
        shortcut: Option<ConvLayer>,
        nonlinearity: Nonlinearity,
    },
    /// What the branches give, channels behind channels. An empty branch gives its input.
    Concat(Vec<Vec<Layer>>),
    /// Some of the channels.
    Channels(Range<usize>),
    /// The channels of the first half and of the second half in turn.
    Interleave,
}

/// A convolution, with everything that is folded into its weights, and what is done to its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvLayer {
    pub name: String,
    pub shape: ConvShape,
    /// Shape of its weight in the file; linear layers are stored as matrices.
    pub stored: Vec<usize>,
    pub has_bias: bool,
    /// The batch normalisation behind it, with its ε.
    pub norm: Option<(String, Epsilon)>,
    /// Name and shape of factors of its outputs.
    pub scale: Option<(String, Vec<usize>)>,
    pub nonlinearity: Nonlinearity,
}

/// ε of all layer norms here.
pub const LAYER_NORM_EPSILON: f32 = 1e-6;

/// ε of a batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epsilon {
    /// 1e-5, PyTorch's default.
    PyTorch,
    /// 1e-3, TensorFlow's default; torchvision's MobileNetV3 has it, too.
    TensorFlow,
}

impl Epsilon {
    pub fn value(self) -> f64 {
        match self {
            Self::PyTorch => 1e-5,
            Self::TensorFlow => 1e-3,
        }
    }
}

/// Hu et al. 2018, "Squeeze-and-excitation networks": each channel is weighed by what all of them
/// are on average.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqueezeLayer {
    pub reduce: String,
    pub expand: String,
    pub channels: usize,
    pub reduced: usize,
    /// Between the two layers.
    pub nonlinearity: Nonlinearity,
    /// After them.
    pub gate: Gate,
}

/// Sizes on the way through a network.
#[derive(Debug, Clone, Copy)]
struct Place {
    channels: usize,
    /// Side of a cell, in input pixels.
    cell: usize,
    /// Side of the square of input pixels that reaches a cell.
    field: usize,
}

impl Place {
    fn through(self, kernel: usize, stride: usize) -> Self {
        let field = self.field + (kernel - 1) * self.cell;
        Self { field, cell: self.cell * stride, ..self }
    }
}

/// Goes through `layers` and tells `visit` each place, in the order in which they run.
fn walk(layers: &[Layer], from: Place, visit: &mut impl FnMut(Place)) -> Place {
    let conv = |layer: &ConvLayer, at: Place| {
        let ConvShape { kernel, stride, channels_out: channels, .. } = layer.shape;
        Place { channels, ..at.through(kernel, stride) }
    };
    layers.iter().fold(from, |at, layer| {
        let next = match layer {
            Layer::Conv(layer) => conv(layer, at),
            Layer::Pool(Pool { kernel, stride, .. }) => at.through(*kernel, *stride),
            Layer::Residual { body, last, .. } => conv(last, walk(body, at, visit)),
            Layer::Concat(branches) => {
                let ends = branches.iter().map(|branch| walk(branch, at, visit));
                let together = |a: Place, b: Place| Place {
                    channels: a.channels + b.channels,
                    field: a.field.max(b.field),
                    ..b
                };
                ends.reduce(together).unwrap_or(at)
            }
            Layer::Channels(range) => Place { channels: range.len(), ..at },
            Layer::Norm { .. }
            | Layer::LayerNorm { .. }
            | Layer::Mean
            | Layer::Areas { .. }
            | Layer::Squeeze(_)
            | Layer::Interleave => at,
        };
        visit(next);
        next
    })
}

const PIXEL: Place = Place { channels: 3, cell: 1, field: 1 };

impl Plan {
    /// Side of a cell of the feature map, in input pixels.
    pub fn stride(&self) -> usize {
        walk(&self.layers, PIXEL, &mut |_| {}).cell
    }

    /// Side of the square of input pixels that can influence a cell; what squeeze-and-excitation
    /// knows of the whole picture is left out.
    pub fn receptive_field(&self) -> usize {
        walk(&self.layers, PIXEL, &mut |_| {}).field
    }

    /// Numbers in the largest map inside of the network, for a square picture of `side` pixels.
    pub fn largest_map(&self, side: u64) -> u64 {
        let mut largest = 0;
        walk(&self.layers, PIXEL, &mut |at| {
            let cells = side.div_ceil(at.cell as u64);
            largest = largest.max((at.channels as u64).saturating_mul(cells * cells));
        });
        largest
    }

    /// How its publisher prepared pictures.
    pub fn recipe(&self) -> Recipe {
        let [resize, crop] = self.sides;
        Recipe::imagenet(resize, crop, self.filter)
    }
}
