//! Can a model tell pictures of its classes from pictures of other things?
//!
//! A softmax has no "none of these": a picture of something else gets a class too. Several numbers
//! are said to be smaller for such pictures; here they are compared by how well they separate two
//! sets of pictures.

use crate::explain::{Forward, Head, argmax, softmax};

/// A number of one picture that is said to be larger for pictures of the model's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Measure {
    /// The largest softmax probability (Hendrycks and Gimpel 2017).
    MaxSoftmax,
    /// The largest logit (Hendrycks et al. 2022).
    MaxLogit,
    /// ln Σ exp(logit), the negative energy (Liu et al. 2020).
    Energy,
    /// The length of the pooled feature vector.
    FeatureNorm,
    /// The cosine of the pooled features and the predicted class's row of the head: how far the
    /// picture is from what the class stands for.
    Cosine,
}

impl Measure {
    /// Its value for one picture; NaN where the numbers are, or where it needs a feature map or a
    /// linear layer on it and the network has none.
    pub fn of(self, forward: &Forward, head: Option<&Head>) -> f32 {
        let logits = &forward.logits;
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        match self {
            Self::MaxSoftmax => softmax(logits).into_iter().fold(0.0, f32::max),
            Self::MaxLogit => largest,
            Self::Energy => {
                let sum: f64 = logits.iter().map(|&z| f64::from(z - largest).exp()).sum();
                largest + sum.ln() as f32
            }
            Self::FeatureNorm => {
                forward.features.as_ref().map_or(f32::NAN, |features| norm(&features.pooled()))
            }
            Self::Cosine => {
                let (Some(features), Some(head)) = (&forward.features, head) else {
                    return f32::NAN;
                };
                let (pooled, row) = (features.pooled(), head.row(argmax(logits)));
                let dot: f32 = pooled.iter().zip(row).map(|(a, b)| a * b).sum();
                dot / (norm(&pooled) * norm(row)).max(f32::MIN_POSITIVE)
            }
        }
    }
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|v| v * v).sum::<f32>().sqrt()
}

/// How well a measure separates two sets of pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Separation {
    /// How often a picture of the classes has the larger value than one of other things, 0 to 1;
    /// ties count half. The area under the ROC curve: 0.5 is guessing.
    pub auroc: f64,
    /// The value that 95 % of the pictures of the classes reach.
    pub threshold: f32,
    /// The share of the pictures of other things that do not reach it, 0 to 1.
    pub caught: f64,
}

impl Separation {
    /// Compares the values of pictures of the classes with those of other things, NaN left out;
    /// `None` if a set is empty.
    pub fn of(known: &[f32], other: &[f32]) -> Option<Self> {
        let sorted = |values: &[f32]| {
            let mut values: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            values.sort_unstable_by(f32::total_cmp);
            values
        };
        let (known, other) = (sorted(known), sorted(other));
        let threshold = *known.get(known.len() / 20)?;
        let below = |value: f32| other.partition_point(|&v| v < value);
        let up_to = |value: f32| other.partition_point(|&v| v <= value);
        let wins: f64 = known.iter().map(|&v| (below(v) + up_to(v)) as f64 / 2.0).sum();
        let pairs = known.len() as f64 * other.len() as f64;
        (!other.is_empty()).then(|| Self {
            auroc: wins / pairs,
            threshold,
            caught: below(threshold) as f64 / other.len() as f64,
        })
    }
}
