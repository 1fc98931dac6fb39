//! Shipped class lists, hierarchies, photos and WordNet table.

use std::collections::{BTreeMap, BTreeSet};

use glasstree::assets::{Dataset, SAMPLE_PHOTOS};
use glasstree::wordnet;
use serde_json::Value;

/// Nodes in the order of the file, and the children of each inner node.
fn graph(json: &str) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let json: Value = serde_json::from_str(json).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let nodes = json["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
    let mut children = BTreeMap::<_, Vec<_>>::new();
    for link in json["links"].as_array().unwrap() {
        children.entry(text(&link["source"])).or_default().push(text(&link["target"]));
    }
    (nodes, children)
}

#[test]
fn data_sets_have_their_classes() {
    for (dataset, count) in Dataset::ALL.into_iter().zip([10, 100, 200, 1000]) {
        assert_eq!(dataset.labels().len(), count);
        assert_eq!(dataset.class_count(), count);
        assert_eq!(dataset.wnids().iter().collect::<BTreeSet<_>>().len(), count);
        assert_eq!(Dataset::from_class_count(count), Some(dataset));
        assert_eq!(Dataset::from_name(&dataset.name().to_lowercase()), Some(dataset));
        assert!(dataset.labels().iter().all(|label| !label.is_empty() && *label == label.trim()));
        for wnid in dataset.wnids() {
            assert!(wordnet::synset(wnid).is_some(), "{dataset:?} {wnid}");
        }
    }
    assert_eq!(Dataset::from_class_count(21_843), None);
}

/// Indices that everyone who works with these data sets knows, and one WordNet name for each label.
#[test]
fn labels_belong_to_their_wnids() {
    assert_eq!(Dataset::Cifar10.labels()[3], "cat");
    assert_eq!(Dataset::Cifar100.labels()[1], "aquarium_fish");
    assert_eq!(Dataset::Imagenet1000.labels()[0], "tench, Tinca tinca");
    assert_eq!(Dataset::Imagenet1000.labels()[283], "Persian cat");
    assert!(Dataset::Imagenet1000.wnids().is_sorted(), "torchvision sorts the folders");
    for dataset in [Dataset::TinyImagenet200, Dataset::Imagenet1000] {
        for (label, wnid) in dataset.labels().iter().zip(dataset.wnids()) {
            let synset = wordnet::synset(wnid).unwrap();
            let first = label.split(", ").next().unwrap().replace(' ', "_").to_lowercase();
            let lemmas: Vec<String> =
                synset.lemmas.iter().map(|lemma| lemma.to_lowercase()).collect();
            assert!(
                lemmas.contains(&first),
                "{dataset:?} {wnid}: {label:?} is not one of {lemmas:?}"
            );
        }
    }
}

#[test]
fn hierarchies_have_one_leaf_for_each_class() {
    for dataset in Dataset::ALL {
        for asset in dataset.hierarchies() {
            let (nodes, children) = graph(asset.json);
            let leaves = nodes.iter().filter(|id| !children.contains_key(*id));
            let leaves: BTreeSet<&str> = leaves.map(String::as_str).collect();
            let ids = dataset.leaf_ids().iter().map(|id| id.as_str()).collect();
            assert_eq!(leaves, ids, "{dataset:?} {}", asset.name);
            // A tree: every node but one is somebody's child once.
            let targets: Vec<&String> = children.values().flatten().collect();
            assert_eq!(targets.len(), nodes.len() - 1);
            assert_eq!(targets.iter().collect::<BTreeSet<_>>().len(), targets.len());
            let ids = nodes.iter().map(String::as_str);
            assert_eq!(dataset.leaf_ids_of(ids), dataset.leaf_ids(), "{dataset:?} {}", asset.name);
            assert!(nodes.iter().all(|id| id.starts_with('f') || wordnet::synset(id).is_some()));
        }
    }
}

