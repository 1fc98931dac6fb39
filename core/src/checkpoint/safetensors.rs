//! Reads `.safetensors` files: the header at once, each tensor when it is asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use safetensors::tensor::Metadata;

use super::{DType, FileProblem};
use crate::text::CleanText;

/// Most bytes of header. That of a 1000-tensor network has about 0.1 MB; to read it takes some ten
/// times as much memory.
const MAX_HEADER_BYTES: u64 = 2 << 20;

/// A file on disk or in memory.
pub(super) enum Source {
    File(Mutex<File>),
    Bytes(Cow<'static, [u8]>),
}

impl Source {
    fn len(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => Ok(lock(file).metadata()?.len()),
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// The bytes in `range`, which must lie within the file.
    pub fn read(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        match self {
            Self::File(file) => {
                let mut file = lock(file);
                file.seek(SeekFrom::Start(range.start))?;
                let mut bytes = vec![0; (range.end - range.start) as usize];
                file.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
            Self::Bytes(bytes) => (bytes.get(range.start as usize..range.end as usize))
                .map(Cow::Borrowed)
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn lock(file: &Mutex<File>) -> std::sync::MutexGuard<'_, File> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a tensor lies in the file.
pub(super) struct Place {
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub range: Range<u64>,
}

/// The header of a file.
pub(super) struct Header {
    pub tensors: BTreeMap<String, Place>,
    pub metadata: BTreeMap<CleanText, CleanText>,
}

/// Reads and checks the header: the tensors must fill the rest of the file without gap or overlap.
pub(super) fn header(source: &Source) -> Result<Header, FileProblem> {
    let damaged = |what: String| FileProblem::Damaged(what);
    let len = source.len()?;
    let count = source.read(0..8)?.first_chunk().map_or(0, |count| u64::from_le_bytes(*count));
    if count > len.saturating_sub(8) {
        return Err(damaged(format!(
            "it is a safetensors file whose header claims {count} bytes of {len}"
        )));
    }
    if count > MAX_HEADER_BYTES {
        return Err(FileProblem::TooLarge(format!(
            "its list of tensors takes {} MiB, at most {} are read",
            count.div_ceil(1 << 20),
            MAX_HEADER_BYTES >> 20
        )));
    }
    let start = 8 + count;
    let header: Metadata = serde_json::from_slice(&source.read(8..start)?).map_err(|error| {
        damaged(format!(
            "its safetensors header is wrong: {}",
            CleanText::short(&error.to_string())
        ))
    })?;
    let data_len = header.data_len() as u64;
    if data_len != len - start {
        return Err(damaged(format!(
            "its safetensors header promises {data_len} bytes of tensors, but {} follow",
            len - start
        )));
    }
    let tensors = header.tensors().into_iter().map(|(name, info)| {
        let (from, to) = info.data_offsets;
        let place = Place {
            dtype: info.dtype.into(),
            shape: info.shape.clone(),
            range: start + from as u64..start + to as u64,
        };
        (name, place)
    });
    let metadata = header.metadata().iter().flatten();
    Ok(Header {
        tensors: tensors.collect(),
        metadata: metadata
            .map(|(key, value)| (CleanText::short(key), CleanText::short(value)))
            .collect(),
    })
}
