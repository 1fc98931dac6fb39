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
mod repair;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use rten_onnx::onnx::{GraphProto, ModelProto, ValueInfoProto};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use self::ending::MapAxes;
use self::graph::Graph;
use self::input::Input;
use super::{ModelError, RunGraph};
use crate::checkpoint::OnnxFile;
use crate::explain::{Ending, FeatureMap, Forward, Head, NoMaps};
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
        let input = self.input_value(pictures, count, side);
        let mut outputs = vec![self.logits];
        outputs.extend(self.features.map(|(id, _)| id));
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let values = self.model.run(vec![(self.input_id, input.into())], &outputs, Some(options));
        let mut values = values.map_err(unusable)?.into_iter();
        let mut next = || match values.next() {
            Some(Value::FloatTensor(tensor)) => Ok(tensor),
            _ => Err(unusable("its result is not made of floats")),
        };
        let logits = next()?;
        let classes = classes(logits.shape(), count)?;
        let logits = logits.to_vec();
        if let Some(bad) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(ModelError::NotFinite(*bad));
        }
        let features = match self.features {
            Some((_, axes)) => feature_maps(&next()?, axes)?.into_iter().map(Some).collect(),
            None => vec![None; count],
        };
        let forwards = logits.chunks_exact(classes).zip(features);
        Ok(forwards
            .map(|(logits, features)| Forward { logits: logits.to_vec(), features, conv2: None })
            .collect())
    }

    /// The pictures in the order of axes and the kind of numbers that the network takes.
    fn input_value(&self, pictures: &[&[f32]], count: usize, side: usize) -> Value {
        let Input { channels, channels_last, is_bytes, .. } = self.input;
        let places = side * side;
        let mut chw = Vec::with_capacity(count * channels * places);
        for picture in pictures {
            match channels {
                1 => chw.extend((0..places).map(|at| grey(picture, at, places))),
                _ => chw.extend_from_slice(picture),
            }
        }
        chw.resize(count * channels * places, 0.0);
        let mut tensor = NdTensor::from_data([count, channels, side, side], chw);
        if channels_last {
            tensor = tensor.permuted([0, 2, 3, 1]).to_tensor();
        }
        match is_bytes {
            // Rounding, since pixels were divided and multiplied by 255 on the way.
            true => Value::from(tensor.map(|&value| value.round().clamp(0.0, 255.0) as u8)),
            false => Value::from(tensor),
        }
    }

    /// Runs the network once on a made-up picture, and believes of its ending what the numbers
    /// confirm.
    fn try_out(&mut self, side: usize) -> Result<(), ModelError> {
        let picture = made_up_picture(side);
        let forward = self.run_all(&[&picture], side)?;
        let Some(Forward { logits, features, .. }) = forward.into_iter().next() else {
            return Err(unusable("it returned nothing"));
        };
        self.classes = logits.len();
        if let (Ending::Linear(head), Some(features)) = (&self.ending, &features)
            && head.classes == 0
            && features.channels == logits.len()
        {
            self.ending = Ending::Linear(Arc::new(Head::identity(logits.len())));
        }
        let adds_up = match self.ending.head_for(features.as_ref()) {
            Ok(head) => features.as_ref().is_some_and(|map| adds_up(map, &head, &logits)),
            Err(_) => false,
        };
        if adds_up {
            self.cells = features.map(|features| features.height);
            return Ok(());
        }
        self.features = None;
        let linear = self.ending.linear().filter(|head| head.classes == logits.len()).cloned();
        let why = match &self.ending {
            Ending::Other { why, .. } => why.clone(),
            Ending::Linear(_) | Ending::NormLinear(..) => {
                NoMaps("its last feature map and linear layer do not give its logits".into())
            }
        };
        self.ending = Ending::Other { linear, why };
        Ok(())
    }
}

