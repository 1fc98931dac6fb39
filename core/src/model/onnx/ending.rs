//! From the output of a network back to the feature map that is pooled for it.

mod layers;
mod linear;
mod norm;
mod pooling;

use std::sync::Arc;

use rten_onnx::onnx::NodeProto;

use self::layers::Layers;
pub use self::pooling::MapAxes;
use super::graph::{Graph, op};
use crate::explain::{Ending, Head, LayerNorm, NoMaps};

/// What was found at the end of a network.
#[derive(Debug)]
pub struct Found {
    /// Name of the value that holds the logits; a softmax behind it is left out.
    pub logits: String,
    pub ending: Ending,
    /// Name and order of axes of the value that is averaged.
    pub features: Option<(String, MapAxes)>,
}

/// Where the walk came to an end.
enum End<'a> {
    /// At a feature map that is averaged.
    Map(&'a str, MapAxes),
    /// At this node, or at the beginning of the network.
    Node(Option<&'a NodeProto>),
}

/// Walks back from the value `output`.
pub fn find(graph: &Graph<'_>, output: &str) -> Found {
    let logits = without_softmax(graph, output);
    let mut walk = Walk { value: logits, layers: Layers::default(), norm: None, is_rounded: false };
    let end = walk.finish(graph);
    let Walk { layers, norm, is_rounded, .. } = walk;
    let (head, is_plain) = (layers.head.map(Arc::new), layers.is_plain);
    let other = |linear: Option<Arc<Head>>, why: &str| {
        (Ending::Other { linear, why: NoMaps(why.into()) }, None)
    };
    let (ending, features) = match (end, head, norm) {
        (End::Map(..), head, _) if is_rounded => {
            other(head, "what it pools is rounded to 8 bits before its linear layer reads it")
        }
        (End::Map(features, axes), Some(head), None) => {
            (Ending::Linear(head), Some((features.to_owned(), axes)))
        }
        (End::Map(features, axes), Some(head), Some(norm)) if norm.scale.len() == head.channels => {
            (Ending::NormLinear(head, norm), Some((features.to_owned(), axes)))
        }
        (End::Map(..), head @ Some(_), Some(_)) => {
            other(head, "the layer norm before its linear layer has another size")
        }
        // The map of a class is what is averaged: SqueezeNet, all-convolutional networks. How many
        // classes there are shows when it runs.
        (End::Map(features, axes), None, None) if is_plain => {
            let empty = Head { classes: 0, channels: 0, weight: vec![], bias: vec![] };
            (Ending::Linear(Arc::new(empty)), Some((features.to_owned(), axes)))
        }
        (End::Map(..) | End::Node(_), None, _) => other(None, "it ends in no linear layer"),
        (End::Node(node), head, _) => other(head, &instead(node)),
    };
    Found { logits: logits.to_owned(), ending, features }
}

/// A walk from the logits to the picture, as long as all that happens is linear.
struct Walk<'a> {
    value: &'a str,
    /// What makes the logits out of the value, except for the norm.
    layers: Layers,
    /// Between the value and the layers.
    norm: Option<LayerNorm>,
    /// Whether numbers are rounded to whole ones on the way (quantised networks).
    is_rounded: bool,
}

