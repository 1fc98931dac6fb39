//! The child: reads one file and tells what is in it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;

use super::{sandbox, wire};
use crate::checkpoint::{StateDict, Unread};
use crate::photo::{Photo, PhotoOptions};
use crate::text::CleanText;

/// Does what the arguments behind [`super::ARGUMENT`] say; its exit code is its fate, its answer is
/// on the standard output.
///
/// # Errors
/// When nobody listens, or it was not a parent who asked.
pub fn main(arguments: &[std::ffi::OsString]) -> io::Result<()> {
    let out = &mut io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match arguments {
        [kind, options] if kind == "photo" => photo(&options.to_string_lossy(), out),
        [kind, path, folder] if kind == "checkpoint" => {
            checkpoint(Path::new(path), Path::new(folder), out)
        }
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// The picture is the standard input, which is a file.
fn photo(options: &str, out: &mut impl Write) -> io::Result<()> {
    let options: PhotoOptions = serde_json::from_str(options)?;
    let file = sandbox::standard_input()?;
    sandbox::enter(&sandbox::Needs { bytes: file.metadata()?.len(), file: None, folder: None })?;
    match Photo::read(BufReader::new(file), &options) {
        Ok(rgb) => {
            let (width, height) = rgb.dimensions();
            writeln!(out, "{}", wire::line(&Ok::<_, CleanText>(wire::Picture { width, height })))?;
            out.write_all(rgb.as_raw())?;
        }
        Err(problem) => {
            let told = CleanText::new(&problem.to_string());
            writeln!(out, "{}", wire::line(&Err::<wire::Picture, _>(told)))?;
        }
    }
    out.flush()
}

/// First tells what is there, then each tensor whose name comes on the standard input.
fn checkpoint(path: &Path, folder: &Path, out: &mut impl Write) -> io::Result<()> {
    let bytes = File::open(path)?.metadata()?.len();
    sandbox::enter(&sandbox::Needs { bytes, file: Some(path), folder: Some(folder) })?;
    let state = match StateDict::open_plainly(path) {
        Ok(state) => state,
        Err(problem) => {
            let told = CleanText::new(&problem.to_string());
            writeln!(out, "{}", wire::line(&Err::<Unread, _>(told)))?;
            return out.flush();
        }
    };
    writeln!(out, "{}", wire::line(&Ok::<_, CleanText>(state.unread())))?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let name: String = serde_json::from_str(&line?)?;
        match state.bytes(&name) {
            Ok(bytes) => {
                writeln!(out, "{}", wire::line(&Ok::<_, CleanText>(bytes.len())))?;
                out.write_all(&bytes)?;
            }
            Err(problem) => {
                let told = CleanText::new(&problem.to_string());
                writeln!(out, "{}", wire::line(&Err::<usize, _>(told)))?;
            }
        }
        out.flush()?;
    }
    Ok(())
}
