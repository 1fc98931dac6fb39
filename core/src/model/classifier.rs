//! Weights in, logits and feature map out.

use burn_tensor::{Tensor, TensorData};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::awake::awake;
use super::convolution::{take_buffer, zeros};
use super::gradient::{MOST, Map};
use super::layers::Layout;
use super::loader::Loader;
use super::network::{Activations, Network};
use super::{Architecture, Compute, GraphNetwork, ModelError};
use crate::checkpoint::StateDict;
use crate::explain::{
    Density, Ending, FeatureMap, Forward, NoGradient, Question, Site, Slope, interleave_phases,
};

/// Pictures that go through a network on the CPU together. All at once, their feature maps would not
/// stay in the caches; one by one, the weights of the last layers would be read too often.
const CPU_BATCH: usize = 4;

/// Pixels of pictures whose gradients are computed together: two of the usual size, whose maps inside
/// take some 100 MB.
const GRADIENT_PIXELS: usize = 2 * 224 * 224;

/// A network on a device.
#[derive(Debug)]
pub struct Classifier {
    body: Body,
    ending: Ending,
    classes: usize,
    compute: Compute,
}

/// Who runs the network.
#[derive(Debug)]
enum Body {
    /// One of the networks that are known here, run by burn.
    Known { network: Box<Network>, architecture: Architecture, unused: Vec<String> },
    /// Any other, run by rten on the CPU.
    Graph(Box<GraphNetwork>),
}

/// Which numbers a network wants for its pictures, as far as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureRange {
    /// Nothing in the network says.
    Unknown,
    /// It normalises pixels of 0 to 1 itself.
    Unit,
    /// It normalises pixels of 0 to 255 itself.
    Bytes,
}

impl Classifier {
    /// Recognises the network and loads it.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] for a network that is not known, [`ModelError::Checkpoint`] naming
    /// the tensor that is missing, has another shape or holds NaN.
    pub fn load(state: &StateDict, compute: &Compute) -> Result<Self, ModelError> {
        Self::load_named(state, "", compute)
    }

    /// The same, with a name that helps as in [`Architecture::recognise`].
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_named(
        state: &StateDict,
        name: &str,
        compute: &Compute,
    ) -> Result<Self, ModelError> {
        let architecture = Architecture::recognise(state, name)?;
        let mut loader = Loader::new(state, &compute.device, layout(compute));
        let network = Network::load(&mut loader, &architecture)?;
        let (ending, unused) = loader.finish();
        if let Some(tensor) = unused.iter().find(|name| architecture.owns(name)) {
            return Err(ModelError::Unknown {
                reason: format!("{architecture} has no place for the tensor {tensor}"),
            });
        }
        let classes = ending.linear().map_or(0, |head| head.classes);
        let body = Body::Known { network: Box::new(network), architecture, unused };
        Ok(Self { body, ending, classes, compute: compute.clone() })
    }

    /// A network from an ONNX file, which runs on the CPU.
    pub fn of_graph(network: GraphNetwork) -> Self {
        let (ending, classes) = (network.facts().ending.clone(), network.facts().classes);
        Self { body: Body::Graph(Box::new(network)), ending, classes, compute: Compute::cpu() }
    }

    /// Which network it is, if it is one of those that are known here.
    pub fn architecture(&self) -> Option<&Architecture> {
        match &self.body {
            Body::Known { architecture, .. } => Some(architecture),
            Body::Graph(_) => None,
        }
    }

    /// For the user, such as `ResNet-18`.
    pub fn name(&self) -> String {
        match &self.body {
            Body::Known { architecture, .. } => architecture.to_string(),
            Body::Graph(network) => network.facts().name.clone(),
        }
    }

    /// What follows the feature map.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// How many classes it tells apart.
    pub fn class_count(&self) -> usize {
        self.classes
    }

    /// Side of one cell of the feature map, in input pixels.
    pub fn cell(&self) -> Option<usize> {
        match &self.body {
            Body::Known { architecture, .. } => Some(architecture.stride()),
            Body::Graph(network) => network.facts().cell,
        }
    }

    /// Whether it can be run with strides left out ([`Self::forward_dense`]).
    pub fn takes_densities(&self) -> bool {
        match &self.body {
            Body::Known { .. } => !matches!(self.ending, Ending::Other { .. }),
            #[cfg(feature = "onnx")]
            Body::Graph(_) => false,
        }
    }

