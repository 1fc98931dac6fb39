//! From a file to a [`StateDict`], by way of its kind.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use tempfile::NamedTempFile;

use super::archive::{self, Archive};
use super::detect::{self, Kind};
use super::places::Places;
use super::{
    Data, Entry, FileProblem, Format, RemoteTensors, StateDict, Unread, UnreadTensor, names, pth,
    safetensors, tar,
};
use crate::budget::{Budget, Wanted};
use crate::input;
use crate::text::CleanText;

/// Longest time that the structure of a file may take to be read.
const MAX_TIME: Duration = Duration::from_secs(60);
/// Most bytes that all tensors of a file may take as f32.
const MAX_F32_BYTES: u64 = 8 << 30;
/// Most axes of a tensor.
const MAX_RANK: usize = 16;
/// A tensor larger than its file repeats its values (stride 0), which is fine up to this.
const MAX_REPEATED_BYTES: u64 = 64 << 20;

impl StateDict {
    pub(super) fn from_path(
        path: &Path,
        may_be_packed: bool,
        wanted: &Wanted,
    ) -> Result<Self, FileProblem> {
        let not = |what: &str| Err(FileProblem::NotACheckpoint(what.to_owned()));
        let open = || input::open(path);
        let about = open()?.metadata()?;
        let budget = &budget(about.len(), wanted);
        let mut head = Vec::new();
        (open()?.take(detect::HEAD_BYTES as u64)).read_to_end(&mut head)?;
        match detect::kind(&head)? {
            Kind::Zip => match archive::open(open()?, budget)? {
                Archive::Checkpoint { bytes, places } => {
                    let source = safetensors::Source::File(Mutex::new(open()?));
                    let state = Self::from_pth(path, Format::PthZip, bytes, places)?;
                    Ok(Self { source: Some(source), ..state })
                }
                Archive::Inner(file) if may_be_packed => Ok(Self {
                    format: Format::PthInZip,
                    ..Self::from_unpacked(file, false, wanted)?
                }),
                Archive::Inner(_) => not("a zip archive within another; unpack the outer one"),
            },
            Kind::Legacy => {
                let places = pth::scan_legacy(open()?, budget)?;
                let source = safetensors::Source::File(Mutex::new(open()?));
                let state = Self::from_pth(path, Format::PthLegacy, about.len(), places)?;
                Ok(Self { source: Some(source), ..state })
            }
            Kind::Tar => Self::from_tar(open()?, budget),
            Kind::Safetensors => {
                Self::from_safetensors(safetensors::Source::File(Mutex::new(open()?)))
            }
            kind @ (Kind::OtherPickle | Kind::PerhapsPickle) => {
                let problem = pth::other_pickle(open()?, kind == Kind::OtherPickle, budget);
                Err(problem.unwrap_or_else(|| detect::other(&head)))
            }
        }
    }

    pub(super) fn from_unpacked(
        file: NamedTempFile,
        may_be_packed: bool,
        wanted: &Wanted,
    ) -> Result<Self, FileProblem> {
        let mut state_dict = Self::from_path(file.path(), may_be_packed, wanted)?;
        state_dict.unpacked.push(file);
        Ok(state_dict)
    }

    /// `held`: the bytes that all tensors can have together.
    fn from_pth(
        path: &Path,
        format: Format,
        held: u64,
        places: Places,
    ) -> Result<Self, FileProblem> {
        let pth::Loaded { tensors, metadata } = pth::load(path, places)?;
        let entries = tensors.into_iter().map(|(name, (tensor, place))| {
            let (dtype, shape) = (tensor.dtype().into(), tensor.shape().to_vec());
            let data = place.map_or_else(|| Data::Torch(tensor), Data::Stored);
            (name, Entry { dtype, shape, data })
        });
        Ok(Self {
            format,
            entries: checked(entries.collect(), held)?,
            metadata,
            watch: None,
            source: None,
            remote: None,
            unpacked: Vec::new(),
        })
    }

    pub(super) fn from_safetensors(source: safetensors::Source) -> Result<Self, FileProblem> {
        let safetensors::Header { tensors, metadata } = safetensors::header(&source)?;
        Self::from_places(Format::Safetensors, source, tensors, metadata)
    }

    fn from_tar(file: File, budget: &Budget) -> Result<Self, FileProblem> {
        let tar::Loaded { tensors, metadata } = tar::load(file.try_clone()?, budget)?;
        let source = safetensors::Source::File(Mutex::new(file));
        Self::from_places(Format::PthTar, source, tensors, metadata)
    }

