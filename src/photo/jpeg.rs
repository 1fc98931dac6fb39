//! JPEG, decoded so that a damaged or cut off file is an error.
//!
//! Inks (CMYK) are taken as stored inverted, the way of Adobe's programs; Pillow does the same.

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
pub(super) fn decode(bytes: &[u8]) -> Result<(RgbImage, Transform), Problem> {
    let lenient = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), lenient);
    decoder.decode_headers().map_err(damaged)?;
    let Some(info) = decoder.info() else {
        return Err(Problem::NoPixels);
    };
    check_size(info.width.into(), info.height.into())?;
    if !matches!(info.components, 1 | 3 | 4) {
        let reason = format!("{} channels", info.components).into();
        return Err(Problem::Unsupported { format: "JPEG", reason });
    }

    if !has_end(bytes) {
        return Err(cut_off("its end is missing"));
    }
    // Headers may be sloppy, pixels may not: where a lenient decoder gives up, the rest is grey.
    decoder.set_options(lenient.set_strict_mode(true).jpeg_set_out_colorspace(ColorSpace::RGB));
    let transform = upright_from_exif(decoder.exif().map(Vec::as_slice));
    let samples = decoder.decode().map_err(damaged)?;

    let rgb = RgbImage::from_raw(info.width.into(), info.height.into(), samples)
        .ok_or_else(|| cut_off("pixels are missing"))?;
    Ok((rgb, transform))
}

fn damaged(error: DecodeErrors) -> Problem {
    cut_off(&error.to_string())
}

fn cut_off(reason: &str) -> Problem {
    Problem::Damaged { format: "JPEG", reason: CleanText::short(reason) }
}

/// Whether the marker of the end follows the first scan, that is, outside of any thumbnail.
fn has_end(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    let mut rest = bytes;
    while let Some(at) = rest.windows(2).position(|w| w[0] == 0xFF && has_payload(w[1])) {
        let marker = rest[at + 1];
        let Some((length, payload)) = rest[at + 2..].split_first_chunk() else {
            return false;
        };
        if marker == START_OF_SCAN {
            return payload.windows(2).any(|w| w == [0xFF, 0xD9]);
        }
        let length = usize::from(u16::from_be_bytes(*length)).saturating_sub(2);
        rest = payload.get(length..).unwrap_or_default();
    }
    false
}

/// Whether a marker starts a segment: not fill bytes, restarts, or start and end of the image.
fn has_payload(marker: u8) -> bool {
    !matches!(marker, 0x00 | 0x01 | 0xD0..=0xD9 | 0xFF)
}
