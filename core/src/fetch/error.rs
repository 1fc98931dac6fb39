//! What can go wrong with a download, each in one line: what, why, what to do.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::output::megabytes;
use crate::text::{CleanText, Shown as _};

/// One line for the user.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0} is not the address of a file; it should begin with https://")]
    BadAddress(String),
    #[error("{0} is neither encrypted nor on this computer; only https is used")]
    NotEncrypted(String),
    #[error("{host} could not be reached ({reason}); is this computer online?")]
    Unreachable { host: String, reason: CleanText },
    #[error("No secure connection to {host} ({reason}); nothing was downloaded")]
    NotSecure { host: String, reason: CleanText },
    #[error("The proxy refuses to connect to {host} ({reason})")]
    Proxy { host: String, reason: CleanText },
    #[error("{0} no longer exists (404); the file has been moved or deleted")]
    NotFound(String),
    #[error("The server refuses {url} ({status}); try again later")]
    Status { url: String, status: u16 },
    #[error("{0} redirects without end; nothing was downloaded")]
    RedirectLoop(String),
    #[error("{0} redirects to {1}, which cannot be used; nothing was downloaded")]
    BadRedirect(String, CleanText),
    #[error("{0} answered with a web page instead of a file; does this network ask for a login?")]
    WebPage(String),
    #[error("{host} sent an invalid answer ({reason}); try again later")]
    Protocol { host: String, reason: CleanText },
    #[error("The connection broke after {so_far}")]
    Broken { so_far: Arrived },
    #[error("{host} sent nothing for {} s, after {so_far}", .waited.as_secs_f32())]
    Stalled { host: String, waited: Duration, so_far: Arrived },
    #[error("{host} has all but stopped sending, after {so_far}")]
    TooSlow { host: String, so_far: Arrived },
    #[error("What arrived as {file} is not a weights file ({reason}); it was deleted")]
    NotWeights { file: String, reason: CleanText },
    #[error(
        "{file} should have {expected} bytes, but the server has {found}; it is a different file"
    )]
    WrongSize { file: String, expected: u64, found: u64 },
    #[error("{file} is larger than {}; nothing was downloaded", megabytes(*.limit))]
    TooLarge { file: String, limit: u64 },
    #[error("{file} should have {expected} bytes, but the server sent more; it was deleted")]
    TooMuch { file: String, expected: u64 },
    #[error(
        "What arrived is not {file}: its checksum begins with {}, not {}; it was deleted",
        start(.found), start(.expected)
    )]
    WrongSum { file: String, expected: String, found: String },
    #[error("{} is there, but its checksum is wrong; download it again", path.shown())]
    Spoilt { path: PathBuf },
    #[error(
        "{file} is already being downloaded, by another window or by an attempt that was just \
             cancelled"
    )]
    Locked { file: String },
    #[error("The disk is full: {} needs {} more", path.shown(), megabytes(*.missing))]
    DiskFull { path: PathBuf, missing: u64 },
    #[error("Could not write {}: {cause}", path.shown())]
    Disk { path: PathBuf, cause: io::Error },
    #[error("Cancelled")]
    Cancelled,
}

impl FetchError {
    /// Of a file of this computer.
    pub(super) fn disk(path: &std::path::Path, missing: u64, cause: io::Error) -> Self {
        let path = path.to_owned();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, missing }
            }
            _ => Self::Disk { path, cause },
        }
    }

    /// Of a connection that had begun to answer.
    pub(super) fn while_receiving(
        error: io::Error,
        host: String,
        waited: Duration,
        so_far: Arrived,
    ) -> Self {
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => Self::Stalled { host, waited, so_far },
            _ => Self::Broken { so_far },
        }
    }

    /// Of a connection that had not.
    pub(super) fn while_asking(error: ureq::Error, host: String, waited: Duration) -> Self {
        use ureq::{Error as E, Timeout as T};
        match error {
            E::BadUri(_) | E::Http(_) => Self::BadAddress(host),
            E::Tls(reason) => Self::NotSecure { host, reason: reason.into() },
            E::Rustls(error) => Self::NotSecure { host, reason: error.to_string().into() },
            E::ConnectProxyFailed(reason) => Self::Proxy { host, reason: reason.into() },
            E::InvalidProxyUrl => Self::Proxy { host, reason: "its address is invalid".into() },
            E::Timeout(T::PerRead | T::RecvResponse) => {
                Self::Stalled { host, waited, so_far: Arrived::default() }
            }
            E::Timeout(_) => Self::Unreachable { host, reason: "it did not answer in time".into() },
            E::HostNotFound => Self::Unreachable { host, reason: "no such host".into() },
            E::Io(error) => Self::Unreachable { host, reason: error.to_string().into() },
            error => Self::Protocol { host, reason: error.to_string().into() },
        }
    }
}

/// What is here of a file that broke off.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrived {
    pub done: u64,
    pub total: Option<u64>,
    /// Whether the next try needs only the rest.
    pub goes_on: bool,
}

impl std::fmt::Display for Arrived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&megabytes(self.done))?;
        if let Some(total) = self.total {
            write!(f, " of {}", megabytes(total))?;
        }
        f.write_str(if self.goes_on {
            "; the next attempt continues from there"
        } else {
            "; try again"
        })
    }
}

/// Enough of a sum to tell it from others.
fn start(sum: &str) -> &str {
    sum.get(..8).unwrap_or(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_such() {
        let path = std::path::Path::new("/data/net.pth.part");
        let full = FetchError::disk(path, 46_830_571, io::ErrorKind::StorageFull.into());
        assert_eq!(full.to_string(), "The disk is full: /data/net.pth.part needs 46.8 MB more");
        let other = FetchError::disk(path, 1, io::ErrorKind::PermissionDenied.into());
        assert!(other.to_string().starts_with("Could not write /data/net.pth.part: "));
    }
}
