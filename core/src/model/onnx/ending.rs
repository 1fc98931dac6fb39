//! From the output of a network back to the feature map that is pooled for it.

use std::sync::Arc;

use rten_onnx::onnx::NodeProto;

use super::graph::{Array, Graph, float, int, ints, op};
use crate::explain::{Ending, Head, LayerNorm, NoMaps};
use crate::text::CleanText;

/// What was found at the end of a network.
#[derive(Debug)]
pub struct Found {
    /// Name of the value that holds the logits; a softmax behind it is left out.
    pub logits: String,
    pub ending: Ending,
    /// Name and order of axes of the value that is averaged.
    pub features: Option<(String, MapAxes)>,
}

/// In which order a feature map is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapAxes {
    /// `[N, C, H, W]`
    ChannelsFirst,
    /// `[N, H, W, C]`
    ChannelsLast,
    /// `[N, H·W, C]`, as in transformers.
    Tokens,
}

/// The two ways in which a linear layer is written have the same meaning.
struct Linear<'a> {
    input: &'a str,
    head: Head,
}

/// Walks back from the value `output`.
pub fn find(graph: &Graph<'_>, output: &str) -> Found {
    let logits = without_softmax(graph, output);
    let linear = linear(graph, skip_reshapes(graph, logits));
    let (logits, start) = match &linear {
        Some(linear) => (logits, linear.input),
        None => (logits, logits),
    };
    let head = linear.map(|linear| Arc::new(linear.head));
    let found = |ending, features| Found { logits: logits.to_owned(), ending, features };
    match pooled(graph, start) {
        Ok(Pooled { features, axes, norm }) => {
            let ending = match (head, norm) {
                (Some(head), None) => Ending::Linear(head),
                (Some(head), Some(norm)) if norm.scale.len() == head.channels => {
                    Ending::NormLinear(head, norm)
                }
                (linear @ Some(_), Some(_)) => {
                    let why = "the layer norm before its linear layer has another size";
                    Ending::Other { linear, why: NoMaps(CleanText::new(why).as_str().into()) }
                }
                (None, _) => {
                    // The map of a class is what is averaged: SqueezeNet, all-convolutional
                    // networks. How many classes there are shows when it runs.
                    let empty = Head { classes: 0, channels: 0, weight: vec![], bias: vec![] };
                    Ending::Linear(Arc::new(empty))
                }
            };
            found(ending, Some((features.to_owned(), axes)))
        }
        Err(why) => {
            let why = match head {
                Some(_) => why,
                None => "it ends in no linear layer".to_owned(),
            };
            found(
                Ending::Other { linear: head, why: NoMaps(CleanText::new(&why).as_str().into()) },
                None,
            )
        }
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

fn skip_reshapes<'a>(graph: &Graph<'a>, mut value: &'a str) -> &'a str {
    while let Some(node) = graph.maker(value).filter(|node| is_reshape(graph, node)) {
        value = input(node, 0);
    }
    value
}

/// What goes into the softmax at the end, if there is one. A sigmoid is left out as well.
fn without_softmax<'a>(graph: &Graph<'a>, output: &'a str) -> &'a str {
    let bare = skip_reshapes(graph, output);
    match graph.maker(bare) {
        Some(node) if ["Softmax", "LogSoftmax", "Sigmoid"].contains(&op(node)) => input(node, 0),
        _ => output,
    }
}

/// `Gemm`, `MatMul` with or without `Add`, or a 1×1 convolution of a single place.
fn linear<'a>(graph: &Graph<'a>, value: &'a str) -> Option<Linear<'a>> {
    let node = graph.maker(value)?;
    match op(node) {
        "Gemm" => {
            let weight = graph.constant(input(node, 1))?;
            // A Gemm multiplies [N, K] by [K, M], or [M, K] turned over.
            let weight = if int(node, "transB") == Some(1) { weight } else { weight.transposed() };
            let (alpha, beta) = (float(node, "alpha"), float(node, "beta"));
            let is_plain = alpha.is_none_or(|it| it == 1.0) && beta.is_none_or(|it| it == 1.0);
            let is_turned = int(node, "transA").is_some_and(|it| it != 0);
            if !is_plain || is_turned {
                return None;
            }
            let bias = match input(node, 2) {
                "" => None,
                bias => Some(graph.constant(bias)?),
            };
            Some(Linear { input: input(node, 0), head: head(weight, bias)? })
        }
        "MatMul" => {
            let weight = graph.constant(input(node, 1))?.transposed();
            Some(Linear { input: input(node, 0), head: head(weight, None)? })
        }
        "Add" => {
            let (product, bias) = match graph.constant(input(node, 1)) {
                Some(bias) => (input(node, 0), bias),
                None => (input(node, 1), graph.constant(input(node, 0))?),
            };
            let product = graph.maker(product).filter(|node| op(node) == "MatMul")?;
            let weight = graph.constant(input(product, 1))?.transposed();
            Some(Linear { input: input(product, 0), head: head(weight, Some(bias))? })
        }
        "Conv" => {
            // A filter of one place can as well be one of many places that are averaged later, so
            // that it counts only where the pooling comes before it.
            pooled(graph, input(node, 0)).ok()?;
            let weight = graph.constant(input(node, 1))?;
            let &[classes, channels, 1, 1] = weight.shape.as_slice() else { return None };
            let weight = Array { shape: vec![classes, channels], ..weight };
            let bias = match input(node, 2) {
                "" => None,
                bias => Some(graph.constant(bias)?),
            };
            Some(Linear { input: input(node, 0), head: head(weight, bias)? })
        }
        _ => None,
    }
}

/// `weight` is `[classes, channels]`.
fn head(weight: Array, bias: Option<Array>) -> Option<Head> {
    let &[classes, channels] = weight.shape.as_slice() else { return None };
    let bias = match bias.map(|bias| bias.values) {
        None => vec![0.0; classes],
        Some(bias) if bias.len() == classes => bias,
        Some(bias) if bias.len() == 1 => vec![bias[0]; classes],
        Some(_) => return None,
    };
    Some(Head { classes, channels, weight: weight.values, bias })
}

struct Pooled<'a> {
    features: &'a str,
    axes: MapAxes,
    norm: Option<LayerNorm>,
}

/// The feature map whose mean a value is, perhaps with a layer norm on the way.
///
/// # Errors
/// What lies there instead, in words.
fn pooled<'a>(graph: &Graph<'a>, start: &'a str) -> Result<Pooled<'a>, String> {
    let (mut value, mut norm) = (start, None);
    loop {
        let Some(node) = graph.maker(value) else {
            return Err("no feature map is averaged in it".to_owned());
        };
        // A transposition of averaged features moves axes of size one.
        if is_reshape(graph, node) || op(node) == "Transpose" {
            value = input(node, 0);
            continue;
        }
        let features = input(node, 0);
        let axes = match op(node) {
            "GlobalAveragePool" | "AveragePool" => Some(MapAxes::ChannelsFirst),
            "ReduceMean" => mean_axes(graph, node),
            _ => None,
        };
        if let Some(axes) = axes {
            // The mean over all places of a map whose places were put in one row before.
            let row = graph.maker(features).filter(|node| is_reshape(graph, node));
            return Ok(match (axes, row) {
                (MapAxes::ChannelsFirst, Some(node)) if mean_is_over_last(graph, value) => {
                    Pooled { features: input(node, 0), axes, norm }
                }
                _ => Pooled { features, axes, norm },
            });
        }
        match layer_norm(graph, value) {
            Some((before, found)) if norm.is_none() => {
                (value, norm) = (before, Some(found));
            }
            _ => return Err(instead(op(node))),
        }
    }
}

/// Which axes a `ReduceMean` averages: an attribute, since opset 18 an input.
fn reduced(graph: &Graph<'_>, node: &NodeProto) -> Vec<i64> {
    let mut axes = match ints(node, "axes") {
        Some(axes) => axes.to_vec(),
        None => graph
            .constant(input(node, 1))
            .map_or(Vec::new(), |array| array.values.iter().map(|&axis| axis as i64).collect()),
    };
    axes.sort_unstable();
    axes
}

fn mean_axes(graph: &Graph<'_>, node: &NodeProto) -> Option<MapAxes> {
    match reduced(graph, node)[..] {
        [2, 3] | [-2, -1] | [2] | [-1] => Some(MapAxes::ChannelsFirst),
        [1, 2] | [-3, -2] => Some(MapAxes::ChannelsLast),
        [1] | [-2] => Some(MapAxes::Tokens),
        _ => None,
    }
}

fn mean_is_over_last(graph: &Graph<'_>, value: &str) -> bool {
    let node = graph.maker(value).filter(|node| op(node) == "ReduceMean");
    node.is_some_and(|node| matches!(reduced(graph, node)[..], [2] | [-1]))
}

/// The value before a layer norm that ends in `value`, in one node or in nine.
fn layer_norm<'a>(graph: &Graph<'a>, value: &'a str) -> Option<(&'a str, LayerNorm)> {
    let node = graph.maker(value)?;
    if op(node) == "LayerNormalization" {
        let scale = graph.constant(input(node, 1))?.values;
        let shift = graph.constant(input(node, 2));
        let shift = shift.map_or_else(|| vec![0.0; scale.len()], |array| array.values);
        // The default of the standard.
        let epsilon = float(node, "epsilon").unwrap_or(1e-5);
        return Some((input(node, 0), LayerNorm { scale, shift, epsilon }));
    }
    // (x − mean(x)) / sqrt(mean((x − mean(x))²) + ε) · γ + β
    let (scaled, shift) = with_constant(graph, value, "Add")?;
    let (normed, scale) = with_constant(graph, scaled, "Mul")?;
    let division = graph.maker(normed).filter(|node| op(node) == "Div")?;
    let centred = graph.maker(input(division, 0)).filter(|node| op(node) == "Sub")?;
    let root = graph.maker(input(division, 1)).filter(|node| op(node) == "Sqrt")?;
    let (variance, epsilon) = with_constant(graph, input(root, 0), "Add")?;
    let is_mean = |value| graph.maker(value).is_some_and(|node| op(node) == "ReduceMean");
    if !is_mean(variance) || !is_mean(input(centred, 1)) {
        return None;
    }
    let epsilon = epsilon.first().copied()?;
    Some((input(centred, 0), LayerNorm { scale, shift, epsilon }))
}

/// The two sides of a sum or product with a constant.
fn with_constant<'a>(graph: &Graph<'a>, value: &str, name: &str) -> Option<(&'a str, Vec<f32>)> {
    let node = graph.maker(value).filter(|node| op(node) == name)?;
    let (a, b) = (input(node, 0), input(node, 1));
    match graph.constant(b) {
        Some(constant) => Some((a, constant.values)),
        None => Some((b, graph.constant(a)?.values)),
    }
}

/// What comes before the linear layer, where it is not the mean of a map.
fn instead(op: &str) -> String {
    match op {
        "Gather" | "Slice" | "Split" | "GatherElements" => {
            "its linear layer reads a single token, not the mean over all places".to_owned()
        }
        "MaxPool" | "GlobalMaxPool" | "ReduceMax" => {
            "its linear layer reads the largest value of each channel, not the mean".to_owned()
        }
        other => format!(
            "its linear layer reads the output of {other}, not the mean of a feature map over all \
             places"
        ),
    }
}
