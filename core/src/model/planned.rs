//! Networks that are made of a list of layers: [`Plan`]s with numbers.

use burn_tensor::Tensor;

use super::ModelError;
use super::convolution::{Conv, Layout, Strides, strides};
use super::gradient::{Op, Route};
use super::layers::{Affine, PooledLinear};
use super::loader::Loader;
use super::network::Activations;
use super::place_norm::PlaceNorm;
use super::plan::{ConvLayer, LAYER_NORM_EPSILON, Layer, Plan, PlannedEnding, SqueezeLayer};
use super::pointwise::{Gate, Nonlinearity, channel_means, concat, pick_channels, scale_channels};
use super::pool::{Pool, areas};
use crate::explain::{Density, NoMaps};

#[derive(Debug)]
pub struct Planned {
    layers: Vec<Step>,
    tail: Tail,
    layout: Layout,
}

/// A [`Layer`] that can run.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a network has a few dozen of these, and they stay where they are"
)]
enum Step {
    Conv(Filter),
    Norm(Affine, Nonlinearity),
    LayerNorm(PlaceNorm),
    Pool(Pool),
    Mean,
    Areas { side: usize, shrinks: bool },
    Squeeze(Squeeze),
    Residual { body: Vec<Self>, last: Filter, shortcut: Option<Filter>, after: Nonlinearity },
    Concat(Vec<Vec<Self>>),
    Pick(Vec<usize>),
}

#[derive(Debug)]
struct Filter {
    conv: Conv,
    nonlinearity: Nonlinearity,
}

#[derive(Debug)]
pub struct Squeeze {
    /// `[C, reduced]` and `[1, reduced]`
    pub reduce: [Tensor<2>; 2],
    /// `[reduced, C]` and `[1, C]`
    pub expand: [Tensor<2>; 2],
    pub nonlinearity: Nonlinearity,
    pub gate: Gate,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a network has a few dozen of these, and they stay where they are"
)]
enum Tail {
    Linear(PooledLinear),
    NormLinear(PlaceNorm, PooledLinear),
    ClassMaps,
    Layers(Vec<Step>, PooledLinear),
}

/// What a pass through some layers depends on.
#[derive(Clone, Copy)]
struct Pass {
    layout: Layout,
    strides: Strides,
    /// There are as many phases of each as the strides that are left out make.
    pictures: usize,
}

impl Planned {
    /// # Errors
    /// A tensor that is missing, has another shape or holds NaN is named.
    pub fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<Self, ModelError> {
        let (layers, channels) = Step::load_all(loader, &plan.layers, 3)?;
        let tail = match &plan.ending {
            PlannedEnding::Linear { head } => Tail::Linear(loader.pooled_linear(head, channels)?),
            PlannedEnding::NormLinear { norm, head } => {
                let (place, frozen) = loader.place_norm(norm, channels, LAYER_NORM_EPSILON)?;
                let head = loader.pooled_linear(head, channels)?;
                loader.ends_in_norm(frozen);
                Tail::NormLinear(place, head)
            }
            PlannedEnding::ClassMaps { classes } => {
                loader.ends_in_class_maps(*classes);
                Tail::ClassMaps
            }
            PlannedEnding::Layers { layers, head, why } => {
                let (steps, channels) = Step::load_all(loader, layers, channels)?;
                let head = loader.pooled_linear(head, channels)?;
                loader.ends_otherwise(NoMaps((*why).into()));
                Tail::Layers(steps, head)
            }
        };
        Ok(Self { layers, tail, layout: loader.layout() })
    }

    /// What it does up to what its linear layer reads.
    pub fn route(&self) -> Route<'_> {
        let features = all_ops(&self.layers);
        let mut tail = Vec::new();
        match &self.tail {
            Tail::Linear(_) | Tail::ClassMaps => {}
            Tail::NormLinear(norm, _) => tail.extend([Op::Mean, Op::LayerNorm(norm)]),
            Tail::Layers(layers, _) => tail = all_ops(layers),
        }
        Route::new(features, tail)
    }

    /// # Shapes
    /// `[N, 3, H, W]` → logits `[N, classes]` and the feature map, if there is one that is averaged;
    /// with [`Layout::ChannelsLast`], the channels are the last axis of both
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: Tensor<4>, density: Density) -> Result<Activations, ModelError> {
        let [pictures, ..] = x.dims();
        let layout = self.layout;
        let strides = strides(self.layers.iter().map(Step::is_strided), density);
        let mut x = x;
        for (layer, strides) in self.layers.iter().zip(strides) {
            x = layer.forward(x, Pass { layout, strides, pictures })?;
        }
        let logits = match &self.tail {
            Tail::Linear(head) => head.forward(x.clone())?,
            Tail::NormLinear(norm, head) => {
                let [n, ..] = x.dims();
                let means = channel_means(x.clone(), layout)?;
                let [_, channels] = means.dims();
                head.forward(norm.forward(means.reshape(place(layout, n, channels)), layout)?)?
            }
            Tail::ClassMaps => channel_means(x.clone(), layout)?,
            Tail::Layers(layers, head) => {
                let pass = Pass { layout, strides: Strides::Kept, pictures };
                let logits = head.forward(forward_all(layers, x, pass)?)?;
                return Ok(Activations { logits, features: None, conv2: None });
            }
        };
        Ok(Activations { logits, features: Some(x), conv2: None })
    }
}

