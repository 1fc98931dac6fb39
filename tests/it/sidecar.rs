//! What files of the Hugging Face hub say about the weights beside them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::json as printed;
use crate::networks::keys;

/// A folder as the hub has it, with a network of six classes.
fn folder(files: &[(&str, Value)]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let weights = folder.path().join("model.safetensors");
    std::fs::write(&weights, keys::safetensors(&keys::of("cifar_resnet10", 6), 1)).unwrap();
    for (name, value) in files {
        std::fs::write(folder.path().join(name), value.to_string()).unwrap();
    }
    (folder, weights)
}

fn info(weights: &Path) -> Value {
    printed(&["info", &weights.display().to_string(), "--json"])
}

fn first_label(weights: &Path) -> String {
    let model = weights.display().to_string();
    let seen = printed(&["classify", &crate::cli::cat(), "--model", &model, "--json"]);
    seen["predictions"][0]["label"].as_str().unwrap().to_owned()
}

#[test]
fn timm_s_config_gives_names_and_recipe() {
    let names = ["ant", "bee", "cow", "dog", "elk", "fox"];
    let (_folder, weights) = folder(&[(
        "config.json",
        json!({
            "architecture": "resnet10t", "num_classes": 6, "label_names": names,
            "pretrained_cfg": { "input_size": [3, 40, 40], "crop_pct": 0.9, "mean": [0.5, 0.5, 0.5],
                                "std": [0.25, 0.25, 0.25], "interpolation": "bicubic" },
        }),
    )]);
    let info = info(&weights);
    assert_eq!(info["recipe_origin"], "file");
    // floor(40 / 0.9)
    assert_eq!(
        (info["recipe"]["resize"].as_u64(), info["recipe"]["crop"].as_u64()),
        (Some(44), Some(40))
    );
    assert_eq!(info["recipe"]["filter"], "bicubic");
    assert_eq!(info["recipe"]["std"], json!([0.25, 0.25, 0.25]));
    assert!(names.contains(&first_label(&weights).as_str()));
}

#[test]
fn transformers_configs_give_names_and_recipe() {
    let (_folder, weights) = folder(&[
        (
            "config.json",
            json!({ "id2label": { "0": "a", "1": "b", "2": "c", "3": "d", "4": "e", "5": "f" } }),
        ),
        (
            "preprocessor_config.json",
            json!({ "size": { "shortest_edge": 48 }, "crop_size": { "height": 32, "width": 32 },
                    "resample": 2, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.5, 0.5] }),
        ),
    ]);
    let info = info(&weights);
    assert_eq!(
        (info["recipe"]["resize"].as_u64(), info["recipe"]["crop"].as_u64()),
        (Some(48), Some(32))
    );
    assert_eq!(info["recipe"]["filter"], "bilinear");
    assert_eq!(first_label(&weights).len(), 1);
}

#[test]
fn what_does_not_fit_is_left_out() {
    let (_folder, weights) = folder(&[
        (
            "config.json",
            json!({ "id2label": { "0": "a", "1": "b" }, "pretrained_cfg": { "input_size": [3, 0, 0] } }),
        ),
        ("preprocessor_config.json", json!(["nothing"])),
    ]);
    assert_eq!(info(&weights)["recipe_origin"], "known");
    assert!(first_label(&weights).starts_with("class "));
}

#[test]
fn a_folder_of_the_hub_is_a_model() {
    let (folder, weights) = folder(&[(
        "config.json",
        json!({ "id2label": { "0": "a", "1": "b", "2": "c", "3": "d", "4": "e", "5": "f" } }),
    )]);
    assert_eq!(info(folder.path())["architecture"], "ResNet-10 (CIFAR)");
    assert_eq!(first_label(folder.path()).len(), 1);
    std::fs::remove_file(weights).unwrap();
    let path = folder.path().display().to_string();
    crate::cli::fails(&["info", &path], &["contains no weights"]);
}

#[test]
fn weights_named_as_timm_names_them_get_its_recipe() {
    let (folder, weights) = folder(&[]);
    assert_eq!(info(&weights)["recipe_origin"], "known");
    let named = folder.path().join("resnet18.a1_in1k.safetensors");
    std::fs::rename(weights, &named).unwrap();
    let info = info(&named);
    assert_eq!(info["recipe_origin"], "name");
    // floor(224 / 0.95)
    assert_eq!(info["recipe"]["resize"], 235);
    assert_eq!(info["recipe"]["filter"], "bicubic");
}
