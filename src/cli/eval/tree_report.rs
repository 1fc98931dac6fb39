//! What an evaluation found about a tree, as text and as JSON.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::report::{first_synonym, percent, tally};
use crate::cli::{Out, exact};
use crate::eval::{Certainty, Folded, Severity, THRESHOLDS, Tally, TreeScores};
use crate::explain::{Node, NodeId, Rule};
use crate::explanation::Tree;
use crate::tree_text;

/// Most nodes in the text.
const LISTED: usize = 12;
/// How often answers shall be right: a threshold is found for each.
const PROMISES: [f64; 3] = [0.8, 0.9, 0.95];

/// The summary for people. `rule` is the one by which single decisions are counted.
pub fn print(scores: &TreeScores, tree: &Tree, rule: Rule, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, "\nTree: {}", tree.name)?;
    writeln!(out, "{}  hard tree", percent(scores.hard))?;
    writeln!(out, "{}  soft tree", percent(scores.soft))?;
    writeln!(out, "{}  path of the marginal rule", percent(scores.marginal))?;
    writeln!(out, "\nSame answer, right or wrong:")?;
    writeln!(out, "{}  network alone and hard tree", percent(scores.plain_is_hard))?;
    writeln!(out, "{}  network alone and soft tree", percent(scores.plain_is_soft))?;
    let marginal = percent(scores.plain_is_marginal);
    writeln!(out, "{marginal}  network alone and path of the marginal rule")?;
    writeln!(out, "{}  hard tree and soft tree", percent(scores.hard_is_soft))?;
    writeln!(out, "{}  network alone, hard and soft tree", percent(scores.unanimous))?;
    print_certainty(&scores.certainty, out)?;
    print_severity(&scores.severity, out)?;

    let mut nodes = decisions(scores, tree, rule);
    nodes.sort_by_key(|(_, tally, _)| Reverse(tally.of - tally.right));
    nodes.truncate(LISTED);
    writeln!(
        out,
        "\nDecisions by the {rule} rule, those with most mistakes first (right, of pictures below):"
    )?;
    for (_, tally, node) in nodes {
        const CHILDREN: usize = 6;
        let names =
            node.children.iter().map(|&child| tree_text::short_name(&tree.hierarchy, child));
        let mut names: Vec<String> = names.take(CHILDREN).collect();
        if node.children.len() > CHILDREN {
            names.push(format!("{} others", node.children.len() - CHILDREN));
        }
        let names = names.join(" | ");
        writeln!(out, "{}  of {:6}  {}: {names}", percent(tally), tally.of, node.name)?;
    }
    Ok(())
}

fn print_certainty(certainty: &Certainty, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, "\nThe answer at a certainty (marginal rule):")?;
    writeln!(out, "certainty      right  single class  mean depth  classes left open")?;
    for (threshold, point) in THRESHOLDS.iter().zip(&certainty.points) {
        writeln!(
            out,
            "{:8.0}%  {}     {}  {:10.2}  {:17.1}",
            100.0 * threshold,
            percent(point.right),
            percent(point.is_class),
            point.mean_depth().unwrap_or_default(),
            point.mean_classes().unwrap_or_default(),
        )?;
    }
    for promise in PROMISES.iter().filter_map(|&accuracy| certainty.promise(accuracy)) {
        writeln!(
            out,
            "To be right {:.0}% of the time on pictures like these, require more than {:.2}%",
            100.0 * promise.accuracy,
            100.0 * promise.threshold
        )?;
    }
    Ok(())
}

fn print_severity(severity: &Severity, out: Out<'_>) -> anyhow::Result<()> {
    let [all, mistakes] = severity.mean_heights().map(|mean| mean.unwrap_or_default());
    writeln!(
        out,
        "\nSeverity: the lowest common ancestor of truth and prediction has mean height {all:.2}, \
         {mistakes:.2} for mistakes"
    )?;
    let of = severity.heights.values().sum();
    for (&height, &right) in &severity.heights {
        writeln!(out, "{}  height {height}", percent(Tally { right, of }))?;
    }
    writeln!(out, "\nRight down to each level of the tree:")?;
    for (level, &tally) in (1..).zip(&severity.levels) {
        writeln!(out, "{}  level {level}", percent(tally))?;
    }
    Ok(())
}

