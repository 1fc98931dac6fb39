//! The tar archives that PyTorch wrote before version 0.1.10, among them torchvision's ResNets of
//! 2017.
//!
//! `storages` holds the numbers, `tensors` says which part of which storage each tensor is, and
//! `pickle` is the saved object, with keys in place of tensors. The numbers are read from the
//! archive itself when they are asked for.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::rc::Rc;

use pytorch_reader::PickleValue;

use super::pickle_policy::Findings;
use super::pickle_scan::scan;
use super::pickle_value::{Value, parse};
use super::pth::{self, Plain};
use super::safetensors::Place;
use super::{DType, FileProblem};
use crate::text::CleanText;

const BLOCK: u64 = 512;
/// Most entries that are looked at; PyTorch writes four.
const MAX_ENTRIES: usize = 64;
/// Most storages or tensors; a network has one for each tensor.
const MAX_COUNT: u64 = 100_000;
const MAX_RANK: u64 = 16;

type Result<T> = std::result::Result<T, FileProblem>;

fn damaged(what: &str) -> FileProblem {
    FileProblem::Damaged(format!("its tar archive: {what}"))
}

/// Numbers in the archive.
struct Storage {
    dtype: DType,
    range: Range<u64>,
}

/// The tensors of the state dict by name, and the numbers and words saved beside it.
pub(super) struct Loaded {
    pub tensors: BTreeMap<String, Place>,
    pub metadata: BTreeMap<CleanText, CleanText>,
}

/// Reads everything but the numbers.
pub(super) fn load(file: File) -> Result<Loaded> {
    let mut archive = Archive { file: BufReader::new(file), findings: Findings::default() };
    let members = archive.members()?;
    if !members.contains_key("sys_info") && !members.contains_key("pickle") {
        let what = "a tar archive without a checkpoint of PyTorch; unpack it".to_owned();
        return Err(FileProblem::NotACheckpoint(what));
    }
    let member = |name: &str| {
        members.get(name).cloned().ok_or_else(|| damaged(&format!("{name} is missing")))
    };
    let (storages, tensors, pickle) = (member("storages")?, member("tensors")?, member("pickle")?);
    let read = |archive: &mut Archive| {
        let storages = archive.storages(storages)?;
        let places = archive.places(tensors, &storages)?;
        Ok((places, archive.pickle(&mut pickle.clone())?))
    };
    let read: Result<_> = read(&mut archive);
    // What a file would run matters more than how it is broken.
    archive.findings.verdict(true)?;
    let (places, root) = read?;
    state_dict(&root, &places)
}

struct Archive {
    file: BufReader<File>,
    findings: Findings,
}

impl Archive {
    /// Where the content of each entry is.
    fn members(&mut self) -> Result<HashMap<String, Range<u64>>> {
        let end = self.file.get_ref().metadata()?.len();
        let mut members = HashMap::new();
        let mut at = 0;
        for _ in 0..MAX_ENTRIES {
            let mut header = [0; BLOCK as usize];
            self.file.seek(SeekFrom::Start(at))?;
            if at >= end {
                break;
            }
            if at + BLOCK > end {
                return Err(damaged("it ends too early"));
            }
            self.file.read_exact(&mut header)?;
            if header[0] == 0 {
                break;
            }
            let text = |range: Range<usize>| {
                let bytes = header[range].split(|byte| *byte == 0).next().unwrap_or_default();
                String::from_utf8_lossy(bytes).trim().to_owned()
            };
            let size = u64::from_str_radix(&text(124..136), 8)
                .map_err(|_| damaged("an entry without a size"))?;
            let content = at + BLOCK..(at + BLOCK).saturating_add(size);
            if content.end > end {
                return Err(damaged("it ends too early"));
            }
            at = content.start + size.next_multiple_of(BLOCK);
            if matches!(header[156], b'0' | 0) {
                members.insert(text(0..100).trim_start_matches("./").to_owned(), content);
            }
        }
        Ok(members)
    }

