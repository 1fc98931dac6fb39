//! What follows the last feature map of a network, and which maps can be had because of it.

use std::sync::Arc;

use thiserror::Error;

use super::feature_map::{FeatureMap, Head};

/// The end of a network, as far as maps depend on it.
#[derive(Clone, Debug)]
pub enum Ending {
    /// Global average pooling and one linear layer: maps add up to the logits.
    Linear(Arc<Head>),
    /// A layer norm between the pooling and the linear layer (ConvNeXt). The norm is linear once
    /// its mean and deviation are known, so that maps add up for the picture they were measured on.
    NormLinear(Arc<Head>, LayerNorm),
    /// Anything else. The linear layer is still good for inducing a hierarchy, where there is one.
    Other { linear: Option<Arc<Head>>, why: NoMaps },
}

/// Layer normalisation of the pooled features (Ba et al. 2016):
/// `y_k = γ_k · (x_k − μ) / sqrt(σ² + ε) + β_k`, with mean μ and variance σ² over the channels.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// γ, `[channels]`.
    pub scale: Vec<f32>,
    /// β, `[channels]`.
    pub shift: Vec<f32>,
    /// ε.
    pub epsilon: f32,
}

/// Why a network has no maps that add up; one line for the user.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("This network has no map that adds up to its logits: {0}")]
pub struct NoMaps(pub Arc<str>);

impl Ending {
    /// Whether maps add up with the same weights for every picture.
    pub fn is_linear(&self) -> bool {
        matches!(self, Self::Linear(_))
    }

    /// The last linear layer, whatever lies before it.
    pub fn linear(&self) -> Option<&Arc<Head>> {
        match self {
            Self::Linear(head) | Self::NormLinear(head, _) => Some(head),
            Self::Other { linear, .. } => linear.as_ref(),
        }
    }

    /// The linear layer that maps the *pooled* features of one picture to its logits.
    ///
    /// # Errors
    /// Where there is none.
    pub fn head_for(&self, features: Option<&FeatureMap>) -> Result<Arc<Head>, NoMaps> {
        match (self, features) {
            (Self::Linear(head), Some(_)) => Ok(Arc::clone(head)),
            (Self::NormLinear(head, norm), Some(features)) => {
                Ok(Arc::new(norm.frozen(head, &features.pooled())))
            }
            (Self::Other { why, .. }, _) => Err(why.clone()),
            (Self::Linear(_) | Self::NormLinear(..), None) => {
                Err(NoMaps("its feature map is missing".into()))
            }
        }
    }

    /// Whether there are maps, and what has to be said of them; `None` if they are plainly exact.
    pub fn caveat(&self) -> Option<String> {
        match self {
            Self::Linear(_) => None,
            Self::NormLinear(..) => Some(
                "A layer norm follows the pooling; maps are exact with its mean and deviation \
                 frozen at those of the picture"
                    .to_owned(),
            ),
            Self::Other { why, .. } => Some(why.to_string()),
        }
    }
}

impl LayerNorm {
    /// The linear layer with this norm in front of it, for pooled features `[channels]` whose mean
    /// and deviation are kept: weights `w_ck·γ_k/σ`, bias `b_c + Σ_k w_ck·(β_k − γ_k·μ/σ)`.
    ///
    /// Sums run in 64 bits.
    pub fn frozen(&self, head: &Head, pooled: &[f32]) -> Head {
        let count = pooled.len().max(1) as f64;
        let mean = pooled.iter().copied().map(f64::from).sum::<f64>() / count;
        let squares = pooled.iter().map(|&x| (f64::from(x) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count + f64::from(self.epsilon)).sqrt();
        let scale: Vec<f64> = self.scale.iter().map(|&g| f64::from(g) / deviation).collect();
        let shift = self.shift.iter().zip(&scale).map(|(&b, g)| f64::from(b) - g * mean);
        let shift: Vec<f64> = shift.collect();
        let rows = head.weight.chunks_exact(head.channels.max(1));
        let bias = rows.zip(&head.bias).map(|(row, &bias)| {
            let sum: f64 = row.iter().zip(&shift).map(|(&w, shift)| f64::from(w) * shift).sum();
            (f64::from(bias) + sum) as f32
        });
        let bias = bias.collect();
        let weights = head.weight.iter().zip(scale.iter().cycle());
        let weight = weights.map(|(&w, scale)| (f64::from(w) * scale) as f32).collect();
        Head { weight, bias, ..*head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_norm_gives_the_logits_of_the_norm() {
        let head = Head {
            classes: 2,
            channels: 3,
            weight: vec![1.0, -2.0, 0.5, 0.25, 3.0, -1.0],
            bias: vec![0.1, -0.2],
        };
        let norm =
            LayerNorm { scale: vec![1.5, 0.5, 2.0], shift: vec![0.1, 0.2, -0.3], epsilon: 1e-6 };
        let pooled = [0.2_f32, 1.4, -0.9];
        let mean = pooled.iter().sum::<f32>() / 3.0;
        let variance = pooled.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 3.0;
        let normed: Vec<f32> = (0..3)
            .map(|k| norm.scale[k] * (pooled[k] - mean) / (variance + 1e-6).sqrt() + norm.shift[k])
            .collect();
        let frozen = norm.frozen(&head, &pooled);
        for class in 0..2 {
            let product = |row: &[f32], x: &[f32]| row.iter().zip(x).map(|(w, x)| w * x).sum();
            let plain: f32 = product(head.row(class), &normed);
            let own: f32 = product(frozen.row(class), &pooled);
            // Rounding of three products of numbers near one.
            assert!((plain + head.bias[class] - own - frozen.bias[class]).abs() < 1e-5);
        }
    }
}
