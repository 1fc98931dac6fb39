//! The import rules of ARCHITECTURE.md, checked on the sources.

use std::path::{Path, PathBuf};

/// Every source file: its path below `src`, and its code without comments.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            let code: Vec<&str> = text.lines().filter(is_code).collect();
            let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            (name, code.join("\n"))
        })
        .collect()
}

/// Fails for every file not below `allowed` in which one of `words` stands.
fn only_in(allowed: &[&str], words: &[&str]) {
    let sources = sources();
    assert!(sources.len() > 20, "the sources were not found");
    let is_allowed = |name: &str| {
        let below = |folder: &&str| name.starts_with(&format!("{folder}/"));
        allowed.iter().any(|path| name == format!("{path}.rs") || below(path))
    };
    for (name, code) in sources.iter().filter(|(name, _)| !is_allowed(name)) {
        for word in words {
            assert!(!code.contains(word), "{name} uses {word}; only {allowed:?} may");
        }
    }
}

#[test]
fn burn_is_known_to_the_model_module_alone() {
    only_in(&["model"], &["burn::", "burn_tensor::", "extern crate burn"]);
}

#[test]
fn rten_runs_in_the_model_module_alone() {
    only_in(&["model"], &["rten::", "rten_tensor::"]);
    only_in(&["model", "checkpoint"], &["rten_onnx::"]);
}

#[test]
fn networks_run_in_the_engine_alone() {
    only_in(&["model", "engine"], &["Classifier::", "Compute::"]);
}

#[test]
fn egui_is_known_to_the_window_alone() {
    only_in(&["app", "ui", "main"], &["egui::", "eframe::", "egui_extras::"]);
}

#[test]
fn servers_are_known_to_downloads_alone() {
    only_in(&["fetch"], &["ureq::", "std::net"]);
}

#[test]
fn weights_files_are_opened_in_one_place() {
    only_in(
        &["checkpoint"],
        &["pytorch_reader::", "safetensors::tensor", "safetensors::SafeTensors"],
    );
}

/// The pure core: no files, no threads, no clocks, nothing printed.
#[test]
fn the_core_is_pure() {
    for (name, code) in sources() {
        let is_core = ["eval", "explain", "preprocess", "induce", "wordnet"]
            .iter()
            .any(|part| name == format!("{part}.rs") || name.starts_with(&format!("{part}/")));
        let forbidden = [
            "std::fs",
            "File::open",
            "tempfile",
            "std::thread",
            "Instant::now",
            "SystemTime",
            "println!",
        ];
        for word in forbidden.iter().filter(|_| is_core) {
            assert!(!code.contains(word), "{name} uses {word}");
        }
    }
}
