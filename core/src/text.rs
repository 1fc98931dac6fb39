//! Text that came from outside – files, servers, names of files – made harmless where it enters.
//!
//! Terminals obey escape sequences, and marks of direction make text read as something that it is
//! not (CVE-2021-42574). So nothing of the kind gets further than here: names are kept as
//! [`CleanText`], which cannot hold any.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

/// Longest text that is kept, in characters: no path on Linux is longer.
const MAX_CHARS: usize = 4096;

/// Longest text that is repeated in a message, in characters.
const MAX_SHOWN: usize = 80;

/// One line of text without anything that a terminal obeys or that is not seen: no control
/// characters (C0, DEL, C1), no separators of lines and paragraphs, no marks of direction, and none
/// of the other invisible characters that only serve to make two names look alike. Joiners stay,
/// which Persian and emoji need. No space at its ends; at most 4096 characters.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CleanText(String);

impl CleanText {
    /// Whatever would break the line becomes a space, whatever is not seen is left out.
    pub fn new(text: &str) -> Self {
        Self::cut(text, MAX_CHARS)
    }

    /// The same, short enough for a part of a message.
    pub fn short(text: &str) -> Self {
        Self::cut(text, MAX_SHOWN)
    }

    fn cut(text: &str, most: usize) -> Self {
        let mut chars = text.trim().chars().filter(|&c| !is_unseen(c));
        let kept = chars.by_ref().take(most).map(|c| if breaks_line(c) { ' ' } else { c });
        let mut kept = kept.collect::<String>().trim().to_owned();
        if chars.next().is_some() {
            kept.push('…');
        }
        Self(kept)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character moves the cursor or starts a command of a terminal.
fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character is not seen itself, but changes what is seen (Unicode's `Bidi_Control`) or
/// only how two names compare.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

impl Deref for CleanText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for CleanText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Equal, ordered and hashed as its characters are, so that maps can be asked with a `&str`.
impl Borrow<str> for CleanText {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CleanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for CleanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for CleanText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for CleanText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<CleanText> for String {
    fn from(text: CleanText) -> Self {
        text.0
    }
}

impl PartialEq<str> for CleanText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for CleanText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for CleanText {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl PartialEq<CleanText> for str {
    fn eq(&self, other: &CleanText) -> bool {
        self == other.0
    }
}

impl PartialEq<CleanText> for String {
    fn eq(&self, other: &CleanText) -> bool {
        *self == other.0
    }
}

impl<'de> Deserialize<'de> for CleanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(deserializer)?))
    }
}

/// How the name of a file is shown.
pub trait Shown {
    /// All of the path.
    fn shown(&self) -> CleanText;

    /// The last part of the path alone.
    fn shown_name(&self) -> CleanText;
}

impl Shown for Path {
    fn shown(&self) -> CleanText {
        CleanText::new(&self.to_string_lossy())
    }

    fn shown_name(&self) -> CleanText {
        CleanText::new(&self.file_name().unwrap_or(self.as_os_str()).to_string_lossy())
    }
}
