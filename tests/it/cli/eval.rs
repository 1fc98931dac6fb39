//! `glasstree eval` on small data sets.

use serde_json::Value;
use tempfile::TempDir;

use super::{Output, cat, fails, glasstree, json, root, succeeds, text};

const CPU: [&str; 2] = ["--device", "cpu"];

/// Sample photos in class folders; the labels need not be true.
fn data() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (class, photo, name) in [
        ("cat", "chelsea.png", "1.png"),
        ("cat", "cat_and_coffee.jpg", "2.jpg"),
        ("airplane", "rocket.jpg", "1.jpg"),
        ("8", "coffee.jpg", "1.jpg"),
    ] {
        std::fs::create_dir_all(folder.path().join(class)).unwrap();
        let to = folder.path().join(class).join(name);
        std::fs::copy(root().join("assets/photos").join(photo), to).unwrap();
    }
    folder
}

fn eval(arguments: &[&str]) -> Value {
    json(&[&["eval", "--json", "--device", "cpu"], arguments].concat())
}

/// The counts are those of `classify` and `tree`, picture by picture.
#[test]
fn the_counts_are_those_of_single_pictures() {
    let folder = data();
    let tree_model = ["--model", "wrn16-2-cifar10"];
    let value = eval(&[&["--data", text(folder.path())], &tree_model[..]].concat());
    let (mut plain, mut hard, mut soft, mut mistakes) = (0, 0, 0, Vec::new());
    for (picture, truth) in
        [("8/1.jpg", 8), ("airplane/1.jpg", 0), ("cat/1.png", 3), ("cat/2.jpg", 3)]
    {
        let path = folder.path().join(picture);
        let run = |command: &str, rest: &[&str]| {
            json(&[&[command, text(&path), "--json"], &CPU[..], &tree_model[..], rest].concat())
        };
        let said = run("classify", &[])["predictions"][0]["index"].as_u64().unwrap();
        plain += u64::from(said == truth);
        if said != truth {
            mistakes.push((truth, said));
        }
        let by = |rule| run("tree", &["--rule", rule])["prediction"]["index"].as_u64().unwrap();
        hard += u64::from(by("hard") == truth);
        soft += u64::from(by("soft") == truth);
    }
    assert!(plain > 0, "the cat is a cat");
    assert_eq!((&value["pictures"], &value["top1"]["of"]), (&4.into(), &4.into()));
    assert_eq!(value["top1"]["right"], plain);
    assert_eq!(value["top1"]["rate"], plain as f64 / 4.0);
    assert_eq!(value["tree"]["hard"]["right"], hard);
    assert_eq!(value["tree"]["soft"]["right"], soft);
    assert_eq!(value["tree"]["hierarchy"], "induced-wrn28_10_cifar10");
    assert_eq!(value["tree"]["nodes"][0]["of"], 4, "every picture is below the root");
    assert_eq!(value["model"], "wrn16-2-cifar10");
    assert_eq!(value["unreadable"]["count"], 0);
    assert!(value["localisation"].is_null());
    let labels: Vec<_> =
        value["classes"].as_array().unwrap().iter().map(|class| &class["label"]).collect();
    assert_eq!(labels, ["airplane", "cat", "ship"]);
    let counted: u64 =
        value["mistakes"].as_array().unwrap().iter().map(|m| m["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, mistakes.len() as u64);
    for mistake in value["mistakes"].as_array().unwrap() {
        let pair = (mistake["truth"].as_u64().unwrap(), mistake["prediction"].as_u64().unwrap());
        assert!(mistakes.contains(&pair));
    }
}

#[test]
fn the_summary_and_the_matrix_are_written() {
    let folder = data();
    let csv = folder.path().join("matrix.csv");
    let arguments = ["eval", "--data", text(folder.path()), "--model", "wrn16-2-cifar10"];
    let out = succeeds(&[&arguments[..], &CPU, &["--csv", text(&csv)]].concat());
    for needle in ["4 pictures of 3 classes", "top-1", "top-5", "hard tree", "soft tree", "whole: "]
    {
        assert!(out.contains(needle), "{needle}: {out}");
    }
    let matrix = std::fs::read_to_string(&csv).unwrap();
    let rows: Vec<Vec<&str>> = matrix.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0][0], "true class");
    let first: Vec<&str> = rows.iter().skip(1).map(|row| row[0]).collect();
    assert_eq!(first, ["airplane", "cat", "ship"]);
    let sums =
        rows[1..].iter().map(|row| row[1..].iter().map(|n| n.parse::<usize>().unwrap()).sum());
    assert_eq!(sums.collect::<Vec<usize>>(), [1, 2, 1]);

    let one = succeeds(&[&arguments[..], &CPU, &["--limit", "1"]].concat());
    assert!(one.contains("1 pictures of 1 classes"), "{one}");
}

