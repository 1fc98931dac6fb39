//! WebP without what is ignored anyway: profiles, texts, and the frames behind the first.
//!
//! A file is a list of chunks, each with a name and a length (RFC 9649).

use std::io::{self, Read, Seek};

use super::error::{Problem, check_size};

/// `RIFF`, the length of all that follows, `WEBP`.
const START: usize = 12;
/// Name and length.
const HEADER: usize = 8;

/// Most chunks; a picture has less than ten, and an animation one for each frame.
const MAX_CHUNKS: usize = 1 << 17;
/// Most bytes of Exif data, which has 64 KiB in JPEG.
const MAX_EXIF: u64 = 1 << 20;
/// Most bytes of a chunk that is neither pixels nor Exif data; the longest has ten.
const MAX_SMALL: u64 = 64;

/// Bits of the extended header that announce what is left out: a profile, Exif data and texts.
const LEFT_OUT: u8 = 0x20 | 0x08 | 0x04;

/// What there is to decode.
pub(super) struct WebP {
    /// A file with the chunks that matter alone.
    pub essence: Vec<u8>,
    pub exif: Option<Vec<u8>>,
}

/// Copies what matters; never more than the pixels can need.
pub(super) fn read<R: Read + Seek>(reader: &mut R) -> Result<WebP, Problem> {
    let mut essence = vec![0; START];
    reader.read_exact(&mut essence).map_err(cut)?;
    let mut exif = None;
    let mut frames = 0;
    for _ in 0..MAX_CHUNKS {
        let mut header = [0; HEADER];
        match reader.read_exact(&mut header) {
            Ok(()) => {}
            // What follows the last chunk is not missed.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(Problem::from_io(error)),
        }
        let (kind, length) = header.split_at(4);
        let length = u64::from(u32::from_le_bytes(length.try_into().unwrap_or_default()));
        let padded = length + length % 2;
        let is_pixels = matches!(kind, b"VP8 " | b"VP8L" | b"ALPH" | b"ANMF");
        let is_wanted = match kind {
            b"VP8X" | b"ANIM" => true,
            b"ANMF" => frames == 0,
            b"EXIF" => exif.is_none() && length <= MAX_EXIF,
            _ => is_pixels,
        };
        if !is_wanted {
            reader.seek_relative(padded as i64).map_err(Problem::from_io)?;
            continue;
        }
        if !is_pixels && kind != b"EXIF" && length > MAX_SMALL {
            return Err(damaged("a chunk is far too long"));
        }
        let mut content = Vec::new();
        let copy = |reader: &mut R, content: &mut Vec<u8>, bytes: u64| {
            reader.take(bytes).read_to_end(content).map_err(Problem::from_io)
        };
        if is_pixels {
            // The size comes first, and says how much there can be.
            copy(reader, &mut content, padded.min(MAX_SMALL))?;
            let most = most_bytes(kind, &content, &essence)?;
            if length > most {
                return Err(damaged("it holds more data than its pixels can need"));
            }
        }
        let rest = padded - (content.len() as u64).min(padded);
        copy(reader, &mut content, rest)?;
        if (content.len() as u64) < length {
            return Err(damaged("it ends too early"));
        }
        content.resize(padded as usize, 0);
        match kind {
            b"EXIF" => {
                exif = Some(content);
                continue;
            }
            b"VP8X" => {
                if let Some(flags) = content.first_mut() {
                    *flags &= !LEFT_OUT;
                }
            }
            b"ANMF" => frames += 1,
            _ => {}
        }
        essence.extend_from_slice(&header);
        essence.extend_from_slice(&content);
    }
    let length = (essence.len() - HEADER) as u32;
    essence[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(WebP { essence, exif })
}

/// The most bytes that the pixels of a chunk can need: a few for each.
fn most_bytes(kind: &[u8], content: &[u8], before: &[u8]) -> Result<u64, Problem> {
    let number = |bytes: &[u8], at: usize, count: usize| {
        let bytes = bytes.get(at..at + count).unwrap_or_default();
        bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u32::from(byte))
    };
    let (width, height) = match kind {
        b"VP8 " => (number(content, 6, 2) & 0x3fff, number(content, 8, 2) & 0x3fff),
        b"VP8L" => {
            let bits = number(content, 1, 4);
            ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
        b"ANMF" => (number(content, 6, 3) + 1, number(content, 9, 3) + 1),
        // Transparency has the size of the whole, which the extended header says.
        _ => (number(before, 24, 3) + 1, number(before, 27, 3) + 1),
    };
    check_size(width, height)?;
    Ok(8 * u64::from(width) * u64::from(height) + (1 << 16))
}

fn damaged(reason: &str) -> Problem {
    Problem::Damaged { format: "WebP", reason: reason.into() }
}

fn cut(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it ends too early"),
        _ => Problem::from_io(error),
    }
}
