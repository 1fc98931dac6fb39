//! Naming a node of a tree on the command line.

use anyhow::{anyhow, bail};
use clap::Args;
use serde_json::json;

use super::args::choice;
use crate::explain::{Hierarchy, NodeId, Rule};
use crate::explanation::{ModelInfo, Tree};
use crate::labels;
use crate::protocol::HierarchyChoice;
use crate::text::CleanText;

/// Which tree.
#[derive(Debug, Args)]
pub struct HierarchyArgs {
    /// `wordnet`, `induced`, a hierarchy of the model's data set, or a file in nbdt's format.
    #[arg(long, value_name = "NAME|FILE|wordnet|induced")]
    pub hierarchy: Option<String>,
    /// How the tree decides: hard (follow the likeliest child by nbdt's rule), soft (multiply along
    /// each path), or marginal (the network's own probabilities, summed below each node). By
    /// default hard for models trained with their tree, and marginal for others.
    #[arg(long, value_parser = choice::<Rule>())]
    pub rule: Option<Rule>,
}

impl HierarchyArgs {
    pub fn choice(&self) -> HierarchyChoice {
        let argument = self.hierarchy.as_deref();
        argument.map_or(HierarchyChoice::Auto, HierarchyChoice::from_argument)
    }

    /// The rule that was asked for, else the one that suits the model's tree.
    pub fn rule(&self, model: &ModelInfo) -> anyhow::Result<Rule> {
        Ok(match self.rule {
            Some(rule) => rule,
            None => tree(model)?.default_rule(),
        })
    }
}

/// The model's tree.
pub fn tree(model: &ModelInfo) -> anyhow::Result<&Tree> {
    Ok(model.tree().map_err(|error| anyhow!("{error}"))?)
}

/// The node that the user means: by WordNet id or name, `root`, a class also by its synonyms or
/// number.
pub fn find(model: &ModelInfo, query: &str) -> anyhow::Result<NodeId> {
    let hierarchy = &tree(model)?.hierarchy;
    if let Some(node) = hierarchy.find_node(query.trim()) {
        return Ok(node);
    }
    if query.trim().eq_ignore_ascii_case("root") {
        return Ok(hierarchy.root());
    }
    if let Some(leaf) = model.classes.find(query).ok().and_then(|class| hierarchy.leaf(class)) {
        return Ok(leaf);
    }
    let names: Vec<CleanText> = hierarchy.nodes().iter().map(|node| node.name.clone()).collect();
    let similar = labels::similar(query, &names);
    let query: String = query.chars().take(60).collect();
    if similar.is_empty() {
        bail!(
            "The tree has no node {query:?}; `glasstree tree --json` prints names and WordNet ids"
        );
    }
    bail!("The tree has no node {query:?}; similar are {}", similar.join(", "))
}

/// A node as JSON: WordNet id and name.
pub fn one(hierarchy: &Hierarchy, node: NodeId) -> serde_json::Value {
    let known = hierarchy.node(node);
    json!({ "node": node, "wnid": known.wnid, "name": known.name })
}
