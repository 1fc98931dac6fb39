//! What is said below a map: the sum that it makes, or what its method shows.

use super::shown_map::{MapInput, MapRequest};
use crate::explain::{Completeness, Evidence, Rule};
use crate::explanation::{CamTarget, Explanation, MethodMap};
use crate::state::{Inquiry, InquiryProgress};
use crate::ui::legend::{Identity, Total, exactness};
use crate::ui::text::{short, thousands};
use crate::words::entropy_reason;

/// A line, and what is behind it.
#[derive(Clone, Debug, PartialEq)]
pub enum Account {
    /// The map adds up.
    Sum { identity: Identity, meaning: String },
    /// It does not, or not yet.
    Words { line: String, meaning: String },
}

impl Account {
    pub fn new(request: &MapRequest<'_>, made: Option<&MethodMap>) -> Self {
        let MapRequest { explanation, target, input: MapInput { method, inquiry }, .. } = *request;
        let meaning = format!("{}.\n\n{}.", method.kind().shows(), method.kind().limits());
        if let Some(evidence) = made.and_then(|made| made.evidence.as_ref()) {
            let total = total_of(explanation, target);
            let identity = Identity::of(evidence, total, &explanation.model);
            let mut meaning = sum_meaning(explanation, evidence, identity);
            if inquiry.is_some() {
                meaning = format!("{}.\n\n{meaning}", method.kind().shows());
            }
            return Self::Sum { identity, meaning };
        }
        let how_far = inquiry.map_or_else(|| "waiting for the network".to_owned(), how_far);
        let noise = made.and_then(MethodMap::noise).filter(|noise| noise.is_finite());
        let noise = noise.map_or_else(String::new, |noise| {
            format!(" \u{b7} standard error {:.0}% of the range", noise * 100.0)
        });
        let line = match made {
            Some(_) if inquiry.is_none_or(|it| it.total == 0) => {
                format!("{}: {}", method.name(), lower(method.kind().shows()))
            }
            _ => match made.and_then(|made| made.completeness) {
                Some(completeness) => {
                    format!("{}: {how_far} \u{b7} {}", method.name(), complete(&completeness))
                }
                None => format!("{}: {how_far}{noise}", method.name()),
            },
        };
        Self::Words { line, meaning }
    }

    /// Whether the numbers are as they should be.
    pub fn holds(&self) -> bool {
        match self {
            Self::Sum { identity, .. } => identity.check.holds(),
            Self::Words { .. } => true,
        }
    }

    /// The line; the short form is for narrow windows.
    pub fn line(&self, is_short: bool) -> String {
        match self {
            Self::Sum { identity, .. } => identity.sentence(is_short),
            Self::Words { line, .. } => line.clone(),
        }
    }

    pub fn meaning(&self) -> &str {
        match self {
            Self::Sum { meaning, .. } | Self::Words { meaning, .. } => meaning,
        }
    }
}

/// What all pixels add up to, and what they should.
fn complete(completeness: &Completeness) -> String {
    let Completeness { sum, whole, baseline } = *completeness;
    let verdict = match completeness.holds() {
        true => "complete",
        false => "not complete: too few steps",
    };
    format!(
        "pixels add up to {sum:.2} of {whole:.2} \u{2212} {baseline:.2} = {:.2} ({verdict})",
        whole - baseline
    )
}

/// How far the network is, in words.
fn how_far(inquiry: &Inquiry) -> String {
    let [done, total] = [inquiry.answers.len(), inquiry.total].map(thousands);
    match &inquiry.progress {
        InquiryProgress::Running(..) if inquiry.answers.is_empty() => {
            format!("{total} runs of the network to go")
        }
        InquiryProgress::Running(..) => {
            let left = inquiry.left.as_secs_f32().ceil();
            format!("{done} of {total} runs, {left:.0} s left")
        }
        InquiryProgress::Done if inquiry.total == 1 => "1 run of the network".to_owned(),
        InquiryProgress::Done => format!("{total} runs of the network"),
        InquiryProgress::Stopped => format!("stopped after {done} of {total} runs"),
        InquiryProgress::Failed(error) => error.clone(),
    }
}

fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(char::to_lowercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn sum_meaning(explanation: &Explanation, evidence: &Evidence, identity: Identity) -> String {
    let (pro, contra) = (&evidence.question.pro, evidence.question.contra.as_deref());
    let (pro, contra) = (short(pro), contra.map(short));
    let meaning = identity.kind.in_words(identity.total, &pro, contra.as_deref());
    let why = match entropy_reason(evidence) {
        Some(reason) => format!(" The entropy term is there {reason}."),
        None => String::new(),
    };
    format!("{meaning}.{why}\n\n{}", exactness(&explanation.model))
}

/// What the map of a target adds up to.
fn total_of(explanation: &Explanation, target: CamTarget) -> Total {
    match target {
        CamTarget::Class(_) | CamTarget::Node(..) => Total::Logit,
        CamTarget::Against(..)
        | CamTarget::Difference(..)
        | CamTarget::Decision(_, Rule::Marginal) => Total::LogOdds,
        CamTarget::Decision(node, Rule::Hard | Rule::Soft) => {
            let tree = explanation.model.tree().ok();
            let siblings = tree.map_or_else(Vec::new, |tree| tree.hierarchy.siblings(node));
            if siblings.len() == 1 { Total::LogOdds } else { Total::Lead }
        }
    }
}
