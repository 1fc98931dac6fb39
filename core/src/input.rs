//! Reading small files: settings, lists, hierarchies.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Why a small file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is a folder or a device, not a file")]
    NotAFile,
    #[error("it is larger than {} MiB", .0 >> 20)]
    TooLarge(u64),
}

/// Opens a file to be read. Pipes and devices, which may never end or never begin, are refused before
/// they are opened, and again afterwards, for a name may come to mean something else in between; to
/// open one of those waits for nobody.
///
/// # Errors
/// When it cannot be opened, or is no file.
pub fn open(path: &Path) -> Result<File, ReadError> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ReadError::NotAFile) }
}

/// All of a file of at most `most` bytes; see [`open`].
///
/// # Errors
/// When it cannot be read, is no file, or too large.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(ReadError::TooLarge(most)) } else { Ok(bytes) }
}
