//! `glasstree flip`

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use super::args::SubjectArgs;
use super::verify::{self, Reruns};
use super::{Out, nodes};
use crate::catalog::ModelSource;
use crate::explain::{Area, Flip, Hierarchy, Rect, flip};
use crate::explanation::Explanation;
use crate::output::percent;
use crate::words::verdict;

#[derive(Debug, Args)]
pub struct FlipArgs {
    /// The node whose decision is to go the other way, by name or WordNet id; `root` for the first
    /// decision. A class stands for the decision in which it is a branch.
    #[arg(long, value_name = "NAME|WNID")]
    pub node: String,
    /// Run the network again with the cells painted over and with the cells blurred.
    #[arg(long)]
    pub verify: bool,
    #[command(flatten)]
    pub subject: SubjectArgs,
}

pub fn run(args: &FlipArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.subject.request(ModelSource::default_classifier());
    let client = args.subject.client()?;
    let model = client.load(&request)?;
    let hierarchy = &nodes::tree(&model)?.hierarchy;
    let node = nodes::find(&model, &args.node)?;
    let known = hierarchy.node(node);
    let node = known.parent.filter(|_| known.is_leaf()).unwrap_or(node);
    let explanation = args.subject.explain(&client, &request)?;
    let rule = args.subject.tree.rule(&model)?;
    let decision = explanation.decision(rule).map_err(|error| anyhow!("{error}"))?;
    let flip = flip(hierarchy, decision, explanation.class_maps()?, node)?;
    let rects: Vec<Rect> = flip.cells.iter().map(|&cell| explanation.cell_in_photo(cell)).collect();
    let reruns = match args.verify {
        true => verify::without(&client, &explanation, &request, Area::Cells(rects.clone()))?,
        false => Vec::new(),
    };
    let cells = explanation.cells()?;
    let report = Report { explanation: &explanation, hierarchy, flip, cells, rects, reruns };
    if args.subject.json {
        writeln!(out, "{}", report.to_json())?;
        return Ok(());
    }
    report.print(out)
}

struct Report<'a> {
    explanation: &'a Explanation,
    hierarchy: &'a Hierarchy,
    flip: Flip,
    /// Height and width of the map.
    cells: [usize; 2],
    /// Of the cells, in the photo.
    rects: Vec<Rect>,
    reruns: Reruns,
}

impl Report<'_> {
    fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let flip = &self.flip;
        let name = |id| self.hierarchy.node(id).name.as_str();
        let (node, from, to) = (name(flip.node), name(flip.from), name(flip.to));
        let (height, width) = self.cells.into();
        let (count, all) = (flip.cells.len(), height * width);
        writeln!(
            out,
            "{node}: {from} leads {to} by {:.2} logits ({} for {from})",
            flip.margin,
            percent(flip.probability)
        )?;
        let left = percent(flip.probability_without);
        if flip.flips {
            writeln!(
                out,
                "Without {count} of the {all} cells of the map, {to} would lead by {:.2} ({left} \
                 for {from}); {}",
                -flip.margin_without,
                if flip.smallest { "fewer are not enough" } else { "none of them is redundant" }
            )?;
        } else {
            writeln!(
                out,
                "No removal flips it: even without all {count} cells with evidence for {from}, \
                 {from} leads {to} by {:.2} ({left})",
                flip.margin_without
            )?;
        }
        let middles: Vec<String> = self
            .rects
            .iter()
            .map(|rect| format!("({:.0}, {:.0})", rect.centre()[0], rect.centre()[1]))
            .collect();
        if !middles.is_empty() {
            writeln!(out, "Centres of the cells in the photo: {}", middles.join(" "))?;
        }
        for (how, seen) in &self.reruns {
            let check = flip.check(self.hierarchy, &seen.forward.logits);
            writeln!(
                out,
                "  checked with the network, cells {}: lead {:+.2} ({}); {}",
                how.words(),
                check.margin,
                percent(check.probability),
                verdict(&check)
            )?;
        }
        Ok(())
    }

    fn to_json(&self) -> serde_json::Value {
        let (flip, one) = (&self.flip, |id| nodes::one(self.hierarchy, id));
        let [height, width] = self.cells;
        let cells = flip.cells.iter().zip(&self.rects).map(|(cell, rect)| {
            json!({ "row": cell / width.max(1), "column": cell % width.max(1), "in_photo": rect })
        });
        let verified = self.reruns.iter().map(|(how, seen)| {
            let check = flip.check(self.hierarchy, &seen.forward.logits);
            json!({
                "how": how,
                "margin": check.margin,
                "difference": check.margin - flip.margin_without,
                "probability": check.probability,
                "flips": check.flips,
            })
        });
        json!({
            "model": self.explanation.model.source.name(),
            "node": one(flip.node),
            "from": one(flip.from),
            "to": one(flip.to),
            "rule": flip.rule.to_string(),
            "flips": flip.flips,
            "smallest": flip.smallest,
            "map": { "height": height, "width": width },
            "cells": cells.collect::<Vec<_>>(),
            "margin": flip.margin,
            "margin_without": flip.margin_without,
            "probability": flip.probability,
            "probability_without": flip.probability_without,
            "verified": verified.collect::<Vec<_>>(),
        })
    }
}