    /// The side of the pictures that it takes, if it takes no others, in pixels.
    pub fn fixed_side(&self) -> Option<usize> {
        match &self.body {
            Body::Known { .. } => None,
            Body::Graph(network) => network.facts().side,
        }
    }

    /// Which numbers it wants for its pictures.
    pub fn range(&self) -> PictureRange {
        match &self.body {
            Body::Known { .. } => PictureRange::Unknown,
            Body::Graph(network) => network.facts().range,
        }
    }

    /// Tensors of the file that the network has no place for (batch counters aside).
    pub fn unused(&self) -> &[String] {
        match &self.body {
            Body::Known { unused, .. } => unused,
            Body::Graph(_) => &[],
        }
    }

    pub fn compute(&self) -> &Compute {
        &self.compute
    }

    /// One forward pass over square pictures, normalised, each `[3, size, size]`; blocks until the
    /// numbers are here.
    ///
    /// # Errors
    /// When the device fails, or the numbers are not finite.
    pub fn forward(&self, inputs: &[&[f32]], size: usize) -> Result<Vec<Forward>, ModelError> {
        self.forward_dense(inputs, size, Density::Native)
    }

    /// The same with a finer feature map: [`Density::factor`] times as many cells along each axis.
    /// The logits are those of the finer map, so that maps made from it add up to them.
    ///
    /// # Errors
    /// As [`Self::forward`], and [`ModelError::NotDense`] for networks whose strides cannot be left
    /// out.
    pub fn forward_dense(
        &self,
        inputs: &[&[f32]],
        size: usize,
        density: Density,
    ) -> Result<Vec<Forward>, ModelError> {
        let network = match &self.body {
            Body::Known { network, .. } => network,
            Body::Graph(network) => {
                return match density {
                    Density::Native => network.forward(inputs, size),
                    Density::Double | Density::Quadruple => Err(ModelError::NotDense),
                };
            }
        };
        let at_once = match layout(&self.compute) {
            Layout::ChannelsFirst => inputs.len().max(1),
            Layout::ChannelsLast => CPU_BATCH,
        };
        let mut forwards = Vec::with_capacity(inputs.len());
        for inputs in inputs.chunks(at_once) {
            forwards.extend(self.forward_batch(network, inputs, size, density)?);
        }
        Ok(forwards)
    }

    /// How many stages there are before the last one at which a gradient can be taken.
    ///
    /// # Errors
    /// Says why there are no gradients.
    pub fn gradient_stages(&self) -> Result<usize, NoGradient> {
        match &self.body {
            Body::Known { network, .. } => Ok(network.route().stages()),
            Body::Graph(_) => Err(NoGradient(
                "what runs networks from ONNX files has no way back; occlusion and RISE need none"
                    .into(),
            )),
        }
    }

    /// One pass there and back for each square picture, as [`Self::forward`] takes them: the logits,
    /// and how the answer to `question` depends on what is at `site`. On the CPU.
    ///
    /// # Errors
    /// For networks without gradients or such a stage, on a GPU, and where numbers are not finite.
    pub fn gradients(
        &self,
        inputs: &[&[f32]],
        size: usize,
        (question, site): (&Question, Site),
    ) -> Result<Vec<Slope>, ModelError> {
        self.gradient_stages()?;
        let Body::Known { network, .. } = &self.body else { return Err(ModelError::OnCpuOnly) };
        let head = self.ending.linear().filter(|_| layout(&self.compute) == Layout::ChannelsLast);
        let head = head.ok_or(ModelError::OnCpuOnly)?;
        // All maps inside are kept until the way back, so large pictures go one by one.
        let at_once = (GRADIENT_PIXELS / (size * size).max(1)).clamp(1, CPU_BATCH);
        let mut slopes = Vec::with_capacity(inputs.len());
        for inputs in inputs.chunks(at_once) {
            let pass = || {
                let walk = network.route().walk(Map::of_pictures(inputs, size), site, MOST)?;
                let logits: Vec<Vec<f32>> = walk.pooled().map(|row| head.logits(row)).collect();
                let rows = logits.iter().flat_map(|logits| question.ask(logits).row(head).0);
                let rows = rows.collect();
                Ok::<_, ModelError>((logits, walk.back(rows)?))
            };
            let (logits, [values, gradients]) = awake(pass)?;
            let numbers = logits.iter().flatten().chain(gradients.iter().flat_map(|it| &it.data));
            if let Some(bad) = numbers.into_iter().find(|number| !number.is_finite()) {
                return Err(ModelError::NotFinite(*bad));
            }
            let maps = values.into_iter().zip(gradients);
            let slope = |(logits, (values, gradient))| Slope { logits, values, gradient };
            slopes.extend(logits.into_iter().zip(maps).map(slope));
        }
        Ok(slopes)
    }