/// Labels in the files are the WordNet names, which checks table and files against each other.
#[test]
fn node_labels_are_wordnet_names() {
    for dataset in Dataset::ALL {
        for asset in dataset.hierarchies() {
            let json: Value = serde_json::from_str(asset.json).unwrap();
            for node in json["nodes"].as_array().unwrap() {
                let id = node["id"].as_str().unwrap();
                if let (Some(label), Some(name)) = (node["label"].as_str(), wordnet::name_of(id)) {
                    assert_eq!(label, name, "{dataset:?} {} {id}", asset.name);
                }
            }
        }
    }
}

#[test]
fn hierarchies_are_found_by_all_their_names() {
    let name = |dataset: Dataset, name: &str| dataset.hierarchy(name).map(|asset| asset.name);
    assert_eq!(name(Dataset::Cifar10, "induced"), Some("induced-wrn28_10_cifar10"));
    assert_eq!(name(Dataset::Cifar10, "graph-induced-resnet18.json"), Some("induced-ResNet18"));
    assert_eq!(name(Dataset::Cifar100, "wordnet-single"), Some("wordnet"));
    assert_eq!(name(Dataset::Imagenet1000, "induced"), Some("induced-efficientnet_b7b"));
    assert_eq!(name(Dataset::Imagenet1000, "wordnet"), None);
    for dataset in Dataset::ALL {
        assert_eq!(name(dataset, "induced"), Some(dataset.hierarchies()[0].name));
    }
}

/// Class 0 of Tiny ImageNet is a goldfish, whose leaf nbdt calls by the id of the Egyptian cat.
#[test]
fn tiny_imagenet_leaves_keep_their_class_but_not_their_name() {
    let tiny = Dataset::TinyImagenet200;
    assert_eq!((tiny.labels()[0].as_str(), tiny.wnids()[0].as_str()), ("goldfish", "n01443537"));
    assert_eq!(tiny.leaf_ids()[0], "n02124075");
    assert_eq!(wordnet::name_of("n02124075"), Some("egyptian_cat"));
    let own = tiny.wnids().iter().map(|id| id.as_str()).chain(["f00000200"]);
    assert_eq!(tiny.leaf_ids_of(own), tiny.wnids(), "a hierarchy with the right names");
    for dataset in [Dataset::Cifar10, Dataset::Cifar100, Dataset::Imagenet1000] {
        assert_eq!(dataset.wnids(), dataset.leaf_ids());
    }
}

#[test]
fn wordnet_table_is_complete_and_consistent() {
    let all = wordnet::synsets();
    assert_eq!(all.len(), 2106);
    let mut senses = BTreeSet::new();
    for synset in all {
        assert!(senses.insert(synset.sense), "{} comes twice", synset.sense);
        let above: Vec<_> =
            synset.hypernyms.iter().map(|wnid| wordnet::synset(wnid).unwrap()).collect();
        let depth = above.iter().map(|hypernym| hypernym.max_depth + 1).max().unwrap_or(0);
        assert_eq!(synset.max_depth, depth, "{}", synset.sense);
        assert_eq!(synset.lemmas[0].to_lowercase(), synset.name());
        assert!(
            wordnet::hypernym_closure(synset.wnid).contains("n00001740"),
            "{} is an entity",
            synset.sense
        );
        assert!(!synset.gloss.is_empty());
    }
    assert_eq!(wordnet::name_of("n02958343"), Some("car"));
    assert_eq!(wordnet::synset("n02958343").unwrap().lemmas[2], "automobile");
    assert_eq!(wordnet::hypernym_closure("n02121620").len(), 14);
    assert!(wordnet::hypernym_closure("n99999999").is_empty());
}

#[test]
fn sample_photos_can_be_told_apart() {
    for photo in SAMPLE_PHOTOS {
        let is_png = photo.bytes.starts_with(b"\x89PNG");
        let is_jpeg = photo.bytes.starts_with(&[0xff, 0xd8, 0xff]);
        assert_eq!(
            (is_png, is_jpeg),
            (photo.name.ends_with("png"), photo.name.ends_with("jpg")),
            "{}",
            photo.name
        );
        assert!(photo.bytes.len() < 300_000);
    }
}
