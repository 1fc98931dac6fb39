//! What a question finds in a picture, as text and as JSON.

use serde_json::{Value, json};

use super::Out;
use crate::explain::Evidence;
use crate::explanation::Explanation;
use crate::words;

/// The sentence and the sum of a comparison, and where in the photo each side is strongest.
pub fn print(explanation: &Explanation, evidence: &Evidence, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, "{}", words::story(evidence))?;
    let place = |cell: Option<usize>| {
        let [x, y] = explanation.cell_in_photo(cell?).centre();
        Some(format!("x {x:.0}, y {y:.0}"))
    };
    let [pro, contra] = evidence.peaks().map(place);
    if let (Some(place), name) = (pro, &evidence.question.pro) {
        writeln!(out, "  most for {name} around {place} of the photo")?;
    }
    if let (Some(place), Some(name)) = (contra, &evidence.question.contra) {
        writeln!(out, "  most for {name} around {place}")?;
    }
    writeln!(out, "{} (exact at the level of the feature map)", words::sum(evidence))?;
    if let Some(reason) = words::entropy_reason(evidence) {
        writeln!(out, "  the entropy is there {reason}")?;
    }
    Ok(())
}

/// Map, bias, total and check of a question as JSON.
pub fn to_json(explanation: &Explanation, evidence: &Evidence) -> Value {
    let Evidence { question, map, bias, entropy, total, check } = evidence;
    let [min, max] = map.range();
    let place = |cell: Option<usize>| cell.map(|cell| explanation.cell_in_photo(cell).centre());
    let [pro, contra] = evidence.peaks().map(place);
    json!({
        "pro": question.pro,
        "contra": question.contra,
        "map": { "height": map.height, "width": map.width, "min": min, "max": max,
                 "mean": map.mean() },
        "bias": bias,
        "entropy": entropy,
        "total": total,
        "identity": { "residual": check.residual, "holds": check.holds() },
        "strongest": { "pro": pro, "contra": contra },
    })
}