/// The shape of a map of one place.
fn place(layout: Layout, pictures: usize, channels: usize) -> [usize; 4] {
    match layout {
        Layout::ChannelsFirst => [pictures, channels, 1, 1],
        Layout::ChannelsLast => [pictures, 1, 1, channels],
    }
}

fn forward_all(steps: &[Step], x: Tensor<4>, pass: Pass) -> Result<Tensor<4>, ModelError> {
    steps.iter().try_fold(x, |x, step| step.forward(x, pass))
}

impl Step {
    /// The layers, and how many channels come out of the last one.
    fn load_all(
        loader: &mut Loader<'_>,
        layers: &[Layer],
        mut channels: usize,
    ) -> Result<(Vec<Self>, usize), ModelError> {
        let mut steps = Vec::with_capacity(layers.len());
        for layer in layers {
            let (step, out) = Self::load(loader, layer, channels)?;
            steps.push(step);
            channels = out;
        }
        Ok((steps, channels))
    }

    fn load(
        loader: &mut Loader<'_>,
        layer: &Layer,
        channels: usize,
    ) -> Result<(Self, usize), ModelError> {
        Ok(match layer {
            Layer::Conv(layer) => {
                (Self::Conv(Filter::load(loader, layer)?), layer.shape.channels_out)
            }
            Layer::Norm { name, channels, nonlinearity } => {
                let norm = loader.norm(name, *channels, super::resnet::EPSILON)?;
                (Self::Norm(norm, *nonlinearity), *channels)
            }
            Layer::LayerNorm { name, channels } => {
                let (norm, _) = loader.place_norm(name, *channels, LAYER_NORM_EPSILON)?;
                (Self::LayerNorm(norm), *channels)
            }
            Layer::Pool(pool) => (Self::Pool(*pool), channels),
            Layer::Mean => (Self::Mean, channels),
            &Layer::Areas { side, shrinks } => (Self::Areas { side, shrinks }, channels),
            Layer::Squeeze(layer) => (Self::Squeeze(Squeeze::load(loader, layer)?), channels),
            Layer::Residual { body, last, shortcut, nonlinearity } => {
                let (body, _) = Self::load_all(loader, body, channels)?;
                let shortcut = shortcut.as_ref().map(|layer| Filter::load(loader, layer));
                let shortcut = shortcut.transpose()?;
                let out = last.shape.channels_out;
                let last = Filter::load(loader, last)?;
                (Self::Residual { body, last, shortcut, after: *nonlinearity }, out)
            }
            Layer::Concat(branches) => {
                let branches =
                    branches.iter().map(|layers| Self::load_all(loader, layers, channels));
                let branches = branches.collect::<Result<Vec<_>, _>>()?;
                let (branches, channels): (Vec<_>, Vec<_>) = branches.into_iter().unzip();
                (Self::Concat(branches), channels.into_iter().sum())
            }
            Layer::Channels(range) => (Self::Pick(range.clone().collect()), range.len()),
            Layer::Interleave => {
                let half = channels / 2;
                let picked = (0..half).flat_map(|channel| [channel, half + channel]).collect();
                (Self::Pick(picked), channels)
            }
        })
    }

    fn is_strided(&self) -> bool {
        match self {
            Self::Conv(filter) => filter.conv.is_strided(),
            Self::Pool(pool) => pool.stride > 1,
            Self::Residual { body, last, .. } => {
                last.conv.is_strided() || body.iter().any(Self::is_strided)
            }
            Self::Concat(branches) => branches.iter().flatten().any(Self::is_strided),
            Self::Norm(..)
            | Self::LayerNorm(_)
            | Self::Mean
            | Self::Areas { .. }
            | Self::Squeeze(_)
            | Self::Pick(_) => false,
        }
    }

