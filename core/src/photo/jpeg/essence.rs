//! The part of a JPEG file that is a picture: copied segment by segment, so that profiles,
//! thumbnails and what else is ignored costs nothing, and measured, so that a small file cannot
//! claim to be a large picture.

use std::io::{self, BufRead};

use super::super::error::{Problem, check_size};
use super::damaged;

const START_OF_SCAN: u8 = 0xDA;
const END: u8 = 0xD9;
const PROGRESSIVE: u8 = 0xC2;
const INTERVAL: u8 = 0xDD;

/// Most scans; encoders write ten, thorough ones up to twenty. Each costs a walk over all pixels.
const MAX_SCANS: usize = 32;

/// Bits of ones, which are no code of any table that follows the standard (ITU T.81, annex C). They
/// go in front of the end: a decoder that has all its pixels never reads them, one that lacks some
/// runs into an error instead of making them up.
const NO_CODE: [u8; 32] = {
    let mut bytes = [0xFF; 32];
    let mut at = 1;
    while at < bytes.len() {
        bytes[at] = 0;
        at += 2;
    }
    bytes
};

/// Reads up to the end of the picture; what follows it, such as a second picture, stays.
pub(super) fn read<R: BufRead>(reader: &mut R) -> Result<Vec<u8>, Problem> {
    let mut bytes = vec![0xFF, 0xD8];
    let mut start = [0; 2];
    exact(reader, &mut start)?;
    let (mut frame, mut scans, mut coded, mut interval) = (None, 0, 0, 0);
    let mut marker = next_marker(reader)?;
    loop {
        match marker {
            END => {
                // A progressive picture of a single scan ends where the scan does.
                if frame.as_ref().is_some_and(|it: &Frame| !it.progressive || scans > 1) {
                    bytes.extend_from_slice(&NO_CODE);
                }
                bytes.extend_from_slice(&[0xFF, END]);
                let least = frame.as_ref().map_or(0, Frame::least_bytes);
                if coded < least {
                    return Err(damaged("its pixels are missing"));
                }
                return Ok(bytes);
            }
            // No content: fillers and restarts that are out of place.
            0x00 | 0x01 | 0xD0..=0xD8 => marker = next_marker(reader)?,
            _ => {
                let content = segment(reader)?;
                if let 0xC0..=0xC2 = marker
                    && frame.is_none()
                {
                    frame = Some(Frame::read(&content, marker == PROGRESSIVE)?);
                }
                let is_exif = marker == 0xE1 && content.starts_with(b"Exif\0");
                let is_ignored = matches!(marker, 0xE1..=0xED | 0xEF | 0xFE) && !is_exif;
                if !is_ignored {
                    let length = (content.len() + 2) as u16;
                    bytes.extend_from_slice(&[0xFF, marker]);
                    bytes.extend_from_slice(&length.to_be_bytes());
                    bytes.extend_from_slice(&content);
                }
                if marker == START_OF_SCAN {
                    scans += 1;
                    if scans > MAX_SCANS {
                        return Err(damaged("it has more scans than any camera makes"));
                    }
                    let most = frame.as_ref().map_or(0, Frame::most_bytes);
                    let pieces = frame.as_ref().and_then(|frame| frame.pieces(&content, interval));
                    let from = bytes.len();
                    marker = scan(reader, &mut bytes, most, pieces)?;
                    coded += bytes.len() - from;
                } else {
                    if let (INTERVAL, [high, low]) = (marker, &content[..]) {
                        interval = usize::from(u16::from_be_bytes([*high, *low]));
                    }
                    marker = next_marker(reader)?;
                }
            }
        }
    }
}

/// What the header says of the picture.
struct Frame {
    pixels: usize,
    /// For each component its number and its blocks of 8 × 8 values.
    components: Vec<(u8, usize)>,
    /// Groups of blocks of all components that belong to the same pixels.
    units: usize,
    progressive: bool,
}

