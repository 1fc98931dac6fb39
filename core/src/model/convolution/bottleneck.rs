//! Inverted residual blocks: as one where their layers are our own ([`super::separable`]), else one
//! layer after the other.

use burn_tensor::{Tensor, TensorData};

use super::buffers::keep_buffer;
use super::epilogue::Epilogue;
use super::kernel::Packed;
use super::separable::Separable;
use super::shape::{ConvShape, Geometry};
use super::{Activation, Conv, Kernel, Method, ModelError, Strides, numbers};

/// So many lines of the output are enough for a thread; with fewer, the lines that several threads
/// need would be widened by each of them.
const LINES: usize = 14;

/// The layers of an inverted residual block.
#[derive(Debug, Clone, Copy)]
pub struct Bottleneck<'a> {
    pub expand: Option<&'a Conv>,
    pub filter: &'a Conv,
    pub project: &'a Conv,
    /// After the first two; nothing follows the last one.
    pub activation: Activation,
    /// Whether the input is added to the output.
    pub is_residual: bool,
}

impl Bottleneck<'_> {
    /// Shapes are those of [`Conv::forward`].
    ///
    /// # Errors
    /// When the device fails to hand out its numbers.
    pub fn forward(&self, x: Tensor<4>, strides: Strides) -> Result<Tensor<4>, ModelError> {
        if (strides == Strides::Kept || !self.filter.is_strided())
            && let Some(layers) = self.separable()
        {
            let [samples, height, width, _] = x.dims();
            let size = [samples, height, width, self.filter.shape.channels_in];
            let geometry = Geometry::new(self.filter.shape, size);
            let has_lines = samples * geometry.out[0] >= LINES * rayon::current_num_threads();
            if has_lines || layers.shares_channels(&geometry) {
                return forward(layers, self.is_residual, &geometry, x);
            }
        }
        let residual = self.is_residual.then(|| x.clone());
        let mut y = x;
        if let Some(expand) = self.expand {
            y = expand.forward(y, None, self.activation)?;
        }
        y = self.filter.forward_at(y, self.activation, strides)?;
        self.project.forward(y, residual, Activation::None)
    }

    /// The layers, if each is one of our own and as simple as it has to be.
    pub(super) fn separable(&self) -> Option<Separable<'_>> {
        let expand = match self.expand {
            Some(conv) => Some(pointwise(conv, self.activation)?),
            None => None,
        };
        let Method::Own(Kernel::Depthwise(filter), bias) = &self.filter.method else { return None };
        let filter = (filter, Epilogue { bias, residual: None, activation: self.activation });
        let project = pointwise(self.project, Activation::None)?;
        Some(Separable { expand, filter, project: Some(project) })
    }
}

fn pointwise(conv: &Conv, activation: Activation) -> Option<(&Packed, Epilogue<'_>)> {
    let Method::Own(Kernel::Direct(direct), bias) = &conv.method else { return None };
    let ConvShape { kernel, stride, groups, .. } = conv.shape;
    let epilogue = Epilogue { bias, residual: None, activation };
    ((kernel, stride, groups) == (1, 1, 1)).then_some((direct.weights(), epilogue))
}

fn forward(
    layers: Separable<'_>,
    is_residual: bool,
    geometry: &Geometry,
    x: Tensor<4>,
) -> Result<Tensor<4>, ModelError> {
    let device = x.device();
    let input = numbers(x)?;
    let image = input.as_slice().map_err(ModelError::device)?;
    let residual = is_residual.then_some(image);
    let project =
        layers.project.map(|(weights, epilogue)| (weights, Epilogue { residual, ..epilogue }));
    let layers = Separable { project, ..layers };
    let [samples, height, width, _] = geometry.out_shape();
    let out = layers.forward(geometry, image);
    let shape = [samples, height, width, layers.channels_out()];
    input.try_into_vec().into_iter().for_each(keep_buffer);
    Ok(Tensor::from_data(TensorData::new(out, shape), &device))
}
