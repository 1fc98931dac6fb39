//! Arrays in NumPy's `.npy` format, version 1.0: float32, little-endian, C order.

use std::io::{self, Write};

/// The first bytes of every file: the magic text and the version 1.0.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// The data starts at a multiple of this, as NumPy's format description asks.
const ALIGNMENT: usize = 64;

/// Writes `data`, row-major, as an array of this `shape`; no axes make a single number.
///
/// Fails with [`io::ErrorKind::InvalidInput`] if the shape has another number of elements, or more
/// axes than the header holds.
pub fn write(mut out: impl Write, shape: &[usize], data: &[f32]) -> io::Result<()> {
    out.write_all(&to_bytes(shape, data)?)
}

/// The whole file in memory; see [`write`](fn@write).
pub fn to_bytes(shape: &[usize], data: &[f32]) -> io::Result<Vec<u8>> {
    let elements = shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    if elements != Some(data.len()) {
        return Err(invalid(format!("{} numbers do not fill the shape {shape:?}", data.len())));
    }
    let header = header(shape);
    let length = u16::try_from(header.len()).map_err(|_| invalid("Too many axes".to_owned()))?;
    let mut bytes = Vec::with_capacity(MAGIC.len() + 2 + header.len() + 4 * data.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend(data.iter().flat_map(|v| v.to_le_bytes()));
    Ok(bytes)
}

/// A Python dictionary, padded with spaces and closed by a line break.
fn header(shape: &[usize]) -> String {
    // A tuple of one element keeps its comma in Python.
    let axes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let axes = if shape.len() > 1 { axes.trim_end_matches(", ") } else { axes.trim_end() };
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({axes}), }}");
    let before = MAGIC.len() + 2;
    let length = (before + text.len() + 1).next_multiple_of(ALIGNMENT) - before;
    format!("{text:<width$}\n", width = length - 1)
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