    /// Reads the pickle at the beginning of `place`, which then begins behind it.
    fn pickle(&mut self, place: &mut Range<u64>) -> Result<Value> {
        self.file.seek(SeekFrom::Start(place.start))?;
        scan(&mut (&mut self.file).take(place.end - place.start), &mut self.findings)?;
        let end = self.file.stream_position()?;
        let mut bytes = vec![0; (end - place.start) as usize];
        self.file.seek(SeekFrom::Start(place.start))?;
        self.file.read_exact(&mut bytes)?;
        place.start = end;
        parse(&bytes)
    }

    fn count(&mut self, place: &mut Range<u64>) -> Result<u64> {
        let count = self.pickle(place)?.size()?;
        if count > MAX_COUNT {
            return Err(FileProblem::TooLarge(format!("it claims to hold {count} tensors")));
        }
        Ok(count)
    }

    /// A little-endian number of 8 bytes.
    fn number(&mut self, place: &mut Range<u64>) -> Result<u64> {
        let mut bytes = [0; 8];
        self.skip(place, 8)?;
        self.file.seek(SeekFrom::Start(place.start - 8))?;
        self.file.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn skip(&mut self, place: &mut Range<u64>, bytes: u64) -> Result<()> {
        match place.start.checked_add(bytes).filter(|start| *start <= place.end) {
            Some(start) => place.start = start,
            None => return Err(damaged("its numbers end too early")),
        }
        Ok(())
    }

    /// A count; for each storage its key, device and type, the count of its numbers, and those;
    /// then views, storages that are parts of others.
    fn storages(&mut self, mut place: Range<u64>) -> Result<HashMap<Rc<str>, Storage>> {
        let mut storages = HashMap::new();
        for _ in 0..self.count(&mut place)? {
            let about = self.pickle(&mut place)?;
            let [key, _, kind] = about.fields::<3>()?;
            let dtype = match kind {
                Value::Name(name) => dtype(name),
                _ => return Err(damaged("a storage without a type")),
            };
            let numbers = self.number(&mut place)?;
            let start = place.start;
            self.skip(&mut place, numbers.saturating_mul(dtype.size() as u64))?;
            storages.insert(key.key()?, Storage { dtype, range: start..place.start });
        }
        let Value::List(views, _) = self.pickle(&mut place)? else {
            return Err(damaged("the list of its views is missing"));
        };
        for view in views.iter() {
            let [key, root, offset, count] = view.fields::<4>()?;
            let root = storages.get(&root.key()?).ok_or_else(|| damaged("a view of nothing"))?;
            let range = part(root, offset.size()?, count.size()?)?;
            let view = Storage { dtype: root.dtype, range };
            storages.insert(key.key()?, view);
        }
        Ok(storages)
    }

    /// A count; for each tensor its key, storage and type, the number of its axes (and 4 bytes of
    /// nothing), their lengths and strides, and where it begins.
    fn places(
        &mut self,
        mut place: Range<u64>,
        storages: &HashMap<Rc<str>, Storage>,
    ) -> Result<HashMap<Rc<str>, Place>> {
        let mut places = HashMap::new();
        for _ in 0..self.count(&mut place)? {
            let about = self.pickle(&mut place)?;
            let [key, storage, _] = about.fields::<3>()?;
            let storage =
                storages.get(&storage.key()?).ok_or_else(|| damaged("a tensor of nothing"))?;
            let rank = self.number(&mut place)? & u64::from(u32::MAX);
            if rank > MAX_RANK {
                return Err(damaged("a tensor with too many axes"));
            }
            let shape = self.numbers(&mut place, rank)?;
            let stride = self.numbers(&mut place, rank)?;
            let offset = self.number(&mut place)?;
            let count = shape.iter().fold(1, |product: u64, side| product.saturating_mul(*side));
            if stride != contiguous(&shape) && count > 1 {
                let what = "a tensor whose values do not lie in a row".to_owned();
                return Err(FileProblem::Unsupported(what));
            }
            let range = part(storage, offset, count)?;
            let shape = shape.into_iter().map(|side| side as usize).collect();
            places.insert(key.key()?, Place { dtype: storage.dtype, shape, range });
        }
        Ok(places)
    }

    fn numbers(&mut self, place: &mut Range<u64>, count: u64) -> Result<Vec<u64>> {
        (0..count).map(|_| self.number(place)).collect()
    }
}

/// Where `count` numbers of a storage are, `offset` from its beginning.
fn part(storage: &Storage, offset: u64, count: u64) -> Result<Range<u64>> {
    let Storage { dtype, range } = storage;
    let size = dtype.size() as u64;
    let start = offset.checked_mul(size).and_then(|offset| offset.checked_add(range.start));
    let end = start.and_then(|start| start.checked_add(count.checked_mul(size)?));
    match (start, end) {
        (Some(start), Some(end)) if end <= range.end => Ok(start..end),
        _ => Err(damaged("a tensor lies outside its storage")),
    }
}

/// The strides of a tensor in C order, in numbers.
fn contiguous(shape: &[u64]) -> Vec<u64> {
    let mut stride = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        stride[axis - 1] = stride[axis] * shape[axis].max(1);
    }
    stride
}

