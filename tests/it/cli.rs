//! The program as a user runs it.

mod eval;
mod fetch;
mod methods;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::networks::keys;

pub struct Output {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn cat() -> String {
    root().join("assets/photos/chelsea.png").display().to_string()
}

/// Runs the program on the CPU in an empty folder.
pub fn glasstree(arguments: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_glasstree"))
        .args(arguments)
        .current_dir(folder.path())
        // Mesa's Vulkan driver complains on the standard error where this is missing.
        .env("XDG_RUNTIME_DIR", folder.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

pub fn succeeds(arguments: &[&str]) -> String {
    let Output { code, out, err } = glasstree(arguments);
    assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
    out
}

pub fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&succeeds(arguments)).unwrap()
}

/// Fails with code 1 and one line that has all of `needles`.
pub fn fails(arguments: &[&str], needles: &[&str]) {
    let Output { code, err, .. } = glasstree(arguments);
    assert_eq!(code, 1, "{arguments:?}: {err}");
    assert_eq!(err.trim_end().lines().count(), 1, "{arguments:?}: {err}");
    for needle in needles {
        assert!(err.contains(needle), "{arguments:?}: {needle:?} is not in {err:?}");
    }
}

/// A weights file in `folder`.
pub fn weights(folder: &TempDir, network: &str, classes: usize) -> String {
    let path = folder.path().join(format!("{network}.safetensors"));
    std::fs::write(&path, keys::safetensors(&keys::of(network, classes), 1)).unwrap();
    path.display().to_string()
}

pub fn text(value: &Path) -> &str {
    value.to_str().unwrap()
}

/// The example of a model that was trained with its tree.
const CIFAR_TREE: [&str; 2] = ["--tree-model", "wrn16-2-cifar10"];
/// A driver that misses this variable says so in lines of its own, and with a GPU the figures would
/// be those of another device.
#[test]
fn one_picture_asks_no_driver() {
    let folder = TempDir::new().unwrap();
    for command in ["explain", "classify", "cam", "tree"] {
        let output = Command::new(env!("CARGO_BIN_EXE_glasstree"))
            .args([command, &cat()])
            .args(if command == "cam" { &["--json"][..] } else { &[] })
            .current_dir(folder.path())
            .env_remove("XDG_RUNTIME_DIR")
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        if command == "cam" {
            let value: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(value["device"], "CPU");
        }
    }
}

#[test]
fn packages_get_man_pages_and_completions() {
    let folder = TempDir::new().unwrap();
    succeeds(&["generate", text(folder.path())]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("glasstree.1").contains(".SH"));
    assert!(read("glasstree-classify.1").contains("likeliest"));
    for name in ["glasstree.bash", "_glasstree", "glasstree.fish"] {
        assert!(read(name).contains("classify"), "{name}");
    }
    assert!(!folder.path().join("glasstree-bench.1").exists(), "it is hidden");
}

/// Pictures are written where somebody asked for them, and nowhere else.
#[test]
fn nothing_is_written_unasked() {
    for command in ["explain", "classify", "tree"] {
        let folder = TempDir::new().unwrap();
        let elsewhere = TempDir::new().unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_glasstree"))
            .args([command, &cat(), "--device", "cpu"])
            .current_dir(folder.path())
            .env("XDG_RUNTIME_DIR", elsewhere.path())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{command}");
        let written: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert!(written.is_empty(), "{command}: {written:?}");
    }
}

#[test]
fn explain_prints_the_tutorials_lines_and_writes_the_pictures() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("new/folder");
    let lines = succeeds(&["explain", &cat(), "--device", "cpu", "--out", text(&out)]);
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].starts_with("Prediction: ") && lines[0].contains("cat"), "{lines:?}");
    assert_eq!(lines[1], format!(" * Wrote heatmap to {}", out.join("heatmap.png").display()));
    let combined = out.join("combined.png");
    assert_eq!(lines[2], format!(" * Wrote heatmap on image to {}", combined.display()));
    assert!(lines[3].starts_with("Prediction: tiger cat // Decisions: organism ("), "{lines:?}");
    assert!(lines[3].contains("%), mammal (") && lines[3].contains("%), domestic cat ("));
    let photo = cat();
    let tutorial = [&["explain", &photo, "--out", text(&out)], &CIFAR_TREE[..]].concat();
    let last = succeeds(&tutorial).lines().last().unwrap().to_owned();
    assert!(last.starts_with("Prediction: cat // Decisions: animal ("), "{last}");
    assert!(last.contains("%), chordate (") && last.contains("%), cat ("), "{last}");
    assert_eq!(image::open(combined).unwrap().to_rgb8().dimensions(), (224, 224));
    assert_eq!(image::open(out.join("heatmap.png")).unwrap().to_rgb8().dimensions(), (224, 224));
    let photo = image::open(cat()).unwrap().to_rgb8();
    let overlay = image::open(out.join("overlay.png")).unwrap().to_rgb8();
    assert_eq!(overlay.dimensions(), photo.dimensions());
    // The network saw the middle; the corners it did not see are untouched, the middle is not.
    assert_eq!(overlay.get_pixel(0, 0), photo.get_pixel(0, 0));
    let (x, y) = (photo.width() / 2, photo.height() / 2);
    assert_ne!(overlay.get_pixel(x, y), photo.get_pixel(x, y));
    let left: Vec<_> = std::fs::read_dir(&out).unwrap().collect();
    assert_eq!(left.len(), 3, "no temporary files stay");
}

