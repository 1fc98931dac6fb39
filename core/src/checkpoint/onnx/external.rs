//! Weights that lie in a file beside the network, as PyTorch writes large models.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Component, Path, PathBuf};

use rten_onnx::onnx::{DataLocation, TensorProto};

use super::super::FileProblem;
use super::byte_count;
use crate::budget::Budget;
use crate::text::CleanText;

/// Most bytes that the weights of a network may take in all such files.
pub const MAX_BYTES: u64 = 8 << 30;

/// Most files of a folder that are looked at for their size.
const MAX_FILES: usize = 10_000;

/// Bytes of a network's file and at most so many of the weights beside it, before anything is read.
/// Which of the files there it names is not known yet, so all count but other networks, up to
/// [`MAX_BYTES`].
///
/// # Errors
/// When the file is not there.
pub fn most_bytes(network: &Path) -> std::io::Result<u64> {
    let own = std::fs::metadata(network)?.len();
    let entries = network.parent().and_then(|folder| folder.read_dir().ok());
    let files = entries.into_iter().flatten().take(MAX_FILES).flatten().filter(|entry| {
        !Path::new(&entry.file_name()).extension().is_some_and(|it| it.eq_ignore_ascii_case("onnx"))
    });
    // As for the weights themselves, links are not followed.
    let sizes = files.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file);
    let beside = sizes.fold(0_u64, |sum, about| sum.saturating_add(about.len()));
    Ok(own.saturating_add(beside.min(MAX_BYTES)))
}

/// The files of a folder that a network has named.
pub struct Files<'a> {
    /// None, if the network was not read from a file itself.
    folder: Option<PathBuf>,
    open: HashMap<String, File>,
    read: u64,
    budget: &'a Budget,
}

/// Why a file is not opened.
enum Missing {
    /// It is said to be elsewhere; the text continues the name of the tensor.
    Outside(String),
    Here,
}

impl<'a> Files<'a> {
    pub fn new(folder: Option<&Path>, budget: &'a Budget) -> Self {
        Self { folder: folder.map(Path::to_owned), open: HashMap::new(), read: 0, budget }
    }

    /// Puts the values of a tensor into it, if they lie in another file.
    pub fn fetch(&mut self, tensor: &mut TensorProto) -> Result<(), FileProblem> {
        if tensor.data_location != Some(DataLocation::EXTERNAL) {
            return Ok(());
        }
        let name = CleanText::short(tensor.name.as_deref().unwrap_or("without a name"));
        let damaged =
            |what: String| FileProblem::Damaged(format!("tensor {name} {}", CleanText::new(&what)));
        let entry = |key: &str| {
            let found = tensor.external_data.iter().find(|it| it.key.as_deref() == Some(key));
            found.and_then(|it| it.value.as_deref())
        };
        let number = |key: &str| match entry(key).map(str::parse::<u64>) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => Err(damaged(format!("has no valid {key} for its external data"))),
        };
        let location = entry("location").unwrap_or_default().to_owned();
        let offset = number("offset")?.unwrap_or(0);
        let needed = byte_count(tensor).ok_or_else(|| damaged("has no valid shape".to_owned()))?;
        let length = number("length")?.unwrap_or(needed);
        if length != needed {
            return Err(damaged(format!(
                "needs {needed} bytes, but its external data has {length}"
            )));
        }
        self.read = self.read.saturating_add(length);
        if self.read > MAX_BYTES {
            return Err(FileProblem::TooLarge(format!(
                "its weights take {} bytes, more than 8 GiB",
                self.read
            )));
        }
        self.budget.charge(length)?;
        let budget = self.budget;
        let file = self.file(&location).map_err(|missing| match missing {
            Missing::Outside(what) => damaged(what),
            Missing::Here => FileProblem::MissingBeside(CleanText::short(&location).to_string()),
        })?;
        let mut bytes = Vec::new();
        let held = file.metadata()?.len();
        if offset.checked_add(length).is_none_or(|end| end > held) {
            return Err(damaged(format!("is not in {location}, which has {held} bytes")));
        }
        file.seek(SeekFrom::Start(offset))?;
        budget.watch(file).take(length).read_to_end(&mut bytes)?;
        tensor.raw_data = Some(RefCell::new(bytes));
        tensor.external_data.clear();
        tensor.data_location = None;
        Ok(())
    }

    /// A file of the same folder and no other.
    fn file(&mut self, location: &str) -> Result<&mut File, Missing> {
        let path = Path::new(location);
        let is_plain = matches!(Vec::from_iter(path.components())[..], [Component::Normal(_)]);
        if !is_plain {
            return Err(Missing::Outside(format!(
                "is said to be in {location:?}, which is not in this folder"
            )));
        }
        if !self.open.contains_key(location) {
            let path = self.folder.as_ref().map(|folder| folder.join(path));
            // A link could lead anywhere.
            let is_file =
                |path: &PathBuf| path.symlink_metadata().is_ok_and(|about| about.is_file());
            let file = path.filter(is_file).map(File::open);
            let Some(Ok(file)) = file else {
                return Err(Missing::Here);
            };
            self.open.insert(location.to_owned(), file);
        }
        self.open.get_mut(location).ok_or(Missing::Here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_beside_a_network_count_and_other_networks_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes| {
            let path = folder.path().join(name);
            File::create(&path).unwrap().set_len(bytes).unwrap();
            path
        };
        let network = file("a.onnx", 10);
        assert_eq!(most_bytes(&network).unwrap(), 10);
        file("b.ONNX", 1000);
        file("a.onnx.data", 100);
        file("fc.weight", 200);
        assert_eq!(most_bytes(&network).unwrap(), 310);
        file("film.mp4", MAX_BYTES + 1);
        assert_eq!(most_bytes(&network).unwrap(), 10 + MAX_BYTES);
        assert!(most_bytes(&folder.path().join("none.onnx")).is_err());
    }
}
