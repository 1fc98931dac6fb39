//! Files as the pieces that their format is made of, so that a changed file is still one of its
//! kind: with right lengths and checksums, it gets further into its reader than one with a bit that
//! fell over.

use std::io::{Cursor, Read as _};

use super::Random;
use crate::checkpoint::build;
use crate::harm::chunk;

/// How the pieces of a file are told apart and put together again.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Png,
    Jpeg,
    Zip,
    Pickle,
    Protobuf,
    Json,
}

/// Moves, repeats, drops, changes or swaps whole pieces of a file; `false` if it has none.
/// `other`: where pieces may come from, too.
pub fn mutate(target: &str, bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) -> bool {
    let Some(kind) = kind(target, bytes) else { return false };
    let Some(mut pieces) = split(kind, bytes) else { return false };
    let others = split(kind, other).unwrap_or_default();
    for _ in 0..=random.below(3) {
        change(kind, &mut pieces, &others, random);
    }
    *bytes = join(kind, &pieces);
    true
}

fn kind(target: &str, bytes: &[u8]) -> Option<Kind> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', ..] => Kind::Png,
        [0xFF, 0xD8, ..] => Kind::Jpeg,
        [b'P', b'K', 3, 4, ..] => Kind::Zip,
        _ if target == "pickle" => Kind::Pickle,
        _ if target == "onnx" => Kind::Protobuf,
        _ if matches!(target, "hierarchy" | "labels" | "settings") => Kind::Json,
        _ => return None,
    })
}

/// A piece has a name – of a chunk, an entry, a field – and a content.
type Piece = (Vec<u8>, Vec<u8>);

fn change(kind: Kind, pieces: &mut Vec<Piece>, others: &[Piece], random: &mut Random) {
    let at = random.below(pieces.len());
    match random.below(7) {
        0 if pieces.len() > 1 => drop(pieces.remove(at)),
        1 if !pieces.is_empty() => {
            let times = if random.below(50) == 0 { 200 } else { 1 + random.below(3) };
            let again = vec![pieces[at].clone(); times];
            pieces.splice(at..at, again);
        }
        2 if !pieces.is_empty() => {
            let with = random.below(pieces.len());
            pieces.swap(at, with);
        }
        3 if !others.is_empty() => pieces.insert(at, others[random.below(others.len())].clone()),
        4 if kind == Kind::Pickle => pieces.insert(at, (opcode(random), Vec::new())),
        _ if !pieces.is_empty() => {
            let (name, content) = &mut pieces[at];
            match kind {
                // A message within the message, as often as not.
                Kind::Protobuf if name.len() == 1 && name[0] & 7 == 2 && random.below(3) > 0 => {
                    if let Some(mut inner) = split(kind, content) {
                        change(kind, &mut inner, others, random);
                        *content = join(kind, &inner);
                        return;
                    }
                }
                Kind::Zip if name.ends_with(b"data.pkl") => {
                    if let Some(mut opcodes) = split(Kind::Pickle, content) {
                        change(Kind::Pickle, &mut opcodes, &[], random);
                        *content = join(Kind::Pickle, &opcodes);
                        return;
                    }
                }
                Kind::Pickle | Kind::Json => std::mem::swap(name, content),
                Kind::Png | Kind::Jpeg | Kind::Zip | Kind::Protobuf => {}
            }
            super::mutate(content, name, random);
            if matches!(kind, Kind::Pickle | Kind::Json) {
                std::mem::swap(name, content);
            }
        }
        _ => {}
    }
}

fn join(kind: Kind, pieces: &[Piece]) -> Vec<u8> {
    let each = |write: &dyn Fn(&Piece) -> Vec<u8>| pieces.iter().flat_map(write).collect();
    match kind {
        Kind::Png => {
            let chunks: Vec<u8> = each(&|(name, content)| match name.first_chunk::<4>() {
                Some(name) => chunk(name, content),
                None => Vec::new(),
            });
            [b"\x89PNG\r\n\x1a\n", &chunks[..]].concat()
        }
        Kind::Jpeg => {
            let segments: Vec<u8> = each(&|(name, content)| [&name[..], content].concat());
            [&[0xFF, 0xD8], &segments[..]].concat()
        }
        Kind::Zip => {
            let mut seen = std::collections::BTreeSet::new();
            let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let entries = pieces.iter().map(|(name, content)| (text(name), content.clone()));
            let entries: Vec<_> = entries.filter(|(name, _)| seen.insert(name.clone())).collect();
            build::zip(&entries, zip::CompressionMethod::Stored)
        }
        Kind::Protobuf => each(&|(tag, content)| match tag[0] & 7 {
            2 => [&tag[..], &varint(content.len()), content].concat(),
            _ => [&tag[..], content].concat(),
        }),
        Kind::Pickle | Kind::Json => each(&|(text, _)| text.clone()),
    }
}

