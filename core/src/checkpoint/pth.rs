//! Reads what `torch.save` wrote, once the pickles in it are known to be harmless.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek as _};
use std::path::Path;

use pytorch_reader::{PickleError, PickleValue, PytorchError, PytorchReader, Tensor};

use super::pickle_policy::Findings;
use super::pickle_scan::{ScanError, scan};
use super::places::{self, Places, Stored};
use super::{FileProblem, names};
use crate::budget::{Budget, Wanted};
use crate::text::CleanText;

/// The tensors of the state dict by name, with the places of those that lie in a row, and the
/// numbers and words saved beside it.
pub(super) struct Loaded {
    pub tensors: BTreeMap<String, (Tensor, Option<Stored>)>,
    pub metadata: BTreeMap<CleanText, CleanText>,
}

/// Loads the state dict from a zip or legacy file; the tensors are read later, one by one.
pub(super) fn load(path: &Path, mut places: Places) -> Result<Loaded, FileProblem> {
    let root = match PytorchReader::read_pickle_data(path, None)? {
        PickleValue::Dict(root) => root,
        other => return Err(not_a_dict(&other)),
    };
    let Plain { prefix, metadata } = plain(&root);
    let tensors = PytorchReader::new(path)?.into_tensors().into_iter();
    let tensors = tensors.filter_map(|(full, tensor)| {
        let name = full.strip_prefix(&prefix)?.to_owned();
        let place = places.remove(&full);
        let place = place.filter(|it| it.range.end - it.range.start == tensor.byte_len() as u64);
        Some((name, (tensor, place)))
    });
    Ok(Loaded { tensors: tensors.collect(), metadata })
}

/// What can be told without the tensors.
pub(super) struct Plain {
    /// Of the names of the network's tensors.
    pub prefix: String,
    /// The numbers and words saved beside the network.
    pub metadata: BTreeMap<CleanText, CleanText>,
}

pub(super) fn plain(root: &HashMap<String, PickleValue>) -> Plain {
    Plain { prefix: names::state_dict_prefix(root), metadata: metadata(root) }
}

/// The pickles of a legacy file: magic number, protocol, system, the saved object, storage keys.
/// The numbers of the tensors follow behind them; where, is the result.
pub(super) fn scan_legacy(file: File, budget: &Budget) -> Result<Places, FileProblem> {
    let mut reader = BufReader::new(file);
    let mut findings = Findings::default();
    let mut ends = [0; 5];
    let scanned = ends.iter_mut().try_for_each(|end| {
        scan(&mut reader, &mut findings, budget)?;
        *end = reader.stream_position()?;
        Ok::<_, ScanError>(())
    });
    // What a file would run matters more than how it is broken.
    findings.verdict(true)?;
    scanned?;
    let [_, _, ends @ ..] = ends;
    Ok(places::find_legacy(reader.into_inner(), ends, budget).unwrap_or_default())
}

/// Refuses pickles that name anything but tensors and plain data.
pub(super) fn scan_pickles(
    reader: &mut dyn BufRead,
    count: usize,
    budget: &Budget,
) -> Result<(), FileProblem> {
    let mut findings = Findings::default();
    let scanned = (0..count).try_for_each(|_| scan(reader, &mut findings, budget));
    // What a file would run matters more than how it is broken.
    findings.verdict(true)?;
    Ok(scanned?)
}

/// Walks through one pickle as through those of a checkpoint, before anybody interprets it.
///
/// # Errors
/// What it would run, names or lacks, or that it would cost too much.
pub fn check_pickle(bytes: &[u8]) -> Result<(), FileProblem> {
    let budget = super::open::budget(bytes.len() as u64, &Wanted::default());
    scan_pickles(&mut &bytes[..], 1, &budget)
}

/// What is in a pickle that `torch.save` did not write, which cannot be used. `None` if it is no
/// pickle from beginning to end, and yet not `is_certain` to be one.
pub(super) fn other_pickle(file: File, is_certain: bool, budget: &Budget) -> Option<FileProblem> {
    let mut findings = Findings::default();
    let scanned = scan(&mut BufReader::new(file), &mut findings, budget);
    if scanned.is_err() && !is_certain {
        return None;
    }
    Some(match (findings.verdict(false), scanned) {
        (Err(problem), _) => problem,
        (Ok(()), Err(error)) => error.into(),
        (Ok(()), Ok(())) => FileProblem::NotACheckpoint(
            "a Python pickle without tensors; save model.state_dict() with torch.save".to_owned(),
        ),
    })
}

/// The plain values beside the state dict, such as `epoch` and `acc`.
fn metadata(root: &HashMap<String, PickleValue>) -> BTreeMap<CleanText, CleanText> {
    let plain = root.iter().filter_map(|(key, value)| {
        let text = match value {
            PickleValue::Bool(value) => value.to_string().into(),
            PickleValue::Int(value) => value.to_string().into(),
            PickleValue::Float(value) => value.to_string().into(),
            PickleValue::String(value) => CleanText::short(value),
            _ => return None,
        };
        Some((CleanText::short(key), text))
    });
    plain.collect()
}

pub(super) fn not_a_dict(value: &PickleValue) -> FileProblem {
    let what = match value {
        PickleValue::List(_) => "list",
        PickleValue::Unsupported(class) if class == "torch.Tensor" => "single tensor",
        _ => "single value",
    };
    FileProblem::NotACheckpoint(format!(
        "a PyTorch file with a {what} in it, not a state dict; save model.state_dict()"
    ))
}

impl From<ScanError> for FileProblem {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Io(error) if error.raw_os_error().is_some() => Self::Io(error),
            ScanError::TooLarge(_) => Self::TooLarge(error.to_string()),
            ScanError::Budget(exceeded) => Self::Budget(exceeded),
            error => Self::Damaged(error.to_string()),
        }
    }
}

impl From<PytorchError> for FileProblem {
    fn from(error: PytorchError) -> Self {
        match error {
            PytorchError::Io(error) if error.raw_os_error().is_some() => Self::Io(error),
            PytorchError::Pickle(PickleError::UnsupportedType(class)) => {
                Self::Unsupported(format!("a {}", CleanText::short(&class)))
            }
            error => Self::Damaged(CleanText::short(&error.to_string()).into()),
        }
    }
}
