//! Trees with other names and other branches.

use std::collections::BTreeSet;

use glasstree::explain::{Decision, EditError, Hierarchy, Rule};
use proptest::prelude::*;

use super::properties::{numbers, tree};

fn reread(h: &Hierarchy, wnids: &[String]) -> Hierarchy {
    Hierarchy::from_json(&h.to_json(), wnids, &|_| None).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moving_keeps_the_classes((h, wnids) in tree(2..30), a: usize, b: usize, seed in numbers(30, 5.0)) {
        let (node, parent) = (a % h.nodes().len(), b % h.nodes().len());
        let old = h.node(node).parent;
        let moved = match h.moved(node, parent) {
            Ok(moved) => moved,
            Err(error) => {
                let expected = match error {
                    EditError::Root(_) => old.is_none(),
                    EditError::IntoItself { .. } => h.path_to(parent).contains(&node),
                    EditError::BelowClass(_) => h.node(parent).is_leaf(),
                    EditError::SamePlace { .. } => old == Some(parent),
                    EditError::Emptied(_) => h.node(old.unwrap()).children.len() == 1,
                    _ => false,
                };
                prop_assert!(expected, "{error}");
                return Ok(());
            }
        };
        prop_assert_eq!(moved.classes(), h.classes());
        for class in 0..h.classes() {
            let wnid = |h: &Hierarchy| h.node(h.leaf(class).unwrap()).wnid.clone();
            prop_assert_eq!(wnid(&moved), wnid(&h));
        }
        let new = moved.find_node(&h.node(node).wnid).unwrap();
        let above = moved.node(moved.node(new).parent.unwrap());
        prop_assert_eq!(&above.wnid, &h.node(parent).wnid);
        prop_assert_eq!(above.children.last(), Some(&new));
        let leaves = |h: &Hierarchy, id: usize| h.node(id).leaves.iter().copied().collect::<BTreeSet<_>>();
        prop_assert_eq!(leaves(&moved, new), leaves(&h, node));
        let spliced = usize::from(h.node(old.unwrap()).children.len() == 2);
        prop_assert_eq!(moved.nodes().len() + spliced, h.nodes().len());
        prop_assert_eq!(&reread(&moved, &wnids), &moved);
        let decision = Decision::new(&moved, &seed[..h.classes()], Rule::Soft);
        // At most 30 probabilities in 32 bits.
        prop_assert!((decision.class_prob.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_name_survives_the_file((h, wnids) in tree(2..30), at: usize, name in "[a-zA-Z (),é]{0,20}") {
        let node = at % h.nodes().len();
        let renamed = match h.renamed(node, &name) {
            Ok(renamed) => renamed,
            Err(EditError::ClassName(_)) => { prop_assert!(h.node(node).is_leaf()); return Ok(()) }
            Err(error) => { prop_assert!(name.trim().is_empty(), "{error}"); return Ok(()) }
        };
        prop_assert_eq!(&renamed.node(node).name, name.trim());
        prop_assert_eq!(&reread(&renamed, &wnids), &renamed);
        // Even where WordNet has a name, and after the model's labels are known.
        let wordnet = |_: &str| Some("something else".to_owned());
        let mut again = Hierarchy::from_json(&renamed.to_json(), &wnids, &wordnet).unwrap();
        again.set_labels(&wnids).unwrap();
        prop_assert_eq!(&again.node(node).name, name.trim());
        // And after the tree was changed elsewhere.
        if let Some(child) = (1..h.nodes().len()).find_map(|id| renamed.moved(id, h.root()).ok()) {
            let again = Hierarchy::from_json(&child.to_json(), &wnids, &wordnet).unwrap();
            let kept = again.find_node(&h.node(node).wnid);
            prop_assert!(kept.is_none_or(|id| again.node(id).name == name.trim()));
        }
    }
}

#[test]
fn a_decision_with_one_branch_left_gives_way() {
    let text = r#"{"nodes":[{"id":"r"},{"id":"x"},{"id":"y"},{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}],
        "links":[{"source":"r","target":"x"},{"source":"r","target":"y"},
                 {"source":"x","target":"a"},{"source":"x","target":"b"},
                 {"source":"y","target":"c"},{"source":"y","target":"d"}]}"#;
    let wnids = ["a", "b", "c", "d"].map(str::to_owned);
    let h = Hierarchy::from_json(text, &wnids, &|_| None).unwrap();
    let node = |h: &Hierarchy, wnid: &str| h.find_node(wnid).unwrap();
    let shape =
        |h: &Hierarchy| h.nodes().iter().map(|n| n.wnid.clone()).collect::<Vec<_>>().join(" ");
    // x would decide between b alone: b takes its place.
    let moved = h.moved(node(&h, "a"), node(&h, "y")).unwrap();
    assert_eq!(shape(&moved), "r b y c d a");
    // The root would have a single branch: that branch becomes the root.
    let moved = h.moved(node(&h, "x"), node(&h, "y")).unwrap();
    assert_eq!(shape(&moved), "y c d x a b");
    let message =
        |from: &str, to: &str| h.moved(node(&h, from), node(&h, to)).unwrap_err().to_string();
    assert!(
        message("x", "a").contains("\"a\" is a part of it")
            || message("x", "a").contains("below itself")
    );
    assert!(message("a", "c").contains("nothing can hang below a class"));
    assert!(message("r", "x").contains("root"));
    assert!(message("a", "x").contains("already"));
    assert!(matches!(h.moved(99, 0), Err(EditError::NoSuchNode(99))));
    assert!(matches!(h.renamed(0, &"x".repeat(1000)), Err(EditError::Name)));
}
