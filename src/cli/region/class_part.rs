//! What a region does for a class.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{RegionArgs, reruns};
use crate::cli::verify::Reruns;
use crate::cli::{Client, Out, classify};
use crate::explain::{Account, Area, ClassId, Question, Region, argmax, softmax};
use crate::explanation::Explanation;
use crate::output::percent;
use crate::protocol::ModelRequest;

/// What the region does for a class.
pub struct ClassPart {
    pub explanation: Arc<Explanation>,
    region: Region,
    class: ClassId,
    account: Account,
    logits_without: Vec<f32>,
    reruns: Reruns,
}

impl ClassPart {
    pub fn new(
        args: &RegionArgs,
        client: &Client,
        request: &ModelRequest,
        explanation: Arc<Explanation>,
        class: Option<ClassId>,
    ) -> anyhow::Result<Self> {
        let region = explanation.region(&Area::Box(args.rect))?;
        let class = class.unwrap_or_else(|| explanation.prediction());
        let question = Question::class(class, explanation.model.label(class));
        let logits = &explanation.forward.logits;
        let logits_without = region.logits_without(logits, explanation.class_maps()?);
        let account = region.account(&explanation.evidence(question)?, &logits_without);
        let reruns = reruns(args, client, request, &explanation)?;
        Ok(Self { explanation, region, class, account, logits_without, reruns })
    }

    fn probability_without(&self) -> f32 {
        softmax(&self.logits_without)[self.class]
    }

    pub fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let Account { region, total, .. } = self.account;
        let (model, class) = (&self.explanation.model, self.class);
        let share = percent(self.region.share() as f32);
        writeln!(out, "The region is {share} of what {} sees", model.source.name())?;
        let label = model.label(class);
        let (with, without) = (self.explanation.probabilities[class], self.probability_without());
        writeln!(
            out,
            "{label}: this region contributes {region:+.2} of the logit {total:+.2}; without it \
             {:+.2}, and the probability goes from {} to {}",
            self.account.without(),
            percent(with),
            percent(without)
        )?;
        let (now, then) = (self.explanation.prediction(), argmax(&self.logits_without));
        if now != then {
            let (now, then) = (model.label(now), model.label(then));
            writeln!(out, "Without the region, the prediction would be {then} instead of {now}")?;
        }
        for (how, seen) in &self.reruns {
            let logit = seen.forward.logits[class];
            writeln!(
                out,
                "  checked with the network, region {}: logit {logit:+.2} ({:+.2} off), {}",
                how.words(),
                logit - self.account.without(),
                percent(seen.probabilities[class])
            )?;
        }
        Ok(())
    }

    pub fn to_json(&self) -> Value {
        let verified = self.reruns.iter().map(|(how, seen)| {
            let logit = seen.forward.logits[self.class];
            json!({
                "how": how,
                "logit": logit,
                "difference": logit - self.account.without(),
                "probability": seen.probabilities[self.class],
                "prediction": seen.model.label(seen.prediction()),
            })
        });
        json!({
            "model": self.explanation.model.source.name(),
            "share": self.region.share(),
            "class": classify::one(&self.explanation, self.class),
            "region": self.account.region,
            "rest": self.account.rest,
            "bias": self.account.bias,
            "logit": self.account.total,
            "logit_without": self.account.without(),
            "probability_without": self.probability_without(),
            "prediction_without": self.explanation.model.label(argmax(&self.logits_without)),
            "verified": verified.collect::<Vec<_>>(),
        })
    }
}
