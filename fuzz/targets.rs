//! What is fuzzed, as plain functions from any bytes to nothing: used by cargo-fuzz (`fuzz_targets`)
//! and by the runner on stable Rust (`tests/it/fuzz.rs`). Whatever the bytes are, nothing may panic,
//! hang, or take memory without bound.

use glasstree::checkpoint::StateDict;
use glasstree::explain::Hierarchy;
use glasstree::labels::{ClassList, parse_wnids};
use glasstree::photo::{Photo, PhotoOptions};

/// A name for the command line, and what is run.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 4] =
    [("checkpoint", checkpoint), ("hierarchy", hierarchy), ("labels", labels), ("photo", photo)];

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
