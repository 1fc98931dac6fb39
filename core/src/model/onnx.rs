//! Networks of any kind, from ONNX files, run by `rten` on the CPU.
//!
//! Such a file says what to compute, not what it is for. What the rest of the program needs is read
//! off the graph: how pictures go in ([`input`]), where the logits are, and whether they are the
//! mean of a feature map times a matrix ([`ending`]). What was found is tried on a picture while
//! loading; it counts only if the numbers agree.

mod ending;
mod graph;
mod input;
mod limits;
mod output;
mod repair;
mod trial;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use rten_onnx::onnx::{GraphProto, ModelProto, ValueInfoProto};
use rten_tensor::prelude::*;

use self::ending::MapAxes;
use self::graph::Graph;
use self::input::Input;
use super::{ModelError, RunGraph};
use crate::checkpoint::OnnxFile;
use crate::explain::{Ending, Forward};
use crate::text::CleanText;

/// The side that a network of any size is tried with, in pixels.
const USUAL_SIDE: usize = 224;
/// Pictures that go through together, as on the burn side.
const BATCH: usize = 4;

/// A network that is ready to run.
pub struct OnnxNetwork {
    model: Model,
    threads: Arc<ThreadPool>,
    input: Input,
    input_id: NodeId,
    logits: NodeId,
    features: Option<(NodeId, MapAxes)>,
    ending: Ending,
    classes: usize,
    /// Height of the feature map of a picture of the side that it was tried with.
    cells: Option<usize>,
    /// Who wrote the file: `pytorch 2.15` …
    producer: String,
}

impl std::fmt::Debug for OnnxNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OnnxNetwork({:?})", self.input)
    }
}

