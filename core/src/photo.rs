//! Pictures from files: any mode, depth and orientation becomes upright 8-bit RGB.
//!
//! The colours are those of Pillow's `convert("RGB")`, which the training pipelines of torchvision
//! use, save for 16-bit grey, which Pillow clips to white and which keeps its high byte here.
//! Colour profiles are ignored, as they are there.

mod convert;
mod error;
mod exif;
mod gif;
mod jpeg;
mod png;
mod webp;

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read as _, Seek};
use std::path::Path;
use std::time::Duration;

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation as Transform;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageResult, Limits, RgbImage};
use serde::{Deserialize, Serialize};

use error::check_size;
use exif::upright_from_exif;

pub use error::{PhotoError, Problem};

use crate::budget::{Budget, Wanted};
use crate::input::{self, ReadError};
use crate::text::{CleanText, Shown as _};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 30;
/// The most bytes of RGB that a picture has.
pub(crate) const MAX_RGB_BYTES: u64 = 3 * error::MAX_PIXELS;
/// Enough to tell a format.
const MAGIC_BYTES: u64 = 64;
/// Longest time for a picture; 200 megapixels take a fifth of it.
const MAX_TIME: Duration = Duration::from_secs(60);
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

impl AsRef<RgbImage> for Photo {
    fn as_ref(&self) -> &RgbImage {
        &self.rgb
    }
}

/// How to read a picture where there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoOptions {
    /// Whether to turn the picture upright.
    pub orientation: Orientation,
    /// What becomes of transparency.
    pub alpha: Alpha,
}

/// What to do with the orientation that a camera noted in the Exif data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Orientation {
    /// Turn the picture upright.
    #[default]
    Exif,
    /// Take the pixels as they are stored, as torchvision's loaders do.
    Ignore,
}

/// What to do with transparency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        Self::open_while(path, options, &Wanted::default())
    }

    /// The same, given up as soon as it is not wanted any more.
    ///
    /// # Errors
    /// As [`Photo::open`], and [`Problem::Budget`].
    pub fn open_while(
        path: &Path,
        options: &PhotoOptions,
        wanted: &Wanted,
    ) -> Result<Self, PhotoError> {
        let budget = budget(wanted);
        let rgb = open_regular(path)
            .and_then(|file| decode(&mut BufReader::new(file), options, &budget))
            .map_err(|problem| PhotoError::new(&path.to_string_lossy(), problem))?;
        Ok(Self { name: path.shown_name(), rgb })
    }

    /// The pixels of an open file.
    pub(crate) fn read(
        mut reader: impl BufRead + Seek,
        options: &PhotoOptions,
    ) -> Result<RgbImage, Problem> {
        decode(&mut reader, options, &budget(&Wanted::default()))
    }

    /// Reads the picture in `bytes`: PNG, JPEG, WebP, BMP or GIF, of an animation the first frame.
    ///
    /// # Errors
    /// When it is none of these, damaged or cut off, empty or of more than 200 megapixels.
    pub fn decode(name: &str, bytes: &[u8], options: &PhotoOptions) -> Result<Self, PhotoError> {
        let rgb = decode(&mut Cursor::new(bytes), options, &budget(&Wanted::default()))
            .map_err(|problem| PhotoError::new(name, problem))?;
        Ok(Self { name: name.into(), rgb })
    }
}

/// What the decoder of a file gets to see of it: its pixels and what they need, without profiles,
/// texts, thumbnails and further frames. Of BMP there is no such part.
///
/// # Errors
/// As [`Photo::decode`], as far as it is told without decoding.
pub fn essence(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => jpeg::essence(&mut Cursor::new(bytes)),
        Ok(ImageFormat::Png) => Ok(png::read(&mut Cursor::new(bytes))?.essence),
        Ok(ImageFormat::WebP) => Ok(webp::read(&mut Cursor::new(bytes))?.essence),
        Ok(ImageFormat::Gif) => gif::read(&mut Cursor::new(bytes)),
        _ => Err(Problem::UnknownFormat),
    }
}

