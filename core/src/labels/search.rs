//! Finds the class that a user means.

use strsim::osa_distance;

use crate::text::CleanText;
use crate::wordnet;

/// Marks a class number where a label could be meant.
const INDEX: &str = "index:";

/// Most near misses that a message names.
const MAX_SUGGESTIONS: usize = 4;

/// Most classes in a message.
const MAX_LISTED: usize = 10;

/// Longest label in a message, in characters.
const MAX_SHOWN: usize = 60;

/// Names longer than this, in characters, are nobody's class.
const MAX_QUERY: usize = 200;

/// Why a query does not give one class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindClassError {
    /// A number beyond the last class.
    #[error("There is no class {index}; the model has classes 0 to {last}")]
    OutOfRange { index: String, last: usize },
    /// Several classes have this name.
    #[error(
        "{query:?} may mean several classes: {}; give a number, for example index:{}",
        listed(classes), classes.first().map_or(0, |first| first.0)
    )]
    Ambiguous { query: String, classes: Vec<(usize, CleanText)> },
    /// No class has this name; similar names, if there are any.
    #[error("No class is called {query:?}; {}", hint(suggestions))]
    Unknown { query: String, suggestions: Vec<(usize, CleanText)> },
}

/// Numbers and labels of the first classes, short enough for a message.
fn listed(classes: &[(usize, CleanText)]) -> String {
    let short = |label: &str| label.chars().take(MAX_SHOWN).collect::<String>();
    let shown = classes.iter().take(MAX_LISTED);
    let mut items: Vec<_> =
        shown.map(|(class, label)| format!("{class} ({})", short(label))).collect();
    if classes.len() > MAX_LISTED {
        items.push("…".to_owned());
    }
    items.join(", ")
}

fn hint(suggestions: &[(usize, CleanText)]) -> String {
    match suggestions {
        [] => "give a class number or a label".to_owned(),
        _ => format!("similar are {}", listed(suggestions)),
    }
}

/// See [`super::ClassList::find`].
pub fn find(
    query: &str,
    labels: &[CleanText],
    wnids: Option<&[CleanText]>,
) -> Result<usize, FindClassError> {
    let query: String = query.trim().chars().take(MAX_QUERY).collect();
    let folded = fold(&query);
    let is_same = |name: &str| !folded.is_empty() && fold(name) == folded;
    let classes_where = |is_match: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..labels.len()).filter(|&class| is_match(class)).collect()
    };
    let by_label = classes_where(&|class| is_same(&labels[class]));
    if let Some(digits) = class_number(&query) {
        return find_number(&query, digits, &by_label, labels);
    }

    let wnid_of =
        |class: usize| wnids.and_then(|wnids| wnids.get(class)).map_or("", CleanText::as_str);
    let lemmas_of =
        |class| wordnet::synset(wnid_of(class)).map_or(&[][..], |synset| &synset.lemmas);
    let matches = [
        by_label,
        classes_where(&|class| !query.is_empty() && wnid_of(class).eq_ignore_ascii_case(&query)),
        classes_where(&|class| synonyms(&labels[class]).any(is_same)),
        classes_where(&|class| lemmas_of(class).iter().any(|lemma| is_same(lemma))),
    ];
    let best = matches.into_iter().find(|classes| !classes.is_empty()).unwrap_or_default();
    match &best[..] {
        [] => Err(FindClassError::Unknown { suggestions: similar(&folded, labels), query }),
        [class] => Ok(*class),
        several => Err(ambiguous(&query, several, labels)),
    }
}

/// The class with that number. Where labels are numbers themselves, as in MNIST, a number that is
/// the label of another class is ambiguous, unless it begins with `index:`.
fn find_number(
    query: &str,
    digits: &str,
    by_label: &[usize],
    labels: &[CleanText],
) -> Result<usize, FindClassError> {
    let class = digits.parse().ok().filter(|&class: &usize| class < labels.len());
    if !query.starts_with(INDEX) && by_label.iter().any(|&other| class != Some(other)) {
        let classes: Vec<_> = class.iter().chain(by_label).copied().collect();
        return Err(ambiguous(query, &classes, labels));
    }
    let last = labels.len().saturating_sub(1);
    class.ok_or_else(|| FindClassError::OutOfRange { index: digits.to_owned(), last })
}

fn ambiguous(query: &str, classes: &[usize], labels: &[CleanText]) -> FindClassError {
    let classes = classes.iter().map(|&class| (class, labels[class].clone())).collect();
    FindClassError::Ambiguous { query: query.to_owned(), classes }
}

/// Digits, with or without `index:` before them.
fn class_number(query: &str) -> Option<&str> {
    let digits = query.strip_prefix(INDEX).unwrap_or(query);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// `tabby` and `tabby cat` of `tabby, tabby cat`.
fn synonyms(label: &str) -> impl Iterator<Item = &str> {
    label.split(',').map(str::trim).filter(|synonym| !synonym.is_empty())
}

/// As [`similar`], for a query as it was typed.
pub fn similar_to(query: &str, labels: &[CleanText]) -> Vec<(usize, CleanText)> {
    let query: String = query.trim().chars().take(MAX_QUERY).collect();
    similar(&fold(&query), labels)
}

/// Classes whose names contain the query or differ from it by few letters, best first. Two letters
/// that changed places count as one difference.
fn similar(folded: &str, labels: &[CleanText]) -> Vec<(usize, CleanText)> {
    let most = (folded.chars().count() / 3).max(1);
    let score = |name: &str| match (name.contains(folded), osa_distance(name, folded)) {
        (true, distance) => Some((1, distance)),
        (false, distance) => (distance <= most).then_some((usize::from(distance > 1), distance)),
    };
    if folded.chars().count() < 2 {
        return Vec::new();
    }
    let beginning = |name: &str| name.chars().take(MAX_QUERY).collect::<String>();
    let best =
        |label: &str| synonyms(label).filter_map(|name| score(&fold(&beginning(name)))).min();
    let mut scored: Vec<_> = labels
        .iter()
        .enumerate()
        .filter_map(|(class, label)| Some((best(label)?, class)))
        .collect();
    scored.sort_unstable();
    scored.truncate(MAX_SUGGESTIONS);
    scored.into_iter().map(|(_, class)| (class, labels[class].clone())).collect()
}

/// The name as it is compared: lower case, no accents, one space for each run of spaces, `_` and
/// `-`.
pub fn fold(name: &str) -> String {
    let lower = name.to_lowercase();
    let mut folded = String::with_capacity(lower.len());
    for word in lower
        .split(|c: char| c.is_whitespace() || c == '_' || c == '-')
        .filter(|word| !word.is_empty())
    {
        if !folded.is_empty() {
            folded.push(' ');
        }
        word.chars().for_each(|c| without_accent(c, &mut folded));
    }
    folded
}

/// Appends the letter without its accent; covers the Latin letters of European languages.
fn without_accent(c: char, out: &mut String) {
    let plain = match c {
        '\u{300}'..='\u{36f}' => "",
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ł' | 'ĺ' | 'ļ' | 'ľ' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ţ' | 'ť' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        '’' => "'",
        _ => return out.push(c),
    };
    out.push_str(plain);
}
