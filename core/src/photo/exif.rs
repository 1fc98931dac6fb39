//! Which way is up, as cameras note it in Exif data.

use image::metadata::Orientation;

/// The turn that makes a picture with this Exif data upright; broken data asks for none.
pub(super) fn upright_from_exif(exif: Option<&[u8]>) -> Orientation {
    // Some writers of WebP and PNG keep the prefix that belongs to JPEG.
    exif.map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}
