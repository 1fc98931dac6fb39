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
use super::pickle_value::{MAX_DEPTH, Pickle, Value, parse};
use super::pth::{self, Plain};
use super::safetensors::Place;
use super::{DType, FileProblem};
use crate::budget::Budget;
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
pub(super) fn load(file: File, budget: &Budget) -> Result<Loaded> {
    let file = BufReader::new(file);
    let mut archive = Archive { file, findings: Findings::default(), budget };
    let members = archive.members()?;
    if !members.contains_key("sys_info") && !members.contains_key("pickle") {
        let what = "a tar archive without a checkpoint of PyTorch; unpack it".to_owned();
        return Err(FileProblem::NotACheckpoint(what));
    }
    let member = |name: &str| {
        members.get(name).cloned().ok_or_else(|| damaged(&format!("{name} is missing")))
    };
    let (storages, tensors, pickle) = (member("storages")?, member("tensors")?, member("pickle")?);
    let read = |archive: &mut Archive<'_>| {
        let storages = archive.storages(storages)?;
        let places = archive.places(tensors, &storages)?;
        Ok((places, archive.pickle(&mut pickle.clone())?))
    };
    let read: Result<_> = read(&mut archive);
    // What a file would run matters more than how it is broken.
    archive.findings.verdict(true)?;
    let (places, root) = read?;
    state_dict(&root, &places, budget)
}

struct Archive<'a> {
    file: BufReader<File>,
    findings: Findings,
    /// Of all its pickles together.
    budget: &'a Budget,
}

impl Archive<'_> {
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
    fn pickle(&mut self, place: &mut Range<u64>) -> Result<Pickle> {
        self.file.seek(SeekFrom::Start(place.start))?;
        let content = &mut (&mut self.file).take(place.end - place.start);
        scan(content, &mut self.findings, self.budget)?;
        let end = self.file.stream_position()?;
        self.budget.charge(end - place.start)?;
        let mut bytes = vec![0; (end - place.start) as usize];
        self.file.seek(SeekFrom::Start(place.start))?;
        self.file.read_exact(&mut bytes)?;
        place.start = end;
        parse(&bytes, self.budget)
    }

    fn count(&mut self, place: &mut Range<u64>) -> Result<u64> {
        let count = self.pickle(place)?.root()?.size()?;
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
            let [key, _, kind] = about.fields::<3>(about.root()?)?;
            let dtype = match kind {
                Value::Name(name) => dtype(name),
                _ => return Err(damaged("a storage without a type")),
            };
            let numbers = self.number(&mut place)?;
            let start = place.start;
            self.skip(&mut place, numbers.saturating_mul(dtype.size() as u64))?;
            storages.insert(key.key()?, Storage { dtype, range: start..place.start });
        }
        let views = self.pickle(&mut place)?;
        let Value::List(list) = views.root()? else {
            return Err(damaged("the list of its views is missing"));
        };
        for view in views.items(*list) {
            let [key, root, offset, count] = views.fields::<4>(view)?;
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
            let [key, storage, _] = about.fields::<3>(about.root()?)?;
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
    let mut stride = vec![1_u64; shape.len()];
    for axis in (1..shape.len()).rev() {
        // Too large for the numbers of any file, which the check of its size tells.
        stride[axis - 1] = stride[axis].saturating_mul(shape[axis].max(1));
    }
    stride
}

/// The type of the numbers in a storage of this class.
pub(super) fn dtype(storage: &str) -> DType {
    match storage {
        "DoubleStorage" => DType::F64,
        "FloatStorage" => DType::F32,
        "HalfStorage" => DType::F16,
        "BFloat16Storage" => DType::Bf16,
        "LongStorage" => DType::I64,
        "IntStorage" => DType::I32,
        "ShortStorage" => DType::I16,
        "CharStorage" => DType::I8,
        "ByteStorage" => DType::U8,
        _ => DType::Other,
    }
}

/// Finds the network in the saved object, as in the other formats.
fn state_dict(root: &Pickle, places: &HashMap<Rc<str>, Place>, budget: &Budget) -> Result<Loaded> {
    let mut walk = Walk { pickle: root, places, budget, tensors: BTreeMap::new() };
    let plain = match walk.plain(root.root()?, 0)? {
        PickleValue::Dict(plain) => plain,
        other => return Err(pth::not_a_dict(&other)),
    };
    let Plain { prefix, metadata } = pth::plain(&plain);
    walk.collect(root.root()?, "", &prefix, 0)?;
    Ok(Loaded { tensors: walk.tensors, metadata })
}

/// Goes through a saved object, which may hold the same thing many times, and itself.
struct Walk<'a> {
    pickle: &'a Pickle,
    places: &'a HashMap<Rc<str>, Place>,
    budget: &'a Budget,
    tensors: BTreeMap<String, Place>,
}

impl Walk<'_> {
    fn go_in(depth: usize) -> Result<usize> {
        if depth < MAX_DEPTH {
            return Ok(depth + 1);
        }
        Err(FileProblem::TooLarge("its pickle is nested too deeply".to_owned()))
    }

    fn text(&self, text: &str) -> Result<String> {
        self.budget.charge(text.len() as u64)?;
        Ok(text.to_owned())
    }

    /// Without the keys of tensors.
    fn plain(&self, value: &Value, depth: usize) -> Result<PickleValue> {
        self.budget.charge_nodes(1)?;
        Ok(match value {
            Value::Int(number) => PickleValue::Int(*number),
            Value::Text(text) => PickleValue::String(self.text(text)?),
            Value::Tensor(_) => PickleValue::Unsupported("torch.Tensor".to_owned()),
            Value::Name(name) => PickleValue::Unsupported(CleanText::short(name).into()),
            Value::List(items) => {
                let depth = Self::go_in(depth)?;
                let items = self.pickle.items(*items).iter();
                PickleValue::List(items.map(|item| self.plain(item, depth)).collect::<Result<_>>()?)
            }
            Value::Dict(items) => {
                let depth = Self::go_in(depth)?;
                let mut dict = HashMap::new();
                for [key, value] in self.pickle.items(*items).as_chunks::<2>().0 {
                    if let Ok(key) = key.key() {
                        dict.insert(self.text(&key)?, self.plain(value, depth)?);
                    }
                }
                PickleValue::Dict(dict)
            }
            Value::Storage(..) | Value::View(_) | Value::Other => PickleValue::None,
        })
    }

    /// All tensors with their dotted names, if those begin with `wanted`.
    fn collect(&mut self, value: &Value, prefix: &str, wanted: &str, depth: usize) -> Result<()> {
        let Value::Dict(items) = value else { return Ok(()) };
        let depth = Self::go_in(depth)?;
        for [key, value] in self.pickle.items(*items).as_chunks::<2>().0 {
            let Ok(key) = key.key() else { continue };
            self.budget.charge_nodes(1)?;
            self.budget.charge((prefix.len() + key.len()) as u64)?;
            let name = format!("{prefix}{key}");
            let Value::Tensor(tensor) = value else {
                self.collect(value, &format!("{name}."), wanted, depth)?;
                continue;
            };
            let Some(name) = name.strip_prefix(wanted) else { continue };
            let place = self.places.get(tensor);
            let place = place.ok_or_else(|| damaged("a tensor that is not there"))?;
            self.budget.charge_nodes(1)?;
            let Place { dtype, shape, range } = place;
            let place = Place { dtype: *dtype, shape: shape.clone(), range: range.clone() };
            self.tensors.insert(name.to_owned(), place);
        }
        Ok(())
    }
}
