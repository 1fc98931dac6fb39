//! The two sorts of files of weights: named tensors, or a whole network.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::detect;

/// Whether a file holds a network with its weights rather than named tensors. Judged by its content;
/// the name only decides where the content does not. Of a file that cannot be read nothing is said
/// here: those who open it in earnest tell what is wrong.
pub fn is_graph(path: &Path) -> bool {
    let mut head = Vec::new();
    let read =
        |head: &mut Vec<u8>| File::open(path)?.take(detect::HEAD_BYTES as u64).read_to_end(head);
    let is_named = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("onnx"));
    path.is_file() && read(&mut head).is_ok() && detect::is_onnx(&head, is_named)
}
