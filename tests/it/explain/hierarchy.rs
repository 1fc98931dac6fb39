//! Small trees, broken files and names.

use glasstree::explain::{Hierarchy, HierarchyError as Error};
use serde_json::json;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Reads a tree from its node ids and edges; nothing has a WordNet name.
fn read(ids: &[&str], edges: &[(&str, &str)], classes: &[&str]) -> Result<Hierarchy, Error> {
    let nodes: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let links: Vec<_> = edges
        .iter()
        .map(|(source, target)| json!({ "source": source, "target": target }))
        .collect();
    let text = json!({ "directed": true, "nodes": nodes, "links": links }).to_string();
    Hierarchy::from_json(&text, &strings(classes), &|_| None)
}

/// A root with the leaf `dog` and an inner node over `cat` and `fox`.
fn animals() -> Hierarchy {
    let edges = [("root", "inner"), ("root", "dog"), ("inner", "fox"), ("inner", "cat")];
    read(&["cat", "dog", "fox", "inner", "root"], &edges, &["cat", "dog", "fox"]).unwrap()
}

#[test]
fn a_tree_in_depth_first_order() {
    let h = animals();
    let wnids: Vec<_> = h.nodes().iter().map(|node| node.wnid.as_str()).collect();
    assert_eq!(wnids, ["root", "inner", "fox", "cat", "dog"]);
    assert_eq!(h.node(0).leaves, [2, 0, 1]);
    assert_eq!(h.node(1).leaves, [2, 0]);
    assert_eq!(h.node(0).name, "fox or 2 others");
    assert_eq!(h.node(1).name, "fox or cat");
    assert_eq!(h.path_to(3), [0, 1, 3]);
    assert_eq!((h.child_index(0), h.child_index(3), h.child_index(4)), (None, Some(1), Some(1)));
    assert_eq!(h.nodes().iter().map(|node| node.depth).collect::<Vec<_>>(), [0, 1, 2, 2, 1]);
    assert_eq!(
        (0..4).map(|class| h.leaf(class)).collect::<Vec<_>>(),
        [Some(3), Some(4), Some(2), None]
    );
    assert_eq!(
        (h.find_node("inner"), h.find_node("CAT"), h.find_node("cow")),
        (Some(1), Some(3), None)
    );
}

#[test]
fn labels_name_the_leaves_and_describe_the_branches() {
    let mut h = animals();
    h.set_labels(&strings(&["tabby, tabby cat", "dingo", "red fox"])).unwrap();
    assert_eq!(h.node(3).name, "tabby, tabby cat");
    assert_eq!(h.node(1).name, "red fox or tabby");
    assert!(h.node(1).generated && !h.node(3).generated);
    let error = h.set_labels(&strings(&["one"])).unwrap_err();
    assert!(matches!(error, Error::LabelCount { labels: 1, classes: 3 }), "{error}");
}

#[test]
fn many_leaves_are_described_by_the_first_and_the_last() {
    let classes = ["a", "b", "c", "d"];
    let edges = classes.map(|class| ("root", class));
    let h = read(&["root", "a", "b", "c", "d"], &edges, &classes).unwrap();
    assert_eq!(h.node(0).name, "a or 3 others");
}

#[test]
fn names_come_from_wordnet_then_from_the_file() {
    let text = json!({
        "nodes": [
            { "id": "r", "label": "(generated)" },
            { "id": "i", "label": "from the file", "contraction": { "x": {} } },
            { "id": "a", "label": "" }, { "id": 7, "label": null }, { "id": "b" },
        ],
        "links": [
            { "source": "r", "target": "i" }, { "source": "r", "target": "b", "weight": 1 },
            { "source": "i", "target": 7 }, { "source": "i", "target": "a" },
        ],
    });
    let names = |wnid: &str| (wnid == "b").then(|| "bee".to_owned());
    let h = Hierarchy::from_json(&text.to_string(), &strings(&["a", "b", "7"]), &names).unwrap();
    let shown: Vec<_> = h.nodes().iter().map(|n| (n.name.as_str(), n.generated)).collect();
    assert_eq!(
        shown,
        [
            ("7 or 2 others", true),
            ("from the file", false),
            ("7", true),
            ("a", true),
            ("bee", false),
        ]
    );
}

#[test]
fn one_class_is_a_tree() {
    let h = read(&["only"], &[], &["only"]).unwrap();
    assert_eq!((h.node(0).class, h.classes()), (Some(0), 1));
}