    /// What a child has found in `file`; it is checked as if it came from the file itself.
    pub(crate) fn from_remote(
        unread: Unread,
        file: File,
        remote: Box<dyn RemoteTensors>,
    ) -> Result<Self, FileProblem> {
        let held = file.metadata()?.len();
        let Unread { format, tensors, metadata } = unread;
        let entries = tensors.into_iter().map(|(name, tensor)| {
            let UnreadTensor { dtype, shape, place } = tensor;
            let bytes = shape.iter().map(|&size| size as u64);
            let bytes = bytes.fold(dtype.size() as u64, u64::saturating_mul);
            let data = match place {
                None => Data::Remote,
                Some(place) => {
                    let fits = place.range.end <= held
                        && place.range.start.checked_add(bytes) == Some(place.range.end);
                    if !fits {
                        let what = format!("tensor {name} is not where it should be");
                        return Err(FileProblem::Damaged(what));
                    }
                    Data::Stored(place)
                }
            };
            Ok((String::from(name), Entry { dtype, shape, data }))
        });
        Ok(Self {
            format,
            entries: measured(entries.collect::<Result<_, _>>()?, u64::MAX)?,
            metadata,
            watch: None,
            source: Some(safetensors::Source::File(Mutex::new(file))),
            remote: Some(remote),
            unpacked: Vec::new(),
        })
    }

    fn from_places(
        format: Format,
        source: safetensors::Source,
        tensors: BTreeMap<String, safetensors::Place>,
        metadata: BTreeMap<CleanText, CleanText>,
    ) -> Result<Self, FileProblem> {
        let entries = tensors.into_iter().map(|(name, place)| {
            let entry = Entry {
                dtype: place.dtype,
                shape: place.shape,
                data: Data::Stored(place.range.into()),
            };
            (name, entry)
        });
        Ok(Self {
            format,
            entries: checked(entries.collect(), u64::MAX)?,
            metadata,
            watch: None,
            source: Some(source),
            remote: None,
            unpacked: Vec::new(),
        })
    }
}

/// What may be spent on everything but the values of the tensors. Beside a share of the file, which
/// holds at least one byte of a number for each value in a pickle that counts, so much is enough for
/// the names and shapes of thousands of tensors; what a reader really takes is up to three times it.
pub(super) fn budget(file_bytes: u64, wanted: &Wanted) -> Budget {
    const FREE_BYTES: u64 = 12 << 20;
    Budget::new(FREE_BYTES + file_bytes / 2, MAX_TIME, wanted.clone())
}

/// As [`measured`], under the names that the network gave the tensors.
fn checked(
    entries: BTreeMap<String, Entry>,
    held: u64,
) -> Result<BTreeMap<CleanText, Entry>, FileProblem> {
    measured(names::strip_prefixes(entries), held)
}

/// Refuses files without tensors, and tensors that could not be held in memory.
fn measured(
    entries: BTreeMap<String, Entry>,
    held: u64,
) -> Result<BTreeMap<CleanText, Entry>, FileProblem> {
    if entries.is_empty() {
        return Err(FileProblem::NotACheckpoint("a checkpoint without any tensors".to_owned()));
    }
    let mut total = 0u64;
    for (name, entry) in entries.iter().filter(|(_, entry)| entry.dtype.is_float()) {
        if entry.shape.len() > MAX_RANK {
            let name = CleanText::short(name);
            return Err(FileProblem::TooLarge(format!(
                "tensor {name} has {} axes",
                entry.shape.len()
            )));
        }
        let sizes = entry.shape.iter().map(|&size| size as u64);
        let bytes = sizes.fold(4, u64::saturating_mul);
        // An f16 tensor is twice as large here as in its file.
        if bytes > held.saturating_mul(2).max(MAX_REPEATED_BYTES) {
            return Err(FileProblem::TooLarge(format!(
                "tensor {} claims shape {:?}, but the file has {held} bytes",
                CleanText::short(name),
                entry.shape
            )));
        }
        total = total.saturating_add(bytes);
    }
    if total > MAX_F32_BYTES {
        return Err(FileProblem::TooLarge(format!("its tensors would take {total} bytes")));
    }
    let count = entries.len();
    let cleaned = |(name, entry): (String, Entry)| (CleanText::from(name), entry);
    let entries: BTreeMap<_, _> = entries.into_iter().map(cleaned).collect();
    if entries.len() < count {
        let what = "names of tensors that differ in invisible characters alone".to_owned();
        return Err(FileProblem::Unsupported(what));
    }
    Ok(entries)
}