impl<'a> Walk<'a> {
    fn finish(&mut self, graph: &Graph<'a>) -> End<'a> {
        loop {
            if let Some((features, axes)) = pooling::of(graph, self.value) {
                return End::Map(features, axes);
            }
            let Some(node) = graph.maker(self.value) else { return End::Node(None) };
            if !self.step(graph, node) {
                return End::Node(Some(node));
            }
        }
    }

    /// One step towards the picture; false if it would not be linear.
    fn step(&mut self, graph: &Graph<'a>, node: &'a NodeProto) -> bool {
        // A transposition of averaged features moves axes of size one.
        if is_reshape(graph, node) || op(node) == "Transpose" {
            self.value = input(node, 0);
            return true;
        }
        if let Some(before) = reshaped_by_branch(node) {
            self.value = before;
            return true;
        }
        if let Some(before) = rounded(graph, node) {
            (self.value, self.is_rounded) = (before, true);
            return true;
        }
        if self.norm.is_some() {
            return false;
        }
        if self.layers.head.is_some()
            && let Some((before, norm)) = norm::of(graph, self.value)
        {
            (self.value, self.norm) = (before, Some(norm));
            return true;
        }
        let Some(layer) = linear::of(graph, node, self.layers.is_behind_pooling) else {
            return false;
        };
        self.layers.is_behind_pooling |= op(node) == "Conv";
        self.is_rounded |= layer.is_rounded;
        self.value = layer.input;
        self.layers.put_before(layer.what)
    }
}

fn input(node: &NodeProto, index: usize) -> &str {
    node.input.get(index).map_or("", String::as_str)
}

/// Nodes that change neither numbers nor, for pooled features, their order.
fn is_reshape(graph: &Graph<'_>, node: &NodeProto) -> bool {
    match op(node) {
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" | "Identity" | "Dropout" | "Cast" => true,
        // PyTorch's `as_strided` comes out as a gathering of all numbers in their order.
        "Gather" => graph.constant(input(node, 1)).is_some_and(|indices| {
            let count = indices.values.len();
            count > 1 && indices.values.iter().enumerate().all(|(i, &index)| index == i as f32)
        }),
        _ => false,
    }
}

/// What PyTorch's `squeeze()` of unknown sizes becomes: either way, the same numbers.
fn reshaped_by_branch(node: &NodeProto) -> Option<&str> {
    let branches = node.attribute.iter().filter_map(|it| it.g.as_ref());
    let mut before = branches.map(|graph| {
        let mut nodes = graph.node.iter().filter(|node| op(node) != "Constant");
        let (node, rest) = (nodes.next()?, nodes.next());
        let is_plain =
            ["Squeeze", "Unsqueeze", "Identity", "Reshape", "Flatten"].contains(&op(node));
        (is_plain && rest.is_none()).then(|| input(node, 0))
    });
    let first = before.next().filter(|_| op(node) == "If")??;
    before.all(|other| other == Some(first)).then_some(first)
}

fn skip_reshapes<'a>(graph: &Graph<'a>, mut value: &'a str) -> &'a str {
    while let Some(node) = graph.maker(value).filter(|node| is_reshape(graph, node)) {
        value = input(node, 0);
    }
    value
}

/// The value before it was rounded to whole numbers and made a float again.
fn rounded<'a>(graph: &Graph<'a>, node: &'a NodeProto) -> Option<&'a str> {
    let quantised = graph.maker(input(node, 0)).filter(|_| op(node) == "DequantizeLinear")?;
    (op(quantised) == "QuantizeLinear").then(|| input(quantised, 0))
}

/// What goes into the softmax at the end, if there is one. A sigmoid is left out as well.
fn without_softmax<'a>(graph: &Graph<'a>, output: &'a str) -> &'a str {
    let bare = skip_reshapes(graph, output);
    match graph.maker(bare) {
        Some(node) if ["Softmax", "LogSoftmax", "Sigmoid"].contains(&op(node)) => input(node, 0),
        _ => output,
    }
}

/// What comes before the linear layer, where it is not the mean of a map.
fn instead(node: Option<&NodeProto>) -> String {
    match node.map(op) {
        None => "it averages no feature map".to_owned(),
        Some("Gather" | "Slice" | "Split" | "GatherElements") => {
            "its linear layer reads a single token, not the mean over all places".to_owned()
        }
        Some("MaxPool" | "GlobalMaxPool" | "ReduceMax") => {
            "its linear layer reads the largest value of each channel, not the mean".to_owned()
        }
        Some(other) => format!(
            "its linear layer reads the output of {}, not the mean of a feature map over all \
             places",
            crate::text::CleanText::short(other)
        ),
    }
}
