//! `glasstree features`: what the last layer of a network reads, as arrays for NumPy.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::cli::{Output, fails, glasstree, json, root, succeeds, text};

/// The shape and the numbers of a `.npy` file as the program writes it.
fn npy(path: &Path) -> (Vec<usize>, Vec<f32>) {
    let bytes = fs::read(path).unwrap();
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let (header, data) = bytes[10..].split_at(length);
    let header = std::str::from_utf8(header).unwrap();
    let shape = header.split_once("'shape': (").unwrap().1.split_once(')').unwrap().0;
    let shape = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    (shape, data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
}

fn photo(name: &str) -> Vec<u8> {
    fs::read(root().join("assets/photos").join(name)).unwrap()
}

#[test]
fn features_and_logits_stand_in_the_order_of_the_list() {
    let folder = TempDir::new().unwrap();
    let class = |name: &str| folder.path().join(name);
    fs::create_dir(class("cat")).unwrap();
    fs::create_dir(class("ship")).unwrap();
    // More than one batch, and one file that is no picture in the middle of it.
    for i in 0..18 {
        let name = if i % 2 == 0 { "chelsea.png" } else { "rocket.jpg" };
        fs::write(class("cat").join(format!("{i:02}.png")), photo(name)).unwrap();
    }
    fs::write(class("cat").join("07.png"), b"no picture").unwrap();
    fs::write(class("ship").join("a \"b\".jpg"), photo("coffee.jpg")).unwrap();
    let out = folder.path().join("all.npy");
    let model = "wrn16-2-cifar10";
    let arguments = ["features", text(folder.path()), "--npy", text(&out), "--model", model];
    let Output { code, out: said, err } = glasstree(&arguments);
    assert_eq!(code, 0, "{err}");
    assert!(said.starts_with(" * Wrote 128 features of 18 pictures: "), "{said}");
    assert!(err.contains("1 picture could not be read"), "{err}");

    let (shape, features) = npy(&out);
    assert_eq!(shape, [18, 128]);
    let (shape, logits) = npy(&out.with_extension("logits.npy"));
    assert_eq!(shape, [18, 10]);
    let list = fs::read_to_string(out.with_extension("csv")).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!((lines[0], lines.len()), ("path,class", 19));
    assert!(lines[1].ends_with("00.png\",3") && lines[8].ends_with("08.png\",3"), "{list}");
    assert!(lines[18].ends_with("a \"\"b\"\".jpg\",8"), "{list}");
    // The same picture gives the same row, another one another row.
    let row = |i: usize| &features[128 * i..][..128];
    assert!(row(0) == row(2) && row(0) != row(1) && row(1) == row(3));
    assert!(row(0) == row(7), "the unreadable one leaves no gap");

    // The logits are those of the network on that picture alone.
    let cat = json(&["classify", text(&class("cat").join("00.png")), "--model", model, "--json"]);
    let top = cat["predictions"][0]["index"].as_u64().unwrap() as usize;
    let best = (0..10).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
    assert_eq!(best, top, "{cat}");
}

#[test]
fn pictures_without_classes_are_taken_from_any_folder() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("holiday")).unwrap();
    fs::write(folder.path().join("holiday/a.png"), photo("chelsea.png")).unwrap();
    fs::write(folder.path().join("b.jpg"), photo("coffee.jpg")).unwrap();
    let out = folder.path().join("all.npy");
    let model = ["--model", "wrn16-2-cifar10"];
    let data = ["features", text(folder.path()), "--npy", text(&out)];
    succeeds(&[&data[..], &model[..]].concat());
    let list = fs::read_to_string(out.with_extension("csv")).unwrap();
    assert!(list.lines().skip(1).all(|line| line.ends_with("\",")), "{list}");
    assert_eq!(npy(&out).0, [2, 128]);
    let empty = TempDir::new().unwrap();
    fails(&["features", text(empty.path()), "--npy", text(&out)], &["no pictures"]);
}
