//! The tree of a neural-backed decision tree: classes at the leaves, decisions at the inner nodes.

use thiserror::Error;

use super::feature_map::ClassId;
use crate::text::CleanText;
use crate::wordnet::{self, Meaning, Meanings};

mod edit;
mod graph;
mod json;

pub use edit::EditError;

/// Index of a node in [`Hierarchy::nodes`].
pub type NodeId = usize;

/// A branch of the tree, or a class at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The identifier in the file: a WordNet 3.0 noun such as `n02121620`, or any other text.
    pub wnid: CleanText,
    /// What to call it: the class label of a leaf; the WordNet name of an inner node, or where
    /// `generated` a makeshift. `tree_text` has better words for these.
    pub name: CleanText,
    /// Whether nobody gave it a name, and `name` had to be made up from the leaves.
    pub generated: bool,
    /// The meaning that fits its leaves best, for a node without a name of its own.
    pub meaning: Option<Meaning>,
    /// Whether a user gave it `name`; such a name is kept in files, whatever WordNet says.
    pub renamed: bool,
    /// `None` for the root alone.
    pub parent: Option<NodeId>,
    /// In the order of the file: child 0 is the first output of the decision.
    pub children: Vec<NodeId>,
    /// The classes below, from the first child's to the last one's; the class itself for a leaf.
    pub leaves: Vec<ClassId>,
    /// The class, for leaves alone.
    pub class: Option<ClassId>,
    /// Steps from the root, which has depth 0.
    pub depth: usize,
}

impl Node {
    /// Whether this is a class rather than a decision.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }
}

/// A tree over all classes of a model. Each class is exactly one leaf.
#[derive(Clone, Debug, PartialEq)]
pub struct Hierarchy {
    /// In depth-first order: the root first, parents before children, subtrees in one piece.
    nodes: Vec<Node>,
    /// By class.
    leaf_of_class: Vec<NodeId>,
    /// What each class means, as a wnid; empty if nothing is known.
    senses: Vec<Option<&'static str>>,
}

/// Why a file is no hierarchy for a model. Names that come from the file are quoted.
#[derive(Debug, Error)]
pub enum HierarchyError {
    #[error(
        "This is not a hierarchy in node-link JSON ({0}); export it with nbdt or `glasstree induce`"
    )]
    Json(#[from] serde_json::Error),
    #[error("The edges of the hierarchy have no direction; write it with \"directed\": true")]
    Undirected,
    #[error("The hierarchy lists the node {0:?} twice; remove one of them")]
    DuplicateNode(String),
    #[error("The hierarchy lists the edge from {parent:?} to {child:?} twice; remove one of them")]
    DuplicateEdge { parent: String, child: String },
    #[error("An edge of the hierarchy names {0:?}, which is not among the nodes; add the node")]
    DanglingEdge(String),
    #[error("The node {child:?} has two parents, {first:?} and {second:?}; a tree allows one")]
    SecondParent { child: String, first: String, second: String },
    #[error("The hierarchy has no nodes; it needs at least the classes")]
    Empty,
    #[error(
        "The hierarchy has several roots, among them {0:?} and {1:?}; join them under one node"
    )]
    SeveralRoots(String, String),
    #[error("The node {0:?} is its own ancestor, so it has no root; remove one edge of the cycle")]
    Cycle(String),
    #[error(
        "The node {0:?} has no children and is not a class of the model; check that the hierarchy \
         and the list of wnids belong to the same classes"
    )]
    UnknownLeaf(String),
    #[error("The class {0:?} has children; in a hierarchy every class is a leaf")]
    ClassWithChildren(String),
    #[error(
        "The hierarchy has no leaf for the class {wnid:?} (line {line} of the wnids, {missing} \
         missing); check that it was made for the same classes"
    )]
    MissingClass { wnid: String, line: usize, missing: usize },
    #[error("The list of wnids has {0:?} twice; every class needs its own")]
    DuplicateClass(String),
    #[error("The hierarchy is too large or too deep to be shown ({0})")]
    TooLarge(String),
    #[error("There are {labels} labels for a hierarchy of {classes} classes; give one per class")]
    LabelCount { labels: usize, classes: usize },
}

impl Hierarchy {
    /// All nodes in depth-first order: parents come before children, and the root is first.
    ///
    /// Forwards this is an order from the top down, backwards from the bottom up.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node that has no parent.
    pub fn root(&self) -> NodeId {
        0
    }

