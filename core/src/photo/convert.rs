//! From the colour types of PNG, WebP, BMP and GIF to 8-bit RGB.

use image::{DynamicImage, RgbImage};

use super::Alpha;

/// The picture in RGB: grey is repeated, and of 16 bits the high byte is kept.
pub(super) fn rgb_from(image: DynamicImage, alpha: Alpha) -> RgbImage {
    use DynamicImage::*;
    let (width, height) = (image.width(), image.height());
    let channels = usize::from(image.color().channel_count());
    let (size, eight) = ((width, height), |sample: u8| sample);
    let high = |sample: u16| (sample >> 8) as u8;
    match image {
        ImageRgb8(rgb) => rgb,
        ImageLuma16(image) => rgb_of(size, channels, image.as_raw(), high, alpha),
        ImageLumaA16(image) => rgb_of(size, channels, image.as_raw(), high, alpha),
        ImageRgb16(image) => rgb_of(size, channels, image.as_raw(), high, alpha),
        ImageRgba16(image) => rgb_of(size, channels, image.as_raw(), high, alpha),
        ImageLuma8(image) => rgb_of(size, channels, image.as_raw(), eight, alpha),
        ImageLumaA8(image) => rgb_of(size, channels, image.as_raw(), eight, alpha),
        ImageRgba8(image) => rgb_of(size, channels, image.as_raw(), eight, alpha),
        // The decoders of these formats give no other types.
        other => other.into_rgb8(),
    }
}

/// Pixel by pixel, so that nothing but source and result is in memory.
fn rgb_of<S: Copy>(
    (width, height): (u32, u32),
    channels: usize,
    samples: &[S],
    byte: impl Fn(S) -> u8,
    alpha: Alpha,
) -> RgbImage {
    let mut rgb = RgbImage::new(width, height);
    for (target, pixel) in rgb.chunks_exact_mut(3).zip(samples.chunks_exact(channels)) {
        let (color, opacity) = match *pixel {
            [grey] => ([byte(grey); 3], 255),
            [grey, opacity] => ([byte(grey); 3], byte(opacity)),
            [r, g, b] => ([r, g, b].map(&byte), 255),
            [r, g, b, opacity] => ([r, g, b].map(&byte), byte(opacity)),
            _ => continue,
        };
        target.copy_from_slice(&match alpha {
            Alpha::Drop => color,
            Alpha::OnWhite => color.map(|value| over_white(value, opacity)),
        });
    }
    rgb
}

/// The colour of a translucent pixel on white paper, rounded to nearest.
fn over_white(value: u8, opacity: u8) -> u8 {
    let (value, opacity) = (u32::from(value), u32::from(opacity));
    ((value * opacity + 255 * (255 - opacity) + 127) / 255) as u8
}
