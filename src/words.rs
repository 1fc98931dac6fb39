//! What maps and flips show, in plain sentences: the words for the facts of [`crate::explain`].

use crate::explain::{Evidence, FlipCheck, Tendency};

/// One plain sentence on what a map shows.
pub fn story(evidence: &Evidence) -> String {
    let (pro, contra) = (&evidence.question.pro, &evidence.question.contra);
    let other = contra.as_ref().map_or("against it".to_owned(), |contra| format!("for {contra}"));
    match evidence.tendency() {
        Tendency::Mixed => format!("Some places speak for {pro}, others {other}"),
        Tendency::AllFor => format!("Every place speaks for {pro}, none {other}"),
        Tendency::AllAgainst => format!("No place speaks for {pro}, every place {other}"),
        Tendency::Constant => "No place stands out: the evidence is the same everywhere".to_owned(),
    }
}

/// `map mean +7.31 + bias -0.12 = logit +7.19`, with the entropy where there is one.
pub fn sum(evidence: &Evidence) -> String {
    let (bias, total) = match evidence.question.contra {
        Some(_) => ("bias difference", "lead"),
        None => ("bias", "logit"),
    };
    let mean = evidence.map.mean();
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
        format!("{text} does not hold: it misses by {:.2e}", evidence.check.residual)
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
        _ => format!("{name} could be any of {count} classes"),
    };
    let [pro, contra] = question.sizes();
    let mut text = one_of(&question.pro, pro);
    if let Some(name) = &question.contra {
        text += ", ";
        text += &one_of(name, contra);
    }
    Some(format!("because {text}"))
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
