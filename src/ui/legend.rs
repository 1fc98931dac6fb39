//! What the colours mean: numbers along the bar, and words.

use crate::explain::{Cam, Evidence, IdentityCheck};
use crate::explanation::ModelInfo;
use crate::ui::text::{decimals_that_add_up, number};

/// A number beside the colour bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub value: f32,
    pub text: String,
}

/// At most `most` round numbers from `lo` to `hi`, in steps of 1, 2 or 5 times a power of ten.
pub fn nice_ticks([lo, hi]: [f32; 2], most: usize) -> Vec<Tick> {
    let span = f64::from(hi) - f64::from(lo);
    if !(span > 0.0 && span.is_finite()) || most == 0 {
        return Vec::new();
    }
    let rough = span / most as f64;
    let power = 10.0_f64.powi(rough.log10().floor() as i32);
    let candidates = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|digit| digit * power);
    let ticks_of = |step: f64| {
        // A hair inwards and outwards: an end that is a round number itself belongs to it.
        let first = (f64::from(lo) / step - 1e-6).ceil();
        let last = (f64::from(hi) / step + 1e-6).floor();
        (first, last, step)
    };
    let fits = |&(first, last, _): &(f64, f64, f64)| last - first < most as f64;
    let Some((first, last, step)) = candidates.into_iter().map(ticks_of).find(fits) else {
        return Vec::new();
    };
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    let count = (last - first).max(-1.0) as i64 + 1;
    (0..count)
        .map(|i| {
            let value = ((first + i as f64) * step) as f32;
            Tick { value, text: number(value, decimals) }
        })
        .collect()
}

/// What the two ends of the bar say about a target, or about the two sides of a comparison.
pub fn end_words([lo, hi]: [f32; 2], pro: &str, contra: Option<&str>) -> [String; 2] {
    if let Some(contra) = contra {
        return [format!("speaks for {contra}"), format!("speaks for {pro}")];
    }
    let against = match lo {
        lo if lo < 0.0 => format!("speaks against {pro}"),
        0.0 => "no support".to_owned(),
        _ => "weaker".to_owned(),
    };
    let supports = if hi > 0.0 { format!("supports {pro}") } else { "neutral".to_owned() };
    [against, supports]
}

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
                Some(format!("The map is zero everywhere: no place says anything about {name}"))
            }
            Self::Constant(value) => Some(format!(
                "The map is {} everywhere: no place matters more than another",
                number(value, 2)
            )),
            Self::OnlyAgainst => Some(match contra {
                Some(contra) => format!("Every place speaks for {contra}, none for {name}"),
                None => format!("Every place speaks against {name}"),
            }),
            Self::Faint(range) => {
                let [least, most] = range.map(|value| number(value, 2));
                Some(format!(
                    "Weak evidence on this scale: from {least} to {most}. The range \u{201c}This \
                     map\u{201d} shows where"
                ))
            }
            Self::NotNumbers => {
                Some("Some values of the map are not numbers; they are black".to_owned())
            }
        }
    }
}

/// The sum that makes a map trustworthy: mean + bias = logit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Identity {
    pub mean: f32,
    pub bias: f32,
    pub total: f32,
    pub kind: Total,
    pub check: IdentityCheck,
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
                "The logit is the raw score of {pro}, before it is compared with others and becomes \
                 a probability"
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
                    "The log-odds are the difference of two logits: {ahead} is {times} times as \
                     likely as {behind}"
                )
            }
            Self::Lead => format!(
                "The lead is the logit of {pro} minus the mean logit of {contra}; with more than \
                 two branches that is not yet a probability"
            ),
        }
    }
}

/// What “exact at feature level” means for a model, and what it does not.
pub fn exactness(model: &ModelInfo) -> String {
    let (cell, side, field) = (model.cell, model.recipe.crop, model.receptive_field);
    let view = model.least_view();
    let view = if view >= 1.0 {
        "all of the picture".to_owned()
    } else {
        format!("{:.0} % of the picture or more", (100.0 * view).floor())
    };
    format!(
        "The network averages its last feature map and multiplies it by one row of weights, so the \
         map adds up exactly: its mean plus the bias is the result. That is exact for the cells of \
         the feature map, not for pixels. In {} a cell stands for {cell} \u{d7} {cell} of the {side} \
         \u{d7} {side} pixels, but what it says can draw on {field} \u{d7} {field} around them, that \
         is on {view}.",
        model.architecture
    )
}

impl Identity {
    pub fn of(evidence: &Evidence, kind: Total) -> Self {
        let Evidence { bias, total, check, .. } = *evidence;
        Self { mean: evidence.map.mean(), bias, total, kind, check }
    }

    /// The sum in words and numbers; with as few decimals as make the rounded numbers add up, too.
    /// The short form is for narrow windows.
    pub fn sentence(&self, is_short: bool) -> String {
        let Self { mean, bias, total, kind, check } = *self;
        let decimals = decimals_that_add_up(&[mean, bias], total);
        let [mean, bias, total] = [mean, bias, total].map(|value| number(value, decimals));
        let total = format!("{} {total}", kind.name());
        let difference = if kind == Total::Logit { "" } else { "difference " };
        let sum = format!("mean {mean} + bias {difference}{bias}");
        match (check.holds(), is_short) {
            (true, false) => format!("Exact at feature level: map {sum} = {total}"),
            (true, true) => format!("{sum} = {total}"),
            (false, false) => format!("Does not add up: map {sum} \u{2260} {total}"),
            (false, true) => format!("Wrong: {sum} \u{2260} {total}"),
        }
    }
}
