//! Writing files so that there is never half of one.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use image::{ImageFormat, RgbImage};

use crate::numbers::percent_to;
use crate::temporary;
use crate::text::Shown as _;

/// Writes `bytes` to `path`: first beside it, on the disk, then in its place. Links are followed,
/// permissions stay, and what is no file (a pipe, a terminal) is written to as it is.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        let about = std::fs::metadata(path).ok();
        if about.as_ref().is_some_and(|about| !about.is_file()) {
            return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        temporary::sweep(folder);
        let mut builder = tempfile::Builder::new();
        builder.prefix(temporary::PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        if let Some(about) = about {
            file.as_file().set_permissions(about.permissions())?;
        }
        // A name for what the disk does not have yet would be an empty file after a power cut.
        file.as_file().sync_all()?;
        file.persist(&target)?;
        Ok(())
    };
    write().map_err(|error| {
        let context = format!("Could not write {}", path.shown());
        match error.kind() {
            io::ErrorKind::StorageFull => anyhow::anyhow!("{context}: the disk is full"),
            io::ErrorKind::QuotaExceeded => {
                anyhow::anyhow!("{context}: this user may not take up more of the disk")
            }
            _ => anyhow::Error::new(error).context(context),
        }
    })
}

/// Writes a picture as PNG.
pub fn write_png(path: &Path, picture: &RgbImage) -> anyhow::Result<()> {
    let mut bytes = io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).context("Could not encode the picture")?;
    write(path, bytes.get_ref())
}

/// Makes the folder if it is not there.
pub fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path)
        .with_context(|| format!("Could not make the folder {}", path.shown()))
}

/// A size of files, for reading: `46.8 MB`.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A probability or another share, for reading: `97.3%`.
pub fn percent(share: f32) -> String {
    percent_to(share, 1)
}