#[test]
fn classify_as_json_has_the_documented_form() {
    let value = json(&["classify", &cat(), "--json", "--logits", "--top", "3", "--device", "cpu"]);
    assert_eq!(value["model"], "efficientnet-lite0");
    assert_eq!(value["device"], "CPU");
    assert_eq!(value["logits"].as_array().unwrap().len(), 1000);
    let predictions = value["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), 3);
    let first = &predictions[0];
    let index = first["index"].as_u64().unwrap() as usize;
    assert_eq!(first["logit"], value["logits"][index]);
    assert!(first["wnid"].as_str().unwrap().starts_with('n'));
    let probability = |i: usize| predictions[i]["probability"].as_f64().unwrap();
    assert!(probability(0) >= probability(1) && probability(1) >= probability(2));
}

#[test]
fn one_bad_picture_does_not_hide_the_others() {
    let Output { code, out, err } =
        glasstree(&["classify", &cat(), "missing.png", "--device", "cpu"]);
    assert_eq!(code, 1);
    assert!(out.contains("chelsea.png"), "{out}");
    assert!(err.contains("missing.png"), "{err}");
}

#[test]
fn the_raw_map_and_the_logit_add_up() {
    let folder = TempDir::new().unwrap();
    let npy = folder.path().join("map.npy");
    let value = json(&["cam", &cat(), "--class", "Persian cat", "--npy", text(&npy), "--json"]);
    assert_eq!(value["class"]["index"], 283);
    assert_eq!(value["identity"]["holds"], true);
    let bytes = std::fs::read(npy).unwrap();
    let cells: Vec<f32> = bytes[bytes.len() - 4 * 49..]
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    let mean = cells.iter().map(|&v| f64::from(v)).sum::<f64>() / 49.0;
    let logit = value["class"]["logit"].as_f64().unwrap();
    let bias = value["bias"].as_f64().unwrap();
    // Two 32-bit sums over 1280 channels in different orders.
    assert!((mean + bias - logit).abs() < 1e-3, "{mean} + {bias} = {logit}");
    assert!(value["files"].is_null());
}

#[test]
fn every_variant_and_colour_map_draws() {
    let folder = TempDir::new().unwrap();
    let model = weights(&folder, "resnet18", 37);
    for variant in ["paper", "tutorial", "tutorial-fixed", "gradcam"] {
        for colormap in ["jet", "turbo", "viridis", "inferno", "diverging"] {
            let out = folder.path().join(format!("{variant}-{colormap}"));
            let arguments = ["cam", &cat(), "--model", &model, "--class", "36", "--variant"];
            let rest = [variant, "--colormap", colormap, "--out", text(&out)];
            succeeds(&[&arguments[..], &rest[..]].concat());
            assert!(out.join("overlay.png").exists());
        }
    }
    fails(&["cam", &cat(), "--variant", "tutorial"], &["tutorial", "paper"]);
}

/// The whole way from the photo to the tutorial's two pictures, network included.
///
/// One level: the feature map is within 1e-5 of PyTorch's, which may move a value across the border
/// between two colours of the table, and the rounding of the blend by one.
#[test]
fn the_tutorials_pictures_come_out_as_in_the_tutorial() {
    let folder = TempDir::new().unwrap();
    let model = weights(&folder, "resnet18", 1000);
    let out = folder.path().join("out");
    let arguments = ["cam", &cat(), "--model", &model, "--variant", "tutorial", "--device", "cpu"];
    succeeds(&[&arguments[..], &["--out", text(&out)]].concat());
    for name in ["heatmap", "combined"] {
        let ours = image::open(out.join(format!("{name}.png"))).unwrap().to_rgb8();
        let golden = format!("tests/golden/cam/chelsea.tutorial_{name}.png");
        let golden = image::open(root().join(golden)).unwrap().to_rgb8();
        assert_eq!(ours.dimensions(), golden.dimensions());
        let worst = ours.iter().zip(golden.iter()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{name}: {worst:?} levels away");
    }
}

/// On a picture of exactly the crop's size both pictures show the same.
#[test]
fn overlay_and_combined_agree_for_every_variant() {
    let folder = TempDir::new().unwrap();
    let model = weights(&folder, "resnet18", 37);
    let seen = folder.path().join("seen.png");
    succeeds(&["input", &cat(), "--model", &model, "--png", text(&seen)]);
    for variant in ["paper", "tutorial", "tutorial-fixed", "gradcam"] {
        let out = folder.path().join(variant);
        let arguments = ["cam", text(&seen), "--model", &model, "--variant", variant, "--out"];
        succeeds(&[&arguments[..], &[text(&out), "--colormap", "diverging"]].concat());
        let [a, b] = ["overlay.png", "combined.png"]
            .map(|name| image::open(out.join(name)).unwrap().to_rgb8());
        let worst = a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max();
        // Both round down, one from the colours of the other's picture.
        assert!(worst <= Some(1), "{variant}: {worst:?}");
    }
}

/// Labels or wnids of other classes must not be mixed with those of a data set of equal size.
#[test]
fn own_classes_are_not_taken_for_a_known_data_sets() {
    let folder = TempDir::new().unwrap();
    let model = weights(&folder, "cifar_resnet18", 10);
    let wnids = folder.path().join("wnids.txt");
    let imagenet = std::fs::read_to_string(root().join("assets/wnids/Imagenet1000.txt")).unwrap();
    let ten: Vec<&str> = imagenet.lines().take(10).collect();
    std::fs::write(&wnids, ten.join("\n")).unwrap();
    let arguments = [&cat(), "--model", &model, "--wnids", text(&wnids), "--json"];
    let value = json(&[&["classify", "--top", "10"], &arguments[..]].concat());
    for prediction in value["predictions"].as_array().unwrap() {
        let index = prediction["index"].as_u64().unwrap() as usize;
        assert_eq!(prediction["wnid"], ten[index]);
        assert_ne!(prediction["label"], "airplane");
    }
    let tree = json(&[&["tree"], &arguments[..]].concat());
    assert!(tree["hierarchy"].as_str().unwrap().contains("WordNet"));
    // A list that says what is known anyway changes nothing.
    let own = root().join("assets/labels/CIFAR10.txt");
    let arguments = ["tree", &cat(), "--model", &model, "--labels", text(&own), "--json"];
    assert_eq!(json(&arguments)["hierarchy"], "induced-ResNet18");
}

#[test]
fn tiny_imagenets_trees_show_the_classes_names_and_wnids() {
    let folder = TempDir::new().unwrap();
    let model = weights(&folder, "cifar_resnet18", 200);
    let value = json(&["tree", &cat(), "--model", &model, "--json"]);
    let wnids = std::fs::read_to_string(root().join("assets/wnids/TinyImagenet200.txt")).unwrap();
    let mut sorted: Vec<&str> = wnids.lines().map(str::trim).collect();
    sorted.sort_unstable();
    let leaf = value["decisions"].as_array().unwrap().last().unwrap();
    assert_eq!(leaf["name"], value["prediction"]["label"]);
    let index = value["prediction"]["index"].as_u64().unwrap() as usize;
    assert_eq!(leaf["wnid"], sorted[index]);
}

#[test]
fn info_tells_which_classes_were_matched_by_name() {
    let folder = TempDir::new().unwrap();
    let model = weights(&folder, "cifar_resnet18", 4);
    let labels = folder.path().join("labels.txt");
    std::fs::write(&labels, "zebra\nespresso\nfrobnicator\nairliner\n").unwrap();
    let arguments = ["info", &model, "--labels", text(&labels)];
    let said = succeeds(&[&arguments[..], &["--meanings"]].concat());
    for needle in [
        "In WordNet:   3 of 4 classes, all by their names",
        "  zebra: zebra (n02391049)",
        "Not found:\n  frobnicator",
    ] {
        assert!(said.contains(needle), "{needle}: {said}");
    }
    let meanings = &json(&[&arguments[..], &["--json"]].concat())["meanings"];
    assert_eq!((&meanings["known"], &meanings["unknown"]), (&3.into(), &[2].into()));
    assert_eq!(meanings["by_name"][0]["wnid"], "n02391049");
    let own = succeeds(&["info", "efficientnet-lite0"]);
    assert!(own.contains("In WordNet:   1000 of 1000 classes\n"), "{own}");
}

#[test]
fn the_input_is_what_the_recipe_says() {
    let folder = TempDir::new().unwrap();
    let (npy, png) = (folder.path().join("x.npy"), folder.path().join("x.png"));
    let files = ["--npy", text(&npy), "--png", text(&png)];
    let change = ["--resize", "96", "--crop", "64", "--mean", "0", "--std", "1"];
    let out = succeeds(&[&["input", &cat()], &files[..], &change[..]].concat());
    assert!(out.contains("short side resized to 96 (bicubic), centre crop 64×64"), "{out}");
    let picture = image::open(png).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (64, 64));
    let bytes = std::fs::read(npy).unwrap();
    let values = &bytes[bytes.len() - 4 * 3 * 64 * 64..];
    let first = f32::from_le_bytes(values[..4].try_into().unwrap());
    assert_eq!(first, f32::from(picture.get_pixel(0, 0)[0]) / 255.0);
}

#[test]
fn trees_are_printed_by_both_rules_and_from_several_sources() {
    let value = json(&["tree", &cat(), "--json", "--model", "wrn16-2-cifar10"]);
    assert_eq!(value["rule"], "hard");
    assert_eq!(value["prediction"]["label"], "cat");
    let names: Vec<_> = value["decisions"].as_array().unwrap().iter().map(|d| &d["name"]).collect();
    assert_eq!(names, ["animal", "chordate", "carnivore", "cat"]);
    assert_eq!(value["class_probabilities"].as_array().unwrap().len(), 10);

    let soft = ["--model", "wrn16-2-cifar10", "--rule", "soft", "--hierarchy", "wordnet"];
    let soft = json(&[&["tree", &cat(), "--json"], &soft[..]].concat());
    let sum: f64 =
        soft["class_probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("own.json");
    succeeds(&["induce", "--model", "wrn16-2-cifar10", "--out", text(&file)]);
    let tree = ["tree", &cat(), "--json", "--model", "wrn16-2-cifar10", "--hierarchy"];
    let from_file = json(&[&tree[..], &[text(&file)]].concat());
    let induced = json(&[&tree[..], &["induced"]].concat());
    assert_eq!(from_file["decisions"], induced["decisions"]);
}

#[test]
fn every_classifier_has_a_tree() {
    let folder = TempDir::new().unwrap();
    let model = weights(&folder, "resnet18", 37);
    let value = json(&["tree", &cat(), "--model", &model, "--json"]);
    assert!(value["hierarchy"].as_str().unwrap().contains("induced"));
    let labels = folder.path().join("labels.txt");
    let names: String = (0..37).map(|class| format!("flower {class}\n")).collect();
    std::fs::write(&labels, names).unwrap();
    let named = succeeds(&["tree", &cat(), "--model", &model, "--labels", text(&labels)]);
    assert!(named.contains("Prediction: flower "), "{named}");
}

#[test]
fn info_recognises_files() {
    let folder = TempDir::new().unwrap();
    let value = json(&["info", &weights(&folder, "wrn28_10", 10), "--json"]);
    assert_eq!(value["architecture"], "WideResNet-28-10 (CIFAR)");
    assert_eq!(value["classes"], 10);
    assert_eq!(value["parameters"], 36_479_194);
    assert_eq!(value["dtype"], "f32");
    assert_eq!(value["unused"].as_array().unwrap().len(), 0);
    let value = json(&["info", &weights(&folder, "resnet18", 1000), "--json"]);
    assert_eq!(value["parameters"], 11_689_512);
    let listed = json(&["models", "--json"]);
    assert!(listed.as_array().unwrap().len() >= 2);
}

#[test]
fn bad_pictures_get_one_line() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let photo = std::fs::read(cat()).unwrap();
    for (path, needle) in [
        (folder.path().join("missing.jpg"), "missing.jpg"),
        (write("empty.png", b""), "empty"),
        (write("cut.png", &photo[..photo.len() / 2]), "cut.png"),
        (write("text.jpg", b"this is no picture"), "text.jpg"),
        (folder.path().to_owned(), "folder"),
    ] {
        fails(&["classify", text(&path)], &[needle]);
    }
}

#[test]
fn bad_models_and_lists_get_one_line() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| -> String {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let cat = cat();
    fails(&["classify", &cat, "--model", "no-such-model"], &["no-such-model", "glasstree models"]);
    let text_file = write("weights.pth", b"<html>not found</html>");
    fails(&["info", &text_file], &["weights.pth"]);
    let evil = root().join("tests/golden/checkpoints/reject_evil.pth");
    fails(&["info", text(&evil)], &["reject_evil.pth", "refused"]);

    let ten = weights(&folder, "cifar_resnet10", 10);
    let labels = write("labels.txt", b"a\nb\nc\n");
    fails(&["classify", &cat, "--model", &ten, "--labels", &labels], &["labels.txt", "3", "10"]);
    fails(&["cam", &cat, "--class", "unicorn"], &["unicorn"]);
    fails(&["cam", &cat, "--class", "1000"], &["1000"]);
    fails(&["classify", &cat, "--crop", "60000"], &["60000"]);
    fails(&["classify", &cat, "--std", "0"], &["std"]);

    let cycle = br#"{"nodes":[{"id":"a"},{"id":"b"}],
        "links":[{"source":"a","target":"b"},{"source":"b","target":"a"}]}"#;
    fails(&["tree", &cat, "--hierarchy", &write("cycle.json", cycle)], &["cycle"]);
    fails(&["tree", &cat, "--hierarchy", &write("bad.json", b"{")], &["bad.json"]);
    fails(&["tree", &cat, "--hierarchy", "nonsense"], &["nonsense", "wordnet"]);
    let other = root().join("assets/hierarchies/CIFAR100/graph-wordnet.json");
    fails(&["tree", &cat, "--hierarchy", text(&other)], &["graph-wordnet.json"]);

    let mut keys = keys::of("cifar_resnet10", 10);
    keys.retain(|(name, _)| name != "layer1.0.conv1.weight");
    let partial = write("partial.safetensors", &keys::safetensors(&keys, 1));
    fails(&["classify", &cat, "--model", &partial], &["partial.safetensors"]);
}

