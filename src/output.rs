//! Writing files so that there is never half of one.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use image::{ImageFormat, RgbImage};

use crate::text::Shown as _;

/// Writes `bytes` to `path`: first beside it, then in its place. Links are followed, and what is no
/// file (a pipe, a terminal) is written to as it is.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        if std::fs::metadata(path).is_ok_and(|about| !about.is_file()) {
            return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".glasstree");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(bytes)?;
        file.persist(&target)?;
        Ok(())
    };
    write().with_context(|| format!("Could not write {}", path.shown()))
}

/// Writes a picture as PNG.
pub fn write_png(path: &Path, picture: &RgbImage) -> anyhow::Result<()> {
    let mut bytes = std::io::Cursor::new(Vec::new());
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

/// A probability or another share, for reading: `97.3 %`.
pub fn percent(share: f32) -> String {
    format!("{:.1} %", share * 100.0)
}
