//! The file format of nbdt: networkx's node-link JSON, with an edge from each parent to each child.
//!
//! Files are not trusted: everything a tree must be is checked, and nothing recurses.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::graph::{Graph, shown};
use super::{Hierarchy, HierarchyError as Error, NodeId};
use crate::text::CleanText;

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) directed: Option<bool>,
    pub(super) nodes: Vec<FileNode>,
    /// networkx 3.4 renamed the key.
    #[serde(alias = "edges")]
    pub(super) links: Vec<FileEdge<Id>>,
}

#[derive(Deserialize)]
pub(super) struct FileNode {
    pub(super) id: Id,
    pub(super) label: Option<CleanText>,
    /// Our own addition: a name that a user gave, which WordNet's does not replace.
    pub(super) renamed: Option<CleanText>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct FileEdge<T> {
    pub(super) source: T,
    pub(super) target: T,
}

/// Text, or a whole number as in random trees.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an id must be text or a whole number")]
pub(super) enum Id {
    Text(CleanText),
    Number(i64),
}

impl Id {
    pub(super) fn into_text(self) -> CleanText {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string().into(),
        }
    }
}

impl Hierarchy {
    /// Reads node-link JSON and checks that it is a tree over exactly the classes `wnids`.
    ///
    /// The class of a leaf is the position of its id in `wnids`. A node that a user renamed keeps
    /// that name. Others are called what `names` says of their wnid, or else their `label` in the file; nodes with neither are described by their
    /// leaves (see [`Node::generated`](super::Node::generated)), and leaves with neither go by their wnid.
    pub fn from_json(
        text: &str,
        wnids: &[impl AsRef<str>],
        names: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let wnids: Vec<_> = wnids.iter().map(|wnid| CleanText::new(wnid.as_ref())).collect();
        Self::from_file(serde_json::from_str(text)?, &wnids, names)
    }

    pub(super) fn from_file(
        file: File,
        wnids: &[CleanText],
        names: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        if file.directed == Some(false) {
            return Err(Error::Undirected);
        }
        let graph = Graph::new(file)?;
        let order = graph.depth_first()?;
        let mut hierarchy = graph.into_tree(&order, names);
        hierarchy.place_classes(wnids)?;
        hierarchy.describe();
        Ok(hierarchy)
    }

    /// Writes the hierarchy as nbdt does; [`Hierarchy::from_json`] reads the same tree again.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct NamedNode<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            label: Option<&'a str>,
            id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            renamed: Option<&'a str>,
        }
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| NamedNode {
                label: (!node.generated).then_some(node.name.as_str()),
                id: &node.wnid,
                renamed: node.renamed.then_some(node.name.as_str()),
            })
            .collect();
        let wnid = |id: NodeId| self.nodes[id].wnid.as_str();
        let mut links = Vec::with_capacity(self.nodes.len());
        for (id, node) in self.nodes.iter().enumerate() {
            let edge = |&child| FileEdge { source: wnid(id), target: wnid(child) };
            links.extend(node.children.iter().map(edge));
        }
        serde_json::json!({
            "directed": true,
            "multigraph": false,
            "graph": {},
            "nodes": nodes,
            "links": links,
        })
        .to_string()
    }

    /// Gives every leaf its class and every node the classes below it.
    fn place_classes(&mut self, wnids: &[CleanText]) -> Result<(), Error> {
        let mut class_of = HashMap::with_capacity(wnids.len());
        for (class, wnid) in wnids.iter().enumerate() {
            if class_of.insert(wnid.as_str(), class).is_some() {
                return Err(Error::DuplicateClass(shown(wnid)));
            }
        }
        let mut leaves = vec![None; wnids.len()];
        for (id, node) in self.nodes.iter_mut().enumerate() {
            match (class_of.get(node.wnid.as_str()), node.is_leaf()) {
                (Some(&class), true) => {
                    node.class = Some(class);
                    leaves[class] = Some(id);
                }
                (None, true) => return Err(Error::UnknownLeaf(shown(&node.wnid))),
                (Some(_), false) => return Err(Error::ClassWithChildren(shown(&node.wnid))),
                (None, false) => {}
            }
        }
        self.leaf_of_class = leaves.iter().copied().flatten().collect();
        if let Some(class) = leaves.iter().position(Option::is_none) {
            let missing = wnids.len() - self.leaf_of_class.len();
            return Err(Error::MissingClass {
                wnid: shown(&wnids[class]),
                line: class + 1,
                missing,
            });
        }
        // Leaves stand in depth-first order, so appending keeps every list in that order.
        for id in 0..self.nodes.len() {
            if let Some(class) = self.nodes[id].class {
                let mut above = Some(id);
                while let Some(node) = above.map(|id| &mut self.nodes[id]) {
                    node.leaves.push(class);
                    above = node.parent;
                }
            }
        }
        Ok(())
    }
}
