//! Files and folders that last as long as they are needed, and what is left of them when a program
//! was ended in the middle.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::text::Shown as _;

/// What the names of all of them begin with.
pub const PREFIX: &str = ".glasstree-";

/// Nothing needs a temporary file for so long.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// A file in the system's folder for them, deleted when it is dropped.
///
/// # Errors
/// One line that names the folder.
pub fn file() -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(PREFIX).tempfile().map_err(problem)
}

/// An error of a temporary file; says which folder is full, and how to take another one.
pub fn problem(error: io::Error) -> io::Error {
    let folder = tempfile::env::temp_dir();
    let what = match error.kind() {
        io::ErrorKind::StorageFull => "is full",
        io::ErrorKind::QuotaExceeded => "has no room left for this user",
        _ => "cannot be written to",
    };
    let advice = "make room there, or name another folder in TMPDIR";
    io::Error::new(error.kind(), format!("{} {what} ({error}); {advice}", folder.shown()))
}

/// Deletes what programs that were ended have left in a folder more than a day ago. Best effort:
/// what cannot be deleted stays.
pub fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let now = SystemTime::now();
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // Not that of what a link leads to.
        let Ok(about) = entry.metadata() else { continue };
        let age = about.modified().ok().and_then(|at| now.duration_since(at).ok());
        if !is_ours || age.is_none_or(|age| age <= STALE) {
            continue;
        }
        if about.is_file() {
            std::fs::remove_file(entry.path()).ok();
        } else if about.is_dir() {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}
