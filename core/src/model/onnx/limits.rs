//! What a small file could make a computer do: nodes that make much out of little.
//!
//! `rten` does what a network says, however long and large. So loops are refused, as are nodes
//! whose own constants ask for huge outputs; what follows from the size of the picture is checked
//! once the shapes are known.

use rten_onnx::onnx::{GraphProto, NodeProto};

use super::graph::{Graph, int, ints, op};

/// Most numbers in one value: 1 GiB of floats. A batch of large pictures has some ten million in
/// its largest feature map.
pub const MAX_NUMBERS: f64 = (1_u64 << 28) as f64;

/// Most nodes; the largest published classifiers have some thousands.
const MAX_NODES: usize = 100_000;

/// Nodes that run a part of the network as often as they like, or draw random numbers.
const REFUSED: [&str; 8] = [
    "Loop",
    "Scan",
    "SequenceMap",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Multinomial",
];

/// # Errors
/// The node that asks for too much, in words.
pub fn check(graph: &Graph<'_>) -> Result<(), String> {
    let mut nodes = 0;
    check_ops(graph.proto, &mut nodes)?;
    graph.proto.node.iter().try_for_each(|node| check_size(graph, node))
}

fn check_ops(graph: &GraphProto, nodes: &mut usize) -> Result<(), String> {
    for node in &graph.node {
        *nodes += 1;
        if *nodes > MAX_NODES {
            return Err(format!("it has more than {MAX_NODES} nodes"));
        }
        if REFUSED.contains(&op(node)) {
            return Err(format!("it uses the operator {}, which glasstree does not run", op(node)));
        }
        let counts_axes = ["Add", "Sub", "Mul", "Div", "Pow"].contains(&op(node));
        if counts_axes && int(node, "axis").is_some() {
            let op = op(node);
            return Err(format!(
                "its operator {op} counts axes as before opset 7; convert the file with \
                 onnx.version_converter"
            ));
        }
        for inner in node.attribute.iter().filter_map(|it| it.g.as_ref()) {
            check_ops(inner, nodes)?;
        }
    }
    Ok(())
}

fn check_size(graph: &Graph<'_>, node: &NodeProto) -> Result<(), String> {
    let constant = |index: usize| {
        let name = node.input.get(index)?;
        Some(graph.constant(name)?.values.into_iter().map(f64::from).collect::<Vec<f64>>())
    };
    let product = |values: Vec<f64>| values.into_iter().map(f64::abs).product::<f64>();
    let largest = |values: Vec<f64>| values.into_iter().map(f64::abs).fold(0.0, f64::max);
    let numbers = match op(node) {
        "ConstantOfShape" => constant(0).map(product),
        "Expand" | "Tile" | "Reshape" => constant(1).map(product),
        "Range" => match (constant(0), constant(1), constant(2)) {
            (Some(start), Some(end), Some(step)) => {
                let first = |values: &[f64]| values.first().copied().unwrap_or(0.0);
                Some((first(&end) - first(&start)).abs() / first(&step).abs())
            }
            _ => None,
        },
        "OneHot" | "Pad" => constant(1).map(largest),
        "Resize" | "Upsample" => {
            let arguments = (1..4).filter_map(constant);
            arguments.map(product).reduce(f64::max)
        }
        _ => None,
    };
    let strides =
        ["pads", "strides", "dilations", "kernel_shape", "output_padding", "output_shape"];
    let attributes = strides.iter().filter_map(|name| ints(node, name)).flatten();
    let side = attributes.map(|&value| value.unsigned_abs() as f64).fold(0.0, f64::max);
    // A range of step 0 gives NaN.
    let is_too_much = numbers.is_some_and(|numbers| numbers.is_nan() || numbers > MAX_NUMBERS);
    if is_too_much || side > MAX_NUMBERS.sqrt() {
        return Err(format!("its operator {} asks for too large a result", op(node)));
    }
    Ok(())
}