/// What a picture may take in time; its memory goes by its pixels, which are counted first.
fn budget(wanted: &Wanted) -> Budget {
    Budget::new(MAX_ALLOC, MAX_TIME, wanted.clone())
}

/// Opens a file to be read through; anything else that has a name would keep its reader waiting.
pub(crate) fn open_regular(path: &Path) -> Result<File, Problem> {
    let file = input::open(path).map_err(|error| match error {
        ReadError::Io(error) => Problem::Io(error),
        ReadError::NotAFile => Problem::NotAFile,
        ReadError::TooLarge(_) => Problem::FileTooLarge,
    })?;
    match file.metadata().map_err(Problem::Io)?.len() {
        ..=MAX_FILE => Ok(file),
        _ => Err(Problem::FileTooLarge),
    }
}

/// A file, or bytes in memory. Behind a pointer, so that the decoders are compiled for one kind of
/// reader alone.
trait Source: BufRead + Seek {}

impl<T: BufRead + Seek> Source for T {}

/// Reads no more of a file than its format needs: what a file is, is seen in its first bytes.
fn decode(
    reader: &mut dyn Source,
    options: &PhotoOptions,
    budget: &Budget,
) -> Result<RgbImage, Problem> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
    use Transform::NoTransforms;
    let mut start = Vec::new();
    (&mut *reader).take(MAGIC_BYTES).read_to_end(&mut start).map_err(Problem::Io)?;
    reader.rewind().map_err(Problem::Io)?;
    let mut reader = budget.watch(reader);
    let (rgb, transform) = match image::guess_format(&start) {
        _ if start.is_empty() => return Err(Problem::Empty),
        Ok(Jpeg) => jpeg::decode(&mut reader)?,
        Ok(Png) => {
            let png::Png { essence, exif } = png::read(&mut reader)?;
            let mut reader = budget.watch(Cursor::new(essence));
            let image = decode_with_alpha(&mut reader, Png)?;
            (convert::rgb_from(image, options.alpha), upright_from_exif(exif.as_deref()))
        }
        Ok(WebP) => {
            let webp::WebP { essence, exif } = webp::read(&mut reader)?;
            let mut reader = budget.watch(Cursor::new(essence));
            let image = decode_with_alpha(&mut reader, WebP)?;
            (convert::rgb_from(image, options.alpha), upright_from_exif(exif.as_deref()))
        }
        Ok(Gif) => {
            let mut reader = budget.watch(Cursor::new(gif::read(&mut reader)?));
            (convert::rgb_from(decode_with_alpha(&mut reader, Gif)?, options.alpha), NoTransforms)
        }
        Ok(Bmp) => {
            (convert::rgb_from(decode_with_alpha(&mut reader, Bmp)?, options.alpha), NoTransforms)
        }
        _ => return Err(Problem::UnknownFormat),
    };
    budget.look()?;
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
    reader: &mut dyn Source,
    format: ImageFormat,
) -> Result<DynamicImage, Problem> {
    let problem = |error| Problem::from_decoder(format, error);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOC);
    let mut decoder = decoder(reader, format, &limits)?;
    decoder.set_limits(limits).map_err(problem)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    DynamicImage::from_decoder(decoder).map_err(problem)
}

/// JPEG has a decoder of its own, [`jpeg::decode`].
fn decoder<'a>(
    reader: &'a mut dyn Source,
    format: ImageFormat,
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, Problem> {
    let made: ImageResult<Box<dyn ImageDecoder + 'a>> = match format {
        ImageFormat::Png => {
            PngDecoder::with_limits(reader, limits.clone()).map(|it| Box::new(it) as _)
        }
        ImageFormat::WebP => WebPDecoder::new(reader).map(|it| Box::new(it) as _),
        ImageFormat::Gif => GifDecoder::new(reader).map(|it| Box::new(it) as _),
        ImageFormat::Bmp => BmpDecoder::new(reader).map(|it| Box::new(it) as _),
        _ => return Err(Problem::UnknownFormat),
    };
    made.map_err(|error| Problem::from_decoder(format, error))
}
