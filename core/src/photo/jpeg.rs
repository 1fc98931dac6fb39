//! JPEG, decoded so that a damaged or cut off file is an error, also one that was closed again with
//! a marker of the end.
//!
//! Pillow makes up the missing part in grey where the marker is there, and says "image file is
//! truncated" where it is not. Here both are errors: a network must not be asked about pixels that
//! nobody has taken. Inks (CMYK) are taken as stored inverted, the way of Adobe's programs; Pillow
//! does the same.

mod essence;

use std::io::BufRead;

use image::RgbImage;
use image::metadata::Orientation as Transform;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::error::{Problem, check_size};
use super::exif::upright_from_exif;
use crate::text::CleanText;

/// The pixels as they are stored, and the turn that makes them upright.
pub(super) fn decode<R: BufRead>(reader: &mut R) -> Result<(RgbImage, Transform), Problem> {
    let bytes = essence::read(reader)?;
    let lenient = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), lenient);
    decoder.decode_headers().map_err(refused)?;
    let Some(info) = decoder.info() else {
        return Err(Problem::NoPixels);
    };
    check_size(info.width.into(), info.height.into())?;
    if !matches!(info.components, 1 | 3 | 4) {
        let reason = format!("{} channels", info.components).into();
        return Err(Problem::Unsupported { format: "JPEG", reason });
    }

    // Headers may be sloppy, pixels may not: where a lenient decoder gives up, the rest is grey.
    decoder.set_options(lenient.set_strict_mode(true).jpeg_set_out_colorspace(ColorSpace::RGB));
    let transform = upright_from_exif(decoder.exif().map(Vec::as_slice));
    let samples = decoder.decode().map_err(refused)?;

    let rgb = RgbImage::from_raw(info.width.into(), info.height.into(), samples)
        .ok_or_else(|| damaged("pixels are missing"))?;
    Ok((rgb, transform))
}

/// The part of a file that is decoded.
pub(super) fn essence(reader: &mut impl BufRead) -> Result<Vec<u8>, Problem> {
    essence::read(reader)
}

fn refused(error: DecodeErrors) -> Problem {
    damaged(&error.to_string())
}

fn damaged(reason: &str) -> Problem {
    Problem::Damaged { format: "JPEG", reason: CleanText::short(reason) }
}
