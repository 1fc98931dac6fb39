//! `glasstree cam --method`, `--checks` and `compare-methods`.

use tempfile::TempDir;

use super::{cat, fails, json, root, succeeds, text};

const TREE_MODEL: [&str; 4] = ["--model", "wrn16-2-cifar10", "--device", "cpu"];

fn cam(arguments: &[&str]) -> serde_json::Value {
    json(&[&["cam", &cat(), "--json"], &TREE_MODEL[..], arguments].concat())
}

#[test]
fn every_method_writes_a_map() {
    let folder = TempDir::new().unwrap();
    for (method, side, runs) in [
        ("dense2", 16, 1),
        ("dense4", 32, 1),
        ("dense4-shift2", 64, 4),
        ("shift2", 16, 4),
        ("shift4", 32, 16),
        ("multi-scale", 16, 6),
        ("gradcam", 8, 0),
        ("gradcam++", 8, 0),
        ("layercam", 8, 0),
        ("gradcam2", 16, 1),
        ("gradcam++4", 32, 1),
        ("hirescam2", 16, 1),
        ("layercam4", 32, 1),
        ("integrated-gradients", 32, 51),
        ("smoothgrad", 32, 25),
        ("occlusion", 32, 100),
        ("rise", 28, 30),
    ] {
        let npy = folder.path().join("map.npy");
        let options = ["--method", method, "--masks", "30", "--npy", text(&npy)];
        let value = cam(&options);
        let size = [&value["map"]["height"], &value["map"]["width"]];
        assert_eq!(size.map(|side| side.as_u64().unwrap()), [side; 2], "{method}");
        assert_eq!(
            (&value["method"]["name"], &value["method"]["runs"]),
            (&method.into(), &runs.into())
        );
        let identity = &value["method"]["identity"];
        assert!(identity.is_null() || identity["holds"] == true, "{method}: {identity}");
        let completeness = &value["method"]["completeness"];
        assert_eq!(completeness.is_null(), method != "integrated-gradients", "{method}");
        assert!(completeness.is_null() || completeness["holds"] == true, "{completeness}");
        let bytes = std::fs::metadata(&npy).unwrap().len();
        assert!(bytes > 4 * side * side, "{method}");
    }
    let plain = cam(&["--class", "cat"]);
    assert!(plain["method"].is_null() && plain["checks"].is_null());
}

#[test]
fn methods_explain_nodes_and_decisions_and_say_what_they_cannot() {
    let folder = TempDir::new().unwrap();
    let (cat, to) = (cat(), text(folder.path()));
    let common = ["cam", &cat, "--out", to, "--method", "rise", "--masks", "20"];
    for node in [&["--node", "cat"][..], &["--node", "cat", "--against", "siblings"]] {
        let said = succeeds(&[&common[..], &TREE_MODEL, node].concat());
        assert!(said.contains("Method: RISE (20 runs") && said.contains("Noise:"), "{said}");
        assert!(folder.path().join("overlay.png").exists());
    }
    fails(&[&common[..], &TREE_MODEL, &["--node", "root"]].concat(), &["--score logit"]);
    let deep = ["cam", &cat, "--out", to, "--method", "layercam8"];
    fails(&[&deep[..], &TREE_MODEL].concat(), &["no feature map that much finer"]);
    let rough = ["cam", &cat, "--out", to, "--method", "integrated-gradients", "--node", "cat"];
    let said = succeeds(&[&rough[..], &TREE_MODEL, &["--gradient-steps", "50"]].concat());
    assert!(said.contains("(51 runs") && said.contains("all pixels add up to"), "{said}");
    // This map has both signs; the exact one, of which a sentence would speak, has not.
    assert!(!said.contains("the evidence"), "{said}");
    succeeds(&[&common[..], &TREE_MODEL, &["--node", "root", "--score", "logit"]].concat());
}

#[test]
fn checks_are_numbers_beside_the_map() {
    let checks = &cam(&["--checks"])["checks"];
    for value in [&checks["shuffled_head"], &checks["mean_of_classes"], &checks["single_deletion"]]
    {
        assert!((-1.0..=1.0).contains(&value.as_f64().unwrap()), "{checks}");
    }
    assert_eq!(checks["stability"].as_array().unwrap().len(), 2);
    // Small changes of the picture change the map of a trained network little, its head much.
    let stable = checks["stability"][1]["rank_correlation"].as_f64().unwrap();
    assert!(stable > checks["shuffled_head"].as_f64().unwrap(), "{checks}");
}

#[test]
fn methods_are_compared_on_one_picture() {
    let folder = TempDir::new().unwrap();
    let (csv, png) = (folder.path().join("t.csv"), folder.path().join("t.png"));
    let cat = cat();
    let options =
        ["--methods", "cam,dense2", "--steps", "4", "--csv", text(&csv), "--png", text(&png)];
    let said = succeeds(&[&["compare-methods", &cat], &TREE_MODEL[..], &options].concat());
    for word in ["chelsea.png", "deletion ↓", "insertion ↑", "road ↓", "centre-first", "random"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
    let lines = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(lines.lines().count(), 5, "{lines}");
    let tiles = image::open(&png).unwrap();
    assert_eq!((tiles.width(), tiles.height()), (4 * 32, 2 * 32));
}

#[test]
fn methods_are_measured_against_boxes() {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("boxes.csv");
    std::fs::write(&list, "chelsea.png,cat,0,0,450,299\nrocket.jpg,airplane,0,0,5,5\n").unwrap();
    let photos = root().join("assets/photos");
    let options = ["--boxes", text(&list), "--methods", "cam", "--curves", "none", "--json"];
    let arguments = [&["compare-methods", text(&photos)], &TREE_MODEL[..], &options].concat();
    let value = json(&arguments);
    let boxes = &value[0]["boxes"];
    // The first box is the whole picture, the second one nothing of it.
    assert_eq!((&value[0]["pictures"], &boxes["pointing"]), (&2.into(), &0.5.into()));
    let energy = boxes["energy"].as_f64().unwrap();
    assert!((0.4..0.6).contains(&energy), "{energy}");
    assert!(value[0]["deletion"].is_null());
    fails(&[&arguments[..], &["--png", "x.png"]].concat(), &["--png"]);
}

#[test]
fn wrong_options_are_told() {
    let cat = cat();
    for (options, needle) in [
        (&["--method", "magic"][..], "occlusion"),
        (&["--method", "rise", "--masks", "1"], "2 to 100000"),
        (&["--method", "rise", "--variant", "tutorial"], "--variant"),
    ] {
        let output = super::glasstree(&[&["cam", &cat], options].concat());
        assert_eq!(output.code, 2, "{}", output.err);
        assert!(output.err.contains(needle), "{}", output.err);
    }
}
