//! The import rules of ARCHITECTURE.md, checked on the sources.

use std::path::{Path, PathBuf};

/// Every source file of both crates: its path below `src` or `core/src`, and its code without
/// comments.
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
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let roots = ["core/src", "src"].map(|root| Path::new(env!("CARGO_MANIFEST_DIR")).join(root));
    let files = roots.iter().flat_map(|root| {
        let mut files = Vec::new();
        walk(root, &mut files);
        files.into_iter().map(move |file| (root, file))
    });
    files
        .map(|(root, file)| {
            let text = std::fs::read_to_string(&file).unwrap();
            let code: Vec<&str> = text.lines().filter(is_code).collect();
            let name = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
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

/// The window and the command line name what is computed as if it were theirs, so that the table
/// below holds for both crates; the compiler sees to it that nothing below uses something above.
#[test]
fn the_core_is_named_in_one_place() {
    only_in(&["lib"], &["glasstree_core::"]);
}

/// The modules of both crates from the bottom to the top: each may use those that stand before it,
/// and nothing else.
const MODULES: &[&str] = &[
    // What knows nothing of glasstree.
    "text",
    "numbers",
    "lettering",
    "budget",
    "npy",
    "temporary",
    "output",
    "input",
    "folders",
    "intake",
    "wordnet",
    "memo",
    // The core.
    "labels",
    "preprocess",
    "explain",
    "induce",
    "eval",
    "assets",
    // Foreign files, networks, and the child that reads the ones and runs foreign others.
    "checkpoint",
    "photo",
    "model",
    "decoder",
    "labelled_pictures",
    "catalog",
    // What one model says about one picture, and what can be asked.
    "explanation",
    "protocol",
    "fetch",
    "engine",
    // So far `core/src`; from here on `src`. What is drawn and saved.
    "words",
    "tree_layout",
    "tree_text",
    "tree_svg",
    "caption",
    "export",
    // The window without a screen.
    "role",
    "look",
    "selection",
    "command",
    "settings",
    "state",
    // The window, and the command line that opens it.
    "ui",
    "app",
    "cli",
    "main",
    "lib",
];

/// The parts of the window in the same order.
const PANELS: &[&str] = &[
    "output",
    "layout",
    "theme",
    "text",
    "keys",
    "pins",
    "consent",
    // What pictures of maps have in common.
    "legend",
    "overlay",
    "map_tiles",
    "class_list",
    "class_picker",
    "versus",
    "methods",
    "controls",
    "image_view",
    "folder_strip",
    "tree_view",
    "tree_panel",
    "insight",
    "menu",
    "introduction",
    "headline",
    "palette",
    "help",
    "notices",
    "models",
    "status_bar",
    "path_prompt",
    "welcome",
    "window",
];

/// The names that stand behind `prefix` in the code, those in braces, too.
fn used(code: &str, prefix: &str) -> Vec<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let first_name = |text: &str| text.trim().chars().take_while(|&c| is_name(c)).collect();
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        // `crate::ui::theme` does not stand behind `ui::` alone.
        if code[..at].ends_with(|c: char| is_name(c) || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            // Only the outermost names count; what is nested stands behind `::{`.
            Some((listed, _)) => names.extend(listed.split(',').map(first_name)),
            None => names.push(first_name(rest)),
        }
    }
    names
}

/// Fails where one of the `modules`, which are those in `folder`, uses a later one.
fn only_downwards(modules: &[&str], folder: &str, prefix: &str) {
    let place = |name: &str| modules.iter().position(|module| *module == name);
    let mut seen = 0;
    for (file, code) in sources() {
        let Some(path) = file.strip_prefix(folder) else { continue };
        let name = path.split(['/', '.']).next().unwrap();
        let own = place(name).unwrap_or_else(|| panic!("{name} is missing in the table of layers"));
        // Tests may look around.
        let code = code.split("#[cfg(test)]").next().unwrap();
        for used in used(code, prefix).iter().filter(|_| !path.ends_with("tests.rs")) {
            // Names that are no module stand in the file of the folder itself.
            let Some(place) = place(used) else { continue };
            assert!(place <= own, "{file} uses {used}, which lies above it");
            seen += usize::from(place < own);
        }
    }
    assert!(seen > 20, "the imports were not found");
}

#[test]
fn modules_use_what_lies_below_them_alone() {
    only_downwards(MODULES, "", "crate::");
}

#[test]
fn panels_use_what_lies_below_them_alone() {
    only_downwards(PANELS, "ui/", "crate::ui::");
}

/// The test above would not notice an import that is written in another way.
#[test]
fn imports_are_found() {
    let code =
        "use crate::ui::{keys, theme};\nlet x = crate::state::Role::ALL; use crate::{npy, output};";
    assert_eq!(used(code, "crate::"), ["ui", "state", "npy", "output"]);
    assert_eq!(used(code, "crate::ui::"), ["keys", "theme"]);
}

/// Panels do not know the window that they are part of.
#[test]
fn panels_do_not_use_the_whole_window() {
    for (file, code) in sources() {
        if file.starts_with("ui/") {
            for name in ["root_ui", "Panels"] {
                assert!(
                    !used(&code, "crate::ui::").iter().any(|used| used == name),
                    "{file}: {name}"
                );
            }
        }
    }
}
