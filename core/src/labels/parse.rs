//! The forms in which lists of classes come.

use std::collections::HashMap;

use serde_json::Value;

use super::{ClassList, ContentError, MAX_BYTES, MAX_CLASSES};
use crate::text::CleanText;
use crate::wordnet;

/// Longest wnid, in bytes; WordNet's have 9, but hierarchies may have ids of their own.
const MAX_WNID: usize = 64;

/// A class as the file gives it.
struct Entry {
    wnid: Option<CleanText>,
    label: CleanText,
}

/// The text of a file without byte order mark and space at the end.
pub fn text(bytes: &[u8]) -> Result<&str, ContentError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ContentError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ContentError::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end();
    if text.is_empty() { Err(ContentError::Empty) } else { Ok(text) }
}

/// One label in each line, or a wnid and a label in each line.
pub fn lines(text: &str) -> Result<ClassList, ContentError> {
    let lines = full_lines(text)?;
    let split: Option<Vec<_>> = lines.iter().map(|line| wnid_and_label(line)).collect();
    let entries = split.unwrap_or_else(|| {
        lines.iter().map(|line| Entry { wnid: None, label: CleanText::new(line) }).collect()
    });
    class_list(entries)
}

/// One wnid in each line.
pub fn wnids(text: &str) -> Result<Vec<CleanText>, ContentError> {
    let lines = full_lines(text)?;
    let not_wnid = |line: &str| {
        line.len() > MAX_WNID || line.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    if let Some(index) = lines.iter().position(|line| not_wnid(line)) {
        let text = CleanText::short(lines[index]);
        return Err(ContentError::NotWnid { line: index + 1, text });
    }
    different(lines.into_iter().map(CleanText::new).collect())
}

/// Any of the JSON forms.
pub fn json(text: &str) -> Result<ClassList, ContentError> {
    match serde_json::from_str(text).map_err(|error| ContentError::Json(error.to_string()))? {
        Value::Array(items) => class_list(
            items.iter().enumerate().map(|(i, item)| entry(i, item)).collect::<Result<_, _>>()?,
        ),
        Value::Object(mut object) => match object.remove("id2label") {
            Some(Value::Object(inner)) => class_list(from_object(&inner)?),
            Some(other) => {
                object.insert("id2label".to_owned(), other);
                class_list(from_object(&object)?)
            }
            None => class_list(from_object(&object)?),
        },
        _ => Err(ContentError::Form("It is neither a list nor an object".to_owned())),
    }
}

/// Entries of `{"0": …}` or `{label: 0}` in the order of the classes.
fn from_object(object: &serde_json::Map<String, Value>) -> Result<Vec<Entry>, ContentError> {
    let count = checked_count(object.len())?;
    let by_label = object.values().all(Value::is_number);
    let mut entries: Vec<Option<Entry>> = (0..count).map(|_| None).collect();
    for (key, value) in object {
        let (class, entry) = if by_label { numbered(value, key)? } else { entry_at(key, value)? };
        // A number beyond the count leaves a gap, which is reported below.
        if let Some(slot) = entries.get_mut(class) {
            *slot = Some(entry);
        }
    }
    match entries.iter().position(Option::is_none) {
        Some(class) => Err(ContentError::MissingClass { class, count }),
        None => Ok(entries.into_iter().flatten().collect()),
    }
}

/// The item `label: 7` of an object.
fn numbered(number: &Value, label: &str) -> Result<(usize, Entry), ContentError> {
    let class = number.as_u64().and_then(|class| usize::try_from(class).ok());
    let class = class.ok_or_else(|| not_a_class_number(number))?;
    Ok((class, Entry { wnid: None, label: CleanText::new(label) }))
}

/// The item `"7": …` of an object.
fn entry_at(number: &str, value: &Value) -> Result<(usize, Entry), ContentError> {
    let class = number.parse().map_err(|_| not_a_class_number(&Value::from(number)))?;
    Ok((class, entry(class, value)?))
}

fn not_a_class_number(number: &Value) -> ContentError {
    let shown = CleanText::short(&number.to_string());
    ContentError::Form(format!("{shown} is not a class number"))
}

/// A label, or a wnid and a label.
fn entry(class: usize, value: &Value) -> Result<Entry, ContentError> {
    let texts: Option<Vec<&str>> = match value {
        Value::String(label) => Some(vec![label]),
        Value::Array(parts) => parts.iter().map(Value::as_str).collect(),
        _ => None,
    };
    match texts.as_deref() {
        Some([label]) => Ok(Entry { wnid: None, label: CleanText::new(label) }),
        Some([wnid, label]) if is_wnid(wnid) => {
            Ok(Entry { wnid: Some(CleanText::new(wnid)), label: CleanText::new(label) })
        }
        _ => Err(ContentError::Form(format!(
            "The entry of class {class} is neither a label nor a wnid and a label"
        ))),
    }
}

fn class_list(entries: Vec<Entry>) -> Result<ClassList, ContentError> {
    checked_count(entries.len())?;
    let (wnids, labels): (Vec<Option<CleanText>>, Vec<CleanText>) =
        entries.into_iter().map(|entry| (entry.wnid, entry.label)).unzip();
    let wnids: Option<Vec<CleanText>> = wnids.into_iter().collect();
    Ok(ClassList { labels, wnids: wnids.map(different).transpose()? })
}

fn checked_count(count: usize) -> Result<usize, ContentError> {
    match count {
        0 => Err(ContentError::Empty),
        1..=MAX_CLASSES => Ok(count),
        _ => Err(ContentError::TooMany { count }),
    }
}

/// Lines without the space around them; none may be empty.
fn full_lines(text: &str) -> Result<Vec<&str>, ContentError> {
    checked_count(text.lines().count())?;
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    match lines.iter().position(|line| line.is_empty()) {
        Some(index) => Err(ContentError::EmptyLine { line: index + 1 }),
        None => Ok(lines),
    }
}

/// Splits `n01440764 tench, Tinca tinca`. A wnid alone gets its name from WordNet.
fn wnid_and_label(line: &str) -> Option<Entry> {
    let (wnid, rest) =
        line.split_at_checked("n00000000".len()).filter(|(wnid, _)| is_wnid(wnid))?;
    let separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':');
    if !rest.is_empty() && !rest.starts_with(separator) {
        return None;
    }
    let label = match CleanText::new(rest.trim_start_matches(separator)) {
        label if label.is_empty() => CleanText::new(&wordnet::label_of(wnid)),
        label => label,
    };
    Some(Entry { wnid: Some(CleanText::new(wnid)), label })
}

/// `n` and eight digits.
fn is_wnid(text: &str) -> bool {
    let digits = text.strip_prefix('n').unwrap_or_default();
    digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn different(wnids: Vec<CleanText>) -> Result<Vec<CleanText>, ContentError> {
    let mut first_of = HashMap::new();
    for (second, wnid) in wnids.iter().enumerate() {
        if let Some(first) = first_of.insert(wnid.as_str(), second) {
            return Err(ContentError::DuplicateWnid { wnid: wnid.clone(), first, second });
        }
    }
    Ok(wnids)
}
