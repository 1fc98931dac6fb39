//! What the numbers about a region mean, in sentences.

use super::numbers::{TargetNumbers, Unit};
use crate::explain::Account;
use crate::explanation::{Explanation, Without};
use crate::output::percent;
use crate::ui::text::short;
use crate::ui::text::{decimals_that_add_up, number, signed};

/// For whoever wonders how a part of a picture can have a number.
pub const EXACT: &str = "Exact at feature level: the network averages its last feature map, so \
    each part of it contributes a share, and the shares add up. Partly covered cells count in \
    part. A cell sees more of the photo than it covers, so the network itself, run without the \
    region, may disagree";

/// For whoever wonders what log-odds are.
pub const LOG_ODDS: &str = "0 is undecided; each +1 multiplies the odds of the branch by 2.7";

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Logit => "logit",
            Self::LogOdds => "log-odds",
            Self::Lead => "lead",
        }
    }
}

/// A probability before and after: `97.0 % falls to 83.1 %`.
pub fn change(probabilities: [f32; 2]) -> String {
    let [with, without] = probabilities.map(percent);
    if with == without {
        return format!("still {with}");
    }
    let verb = if probabilities[1] < probabilities[0] { "falls" } else { "rises" };
    format!("{with} {verb} to {without}")
}

/// What the region gives to what is selected.
pub fn headline(numbers: &TargetNumbers) -> String {
    let TargetNumbers { question, unit, account, probability, .. } = numbers;
    let Account { region, total, .. } = *account;
    let (pro, contra) = (short(&question.pro), question.contra.as_deref().map(short));
    let side = contra.map_or_else(|| pro.to_owned(), |contra| format!("{pro} against {contra}"));
    let [part, all] = [region, total].map(|value| signed(value, 2));
    let unit = unit.name();
    let gives = if part == "0.00" {
        format!("This region contributes nothing to the {unit} for {side}, {all} in total")
    } else if region < 0.0 {
        format!(
            "This region takes {} off the {unit} for {side}, {all} in total",
            number(-region, 2)
        )
    } else if region <= total {
        format!("This region contributes {part} of the {all} {unit} for {side}")
    } else {
        format!("This region contributes {part} to the {unit} for {side}, {all} in total")
    };
    match probability {
        Some(probability) => format!("{gives}; without it {}", change(*probability)),
        None => format!("{gives}; without it {}", signed(account.without(), 2)),
    }
}

/// `Region +2.31, rest +1.70, bias −0.11: together +3.90 (logit)`.
pub fn sum(numbers: &TargetNumbers) -> String {
    let Account { region, rest, bias, total } = numbers.account;
    let decimals = decimals_that_add_up(&[region, rest, bias], total);
    let [region, rest, bias, total] =
        [region, rest, bias, total].map(|value| signed(value, decimals));
    let bias_name = if numbers.question.contra.is_some() { "bias difference" } else { "bias" };
    let unit = numbers.unit.name();
    format!("Region {region}, rest {rest}, {bias_name} {bias}: together {total} ({unit})")
}

/// What a model says then.
pub fn prediction(name: &str, seen: &Explanation, without: &Without) -> String {
    let (now, then) = (seen.prediction(), without.prediction());
    let label = |class| short(seen.model.label(class));
    let p = percent(without.probabilities[then]);
    let name = name.to_lowercase();
    match now == then {
        true => format!("Without it, the {name} still predicts {} ({p})", label(now)),
        false => {
            format!("Without it, the {name} predicts {} ({p}), not {}", label(then), label(now))
        }
    }
}

/// How far the network itself is from the cells, both in logits.
pub fn agreement(network: f32, sum: f32) -> String {
    let difference = network - sum;
    let size = number(difference.abs(), 2);
    // Half of what one could read off the sentence before.
    if difference.abs() < 0.05 {
        "the network agrees with the cells".to_owned()
    } else if difference > 0.0 {
        format!(
            "{size} more than the cells predict; the rest of the picture makes up for some of \
                 it"
        )
    } else {
        format!("{size} less than the cells predict; other cells have lost evidence, too")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Question;
    use crate::explanation::CamTarget;
    use crate::state::Role;

    fn numbers(region: f32, total: f32, contra: Option<&str>) -> TargetNumbers {
        let question = match contra {
            Some(contra) => Question::classes((0, "animal, beast"), (1, contra)).unwrap(),
            None => Question::class(0, "animal, beast"),
        };
        TargetNumbers {
            role: Role::Tree,
            unit: if contra.is_some() { Unit::LogOdds } else { Unit::Logit },
            question,
            target: CamTarget::Class(0),
            account: Account { region, rest: total - region - 0.11, bias: 0.11, total },
            probability: Some([0.97, 0.83]),
        }
    }

    #[test]
    fn a_region_gives_takes_or_does_nothing() {
        let line = |region, total| headline(&numbers(region, total, Some("vehicle")));
        let end = "; without it 97.0% falls to 83.0%";
        assert_eq!(
            line(2.3, 3.9),
            format!(
                "This region contributes +2.30 of the +3.90 log-odds for animal against \
                 vehicle{end}"
            )
        );
        assert_eq!(
            line(5.0, 3.9),
            format!(
                "This region contributes +5.00 to the log-odds for animal against vehicle, +3.90 \
                 in total{end}"
            )
        );
        assert_eq!(
            line(-0.5, 3.9),
            format!(
                "This region takes 0.50 off the log-odds for animal against vehicle, +3.90 in \
                 total{end}"
            )
        );
        assert!(line(0.001, 3.9).starts_with("This region contributes nothing to the log-odds"));
        let mut root = numbers(1.0, -2.0, None);
        root.probability = None;
        assert_eq!(
            headline(&root),
            "This region contributes +1.00 to the logit for animal, \u{2212}2.00 in total; \
             without it \u{2212}3.00"
        );
    }

    #[test]
    fn the_parts_that_are_shown_add_up() {
        // 2.304 + 1.486 + 0.11 = 3.90: with two decimals the sum would be 3.90 of 2.30, 1.49, 0.11.
        let shown = sum(&numbers(2.304, 3.9, None));
        assert_eq!(shown, "Region +2.30, rest +1.49, bias +0.11: together +3.90 (logit)");
        let shown = sum(&numbers(2.305, 3.8999, None));
        let parts: Vec<f64> = shown
            .split([' ', ',', ':'])
            .filter_map(|word| word.replace('\u{2212}', "-").parse().ok())
            .collect();
        let [region, rest, bias, total] = parts[..] else { panic!("{shown}") };
        // Decimal fractions in binary.
        assert!((region + rest + bias - total).abs() < 1e-9, "{shown}");
    }

    #[test]
    fn both_numbers_are_compared_in_words() {
        assert_eq!(agreement(1.02, 1.0), "the network agrees with the cells");
        assert!(agreement(2.5, 1.0).starts_with("1.50 more than the cells predict"));
        assert!(agreement(-0.5, 1.0).starts_with("1.50 less than the cells predict"));
        assert_eq!(change([0.5, 0.5001]), "still 50.0%");
        assert_eq!(change([0.5, 0.6]), "50.0% rises to 60.0%");
    }
}
