//! Means over all places of a feature map.

use rten_onnx::onnx::NodeProto;

use super::super::graph::{Graph, ints, op};
use super::{input, is_reshape, skip_reshapes};

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

/// The feature map whose mean a value is.
pub fn of<'a>(graph: &Graph<'a>, value: &str) -> Option<(&'a str, MapAxes)> {
    let node = graph.maker(value)?;
    let features = input(node, 0);
    match op(node) {
        "GlobalAveragePool" | "AveragePool" => Some((features, MapAxes::ChannelsFirst)),
        "ReduceMean" => {
            let axes = reduced(graph, node);
            if let Some(found) = mean_of_means(graph, features, &axes) {
                return Some(found);
            }
            let order = order(&axes)?;
            // The mean over all places of a map whose places were put in one row before.
            let row = graph.maker(features).filter(|node| is_reshape(graph, node));
            match row.filter(|_| matches!(axes[..], [2] | [-1])) {
                Some(row) => Some((input(row, 0), MapAxes::ChannelsFirst)),
                None => Some((features, order)),
            }
        }
        _ => None,
    }
}

/// The mean over the lines of the mean over the columns, as some older networks write it.
fn mean_of_means<'a>(
    graph: &Graph<'a>,
    value: &'a str,
    outer: &[i64],
) -> Option<(&'a str, MapAxes)> {
    let node = graph.maker(skip_reshapes(graph, value)).filter(|it| op(it) == "ReduceMean")?;
    let order = match (outer, &reduced(graph, node)[..]) {
        ([2 | 3 | -1 | -2], [2 | 3 | -1 | -2]) => MapAxes::ChannelsFirst,
        ([1], [1 | 2]) => MapAxes::ChannelsLast,
        _ => return None,
    };
    Some((input(node, 0), order))
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

fn order(axes: &[i64]) -> Option<MapAxes> {
    match axes {
        [2, 3] | [-2, -1] | [-1, 2] | [-2, 3] | [2] | [-1] => Some(MapAxes::ChannelsFirst),
        [1, 2] | [-3, -2] | [-2, 1] | [-3, 2] => Some(MapAxes::ChannelsLast),
        [1] | [-2] => Some(MapAxes::Tokens),
        _ => None,
    }
}