#[test]
fn writing_and_reading_keeps_the_tree() {
    let mut h = animals();
    h.set_labels(&strings(&["tabby", "dingo", "red fox"])).unwrap();
    let text = h.to_json();
    let again = Hierarchy::from_json(&text, &strings(&["cat", "dog", "fox"]), &|_| None).unwrap();
    assert_eq!(again, h);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["directed"], &value["multigraph"]), (&json!(true), &json!(false)));
    assert_eq!(value["nodes"][1], json!({ "id": "inner" }), "no label is made up");
    assert_eq!(value["nodes"][2], json!({ "id": "fox", "label": "red fox" }));
    assert_eq!(value["links"][0], json!({ "source": "root", "target": "inner" }));
}

/// What must be refused, and what the message must name.
#[test]
fn broken_files_are_refused_by_name() {
    let abr = &["a", "b", "r"][..];
    let tree = &[("r", "a"), ("r", "b")][..];
    for (ids, edges, classes, named) in [
        (abr, &[("r", "a")][..], &["a", "b"][..], "several roots, among them \"b\" and \"r\""),
        (abr, &[("r", "a"), ("a", "b"), ("b", "r")], &["a"], "is its own ancestor"),
        (abr, &[("a", "b"), ("b", "a")], &["r"], "is its own ancestor"),
        (abr, &[("r", "r"), ("a", "b")], &["b"], "\"r\" is its own ancestor"),
        (abr, &[("r", "a"), ("r", "b"), ("a", "b")], &["b"], "\"b\" has two parents, \"r\" and"),
        (abr, &[("r", "a"), ("r", "b"), ("r", "a")], &["a", "b"], "edge from \"r\" to \"a\" twice"),
        (abr, &[("r", "a"), ("r", "x")], &["a"], "\"x\", which is not among the nodes"),
        (abr, tree, &["a"], "\"b\" has no children and is not a class"),
        (abr, tree, &["a", "b", "c", "d"], "no leaf for the class \"c\" (line 3 of the wnids, 2"),
        (abr, tree, &["a", "b", "r"], "class \"r\" has children"),
        (abr, tree, &["a", "b", "a"], "wnids has \"a\" twice"),
        (&["a", "a"], &[], &["a"], "the node \"a\" twice"),
        (&[], &[], &[], "no nodes"),
    ] {
        let message = read(ids, edges, classes).unwrap_err().to_string();
        assert!(message.contains(named), "{message:?} does not say {named:?}");
        assert!(!message.contains('\n'), "{message:?}");
    }
}

#[test]
fn other_json_is_refused() {
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{\"nodes\":[]}",
        "{\"nodes\":[{}],\"links\":[]}",
        "{\"nodes\":[{\"id\":1.5}],\"links\":[]}",
        "{\"nodes\":[{\"id\":\"a\"}],\"links\":{}}",
        "{\"directed\":false,\"nodes\":[{\"id\":\"a\"}],\"links\":[]}",
        &"[".repeat(100_000),
    ] {
        let result = Hierarchy::from_json(text, &strings(&["a"]), &|_| None);
        let message = result.unwrap_err().to_string();
        assert!(message.contains("node-link JSON") || message.contains("directed"), "{message}");
    }
}

#[test]
fn long_ids_are_cut_in_messages() {
    let id = "ü".repeat(5000);
    let message = read(&[&id], &[], &["a"]).unwrap_err().to_string();
    assert!(message.len() < 400 && message.contains('…'), "{message}");
}

/// A caterpillar: each inner node has one leaf and the next inner node.
fn caterpillar(depth: usize) -> Result<Hierarchy, Error> {
    let inner: Vec<_> = (0..depth).map(|i| format!("i{i}")).collect();
    let leaves: Vec<_> = (0..depth).map(|i| format!("l{i}")).collect();
    let mut edges: Vec<_> =
        inner.iter().zip(&leaves).map(|(i, l)| (i.as_str(), l.as_str())).collect();
    edges.extend(inner.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())));
    let ids: Vec<_> = inner.iter().chain(&leaves).map(String::as_str).collect();
    let classes: Vec<_> = leaves.iter().map(String::as_str).collect();
    read(&ids, &edges, &classes)
}

#[test]
fn deep_trees_are_read_and_boundless_ones_refused() {
    let h = caterpillar(2000).unwrap();
    assert_eq!(h.nodes().iter().map(|node| node.depth).max(), Some(2000));
    assert!(matches!(caterpillar(20_000), Err(Error::TooLarge(_))));
}

#[test]
fn a_long_chain_over_one_class_is_read() {
    let ids: Vec<_> = (0..50_000).map(|i| i.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let edges: Vec<_> = ids.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let h = read(&ids, &edges, &[ids[49_999]]).unwrap();
    assert_eq!(h.node(0).name, "49999");
}
