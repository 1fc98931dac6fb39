//! What has arrived of a file so far, beside the place where it will be.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::FetchError;
use crate::budget::Wanted;
use crate::checkpoint::CheckpointError;
use crate::{decoder, input};

/// Longest note beside a file, in bytes.
const MAX_NOTE: u64 = 1 << 16;

/// How long a try that was just cancelled may take to end.
const JUST_CANCELLED: Duration = Duration::from_secs(2);

/// The unfinished file; only one program has it.
pub(super) struct Part {
    target: PathBuf,
    path: PathBuf,
    file: File,
    bytes: u64,
    /// Held as long as this lives. The part itself cannot be locked: it changes its name.
    _lock: File,
}

/// Where an unfinished file is from.
#[derive(Debug, Serialize, Deserialize)]
struct Origin {
    url: String,
    /// An `ETag` or date by which the server can tell whether its file is still the same.
    validator: Option<String>,
}

/// How to go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resume {
    /// Bytes that are here.
    pub from: u64,
    pub validator: Option<String>,
}

/// Makes sure that what is written there stays there: somebody's link, or anything else that is no
/// file, is taken away.
fn own(path: &Path) -> std::io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(about) if !about.is_file() => std::fs::remove_file(path),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// `NAME` with something behind.
fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.file_name().map(OsString::from).unwrap_or_default();
    name.push(suffix);
    target.with_file_name(name)
}

impl Part {
    /// Opens or makes it, and the folder.
    ///
    /// # Errors
    /// When another program has it, or the disk refuses.
    pub fn open(target: &Path) -> Result<Self, FetchError> {
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(|error| FetchError::disk(folder, 0, error))?;
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        // Left behind empty, out of sight: to delete it while somebody waits for it is no lock.
        let lock_path = target.with_file_name(format!(".{name}.lock"));
        let wrap = |path: &Path| {
            let path = path.to_owned();
            move |error| FetchError::disk(&path, 0, error)
        };
        let open =
            || OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        own(&lock_path).map_err(wrap(&lock_path))?;
        let lock = open().open(&lock_path).map_err(wrap(&lock_path))?;
        let started = Instant::now();
        // Some network drives know no locks; then nobody else is assumed.
        while let Err(TryLockError::WouldBlock) = lock.try_lock() {
            if started.elapsed() > JUST_CANCELLED {
                return Err(FetchError::Locked { file: name.into_owned() });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let path = beside(target, ".part");
        own(&path).map_err(wrap(&path))?;
        let file = open().open(&path).map_err(wrap(&path))?;
        let bytes = file.metadata().map_err(wrap(&path))?.len();
        Ok(Self { target: target.to_owned(), path, file, bytes, _lock: lock })
    }

    /// Bytes that are here.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How to go on, if there is something to go on with. `is_checked`: the whole file will be
    /// compared with a known sum, so that the server need not vouch for the first half.
    pub fn resume(&self, url: &str, is_checked: bool) -> Option<Resume> {
        let text = input::read(&beside(&self.path, ".json"), MAX_NOTE).ok()?;
        let Origin { url: own, validator } = serde_json::from_slice(&text).ok()?;
        let is_same = own == url && (validator.is_some() || is_checked);
        (is_same && self.bytes > 0).then_some(Resume { from: self.bytes, validator })
    }

    /// Keeps the first `from` bytes; what follows is from `url`.
    pub fn begin(
        &mut self,
        from: u64,
        url: &str,
        validator: Option<String>,
    ) -> Result<(), FetchError> {
        let origin = Origin { url: url.to_owned(), validator };
        let note = serde_json::to_vec(&origin).unwrap_or_default();
        let write = || {
            self.file.set_len(from)?;
            self.file.seek(SeekFrom::Start(from))?;
            let path = beside(&self.path, ".json");
            own(&path)?;
            std::fs::write(path, note)
        };
        write().map_err(|error| FetchError::disk(&self.path, 0, error))?;
        self.bytes = from;
        Ok(())
    }

    /// Appends a piece of a file that has `total` bytes in all.
    pub fn append(&mut self, piece: &[u8], total: Option<u64>) -> Result<(), FetchError> {
        self.file.write_all(piece).map_err(|error| {
            let missing = total.unwrap_or(self.bytes + piece.len() as u64) - self.bytes;
            FetchError::disk(&self.path, missing, error)
        })?;
        self.bytes += piece.len() as u64;
        Ok(())
    }

    /// Its size and SHA-256, as the disk has it.
    pub fn sum(&mut self) -> Result<(u64, String), FetchError> {
        self.file.sync_all().map_err(|error| FetchError::disk(&self.path, 0, error))?;
        sum_of(&self.path)
    }

    /// Whether it is a file of weights at all, whoever made it.
    pub fn recognise(&self) -> Result<(), CheckpointError> {
        decoder::checkpoint(&self.path, &Wanted::default()).map(drop)
    }

    /// Throws it away.
    pub fn discard(&mut self) {
        self.file.set_len(0).ok();
        self.bytes = 0;
        std::fs::remove_file(&self.path).ok();
        self.forget_origin();
    }

    /// Gives it its name. `record`: its sum is written beside it; true if there was another one.
    pub fn finish(self, sha256: &str, record: bool) -> Result<bool, FetchError> {
        std::fs::rename(&self.path, &self.target)
            .map_err(|error| FetchError::disk(&self.target, 0, error))?;
        self.forget_origin();
        if !record {
            return Ok(false);
        }
        // In the form of the tool `sha256sum`.
        let path = beside(&self.target, ".sha256");
        let name = self.target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let line = format!("{sha256}  {name}\n");
        let known = input::read(&path, MAX_NOTE);
        let changed = known.is_ok_and(|known| known != line.as_bytes());
        own(&path)
            .and_then(|()| std::fs::write(&path, line))
            .map_err(|error| FetchError::disk(&path, 0, error))?;
        Ok(changed)
    }

    fn forget_origin(&self) {
        std::fs::remove_file(beside(&self.path, ".json")).ok();
    }
}

impl Drop for Part {
    /// An empty one is of no use to anybody.
    fn drop(&mut self) {
        if self.bytes == 0 {
            std::fs::remove_file(&self.path).ok();
            self.forget_origin();
        }
    }
}

/// Size and SHA-256 of a file, in hexadecimal digits.
pub(super) fn sum_of(path: &Path) -> Result<(u64, String), FetchError> {
    let read = || {
        let (mut file, mut sum) = (File::open(path)?, Sha256::new());
        let (mut bytes, mut chunk) = (0, vec![0; 1 << 20]);
        loop {
            let count = file.read(&mut chunk)?;
            if count == 0 {
                return Ok((bytes, sum.finalize()));
            }
            sum.update(&chunk[..count]);
            bytes += count as u64;
        }
    };
    let (bytes, sum) = read().map_err(|error| FetchError::disk(path, 0, error))?;
    Ok((bytes, sum.iter().map(|byte| format!("{byte:02x}")).collect()))
}
