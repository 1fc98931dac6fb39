//! Weights from files: PyTorch checkpoints and safetensors, read without running anything in them.
//!
//! A [`StateDict`] knows the name, shape and element type of every tensor at once and reads the
//! values of one tensor when they are asked for, so that a large file is never in memory twice.
//! The format is told from the content of a file, never from its name.
//!
//! `.pth` files are pickles, which are programs. Their opcodes are first walked through without
//! effect and checked against a list of names; only then does `pytorch-reader` look at them,
//! which runs nothing either. Sizes in a file are never believed: each is checked against what the
//! file holds before memory is taken.

mod archive;
mod detect;
mod dtype;
mod error;
mod file;
mod names;
#[cfg(feature = "onnx")]
mod onnx;
#[cfg(not(feature = "onnx"))]
#[path = "checkpoint/no_onnx.rs"]
mod onnx;
mod open;
mod pickle_policy;
mod pickle_scan;
mod pickle_value;
mod places;
mod pth;
mod safetensors;
mod tar;
mod weights;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use self::detect::Kind;
pub use self::dtype::DType;
pub use self::error::{CheckpointError, FileProblem, Origin, TensorProblem};
pub use self::file::is_graph;
pub use self::onnx::OnnxFile;
use self::places::Stored;
pub use self::pth::check_pickle;
pub use self::weights::Weights;
use crate::budget::Wanted;
use crate::temporary;
use crate::text::{CleanText, Shown as _};

/// How the weights were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, Serialize, Deserialize)]
pub enum Format {
    /// `torch.save` since PyTorch 1.6: a zip archive.
    #[strum(to_string = "PyTorch zip")]
    PthZip,
    /// `torch.save` before PyTorch 1.6: a stream of pickles, then the values.
    #[strum(to_string = "PyTorch legacy")]
    PthLegacy,
    /// `torch.save` before PyTorch 0.1.10: a tar archive, as torchvision's files of 2017.
    #[strum(to_string = "PyTorch tar")]
    PthTar,
    /// A zip archive with one of the other formats inside, as pytorchcv publishes its weights.
    #[strum(to_string = "PyTorch inside a zip")]
    PthInZip,
    /// The format of Hugging Face, and of the bundled weights.
    #[strum(to_string = "safetensors")]
    Safetensors,
}

/// The tensors of a checkpoint file, under the names that the network gave them.
pub struct StateDict {
    format: Format,
    entries: BTreeMap<CleanText, Entry>,
    metadata: BTreeMap<CleanText, CleanText>,
    watch: Option<Watch>,
    /// The file behind [`Data::Stored`].
    source: Option<safetensors::Source>,
    /// Who has the values of [`Data::Remote`].
    remote: Option<Box<dyn RemoteTensors>>,
    /// Files to delete at the end; behind `entries`, which keep them open.
    unpacked: Vec<NamedTempFile>,
}

/// Values that somebody else reads from the file when they are asked for.
pub trait RemoteTensors: Send + Sync {
    /// The bytes of a tensor that has so many.
    ///
    /// # Errors
    /// One line: what is wrong with the tensor, or what became of whoever reads it.
    fn read(&self, name: &str, bytes: u64) -> Result<Vec<u8>, CleanText>;
}

struct Entry {
    dtype: DType,
    shape: Vec<usize>,
    data: Data,
}

/// Counts what is read.
struct Watch {
    /// Bytes of tensors.
    read: AtomicU64,
    total: u64,
    tell: Box<dyn Fn(u64, u64) + Send + Sync>,
}

enum Data {
    Torch(pytorch_reader::Tensor),
    Stored(Stored),
    /// A child has it.
    Remote,
}

/// What a state dict holds, without the values.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unread {
    format: Format,
    tensors: BTreeMap<CleanText, UnreadTensor>,
    metadata: BTreeMap<CleanText, CleanText>,
}

#[derive(Debug, Serialize, Deserialize)]
struct UnreadTensor {
    dtype: DType,
    shape: Vec<usize>,
    /// Where its values lie in the file, if they lie there in a row.
    place: Option<Stored>,
}

