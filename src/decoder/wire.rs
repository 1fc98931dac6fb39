//! What parent and child say to each other: a line of JSON, and after some lines plain bytes.

use std::io::{self, BufRead, Read as _};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longest line: the names and shapes of all tensors.
const MAX_LINE: u64 = 64 << 20;

/// A picture whose pixels follow, in RGB.
#[derive(Debug, Serialize, Deserialize)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
}

/// A value as one line, without its end.
pub fn line(value: &impl Serialize) -> String {
    // Plain data can always be written; nothing is what nobody understands.
    serde_json::to_string(value).unwrap_or_default()
}

/// The value of the next line.
///
/// # Errors
/// When there is none, or something else.
pub fn read<T: DeserializeOwned>(reader: &mut impl BufRead) -> io::Result<T> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}
