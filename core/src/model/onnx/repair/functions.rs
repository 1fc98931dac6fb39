//! Operators that `rten` does not know, made of others
//! (<https://onnx.ai/onnx/operators/> defines them).

use rten_onnx::onnx::NodeProto;

use super::super::graph::{float as float_of, int as int_of, op};
use super::nodes::{Parts, float, list};

/// What takes the place of the node; `None` if it can stay. `channels`: numbers in its second input.
pub fn replace(node: &NodeProto, channels: Option<usize>) -> Option<Parts> {
    let (x, y) = (node.input.first()?, node.output.first()?);
    let mut parts = Parts::of(node);
    match op(node) {
        "Mish" => {
            // x · tanh(ln(1 + eˣ))
            let soft = parts.make("Softplus", &[x], vec![]);
            let tanh = parts.make("Tanh", &[&soft], vec![]);
            parts.make_as("Mul", &[x, &tanh], vec![], y);
        }
        "Selu" => {
            let alpha = float_of(node, "alpha").unwrap_or(1.673_263_2);
            let gamma = parts.floats(&[float_of(node, "gamma").unwrap_or(1.050_701)]);
            let elu = parts.make("Elu", &[x], vec![float("alpha", alpha)]);
            parts.make_as("Mul", &[&elu, &gamma], vec![], y);
        }
        "Celu" => {
            let alpha = parts.floats(&[float_of(node, "alpha").unwrap_or(1.0)]);
            let share = parts.make("Div", &[x, &alpha], vec![]);
            let elu = parts.make("Elu", &[&share], vec![float("alpha", 1.0)]);
            parts.make_as("Mul", &[&elu, &alpha], vec![], y);
        }
        "ThresholdedRelu" => {
            let alpha = parts.floats(&[float_of(node, "alpha").unwrap_or(1.0)]);
            let zero = parts.floats(&[0.0]);
            let is_above = parts.make("Greater", &[x, &alpha], vec![]);
            parts.make_as("Where", &[&is_above, x, &zero], vec![], y);
        }
        "LRN" => response_norm(&mut parts, node, x, y)?,
        "GroupNormalization" => group_norm(&mut parts, node, channels?)?,
        _ => return None,
    }
    Some(parts)
}

/// `x / (bias + alpha / size · Σ x²) ^ beta`, where the sum runs over neighbouring channels: a mean
/// over columns, if the channels are the lines of a picture.
fn response_norm(parts: &mut Parts, node: &NodeProto, x: &str, y: &str) -> Option<()> {
    let size = int_of(node, "size").filter(|size| (1..=1 << 16).contains(size))?;
    let [alpha, beta, bias] = [("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0)]
        .map(|(name, usual)| parts.floats(&[float_of(node, name).unwrap_or(usual)]));
    let square = parts.make("Mul", &[x, x], vec![]);
    let in_rows = parts.ints(&[0, 0, -1]);
    let rows = parts.make("Reshape", &[&square, &in_rows], vec![]);
    let picture = parts.make("Unsqueeze", &[&rows], vec![list("axes", &[1])]);
    let window = vec![
        list("kernel_shape", &[size, 1]),
        list("strides", &[1, 1]),
        list("pads", &[(size - 1) / 2, 0, size / 2, 0]),
        super::nodes::int("count_include_pad", 1),
    ];
    let means = parts.make("AveragePool", &[&picture], window);
    let rows = parts.make("Squeeze", &[&means], vec![list("axes", &[1])]);
    let shape = parts.make("Shape", &[x], vec![]);
    let means = parts.make("Reshape", &[&rows, &shape], vec![]);
    let scaled = parts.make("Mul", &[&means, &alpha], vec![]);
    let sum = parts.make("Add", &[&scaled, &bias], vec![]);
    let power = parts.make("Pow", &[&sum, &beta], vec![]);
    parts.make_as("Div", &[x, &power], vec![], y);
    Some(())
}

/// The norm of an instance whose channels are groups; scale and shift are for each channel since
/// opset 21, and for each group before.
fn group_norm(parts: &mut Parts, node: &NodeProto, channels: usize) -> Option<()> {
    let groups = int_of(node, "num_groups").filter(|groups| (1..=1 << 16).contains(groups))?;
    let (x, y) = (node.input.first()?, node.output.first()?);
    let (scale, shift) = (node.input.get(1)?, node.input.get(2)?);
    let epsilon = vec![float("epsilon", float_of(node, "epsilon").unwrap_or(1e-5))];
    let count = usize::try_from(groups).ok()?;
    let shape = parts.make("Shape", &[x], vec![]);
    let in_groups = parts.ints(&[0, groups, -1]);
    let grouped = parts.make("Reshape", &[x, &in_groups], vec![]);
    if channels == count {
        let normed = parts.make("InstanceNormalization", &[&grouped, scale, shift], epsilon);
        parts.make_as("Reshape", &[&normed, &shape], vec![], y);
        return Some(());
    }
    // A scalar would do, but not for the operator.
    let (ones, zeros) = (vec![1.0; count.max(2)], vec![0.0; count.max(2)]);
    let mut vector = |values: &[f32]| {
        let name = parts.floats(values);
        let first = parts.ints(&[0]);
        match count {
            1 => parts.make("Gather", &[&name, &first], vec![]),
            _ => name,
        }
    };
    let (ones, zeros) = (vector(&ones), vector(&zeros));
    let normed = parts.make("InstanceNormalization", &[&grouped, &ones, &zeros], epsilon);
    let normed = parts.make("Reshape", &[&normed, &shape], vec![]);
    let column = parts.ints(&[-1, 1, 1]);
    let scale = parts.make("Reshape", &[scale, &column], vec![]);
    let shift = parts.make("Reshape", &[shift, &column], vec![]);
    let scaled = parts.make("Mul", &[&normed, &scale], vec![]);
    parts.make_as("Add", &[&scaled, &shift], vec![], y);
    Some(())
}