impl StateDict {
    /// Opens a `.pth`, `.pth.zip` or `.safetensors` file.
    ///
    /// A training checkpoint is unwrapped (`net`, `state_dict`, `model` …), and prefixes that all
    /// names share are stripped (`module.` …).
    ///
    /// # Errors
    /// [`CheckpointError::File`] says what the file is or holds instead.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        Self::open_while(path, &Wanted::default())
    }

    /// The same, given up as soon as it is not wanted any more.
    ///
    /// # Errors
    /// As [`StateDict::open`], and [`FileProblem::Budget`].
    pub fn open_while(path: &Path, wanted: &Wanted) -> Result<Self, CheckpointError> {
        Self::from_path(path, true, wanted)
            .map_err(|problem| CheckpointError::file(path.shown(), problem))
    }

    /// Opens a file that is already in memory; `name` is for messages. Safetensors are read in
    /// place, the other formats through a temporary file.
    ///
    /// # Errors
    /// As [`StateDict::open`].
    pub fn from_bytes(
        name: &str,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Result<Self, CheckpointError> {
        let open = |bytes: Cow<'static, [u8]>| {
            let head = bytes.get(..detect::HEAD_BYTES).unwrap_or(&bytes);
            if detect::kind(head)? == Kind::Safetensors {
                return Self::from_safetensors(safetensors::Source::Bytes(bytes));
            }
            let mut file = temporary::file()?;
            file.write_all(&bytes).map_err(temporary::problem)?;
            Self::from_unpacked(file, true, &Wanted::default())
        };
        open(bytes.into()).map_err(|problem| CheckpointError::file(name, problem))
    }

    /// How the weights were stored.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The names of all tensors in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(CleanText::as_str)
    }

    /// The extents of a tensor, outermost first; empty for a scalar.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.entries.get(name).map(|entry| entry.shape.as_slice())
    }

    /// The element type of a tensor.
    pub fn dtype(&self, name: &str) -> Option<DType> {
        self.entries.get(name).map(|entry| entry.dtype)
    }

    /// The element types of all tensors, such as `f32` or `mixed: f32, f16`; the batch counters of
    /// batch normalisation are left out.
    pub fn dtype_summary(&self) -> String {
        let counted = self.entries.iter().filter(|(name, _)| !is_counter(name));
        let types: BTreeSet<DType> = counted.map(|(_, entry)| entry.dtype).collect();
        let names: Vec<String> = types.iter().map(DType::to_string).collect();
        let mixed = if names.len() > 1 { "mixed: " } else { "" };
        format!("{mixed}{}", names.join(", "))
    }

    /// The number of trained values: all floats but the running statistics of batch
    /// normalisation, as `sum(p.numel() for p in model.parameters())` counts them.
    pub fn parameter_count(&self) -> usize {
        let is_buffer = |name: &str| {
            let last = name.rsplit('.').next().unwrap_or(name);
            matches!(last, "running_mean" | "running_var") || is_counter(name)
        };
        let trained = (self.entries.iter())
            .filter(|(name, entry)| entry.dtype.is_float() && !is_buffer(name));
        trained.map(|(_, entry)| entry.shape.iter().product::<usize>()).sum()
    }

    /// What lay beside the tensors, such as `epoch` and `acc`, as text.
    pub fn metadata(&self) -> &BTreeMap<CleanText, CleanText> {
        &self.metadata
    }

    /// From now on `tell` gets how many bytes of the tensors were read, of how many, after each
    /// tensor.
    pub fn watch(&mut self, tell: impl Fn(u64, u64) + Send + Sync + 'static) {
        let floats = self.entries.values().filter(|entry| entry.dtype.is_float());
        let bytes = |entry: &Entry| entry.shape.iter().product::<usize>() * entry.dtype.size();
        let total = floats.map(bytes).sum::<usize>() as u64;
        self.watch = Some(Watch { read: AtomicU64::new(0), total, tell: Box::new(tell) });
    }

    /// Hands out tensors by name and shape, and tells in the end what was left.
    pub fn weights(&self) -> Weights<'_> {
        Weights::new(self)
    }

    /// The values of a tensor in C order, contiguous, whatever its strides in the file.
    ///
    /// # Errors
    /// If the tensor is missing, holds no floats, or cannot be read.
    pub fn f32(&self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let (dtype, bytes) =
            self.read(name).map_err(|problem| CheckpointError::tensor(name, problem))?;
        Ok(dtype::f32_from_bytes(dtype, &bytes))
    }

    /// As [`StateDict::f32`], but NaN and infinities are errors.
    ///
    /// # Errors
    /// As [`StateDict::f32`], and [`TensorProblem::NotFinite`].
    pub fn finite_f32(&self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let values = self.f32(name)?;
        let Some(bad) = values.iter().find(|value| !value.is_finite()) else {
            return Ok(values);
        };
        let what = if bad.is_nan() { "NaN" } else { "infinities" };
        Err(CheckpointError::tensor(name, TensorProblem::NotFinite(what)))
    }

    fn read(&self, name: &str) -> Result<(DType, Cow<'_, [u8]>), TensorProblem> {
        let entry = self.entries.get(name).ok_or(TensorProblem::Missing)?;
        let unreadable = |error: std::io::Error| {
            TensorProblem::Unreadable(CleanText::short(&error.to_string()).into())
        };
        if !entry.dtype.is_float() {
            return Err(TensorProblem::NotFloat(entry.dtype));
        }
        let bytes = match (&entry.data, &self.source, &self.remote) {
            (Data::Torch(tensor), ..) => Cow::Owned(tensor.read().map_err(|error| {
                // What the reader says is about its own workings.
                let is_of_the_system = error.raw_os_error().is_some();
                match is_of_the_system {
                    true => unreadable(error),
                    false => TensorProblem::Unreadable("the file is damaged".to_owned()),
                }
            })?),
            (Data::Stored(Stored { range, sum }), Some(source), _) => {
                let bytes = source.read(range.clone()).map_err(unreadable)?;
                if sum.is_some_and(|sum| crc32fast::hash(&bytes) != sum) {
                    return Err(TensorProblem::Unreadable("its checksum is wrong".to_owned()));
                }
                bytes
            }
            (Data::Remote, _, Some(remote)) => {
                let count = entry.shape.iter().product::<usize>() * entry.dtype.size();
                let bytes = remote.read(name, count as u64);
                Cow::Owned(bytes.map_err(|problem| TensorProblem::Unreadable(problem.into()))?)
            }
            (Data::Stored(_), None, _) | (Data::Remote, _, None) => {
                return Err(TensorProblem::Missing);
            }
        };
        if let Some(Watch { read, total, tell }) = &self.watch {
            let count = bytes.len() as u64;
            tell(read.fetch_add(count, Ordering::Relaxed) + count, *total);
        }
        Ok((entry.dtype, bytes))
    }

    /// What it holds, for a parent.
    pub(crate) fn unread(&self) -> Unread {
        let is_the_file = self.unpacked.is_empty();
        let tensors = self.entries.iter().map(|(name, entry)| {
            let Entry { dtype, shape, data } = entry;
            let place = match data {
                Data::Stored(place) if is_the_file && dtype.is_float() => Some(place.clone()),
                Data::Stored(_) | Data::Torch(_) | Data::Remote => None,
            };
            (name.clone(), UnreadTensor { dtype: *dtype, shape: shape.clone(), place })
        });
        Unread { format: self.format, tensors: tensors.collect(), metadata: self.metadata.clone() }
    }

    /// The values of a tensor in the type that they have in the file, for a parent.
    pub(crate) fn bytes(&self, name: &str) -> Result<Cow<'_, [u8]>, TensorProblem> {
        Ok(self.read(name)?.1)
    }

    /// Opens a file for a parent, which puts its name before what is wrong with it.
    pub(crate) fn open_plainly(path: &Path) -> Result<Self, FileProblem> {
        Self::from_path(path, true, &Wanted::default())
    }
}

/// True for the counters of batch normalisation, which only training uses and old files lack.
fn is_counter(name: &str) -> bool {
    name == "num_batches_tracked" || name.ends_with(".num_batches_tracked")
}
