//! Which way is up, as cameras note it in Exif data.

use image::metadata::Orientation;

/// The turn that makes a picture with this Exif data upright; broken data asks for none.
pub(super) fn upright_from_exif(exif: Option<&[u8]>) -> Orientation {
    // Some writers of WebP and PNG keep the prefix that belongs to JPEG.
    exif.map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}

/// The Exif chunk of a PNG, which may follow the pixels, where the decoder does not look.
pub(super) fn exif_from_png(bytes: &[u8]) -> Option<&[u8]> {
    const SIGNATURE: usize = 8;
    const CHECKSUM: usize = 4;
    let mut rest = bytes.get(SIGNATURE..)?;
    loop {
        let (length, chunk) = rest.split_first_chunk()?;
        let (kind, chunk) = chunk.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        if kind == b"eXIf" {
            return chunk.get(..length);
        }
        rest = chunk.get(length.checked_add(CHECKSUM)?..)?;
    }
}
