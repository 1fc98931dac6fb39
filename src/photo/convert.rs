//! From the colour types of PNG, WebP, BMP and GIF to 8-bit RGB.

use image::{DynamicImage, RgbImage};

use super::Alpha;

/// The picture in RGB: grey is repeated, and of 16 bits the high byte is kept.
pub(super) fn rgb_from(image: DynamicImage, alpha: Alpha) -> RgbImage {
    use DynamicImage::*;
    let (width, height) = (image.width(), image.height());
    let channels = usize::from(image.color().channel_count());
    let samples = match image {
        ImageRgb8(rgb) => return rgb,
        ImageLuma16(image) => high_bytes(image.into_raw()),
        ImageLumaA16(image) => high_bytes(image.into_raw()),
        ImageRgb16(image) => high_bytes(image.into_raw()),
        ImageRgba16(image) => high_bytes(image.into_raw()),
        ImageLuma8(_) | ImageLumaA8(_) | ImageRgba8(_) => image.into_bytes(),
        // The decoders of these formats give no other types.
        other => return other.into_rgb8(),
    };

    let mut rgb = RgbImage::new(width, height);
    for (target, pixel) in rgb.chunks_exact_mut(3).zip(samples.chunks_exact(channels)) {
        let (color, opacity) = match *pixel {
            [grey] => ([grey; 3], 255),
            [grey, opacity] => ([grey; 3], opacity),
            [r, g, b] => ([r, g, b], 255),
            [r, g, b, opacity] => ([r, g, b], opacity),
            _ => continue,
        };
        target.copy_from_slice(&match alpha {
            Alpha::Drop => color,
            Alpha::OnWhite => color.map(|value| over_white(value, opacity)),
        });
    }
    rgb
}

fn high_bytes(samples: Vec<u16>) -> Vec<u8> {
    samples.into_iter().map(|sample| (sample >> 8) as u8).collect()
}

/// The colour of a translucent pixel on white paper, rounded to nearest.
fn over_white(value: u8, opacity: u8) -> u8 {
    let (value, opacity) = (u32::from(value), u32::from(opacity));
    ((value * opacity + 255 * (255 - opacity) + 127) / 255) as u8
}
