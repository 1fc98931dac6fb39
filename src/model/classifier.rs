//! Weights in, logits and feature map out.

use burn_tensor::{Tensor, TensorData};

use super::layers::Layout;
use super::loader::Loader;
use super::network::{Activations, Network};
use super::{Architecture, Compute, ModelError};
use crate::checkpoint::StateDict;
use crate::explain::{Density, FeatureMap, Forward, Head, interleave_phases};

/// Pictures that go through a network on the CPU together. All at once, their feature maps would not
/// stay in the caches; one by one, the weights of the last layers would be read too often.
const CPU_BATCH: usize = 4;

/// A network on a device.
#[derive(Debug)]
pub struct Classifier {
    network: Network,
    architecture: Architecture,
    head: Head,
    unused: Vec<String>,
    compute: Compute,
}

impl Classifier {
    /// Recognises the network and loads it.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] for a network that is not known, [`ModelError::Checkpoint`] naming
    /// the tensor that is missing, has another shape or holds NaN.
    pub fn load(state: &StateDict, compute: &Compute) -> Result<Self, ModelError> {
        let architecture = Architecture::recognise(state)?;
        let mut loader = Loader::new(state, &compute.device, layout(compute));
        let network = Network::load(&mut loader, &architecture)?;
        let (head, unused) = loader.finish();
        if let Some(tensor) = unused.iter().find(|name| architecture.owns(name)) {
            return Err(ModelError::Unknown {
                reason: format!("{architecture} has no place for the tensor {tensor}"),
            });
        }
        Ok(Self { network, architecture, head, unused, compute: compute.clone() })
    }

    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The linear layer, which all maps are made from.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Tensors of the file that the network has no place for (batch counters aside).
    pub fn unused(&self) -> &[String] {
        &self.unused
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
    /// As [`Self::forward`].
    pub fn forward_dense(
        &self,
        inputs: &[&[f32]],
        size: usize,
        density: Density,
    ) -> Result<Vec<Forward>, ModelError> {
        let at_once = match layout(&self.compute) {
            Layout::ChannelsFirst => inputs.len().max(1),
            Layout::ChannelsLast => CPU_BATCH,
        };
        let mut forwards = Vec::with_capacity(inputs.len());
        for inputs in inputs.chunks(at_once) {
            forwards.extend(self.forward_batch(inputs, size, density)?);
        }
        Ok(forwards)
    }

    fn forward_batch(
        &self,
        inputs: &[&[f32]],
        size: usize,
        density: Density,
    ) -> Result<Vec<Forward>, ModelError> {
        let shape = [inputs.len(), 3, size, size];
        let x =
            Tensor::<4>::from_data(TensorData::new(inputs.concat(), shape), &self.compute.device);
        let activations = match layout(&self.compute) {
            Layout::ChannelsFirst => self.network.forward(x, density)?,
            Layout::ChannelsLast => {
                // On a thread of the pool, which need not be woken for every layer then.
                let forward = || self.network.forward(x.permute([0, 2, 3, 1]), density);
                let (activations, ()) = rayon::join(forward, || ());
                let activations = activations?;
                let features = activations.features.permute([0, 3, 1, 2]);
                let conv2 = activations.conv2.map(|conv2| conv2.permute([0, 3, 1, 2]));
                Activations { features, conv2, ..activations }
            }
        };
        let [_, classes] = activations.logits.dims();
        let logits = read(activations.logits)?;
        let features = read_maps(activations.features)?;
        let conv2 = activations.conv2.map(read_maps).transpose()?;
        let mut conv2 = conv2.into_iter().flatten();
        if let Some(bad) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(ModelError::NotFinite(*bad));
        }
        if density != Density::Native {
            // Each picture comes in phases; what is before the last norm is not asked of these.
            let features = interleave_phases(features, density);
            let dense = |features: FeatureMap| {
                let logits = self.head.logits(&features.pooled());
                Forward { logits, features, conv2: None }
            };
            return Ok(features.into_iter().map(dense).collect());
        }
        let forwards = logits.chunks_exact(classes).zip(features);
        Ok(forwards
            .map(|(logits, features)| Forward {
                logits: logits.to_vec(),
                features,
                conv2: conv2.next(),
            })
            .collect())
    }
}

fn layout(compute: &Compute) -> Layout {
    if compute.is_gpu() { Layout::ChannelsFirst } else { Layout::ChannelsLast }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ModelError> {
    let data = tensor.try_into_data().map_err(ModelError::device)?;
    data.try_into_vec().map_err(ModelError::device)
}

/// `[N, C, H, W]` as N feature maps.
fn read_maps(tensor: Tensor<4>) -> Result<Vec<FeatureMap>, ModelError> {
    let [_, channels, height, width] = tensor.dims();
    let values = read(tensor)?;
    Ok(values
        .chunks_exact(channels * height * width)
        .map(|data| FeatureMap { channels, height, width, data: data.to_vec() })
        .collect())
}
