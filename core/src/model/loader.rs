//! From named tensors in a file to layers on a device.

use std::sync::Arc;

use burn_tensor::{Device, Tensor, TensorData};

use super::ModelError;
use super::layers::{Affine, Conv, ConvShape, Layout, PooledLinear};
use super::place_norm::PlaceNorm;
use super::plan::ConvLayer;
use crate::checkpoint::{StateDict, Weights};
use crate::explain::{Ending, Head, LayerNorm, NoMaps};

/// Hands out layers and keeps book of which tensors were used.
pub struct Loader<'a> {
    state: &'a StateDict,
    weights: Weights<'a>,
    device: &'a Device,
    layout: Layout,
    ending: Option<Ending>,
}

/// Batch normalisation as `scale · x + shift`, not yet on a device.
struct Norm {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl<'a> Loader<'a> {
    /// `layout`: the order of axes that the network will run with.
    pub fn new(state: &'a StateDict, device: &'a Device, layout: Layout) -> Self {
        Self { state, weights: state.weights(), device, layout, ending: None }
    }

    /// What follows the feature map, as plain numbers, and the tensors of the file that no layer
    /// asked for.
    pub fn finish(self) -> (Ending, Vec<String>) {
        let none = || Ending::Other { linear: None, why: NoMaps("it has no linear layer".into()) };
        let unused = self.weights.unused().into_iter().map(str::to_owned).collect();
        (self.ending.unwrap_or_else(none), unused)
    }

    /// A layer norm precedes the linear layer that was loaded.
    pub fn ends_in_norm(&mut self, norm: LayerNorm) {
        if let Some(Ending::Linear(head)) = self.ending.take() {
            self.ending = Some(Ending::NormLinear(head, norm));
        }
    }

    /// What is averaged are the maps of the classes themselves.
    pub fn ends_in_class_maps(&mut self, classes: usize) {
        self.ending = Some(Ending::Linear(Arc::new(Head::identity(classes))));
    }

    /// The linear layer that was loaded does not read an averaged feature map.
    pub fn ends_otherwise(&mut self, why: NoMaps) {
        let linear = self.ending.as_ref().and_then(Ending::linear).cloned();
        self.ending = Some(Ending::Other { linear, why });
    }

    pub fn layout(&self) -> Layout {
        self.layout
    }

    pub fn has(&self, name: &str) -> bool {
        self.state.shape(name).is_some()
    }

    /// First dimension of a weight: its output channels.
    ///
    /// # Errors
    /// When the tensor is missing or has none.
    pub fn channels_out(&self, name: &str) -> Result<usize, ModelError> {
        self.dimension(name, 0)
    }

    /// Side of a convolution's kernel: 1, 3, 5 or 7.
    ///
    /// # Errors
    /// When the tensor is missing or its kernel has another size.
    pub fn kernel(&self, name: &str) -> Result<usize, ModelError> {
        match self.dimension(name, 3)? {
            kernel @ (1 | 3 | 5 | 7) => Ok(kernel),
            kernel => Err(ModelError::Unknown {
                reason: format!("tensor {name} has a kernel of size {kernel}"),
            }),
        }
    }

    fn dimension(&self, name: &str, axis: usize) -> Result<usize, ModelError> {
        let shape = self.state.shape(name);
        match shape.and_then(|shape| shape.get(axis)) {
            Some(&size) if size > 0 => Ok(size),
            _ => Err(ModelError::Unknown {
                reason: match shape {
                    Some(shape) => format!("tensor {name} has the odd shape {shape:?}"),
                    None => format!("tensor {name} is missing"),
                },
            }),
        }
    }

    /// A convolution without bias or normalisation.
    ///
    /// # Errors
    /// A tensor that is missing, has another shape or holds NaN is named.
    pub fn conv(&mut self, key: &str, shape: ConvShape) -> Result<Conv, ModelError> {
        let weight = self.take(&format!("{key}.weight"), &shape.weight_shape())?;
        Ok(self.make_conv(shape, weight, None))
    }

    /// A convolution with the batch normalisation that follows it folded in.
    ///
    /// # Errors
    /// As [`Self::conv`].
    pub fn conv_norm(
        &mut self,
        conv_key: &str,
        norm_key: &str,
        shape: ConvShape,
        epsilon: f64,
    ) -> Result<Conv, ModelError> {
        let mut weight = self.take(&format!("{conv_key}.weight"), &shape.weight_shape())?;
        let norm = self.take_norm(norm_key, shape.channels_out, epsilon)?;
        let per_channel = weight.len() / shape.channels_out;
        for (kernel, scale) in weight.chunks_exact_mut(per_channel).zip(&norm.scale) {
            for value in kernel {
                *value = (f64::from(*value) * scale) as f32;
            }
        }
        let bias = norm.shift.iter().map(|&shift| shift as f32).collect();
        Ok(self.make_conv(shape, weight, Some(bias)))
    }

    /// A convolution as a plan describes it, all that is linear folded in.
    ///
    /// # Errors
    /// As [`Self::conv`].
    pub fn conv_layer(&mut self, layer: &ConvLayer) -> Result<Conv, ModelError> {
        let ConvLayer { name, shape, stored, has_bias, norm, scale, .. } = layer;
        let channels = shape.channels_out;
        let mut weight = self.take(&format!("{name}.weight"), stored)?;
        let mut bias = match has_bias {
            true => self.take(&format!("{name}.bias"), &[channels])?,
            false => vec![0.0; channels],
        };
        let mut fold = |scale: &[f64], shift: &[f64]| {
            let per_channel = weight.len() / channels;
            let kernels = weight.chunks_exact_mut(per_channel);
            for (((kernel, bias), scale), shift) in kernels.zip(&mut bias).zip(scale).zip(shift) {
                kernel.iter_mut().for_each(|value| *value = (f64::from(*value) * scale) as f32);
                *bias = (f64::from(*bias) * scale + shift) as f32;
            }
        };
        if let Some((key, epsilon)) = norm {
            let norm = self.take_norm(key, channels, epsilon.value())?;
            fold(&norm.scale, &norm.shift);
        }
        if let Some((key, shape)) = scale {
            let scale: Vec<f64> = self.take(key, shape)?.into_iter().map(f64::from).collect();
            fold(&scale, &vec![0.0; channels]);
        }
        Ok(self.make_conv(*shape, weight, Some(bias)))
    }

