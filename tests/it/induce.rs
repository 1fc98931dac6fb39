//! Hierarchies from the rows of a head, against scipy's Ward clustering and nbdt's graphs.
//!
//! The files in `tests/golden/induced` hold what scikit-learn's `AgglomerativeClustering`, scipy
//! and nbdt (git a7a2ee6, WordNet 3.0) made of matrices that [`head`] can rebuild.

use glasstree::assets::Dataset;
use glasstree::induce::{
    GENERATED, InduceError, InnerNames, MAX_CLASSES, fake_wnids, induce, induce_named, ward,
};
use glasstree::text::CleanText;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::synth;

/// The sums are scipy's, term by term; what may differ is the last digit, in the reading of the
/// decimal numbers.
const DISTANCE_TOLERANCE: f64 = 1e-12;

/// The matrix of a golden file. `clustered` puts the rows around seven centres, `ties` has only
/// zeros and ones.
fn head(kind: &str, n: usize, d: usize, seed: u64) -> Vec<f32> {
    let key = format!("induced/{kind}/{n}x{d}");
    let values = || synth::signed(&key, seed, n * d);
    match kind {
        "uniform" => values(),
        "ties" => {
            synth::uniform(&key, seed, n * d).into_iter().map(|u| (2.0 * u).floor()).collect()
        }
        "clustered" => {
            let centres = synth::signed(&format!("{key}/centres"), seed, 7 * d);
            let centre = |i: usize| centres[(3 * (i / d) + 1) % 7 * d + i % d];
            values().into_iter().enumerate().map(|(i, v)| centre(i) + 0.25 * v).collect()
        }
        _ => panic!("unknown kind of matrix {kind}"),
    }
}

struct Golden {
    name: String,
    json: Value,
    rows: Vec<f32>,
    n: usize,
    d: usize,
    wnids: &'static [CleanText],
}

fn golden() -> Vec<Golden> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/induced");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 18, "number of golden files");
    paths.iter().map(|path| load(path)).collect()
}

fn load(path: &std::path::Path) -> Golden {
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let number = |key: &str| json[key].as_u64().unwrap();
    let (n, d) = (number("n") as usize, number("d") as usize);
    let rows = head(json["kind"].as_str().unwrap(), n, d, number("seed"));
    let bytes: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
    let sha: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    assert_eq!(
        sha,
        json["fc_sha256_f32le"].as_str().unwrap(),
        "{name}: the matrix is not the reference's"
    );
    // nbdt pairs row i with line i of its file, for Tiny ImageNet too.
    let wnids = Dataset::from_name(json["dataset_wnids"].as_str().unwrap()).unwrap().leaf_ids();
    Golden { name, n, d, rows, wnids, json }
}

#[test]
fn merges_are_those_of_scipy() {
    for Golden { name, json, rows, n, d, .. } in golden() {
        let merges = ward(&rows, n, d).unwrap();
        let children: Vec<[usize; 2]> = merges.iter().map(|merge| [merge.a, merge.b]).collect();
        let expected: Vec<[usize; 2]> = serde_json::from_value(json["children"].clone()).unwrap();
        assert_eq!(children, expected, "{name}");
        let distances: Vec<f64> = serde_json::from_value(json["distances"].clone()).unwrap();
        for (k, (merge, expected)) in merges.iter().zip(distances).enumerate() {
            let error = (merge.distance - expected).abs();
            assert!(
                error <= DISTANCE_TOLERANCE * expected.max(1.0),
                "{name}: merge {k}: {merge:?}, scipy {expected}"
            );
        }
    }
}

#[test]
fn graphs_are_those_of_nbdt() {
    for Golden { name, json, rows, n, d, wnids } in golden() {
        let graph = induce(&rows, n, d, wnids).unwrap();
        let ours: Value = serde_json::from_str(&graph.to_json()).unwrap();
        // Where nbdt's own choice changes from run to run, names prove nothing. It did not for
        // these matrices.
        assert_eq!(json["wordnet_differs_at_merge"], serde_json::json!([]), "{name}");
        assert_eq!(ours["nodes"], json["with_wordnet"]["nodes"], "{name}");
        assert_eq!(ours["links"], json["with_wordnet"]["links"], "{name}");
        if let Some(expected) = json.get("without_wordnet") {
            let graph = induce_named(&rows, n, d, wnids, InnerNames::Generated).unwrap();
            let ours: Value = serde_json::from_str(&graph.to_json()).unwrap();
            assert_eq!(ours["nodes"], expected["nodes"], "{name} without WordNet");
            assert_eq!(ours["links"], expected["links"], "{name} without WordNet");
        }
    }
}

