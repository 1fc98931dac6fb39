//! What a build without the feature `onnx` says of ONNX files.

use std::path::Path;

use super::{CheckpointError, FileProblem};
use crate::budget::Wanted;
use crate::text::Shown as _;

/// There is none in this build.
pub enum OnnxFile {}

impl OnnxFile {
    /// # Errors
    /// Always.
    pub fn open(path: &Path, _wanted: &Wanted) -> Result<Self, CheckpointError> {
        let what = "an ONNX network, which this build cannot run; build it with --features onnx";
        Err(CheckpointError::file(path.shown(), FileProblem::NotACheckpoint(what.to_owned())))
    }

    /// Bytes of the file.
    ///
    /// # Errors
    /// When it is not there.
    pub fn most_bytes(path: &Path) -> std::io::Result<u64> {
        Ok(std::fs::metadata(path)?.len())
    }
}
