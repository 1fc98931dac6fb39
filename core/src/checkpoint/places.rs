//! Where in a file of `torch.save` the numbers of each tensor lie, so that whoever asks can copy them
//! without a reader of the format.
//!
//! What is found is a shortcut: `pytorch-reader` says which tensors there are, and where nothing is
//! found, or nothing that fits, it reads the numbers, too.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use zip::CompressionMethod;

use super::archive::Zip;
use super::pickle_scan::MAX_PICKLE_BYTES;
use super::pickle_value::{MAX_DEPTH, Pickle, Value, View, parse};
use super::tar;
use crate::budget::Budget;

/// Numbers in a row in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub range: Range<u64>,
    /// CRC-32, where it is of these bytes and no others.
    pub sum: Option<u32>,
}

impl From<Range<u64>> for Stored {
    fn from(range: Range<u64>) -> Self {
        Self { range, sum: None }
    }
}

/// Under the dotted names of the tensors.
pub(super) type Places = HashMap<String, Stored>;

/// The places of all tensors of an archive that lie in a row. `None` where something is not as
/// PyTorch writes it today. `pickle`: number of the entry that tells of them, which was scanned.
pub(super) fn find(zip: &mut Zip, pickle: usize, budget: &Budget) -> Option<Places> {
    let mut bytes = Vec::new();
    let entry = zip.by_index(pickle).ok()?;
    budget.charge(entry.size()).ok()?;
    entry.take(MAX_PICKLE_BYTES).read_to_end(&mut bytes).ok()?;
    let views = views(&parse(&bytes, budget).ok()?, budget)?;
    Some(places(views, &storages(zip)?))
}

/// The same for a legacy file: a pickle with the tensors, one with the keys of their storages in the
/// order in which these follow, each behind its length. `ends`: where the pickle before the two ends,
/// and where they do; all were scanned.
pub(super) fn find_legacy(mut file: File, ends: [u64; 3], budget: &Budget) -> Option<Places> {
    let mut pickle = |start: u64, end: u64| {
        let mut bytes = Vec::new();
        budget.charge(end.checked_sub(start)?).ok()?;
        file.seek(SeekFrom::Start(start)).ok()?;
        (&file).take(end - start).read_to_end(&mut bytes).ok()?;
        parse(&bytes, budget).ok()
    };
    let [saved, keys] = [pickle(ends[0], ends[1])?, pickle(ends[1], ends[2])?];
    let views = views(&saved, budget)?;
    let kinds = saved.storages();
    let Value::List(keys_in_order) = keys.root().ok()? else { return None };
    let length = file.metadata().ok()?.len();
    let mut at = ends[2];
    let mut storages = HashMap::new();
    for key in keys.items(*keys_in_order) {
        budget.charge_nodes(1).ok()?;
        let key = key.key().ok()?;
        let mut count = [0; 8];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut count).ok()?;
        // Behind one of unknown length nothing can be found.
        let Some(size) = kinds.get(&*key).and_then(|kind| bytes_of(kind)) else { break };
        let start = at.checked_add(8)?;
        at = start.checked_add(u64::from_le_bytes(count).checked_mul(size)?)?;
        if at > length {
            return None;
        }
        storages.insert(key.to_string(), Stored::from(start..at));
    }
    Some(places(views, &storages))
}

/// Bytes of a number in a storage of this class.
fn bytes_of(kind: &str) -> Option<u64> {
    match (kind, tar::dtype(kind).size() as u64) {
        ("BoolStorage", _) => Some(1),
        ("ComplexFloatStorage", _) => Some(8),
        ("ComplexDoubleStorage", _) => Some(16),
        (_, 0) => None,
        (_, size) => Some(size),
    }
}

type Views = HashMap<String, Rc<View>>;

fn views(pickle: &Pickle, budget: &Budget) -> Option<Views> {
    let mut views = HashMap::new();
    collect(pickle, pickle.root().ok()?, "", 0, budget, &mut views)?;
    Some(views)
}

