//! Names of a model's classes: read from a user's file, and found again from what a user types.

mod parse;
mod placement;
mod search;
mod searchable;

use std::path::{Path, PathBuf};

pub use placement::Placement;
pub use search::{FindClassError, fold};
pub use searchable::{Fit, Searchable};

use crate::input::{self, ReadError};
use crate::text::{CleanText, Shown as _};

/// Most classes that a list may have.
pub const MAX_CLASSES: usize = 100_000;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 8 << 20;

/// Names of the classes, by class number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassList {
    /// One label for each class, as the data set writes it, for example `tabby, tabby cat` or
    /// `aquarium_fish`.
    pub labels: Vec<CleanText>,
    /// One wnid for each class, if they are known.
    pub wnids: Option<Vec<CleanText>>,
}

/// Why a list of labels or wnids cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be read.
    #[error("Could not read {}: {cause}", path.shown())]
    Read { path: PathBuf, cause: ReadError },
    /// The content cannot be used.
    #[error("Could not use {}: {cause}", path.shown())]
    Content { path: PathBuf, cause: ContentError },
}

/// What is wrong with the content of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// More than [`MAX_BYTES`].
    #[error("It is larger than {} MiB, too large for a list of classes", MAX_BYTES >> 20)]
    TooLarge,
    /// More than [`MAX_CLASSES`].
    #[error("It has {count} entries; at most {MAX_CLASSES} are possible")]
    TooMany { count: usize },
    /// Not text.
    #[error("It is not UTF-8 text; save it as UTF-8, one class per line")]
    NotUtf8,
    /// Begins like JSON and is none.
    #[error("It is not valid JSON ({0})")]
    Json(String),
    /// JSON of another form.
    #[error(
        "{0}; expected a JSON list of labels, an object {{\"0\": label, …}} or an object {{label: 0, …}}"
    )]
    Form(String),
    /// Nothing in it.
    #[error("It has no entries")]
    Empty,
    /// An object lacks a class.
    #[error("It has {count} entries, but none for class {class}; classes are counted from 0")]
    MissingClass { class: usize, count: usize },
    /// An entry without text.
    #[error("Line {line} is empty; give every class a line")]
    EmptyLine { line: usize },
    /// An entry without text.
    #[error("The label of class {class} is empty")]
    EmptyLabel { class: usize },
    /// A wnid with a space in it is a label.
    #[error("Line {line} ({text:?}) is not a wnid; give one per line, for example n02123045")]
    NotWnid { line: usize, text: CleanText },
    /// Leaves of a hierarchy must differ.
    #[error(
        "The wnid {wnid:?} is given to class {first} and class {second}; each class needs its own"
    )]
    DuplicateWnid { wnid: CleanText, first: usize, second: usize },
}

impl ClassList {
    /// Reads a list of labels: JSON or lines of text, see [`ClassList::parse`].
    ///
    /// # Errors
    /// A file that cannot be read, is too large, or has another form.
    pub fn read(path: &Path) -> Result<ClassList, ListError> {
        read_list(path, ClassList::parse)
    }

    /// Labels from the content of a file. Forms:
    /// - JSON list `["tench", …]` or `[["n01440764", "tench"], …]`
    /// - JSON object by class number `{"0": "tench", …}` or `{"0": ["n01440764", "tench"], …}`,
    ///   also as the value `id2label` of a larger object
    /// - JSON object by label `{"tench": 0, …}`
    /// - text with one label in each line; if every line begins with a wnid, the rest of the line
    ///   is the label
    ///
    /// # Errors
    /// Content of another form, classes that are missing or empty.
    pub fn parse(bytes: &[u8]) -> Result<ClassList, ContentError> {
        let text = parse::text(bytes)?;
        let list = if text.trim_start().starts_with(['[', '{']) {
            parse::json(text)?
        } else {
            parse::lines(text)?
        };
        if let Some(class) = list.labels.iter().position(|label| label.is_empty()) {
            return Err(ContentError::EmptyLabel { class });
        }
        Ok(list)
    }

    /// The class that is meant by `query`: a class number (also `index:7`), a wnid, a label, one of
    /// its comma-separated synonyms, or a synonym from WordNet. Upper case, accents, `_` and `-`
    /// make no difference.
    ///
    /// # Errors
    /// No class or several classes of that name.
    pub fn find(&self, query: &str) -> Result<usize, FindClassError> {
        search::find(query, &self.labels, self.wnids.as_deref())
    }
}

/// Those of `names` that resemble `query`, best first; a few at most.
pub fn similar(query: &str, names: &[CleanText]) -> Vec<CleanText> {
    search::similar_to(query, names).into_iter().map(|(_, name)| name).collect()
}

/// Reads a list of wnids, one in each line.
///
/// # Errors
/// A file that cannot be read or is too large, a line with anything else, a wnid that comes twice.
pub fn read_wnids(path: &Path) -> Result<Vec<CleanText>, ListError> {
    read_list(path, parse_wnids)
}

/// Wnids from the content of a file, one in each line. Any word will do, since hierarchies may have
/// ids of their own.
///
/// # Errors
/// Content of another form, a wnid that comes twice.
pub fn parse_wnids(bytes: &[u8]) -> Result<Vec<CleanText>, ContentError> {
    parse::wnids(parse::text(bytes)?)
}

fn read_list<T>(
    path: &Path,
    parse: impl Fn(&[u8]) -> Result<T, ContentError>,
) -> Result<T, ListError> {
    let content = |cause| ListError::Content { path: path.to_owned(), cause };
    let bytes = match input::read(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(ReadError::TooLarge(_)) => return Err(content(ContentError::TooLarge)),
        Err(cause) => return Err(ListError::Read { path: path.to_owned(), cause }),
    };
    parse(&bytes).map_err(content)
}
