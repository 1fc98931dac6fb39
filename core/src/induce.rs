//! Builds a hierarchy from the rows of a classifier's last layer (Wan et al. 2021, "induced
//! hierarchy").
//!
//! Classes whose rows lie close together are merged first, by Ward's method ([`ward()`]). Each merge
//! becomes an inner node. Where the classes are WordNet synsets, the node gets the deepest meaning
//! that its two children share and that no other node has; otherwise, and above any node without a
//! meaning, it is called `(generated)`.

mod by_meaning;
mod ward;

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::Serialize;

use crate::text::CleanText;
use crate::wordnet;
pub use by_meaning::by_meaning;
pub use ward::{Merge, ward};

/// Most classes that can be clustered: the distances between 8192 rows take 268 MB.
pub const MAX_CLASSES: usize = 8192;

/// Label of an inner node without a meaning in WordNet.
pub const GENERATED: &str = "(generated)";

/// Why a hierarchy cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InduceError {
    /// A network that ends in something else.
    #[error("The network does not end in a linear layer, so no hierarchy lies in it; open one")]
    NoLinearLayer,
    /// The layer is empty.
    #[error(
        "The last layer has {classes} classes of {channels} weights, a hierarchy needs at least one of each"
    )]
    Empty { classes: usize, channels: usize },
    /// The distance table would not fit into memory.
    #[error("A hierarchy of {classes} classes needs too much memory, {MAX_CLASSES} are possible")]
    TooManyClasses { classes: usize },
    /// The list of weights does not match the stated shape.
    #[error("The last layer has {len} weights, expected {classes} x {channels}")]
    Shape { len: usize, classes: usize, channels: usize },
    /// NaN or infinity in the weights.
    #[error(
        "The weights of class {class} in the last layer are not finite numbers; the weights file is damaged"
    )]
    NotFinite { class: usize },
    /// As many wnids as classes are needed.
    #[error(
        "The model has {classes} classes, but {wnids} wnids are given; give one wnid for each class, in order"
    )]
    WnidCount { classes: usize, wnids: usize },
    /// Node ids must be unique.
    #[error("The wnid {wnid:?} is given to two classes; each class needs its own")]
    DuplicateWnid { wnid: String },
}

/// Where the inner nodes get their names from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InnerNames {
    /// From [`crate::wordnet`], as far as the leaves are found there.
    WordNet,
    /// Nowhere: every inner node is called [`GENERATED`] and leaves have no label.
    Generated,
}

/// A hierarchy in the file format of nbdt, which is the node-link format of networkx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeLinkGraph {
    directed: bool,
    multigraph: bool,
    graph: serde_json::Map<String, serde_json::Value>,
    /// Leaves in the order of the classes, then inner nodes from the bottom to the top; the last
    /// one is the root.
    pub nodes: Vec<GraphNode>,
    /// From parent to child, grouped by parent; the order of the children is the order of the
    /// outputs of that node.
    pub links: Vec<GraphLink>,
}

/// A leaf or an inner node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphNode {
    /// WordNet name or [`GENERATED`]; absent on leaves that WordNet does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Wnid, or `f` and eight digits.
    pub id: String,
}

/// An edge from parent to child, both by [`GraphNode::id`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphLink {
    /// Parent.
    pub source: String,
    /// Child.
    pub target: String,
}

impl NodeLinkGraph {
    fn new(nodes: Vec<GraphNode>, links: Vec<GraphLink>) -> Self {
        let graph = serde_json::Map::new();
        Self { directed: true, multigraph: false, graph, nodes, links }
    }

    /// Text of the file, in one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text and lists can always be written as JSON")
    }
}

/// Leaf ids for classes without wnids: `f00000000`, `f00000001`, …
pub fn fake_wnids(classes: usize) -> Vec<CleanText> {
    (0..classes).map(|class| fake_wnid(class).into()).collect()
}

fn fake_wnid(number: usize) -> String {
    format!("f{number:08}")
}

