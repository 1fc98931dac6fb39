//! From a list of nodes and edges, which may be anything, to a tree.

use std::collections::{HashMap, HashSet};

use super::json::{File, FileEdge, FileNode, Id};
use super::{Hierarchy, HierarchyError as Error, Node, NodeId};
use crate::text::CleanText;

/// More nodes than any data set has; a tree over ImageNet-21k has 44 thousand.
const MAX_NODES: usize = 200_000;
/// Bounds the lists of leaves, whose total length is the sum of the leaves' depths. A completely
/// unbalanced tree of 2,000 classes stays below it.
const MAX_DEPTH_SUM: usize = 4_000_000;

/// The nodes and edges of a file; each node has at most one parent. Ids are positions in the file.
pub(super) struct Graph {
    wnids: Vec<CleanText>,
    labels: Vec<Option<CleanText>>,
    /// Names given by a user.
    renamed: Vec<Option<CleanText>>,
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
}

/// A node in depth-first order.
pub(super) struct Visit {
    /// Its position in the file.
    source: usize,
    /// Its parent's position in the order.
    parent: Option<NodeId>,
    depth: usize,
}

impl Graph {
    /// Checks that ids and edges are unique and complete, and that no node has two parents.
    pub(super) fn new(file: File) -> Result<Self, Error> {
        let count = file.nodes.len();
        if count > MAX_NODES || file.links.len() > MAX_NODES {
            return Err(Error::TooLarge(format!("{count} nodes, at most {MAX_NODES}")));
        }
        let mut index = HashMap::with_capacity(count);
        let (mut wnids, mut labels) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut renamed = Vec::with_capacity(count);
        for FileNode { id, label, renamed: own } in file.nodes {
            let wnid = id.into_text();
            if index.insert(wnid.clone(), wnids.len()).is_some() {
                return Err(Error::DuplicateNode(shown(&wnid)));
            }
            wnids.push(wnid);
            renamed.push(own.filter(|name| !name.is_empty()));
            labels.push(label.filter(|label| !label.is_empty() && *label != "(generated)"));
        }
        let (parents, children) = (vec![None; count], vec![Vec::new(); count]);
        let mut graph = Self { wnids, labels, renamed, parents, children };
        for FileEdge { source, target } in file.links {
            let find = |id: Id| {
                let id = id.into_text();
                index.get(&id).copied().ok_or_else(|| Error::DanglingEdge(shown(&id)))
            };
            graph.add_edge(find(source)?, find(target)?)?;
        }
        Ok(graph)
    }

    fn add_edge(&mut self, parent: usize, child: usize) -> Result<(), Error> {
        let wnid = |node: usize| shown(&self.wnids[node]);
        match self.parents[child] {
            Some(first) if first == parent => {
                Err(Error::DuplicateEdge { parent: wnid(parent), child: wnid(child) })
            }
            Some(first) => Err(Error::SecondParent {
                child: wnid(child),
                first: wnid(first),
                second: wnid(parent),
            }),
            None => {
                self.parents[child] = Some(parent);
                self.children[parent].push(child);
                Ok(())
            }
        }
    }

    /// The only node without a parent.
    fn root(&self) -> Result<usize, Error> {
        let mut roots = (0..self.parents.len()).filter(|&node| self.parents[node].is_none());
        match (roots.next(), roots.next()) {
            (Some(root), None) => Ok(root),
            (Some(a), Some(b)) => {
                Err(Error::SeveralRoots(shown(&self.wnids[a]), shown(&self.wnids[b])))
            }
            (None, _) if self.parents.is_empty() => Err(Error::Empty),
            (None, _) => Err(self.cycle(0)),
        }
    }

    /// All nodes, parents before children, each subtree in one piece, children in file order.
    pub(super) fn depth_first(&self) -> Result<Vec<Visit>, Error> {
        let mut order: Vec<Visit> = Vec::with_capacity(self.wnids.len());
        let mut depth_sum = 0_usize;
        let mut pending = vec![Visit { source: self.root()?, parent: None, depth: 0 }];
        while let Some(visit) = pending.pop() {
            let (parent, depth) = (Some(order.len()), visit.depth + 1);
            let children = &self.children[visit.source];
            if children.is_empty() {
                depth_sum += depth;
            }
            if depth_sum > MAX_DEPTH_SUM {
                return Err(Error::TooLarge(format!("leaves {depth} levels down")));
            }
            let next = children.iter().rev().map(|&source| Visit { source, parent, depth });
            pending.extend(next);
            order.push(visit);
        }
        // With one root and one parent each, whatever was not reached hangs on a cycle.
        if order.len() < self.wnids.len() {
            let reached: HashSet<usize> = order.iter().map(|visit| visit.source).collect();
            let unreached = (0..self.wnids.len()).find(|node| !reached.contains(node));
            return Err(self.cycle(unreached.unwrap_or_default()));
        }
        Ok(order)
    }

    /// The error for a node that does not descend from a root: far enough up lies a cycle.
    fn cycle(&self, node: usize) -> Error {
        let mut node = node;
        for _ in 0..self.wnids.len() {
            node = self.parents[node].unwrap_or(node);
        }
        Error::Cycle(shown(&self.wnids[node]))
    }

    /// The tree in that order, still without classes. Unnamed nodes go by their wnid.
    pub(super) fn into_tree(
        self,
        order: &[Visit],
        names: &dyn Fn(&str) -> Option<String>,
    ) -> Hierarchy {
        let mut nodes: Vec<Node> = Vec::with_capacity(order.len());
        let Self { mut wnids, mut labels, renamed: mut own, .. } = self;
        for &Visit { source, parent, depth } in order {
            let wnid = std::mem::take(&mut wnids[source]);
            let own = own[source].take();
            let renamed = own.is_some();
            let known = || names(&wnid).map(CleanText::from);
            let name = own.or_else(known).or_else(|| labels[source].take());
            let id = nodes.len();
            if let Some(parent) = parent {
                nodes[parent].children.push(id);
            }
            nodes.push(Node {
                generated: name.is_none(),
                renamed,
                meaning: None,
                name: name.unwrap_or_else(|| wnid.clone()),
                wnid,
                parent,
                children: Vec::new(),
                leaves: Vec::new(),
                class: None,
                depth,
            });
        }
        Hierarchy { nodes, leaf_of_class: Vec::new(), senses: Vec::new() }
    }
}

/// An id from a file, cut to a length that fits in a message.
pub(super) fn shown(id: &str) -> String {
    const LONGEST: usize = 60;
    match id.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &id[..end]),
        None => id.to_owned(),
    }
}
