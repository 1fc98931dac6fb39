//! Asking a network about changed inputs: what goes in, and what comes out.
//!
//! Every method that treats the network as a black box is a list of changed inputs and some
//! arithmetic on the answers. The list is a [`Probe`]; the engine runs it. Because the logits of
//! every input are kept, one run answers for all classes and all nodes of a tree.

use std::fmt::Debug;
use std::sync::Arc;

use super::evidence::Question;
use super::feature_map::FeatureMap;
use super::slope::{Site, Slope};

/// Changed inputs of a network, each made when it is its turn.
pub trait Probe: Debug + Send + Sync {
    /// How many inputs there are.
    fn count(&self) -> usize;

    /// Input `i`, for `i` below [`Self::count`].
    fn input(&self, i: usize) -> ProbeInput;

    /// Whether the feature maps are wanted, too; else the logits are all that is kept.
    fn keeps_features(&self) -> bool {
        false
    }

    /// What answer to input `i` a gradient is wanted of, and where, if one is.
    fn gradient(&self, i: usize) -> Option<(&Question, Site)> {
        let _ = i;
        None
    }

    /// What is kept of the gradient at input `i`.
    fn keep(&self, i: usize, slope: Slope) -> FeatureMap {
        let _ = i;
        slope.gradient
    }

    /// How many cells the network's last feature map shall have in place of one.
    fn density(&self) -> Density {
        Density::Native
    }
}

/// A square input.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeInput {
    /// In pixels.
    pub side: usize,
    /// `[3, side, side]`, normalised.
    pub chw: Vec<f32>,
}

/// How finely the last feature map is computed: strides of the last stages are left out, and what
/// follows is dilated ("à trous", Chen et al. 2018), so that the native cells are among the finer
/// ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Density {
    /// As the network was trained.
    #[default]
    Native,
    /// Without the last stride: 2 x 2 cells for each.
    Double,
    /// Without the last two strides: 4 x 4 cells for each.
    Quadruple,
}

impl Density {
    /// Strides that are left out.
    pub fn splits(self) -> usize {
        match self {
            Self::Native => 0,
            Self::Double => 1,
            Self::Quadruple => 2,
        }
    }

    /// Cells along each axis in place of one.
    pub fn factor(self) -> usize {
        1 << self.splits()
    }
}

/// What the network said about one input.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeAnswer {
    /// `[classes]`.
    pub logits: Vec<f32>,
    /// The last feature map, or what is kept of a gradient, where the probe wanted it.
    pub features: Option<FeatureMap>,
}

impl ProbeAnswer {
    /// What its numbers take.
    pub fn bytes(&self) -> usize {
        let features = self.features.as_ref().map_or(0, |features| features.data.len());
        (self.logits.len() + features) * size_of::<f32>()
    }
}

/// The answers to the first inputs of a probe, in their order. Cheap to copy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers(pub Vec<Arc<ProbeAnswer>>);

impl Answers {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One number for each answer: what `score` makes of its logits.
    pub fn scores(&self, score: impl Fn(&[f32]) -> f32) -> Vec<f32> {
        self.0.iter().map(|answer| score(&answer.logits)).collect()
    }
}