impl Frame {
    /// Depth, height, width; then for each component a number, its sampling, and a table.
    fn read(content: &[u8], progressive: bool) -> Result<Self, Problem> {
        let wrong = || damaged("its header is invalid");
        let [_, h1, h0, w1, w0, count, components @ ..] = content else { return Err(wrong()) };
        let (height, width) = (u16::from_be_bytes([*h1, *h0]), u16::from_be_bytes([*w1, *w0]));
        check_size(width.into(), height.into())?;
        let components = &components.as_chunks::<3>().0;
        let components = &components[..components.len().min(usize::from(*count))];
        let sampling: Vec<[usize; 2]> =
            components.iter().map(|[_, hv, _]| [hv >> 4, hv & 15].map(usize::from)).collect();
        let most = |axis: usize| sampling.iter().map(|hv| hv[axis]).max().unwrap_or(0).max(1);
        let most = [most(0), most(1)];
        let size = [width, height].map(usize::from);
        let blocks = sampling.iter().map(|hv| {
            let [across, down] =
                [0, 1].map(|axis| (size[axis] * hv[axis]).div_ceil(most[axis] * 8));
            across * down
        });
        let components = components.iter().map(|[number, ..]| *number).zip(blocks).collect();
        let units = (0..2).map(|axis| size[axis].div_ceil(8 * most[axis])).product();
        Ok(Self { pixels: size[0] * size[1], components, units, progressive })
    }

    /// Of a scan with this header: into how many pieces restarts divide it. `None` if the header
    /// makes no sense, which the decoder tells.
    fn pieces(&self, scan: &[u8], interval: usize) -> Option<usize> {
        let units = match scan {
            [1, number, ..] => self.components.iter().find(|(other, _)| other == number)?.1,
            _ => self.units,
        };
        Some(if interval == 0 { 1 } else { units.div_ceil(interval).max(1) })
    }

    /// Every block has at least a code for its mean, and one for its end if it comes at once.
    fn least_bytes(&self) -> usize {
        let blocks: usize = self.components.iter().map(|(_, blocks)| blocks).sum();
        blocks * if self.progressive { 1 } else { 2 } / 8
    }

    /// No encoder needs more than a few bytes for each pixel.
    fn most_bytes(&self) -> usize {
        8 * self.pixels + (1 << 16)
    }
}

/// Copies the numbers of a scan, with the marks for restarts, up to the next other marker. Where a
/// restart is missing or out of place, pixels are, too; a last one behind all pieces does no harm.
fn scan<R: BufRead>(
    reader: &mut R,
    bytes: &mut Vec<u8>,
    most: usize,
    pieces: Option<usize>,
) -> Result<u8, Problem> {
    let mut restarts = 0;
    loop {
        reader.read_until(0xFF, bytes).map_err(Problem::from_io)?;
        if bytes.pop() != Some(0xFF) {
            return Err(damaged("its end is missing"));
        }
        if bytes.len() > most {
            return Err(damaged("it holds more data than its pixels can need"));
        }
        match after_fill(reader)? {
            0x00 => bytes.extend_from_slice(&[0xFF, 0x00]),
            code @ 0xD0..=0xD7 => {
                restarts += 1;
                let is_next = usize::from(code & 7) == (restarts - 1) % 8;
                if !is_next || pieces.is_some_and(|pieces| restarts > pieces) {
                    return Err(damaged("a restart is out of place"));
                }
                bytes.extend_from_slice(&[0xFF, code]);
            }
            _ if pieces.is_some_and(|pieces| restarts + 1 < pieces) => {
                return Err(damaged("its pixels are missing"));
            }
            marker => return Ok(marker),
        }
    }
}

/// The next marker; anything that is between segments is passed over.
fn next_marker<R: BufRead>(reader: &mut R) -> Result<u8, Problem> {
    reader.skip_until(0xFF).map_err(Problem::from_io)?;
    after_fill(reader)
}

/// The byte that follows any number of 0xFF.
fn after_fill<R: BufRead>(reader: &mut R) -> Result<u8, Problem> {
    let mut byte = [0xFF];
    while byte == [0xFF] {
        exact(reader, &mut byte)?;
    }
    Ok(byte[0])
}

fn segment<R: BufRead>(reader: &mut R) -> Result<Vec<u8>, Problem> {
    let mut length = [0; 2];
    exact(reader, &mut length)?;
    let length = u16::from_be_bytes(length).checked_sub(2);
    let length = length.ok_or_else(|| damaged("a segment without a length"))?;
    let mut content = vec![0; usize::from(length)];
    exact(reader, &mut content)?;
    Ok(content)
}

fn exact<R: BufRead>(reader: &mut R, bytes: &mut [u8]) -> Result<(), Problem> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("its end is missing"),
        _ => Problem::from_io(error),
    })
}
