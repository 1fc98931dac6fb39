//! What nodes do to pooled features, as long as that is linear, in the ways in which it is written.

use rten_onnx::onnx::NodeProto;

use super::super::graph::{Array, Graph, float, int, op};
use super::layers::{Layer, What, each};
use super::{input, is_reshape, pooling, rounded, skip_reshapes};
use crate::explain::Head;

/// What a node does to a vector, if that is linear. `is_behind_pooling`: whether a mean over all
/// places is known to come before it.
pub fn of<'a>(
    graph: &Graph<'a>,
    node: &'a NodeProto,
    is_behind_pooling: bool,
) -> Option<Layer<'a>> {
    let matrix = |input, head| Some(Layer { input, what: What::Matrix(head), is_rounded: false });
    match op(node) {
        "Gemm" => {
            let mut weight = graph.constant(input(node, 1))?;
            // A Gemm multiplies [N, K] by [K, M], or [M, K] turned over.
            if int(node, "transB").unwrap_or(0) == 0 {
                weight = weight.transposed();
            }
            if int(node, "transA").unwrap_or(0) != 0 {
                return None;
            }
            let mut bias = match input(node, 2) {
                "" => None,
                bias => Some(graph.constant(bias)?),
            };
            let (alpha, beta) = (float(node, "alpha"), float(node, "beta"));
            weight.values.iter_mut().for_each(|it| *it *= alpha.unwrap_or(1.0));
            bias.iter_mut().flat_map(|it| &mut it.values).for_each(|it| *it *= beta.unwrap_or(1.0));
            matrix(input(node, 0), head(weight, bias)?)
        }
        "MatMul" => {
            let weight = graph.constant(input(node, 1))?.transposed();
            matrix(input(node, 0), head(weight, None)?)
        }
        // A filter of one place can as well be one of many places that are averaged later, so that
        // it counts only where the pooling comes before it.
        "Conv" if is_behind_pooling || is_pooled_before(graph, input(node, 0)) => {
            let weight = graph.constant(input(node, 1))?;
            let &[classes, channels, 1, 1] = weight.shape.as_slice() else { return None };
            let weight = Array { shape: vec![classes, channels], ..weight };
            let bias = match input(node, 2) {
                "" => None,
                bias => Some(graph.constant(bias)?),
            };
            matrix(input(node, 0), head(weight, bias)?)
        }
        "BatchNormalization" => {
            let [gamma, beta, mean, variance] =
                [1, 2, 3, 4].map(|index| Some(graph.constant(input(node, index))?.values));
            // The default of the standard.
            let epsilon = float(node, "epsilon").unwrap_or(1e-5);
            let scale = each(&gamma?, &variance?, |gamma, it| gamma / (it + epsilon).sqrt())?;
            let moved = each(&scale, &mean?, |scale, mean| -scale * mean)?;
            let shift = each(&moved, &beta?, |a, b| a + b)?;
            let what = What::Each { scale, shift };
            Some(Layer { input: input(node, 0), what, is_rounded: false })
        }
        "Mul" if graph.constant(input(node, 0)).or(graph.constant(input(node, 1))).is_none() => {
            of_integers(graph, node)
        }
        "Add" | "Sub" | "Mul" | "Div" => elementwise(graph, node),
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

fn is_pooled_before<'a>(graph: &Graph<'a>, mut value: &'a str) -> bool {
    while pooling::of(graph, value).is_none() {
        let Some(node) = graph.maker(value) else { return false };
        let is_one_place = || {
            let weight = graph.dims(input(node, 1));
            op(node) != "Conv" || matches!(weight, Some([_, _, 1, 1]))
        };
        let is_passed = is_reshape(graph, node)
            || ["Transpose", "Conv", "BatchNormalization"].contains(&op(node)) && is_one_place();
        value = match rounded(graph, node) {
            Some(before) => before,
            None if is_passed => input(node, 0),
            None => return false,
        };
    }
    true
}

/// A constant added, subtracted, multiplied or divided by.
fn elementwise<'a>(graph: &Graph<'a>, node: &'a NodeProto) -> Option<Layer<'a>> {
    let (a, b) = (input(node, 0), input(node, 1));
    let (input, constant, is_first) = match graph.constant(b) {
        Some(constant) => (a, constant.values, false),
        None => (b, graph.constant(a)?.values, true),
    };
    let negative = |values: &[f32]| values.iter().map(|value| -value).collect();
    let (scale, shift) = match (op(node), is_first) {
        ("Add", _) => (vec![1.0], constant),
        ("Sub", false) => (vec![1.0], negative(&constant)),
        ("Sub", true) => (vec![-1.0], constant),
        ("Mul", _) => (constant, vec![0.0]),
        ("Div", false) => (constant.iter().map(|value| 1.0 / value).collect(), vec![0.0]),
        _ => return None,
    };
    Some(Layer { input, what: What::Each { scale, shift }, is_rounded: false })
}

/// A product of whole numbers, times the scales of its two sides, as onnxruntime quantises linear
/// layers while they run. The scale of the picture's side is left out; it is one for all classes.
fn of_integers<'a>(graph: &Graph<'a>, node: &'a NodeProto) -> Option<Layer<'a>> {
    let made_by = |value: &'a str, name: &str| {
        graph.maker(skip_reshapes(graph, value)).filter(|node| op(node) == name)
    };
    let sides = [(0, 1), (1, 0)].map(|(a, b)| (input(node, a), input(node, b)));
    let mut found = sides.into_iter();
    let (product, scales) =
        found.find_map(|(a, b)| Some((made_by(a, "MatMulInteger")?, made_by(b, "Mul")?)))?;
    let picture = made_by(input(product, 0), "DynamicQuantizeLinear")?;
    let scale = graph.constant(input(scales, 1)).or_else(|| graph.constant(input(scales, 0)))?;
    let weight = graph.constant(input(product, 1))?;
    let zero = graph.constant(input(product, 3)).map_or(vec![0.0], |array| array.values);
    let &[channels, classes] = weight.shape.as_slice() else { return None };
    let rows = weight.values.chunks_exact(classes.max(1));
    let rows: Option<Vec<Vec<f32>>> = rows
        .map(|row| each(&each(row, &zero, |w, zero| w - zero)?, &scale.values, |w, s| w * s))
        .collect();
    let values = rows?.concat();
    let weight = Array { shape: vec![channels, classes], values }.transposed();
    let what = What::Matrix(head(weight, None)?);
    Some(Layer { input: input(picture, 0), what, is_rounded: true })
}
