//! What maps and flips show, in plain sentences: the words for the facts of [`crate::explain`].

use crate::explain::{Evidence, FlipCheck, Tendency};
use crate::numbers::thousands;

/// One plain sentence on what a map shows.
pub fn story(evidence: &Evidence) -> String {
    let pro = &evidence.question.pro;
    let [for_other, against] = match &evidence.question.contra {
        Some(contra) => [format!("for {contra}"), format!("for {contra}, none for {pro}")],
        None => ["against it".to_owned(), format!("against {pro}")],
    };
    match evidence.tendency() {
        Tendency::Mixed => format!("Evidence for {pro} in some places, {for_other} in others"),
        Tendency::AllFor => format!("All the evidence is for {pro}, none {for_other}"),
        Tendency::AllAgainst => format!("All the evidence is {against}"),
        Tendency::Constant => "The evidence is the same everywhere".to_owned(),
    }
}

/// `map mean +7.31 + bias -0.12 = logit +7.19`, with the entropy where there is one.
pub fn sum(evidence: &Evidence) -> String {
    let (bias, total) = match evidence.question.contra {
        Some(_) => ("bias difference", "lead"),
        None => ("bias", "logit"),
    };
    let mean = evidence.mean();
    let entropy = match evidence.question.is_linear() {
        true => String::new(),
        false => format!(" + entropy {:+.2}", evidence.entropy),
    };
    let text = format!(
        "map mean {mean:+.2} + {bias} {:+.2}{entropy} = {total} {:+.2}",
        evidence.bias, evidence.total
    );
    if evidence.check.holds() {
        text
    } else {
        format!("{text} does not hold: the difference is {:.2e}", evidence.check.residual)
    }
}

/// Why a sum has an entropy: `because dog could be any of 118 classes, the other side any of 882`.
/// `None` where it has none.
pub fn entropy_reason(evidence: &Evidence) -> Option<String> {
    let question = &evidence.question;
    if question.is_linear() {
        return None;
    }
    let one_of = |name: &str, count: usize| match count {
        1 => format!("{name} is a single class"),
        _ => format!("{name} could be any of {} classes", thousands(count)),
    };
    let [pro, contra] = question.sizes();
    let mut text = one_of(&question.pro, pro);
    if let Some(name) = &question.contra {
        text += ", ";
        text += &one_of(name, contra);
    }
    Some(format!("because {text}"))
}

/// What the two ends of the bar say about a target, or about the two sides of a comparison.
pub fn end_words([lo, hi]: [f32; 2], pro: &str, contra: Option<&str>) -> [String; 2] {
    if let Some(contra) = contra {
        return [format!("evidence for {contra}"), format!("evidence for {pro}")];
    }
    let against = match lo {
        lo if lo < 0.0 => format!("evidence against {pro}"),
        0.0 => "no evidence".to_owned(),
        _ => "weaker".to_owned(),
    };
    let supports = if hi > 0.0 { format!("evidence for {pro}") } else { "neutral".to_owned() };
    [against, supports]
}

/// Whether a flip held when the network itself was asked.
pub fn verdict(check: &FlipCheck) -> &'static str {
    match (check.flips, check.foreseen) {
        (true, true) => "it flips there too",
        (false, true) => "it does not flip: other cells still see what was there",
        (true, false) => "it flips there",
        (false, false) => "it does not flip there either",
    }
}