#[test]
fn a_node_is_folded_and_diagrams_are_drawn() {
    let folder = data();
    let svg = folder.path().join("curves.svg");
    let model = ["--data", text(folder.path()), "--model", "wrn16-2-cifar10"];
    let value = eval(&[&model[..], &["--fold", "animal", "--svg", text(&svg)]].concat());
    let folded = &value["folded"];
    let counts =
        |row: &Value| row.as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>();
    let rows = folded["counts"].as_array().unwrap();
    let branches = folded["branches"].as_array().unwrap();
    assert_eq!(rows.len(), branches.len());
    assert!(rows.iter().all(|row| row.as_array().unwrap().len() == branches.len() + 1));
    assert_eq!(rows.iter().map(counts).sum::<u64>(), 2, "two of the four pictures are of animals");
    fails(&[&["eval"], &model[..], &["--fold", "unicorn"]].concat(), &["unicorn"]);

    let drawn = std::fs::read_to_string(&svg).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
    for needle in ["The answer at a certainty", "Calibration of the network", "calibration error"] {
        assert!(drawn.contains(needle), "{needle}");
    }
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    // Two curves and the diagonal; a dot for each bin of confidence that has pictures.
    assert_eq!(drawn.matches("<polyline ").count(), 3);
    let bins = value["calibration"]["bins"].as_array().unwrap();
    let filled = bins.iter().filter(|bin| bin["of"].as_u64() > Some(0)).count();
    assert_eq!(drawn.matches("<circle ").count(), filled);
    let out = succeeds(&[&["eval"], &model[..], &CPU, &["--fold", "animal"]].concat());
    assert!(out.contains("animal"), "{out}");
}

#[test]
fn what_cannot_be_used_is_counted_and_told() {
    let folder = data();
    std::fs::write(folder.path().join("cat/broken.jpg"), b"no picture").unwrap();
    std::fs::create_dir(folder.path().join("unicorn")).unwrap();
    std::fs::copy(cat(), folder.path().join("unicorn/1.png")).unwrap();
    let data = ["--data", text(folder.path()), "--model", "wrn16-2-cifar10"];
    let Output { code, out, err } = glasstree(&[&["eval", "--json"], &data[..], &CPU[..]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("unicorn") && err.contains("broken.jpg"), "{err}");
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&value["pictures"], &value["unreadable"]["count"]), (&4.into(), &1.into()));
    assert!(value["unreadable"]["first"][0].as_str().unwrap().contains("broken.jpg"));
    let unknown = &value["unknown_classes"][0];
    assert_eq!((&unknown["name"], &unknown["pictures"]), (&"unicorn".into(), &1.into()));
}

#[test]
fn nothing_to_measure_on_gets_one_line() {
    let folder = TempDir::new().unwrap();
    let path = text(folder.path());
    fails(&["eval", "--data", path], &["no pictures"]);
    fails(&["eval", "--data", "missing"], &["missing"]);
    std::fs::create_dir(folder.path().join("tabby")).unwrap();
    for name in ["a.jpg", "b.jpg"] {
        std::fs::write(folder.path().join("tabby").join(name), b"no picture").unwrap();
    }
    fails(&["eval", "--data", path], &["None of the 2 pictures", "a.jpg"]);
    fails(&["eval", "--data", path, "--hierarchy", "nonsense"], &["nonsense"]);
    fails(&["eval", "--data", path, "--model", "nonsense"], &["nonsense"]);
    assert_eq!(glasstree(&["eval", "--data", path, "--limit", "0"]).code, 2);
    assert_eq!(glasstree(&["eval"]).code, 2);
}

