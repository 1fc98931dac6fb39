//! Lists of pictures: comma- or tab-separated, one picture in each line.

use crate::eval::Rect;

/// Titles of a first column that tell a line of titles from a picture.
const TITLES: [&str; 6] = ["path", "file", "filename", "file_name", "image", "picture"];

/// One line of a list.
#[derive(Debug, PartialEq)]
pub struct Entry {
    pub file: String,
    /// `None` where the list has boxes alone, as the WSOL benchmark's `localization.txt` does.
    pub class: Option<String>,
    pub bounds: Option<Rect>,
}

/// The lines of a list; an error is the number of the line, from 1, and what is wrong with it.
/// Empty lines and a line of titles are left out.
pub fn parse(text: &str) -> impl Iterator<Item = Result<Entry, (usize, String)>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.enumerate().filter_map(|(nth, (at, line))| {
        let fields = fields(line);
        let is_title = |field: &String| TITLES.contains(&field.to_lowercase().as_str());
        if nth == 0 && fields.first().is_some_and(is_title) {
            return None;
        }
        Some(entry(&fields).map_err(|reason| (at + 1, reason)))
    })
}

fn entry(fields: &[String]) -> Result<Entry, String> {
    const EXPECTED: &str = "expected path, class, and perhaps x0, y0, x1, y1";
    let (file, class, bounds) = match fields {
        [file, class] => (file, Some(class), None),
        [file, numbers @ ..] if numbers.len() == 4 && numbers[0].parse::<f64>().is_ok() => {
            (file, None, Some(bounds(numbers)?))
        }
        [file, class, numbers @ ..] if numbers.len() == 4 => {
            (file, Some(class), Some(bounds(numbers)?))
        }
        _ => return Err(format!("there are {} columns; {EXPECTED}", fields.len())),
    };
    if file.is_empty() || class.is_some_and(String::is_empty) {
        return Err(format!("a column is empty; {EXPECTED}"));
    }
    Ok(Entry { file: file.clone(), class: class.cloned(), bounds })
}

/// Pixels, the last ones included, as edges.
fn bounds(numbers: &[String]) -> Result<Rect, String> {
    let parsed: Vec<f64> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    match parsed[..] {
        [x0, y0, x1, y1] if x0 <= x1 && y0 <= y1 && parsed.iter().all(|v| v.is_finite()) => {
            Ok(Rect { left: x0, top: y0, right: x1 + 1.0, bottom: y1 + 1.0 })
        }
        _ => Err(format!("{} is not a box x0, y0, x1, y1 in pixels", numbers.join(", "))),
    }
}

/// The fields of a line, by tabs if it has any, else by commas. A field in quotation marks may have
/// separators inside, and a doubled mark for one.
fn fields(line: &str) -> Vec<String> {
    let separator = if line.contains('\t') { '\t' } else { ',' };
    let mut fields = Vec::new();
    let (mut field, mut is_quoted) = (String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if is_quoted => is_quoted = false,
            '"' if field.trim().is_empty() => is_quoted = true,
            c if c == separator && !is_quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields.iter().map(|field| field.trim().to_owned()).collect()
}