/// `None` for what is not of this kind from beginning to end.
fn split(kind: Kind, bytes: &[u8]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    match kind {
        Kind::Png => {
            let mut rest = bytes.get(8..)?;
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*length) as usize;
                let content = after.get(4..4_usize.checked_add(length)?)?;
                pieces.push((after[..4].to_vec(), content.to_vec()));
                rest = after.get(8 + length..)?;
            }
        }
        Kind::Jpeg => {
            // Up to the next marker that is neither a stuffed byte nor a restart.
            let mut start = 2;
            let is_marker =
                |at: usize| bytes[at - 1] == 0xFF && !matches!(bytes[at], 0 | 0xFF | 0xD0..=0xD7);
            for at in (4..bytes.len()).filter(|&at| is_marker(at)).chain([bytes.len() + 1]) {
                pieces.push((Vec::new(), bytes.get(start..at - 1)?.to_vec()));
                start = at - 1;
            }
        }
        Kind::Zip => {
            let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
            for index in 0..zip.len() {
                let mut entry = zip.by_index(index).ok()?;
                let mut content = Vec::new();
                (&mut entry).take(1 << 20).read_to_end(&mut content).ok()?;
                pieces.push((entry.name().ok()?.as_bytes().to_vec(), content));
            }
        }
        Kind::Protobuf => {
            let mut rest = bytes;
            while let [tag, after @ ..] = rest {
                let (skip, length) = match tag & 7 {
                    0 => (0, after.iter().position(|byte| byte & 0x80 == 0)? + 1),
                    1 => (0, 8),
                    5 => (0, 4),
                    2 => {
                        let digits = after.iter().position(|byte| byte & 0x80 == 0)? + 1;
                        let seven = after[..digits.min(5)].iter().rev();
                        let length = seven.fold(0, |sum, &it| sum << 7 | usize::from(it & 0x7f));
                        (digits, length)
                    }
                    _ => return None,
                };
                let content = after.get(skip..skip.checked_add(length)?)?;
                pieces.push((vec![*tag], content.to_vec()));
                rest = &after[skip + length..];
            }
        }
        Kind::Pickle => {
            let mut rest = bytes;
            while !rest.is_empty() {
                let length = opcode_length(rest).min(rest.len());
                pieces.push((rest[..length].to_vec(), Vec::new()));
                rest = &rest[length..];
            }
        }
        Kind::Json => {
            let is_end = |byte: &u8| b"{}[],:\n".contains(byte);
            let parts = bytes.split_inclusive(is_end);
            pieces.extend(parts.map(|part| (part.to_vec(), Vec::new())));
        }
    }
    (!pieces.is_empty()).then_some(pieces)
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Of the first opcode, with what belongs to it.
fn opcode_length(bytes: &[u8]) -> usize {
    let number = |size: usize| {
        let bytes = bytes.get(1..=size).unwrap_or_default();
        bytes.iter().rev().fold(0_usize, |sum, &byte| sum.wrapping_shl(8) | usize::from(byte))
    };
    let line = || bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let counted = |size: usize| number(size).saturating_add(size + 1);
    match bytes[0] {
        b'K' | b'h' | b'q' | 0x80 => 2,
        b'M' => 3,
        b'J' | b'j' | b'r' => 5,
        b'G' | 0x95 => 9,
        b'U' | b'C' | 0x8a | 0x8c => counted(1),
        b'T' | b'X' | b'B' | 0x8b => counted(4),
        0x8d | 0x8e | 0x96 => counted(8),
        b'I' | b'L' | b'F' | b'S' | b'V' | b'P' | b'g' | b'p' => line(),
        b'c' | b'i' => {
            let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            ends.nth(1).map_or(bytes.len(), |(at, _)| at + 1)
        }
        _ => 1,
    }
}

/// One of those that move things about.
fn opcode(random: &mut Random) -> Vec<u8> {
    const OPCODES: [&[u8]; 30] = [
        b"(",
        b"}",
        b"]",
        b")",
        b"N",
        b"0",
        b"1",
        b"2",
        b"a",
        b"e",
        b"s",
        b"u",
        b"t",
        b"l",
        b"d",
        b"b",
        b"R",
        b"Q",
        b"o",
        b"\x81",
        b"\x85",
        b"\x87",
        b"\x8f",
        b"\x90",
        b"\x93",
        b"\x94",
        b"h\x00",
        b"q\x00",
        b"K\x07",
        b"ccollections\nOrderedDict\n",
    ];
    let times = if random.below(30) == 0 { 300 } else { 1 };
    OPCODES[random.below(OPCODES.len())].repeat(times)
}
