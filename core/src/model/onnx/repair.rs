//! Graphs that the standard or onnxruntime allow, in the form in which `rten` takes them.

mod functions;
mod nodes;
mod order;
mod quantised;

use std::collections::HashMap;

use rten_onnx::onnx::{GraphProto, NodeProto};

pub use self::quantised::as_defined;
use super::graph::{ints, op};

/// Changes nothing of what the network computes.
pub fn repair(graph: &mut GraphProto) {
    order::sort(graph);
    let shapes = shapes(graph);
    let nodes = std::mem::take(&mut graph.node);
    for mut node in nodes {
        // Errors name nodes, and many files do not.
        if node.name.as_ref().is_none_or(String::is_empty) {
            node.name.clone_from(&node.op_type);
        }
        match op(&node) {
            // Only training drops anything.
            "Dropout" => {
                node.op_type = Some("Identity".to_owned());
                node.input.truncate(1);
                node.output.truncate(1);
                node.attribute.clear();
                graph.node.push(node);
            }
            "Conv" | "ConvInteger" | "ConvTranspose" => {
                name_kernel(&mut node, &shapes);
                graph.node.push(node);
            }
            "AveragePool" | "MaxPool" | "LpPool" => {
                name_strides(&mut node);
                graph.node.push(node);
            }
            _ => {
                let second = node.input.get(1).and_then(|weight| shapes.get(weight));
                let numbers = second.and_then(|dims| dims.iter().product::<i64>().try_into().ok());
                match functions::replace(&node, numbers) {
                    Some(parts) => {
                        graph.initializer.extend(parts.weights);
                        graph.node.extend(parts.nodes);
                    }
                    None => graph.node.push(node),
                }
            }
        }
    }
}

/// Shapes of the weights.
fn shapes(graph: &GraphProto) -> HashMap<String, Vec<i64>> {
    let initializers = graph.initializer.iter().map(|tensor| (tensor.name.as_ref(), tensor));
    let constants = graph.node.iter().filter(|node| op(node) == "Constant").filter_map(|node| {
        let tensor = node.attribute.iter().find_map(|it| it.t.as_ref())?;
        Some((node.output.first(), tensor))
    });
    let all = initializers.chain(constants);
    all.filter_map(|(name, tensor)| Some((name?.clone(), tensor.dims.clone()))).collect()
}

/// `kernel_shape` may be left out, since the weight has it; `rten` counts the axes of a picture by
/// it.
fn name_kernel(node: &mut NodeProto, shapes: &HashMap<String, Vec<i64>>) {
    if ints(node, "kernel_shape").is_some() {
        return;
    }
    let shape = node.input.get(1).and_then(|weight| shapes.get(weight));
    let axes = shape.map_or(2, |shape| shape.len().saturating_sub(2));
    node.attribute.push(nodes::list("kernel_shape", &vec![1; axes]));
}

/// Strides of pools may be left out, too, and are one then.
fn name_strides(node: &mut NodeProto) {
    if ints(node, "strides").is_none() {
        let axes = ints(node, "kernel_shape").map_or(2, <[i64]>::len);
        node.attribute.push(nodes::list("strides", &vec![1; axes]));
    }
}