/// Hierarchy of the classes of a linear layer.
///
/// `head_weight` is `[classes, channels]`, row by row; rows are used as they are, without
/// normalisation, and the bias is not used. `wnids` holds the leaf id of each class; take
/// [`fake_wnids`] where there are none.
///
/// # Errors
/// Shapes or lists that do not match, weights that are not finite, more than [`MAX_CLASSES`]
/// classes.
pub fn induce(
    head_weight: &[f32],
    classes: usize,
    channels: usize,
    wnids: &[CleanText],
) -> Result<NodeLinkGraph, InduceError> {
    induce_named(head_weight, classes, channels, wnids, InnerNames::WordNet)
}

/// Like [`induce`], with a choice of names.
///
/// # Errors
/// Those of [`induce`].
pub fn induce_named(
    head_weight: &[f32],
    classes: usize,
    channels: usize,
    wnids: &[CleanText],
    names: InnerNames,
) -> Result<NodeLinkGraph, InduceError> {
    if wnids.len() != classes {
        return Err(InduceError::WnidCount { classes, wnids: wnids.len() });
    }
    let mut seen = HashSet::new();
    if let Some(twice) = wnids.iter().find(|wnid| !seen.insert(wnid.as_str())) {
        return Err(InduceError::DuplicateWnid { wnid: twice.to_string() });
    }
    let merges = ward(head_weight, classes, channels)?;
    let wnids: Vec<String> = wnids.iter().map(|wnid| wnid.to_string()).collect();
    Ok(graph_from_merges(&merges, &wnids, names))
}

/// Turns merges of the classes `wnids` into nodes and edges; merge `k` becomes node `wnids.len() +
/// k`.
fn graph_from_merges(merges: &[Merge], wnids: &[String], names: InnerNames) -> NodeLinkGraph {
    let mut ids: Vec<String> = wnids.to_vec();
    let mut used: HashSet<String> = wnids.iter().cloned().collect();
    let mut links = Vec::with_capacity(2 * merges.len());
    for merge in merges {
        let children = [ids[merge.a].clone(), ids[merge.b].clone()];
        let meaning = match names {
            InnerNames::WordNet => shared_meaning(&children, &used),
            InnerNames::Generated => None,
        };
        let id = meaning.map_or_else(|| unused_fake_wnid(ids.len(), &used), str::to_owned);
        links.extend(children.map(|target| GraphLink { source: id.clone(), target }));
        used.insert(id.clone());
        ids.push(id);
    }
    let label = |(index, id): (usize, &String)| match names {
        InnerNames::WordNet if wordnet::synset(id).is_some() => {
            wordnet::name_of(id).map(str::to_owned)
        }
        _ => (index >= wnids.len()).then(|| GENERATED.to_owned()),
    };
    let nodes =
        ids.iter().enumerate().map(|node| GraphNode { label: label(node), id: node.1.clone() });
    NodeLinkGraph::new(nodes.collect(), links)
}

/// The deepest meaning that covers both children and is not a node yet.
///
/// nbdt leaves the choice among equally deep ones to the order of a Python set, which changes from
/// run to run. Here the first in the alphabet wins.
fn shared_meaning(children: &[String; 2], used: &HashSet<String>) -> Option<&'static str> {
    let [a, b] = children.each_ref().map(|id| wordnet::hypernym_closure(id));
    let candidates = a.intersection(&b).filter(|wnid| !used.contains(**wnid));
    let deepest = candidates
        .filter_map(|wnid| wordnet::synset(wnid))
        .max_by_key(|synset| (synset.max_depth, Reverse(synset.sense)))?;
    Some(deepest.wnid)
}

/// `f` and the number of nodes so far, as in nbdt; the next free number if a class already has that
/// id.
fn unused_fake_wnid(nodes: usize, used: &HashSet<String>) -> String {
    let mut number = nodes;
    loop {
        let id = fake_wnid(number);
        if !used.contains(&id) {
            return id;
        }
        number += 1;
    }
}
