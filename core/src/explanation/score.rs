//! What is measured while parts of a picture are hidden.

use serde::{Deserialize, Serialize};

use super::{CamTarget, Explanation};

/// What is measured while parts of a picture are hidden.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Score {
    /// The logit of a class or node, the lead in a comparison.
    Logit,
    /// How likely a class is among all, a branch among its siblings ([`Explanation::probability`]).
    #[default]
    Probability,
}

impl Explanation {
    /// What is measured of changed logits; `None` if there is no such target, or no probability.
    pub fn scorer(&self, target: CamTarget, score: Score) -> Option<impl Fn(&[f32]) -> f32> {
        let question = self.question(target)?;
        // Known to exist for these logits, it exists for all.
        if score == Score::Probability {
            self.probability(target, &self.forward.logits)?;
        }
        Some(move |logits: &[f32]| match score {
            Score::Logit => question.ask(logits).total,
            Score::Probability => self.probability(target, logits).unwrap_or(f32::NAN),
        })
    }
}