    fn forward(&self, x: Tensor<4>, pass: Pass) -> Result<Tensor<4>, ModelError> {
        let layout = pass.layout;
        match self {
            Self::Conv(filter) => filter.forward(x, pass),
            Self::Norm(norm, nonlinearity) => {
                let (fused, rest) = nonlinearity.split();
                rest.forward(norm.forward(x, fused)?, layout)
            }
            Self::LayerNorm(norm) => norm.forward(x, layout),
            Self::Pool(pool) => pool.forward(x, layout, pass.strides),
            Self::Mean => {
                let means = channel_means(x, layout)?;
                let [n, channels] = means.dims();
                Ok(means.reshape(place(layout, n, channels)))
            }
            Self::Areas { side, shrinks } => {
                let [_, a, b, c] = x.dims();
                let size = if layout == Layout::ChannelsFirst { b.min(c) } else { a.min(b) };
                if size < *side || *shrinks { areas(x, *side, layout) } else { Ok(x) }
            }
            Self::Squeeze(squeeze) => squeeze.forward(x, pass),
            Self::Residual { body, last, shortcut, after } => {
                let identity = match shortcut {
                    Some(shortcut) => shortcut.forward(x.clone(), pass)?,
                    None => x.clone(),
                };
                let y = forward_all(body, x, pass)?;
                let (fused, rest) = after.split();
                rest.forward(last.conv.forward(y, Some(identity), fused)?, layout)
            }
            Self::Concat(branches) => {
                let maps = branches.iter().map(|branch| forward_all(branch, x.clone(), pass));
                concat(maps.collect::<Result<_, _>>()?, layout)
            }
            Self::Pick(channels) => pick_channels(x, channels, layout),
        }
    }
}

fn all_ops(steps: &[Step]) -> Vec<Op<'_>> {
    steps.iter().map(Step::op).collect()
}

impl Step {
    fn op(&self) -> Op<'_> {
        match self {
            Self::Conv(Filter { conv, nonlinearity }) => Op::Conv(conv, *nonlinearity),
            Self::Norm(norm, nonlinearity) => Op::Norm(norm, *nonlinearity),
            Self::LayerNorm(norm) => Op::LayerNorm(norm),
            Self::Pool(pool) => Op::Pool(*pool),
            Self::Mean => Op::Mean,
            &Self::Areas { side, shrinks } => Op::Areas { side, shrinks },
            Self::Squeeze(squeeze) => Op::Squeeze(squeeze),
            Self::Residual { body, last, shortcut, after } => {
                let mut body = all_ops(body);
                body.push(Op::Conv(&last.conv, Nonlinearity::None));
                let shortcut = shortcut
                    .iter()
                    .map(|filter| Op::Conv(&filter.conv, filter.nonlinearity))
                    .collect();
                Op::Sum { body, shortcut, after: *after }
            }
            Self::Concat(branches) => {
                Op::Concat(branches.iter().map(|branch| all_ops(branch)).collect())
            }
            Self::Pick(channels) => Op::Pick(channels),
        }
    }
}

impl Filter {
    fn load(loader: &mut Loader<'_>, layer: &ConvLayer) -> Result<Self, ModelError> {
        Ok(Self { conv: loader.conv_layer(layer)?, nonlinearity: layer.nonlinearity })
    }

    fn forward(&self, x: Tensor<4>, pass: Pass) -> Result<Tensor<4>, ModelError> {
        let (fused, rest) = self.nonlinearity.split();
        rest.forward(self.conv.forward_at(x, fused, pass.strides)?, pass.layout)
    }
}

impl Squeeze {
    fn load(loader: &mut Loader<'_>, layer: &SqueezeLayer) -> Result<Self, ModelError> {
        let &SqueezeLayer { channels, reduced, nonlinearity, gate, .. } = layer;
        Ok(Self {
            reduce: loader.dense(&layer.reduce, channels, reduced)?,
            expand: loader.dense(&layer.expand, reduced, channels)?,
            nonlinearity,
            gate,
        })
    }

    /// With strides left out there are several phases of each of the pictures, one phase of all
    /// pictures after the other. A channel gets one weight for all phases of a picture, since they
    /// are places of one larger map.
    fn forward(&self, x: Tensor<4>, pass: Pass) -> Result<Tensor<4>, ModelError> {
        let means = channel_means(x.clone(), pass.layout)?;
        let [n, channels] = means.dims();
        let phases = n / pass.pictures.max(1);
        let means = means.reshape([phases, pass.pictures * channels]).mean_dim(0);
        let [weight, bias] = self.reduce.clone();
        let means = means.reshape([pass.pictures, channels]);
        let y = self.nonlinearity.of_row(means.matmul(weight) + bias);
        let [weight, bias] = self.expand.clone();
        let factors = self.gate.of_row(y.matmul(weight) + bias).repeat_dim(0, phases);
        scale_channels(x, factors, pass.layout)
    }
}
