//! What the colours mean: numbers along the bar, and words.

use crate::explain::{Cam, Evidence, IdentityCheck};
use crate::explanation::ModelInfo;
pub use crate::numbers::{Tick, nice_ticks};
use crate::ui::text::{decimals_that_add_up, number};
pub use crate::words::end_words;

/// What must be said about a map because its colours cannot show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// Nothing: look at the colours.
    Varied,
    /// All places have this value, so that its colours would show rounding errors.
    Constant(f32),
    /// No place has evidence in favour.
    OnlyAgainst,
    /// The smallest and the largest value look nearly alike on the scale.
    Faint([f32; 2]),
    /// Some values are not numbers.
    NotNumbers,
}

impl Finding {
    pub fn of(cam: &Cam) -> Self {
        /// Far above rounding errors, far below anything one could see.
        const FLAT: f32 = 1e-5;
        let [lo, hi] = cam.range();
        if cam.data.iter().any(|value| !value.is_finite()) {
            Self::NotNumbers
        } else if hi - lo <= FLAT * lo.abs().max(hi.abs()) {
            Self::Constant(hi)
        } else if hi < 0.0 {
            Self::OnlyAgainst
        } else {
            Self::Varied
        }
    }

    /// The same on a scale from `lo` to `hi`, where a map that is weaker than the others has hardly
    /// any colours.
    #[must_use]
    pub fn on_scale(self, cam: &Cam, [lo, hi]: [f32; 2]) -> Self {
        /// Of the scale: a step that one has to look for.
        const SUBTLE: f32 = 0.06;
        let [least, most] = cam.range();
        let is_faint = most - least < SUBTLE * (hi - lo);
        if self == Self::Varied && is_faint { Self::Faint([least, most]) } else { self }
    }

    /// One line for the user.
    pub fn sentence(self, name: &str, contra: Option<&str>) -> Option<String> {
        match self {
            Self::Varied => None,
            Self::Constant(value) if number(value, 2) == "0.00" => {
                Some(format!("The map is zero everywhere: no evidence for or against {name}"))
            }
            Self::Constant(value) => Some(format!(
                "The map is {} everywhere: no place matters more than another",
                number(value, 2)
            )),
            Self::OnlyAgainst => Some(match contra {
                Some(contra) => format!("All the evidence is for {contra}, none for {name}"),
                None => format!("All the evidence is against {name}"),
            }),
            Self::Faint(range) => {
                let [least, most] = range.map(|value| number(value, 2));
                Some(format!(
                    "Weak evidence on this scale, from {least} to {most}; the range \u{201c}This \
                     map\u{201d} shows where"
                ))
            }
            Self::NotNumbers => {
                Some("Some values of the map are not numbers; they are shown in black".to_owned())
            }
        }
    }
}

/// The sum that makes a map trustworthy: mean + bias + entropy = logit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Identity {
    pub mean: f32,
    pub bias: f32,
    /// Because a side could be any of its classes; 0 where there is nothing of that kind.
    pub entropy: f32,
    pub total: f32,
    pub kind: Total,
    pub check: IdentityCheck,
    /// Whether that holds for this picture alone, since a norm follows the pooling.
    pub is_frozen: bool,
}

/// What the sum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Of a class, or the mean of a node's classes.
    Logit,
    /// ln(p / q) of two branches that are compared by a softmax, or of two classes.
    LogOdds,
    /// Over the mean of several siblings.
    Lead,
}

impl Total {
    fn name(self) -> &'static str {
        match self {
            Self::Logit => "logit",
            Self::LogOdds => "log-odds",
            Self::Lead => "lead",
        }
    }

    /// What the number means, for laymen.
    pub fn in_words(self, total: f32, pro: &str, contra: Option<&str>) -> String {
        let contra = contra.unwrap_or("the others");
        match self {
            Self::Logit => format!(
                "The logit is the raw score of {pro}, before the softmax turns scores into \
                 probabilities"
            ),
            Self::LogOdds => {
                let (ahead, behind) = if total >= 0.0 { (pro, contra) } else { (contra, pro) };
                let times = f64::from(total.abs()).exp();
                let times = match times {
                    ..9.95 => format!("{times:.1}"),
                    ..1e6 => format!("{times:.0}"),
                    _ => "more than a million".to_owned(),
                };
                format!(
                    "The log-odds are the difference between two logits: {ahead} is {times} times \
                     as likely as {behind}"
                )
            }
            Self::Lead => format!(
                "The lead is the logit of {pro} minus the mean logit of {contra}; with more than \
                 two branches it does not give a probability"
            ),
        }
    }
}

/// What “exact at feature level” means for a model, and what it does not.
pub fn exactness(model: &ModelInfo) -> String {
    let (network, side) = (&model.architecture, model.recipe.crop);
    let way = match model.ending.is_linear() {
        true => "multiplies it by one row of weights",
        false => {
            "normalises the mean and multiplies it by one row of weights; with the norm's own \
                  mean and deviation frozen at those of this picture, that is one row of weights, too"
        }
    };
    let mut text = format!(
        "The network averages its last feature map and {way}, so the map adds up exactly: its mean \
         plus the bias is the result. That holds for the cells of the feature map, not for pixels."
    );
    if let Some(cell) = model.cell {
        text = format!(
            "{text} In {network}, a cell stands for {cell} \u{d7} {cell} of the {side} \u{d7} \
             {side} pixels"
        );
        text += &match (model.receptive_field, model.least_view()) {
            (Some(field), Some(view)) => {
                let view = if view >= 1.0 {
                    "all of the picture".to_owned()
                } else {
                    format!("{:.0}% of the picture or more", (100.0 * view).floor())
                };
                format!(", but it can draw on {field} \u{d7} {field} around them: {view}.")
            }
            _ => ", but it can draw on more of them.".to_owned(),
        };
    }
    text
}

impl Identity {
    pub fn of(evidence: &Evidence, kind: Total, model: &ModelInfo) -> Self {
        let Evidence { bias, entropy, total, check, .. } = *evidence;
        let is_frozen = !model.ending.is_linear();
        Self { mean: evidence.mean(), bias, entropy, total, kind, check, is_frozen }
    }

    /// The sum in words and numbers; with as few decimals as make the rounded numbers add up, too.
    /// The short form is for narrow windows.
    pub fn sentence(&self, is_short: bool) -> String {
        let Self { mean, bias, entropy, total, kind, check, is_frozen } = *self;
        let decimals = decimals_that_add_up(&[mean, bias, entropy], total);
        let has_entropy = entropy != 0.0;
        let [mean, bias, entropy, total] =
            [mean, bias, entropy, total].map(|value| number(value, decimals));
        let total = format!("{} {total}", kind.name());
        let difference = if kind == Total::Logit { "" } else { "difference " };
        let entropy = if has_entropy { format!(" + entropy {entropy}") } else { String::new() };
        let sum = format!("mean {mean} + bias {difference}{bias}{entropy}");
        match (check.holds(), is_short) {
            (true, false) if is_frozen => {
                format!("Exact with the norm frozen: map {sum} = {total}")
            }
            (true, false) => format!("Exact at feature level: map {sum} = {total}"),
            (true, true) => format!("{sum} = {total}"),
            (false, false) => format!("Does not add up: map {sum} \u{2260} {total}"),
            (false, true) => format!("Wrong: {sum} \u{2260} {total}"),
        }
    }
}