/// The shipped hierarchy comes out of any head that merges in its order: one channel, with
/// distances that grow from the pair cat and dog, car and truck, airplane and ship, deer and horse,
/// bird and frog to the halves of the tree.
#[test]
fn names_and_order_are_those_of_the_shipped_cifar10_hierarchy() {
    let [airplane, car, bird, cat, deer] = [1100.0, 1000.0, 20.0, 0.0, 60.0];
    let [dog, frog, horse, ship, truck] = [1.0, 25.0, 64.0, 1103.0, 1002.0];
    let rows = [airplane, car, bird, cat, deer, dog, frog, horse, ship, truck];
    let graph = induce(&rows, 10, 1, Dataset::Cifar10.wnids()).unwrap();
    let shipped = Dataset::Cifar10.hierarchy("induced").unwrap().json;
    assert_eq!(graph.to_json(), shipped.trim_end());
}

#[test]
fn file_begins_like_one_of_networkx() {
    let graph = induce(&[0.0, 1.0], 2, 1, &fake_wnids(2)).unwrap();
    assert_eq!(
        graph.to_json(),
        r#"{"directed":true,"multigraph":false,"graph":{},"nodes":[{"id":"f00000000"},{"id":"f00000001"},"#.to_owned()
            + r#"{"label":"(generated)","id":"f00000002"}],"links":[{"source":"f00000002","target":"f00000000"},"#
            + r#"{"source":"f00000002","target":"f00000001"}]}"#
    );
}

#[test]
fn one_class_is_a_leaf() {
    let wnids = vec!["n02121620".into()];
    let graph = induce(&[1.0, 2.0, 3.0], 1, 3, &wnids).unwrap();
    assert_eq!(graph.nodes.len(), 1);
    assert_eq!(graph.nodes[0].label.as_deref(), Some("cat"));
    assert!(graph.links.is_empty());
}

/// Cat and dog are carnivores; so are tabby and dalmatian, but the name is taken, and so on
/// upwards.
#[test]
fn a_meaning_is_given_once() {
    let wnids = ["n02121620", "n02084071", "n02123045", "n02110341"].map(CleanText::from);
    let graph = induce(&[0.0, 1.0, 10.0, 12.0], 4, 1, &wnids).unwrap();
    let labels: Vec<_> = graph.nodes.iter().map(|node| node.label.as_deref().unwrap()).collect();
    assert_eq!(labels, ["cat", "dog", "tabby", "dalmatian", "carnivore", "placental", "mammal"]);
}

/// Above a node without a meaning there are only such nodes, as in nbdt.
#[test]
fn unknown_leaves_have_generated_parents() {
    let wnids = ["n02121620", "x", "n02084071"].map(CleanText::from);
    let graph = induce(&[0.0, 1.0, 10.0], 3, 1, &wnids).unwrap();
    let labels: Vec<_> = graph.nodes.iter().map(|node| node.label.as_deref()).collect();
    assert_eq!(labels, [Some("cat"), None, Some("dog"), Some(GENERATED), Some(GENERATED)]);
}

#[test]
fn generated_ids_avoid_those_of_the_classes() {
    let wnids = ["f00000003", "f00000004", "a"].map(CleanText::from);
    let graph = induce(&[0.0, 1.0, 10.0], 3, 1, &wnids).unwrap();
    let ids: Vec<_> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids, ["f00000003", "f00000004", "a", "f00000005", "f00000006"]);
}

#[test]
fn bad_input_is_refused() {
    let two = fake_wnids(2);
    let rows = [0.0, 1.0, 2.0, 3.0];
    assert_eq!(induce(&[], 0, 4, &[]), Err(InduceError::Empty { classes: 0, channels: 4 }));
    assert_eq!(induce(&[], 2, 0, &two), Err(InduceError::Empty { classes: 2, channels: 0 }));
    assert_eq!(
        induce(&rows, 2, 3, &two),
        Err(InduceError::Shape { len: 4, classes: 2, channels: 3 })
    );
    assert_eq!(induce(&rows, 4, 1, &two), Err(InduceError::WnidCount { classes: 4, wnids: 2 }));
    let same = vec!["n02121620".into(); 2];
    assert_eq!(
        induce(&rows, 2, 2, &same),
        Err(InduceError::DuplicateWnid { wnid: "n02121620".to_owned() })
    );
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let rows = [0.0, 1.0, 2.0, bad];
        assert_eq!(induce(&rows, 2, 2, &two), Err(InduceError::NotFinite { class: 1 }));
    }
    let many = MAX_CLASSES + 1;
    assert_eq!(ward(&vec![0.0; many], many, 1), Err(InduceError::TooManyClasses { classes: many }));
    assert_eq!(
        ward(&rows, 2, usize::MAX),
        Err(InduceError::Shape { len: 4, classes: 2, channels: usize::MAX })
    );
}
