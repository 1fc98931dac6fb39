//! Checks of the exact map, each with its own number and sentence. There is no single score:
//! published measures contradict each other.

use std::sync::Arc;

use eframe::egui::{Grid, Label, RichText, Ui};

use crate::explain::{Checks, Findings, Guise, with_mean_of_classes, with_shuffled_head};
use crate::explanation::{CamTarget, Explanation};
use crate::memo::{Memo, Same};
use crate::state::{AppState, Asked, Inquiry, Role, Topic};
use crate::ui::text::{number, signed};

/// Of the shuffles; any fixed number.
const SEED: u64 = 1;

/// One check.
#[derive(Clone, Debug, PartialEq)]
struct Finding {
    /// A rank correlation, -1 to 1; `None` where a map is constant.
    value: Option<f64>,
    sentence: String,
}

/// The findings shown last.
#[derive(Default)]
pub struct ChecksMemo(Memo<(Same<Explanation>, CamTarget, bool), Vec<Finding>>);

/// The list. What needs no further run of the network is there at once.
pub fn checks_ui(
    ui: &mut Ui,
    state: &AppState,
    role: Role,
    explanation: &Arc<Explanation>,
    target: CamTarget,
    memo: &mut ChecksMemo,
) {
    ui.strong("Checks of the exact map").on_hover_text(
        "Rank correlations from \u{2212}1 to 1. None is decisive alone: published measures \
         contradict each other",
    );
    if let Err(why) = &explanation.head {
        ui.add(Label::new(format!("There is none: {why}")).wrap());
        return;
    }
    let inquiry = state.inquiry(role, Topic::Checks).filter(|inquiry| inquiry.is_done());
    let key = (Same::as_value(explanation), target, inquiry.is_some());
    let findings = memo.0.get_or_make(key, |_| {
        let mut findings = at_once(explanation, target).unwrap_or_default();
        findings.extend(inquiry.and_then(|it| asked(explanation, target, it)).unwrap_or_default());
        findings
    });
    Grid::new("checks").num_columns(2).spacing([10.0, 4.0]).show(ui, |ui| {
        for Finding { value, sentence } in findings {
            let value = value.map_or("\u{2013}".to_owned(), |value| number(value as f32, 2));
            ui.label(RichText::new(value).strong());
            ui.add(Label::new(sentence.as_str()).wrap());
            ui.end_row();
        }
    });
    if inquiry.is_none() {
        ui.weak("The others take some 50 runs of the network");
    }
}

/// What follows from the one run that there was.
fn at_once(seen: &Explanation, target: CamTarget) -> Option<Vec<Finding>> {
    let (features, head) = seen.features_and_head().ok()?;
    let row = seen.question(target)?.ask(&seen.forward.logits).row(head).0;
    let shuffled = with_shuffled_head(features, &row, SEED);
    let mean = with_mean_of_classes(&seen.cam(target).ok()?, seen.class_maps().ok()?);
    Some(vec![
        Finding {
            value: shuffled,
            sentence: match shuffled {
                Some(alike) if alike.abs() >= 0.5 => {
                    "with the weights shuffled: the map hardly depends on what was learnt"
                }
                _ => "with the weights shuffled: the map depends on what was learnt",
            }
            .to_owned(),
        },
        Finding {
            value: mean,
            sentence: match mean {
                Some(alike) if alike >= 0.7 => {
                    "with the mean map of all classes: it shows any object, not this class"
                }
                _ => "with the mean map of all classes: it is specific to this class",
            }
            .to_owned(),
        },
    ])
}

/// What the further runs say.
fn asked(seen: &Explanation, target: CamTarget, inquiry: &Inquiry) -> Option<Vec<Finding>> {
    let Asked::Checks(checks) = &inquiry.asked else { return None };
    let findings = findings(seen, target, checks, inquiry)?;
    let mut list: Vec<Finding> = findings
        .guises
        .iter()
        .map(|(guise, alike, change)| {
            let what = match guise {
                Guise::Moved => "with the picture shifted by an eighth of a cell",
                Guise::Jpeg => "with the picture saved as a JPEG of medium quality",
            };
            let is_stable = alike.is_some_and(|alike| alike >= 0.8);
            let verdict = if is_stable { "stable" } else { "not stable" };
            let change = signed(*change, 2);
            let sentence = format!("{what}: {verdict}; the score changes by {change}");
            Finding { value: *alike, sentence }
        })
        .collect();
    let single = findings.single_deletion;
    let matters = single.is_some_and(|alike| alike >= 0.5);
    let verdict = if matters { "they matter as shown" } else { "they matter differently" };
    list.push(Finding {
        value: single,
        sentence: format!("between the cells and the drop when each is hidden: {verdict}"),
    });
    Some(list)
}

fn findings(
    seen: &Explanation,
    target: CamTarget,
    checks: &Checks,
    inquiry: &Inquiry,
) -> Option<Findings> {
    let question = seen.question(target)?;
    let head = seen.head.as_deref().ok()?;
    let row = question.ask(&seen.forward.logits).row(head).0;
    let score = |logits: &[f32]| question.ask(logits).total;
    checks.findings(&seen.forward, head, &row, score, &inquiry.answers)
}