/// Where those lie that are a row of numbers in their storage.
fn places(views: Views, storages: &HashMap<String, Stored>) -> Places {
    let place = |(name, view): (String, Rc<View>)| {
        let Stored { range, sum } = storages.get(&*view.storage)?;
        let size = tar::dtype(&view.kind).size() as u64;
        let count = view.shape.iter().try_fold(1_u64, |count, &side| count.checked_mul(side))?;
        let start = range.start.checked_add(view.offset.checked_mul(size)?)?;
        let end = start.checked_add(count.checked_mul(size)?)?;
        let is_all = *range == (start..end);
        let fits = view.is_contiguous() && size > 0 && end <= range.end;
        fits.then(|| (name, Stored { range: start..end, sum: sum.filter(|_| is_all) }))
    };
    views.into_iter().filter_map(place).collect()
}

/// All tensors below a value, with dots between the keys. `None`: too much of it.
fn collect(
    pickle: &Pickle,
    value: &Value,
    prefix: &str,
    depth: usize,
    budget: &Budget,
    found: &mut Views,
) -> Option<()> {
    let Value::Dict(items) = value else { return Some(()) };
    if depth == MAX_DEPTH {
        return None;
    }
    for [key, value] in pickle.items(*items).as_chunks::<2>().0 {
        let Ok(key) = key.key() else { continue };
        budget.charge_nodes(1).ok()?;
        budget.charge((prefix.len() + key.len()) as u64).ok()?;
        let name = format!("{prefix}{key}");
        match value {
            Value::View(view) => drop(found.insert(name, Rc::clone(view))),
            _ => collect(pickle, value, &format!("{name}."), depth + 1, budget, found)?,
        }
    }
    Some(())
}

/// The storages that lie in the archive as they are, by their keys.
fn storages(zip: &mut Zip) -> Option<HashMap<String, Stored>> {
    let mut storages = HashMap::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).ok()?;
        let name = entry.name().ok()?;
        let Some((_, key)) = name.rsplit_once("data/") else { continue };
        let is_plain = entry.compression() == CompressionMethod::Stored
            && entry.compressed_size() == entry.size();
        let Some(start) = entry.data_start().filter(|_| is_plain) else { continue };
        // Zero means that none was worked out.
        let sum = Some(entry.crc32()).filter(|&sum| sum != 0);
        let range = start..start.checked_add(entry.size())?;
        storages.insert(key.to_owned(), Stored { range, sum });
    }
    Some(storages)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::budget::Wanted;
    use crate::checkpoint::archive::{Archive, open};
    use crate::checkpoint::pth;

    /// Tensors of all types and odd strides, as PyTorch itself wrote them.
    #[test]
    fn numbers_that_are_copied_are_those_that_are_read() {
        let budget = Budget::new(1 << 20, std::time::Duration::MAX / 4, Wanted::default());
        for file in ["odd_tensors.zip.pth", "odd_tensors.legacy.pth"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"));
            let path = path.join("../tests/golden/checkpoints").join(file);
            let mut file = File::open(&path).unwrap();
            let places = match open(File::open(&path).unwrap(), &budget) {
                Ok(Archive::Checkpoint { places, .. }) => places,
                _ => pth::scan_legacy(File::open(&path).unwrap(), &budget).unwrap(),
            };
            let reader = pytorch_reader::PytorchReader::new(&path).unwrap();
            let mut found = 0;
            for (name, tensor) in reader.tensors() {
                let Some(Stored { range, sum }) = places.get(name) else { continue };
                let mut bytes = vec![0; (range.end - range.start) as usize];
                file.seek(SeekFrom::Start(range.start)).unwrap();
                file.read_exact(&mut bytes).unwrap();
                assert_eq!(bytes, tensor.read().unwrap(), "{name}");
                assert!(sum.is_none_or(|sum| sum == crc32fast::hash(&bytes)), "{name}");
                found += 1;
            }
            assert!(found > 3, "{found} of {} tensors were found", reader.len());
        }
    }
}
