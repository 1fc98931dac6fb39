//! What a region does for the decisions of a tree.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{RegionArgs, reruns};
use crate::cli::verify::Reruns;
use crate::cli::{Client, Out, nodes};
use crate::explain::{Area, BranchAccount, Decision, Region, branch_accounts};
use crate::explanation::Explanation;
use crate::output::percent;
use crate::protocol::ModelRequest;

/// What the region does for the decisions of a tree.
pub struct TreePart {
    explanation: Arc<Explanation>,
    region: Region,
    with: Decision,
    without: Decision,
    accounts: Vec<BranchAccount>,
    reruns: Reruns,
}

impl TreePart {
    pub fn new(
        args: &RegionArgs,
        client: &Client,
        request: &ModelRequest,
        explanation: Arc<Explanation>,
    ) -> anyhow::Result<Self> {
        let hierarchy = &nodes::tree(&explanation.model)?.hierarchy;
        let region = explanation.region(&Area::Box(args.rect))?;
        let logits = &explanation.forward.logits;
        let rule = args.subject.tree.rule(&explanation.model)?;
        let with = Decision::new(hierarchy, logits, rule);
        let logits = region.logits_without(logits, explanation.class_maps()?);
        let without = Decision::new(hierarchy, &logits, rule);
        let accounts = branch_accounts(hierarchy, &with, &without, &with.path);
        let reruns = reruns(args, client, request, &explanation)?;
        Ok(Self { explanation, region, with, without, accounts, reruns })
    }

    fn rerun(&self, seen: &Explanation) -> anyhow::Result<Decision> {
        let hierarchy = &nodes::tree(&self.explanation.model)?.hierarchy;
        Ok(Decision::new(hierarchy, &seen.forward.logits, self.with.rule))
    }

    pub fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let model = &self.explanation.model;
        let hierarchy = &nodes::tree(model)?.hierarchy;
        let share = percent(self.region.share() as f32);
        let (now, then) = (model.label(self.with.class), model.label(self.without.class));
        writeln!(
            out,
            "Decisions of {} on the way to {now} (it sees {share} of its picture there):",
            model.source.name()
        )?;
        let reruns: Vec<_> = self
            .reruns
            .iter()
            .map(|(how, seen)| Ok((*how, self.rerun(seen)?)))
            .collect::<anyhow::Result<_>>()?;
        for account in &self.accounts {
            let name = &hierarchy.node(account.node).name;
            writeln!(
                out,
                "  {name}: this region contributes {:+.2} of the {:+.2} log-odds; without it {} → \
                 {}",
                account.region,
                account.log_odds,
                percent(account.probability),
                percent(account.probability_without)
            )?;
            for (how, decision) in &reruns {
                writeln!(
                    out,
                    "    checked with the network, region {}: {} ({:+.2} log-odds off)",
                    how.words(),
                    percent(decision.branch_prob[account.node]),
                    decision.log_odds[account.node] - account.log_odds_without
                )?;
            }
        }
        if now != then {
            writeln!(out, "Without the region, the tree would predict {then} instead of {now}")?;
        }
        Ok(())
    }

    pub fn to_json(&self) -> anyhow::Result<Value> {
        let model = &self.explanation.model;
        let tree = nodes::tree(model)?;
        let mut decisions = Vec::new();
        for account in &self.accounts {
            let mut value = nodes::one(&tree.hierarchy, account.node);
            value["log_odds"] = json!(account.log_odds);
            value["log_odds_without"] = json!(account.log_odds_without);
            value["region"] = json!(account.region);
            value["probability"] = json!(account.probability);
            value["probability_without"] = json!(account.probability_without);
            let mut verified = Vec::new();
            for (how, seen) in &self.reruns {
                let decision = self.rerun(seen)?;
                let log_odds = decision.log_odds[account.node];
                verified.push(json!({
                    "how": how,
                    "log_odds": log_odds,
                    "difference": log_odds - account.log_odds_without,
                    "probability": decision.branch_prob[account.node],
                }));
            }
            value["verified"] = json!(verified);
            decisions.push(value);
        }
        Ok(json!({
            "model": model.source.name(),
            "hierarchy": tree.name,
            "rule": self.with.rule.to_string(),
            "share": self.region.share(),
            "prediction": model.label(self.with.class),
            "prediction_without": model.label(self.without.class),
            "decisions": decisions,
        }))
    }
}
