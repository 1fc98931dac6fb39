//! Networks of any kind, from ONNX files: what is told of one, and whoever runs it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::{ModelError, PictureRange};
use crate::explain::{Ending, Forward};

/// What is told of a network when it is ready to run.
#[derive(Debug, Clone)]
pub struct GraphFacts {
    /// For the user, such as `ONNX network (pytorch 2.15)`.
    pub name: String,
    pub classes: usize,
    /// What follows the feature map; it was tried out.
    pub ending: Ending,
    /// Side of one cell of the feature map, in input pixels.
    pub cell: Option<usize>,
    /// The side of the pictures that it takes, if it takes no others, in pixels.
    pub side: Option<usize>,
    /// Which numbers it wants for its pictures.
    pub range: PictureRange,
    /// Numbers in all weights.
    pub parameters: usize,
    /// Of the weights, such as `f32`.
    pub dtype: String,
    /// Texts that were stored beside the network.
    pub metadata: BTreeMap<String, String>,
}

/// Runs a network: in this process, or in another one.
pub trait RunGraph: Debug + Send + Sync {
    /// # Shapes
    /// pictures of `[3, side, side]` each → as many results
    ///
    /// # Errors
    /// A size that the network does not take, or what went wrong.
    fn forward(&self, pictures: &[&[f32]], side: usize) -> Result<Vec<Forward>, ModelError>;
}

/// A network that is ready to run.
#[derive(Debug)]
pub struct GraphNetwork {
    facts: GraphFacts,
    runner: Box<dyn RunGraph>,
}

impl GraphNetwork {
    pub fn new(facts: GraphFacts, runner: Box<dyn RunGraph>) -> Self {
        Self { facts, runner }
    }

    /// Gets a network ready to run in this process.
    ///
    /// # Errors
    /// [`ModelError::Graph`] says what about it cannot be used.
    #[cfg(feature = "onnx")]
    pub fn load(file: crate::checkpoint::OnnxFile) -> Result<Self, ModelError> {
        let (parameters, dtype) = (file.parameter_count(), file.dtype_summary());
        let metadata = file.all_metadata();
        let network = super::onnx::OnnxNetwork::load(file)?;
        let facts = GraphFacts {
            name: network.name(),
            classes: network.class_count(),
            ending: network.ending().clone(),
            cell: network.cell(),
            side: network.input().side,
            range: network.input().range,
            parameters,
            dtype,
            metadata,
        };
        Ok(Self::new(facts, Box::new(network)))
    }

    /// There are no such files in this build.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(feature = "onnx"))]
    pub fn load(file: crate::checkpoint::OnnxFile) -> Result<Self, ModelError> {
        match file {}
    }

    pub fn facts(&self) -> &GraphFacts {
        &self.facts
    }

    /// See [`RunGraph::forward`].
    ///
    /// # Errors
    /// As there.
    pub fn forward(&self, pictures: &[&[f32]], side: usize) -> Result<Vec<Forward>, ModelError> {
        self.runner.forward(pictures, side)
    }
}
