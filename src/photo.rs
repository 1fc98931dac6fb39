//! Pictures from files: any mode, depth and orientation becomes upright 8-bit RGB.
//!
//! The colours are those of Pillow's `convert("RGB")`, which the training pipelines of torchvision
//! use, save for 16-bit grey, which Pillow clips to white and which keeps its high byte here.
//! Colour profiles are ignored, as they are there.

mod convert;
mod error;
mod exif;
mod jpeg;

use std::fmt;
use std::fs::{self, File};
use std::io::{Cursor, Read as _};
use std::path::Path;

use image::metadata::Orientation as Transform;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage};

use error::check_size;
use exif::{exif_from_png, upright_from_exif};

pub use error::{PhotoError, Problem};

use crate::text::{CleanText, Shown as _};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 30;
/// What a decoder may allocate, in bytes: the most pixels, with four channels of 16 bits.
const MAX_ALLOC: u64 = 8 * error::MAX_PIXELS;

/// A picture, upright and in RGB.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// The file name without its folders.
    pub name: CleanText,
    /// The pixels, sRGB, row by row.
    pub rgb: RgbImage,
}

/// How to read a picture where there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhotoOptions {
    /// Whether to turn the picture upright.
    pub orientation: Orientation,
    /// What becomes of transparency.
    pub alpha: Alpha,
}

/// What to do with the orientation that a camera noted in the Exif data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// Turn the picture upright.
    #[default]
    Exif,
    /// Take the pixels as they are stored, as torchvision's loaders do.
    Ignore,
}

/// What to do with transparency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alpha {
    /// Show the colours below it, as Pillow's `convert("RGB")` does.
    #[default]
    Drop,
    /// Lay the picture on white, as viewers do.
    OnWhite,
}

impl fmt::Debug for Photo {
    /// Says which picture it is, without its millions of numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.rgb.dimensions();
        write!(f, "Photo({:?}, {width} x {height})", self.name)
    }
}

impl Photo {
    /// Reads the picture at `path`; its format is told by its content, not by its name.
    ///
    /// # Errors
    /// When `path` is not a readable file of at most 1 GiB, or as in [`Photo::decode`].
    pub fn open(path: &Path, options: &PhotoOptions) -> Result<Self, PhotoError> {
        let rgb = read(path)
            .and_then(|bytes| decode(&bytes, options))
            .map_err(|problem| PhotoError::new(&path.to_string_lossy(), problem))?;
        Ok(Self { name: path.shown_name(), rgb })
    }

    /// Reads the picture in `bytes`: PNG, JPEG, WebP, BMP or GIF, of an animation the first frame.
    ///
    /// # Errors
    /// When it is none of these, damaged or cut off, empty or of more than 200 megapixels.
    pub fn decode(name: &str, bytes: &[u8], options: &PhotoOptions) -> Result<Self, PhotoError> {
        let rgb = decode(bytes, options).map_err(|problem| PhotoError::new(name, problem))?;
        Ok(Self { name: name.into(), rgb })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    // Asked before it is opened, for to open a named pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(Problem::Io)?;
    if !metadata.is_file() {
        return Err(Problem::NotAFile);
    }
    if metadata.len() > MAX_FILE {
        return Err(Problem::FileTooLarge);
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Problem::Io)?;
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(Problem::Io)?;
    Ok(bytes)
}

fn decode(bytes: &[u8], options: &PhotoOptions) -> Result<RgbImage, Problem> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
    let (rgb, transform) = match image::guess_format(bytes) {
        _ if bytes.is_empty() => return Err(Problem::Empty),
        Ok(Jpeg) => jpeg::decode(bytes)?,
        Ok(format @ (Png | WebP | Bmp | Gif)) => {
            let (image, transform) = decode_with_alpha(bytes, format)?;
            (convert::rgb_from(image, options.alpha), transform)
        }
        _ => return Err(Problem::UnknownFormat),
    };
    match options.orientation {
        Orientation::Ignore => Ok(rgb),
        Orientation::Exif => {
            let mut image = DynamicImage::ImageRgb8(rgb);
            image.apply_orientation(transform);
            Ok(image.into_rgb8())
        }
    }
}

fn decode_with_alpha(
    bytes: &[u8],
    format: ImageFormat,
) -> Result<(DynamicImage, Transform), Problem> {
    let problem = |error| Problem::from_decoder(format, error);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(problem)?;

    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let transform = match format {
        ImageFormat::Png => upright_from_exif(exif_from_png(bytes)),
        _ => upright_from_exif(decoder.exif_metadata().ok().flatten().as_deref()),
    };
    Ok((DynamicImage::from_decoder(decoder).map_err(problem)?, transform))
}
