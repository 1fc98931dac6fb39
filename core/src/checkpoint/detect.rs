//! What a file is, judged by its first bytes and never by its name.

use super::FileProblem;
use crate::text::CleanText;

/// How many bytes from the start are needed to tell.
pub(super) const HEAD_BYTES: usize = 512;

/// The kinds of file worth opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A zip archive: `torch.save` since PyTorch 1.6, or any other zip.
    Zip,
    /// The stream of pickles that `torch.save` wrote before PyTorch 1.6.
    Legacy,
    /// A tar archive: `torch.save` before PyTorch 0.1.10, or any other tar.
    Tar,
    Safetensors,
    /// A pickle that does not come from `torch.save`; opened only to say what is in it.
    OtherPickle,
    /// A file that begins like an old pickle, but may as well be a text.
    PerhapsPickle,
}

/// The number that opens a legacy file, 0x1950a86a20f9469cfc6c, as the pickle protocols write it:
/// as little-endian bytes (2 and later) or in decimal (0 and 1).
const LEGACY_MAGIC: &[u8] = &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const LEGACY_MAGIC_TEXT: &[u8] = b"119547037146038801333356";

/// Beginnings of files that people take for checkpoints.
const FOREIGN: &[(&[u8], &str)] = &[
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file, as Keras writes them; export the weights from Keras as safetensors",
    ),
    (b"\x93NUMPY", "a NumPy array file"),
    (b"GGUF", "a GGUF file of a language model"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself; fetch it with git lfs pull",
    ),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a RIFF file (a WebP picture, sound or video)"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
];

/// Tells what a file is from its first [`HEAD_BYTES`].
pub(super) fn kind(head: &[u8]) -> Result<Kind, FileProblem> {
    if head.is_empty() {
        return Err(FileProblem::Empty);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Zip);
    }
    if has_legacy_magic(head) {
        return Ok(Kind::Legacy);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Ok(Kind::Tar);
    }
    // A JSON header behind its length in 8 bytes; in a text those would be letters.
    if head.get(8) == Some(&b'{') && !is_text(&head[..8]) {
        return Ok(Kind::Safetensors);
    }
    if let Some((_, what)) = FOREIGN.iter().find(|(start, _)| head.starts_with(start)) {
        return Err(FileProblem::NotACheckpoint((*what).to_owned()));
    }
    // The text of a pickle of protocol 0 or 1 can begin like this; most texts do not.
    if matches!(head, [b'c' | b'(' | b'}' | b']', ..]) {
        return Ok(Kind::PerhapsPickle);
    }
    if is_text(head) {
        return Err(other(head));
    }
    if head.starts_with(&[0x80]) {
        return Ok(Kind::OtherPickle);
    }
    Err(other(head))
}

/// Whether a file may be an ONNX network, or is meant to be one by its name and nothing speaks
/// against it.
pub(super) fn is_onnx(head: &[u8], is_named: bool) -> bool {
    if kind(head).is_ok() || FOREIGN.iter().any(|(start, _)| head.starts_with(start)) {
        return false;
    }
    is_protobuf(head) || (is_named && !head.is_empty() && !is_text(head))
}

/// A protobuf message: a small version number, then a string or message.
fn is_protobuf(head: &[u8]) -> bool {
    matches!(head, [0x08, 1..=0x20, 0x12 | 0x1a | 0x22 | 0x3a | 0x42, ..])
}

/// What to say of a file that is nothing to be opened.
pub(super) fn other(head: &[u8]) -> FileProblem {
    if is_text(head) {
        return FileProblem::NotACheckpoint(text(head));
    }
    let what = if head.get(4..8) == Some(b"TFL3") {
        "a TensorFlow Lite model"
    } else if is_protobuf(head) {
        "an ONNX or TensorFlow model; save the PyTorch state_dict instead"
    } else {
        "of an unknown kind; PyTorch .pth and .safetensors files can be loaded"
    };
    FileProblem::NotACheckpoint(what.to_owned())
}

fn has_legacy_magic(head: &[u8]) -> bool {
    let start = &head[..head.len().min(64)];
    let contains = |magic: &[u8]| start.windows(magic.len()).any(|window| window == magic);
    contains(LEGACY_MAGIC) || contains(LEGACY_MAGIC_TEXT)
}

fn is_text(head: &[u8]) -> bool {
    // The last character may be cut in two.
    let text = match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    };
    let is_control = |c: char| c.is_control() && !c.is_whitespace();
    std::str::from_utf8(text).is_ok_and(|text| !text.contains(is_control))
}

/// A text file is mostly a failed download.
fn text(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim();
    let start = CleanText::short(text);
    let lower = text.to_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "a web page (HTML), not a checkpoint; the download went wrong, fetch the file again"
            .to_owned()
    } else if lower.starts_with(['{', '[']) {
        format!("JSON text, not weights; it begins with {start}")
    } else if text.is_empty() {
        "blank text".to_owned()
    } else {
        format!("a text file, not a checkpoint; it begins with {start}")
    }
}
