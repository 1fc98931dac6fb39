//! Quantised networks, computed as the standard defines them.
//!
//! Two things make a difference elsewhere. `rten` multiplies by one over the scale where the standard
//! divides by it, so that numbers in the middle between two whole ones go to the other one. And
//! processors without the instructions for it (VNNI) add products of bytes up in 16 bits, which
//! overflow: in `rten`, and in onnxruntime as well. Here such sums run in floats, which hold whole
//! numbers up to 2²⁴ exactly: at least 514 products of bytes.

use std::collections::HashSet;

use rten_onnx::onnx::{AttributeProto, GraphProto, NodeProto};

use super::super::graph::op;
use super::nodes::{INT32, Parts, int};

/// Puts nodes with the same meaning in the place of quantised ones. Values keep their names.
pub fn as_defined(graph: &mut GraphProto) {
    let weights = graph.initializer.iter();
    let lists = weights.filter(|tensor| tensor.dims.iter().any(|&size| size > 1));
    let lists: HashSet<String> = lists.filter_map(|tensor| tensor.name.clone()).collect();
    let nodes = std::mem::take(&mut graph.node);
    for node in nodes {
        match replace(&lists, &node) {
            Some(parts) => {
                graph.initializer.extend(parts.weights);
                graph.node.extend(parts.nodes);
            }
            None => graph.node.push(node),
        }
    }
}

/// `lists`: weights of more than one number.
fn replace(lists: &HashSet<String>, node: &NodeProto) -> Option<Parts> {
    let mut parts = Parts::of(node);
    let input =
        |index: usize| node.input.get(index).map(String::as_str).filter(|it| !it.is_empty());
    let y = node.output.first()?;
    match op(node) {
        "QuantizeLinear" if !lists.contains(input(1)?) => {
            let has_type =
                node.attribute.iter().any(|it| it.name.as_deref() == Some("output_dtype"));
            let share = parts.make("Div", &[input(0)?, input(1)?], vec![]);
            let zero = match input(2) {
                Some(zero) => Some(zero.to_owned()),
                None if has_type => None,
                // The standard's default.
                None => Some(parts.zero_byte()),
            };
            rounded(&mut parts, &share, zero.as_deref(), node.attribute.clone(), y);
        }
        "DynamicQuantizeLinear" => {
            let mut quantise = node.clone();
            let scale = node.output.get(1)?.clone();
            let zero = node.output.get(2)?.clone();
            *quantise.output.first_mut()? = format!("{y}/by rten");
            parts.nodes.push(quantise);
            let share = parts.make("Div", &[input(0)?, &scale], vec![]);
            rounded(&mut parts, &share, Some(&zero), vec![], y);
        }
        "MatMulInteger" => {
            let a = moved(lists, &mut parts, input(0)?, input(2), None)?;
            let b = moved(lists, &mut parts, input(1)?, input(3), Some(&[-1]))?;
            let sums = parts.make("MatMul", &[&a, &b], vec![]);
            parts.make_as("Cast", &[&sums], vec![int("to", INT32)], y);
        }
        "ConvInteger" => {
            let a = moved(lists, &mut parts, input(0)?, input(2), None)?;
            let b = moved(lists, &mut parts, input(1)?, input(3), Some(&[-1, 1, 1, 1]))?;
            let sums = parts.make("Conv", &[&a, &b], node.attribute.clone());
            parts.make_as("Cast", &[&sums], vec![int("to", INT32)], y);
        }
        "QLinearConv" => {
            let a = moved(lists, &mut parts, input(0)?, input(2), None)?;
            let b = moved(lists, &mut parts, input(3)?, input(5), Some(&[-1, 1, 1, 1]))?;
            let bias = input(8).map(|bias| parts.float(bias));
            let inputs: Vec<&str> = [&a, &b].into_iter().chain(&bias).map(String::as_str).collect();
            let sums = parts.make("Conv", &inputs, node.attribute.clone());
            let column = parts.ints(&[-1, 1, 1]);
            let scale = parts.make("Reshape", &[input(4)?, &column], vec![]);
            requantised(&mut parts, &sums, [input(1)?, &scale, input(6)?], input(7)?, y);
        }
        "QLinearMatMul" => {
            let a = moved(lists, &mut parts, input(0)?, input(2), None)?;
            let b = moved(lists, &mut parts, input(3)?, input(5), Some(&[-1]))?;
            let sums = parts.make("MatMul", &[&a, &b], vec![]);
            requantised(&mut parts, &sums, [input(1)?, input(4)?, input(6)?], input(7)?, y);
        }
        _ => return None,
    }
    Some(parts)
}

/// `x − zero point` as floats; `None` for zero points of several numbers where no shape for them is
/// known.
fn moved(
    lists: &HashSet<String>,
    parts: &mut Parts,
    x: &str,
    zero: Option<&str>,
    shape: Option<&[i64]>,
) -> Option<String> {
    let x = parts.float(x);
    let Some(zero) = zero else { return Some(x) };
    let mut moved = parts.float(zero);
    if lists.contains(zero) {
        let shape = parts.ints(shape?);
        moved = parts.make("Reshape", &[&moved, &shape], vec![]);
    }
    Some(parts.make("Sub", &[&x, &moved], vec![]))
}

/// `saturate(round(x) + zero point)`, by the operator with a scale of one.
fn rounded(
    parts: &mut Parts,
    x: &str,
    zero: Option<&str>,
    attributes: Vec<AttributeProto>,
    y: &str,
) {
    let one = parts.floats(&[1.0]);
    let inputs: Vec<&str> = [x, &one].into_iter().chain(zero).collect();
    parts.make_as("QuantizeLinear", &inputs, attributes, y);
}

/// Sums of products, times the scales of both sides, in the scale of the result.
fn requantised(parts: &mut Parts, sums: &str, [a, b, to]: [&str; 3], zero: &str, y: &str) {
    let scale = parts.make("Mul", &[a, b], vec![]);
    let scale = parts.make("Div", &[&scale, to], vec![]);
    let scaled = parts.make("Mul", &[sums, &scale], vec![]);
    rounded(parts, &scaled, Some(zero), vec![], y);
}
