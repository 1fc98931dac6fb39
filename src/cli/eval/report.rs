//! What an evaluation found: as text, as JSON, and the confusion matrix as CSV.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::Out;
use super::tree_report;
use crate::eval::{
    Calibration, Localisation, MARGIN, MapScores, Measure, PointingGame, Separation, Tally,
};
use crate::explain::{ClassId, Rule};
use crate::labelled_pictures::UnknownClass;
use crate::numbers::thousands;
use crate::protocol::Evaluation;

/// Most mistakes in the text.
const LISTED: usize = 12;

/// The summary for people.
pub fn print(evaluation: &Evaluation, rule: Option<Rule>, out: Out<'_>) -> anyhow::Result<()> {
    let Evaluation { model, device, scores, took, .. } = evaluation;
    let classes = scores.classes.iter().filter(|tally| tally.of > 0).count();
    let (count, seconds) = (scores.top1.of, took.as_secs_f64());
    let (pictures, classes) = (thousands(count), thousands(classes));
    writeln!(
        out,
        "{} on {device}: {pictures} pictures of {classes} classes, {seconds:.1} s ({:.0} a second)\n",
        model.source.name(),
        count as f64 / seconds.max(1e-3),
    )?;
    writeln!(out, "{}  top-1", percent(scores.top1))?;
    writeln!(out, "{}  top-5", percent(scores.top5))?;
    writeln!(out, "{}  top-1, mean of the classes", percent_of(scores.mean_class()))?;
    let error = percent_of(scores.calibration.error());
    writeln!(out, "{error}  expected calibration error")?;
    match (&scores.tree, model.tree()) {
        (Some(tree), Ok(named)) => {
            tree_report::print(tree, named, rule.unwrap_or_else(|| named.default_rule()), out)?;
        }
        (_, Err(error)) => writeln!(out, "No tree: {error}")?,
        _ => {}
    }
    if scores.localisation.top1.of > 0 {
        print_localisation(&scores.localisation, out)?;
        print_pointing(&scores.pointing, out)?;
    }
    if !evaluation.separations.is_empty() {
        print_separations(&evaluation.separations, out)?;
    }
    let mistakes = scores.mistakes();
    if !mistakes.is_empty() {
        writeln!(out, "\nMost frequent mistakes:")?;
    }
    for &(truth, prediction, count) in mistakes.iter().take(LISTED) {
        let [truth, prediction] =
            [truth, prediction].map(|class| first_synonym(model.label(class)));
        writeln!(out, "{count:7}  {truth} taken for {prediction}")?;
    }
    Ok(())
}

pub fn first_synonym(label: &str) -> &str {
    label.split(',').next().unwrap_or(label)
}

fn print_localisation(scores: &Localisation, out: Out<'_>) -> anyhow::Result<()> {
    let Localisation { truth, predicted, top1 } = scores;
    let tallies = |a: Tally, b: Tally| format!("{}  {}", percent(a), percent(b));
    let iou = |scores: &MapScores| scores.mean_iou().unwrap_or_default();
    let pictures = thousands(top1.of);
    writeln!(out, "\nMaps against boxes, {pictures} pictures (true class, predicted class):")?;
    writeln!(out, "{}  peak inside a box", tallies(truth.pointing, predicted.pointing))?;
    writeln!(out, "{}  IoU of at least 0.5", tallies(truth.found, predicted.found))?;
    writeln!(out, "{:9.3}  {:9.3}  mean IoU", iou(truth), iou(predicted))?;
    writeln!(out, "{:9}  {}  IoU of at least 0.5, and the class right", "", percent(*top1))?;
    Ok(())
}

/// The figures that others publish, with what they mean.
fn print_pointing(game: &PointingGame, out: Out<'_>) -> anyhow::Result<()> {
    let Some((share, count)) = game.all() else { return Ok(()) };
    writeln!(
        out,
        "\nPointing game as in TorchRay: the peak of the true class's map lies less than {MARGIN} \
         pixels from a box; mean over the classes"
    )?;
    writeln!(out, "{}  all {count}", percent_of(Some(share)))?;
    match game.difficult() {
        Some((share, count)) => writeln!(
            out,
            "{}  the {count} difficult ones: boxes below a quarter of the picture, other classes \
             in it",
            percent_of(Some(share))
        )?,
        None => {
            writeln!(out, "           none is difficult: no box is small beside other classes")?
        }
    }
    Ok(())
}

fn print_separations(separations: &[(Measure, Separation)], out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, "\nThese pictures against the others (AUROC; others detected where 95% pass):")?;
    for &(measure, Separation { auroc, threshold, caught }) in separations {
        let [auroc, caught] = [auroc, caught].map(|share| percent_of(Some(share)));
        writeln!(out, "{auroc}  {caught} below {threshold:.3}  {}", measure_name(measure))?;
    }
    Ok(())
}

