//! What a network says together with how that depends on something inside it: the gradient.

use std::sync::Arc;

use thiserror::Error;

use super::feature_map::FeatureMap;

/// Where in a network a gradient is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Site {
    /// At the normalised picture.
    Input,
    /// At a feature map: the last one for 0, the last one that is finer by one stride for 1, by two
    /// strides for 2, and so on.
    Stage(usize),
}

/// The answer to one input, and how it depends on what is at a [`Site`].
#[derive(Clone, Debug, PartialEq)]
pub struct Slope {
    /// `[classes]`.
    pub logits: Vec<f32>,
    /// What is there.
    pub values: FeatureMap,
    /// Of what was asked, in logits per unit of `values`; the same shape.
    pub gradient: FeatureMap,
}

/// Why a network has no gradients; one line for the user.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("There are no gradients of this network: {0}")]
pub struct NoGradient(pub Arc<str>);
