//! What is fuzzed, as plain functions from any bytes to nothing: used by cargo-fuzz (`fuzz_targets`)
//! and by the runner on stable Rust (`tests/it/fuzz.rs`). Whatever the bytes are, nothing may panic,
//! hang, or take memory without bound.

use glasstree::checkpoint::{self, StateDict};
use glasstree::explain::Hierarchy;
use glasstree::labels::{ClassList, parse_wnids};
use glasstree::photo::{self, Photo, PhotoOptions};
use glasstree::settings::Settings;

/// A name for the command line, and what is run.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 8] = [
    ("checkpoint", checkpoint),
    ("essence", essence),
    ("hierarchy", hierarchy),
    ("labels", labels),
    ("onnx", onnx),
    ("photo", photo),
    ("pickle", pickle),
    ("settings", settings),
];

/// All formats, told by their first bytes; every tensor is read.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(state) = StateDict::from_bytes("file", bytes.to_vec()) else { return };
    for name in state.names() {
        assert!(!name.contains(char::is_control));
        state.finite_f32(name).ok();
    }
    state.dtype_summary();
    state.parameter_count();
}

pub fn hierarchy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for classes in [&["a", "b"][..], &["n02121620", "n02084071", "f00000002"]] {
        if let Ok(tree) = Hierarchy::from_json(text, classes, &|_| None) {
            let again = Hierarchy::from_json(&tree.to_json(), classes, &|_| None);
            assert_eq!(again.ok(), Some(tree));
        }
    }
}

pub fn labels(bytes: &[u8]) {
    let wnids = parse_wnids(bytes).unwrap_or_default();
    let labels = ClassList::parse(bytes).map(|list| list.labels).unwrap_or_default();
    for text in wnids.iter().chain(&labels) {
        assert!(!text.contains(char::is_control));
    }
}

pub fn photo(bytes: &[u8]) {
    // Small, so that the time goes into ways through the decoders rather than into pixels.
    Photo::decode("file", bytes, &PhotoOptions::default()).ok();
}

/// What a decoder gets to see of a picture file: never much more than the file has, and nothing that
/// would be left out the second time.
pub fn essence(bytes: &[u8]) {
    let Ok(essence) = photo::essence(bytes) else { return };
    // A JPEG gets a few bytes in front of its end, see `photo/jpeg/essence.rs`.
    assert!(essence.len() <= bytes.len() + 64);
    if !essence.starts_with(b"\xFF\xD8") {
        assert_eq!(photo::essence(&essence).ok(), Some(essence));
    }
}

/// The walk through a pickle alone, without the container around it.
pub fn pickle(bytes: &[u8]) {
    if let Err(problem) = checkpoint::check_pickle(bytes) {
        assert!(!problem.to_string().contains(char::is_control));
    }
}

/// The message itself, and what its graph asks for; nothing of it is run.
pub fn onnx(bytes: &[u8]) {
    #[cfg(feature = "onnx")]
    match checkpoint::OnnxFile::from_bytes("file", bytes) {
        Ok(mut file) => {
            let told = glasstree::model::check_graph(&mut file).map_err(|error| error.to_string());
            assert!(!told.err().unwrap_or_default().contains(char::is_control));
            file.parameter_count();
            file.dtype_summary();
        }
        Err(problem) => assert!(!problem.to_string().contains(char::is_control)),
    }
    #[cfg(not(feature = "onnx"))]
    let _ = bytes;
}

/// Whatever is read is in range, and comes out of its own file again.
pub fn settings(bytes: &[u8]) {
    let Ok(settings) = Settings::parse(bytes) else { return };
    assert!((480.0..=8000.0).contains(&settings.window.size[0]));
    assert!((0.5..=3.0).contains(&settings.window.zoom));
    assert!((0.0..=1.0).contains(&settings.overlay.opacity));
    let again = serde_json::to_vec(&settings).ok();
    assert_eq!(again.and_then(|bytes| Settings::parse(&bytes).ok()), Some(settings));
}