#[test]
fn output_that_cannot_be_written_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    fails(&["explain", &cat(), "--out", text(&file)], &["file"]);
    fails(&["cam", &cat(), "--npy", text(&file.join("x.npy"))], &["x.npy"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "in the way");
}

/// A link to a file stays a link, and a pipe is written to instead of being replaced.
#[cfg(unix)]
#[test]
fn links_and_pipes_are_not_replaced() {
    let folder = TempDir::new().unwrap();
    let (file, link) = (folder.path().join("file.npy"), folder.path().join("link.npy"));
    std::fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    succeeds(&["input", &cat(), "--npy", text(&link)]);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x93NUMPY"));

    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::Builder::new().spawn(move || std::fs::read(pipe).unwrap()).unwrap()
    };
    succeeds(&["input", &cat(), "--npy", text(&pipe)]);
    assert!(reader.join().unwrap().starts_with(b"\x93NUMPY"));
}

#[test]
fn odd_names_stay_on_one_line() {
    fails(&["info", "no\nsuch\nfile.pth"], &["no such file.pth"]);
    fails(&["classify", "no\u{1b}[31msuch.png"], &["such.png"]);
}

#[test]
fn a_command_line_without_sense_has_code_2() {
    let Output { code, err, .. } = glasstree(&["tree", "x.png", "--rule", "wild"]);
    assert!(code == 2 && err.contains("hard") && err.contains("soft"), "{err}");
    // Numbers below zero are numbers, not options.
    assert_eq!(glasstree(&["input", "missing.png", "--mean", "-0.5,0.5,0.5"]).code, 1);
    assert_eq!(glasstree(&["classify"]).code, 2);
    assert_eq!(glasstree(&["cam", "x.png", "--colormap", "rainbow"]).code, 2);
    assert_eq!(glasstree(&["cam", "x.png", "--alpha", "2"]).code, 2);
    assert_eq!(glasstree(&["classify", "x.png", "--device", "abacus"]).code, 2);
}

/// A weight that is no number must never become a prediction.
#[test]
fn weights_that_are_no_numbers_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = weights(&folder, "cifar_resnet10", 10);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    fails(&["classify", &cat(), "--model", &path], &["NaN", "cifar_resnet10.safetensors"]);
}