fn measure_name(measure: Measure) -> &'static str {
    match measure {
        Measure::MaxSoftmax => "largest probability",
        Measure::MaxLogit => "largest logit",
        Measure::Energy => "energy (negative)",
        Measure::FeatureNorm => "length of the pooled features",
        Measure::Cosine => "cosine of the features and the class",
    }
}

fn separations_json(separations: &[(Measure, Separation)]) -> Value {
    let one = |&(measure, Separation { auroc, threshold, caught }): &(Measure, Separation)| {
        json!({
            "measure": measure_name(measure),
            "auroc": auroc,
            "threshold": threshold,
            "caught": caught,
        })
    };
    if separations.is_empty() { Value::Null } else { separations.iter().map(one).collect() }
}

pub fn percent(tally: Tally) -> String {
    percent_of(tally.rate())
}

pub fn percent_of(rate: Option<f64>) -> String {
    rate.map_or_else(|| format!("{:>9}", "-"), |rate| format!("{:8.2}%", rate * 100.0))
}

/// The form that the documentation of the command describes.
pub fn json(evaluation: &Evaluation, unknown: &[UnknownClass]) -> Value {
    let Evaluation { model, device, scores, unreadable, .. } = evaluation;
    let with_pictures = scores.classes.iter().enumerate().filter(|(_, tally)| tally.of > 0);
    let classes: Vec<_> = with_pictures
        .map(|(class, &of)| {
            let mut value = tally(of);
            value["index"] = json!(class);
            value["label"] = json!(model.label(class));
            value
        })
        .collect();
    let mistakes = scores.mistakes().into_iter().map(|(truth, prediction, count)| {
        json!({ "truth": truth, "prediction": prediction, "count": count })
    });
    let unknown = unknown.iter().map(
        |class| json!({ "name": class.name, "pictures": class.pictures, "reason": class.reason }),
    );
    let tree = match (&scores.tree, model.tree()) {
        (Some(scores), Ok(tree)) => tree_report::json(scores, tree),
        _ => Value::Null,
    };
    let localisation = &scores.localisation;
    let has_boxes = localisation.top1.of > 0;
    json!({
        "model": model.source.name(),
        "device": device,
        "pictures": scores.top1.of,
        "unreadable": { "count": unreadable.count, "first": unreadable.first },
        "unknown_classes": unknown.collect::<Vec<_>>(),
        "top1": tally(scores.top1),
        "top5": tally(scores.top5),
        "mean_class": scores.mean_class(),
        "classes": classes,
        "mistakes": mistakes.collect::<Vec<_>>(),
        "calibration": calibration_json(&scores.calibration),
        "tree": tree,
        "others": separations_json(&evaluation.separations),
        "localisation": if has_boxes { localisation_json(localisation) } else { Value::Null },
        "pointing_game": pointing_json(&scores.pointing),
    })
}

pub fn tally(tally: Tally) -> Value {
    json!({ "right": tally.right, "of": tally.of, "rate": tally.rate() })
}

fn calibration_json(calibration: &Calibration) -> Value {
    let bins = calibration.bins.iter().filter(|bin| bin.right.of > 0).map(|bin| {
        let mut value = tally(bin.right);
        value["confidence"] = json!(bin.mean_confidence());
        value
    });
    json!({ "error": calibration.error(), "bins": bins.collect::<Vec<_>>() })
}

fn pointing_json(game: &PointingGame) -> Value {
    let part = |part: Option<(f64, usize)>| match part {
        Some((rate, of)) => json!({ "mean_of_classes": rate, "of": of }),
        None => Value::Null,
    };
    match game.all() {
        None => Value::Null,
        all => json!({ "margin": MARGIN, "all": part(all), "difficult": part(game.difficult()) }),
    }
}

fn localisation_json(scores: &Localisation) -> Value {
    let maps = |maps: &MapScores| {
        json!({
            "pointing": tally(maps.pointing),
            "found": tally(maps.found),
            "mean_iou": maps.mean_iou(),
        })
    };
    json!({
        "truth": maps(&scores.truth),
        "predicted": maps(&scores.predicted),
        "top1": tally(scores.top1),
    })
}

/// A row for each class with pictures, a column for each class with pictures or predictions; the
/// titles are labels.
pub fn confusion_csv(evaluation: &Evaluation) -> String {
    let (model, confusion) = (&evaluation.model, &evaluation.scores.confusion);
    let rows: BTreeSet<ClassId> = confusion.keys().map(|&(truth, _)| truth).collect();
    let columns: BTreeSet<ClassId> =
        confusion.keys().flat_map(|&(truth, prediction)| [truth, prediction]).collect();
    let mut text = quoted("true class");
    for &column in &columns {
        text.push(',');
        text += &quoted(model.label(column));
    }
    text.push('\n');
    for &row in &rows {
        text += &quoted(model.label(row));
        for &column in &columns {
            let count = confusion.get(&(row, column)).copied().unwrap_or_default();
            write!(text, ",{count}").ok();
        }
        text.push('\n');
    }
    text
}

/// A field of CSV: in quotation marks where it needs them (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
