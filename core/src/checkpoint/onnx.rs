//! ONNX files: a network and its weights in one message of Google's protocol buffers
//! (<https://onnx.ai>).
//!
//! The message is walked through before it is interpreted ([`scan`]): nothing in it may be larger
//! than what holds it, or nested deeply. Then each tensor must have as many numbers as its shape
//! says. Weights in files of their own ("external data") are read from the same folder alone.

mod external;
mod scan;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use rten_onnx::onnx::{AttributeProto, DataType, GraphProto, ModelProto, TensorProto};

use super::{CheckpointError, FileProblem};
use crate::budget::{Budget, NODE, Wanted};
use crate::input;
use crate::text::{CleanText, Shown as _};

/// A message cannot be larger in the format itself.
const MAX_BYTES: u64 = 2 << 30;

/// Most bytes of the texts beside a network that are read.
const MAX_METADATA: usize = 8 << 20;

/// For reading the file and those beside it, which may lie on a slow disk.
const MAX_TIME: Duration = Duration::from_secs(120);

/// A network as it was stored, checked but not yet understood.
pub struct OnnxFile {
    /// As the user named it.
    pub name: String,
    /// All weights are in it, whatever file they came from.
    pub model: ModelProto,
}

impl OnnxFile {
    /// Reads the file, and those beside it that hold its weights.
    ///
    /// # Errors
    /// [`CheckpointError::File`] says what is wrong with it, or that it is not wanted any more.
    pub fn open(path: &Path, wanted: &Wanted) -> Result<Self, CheckpointError> {
        let name = path.shown().to_string();
        let read = || {
            let budget = budget(wanted);
            let mut bytes = Vec::new();
            let file = budget.watch(input::open(path)?);
            file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
            let folder = path.parent().unwrap_or(Path::new(""));
            Self::parse(&bytes, Some(folder), &budget)
        };
        let model = read().map_err(|problem| CheckpointError::file(&name, problem))?;
        Ok(Self { name, model })
    }

    /// Reads a file that is already in memory, which has no files beside it; `name` is for messages.
    ///
    /// # Errors
    /// As [`OnnxFile::open`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let model = Self::parse(bytes, None, &budget(&Wanted::default()))
            .map_err(|problem| CheckpointError::file(name, problem))?;
        Ok(Self { name: name.to_owned(), model })
    }

    fn parse(
        bytes: &[u8],
        folder: Option<&Path>,
        budget: &Budget,
    ) -> Result<ModelProto, FileProblem> {
        if bytes.is_empty() {
            return Err(FileProblem::Empty);
        }
        if bytes.len() as u64 > MAX_BYTES {
            return Err(FileProblem::TooLarge("an ONNX file has at most 2 GiB".to_owned()));
        }
        budget.charge(bytes.len() as u64)?;
        scan::check(bytes, budget)?;
        let mut model = ModelProto::parse_buf(bytes)
            .map_err(|error| FileProblem::Damaged(CleanText::short(&error.to_string()).into()))?;
        let Some(graph) = &mut model.graph else {
            let what = "a protocol buffer without a network in it, not an ONNX model";
            return Err(FileProblem::NotACheckpoint(what.to_owned()));
        };
        let mut files = external::Files::new(folder, budget);
        each_tensor(graph, &mut |tensor| {
            files.fetch(tensor)?;
            check_size(tensor)
        })?;
        Ok(model)
    }

    /// Bytes of the file and of the weights that may lie beside it, before anything is read.
    ///
    /// # Errors
    /// When it is not there.
    pub fn most_bytes(path: &Path) -> std::io::Result<u64> {
        external::most_bytes(path)
    }

    /// Numbers in all weights.
    pub fn parameter_count(&self) -> usize {
        let floats = self.initializers().filter(|tensor| tensor.data_type.is_some_and(is_float));
        floats.map(|tensor| element_count(tensor).unwrap_or(0) as usize).sum()
    }

    /// The element types of all weights, such as `f32` or `mixed: f16, f32`.
    pub fn dtype_summary(&self) -> String {
        let floats = self.initializers().filter_map(|tensor| tensor.data_type);
        let types: BTreeSet<&str> = floats.filter_map(short_name).collect();
        let mixed = if types.len() > 1 { "mixed: " } else { "" };
        format!("{mixed}{}", Vec::from_iter(types).join(", "))
    }

    /// The texts that were stored beside the network, by their keys; those of 8 MiB at most, since
    /// labels are the largest that anybody reads.
    pub fn all_metadata(&self) -> BTreeMap<String, String> {
        let mut room = MAX_METADATA;
        let entries = self.model.metadata_props.iter().filter_map(|entry| {
            let (key, value) = (entry.key.clone()?, entry.value.clone()?);
            room = room.checked_sub(key.len() + value.len())?;
            Some((key, value))
        });
        entries.collect()
    }

    fn initializers(&self) -> impl Iterator<Item = &TensorProto> {
        self.model.graph.iter().flat_map(|graph| &graph.initializer)
    }
}