/// How pictures go in, and where the logits are: what a file says without being run.
fn understand(proto: &GraphProto) -> Result<(Input, ending::Found), ModelError> {
    let graph = Graph::new(proto).map_err(unusable)?;
    limits::check(&graph).map_err(unusable)?;
    let input = Input::of(&graph).map_err(unusable)?;
    Ok((input, ending::find(&graph, output(&graph).map_err(unusable)?)))
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
    ModelError::Graph(CleanText::new(&what.to_string()))
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

/// The output that holds one number per class: the first one that is said to be a matrix.
fn output<'a>(graph: &Graph<'a>) -> Result<&'a str, String> {
    let GraphProto { output, .. } = graph.proto;
    let rank = |value: &ValueInfoProto| {
        let tensor = value.r#type.as_ref()?.tensor_type.as_ref()?;
        Some(tensor.shape.as_ref()?.dim.len())
    };
    let first = output.iter().find(|value| rank(value) == Some(2)).or(output.first());
    first.and_then(|value| value.name.as_deref()).ok_or_else(|| "it has no output".to_owned())
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
            return Err(unusable("its result is too large"));
        }
    }
    Ok(())
}

/// How many classes a result of `count` pictures has.
fn classes(shape: &[usize], count: usize) -> Result<usize, ModelError> {
    let numbers: usize = shape.iter().product();
    let places: usize = shape.iter().skip(2).product();
    match numbers.checked_div(count) {
        Some(classes) if shape.first() == Some(&count) && places == 1 && classes > 0 => Ok(classes),
        _ => Err(unusable(format!(
            "its result has shape {shape:?}; a classifier gives one number per class"
        ))),
    }
}

/// One map `[C, H, W]` per picture.
fn feature_maps(tensor: &Tensor<f32>, axes: MapAxes) -> Result<Vec<FeatureMap>, ModelError> {
    let odd = || unusable(format!("its feature map has the odd shape {:?}", tensor.shape()));
    let maps = match (axes, tensor.shape()) {
        (MapAxes::ChannelsFirst, &[_, _, _, _]) => tensor.as_dyn().to_tensor(),
        (MapAxes::ChannelsLast, &[_, _, _, _]) => tensor.permuted(&[0, 3, 1, 2]).to_tensor(),
        (MapAxes::Tokens, &[count, tokens, channels]) => {
            let side = tokens.isqrt();
            if side * side != tokens {
                return Err(odd());
            }
            let turned = tensor.permuted(&[0, 2, 1]).to_vec();
            Tensor::from_data(&[count, channels, side, side], turned)
        }
        _ => return Err(odd()),
    };
    let &[_, channels, height, width] = maps.shape() else { return Err(odd()) };
    let size = channels * height * width;
    let data = maps.to_vec();
    let map = |data: &[f32]| FeatureMap { channels, height, width, data: data.to_vec() };
    Ok(data.chunks_exact(size.max(1)).map(map).collect())
}

/// Luma of a picture `[3, H, W]` at one place (ITU-R 601), as Pillow's mode `L`.
fn grey(picture: &[f32], at: usize, places: usize) -> f32 {
    let colour = |channel: usize| picture.get(channel * places + at).copied().unwrap_or_default();
    0.299 * colour(0) + 0.587 * colour(1) + 0.114 * colour(2)
}

/// Waves of all colours and lengths, in the range of normalised pixels.
fn made_up_picture(side: usize) -> Vec<f32> {
    let places = side * side;
    let wave = |at: usize| {
        let (channel, x, y) = (at / places, at % side, at / side % side);
        let phase = (x * (channel + 1)) as f32 * 0.13 + (y * y % 97) as f32 * 0.31;
        1.5 * phase.sin() + 0.3
    };
    (0..3 * places).map(wave).collect()
}

/// Whether the linear layer makes the logits out of the mean of the map. Rounding stays a hundred
/// times below the tolerance.
fn adds_up(features: &FeatureMap, head: &Head, logits: &[f32]) -> bool {
    if head.channels != features.channels || head.classes != logits.len() {
        return false;
    }
    let pooled = features.pooled();
    (0..head.classes).all(|class| {
        let products = head.row(class).iter().zip(&pooled).map(|(&w, &x)| f64::from(w * x));
        let (sum, size) = products.fold((0.0, 0.0), |(sum, size), it| (sum + it, size + it.abs()));
        let bias = f64::from(head.bias[class]);
        let error = (sum + bias - f64::from(logits[class])).abs();
        error <= 1e-3 * (size + bias.abs()).max(1.0)
    })
}