fn dtype(storage: &str) -> DType {
    match storage {
        "DoubleStorage" => DType::F64,
        "FloatStorage" => DType::F32,
        "HalfStorage" => DType::F16,
        "LongStorage" => DType::I64,
        "IntStorage" => DType::I32,
        "ShortStorage" => DType::I16,
        "CharStorage" => DType::I8,
        "ByteStorage" => DType::U8,
        _ => DType::Other,
    }
}

/// Finds the network in the saved object, as in the other formats.
fn state_dict(root: &Value, places: &HashMap<Rc<str>, Place>) -> Result<Loaded> {
    let PickleValue::Dict(plain) = plain(root) else {
        return Err(pth::not_a_dict(&plain(root)));
    };
    let Plain { prefix, metadata } = pth::plain(&plain);
    let mut tensors = BTreeMap::new();
    collect(root, "", &mut |name, key| {
        let Some(name) = name.strip_prefix(&prefix) else { return Ok(()) };
        let place = places.get(key).ok_or_else(|| damaged("a tensor that is not there"))?;
        let Place { dtype, shape, range } = place;
        let place = Place { dtype: *dtype, shape: shape.clone(), range: range.clone() };
        tensors.insert(name.to_owned(), place);
        Ok(())
    })?;
    Ok(Loaded { tensors, metadata })
}

/// Without the keys of tensors.
fn plain(value: &Value) -> PickleValue {
    match value {
        Value::Int(number) => PickleValue::Int(*number),
        Value::Text(text) => PickleValue::String(text.to_string()),
        Value::Tensor(_) => PickleValue::Unsupported("torch.Tensor".to_owned()),
        Value::Name(name) => PickleValue::Unsupported(CleanText::short(name).into()),
        Value::List(items, _) => PickleValue::List(items.iter().map(plain).collect()),
        Value::Dict(items, _) => {
            let pairs = items.as_chunks::<2>().0.iter();
            let pair =
                |[key, value]: &[Value; 2]| Some((key.key().ok()?.to_string(), plain(value)));
            PickleValue::Dict(pairs.filter_map(pair).collect())
        }
        Value::Other => PickleValue::None,
    }
}

/// All tensors with their dotted names.
fn collect(
    value: &Value,
    prefix: &str,
    found: &mut impl FnMut(&str, &Rc<str>) -> Result<()>,
) -> Result<()> {
    let Value::Dict(items, _) = value else { return Ok(()) };
    for [key, value] in items.as_chunks::<2>().0 {
        let Ok(key) = key.key() else { continue };
        let name = format!("{prefix}{key}");
        match value {
            Value::Tensor(key) => found(&name, key)?,
            value => collect(value, &format!("{name}."), found)?,
        }
    }
    Ok(())
}
