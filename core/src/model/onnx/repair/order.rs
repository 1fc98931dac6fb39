//! Nodes in an order in which they can run.

use std::collections::{HashMap, HashSet, VecDeque};

use rten_onnx::onnx::{GraphProto, NodeProto};

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
pub fn sort(graph: &mut GraphProto) {
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