impl OnnxNetwork {
    /// Understands a file and gets it ready to run.
    ///
    /// # Errors
    /// What is not understood or cannot be computed, in one line.
    pub fn load(mut file: OnnxFile) -> Result<Self, ModelError> {
        let producer = producer(&file.model);
        let proto = file.model.graph.as_mut().ok_or_else(|| unusable("it has no graph"))?;
        repair::repair(proto);
        let (input, found) = understand(proto)?;
        let side = input.side.unwrap_or(USUAL_SIDE);
        if input.side.is_some() {
            input::fix_side(proto, &input, side);
        }
        let features = found.features.as_ref().map(|(name, _)| name.clone());
        let value = |name: &String| ValueInfoProto { name: Some(name.clone()), r#type: None };
        proto.output = [&found.logits].into_iter().chain(&features).map(value).collect();
        proto.value_info.clear();
        repair::as_defined(proto);

        let model = protected(|| {
            let bytes = file.model.write_buf().map_err(unusable)?;
            // What was read is not needed twice while it is read again.
            drop(std::mem::take(&mut file.model));
            ModelOptions::with_all_ops().prepack_weights(true).load(bytes).map_err(unusable)
        })?;
        check_shapes(&model)?;
        let id = |name: &str| model.node_id(name).map_err(unusable);
        let (input_id, logits) = (id(&input.name)?, id(&found.logits)?);
        let features = match found.features {
            Some((name, axes)) => Some((id(&name)?, axes)),
            None => None,
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut network = Self {
            model,
            threads: Arc::new(ThreadPool::with_num_threads(threads)),
            input,
            input_id,
            logits,
            features,
            ending: found.ending,
            classes: 0,
            cells: None,
            producer,
        };
        network.try_out(side)?;
        Ok(network)
    }

    pub fn input(&self) -> &Input {
        &self.input
    }

    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    pub fn class_count(&self) -> usize {
        self.classes
    }

    /// Side of one cell of the feature map, in input pixels.
    pub fn cell(&self) -> Option<usize> {
        Some(self.input.side.unwrap_or(USUAL_SIDE) / self.cells?.max(1))
    }

    /// For the user.
    pub fn name(&self) -> String {
        format!("ONNX network{}", self.producer)
    }

    fn run_all(&self, pictures: &[&[f32]], side: usize) -> Result<Vec<Forward>, ModelError> {
        if let Some(own) = self.input.side.filter(|&own| own != side) {
            return Err(unusable(format!(
                "it takes pictures of {own}×{own} pixels, not {side}×{side}; give --crop {own}"
            )));
        }
        let at_once = self.input.batch.unwrap_or(BATCH);
        let mut forwards = Vec::with_capacity(pictures.len());
        for pictures in pictures.chunks(at_once) {
            // A network for a fixed number of pictures gets empty ones beside the last.
            let count = self.input.batch.unwrap_or(pictures.len());
            let batch = protected(|| self.run(pictures, count, side))?;
            forwards.extend(batch.into_iter().take(pictures.len()));
        }
        Ok(forwards)
    }

    fn run(
        &self,
        pictures: &[&[f32]],
        count: usize,
        side: usize,
    ) -> Result<Vec<Forward>, ModelError> {
        let input = values::of_pictures(&self.input, pictures, count, side);
        let mut outputs = vec![self.logits];
        outputs.extend(self.features.map(|(id, _)| id));
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let values = self.model.run(vec![(self.input_id, input.into())], &outputs, Some(options));
        let mut values = values.map_err(unusable)?.into_iter();
        let mut next = || match values.next() {
            Some(Value::FloatTensor(tensor)) => Ok(tensor),
            _ => Err(unusable("its output is not made of floating-point numbers")),
        };
        let logits = next()?;
        let classes = values::classes(logits.shape(), count)?;
        let logits = logits.to_vec();
        if let Some(bad) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(ModelError::NotFinite(*bad));
        }
        let features = match self.features {
            Some((_, axes)) => {
                values::feature_maps(&next()?, axes)?.into_iter().map(Some).collect()
            }
            None => vec![None; count],
        };
        let forwards = logits.chunks_exact(classes).zip(features);
        Ok(forwards
            .map(|(logits, features)| Forward { logits: logits.to_vec(), features, conv2: None })
            .collect())
    }
}

/// How pictures go in, and where the logits are: what a file says without being run.
fn understand(proto: &GraphProto) -> Result<(Input, ending::Found), ModelError> {
    let graph = Graph::new(proto).map_err(unusable)?;
    limits::check(&graph).map_err(unusable)?;
    let input = Input::of(&graph).map_err(unusable)?;
    Ok((input, ending::find(&graph, output::of_classes(&graph).map_err(unusable)?)))
}

/// Looks at a network without running it.
///
/// # Errors
/// What is not understood, or asks for too much.
pub fn check(file: &mut OnnxFile) -> Result<(), ModelError> {
    let proto = file.model.graph.as_mut().ok_or_else(|| unusable("it has no graph"))?;
    repair::repair(proto);
    understand(proto).map(drop)
}

impl RunGraph for OnnxNetwork {
    fn forward(&self, pictures: &[&[f32]], side: usize) -> Result<Vec<Forward>, ModelError> {
        self.run_all(pictures, side)
    }
}

fn unusable(what: impl std::fmt::Display) -> ModelError {
    let what = what.to_string();
    // `rten` says which operator it does not know, in words that are not everybody's.
    let unknown = what.split_once(" operator not supported").map(|(before, _)| before);
    match unknown.and_then(|before| before.rsplit(' ').next()) {
        Some(name) => ModelError::Graph(CleanText::new(&format!(
            "it uses the operator {name}, which glasstree does not run"
        ))),
        None => ModelError::Graph(CleanText::new(&what)),
    }
}

/// Whatever goes wrong inside `rten` must not end the thread of the engine.
fn protected<T>(run: impl FnOnce() -> Result<T, ModelError>) -> Result<T, ModelError> {
    let result = catch_unwind(AssertUnwindSafe(run));
    result.unwrap_or_else(|_| Err(unusable("running it failed inside rten")))
}

fn producer(model: &ModelProto) -> String {
    let clean = |text: &Option<String>| CleanText::short(text.as_deref().unwrap_or_default());
    let (name, version) = (clean(&model.producer_name), clean(&model.producer_version));
    match (name.as_str(), version.as_str()) {
        ("", _) => String::new(),
        (name, "") => format!(" ({name})"),
        (name, version) => format!(" ({name} {version})"),
    }
}

/// Whether all sizes that follow from the input are sane.
fn check_shapes(model: &Model) -> Result<(), ModelError> {
    for &id in model.output_ids() {
        let shape = model.node_info(id).and_then(|info| info.shape()).unwrap_or_default();
        let sizes = shape.iter().map(|dimension| match dimension {
            Dimension::Fixed(size) => *size as f64,
            Dimension::Symbolic(_) => 1.0,
        });
        if sizes.product::<f64>() > limits::MAX_NUMBERS {
            return Err(unusable("its output is too large"));
        }
    }
    Ok(())
}
