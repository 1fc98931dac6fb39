//! Pictures, as their child tells them.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use image::RgbImage;

use super::Program;
use super::wire::{self, Job};
use crate::budget::{Lost, Wanted};
use crate::photo::{self, Photo, PhotoError, PhotoOptions, Problem};
use crate::text::{CleanText, Shown as _};

/// Longest time for a picture.
const MAX_TIME: Duration = Duration::from_secs(60);

impl Program {
    /// As [`Photo::open_while`].
    ///
    /// # Errors
    /// The same, and a child that did not live to tell.
    pub fn photo(
        &self,
        path: &Path,
        options: &PhotoOptions,
        wanted: &Wanted,
    ) -> Result<Photo, PhotoError> {
        match self.pixels(path, options, wanted) {
            Ok(rgb) => Ok(Photo { name: path.shown_name(), rgb }),
            Err(problem) => Err(PhotoError { name: path.shown(), problem }),
        }
    }

    fn pixels(
        &self,
        path: &Path,
        options: &PhotoOptions,
        wanted: &Wanted,
    ) -> Result<RgbImage, Problem> {
        // Also says what cannot be read at all, before a child is asked. The child opens the file
        // itself; a name such as /dev/stdin means another one there.
        photo::open_regular(path)?;
        let path = std::fs::canonicalize(path).map_err(Problem::Io)?;
        let job = Job::Photo { path: path.into_os_string(), options: *options };
        let mut helper = self.helper(&job).map_err(Problem::Io)?;
        let answer = helper.watched(MAX_TIME, wanted, |_, out| -> std::io::Result<_> {
            let about: Result<wire::Picture, CleanText> = wire::read(out)?;
            Ok(match about {
                Ok(wire::Picture { width, height }) => {
                    let bytes = u64::from(width) * u64::from(height) * 3;
                    // Pages that nothing is written to are never taken.
                    let mut pixels = vec![0; bytes.min(photo::MAX_RGB_BYTES) as usize];
                    out.read_exact(&mut pixels)?;
                    Ok((width, height, pixels))
                }
                Err(problem) => Err(problem),
            })
        });
        let answer = answer.map_err(|lost| match lost {
            Lost::Exceeded(exceeded) => Problem::Budget(exceeded),
            Lost::Ended | Lost::Crashed => Problem::Lost(lost),
        });
        let (width, height, pixels) = answer?.map_err(Problem::Told)?;
        RgbImage::from_raw(width, height, pixels).ok_or(Problem::Lost(Lost::Crashed))
    }
}
