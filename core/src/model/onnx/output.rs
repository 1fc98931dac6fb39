//! Which of a network's results are the scores of classes.

use std::collections::HashSet;

use rten_onnx::onnx::{DataType, GraphProto, ValueInfoProto};

use super::graph::Graph;

/// The output that holds one number per class: the first matrix of floats, or one that is computed
/// from it, since features come before the scores that are made of them.
///
/// # Errors
/// When there is no output at all.
pub fn of_classes<'a>(graph: &Graph<'a>) -> Result<&'a str, String> {
    let GraphProto { output, .. } = graph.proto;
    let is_matrix = |value: &&ValueInfoProto| {
        let tensor = value.r#type.as_ref().and_then(|ty| ty.tensor_type.as_ref());
        tensor.is_some_and(|tensor| {
            let is_float = !matches!(
                tensor.elem_type,
                Some(DataType::INT64 | DataType::INT32 | DataType::BOOL)
            );
            is_float && tensor.shape.as_ref().is_some_and(|shape| shape.dim.len() == 2)
        })
    };
    let name = |value: &'a ValueInfoProto| value.name.as_deref();
    let matrices: Vec<&str> = output.iter().filter(is_matrix).filter_map(name).collect();
    let first = matrices.first().copied().or_else(|| output.iter().find_map(name));
    let first = first.ok_or_else(|| "it has no output".to_owned())?;
    let last = matrices.iter().rev().find(|other| is_made_of(graph, other, first));
    Ok(last.copied().unwrap_or(first))
}

/// Whether a value is computed from another one.
fn is_made_of(graph: &Graph<'_>, value: &str, other: &str) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        let Some(node) = graph.maker(value).filter(|_| seen.insert(value)) else { continue };
        if node.input.iter().any(|input| input == other) {
            return true;
        }
        open.extend(node.input.iter().map(String::as_str));
    }
    false
}
