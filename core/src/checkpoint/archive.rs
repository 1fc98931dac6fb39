//! Zip archives: the container of `torch.save` since PyTorch 1.6, and archives with one checkpoint
//! inside (the `.pth.zip` files of pytorchcv).

use std::fs::File;
use std::io::{self, BufReader, Read as _};

use tempfile::NamedTempFile;
use zip::ZipArchive;
use zip::result::ZipError;

use super::places::{self, Places};
use super::{FileProblem, pth};
use crate::budget::{Budget, Exceeded};
use crate::temporary;
use crate::text::CleanText;

/// Most entries of an archive; a network has one for each tensor.
const MAX_ENTRIES: usize = 100_000;
/// Archives that unpack to less than this may be packed as tightly as they like …
const FREE_BYTES: u64 = 256 << 20;
/// … larger ones only this much. Trained weights barely shrink at all, bombs do by 1000.
const MAX_RATIO: u64 = 100;

/// What an archive turned out to be.
pub(super) enum Archive {
    /// A PyTorch checkpoint, whose pickle is harmless and whose entries hold `bytes` unpacked.
    Checkpoint { bytes: u64, places: Places },
    /// The only checkpoint inside, unpacked to a temporary file.
    Inner(NamedTempFile),
}

pub(super) type Zip = ZipArchive<BufReader<File>>;

/// Looks into the archive `file` and checks its pickle, without trusting any of its sizes.
pub(super) fn open(file: File, budget: &Budget) -> Result<Archive, FileProblem> {
    let file_bytes = file.metadata()?.len();
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| {
        FileProblem::Damaged(format!("the directory at the end of its zip archive: {error}"))
    })?;
    let (names, bytes) = check_entries(&mut zip, file_bytes)?;

    let is_pickle = |name: &&String| *name == "data.pkl" || name.ends_with("/data.pkl");
    let mut pickles = names.iter().enumerate().filter(|(_, name)| is_pickle(name));
    match (pickles.next(), pickles.next()) {
        (None, _) => unpack_inner(&mut zip, &names, budget).map(Archive::Inner),
        (Some(_), Some(_)) => Err(not_a_checkpoint("a zip archive with several checkpoints")),
        (Some((index, name)), None) => {
            let root = name.trim_end_matches("data.pkl");
            let has =
                |part: &str| names.iter().any(|name| name.starts_with(&format!("{root}{part}")));
            if has("constants.pkl") || has("code/") {
                return Err(not_a_checkpoint(
                    "a TorchScript program (torch.jit.save); save model.state_dict() with torch.save instead",
                ));
            }
            let entry = zip.by_index(index)?;
            pth::scan_pickles(&mut BufReader::new(entry), 1, budget)?;
            let places = places::find(&mut zip, index, budget).unwrap_or_default();
            Ok(Archive::Checkpoint { bytes, places })
        }
    }
}

/// The names of all entries and the bytes they unpack to; refuses impossible ones and bombs.
fn check_entries(zip: &mut Zip, file_bytes: u64) -> Result<(Vec<String>, u64), FileProblem> {
    if zip.is_empty() {
        return Err(not_a_checkpoint("an empty zip archive"));
    }
    if zip.len() > MAX_ENTRIES {
        return Err(FileProblem::TooLarge(format!("{} entries in its zip archive", zip.len())));
    }
    if zip.has_duplicate_names() || zip.has_overlapping_files()? {
        return Err(FileProblem::Damaged("entries of its zip archive overlap".to_owned()));
    }
    let mut names = Vec::with_capacity(zip.len());
    let mut bytes = 0u64;
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index)?;
        bytes = bytes.saturating_add(entry.size());
        names.push(entry.name()?.into_owned());
    }
    if bytes > FREE_BYTES.max(file_bytes.saturating_mul(MAX_RATIO)) {
        return Err(FileProblem::TooLarge(format!(
            "its {file_bytes} bytes would unpack to {bytes}"
        )));
    }
    Ok((names, bytes))
}

/// Unpacks the only checkpoint of an archive that is none itself.
fn unpack_inner(
    zip: &mut Zip,
    names: &[String],
    budget: &Budget,
) -> Result<NamedTempFile, FileProblem> {
    let is_checkpoint = |name: &str| {
        let name = name.to_ascii_lowercase();
        let endings = [".pth", ".pt", ".pth.tar", ".bin", ".ckpt", ".safetensors"];
        !name.starts_with("__macosx/") && endings.iter().any(|ending| name.ends_with(ending))
    };
    let mut found = (0..).zip(names).filter(|(_, name)| is_checkpoint(name));
    let index = match (found.next(), found.next()) {
        (Some((index, _)), None) => index,
        (Some(_), Some(_)) => {
            return Err(not_a_checkpoint(
                "a zip archive with several checkpoints; unpack the one you want",
            ));
        }
        (None, _) => return Err(not_a_checkpoint(&foreign_archive(names))),
    };
    let mut entry = zip.by_index(index)?;
    let size = entry.size();
    let mut unpacked = temporary::file()?;
    let mut content = budget.watch((&mut entry).take(size.saturating_add(1)));
    // The plain file, whose errors say what the system said.
    let copied =
        io::copy(&mut content, unpacked.as_file_mut()).map_err(
            |error| match Exceeded::cause_of(&error) {
                Some(exceeded) => exceeded.into(),
                None if error.raw_os_error().is_some() => temporary::problem(error).into(),
                None => FileProblem::Damaged(format!("unpacking it failed: {error}")),
            },
        )?;
    if copied != size {
        return Err(FileProblem::Damaged("its zip archive lies about sizes".to_owned()));
    }
    Ok(unpacked)
}

fn foreign_archive(names: &[String]) -> String {
    if names.iter().any(|name| name.ends_with(".weights.h5")) {
        return "a Keras model; export its weights as safetensors".to_owned();
    }
    if names.iter().all(|name| name.ends_with(".npy")) {
        return "an archive of NumPy arrays (.npz)".to_owned();
    }
    let first = names.first().map(|name| CleanText::short(name)).unwrap_or_default();
    format!("a zip archive without a checkpoint (its first entry is {first})")
}

fn not_a_checkpoint(what: &str) -> FileProblem {
    FileProblem::NotACheckpoint(what.to_owned())
}

impl From<ZipError> for FileProblem {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) if error.raw_os_error().is_some() => Self::Io(error),
            error => Self::Damaged(format!("its zip archive: {error}")),
        }
    }
}