    /// # Panics
    /// If there is no such node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.leaf_of_class.len()
    }

    /// The leaf of a class; `None` if there is no such class.
    pub fn leaf(&self, class: ClassId) -> Option<NodeId> {
        self.leaf_of_class.get(class).copied()
    }

    /// The nodes from the root to `id`, both included.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn path_to(&self, id: NodeId) -> Vec<NodeId> {
        let up = std::iter::successors(Some(id), |&id| self.nodes[id].parent);
        let mut path: Vec<NodeId> = up.collect();
        path.reverse();
        path
    }

    /// Where the ways to two nodes part: the last node that both pass, and the child that each goes
    /// on to. `None` if one of them lies on the way to the other.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn parting(&self, a: NodeId, b: NodeId) -> Option<(NodeId, [NodeId; 2])> {
        let (a, b) = (self.path_to(a), self.path_to(b));
        let [a, b] = a.into_iter().zip(b).find(|(a, b)| a != b).map(|(a, b)| [a, b])?;
        Some((self.nodes[a].parent?, [a, b]))
    }

    /// The node with this wnid, or else the first one with this name, whatever its case.
    pub fn find_node(&self, wnid_or_name: &str) -> Option<NodeId> {
        let by_name = |node: &Node| node.name.eq_ignore_ascii_case(wnid_or_name);
        let by_wnid = self.nodes.iter().position(|node| node.wnid == wnid_or_name);
        by_wnid.or_else(|| self.nodes.iter().position(by_name))
    }

    /// The other children of a node's parent; none for the root, or if there is no such node.
    pub fn siblings(&self, id: NodeId) -> Vec<NodeId> {
        let parent = self.nodes.get(id).and_then(|node| node.parent);
        let children = parent.map_or(&[][..], |parent| &self.nodes[parent].children);
        children.iter().copied().filter(|&child| child != id).collect()
    }

    /// Which of its siblings a node is, counted from 0; `None` for the root.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn child_index(&self, id: NodeId) -> Option<usize> {
        let parent = self.nodes[id].parent?;
        self.nodes[parent].children.iter().position(|&child| child == id)
    }

    /// Names the leaves by the labels of the model, in class order, and describes the unnamed inner
    /// nodes anew.
    pub fn set_labels(&mut self, labels: &[impl AsRef<str>]) -> Result<(), HierarchyError> {
        let classes = self.classes();
        if labels.len() != classes {
            return Err(HierarchyError::LabelCount { labels: labels.len(), classes });
        }
        for (&leaf, label) in self.leaf_of_class.iter().zip(labels) {
            self.nodes[leaf].name = CleanText::new(label.as_ref());
            self.nodes[leaf].generated = false;
        }
        self.describe();
        Ok(())
    }

    /// Tells what the classes mean, as wnids by class, and describes the unnamed inner nodes anew.
    pub fn set_senses(&mut self, senses: Vec<Option<&'static str>>) {
        self.senses = senses;
        self.describe();
    }

    /// Finds out what the unnamed inner nodes are about, and makes up a name.
    fn describe(&mut self) {
        /// A meaning that fits worse than this misleads.
        const LEAST: f32 = 0.5;
        let meanings = Meanings::new(&self.senses);
        for id in 0..self.nodes.len() {
            let node = &self.nodes[id];
            if !node.generated || node.is_leaf() {
                continue;
            }
            let meaning = meanings.best(&node.leaves).filter(|it| it.overlap >= LEAST);
            let name = match meaning {
                Some(meaning) => format!("\u{2248} {}", wordnet::label_of(meaning.wnid)),
                None => self.makeshift(&node.leaves),
            };
            let node = &mut self.nodes[id];
            (node.meaning, node.name) = (meaning, name.into());
        }
    }

    /// "cat", "cat or dog", "trout or 33 others".
    fn makeshift(&self, leaves: &[ClassId]) -> String {
        // "tench, Tinca tinca" is "tench" here.
        let name = |&class: &ClassId| {
            let label = &self.nodes[self.leaf_of_class[class]].name;
            label.split(',').next().unwrap_or(label).trim()
        };
        match leaves {
            [] => String::new(),
            [only] => name(only).to_owned(),
            [a, b] => format!("{} or {}", name(a), name(b)),
            [first, others @ ..] => format!("{} or {} others", name(first), others.len()),
        }
    }
}
