//! GIF without what is ignored anyway: texts, notes of programs, and the frames behind the first.
//!
//! A file is a header with a palette and then blocks, each of which begins with a byte that tells
//! its kind; contents come in pieces of at most 255 bytes (GIF89a, W3C).

use std::io::{self, Read, Seek};

use super::error::{Problem, check_size};

/// Signature, size of the screen, and what is said of the palette.
const HEADER: usize = 13;
/// Place, size, and what is said of a palette of its own.
const DESCRIPTOR: usize = 9;

const EXTENSION: u8 = 0x21;
const CONTROL: u8 = 0xF9;
const FRAME: u8 = 0x2C;
const END: u8 = 0x3B;

/// Most blocks in front of the first frame.
const MAX_BLOCKS: usize = 1 << 20;

/// The first frame, and what is needed to draw it.
pub(super) fn read<R: Read + Seek>(reader: &mut R) -> Result<Vec<u8>, Problem> {
    let mut essence = vec![0; HEADER];
    exact(reader, &mut essence)?;
    palette(reader, &mut essence, HEADER - 3)?;
    let mut control = Vec::new();
    for _ in 0..MAX_BLOCKS {
        match byte(reader)? {
            EXTENSION => {
                let label = byte(reader)?;
                let is_control = label == CONTROL;
                control = if is_control { vec![EXTENSION, label] } else { control };
                while let length @ 1.. = byte(reader)? {
                    // Of what controls the frame there is one piece.
                    if is_control && control.len() == 2 {
                        let mut piece = vec![0; usize::from(length)];
                        exact(reader, &mut piece)?;
                        control.push(length);
                        control.append(&mut piece);
                        control.push(0);
                    } else {
                        reader.seek_relative(i64::from(length)).map_err(Problem::from_io)?;
                    }
                }
                // One without a piece would have no end.
                control = if control.len() == 2 { Vec::new() } else { control };
            }
            FRAME => {
                essence.append(&mut control);
                essence.push(FRAME);
                let start = essence.len();
                essence.resize(start + DESCRIPTOR, 0);
                exact(reader, &mut essence[start..])?;
                let [_, _, _, _, w0, w1, h0, h1, _] = essence[start..] else {
                    return Err(damaged("it ends too early"));
                };
                let size = [[w0, w1], [h0, h1]].map(|side| u32::from(u16::from_le_bytes(side)));
                check_size(size[0], size[1])?;
                palette(reader, &mut essence, start + DESCRIPTOR - 1)?;
                // Codes have at most 12 bits, and an encoder may start anew now and then.
                let room = 2 * size[0] as usize * size[1] as usize + (1 << 16);
                pixels(reader, &mut essence, room)?;
                essence.push(END);
                return Ok(essence);
            }
            END => return Err(damaged("it has no frame")),
            _ => return Err(damaged("its blocks are of no known kind")),
        }
    }
    Err(damaged("it has more blocks than a picture can need"))
}

/// Copies the palette, if the byte at `flags` says that there is one.
fn palette<R: Read>(reader: &mut R, essence: &mut Vec<u8>, flags: usize) -> Result<(), Problem> {
    let flags = essence.get(flags).copied().unwrap_or_default();
    if flags & 0x80 != 0 {
        let start = essence.len();
        essence.resize(start + 3 * (2 << (flags & 7)), 0);
        exact(reader, &mut essence[start..])?;
    }
    Ok(())
}

/// Copies the size of the first codes, and pieces up to an empty one.
fn pixels<R: Read>(reader: &mut R, essence: &mut Vec<u8>, room: usize) -> Result<(), Problem> {
    let first = essence.len();
    essence.push(byte(reader)?);
    loop {
        let length = byte(reader)?;
        essence.push(length);
        if length == 0 {
            return Ok(());
        }
        let start = essence.len();
        if start - first > room {
            return Err(damaged("it holds more data than its pixels can need"));
        }
        essence.resize(start + usize::from(length), 0);
        exact(reader, &mut essence[start..])?;
    }
}

fn byte<R: Read>(reader: &mut R) -> Result<u8, Problem> {
    let mut byte = [0];
    exact(reader, &mut byte)?;
    Ok(byte[0])
}

fn exact<R: Read>(reader: &mut R, bytes: &mut [u8]) -> Result<(), Problem> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it ends too early"),
        _ => Problem::from_io(error),
    })
}

fn damaged(reason: &str) -> Problem {
    Problem::Damaged { format: "GIF", reason: reason.into() }
}
