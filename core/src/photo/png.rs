//! PNG without what is ignored anyway, so that nothing is unpacked or kept for nothing.

use std::io::{self, Read, Seek};

use super::error::{MAX_PIXELS, Problem};

const SIGNATURE: usize = 8;
/// Length and name of a chunk; its checksum follows its content.
const HEADER: usize = 8;
const CHECKSUM: u64 = 4;

/// Pixels, palette and transparency, and the camera's notes. Everything else – profiles and texts,
/// which may be compressed, and the other frames of an animation – is passed over.
const KEPT: [&[u8; 4]; 5] = [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"];

/// Most bytes of one chunk that is no pixels: a palette has 768, Exif data has 64 KiB in JPEG.
const MAX_CHUNK: u64 = 1 << 20;

/// Most chunks. The largest picture in the smallest chunks that are usual, of 8 KiB, has a tenth.
const MAX_CHUNKS: usize = 1 << 20;

/// Most chunks that are kept and no pixels: a picture has one of each kind.
const MAX_KEPT: usize = 8;

/// What there is to decode.
pub(super) struct Png {
    /// A picture file with the chunks that matter alone.
    pub essence: Vec<u8>,
    /// The Exif data, which may come before or behind the pixels.
    pub exif: Option<Vec<u8>>,
}

/// Copies what matters; never more than the pixels can need.
pub(super) fn read<R: Read + Seek>(reader: &mut R) -> Result<Png, Problem> {
    let mut essence = vec![0; SIGNATURE];
    reader.read_exact(&mut essence).map_err(cut)?;
    let (mut exif, mut room, mut kept) = (None, 0, 0);
    for _ in 0..MAX_CHUNKS {
        let mut header = [0; HEADER];
        reader.read_exact(&mut header).map_err(cut)?;
        let (length, kind) = header.split_at(4);
        let length = u64::from(u32::from_be_bytes(length.try_into().unwrap_or_default()));
        let is_pixels = kind == b"IDAT";
        if !KEPT.iter().any(|kept| *kept == kind) && kind != b"eXIf" {
            let beyond = (length + CHECKSUM) as i64;
            reader.seek_relative(beyond).map_err(Problem::from_io)?;
            continue;
        }
        if !is_pixels {
            kept += 1;
            if kept > MAX_KEPT {
                return Err(damaged("it has a chunk again and again that may be there once"));
            }
        }
        if !is_pixels && length > MAX_CHUNK {
            return Err(damaged("a chunk is far too long"));
        }
        if is_pixels {
            room = u64::checked_sub(room, length + 12)
                .ok_or_else(|| damaged("it holds more data than its pixels can need"))?;
        }
        let start = essence.len();
        essence.extend_from_slice(&header);
        let copied = reader.take(length + CHECKSUM).read_to_end(&mut essence);
        if copied.map_err(Problem::from_io)? as u64 != length + CHECKSUM {
            return Err(damaged("it ends too early"));
        }
        let content = start + HEADER..start + HEADER + length as usize;
        match kind {
            b"eXIf" => {
                exif = essence.get(content).map(<[u8]>::to_vec);
                essence.truncate(start);
            }
            // The decoder takes others, too, and ends the program at their last, unfinished colour.
            b"PLTE" if length % 3 != 0 || !(3..=768).contains(&length) => {
                return Err(damaged("its palette is no list of colours"));
            }
            b"IHDR" => room = most_bytes(essence.get(content).unwrap_or_default()),
            b"IEND" => return Ok(Png { essence, exif }),
            _ => {}
        }
    }
    Err(damaged("it has more chunks than a picture can need"))
}

/// The most bytes of pixels that a picture with this header can need: the rows, each with a byte
/// for its filter, seven times as many rows if they come interlaced, and what deflate adds.
fn most_bytes(header: &[u8]) -> u64 {
    let number = |at: usize| {
        let bytes = header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        u64::from(bytes.map_or(0, u32::from_be_bytes))
    };
    let (width, height) = (number(0), number(4));
    if width.saturating_mul(height) > MAX_PIXELS {
        // Refused by the decoder, which reads no further than this header.
        return u64::from(u32::MAX);
    }
    // At most four channels of 16 bits.
    let raw = height * (8 * width + 7 + 7);
    raw + raw / 64 + (1 << 16)
}

fn damaged(reason: &str) -> Problem {
    Problem::Damaged { format: "PNG", reason: reason.into() }
}

fn cut(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it ends too early"),
        _ => Problem::from_io(error),
    }
}
