//! The way through squeeze-and-excitation, and back.

use std::sync::Arc;

use burn_tensor::Tensor;

use super::Map;
use super::pooling::means;
use crate::model::ModelError;
use crate::model::planned::Squeeze;

/// What the layer keeps for the way back.
#[derive(Debug)]
pub struct Squeezed {
    x: Arc<Map>,
    /// Before the function between the two layers, `[N, reduced]`.
    hidden: Vec<f32>,
    /// Before the gate, `[N, C]`.
    opened: Vec<f32>,
}

impl Squeezed {
    /// Numbers of the map in it.
    pub fn numbers(&self) -> usize {
        self.x.data.len()
    }
}

/// A linear layer as plain numbers: `[from, to]` and `[to]`.
struct Dense {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    fn new([weight, bias]: &[Tensor<2>; 2]) -> Result<Self, ModelError> {
        let [weight, bias] = [weight, bias].map(|tensor| {
            let data = tensor.clone().try_into_data().map_err(ModelError::device)?;
            data.try_into_vec().map_err(ModelError::device)
        });
        Ok(Self { weight: weight?, bias: bias? })
    }

    fn forward(&self, rows: &[f32]) -> Vec<f32> {
        let to = self.bias.len();
        let row = |row: &[f32]| {
            let mut sums = self.bias.clone();
            for (x, weights) in row.iter().zip(self.weight.chunks_exact(to)) {
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += x * weight);
            }
            sums
        };
        rows.chunks_exact(self.weight.len() / to).flat_map(row).collect()
    }

    fn backward(&self, gradient: &[f32]) -> Vec<f32> {
        let to = self.bias.len();
        let row = |gradient: &[f32]| -> Vec<f32> {
            let of = |weights: &[f32]| weights.iter().zip(gradient).map(|(w, g)| w * g).sum();
            self.weight.chunks_exact(to).map(of).collect()
        };
        gradient.chunks_exact(to).flat_map(row).collect()
    }
}

pub fn forward(squeeze: &Squeeze, x: Arc<Map>) -> Result<(Map, Squeezed), ModelError> {
    let hidden = Dense::new(&squeeze.reduce)?.forward(&means(&x));
    let bent: Vec<f32> = hidden.iter().map(|&z| squeeze.nonlinearity.value(z)).collect();
    let opened = Dense::new(&squeeze.expand)?.forward(&bent);
    let mut y = Map::clone(&x);
    scale(&mut y, &opened.iter().map(|&z| squeeze.gate.value(z)).collect::<Vec<_>>());
    Ok((y, Squeezed { x, hidden, opened }))
}

pub fn backward(
    squeeze: &Squeeze,
    Squeezed { x, hidden, opened }: Squeezed,
    mut gradient: Map,
) -> Result<Map, ModelError> {
    let [samples, height, width, channels] = x.shape;
    // How much each factor matters: the sum over all places of what it multiplies.
    let mut factors = vec![0.0; samples * channels];
    let pictures = height * width * channels;
    let both = gradient.data.chunks_exact(pictures).zip(x.data.chunks_exact(pictures));
    for (factors, (gradient, x)) in factors.chunks_exact_mut(channels).zip(both) {
        for (gradient, x) in gradient.chunks_exact(channels).zip(x.chunks_exact(channels)) {
            let products = factors.iter_mut().zip(gradient).zip(x);
            products.for_each(|((sum, gradient), x)| *sum += gradient * x);
        }
    }
    let gate = squeeze.gate;
    factors.iter_mut().zip(&opened).for_each(|(gradient, &z)| *gradient *= gate.slope(z));
    let mut bent = Dense::new(&squeeze.expand)?.backward(&factors);
    let function = squeeze.nonlinearity;
    bent.iter_mut().zip(&hidden).for_each(|(gradient, &z)| *gradient *= function.slope(z));
    let means = Dense::new(&squeeze.reduce)?.backward(&bent);

    scale(&mut gradient, &opened.iter().map(|&z| gate.value(z)).collect::<Vec<_>>());
    let places = (height * width) as f32;
    for (gradient, means) in
        gradient.data.chunks_exact_mut(pictures).zip(means.chunks_exact(channels))
    {
        for row in gradient.chunks_exact_mut(channels) {
            row.iter_mut().zip(means).for_each(|(gradient, mean)| *gradient += mean / places);
        }
    }
    Ok(gradient)
}

/// Each channel of each picture times its own factor, `[N, C]`.
fn scale(x: &mut Map, factors: &[f32]) {
    let [_, height, width, channels] = x.shape;
    let pictures = x.data.chunks_exact_mut(height * width * channels);
    for (picture, factors) in pictures.zip(factors.chunks_exact(channels)) {
        for row in picture.chunks_exact_mut(channels) {
            row.iter_mut().zip(factors).for_each(|(x, factor)| *x *= factor);
        }
    }
}
