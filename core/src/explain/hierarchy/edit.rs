//! Trees that differ from another one: other names, other places.

use std::collections::HashMap;

use thiserror::Error;

use super::json::{File, FileEdge, FileNode, Id};
use super::{Hierarchy, HierarchyError, NodeId};
use crate::text::CleanText;

/// The longest name, in characters.
const MAX_NAME: usize = 200;

/// A change that would leave no tree over the same classes.
#[derive(Debug, Error)]
pub enum EditError {
    #[error("A name needs at least one letter, and at most {MAX_NAME}")]
    Name,
    #[error("{0:?} is a class and keeps the name that the model gives it; rename inner nodes")]
    ClassName(CleanText),
    #[error("{0:?} is the root and cannot be moved; move one of its branches instead")]
    Root(CleanText),
    #[error("{node:?} cannot be moved below itself; {parent:?} is a part of it")]
    IntoItself { node: CleanText, parent: CleanText },
    #[error("{0:?} is a class, and nothing can hang below a class; choose an inner node")]
    BelowClass(CleanText),
    #[error("{node:?} is already below {parent:?}")]
    SamePlace { node: CleanText, parent: CleanText },
    #[error("{0:?} would be left without any class; move all of it instead")]
    Emptied(CleanText),
    #[error("There is no node {0}")]
    NoSuchNode(NodeId),
    #[error(transparent)]
    Hierarchy(#[from] HierarchyError),
}

impl Hierarchy {
    /// The same tree with another name for an inner node.
    ///
    /// # Errors
    /// An empty or very long name, a class, or no such node.
    pub fn renamed(&self, node: NodeId, name: &str) -> Result<Self, EditError> {
        let name = CleanText::new(name);
        let known = self.nodes.get(node).ok_or(EditError::NoSuchNode(node))?;
        if known.is_leaf() {
            return Err(EditError::ClassName(known.name.clone()));
        }
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err(EditError::Name);
        }
        let mut tree = self.clone();
        tree.nodes[node].name = name;
        tree.nodes[node].generated = false;
        tree.nodes[node].renamed = true;
        Ok(tree)
    }

    /// The tree with `node`, and all that hangs on it, as the last child of `parent`. The classes
    /// stay the same; nodes get new numbers.
    ///
    /// If one branch is left where the node was, it takes the place of the decision that is none
    /// any more.
    ///
    /// # Errors
    /// When `parent` is a class, the parent already, or a part of `node`; when the node is the root
    /// or the only branch of its parent.
    pub fn moved(&self, node: NodeId, parent: NodeId) -> Result<Self, EditError> {
        let old = self.check_move(node, parent)?;
        let mut children: Vec<Vec<NodeId>> =
            self.nodes.iter().map(|node| node.children.clone()).collect();
        children[old].retain(|&child| child != node);
        children[parent].push(node);
        let mut gone = None;
        if let [only] = children[old][..] {
            gone = Some(old);
            for child in children.iter_mut().flatten().filter(|child| **child == old) {
                *child = only;
            }
            children[old].clear();
        }
        self.rebuilt(&children, gone)
    }

    /// Whether [`Self::moved`] could do it, without doing it. Returns the parent so far.
    ///
    /// # Errors
    /// As [`Self::moved`].
    pub fn check_move(&self, node: NodeId, parent: NodeId) -> Result<NodeId, EditError> {
        let get = |id: NodeId| self.nodes.get(id).ok_or(EditError::NoSuchNode(id));
        let name = |id: NodeId| self.nodes[id].name.clone();
        let (moved, target) = (get(node)?, get(parent)?);
        let old = moved.parent.ok_or_else(|| EditError::Root(moved.name.clone()))?;
        if self.path_to(parent).contains(&node) {
            return Err(EditError::IntoItself { node: name(node), parent: name(parent) });
        }
        if target.is_leaf() {
            return Err(EditError::BelowClass(name(parent)));
        }
        if old == parent {
            return Err(EditError::SamePlace { node: name(node), parent: name(parent) });
        }
        if self.nodes[old].children.len() == 1 {
            return Err(EditError::Emptied(name(old)));
        }
        Ok(old)
    }

    /// Where the nodes of this tree are in another one over the same classes, by node; `None` for
    /// those that it lacks.
    pub fn counterparts(&self, other: &Self) -> Vec<Option<NodeId>> {
        let ids: HashMap<&str, NodeId> =
            other.nodes.iter().enumerate().map(|(id, node)| (node.wnid.as_str(), id)).collect();
        self.nodes.iter().map(|node| ids.get(node.wnid.as_str()).copied()).collect()
    }

    /// The tree with other edges and without one node.
    fn rebuilt(&self, children: &[Vec<NodeId>], gone: Option<NodeId>) -> Result<Self, EditError> {
        let id = |node: NodeId| Id::Text(self.nodes[node].wnid.clone());
        let nodes = self.nodes.iter().enumerate().filter(|&(id, _)| Some(id) != gone);
        let nodes = nodes.map(|(_, node)| FileNode {
            id: Id::Text(node.wnid.clone()),
            label: (!node.generated).then(|| node.name.clone()),
            renamed: node.renamed.then(|| node.name.clone()),
        });
        let edges = children.iter().enumerate().flat_map(|(parent, children)| {
            children.iter().map(move |&child| FileEdge { source: id(parent), target: id(child) })
        });
        let file = File { directed: Some(true), nodes: nodes.collect(), links: edges.collect() };
        let wnids: Vec<CleanText> =
            self.leaf_of_class.iter().map(|&leaf| self.nodes[leaf].wnid.clone()).collect();
        let mut tree = Self::from_file(file, &wnids, &|_| None)?;
        tree.set_senses(self.senses.clone());
        Ok(tree)
    }
}