fn budget(wanted: &Wanted) -> Budget {
    let memory = MAX_BYTES + external::MAX_BYTES + scan::MAX_MESSAGES as u64 * NODE;
    Budget::new(memory, MAX_TIME, wanted.clone())
}

/// Of the types that weights have, quantised ones included, as other files name them.
fn short_name(ty: DataType) -> Option<&'static str> {
    Some(match ty {
        DataType::FLOAT => "f32",
        DataType::DOUBLE => "f64",
        DataType::FLOAT16 => "f16",
        DataType::BFLOAT16 => "bf16",
        DataType::INT8 => "i8",
        DataType::UINT8 => "u8",
        _ => return None,
    })
}

fn is_float(ty: DataType) -> bool {
    short_name(ty).is_some()
}

/// Calls `visit` for every tensor of a graph, those of its subgraphs included.
fn each_tensor(
    graph: &mut GraphProto,
    visit: &mut impl FnMut(&mut TensorProto) -> Result<(), FileProblem>,
) -> Result<(), FileProblem> {
    graph.initializer.iter_mut().try_for_each(&mut *visit)?;
    let attributes = graph.node.iter_mut().flat_map(|node| &mut node.attribute);
    for AttributeProto { t, g, .. } in attributes {
        if let Some(tensor) = t {
            visit(tensor)?;
        }
        if let Some(graph) = g {
            each_tensor(graph, visit)?;
        }
    }
    Ok(())
}

/// `None` if the shape has negative extents, or more elements than can be counted.
fn element_count(tensor: &TensorProto) -> Option<u64> {
    tensor.dims.iter().try_fold(1_u64, |count, &dim| count.checked_mul(dim.try_into().ok()?))
}

/// Bits of one element; `None` for texts and what is not known.
fn element_bits(ty: DataType) -> Option<u64> {
    Some(match ty {
        DataType::FLOAT | DataType::INT32 | DataType::UINT32 => 32,
        DataType::UINT8 | DataType::INT8 | DataType::BOOL => 8,
        DataType::UINT16 | DataType::INT16 | DataType::FLOAT16 | DataType::BFLOAT16 => 16,
        DataType::INT64 | DataType::DOUBLE | DataType::UINT64 => 64,
        DataType::UINT4 | DataType::INT4 => 4,
        _ => return None,
    })
}

/// The bytes that the elements of a tensor take.
fn byte_count(tensor: &TensorProto) -> Option<u64> {
    let bits = element_bits(tensor.data_type?)?;
    Some(element_count(tensor)?.checked_mul(bits)?.div_ceil(8))
}

/// Whether a tensor holds what its shape says.
fn check_size(tensor: &TensorProto) -> Result<(), FileProblem> {
    let name = CleanText::short(tensor.name.as_deref().unwrap_or("without a name"));
    let Some(bytes) = byte_count(tensor) else {
        let ty = tensor.data_type.map_or("no type".to_owned(), |ty| ty.to_string().to_lowercase());
        let dims = &tensor.dims;
        return Err(FileProblem::Damaged(format!(
            "tensor {name} has the type {ty} and the shape {dims:?}"
        )));
    };
    let held = match &tensor.raw_data {
        Some(raw) => raw.borrow().len() as u64,
        None => {
            let TensorProto { float_data, int32_data, int64_data, double_data, .. } = tensor;
            let numbers = [float_data.len(), int32_data.len(), int64_data.len(), double_data.len()];
            let numbers = numbers.iter().sum::<usize>() as u64;
            if Some(numbers) == element_count(tensor) { bytes } else { numbers.saturating_mul(4) }
        }
    };
    if held == bytes {
        return Ok(());
    }
    Err(FileProblem::Damaged(format!(
        "tensor {name} of shape {:?} needs {bytes} bytes, but the file has {held} for it",
        tensor.dims
    )))
}