    /// Layer normalisation over the channels of each place, and the same as plain numbers.
    ///
    /// # Errors
    /// As [`Self::conv`].
    pub fn place_norm(
        &mut self,
        key: &str,
        channels: usize,
        epsilon: f32,
    ) -> Result<(PlaceNorm, LayerNorm), ModelError> {
        let scale = self.take(&format!("{key}.weight"), &[channels])?;
        let shift = self.take(&format!("{key}.bias"), &[channels])?;
        let plain = LayerNorm { scale: scale.clone(), shift: shift.clone(), epsilon };
        let norm = match self.layout {
            Layout::ChannelsFirst => PlaceNorm::ChannelsFirst {
                scale: self.tensor(scale, [1, channels, 1, 1]),
                shift: self.tensor(shift, [1, channels, 1, 1]),
                epsilon,
            },
            Layout::ChannelsLast => PlaceNorm::ChannelsLast { scale, shift, epsilon },
        };
        Ok((norm, plain))
    }

    /// Batch normalisation that stands alone.
    ///
    /// # Errors
    /// As [`Self::conv`].
    pub fn norm(&mut self, key: &str, channels: usize, epsilon: f64) -> Result<Affine, ModelError> {
        let norm = self.take_norm(key, channels, epsilon)?;
        let [scale, shift] = [norm.scale, norm.shift]
            .map(|values| values.iter().map(|&value| value as f32).collect::<Vec<_>>());
        Ok(match self.layout {
            Layout::ChannelsFirst => Affine::ChannelsFirst {
                scale: self.tensor(scale, [1, channels, 1, 1]),
                shift: self.tensor(shift, [1, channels, 1, 1]),
            },
            Layout::ChannelsLast => Affine::ChannelsLast { scale, shift },
        })
    }

    /// The linear layer on the pooled features; any number of classes.
    ///
    /// # Errors
    /// As [`Self::conv`].
    pub fn pooled_linear(
        &mut self,
        key: &str,
        channels: usize,
    ) -> Result<PooledLinear, ModelError> {
        let weight_key = format!("{key}.weight");
        let classes = self.channels_out(&weight_key)?;
        let weight = self.take(&weight_key, &[classes, channels])?;
        let bias_key = format!("{key}.bias");
        let bias = if self.has(&bias_key) {
            self.take(&bias_key, &[classes])?
        } else {
            vec![0.0; classes]
        };
        let linear = match self.layout {
            Layout::ChannelsFirst => {
                let matrix: Tensor<2> = self.tensor(weight.clone(), [classes, channels]);
                let row = self.tensor(bias.clone(), [1, classes]);
                PooledLinear::ChannelsFirst([matrix.transpose(), row])
            }
            Layout::ChannelsLast => PooledLinear::ChannelsLast(Conv::new(
                ConvShape::new(channels, classes, 1, 1),
                weight.clone(),
                Some(bias.clone()),
                self.layout,
                self.device,
            )),
        };
        self.ending = Some(Ending::Linear(Arc::new(Head { classes, channels, weight, bias })));
        Ok(linear)
    }

    /// A linear layer, or a convolution of 1×1, as a matrix `[from, to]` and a row `[1, to]`.
    ///
    /// # Errors
    /// As [`Self::conv`].
    pub fn dense(
        &mut self,
        key: &str,
        from: usize,
        to: usize,
    ) -> Result<[Tensor<2>; 2], ModelError> {
        let weight = self.take(&format!("{key}.weight"), &[to, from, 1, 1])?;
        let bias = self.take(&format!("{key}.bias"), &[to])?;
        let matrix: Tensor<2> = self.tensor(weight, [to, from]);
        Ok([matrix.transpose(), self.tensor(bias, [1, to])])
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        Ok(self.weights.take(name, shape)?)
    }

    fn take_norm(&mut self, key: &str, channels: usize, epsilon: f64) -> Result<Norm, ModelError> {
        let mut take = |name: &str| self.take(&format!("{key}.{name}"), &[channels]);
        let (gamma, beta) = (take("weight")?, take("bias")?);
        let (mean, var) = (take("running_mean")?, take("running_var")?);
        let scale: Vec<f64> = gamma
            .iter()
            .zip(&var)
            .map(|(&gamma, &var)| f64::from(gamma) / (f64::from(var) + epsilon).sqrt())
            .collect();
        if scale.iter().any(|scale| !scale.is_finite()) {
            return Err(ModelError::Unknown {
                reason: format!("tensor {key}.running_var holds negative variances"),
            });
        }
        let shift = beta
            .iter()
            .zip(&mean)
            .zip(&scale)
            .map(|((&beta, &mean), scale)| f64::from(beta) - f64::from(mean) * scale)
            .collect();
        Ok(Norm { scale, shift })
    }

    fn make_conv(&self, shape: ConvShape, weight: Vec<f32>, bias: Option<Vec<f32>>) -> Conv {
        Conv::new(shape, weight, bias, self.layout, self.device)
    }

    fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), self.device)
    }
}
