//! Checks of a class activation map: runs of the network that tell how far it can be trusted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::methods::Progress;
use super::{Client, Out, warn};
use crate::explain::{
    Canvas, Checks, Fill, Findings, Guise, Question, with_mean_of_classes, with_shuffled_head,
};
use crate::explanation::Explanation;
use crate::protocol::ModelRequest;

/// What was found; numbers are rank correlations, -1 to 1, `None` where a map is constant.
pub struct Checked {
    shuffled_head: Option<f64>,
    mean_of_classes: Option<f64>,
    findings: Findings,
}

/// Runs the checks of the map of a question.
pub fn run(
    client: &Client,
    request: &ModelRequest,
    seen: &Explanation,
    question: &Question,
    fill: Fill,
    seed: u64,
) -> anyhow::Result<Checked> {
    let (input, recipe) = (&seen.input, &seen.model.recipe);
    let (features, head) = seen.features_and_head()?;
    let row = question.ask(&seen.forward.logits).row(head).0;
    let canvas = Canvas::new(input, recipe, fill);
    let checks = Arc::new(Checks::new(input, recipe, canvas, seen.cells()?));
    let progress = Progress::new("Checks");
    let probe = Arc::<Checks>::clone(&checks);
    let answers = client.engine.probe(probe, request, &mut warn, &mut |answers, total, left| {
        progress.show(answers.len(), total, left);
    });
    progress.clear();
    let score = |logits: &[f32]| question.ask(logits).total;
    let findings = checks
        .findings(&seen.forward, head, &row, score, &answers?)
        .ok_or_else(|| anyhow::anyhow!("The network did not answer every request"))?;
    let map = seen.evidence(question.clone())?.map;
    Ok(Checked {
        shuffled_head: with_shuffled_head(features, &row, seed),
        mean_of_classes: with_mean_of_classes(&map, seen.class_maps()?),
        findings,
    })
}

impl Checked {
    pub fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let number = |value: Option<f64>| value.map_or("    -".to_owned(), |v| format!("{v:+.2}"));
        writeln!(out, "Checks (rank correlations, -1 to 1; none is decisive alone):")?;
        let shuffled = number(self.shuffled_head);
        writeln!(
            out,
            "  {shuffled}  with the head shuffled: near 0, the map depends on the class"
        )?;
        let mean = number(self.mean_of_classes);
        writeln!(out, "  {mean}  with the mean map of all classes: near 1, it shows any object")?;
        for (guise, alike, change) in &self.findings.guises {
            let what = match guise {
                Guise::Moved => "with the picture shifted by an eighth of a cell",
                Guise::Jpeg => "with the picture saved as JPEG",
            };
            let alike = number(*alike);
            writeln!(
                out,
                "  {alike}  {what}: near 1, it is stable; the score changes by {change:+.2}"
            )?;
        }
        let single = number(self.findings.single_deletion);
        writeln!(
            out,
            "  {single}  between the cells and the drop when each is hidden: near 1, they matter \
             as shown"
        )?;
        Ok(())
    }

    pub fn to_json(&self) -> Value {
        let guises = self.findings.guises.iter().map(|(guise, alike, change)| {
            let name = match guise {
                Guise::Moved => "moved",
                Guise::Jpeg => "jpeg",
            };
            json!({ "change": name, "rank_correlation": alike, "score_change": change })
        });
        json!({
            "shuffled_head": self.shuffled_head,
            "mean_of_classes": self.mean_of_classes,
            "stability": guises.collect::<Vec<_>>(),
            "single_deletion": self.findings.single_deletion,
        })
    }
}
