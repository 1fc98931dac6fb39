//! A file of weights of either sort: named tensors, or a whole network.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::{CheckpointError, OnnxFile, StateDict, detect};
use crate::budget::Wanted;
use crate::decoder;

/// What a file holds.
pub enum WeightsFile {
    /// Named tensors; which network they belong to has to be recognised.
    Tensors(StateDict),
    /// A network with its weights.
    Graph(OnnxFile),
}

impl WeightsFile {
    /// Opens a file, judged by its content; the name only decides where the content does not.
    ///
    /// Tensors are read by a confined child. Networks are read here, within a budget: the file is
    /// walked through, checked and understood in this process, and the network itself is run by
    /// `rten` in this process, too, whose size checks ([`crate::model`]) come before it runs.
    ///
    /// # Errors
    /// [`CheckpointError::File`] says what the file is or holds instead; [`super::FileProblem::Budget`]
    /// when it is not wanted any more.
    pub fn open(path: &Path, wanted: &Wanted) -> Result<Self, CheckpointError> {
        let mut head = Vec::new();
        let read = |head: &mut Vec<u8>| {
            File::open(path)?.take(detect::HEAD_BYTES as u64).read_to_end(head)
        };
        // Whatever is wrong here is told by those who open the file in earnest.
        let is_read = path.is_file() && read(&mut head).is_ok();
        let is_named = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("onnx"));
        if is_read && detect::is_onnx(&head, is_named) {
            return Ok(Self::Graph(OnnxFile::open(path, wanted)?));
        }
        Ok(Self::Tensors(decoder::checkpoint(path, wanted)?))
    }
}
