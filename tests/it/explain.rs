//! Maps, pictures, trees and decisions, against PyTorch's, matplotlib's and nbdt's results and
//! against what must hold for any input.

use std::collections::HashMap;
use std::path::PathBuf;

use image::RgbImage;

#[path = "explain/cam.rs"]
mod cam;
#[path = "explain/edit.rs"]
mod edit;
#[path = "explain/evidence.rs"]
mod evidence;
#[path = "explain/hierarchy.rs"]
mod hierarchy;
#[path = "explain/marginal.rs"]
mod marginal;
#[path = "explain/nbdt.rs"]
mod nbdt;
#[path = "explain/npy.rs"]
mod npy;
#[path = "explain/properties.rs"]
pub mod properties;
#[path = "explain/region.rs"]
mod region;
#[path = "explain/render.rs"]
mod render;
#[path = "explain/what_if.rs"]
mod what_if;

/// A file below `tests/golden`.
fn golden(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/golden", path].iter().collect()
}

fn golden_json<T: serde::de::DeserializeOwned>(path: &str) -> T {
    let text = std::fs::read_to_string(golden(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn golden_png(path: &str) -> RgbImage {
    image::open(golden(path)).unwrap().to_rgb8()
}

/// The float32 tensors of a `.safetensors` file: a JSON header behind its length, then the data.
pub fn golden_tensors(path: &str) -> HashMap<String, Vec<f32>> {
    #[derive(serde::Deserialize)]
    struct Entry {
        dtype: String,
        data_offsets: [usize; 2],
    }
    let bytes = std::fs::read(golden(path)).unwrap();
    let (length, rest) = bytes.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let entries: HashMap<String, Entry> = serde_json::from_slice(header).unwrap();
    let read = |(name, Entry { dtype, data_offsets: [from, to] }): (String, Entry)| {
        assert_eq!(dtype, "F32", "{name}");
        let floats = data[from..to].as_chunks().0;
        (name, floats.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
    };
    entries.into_iter().map(read).collect()
}

/// Asserts that no pair differs by more than `tolerance`; NaN always differs.
#[track_caller]
pub fn assert_close(ours: &[f32], reference: &[f32], tolerance: f32, what: &str) {
    assert_eq!(ours.len(), reference.len(), "{what}: lengths");
    for (i, (&a, &b)) in ours.iter().zip(reference).enumerate() {
        let difference = (a - b).abs();
        assert!(difference <= tolerance, "{what}[{i}]: {a} instead of {b}, off by {difference:e}");
    }
}
