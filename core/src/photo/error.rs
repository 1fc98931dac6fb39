//! Why a picture could not be read.

use std::io;

use image::{ImageError, ImageFormat};
use thiserror::Error;

use crate::budget::{Exceeded, Lost};
use crate::text::CleanText;

/// The most pixels of a picture that is read.
pub(super) const MAX_PIXELS: u64 = 200_000_000;

/// A picture that could not be read.
#[derive(Debug, Error)]
#[error("Could not read picture {name}: {problem}")]
pub struct PhotoError {
    /// The path or the name that the caller gave.
    pub name: CleanText,
    /// What is wrong with it.
    pub problem: Problem,
}

impl PhotoError {
    pub(super) fn new(name: &str, problem: Problem) -> Self {
        Self { name: name.into(), problem }
    }
}

/// What is wrong with the file of a picture.
#[derive(Debug, Error)]
pub enum Problem {
    /// The system could not read the file.
    #[error("{0}")]
    Io(io::Error),
    /// A folder, a device or a named pipe.
    #[error("it is a folder or a device; choose a PNG, JPEG, WebP, BMP or GIF file")]
    NotAFile,
    /// More bytes than are read.
    #[error("the file is larger than 1 GiB; save it smaller or as JPEG")]
    FileTooLarge,
    /// No bytes at all.
    #[error("the file is empty; copy or export it again")]
    Empty,
    /// No format that is known here.
    #[error("it is not a PNG, JPEG, WebP, BMP or GIF file")]
    UnknownFormat,
    #[error("{width} x {height} pixels exceed 200 megapixels; make it smaller first")]
    TooManyPixels { width: u32, height: u32 },
    /// Beyond the limits of the decoder.
    #[error("decoding it needs too much memory; save it as an 8-bit PNG or as JPEG")]
    TooMuchMemory,
    /// What a child said of it.
    #[error("{0}")]
    Told(CleanText),
    /// A child said nothing.
    #[error(transparent)]
    Lost(Lost),
    /// Too slow, or not wanted any more.
    #[error(transparent)]
    Budget(#[from] Exceeded),
    /// A width or a height of zero.
    #[error("it has no pixels")]
    NoPixels,
    #[error("this kind of {format} is not supported ({reason}); save it as an 8-bit PNG")]
    Unsupported { format: &'static str, reason: CleanText },
    #[error("the {format} data is damaged or cut off ({reason}); copy or export it again")]
    Damaged { format: &'static str, reason: CleanText },
}

impl Problem {
    pub(super) fn from_io(error: io::Error) -> Self {
        Exceeded::cause_of(&error).map_or_else(|| Self::Io(error), Self::Budget)
    }

    pub(super) fn from_decoder(format: ImageFormat, error: ImageError) -> Self {
        let format = match format {
            ImageFormat::Png => "PNG",
            ImageFormat::WebP => "WebP",
            ImageFormat::Bmp => "BMP",
            _ => "GIF",
        };
        if let ImageError::IoError(error) = &error
            && let Some(exceeded) = Exceeded::cause_of(error)
        {
            return Self::Budget(exceeded);
        }
        match error {
            ImageError::Limits(_) => Self::TooMuchMemory,
            ImageError::Unsupported(e) => {
                Self::Unsupported { format, reason: CleanText::short(&e.to_string()) }
            }
            e => Self::Damaged { format, reason: CleanText::short(&e.to_string()) },
        }
    }
}

/// Refuses pictures that are empty or too large, before memory is spent on them.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), Problem> {
    match u64::from(width) * u64::from(height) {
        0 => Err(Problem::NoPixels),
        pixels if pixels > MAX_PIXELS => Err(Problem::TooManyPixels { width, height }),
        _ => Ok(()),
    }
}
