//! Layer norms behind the pooling.

use super::super::graph::{Graph, float, op};
use super::input;
use crate::explain::LayerNorm;

/// The value before a layer norm that ends in `value`, in one node or in nine.
pub fn of<'a>(graph: &Graph<'a>, value: &'a str) -> Option<(&'a str, LayerNorm)> {
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