/// The largest cell of the map that `cam` writes is where the peak is: in the photo of 451 x 300,
/// of which 384 x 256 pixels are left after resizing, and the middle 224 of those are seen.
#[test]
fn boxes_are_in_pixels_of_the_photo() {
    let folder = TempDir::new().unwrap();
    let npy = folder.path().join("map.npy");
    json(&["cam", &cat(), "--class", "tabby", "--npy", text(&npy), "--json", "--device", "cpu"]);
    let bytes = std::fs::read(npy).unwrap();
    let cells: Vec<f32> = bytes[bytes.len() - 4 * 49..]
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    let peak = (0..49).max_by(|&a, &b| cells[a].total_cmp(&cells[b])).unwrap();
    let centre = |cell: usize| (cell as f64 + 0.5) * 32.0;
    let x = (centre(peak % 7) + 80.0) * 451.0 / 384.0;
    let y = (centre(peak / 7) + 16.0) * 300.0 / 256.0;

    let list = folder.path().join("boxes.tsv");
    let photos = root().join("assets/photos");
    let measure = |x: f64, y: f64, margin: f64| {
        let (left, top, right, bottom) =
            (x - margin, y - margin, x + margin - 1.0, y + margin - 1.0);
        let line = format!("chelsea.png\ttabby\t{left}\t{top}\t{right}\t{bottom}\n");
        std::fs::write(&list, line).unwrap();
        let data = ["--data", text(&photos), "--boxes", text(&list)];
        eval(&data)["localisation"]["truth"].clone()
    };
    let pointing = |value: &Value| value["pointing"]["right"].as_u64().unwrap();
    assert_eq!(pointing(&measure(x, y, 1.5)), 1);
    assert_eq!(pointing(&measure(x + 4.0, y, 1.5)), 0);
    assert_eq!(pointing(&measure(x, y - 4.0, 1.5)), 0);
    // The whole photo holds whatever is found, and more.
    let whole = measure(225.5, 150.0, 300.0);
    let iou = whole["mean_iou"].as_f64().unwrap();
    assert!(pointing(&whole) == 1 && iou > 0.0 && iou < 0.7, "{whole}");
}

#[test]
fn others_are_told_from_the_pictures() {
    let folder = data();
    let others = TempDir::new().unwrap();
    std::fs::create_dir_all(others.path().join("deep/deeper")).unwrap();
    for (photo, name) in [("coffee.jpg", "a.jpg"), ("rocket.jpg", "deep/deeper/b.jpg")] {
        std::fs::copy(root().join("assets/photos").join(photo), others.path().join(name)).unwrap();
    }
    let arguments = ["--model", "wrn16-2-cifar10", "--data", text(folder.path())];
    assert_eq!(eval(&arguments)["others"], Value::Null);
    let value = eval(&[&arguments[..], &["--others", text(others.path())]].concat());
    assert_eq!(value["pictures"], 4, "others are not counted");
    let measures = value["others"].as_array().unwrap();
    assert_eq!(measures.len(), 5);
    for measure in measures {
        let auroc = measure["auroc"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&auroc), "{measure}");
    }
    let empty = TempDir::new().unwrap();
    let wrong = [&["eval"], &arguments[..], &["--others", text(empty.path())]].concat();
    fails(&wrong, &["There are no pictures in"]);
}

/// The maps are measured beside two orders that know nothing, on the pictures that were counted.
#[test]
fn pictures_are_taken_apart_in_the_order_of_their_maps() {
    let folder = data();
    let tree_model = ["--model", "wrn16-2-cifar10", "--faithfulness"];
    let value = eval(&[&["--data", text(folder.path())], &tree_model[..]].concat());
    let rows = value["faithfulness"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!(names, ["cam", "centre-first", "random"]);
    for row in rows {
        assert_eq!(row["pictures"], 4);
        for curve in ["deletion", "insertion", "road"] {
            let area = row[curve]["area"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&area), "{curve} of {row}");
        }
    }
    let methods =
        [&["--data", text(folder.path())], &tree_model[..], &["--methods", "cam,layercam2"]];
    let value = eval(&methods.concat());
    assert_eq!(value["faithfulness"][1]["method"], "layercam2");
    let without = eval(&["--data", text(folder.path()), "--model", "wrn16-2-cifar10"]);
    assert!(without["faithfulness"].is_null());
}
