//! Graphs that the standard or onnxruntime allow, in the form in which `rten` takes them.

use std::collections::{HashMap, HashSet, VecDeque};

use rten_onnx::onnx::{AttributeProto, AttributeType, GraphProto, NodeProto};

use super::graph::{ints, op};

/// Changes nothing of what the network computes.
pub fn repair(graph: &mut GraphProto) {
    sort(graph);
    let ranks = ranks(graph);
    let nodes = std::mem::take(&mut graph.node);
    for mut node in nodes {
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
                name_kernel(&mut node, &ranks);
                graph.node.push(node);
            }
            "Mish" => graph.node.extend(mish(&node)),
            _ => graph.node.push(node),
        }
    }
}

/// Axes of the weights.
fn ranks(graph: &GraphProto) -> HashMap<String, usize> {
    let initializers = graph.initializer.iter().map(|tensor| (tensor.name.as_ref(), tensor));
    let constants = graph.node.iter().filter(|node| op(node) == "Constant").filter_map(|node| {
        let tensor = node.attribute.iter().find_map(|it| it.t.as_ref())?;
        Some((node.output.first(), tensor))
    });
    let all = initializers.chain(constants);
    all.filter_map(|(name, tensor)| Some((name?.clone(), tensor.dims.len()))).collect()
}

/// `kernel_shape` may be left out, since the weight has it; `rten` counts the axes of a picture by
/// it.
fn name_kernel(node: &mut NodeProto, ranks: &HashMap<String, usize>) {
    if ints(node, "kernel_shape").is_some() {
        return;
    }
    let rank = node.input.get(1).and_then(|weight| ranks.get(weight));
    let axes = rank.map_or(2, |rank| rank.saturating_sub(2));
    node.attribute.push(AttributeProto {
        name: Some("kernel_shape".to_owned()),
        ints: vec![1; axes],
        r#type: Some(AttributeType::INTS),
        ..AttributeProto::default()
    });
}

/// `x · tanh(ln(1 + eˣ))`
fn mish(node: &NodeProto) -> Vec<NodeProto> {
    let (Some(x), Some(y)) = (node.input.first(), node.output.first()) else {
        return vec![node.clone()];
    };
    let (soft, tanh) = (format!("{y}/softplus"), format!("{y}/tanh"));
    let make = |op: &str, inputs: &[&String], output: &String| NodeProto {
        op_type: Some(op.to_owned()),
        input: inputs.iter().copied().cloned().collect(),
        output: vec![output.clone()],
        ..NodeProto::default()
    };
    vec![make("Softplus", &[x], &soft), make("Tanh", &[&soft], &tanh), make("Mul", &[x, &tanh], y)]
}

/// The values that a node needs, those of the graphs within it included.
fn needs(node: &NodeProto) -> Vec<&str> {
    let inner = node.attribute.iter().filter_map(|it| it.g.as_ref());
    let of_inner = inner.flat_map(|graph| {
        let outputs = graph.output.iter().filter_map(|output| output.name.as_deref());
        graph.node.iter().flat_map(needs).chain(outputs)
    });
    node.input.iter().map(String::as_str).chain(of_inner).collect()
}

/// Puts nodes in an order in which they can run, where they are not. What runs in a circle stays as
/// it is, and is refused later.
fn sort(graph: &mut GraphProto) {
    let makers: HashMap<&str, usize> = graph
        .node
        .iter()
        .enumerate()
        .flat_map(|(at, node)| node.output.iter().map(move |name| (name.as_str(), at)))
        .collect();
    let before: Vec<HashSet<usize>> = graph
        .node
        .iter()
        .map(|node| needs(node).iter().filter_map(|name| makers.get(name).copied()).collect())
        .collect();
    let is_sorted = before.iter().enumerate().all(|(at, before)| before.iter().all(|&it| it < at));
    if is_sorted {
        return;
    }
    let mut after = vec![Vec::new(); before.len()];
    for (at, before) in before.iter().enumerate() {
        before.iter().for_each(|&maker| after[maker].push(at));
    }
    let mut missing: Vec<usize> = before.iter().map(HashSet::len).collect();
    let mut ready: VecDeque<usize> = (0..missing.len()).filter(|&at| missing[at] == 0).collect();
    let mut order = Vec::with_capacity(missing.len());
    while let Some(at) = ready.pop_front() {
        order.push(at);
        for &next in &after[at] {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.push_back(next);
            }
        }
    }
    if order.len() == graph.node.len() {
        let mut nodes: Vec<Option<NodeProto>> = graph.node.drain(..).map(Some).collect();
        graph.node = order.into_iter().filter_map(|at| nodes[at].take()).collect();
    }
}