/// What is taken for what at one node.
pub fn print_folded(
    folded: &Folded,
    tree: &Tree,
    node: NodeId,
    out: Out<'_>,
) -> anyhow::Result<()> {
    let name = |id: NodeId| tree_text::short_name(&tree.hierarchy, id);
    writeln!(out, "\nWhat is taken for what at {} (rows: truth):", name(node))?;
    for (row, &branch) in folded.counts.iter().zip(&folded.branches) {
        let of: usize = row.iter().sum();
        if of == 0 {
            continue;
        }
        let mut taken: Vec<(usize, String)> =
            row.iter().zip(&folded.branches).map(|(&count, &id)| (count, name(id))).collect();
        taken.push((row.last().copied().unwrap_or_default(), "something else".to_owned()));
        taken.retain(|&(count, _)| count > 0);
        taken.sort_by_key(|&(count, _)| Reverse(count));
        let taken: Vec<String> =
            taken.into_iter().map(|(count, name)| format!("{name} {count}")).collect();
        writeln!(out, "{of:7}  {}: {}", name(branch), taken.join(", "))?;
    }
    Ok(())
}

/// The inner nodes with pictures below them, in the order of the tree.
fn decisions<'a>(scores: &TreeScores, tree: &'a Tree, rule: Rule) -> Vec<(usize, Tally, &'a Node)> {
    let tallies = match rule {
        Rule::Hard | Rule::Soft => &scores.nodes,
        Rule::Marginal => &scores.marginal_nodes,
    };
    let nodes = tree.hierarchy.nodes().iter().zip(tallies).enumerate();
    let with_pictures = nodes.filter(|(_, (_, tally))| tally.of > 0);
    with_pictures.map(|(id, (node, &tally))| (id, tally, node)).collect()
}

/// The form that the documentation of the command describes.
pub fn json(scores: &TreeScores, tree: &Tree) -> Value {
    let nodes = decisions(scores, tree, Rule::Hard).into_iter().map(|(id, of, node)| {
        let mut value = tally(of);
        value["node"] = json!(id);
        value["wnid"] = json!(node.wnid);
        value["name"] = json!(node.name);
        value["depth"] = json!(node.depth);
        value["marginal"] = tally(scores.marginal_nodes[id]);
        value
    });
    let certainty = THRESHOLDS.iter().zip(&scores.certainty.points).map(|(&threshold, point)| {
        json!({
            "threshold": exact(threshold),
            "right": tally(point.right),
            "single_class": tally(point.is_class),
            "mean_depth": point.mean_depth(),
            "mean_classes": point.mean_classes(),
        })
    });
    let promises = PROMISES.iter().filter_map(|&accuracy| scores.certainty.promise(accuracy));
    let promises = promises
        .map(|promise| json!({ "accuracy": promise.accuracy, "threshold": promise.threshold }));
    let [all, mistakes] = scores.severity.mean_heights();
    let heights = scores.severity.heights.iter();
    let heights = heights.map(|(height, count)| json!({ "height": height, "count": count }));
    json!({
        "hierarchy": tree.name,
        "hard": tally(scores.hard),
        "soft": tally(scores.soft),
        "marginal": tally(scores.marginal),
        "agreement": {
            "plain_hard": tally(scores.plain_is_hard),
            "plain_soft": tally(scores.plain_is_soft),
            "plain_marginal": tally(scores.plain_is_marginal),
            "hard_soft": tally(scores.hard_is_soft),
            "all": tally(scores.unanimous),
        },
        "certainty": certainty.collect::<Vec<_>>(),
        "promises": promises.collect::<Vec<_>>(),
        "severity": {
            "mean": all,
            "mean_of_mistakes": mistakes,
            "heights": heights.collect::<Vec<_>>(),
            "levels": scores.severity.levels.iter().map(|&it| tally(it)).collect::<Vec<_>>(),
        },
        "nodes": nodes.collect::<Vec<_>>(),
    })
}

/// A folded confusion matrix.
pub fn folded_json(folded: &Folded, tree: &Tree, node: NodeId) -> Value {
    let name = |id: NodeId| {
        let node = tree.hierarchy.node(id);
        if node.is_leaf() { first_synonym(&node.name).to_owned() } else { node.name.to_string() }
    };
    let branches: Vec<String> = folded.branches.iter().map(|&id| name(id)).collect();
    json!({ "node": name(node), "branches": branches, "counts": folded.counts })
}