    fn forward_batch(
        &self,
        network: &Network,
        inputs: &[&[f32]],
        size: usize,
        density: Density,
    ) -> Result<Vec<Forward>, ModelError> {
        let layout = layout(&self.compute);
        let tensor = |values: Vec<f32>, shape: [usize; 4]| {
            Tensor::<4>::from_data(TensorData::new(values, shape), &self.compute.device)
        };
        let Activations { logits, features, conv2 } = match layout {
            Layout::ChannelsFirst => {
                network.forward(tensor(inputs.concat(), [inputs.len(), 3, size, size]), density)?
            }
            Layout::ChannelsLast => {
                let pass = || {
                    let numbers = 3 * size * size;
                    let mut turned = take_buffer(inputs.len() * numbers);
                    for (turned, input) in turned.chunks_exact_mut(numbers.max(1)).zip(inputs) {
                        transpose(input, size * size, turned);
                    }
                    network.forward(tensor(turned, [inputs.len(), size, size, 3]), density)
                };
                awake(pass)?
            }
        };
        let [_, classes] = logits.dims();
        let logits = read(logits)?;
        let read_maps = |map| read_maps(map, layout);
        let features = features.map(read_maps).transpose()?;
        let conv2 = conv2.map(read_maps).transpose()?;
        let mut conv2 = conv2.into_iter().flatten();
        if let Some(bad) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(ModelError::NotFinite(*bad));
        }
        if density != Density::Native {
            // Each picture comes in phases; what is before the last norm is not asked of these.
            let features = interleave_phases(features.ok_or(ModelError::NotDense)?, density);
            let dense = |features: FeatureMap| {
                let head = self.ending.head_for(Some(&features));
                let logits = head.map_err(|_| ModelError::NotDense)?.logits(&features.pooled());
                Ok(Forward { logits, features: Some(features), conv2: None })
            };
            return features.into_iter().map(dense).collect();
        }
        let mut features = features.into_iter().flatten();
        let forward = |logits: &[f32]| Forward {
            logits: logits.to_vec(),
            features: features.next(),
            conv2: conv2.next(),
        };
        Ok(logits.chunks_exact(classes).map(forward).collect())
    }
}

fn layout(compute: &Compute) -> Layout {
    if compute.is_gpu() { Layout::ChannelsFirst } else { Layout::ChannelsLast }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ModelError> {
    let data = tensor.try_into_data().map_err(ModelError::device)?;
    data.try_into_vec().map_err(ModelError::device)
}

/// `[N, C, H, W]`, or `[N, H, W, C]`, as N feature maps.
fn read_maps(tensor: Tensor<4>, layout: Layout) -> Result<Vec<FeatureMap>, ModelError> {
    let [_, a, b, c] = tensor.dims();
    let [channels, height, width] = match layout {
        Layout::ChannelsFirst => [a, b, c],
        Layout::ChannelsLast => [c, a, b],
    };
    let values = read(tensor)?;
    let map = |values: &[f32]| FeatureMap {
        channels,
        height,
        width,
        data: match layout {
            Layout::ChannelsFirst => values.to_vec(),
            Layout::ChannelsLast => transposed(values, channels),
        },
    };
    Ok(values.chunks_exact(channels * height * width).map(map).collect())
}

/// A matrix `[rows, columns]` as `[columns, rows]`.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let mut out = zeros(values.len());
    transpose(values, columns, &mut out);
    out
}

/// The same into a place for it; some columns at once, so that what is read comes from few lines of
/// the cache.
fn transpose(values: &[f32], columns: usize, out: &mut [f32]) {
    const AT_ONCE: usize = 16;
    /// Of a task.
    const BLOCKS: usize = 64;
    let rows = values.len() / columns.max(1);
    let blocks = out.par_chunks_mut(AT_ONCE * rows.max(1)).enumerate().with_min_len(BLOCKS);
    blocks.for_each(|(block, out)| {
        for (row, values) in values.chunks_exact(columns.max(1)).enumerate() {
            let values = &values[block * AT_ONCE..];
            for (out, value) in out[row..].iter_mut().step_by(rows).zip(values) {
                *out = *value;
            }
        }
    });
}
