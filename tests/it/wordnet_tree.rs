//! The tree that WordNet has for the classes of a model.

use std::collections::HashSet;

use glasstree::assets::Dataset;
use glasstree::explain::Hierarchy;
use glasstree::induce::by_meaning;
use glasstree::labels::Placement;
use glasstree::wordnet::{self, Meanings};
use proptest::prelude::*;

fn tree_of(senses: &[Option<&'static str>]) -> Hierarchy {
    let ids: Vec<String> = senses
        .iter()
        .enumerate()
        .map(|(class, sense)| sense.map_or_else(|| format!("f{class:08}"), str::to_owned))
        .collect();
    let names = |wnid: &str| wordnet::name_of(wnid).map(str::to_owned);
    Hierarchy::from_json(&by_meaning(senses, &ids).to_json(), &ids, &names).unwrap()
}

fn known(wnids: &[impl AsRef<str>]) -> Vec<Option<&'static str>> {
    wnids.iter().map(|wnid| wordnet::synset(wnid.as_ref()).map(|synset| synset.wnid)).collect()
}

/// What must hold for any classes.
fn check(tree: &Hierarchy, senses: &[Option<&'static str>]) {
    let mut ids = HashSet::new();
    for node in tree.nodes() {
        assert!(ids.insert(&node.wnid), "{} twice", node.wnid);
        assert_ne!(node.children.len(), 1, "{} decides nothing", node.name);
        let meaning = node.wnid.trim_end_matches('+');
        for &class in &node.leaves {
            let is_below =
                senses[class].is_some_and(|it| wordnet::hypernym_closure(it).contains(meaning));
            let is_apart = senses[class].is_none();
            assert!(is_below || is_apart, "{meaning} is not above class {class}");
        }
    }
}

#[test]
fn imagenet_is_a_tree_that_people_understand() {
    let senses = known(Dataset::Imagenet1000.wnids());
    let tree = tree_of(&senses);
    check(&tree, &senses);
    assert_eq!(tree.classes(), 1000);
    let first: Vec<&str> =
        tree.node(tree.root()).children.iter().map(|&id| tree.node(id).name.as_str()).collect();
    assert!(first.contains(&"organism") && first.contains(&"artifact") && first.contains(&"food"));
    assert!(first.iter().all(|name| !["object", "whole", "physical_entity"].contains(name)));
    let zebra = tree.leaf(340).unwrap();
    let path: Vec<&str> =
        tree.path_to(zebra).iter().map(|&id| tree.node(id).name.as_str()).collect();
    let expected =
        ["entity", "organism", "animal", "vertebrate", "mammal", "placental", "ungulate"];
    assert_eq!(path[..7], expected);
    // Every level that WordNet has is there: see the rule for several hypernyms.
    let names: HashSet<&str> = tree.nodes().iter().map(|node| node.name.as_str()).collect();
    for level in
        ["dog", "terrier", "domestic_cat", "bird", "musical_instrument", "beverage", "shop"]
    {
        assert!(names.contains(level), "{level}");
    }
}

/// Wherever many branches meet, no other meaning of WordNet stands above two of them and below
/// their parent without being above them in the tree as well.
#[test]
fn wide_decisions_are_as_wide_as_wordnet() {
    let senses = known(Dataset::Imagenet1000.wnids());
    let tree = tree_of(&senses);
    for node in tree.nodes().iter().filter(|node| node.children.len() >= 20) {
        let above: Vec<HashSet<&str>> = node
            .children
            .iter()
            .map(|&child| {
                let mut shared: Option<HashSet<&str>> = None;
                for &class in &tree.node(child).leaves {
                    let own: HashSet<&str> =
                        wordnet::hypernym_closure(senses[class].unwrap()).into_iter().collect();
                    shared = Some(
                        shared.map_or(own.clone(), |it| it.intersection(&own).copied().collect()),
                    );
                }
                shared.unwrap()
            })
            .collect();
        for (i, a) in above.iter().enumerate() {
            for b in &above[i + 1..] {
                let between = a.intersection(b).filter(|wnid| {
                    node.wnid != **wnid
                        && wordnet::hypernym_closure(wnid).contains(node.wnid.as_str())
                });
                assert_eq!(between.count(), 0, "a level is missing below {}", node.name);
            }
        }
    }
}

#[test]
fn every_known_data_set_has_a_tree() {
    for dataset in Dataset::ALL {
        let placement = Placement::new(dataset.labels(), Some(dataset.wnids()));
        assert_eq!(placement.known(), dataset.class_count(), "{}", dataset.name());
        check(&tree_of(&placement.senses), &placement.senses);
    }
}

#[test]
fn a_class_may_stand_above_others() {
    let wnids = ["n02084071", "n02088364", "n02123045", "n02121808"].map(str::to_owned);
    let senses = known(&wnids);
    let tree = tree_of(&senses);
    check(&tree, &senses);
    let [dog, beagle] = [0, 1].map(|class| tree.leaf(class).unwrap());
    let parent = tree.node(dog).parent.unwrap();
    assert_eq!(tree.node(parent).name, "dog");
    assert_eq!(tree.node(parent).children, [dog, beagle]);
}

#[test]
fn classes_are_found_by_name_where_that_is_clear() {
    let labels =
        ["Siamese cat, Siamese", "zebra", "crane", "flower 7", "Golden-Retriever", "tabby_cat"];
    let labels = labels.map(str::to_owned);
    let placement = Placement::new(&labels, None);
    let expected =
        [Some("n02123597"), Some("n02391049"), None, None, Some("n02099601"), Some("n02123045")];
    assert_eq!(placement.senses, expected);
    assert_eq!(placement.by_name, [0, 1, 4, 5]);
    assert_eq!(placement.unknown(), [2, 3]);
    let tree = tree_of(&placement.senses);
    check(&tree, &placement.senses);
    let apart = tree.node(tree.leaf(2).unwrap()).parent.unwrap();
    assert_eq!(
        (tree.node(apart).name.as_str(), tree.node(apart).leaves.len()),
        ("not in WordNet", 2)
    );
    // Two classes of one name mean nothing that could be told apart.
    let twice = ["zebra", "zebra", "tabby"].map(str::to_owned);
    assert_eq!(Placement::new(&twice, None).senses, [None, None, Some("n02123045")]);
    // What the user says counts, whatever the label.
    let wnids = ["n02391049".to_owned()];
    let placement = Placement::new(&["horse".to_owned()], Some(&wnids));
    assert_eq!((placement.senses[0], placement.by_name.len()), (Some("n02391049"), 0));
}

#[test]
fn a_group_is_called_what_most_of_it_is() {
    let senses = known(Dataset::Imagenet1000.wnids());
    let meanings = Meanings::new(&senses);
    let dogs: Vec<usize> = (0..1000)
        .filter(|&class| wordnet::hypernym_closure(senses[class].unwrap()).contains("n02084071"))
        .collect();
    let best = meanings.best(&dogs).unwrap();
    assert_eq!((best.wnid, best.overlap), ("n02084071", 1.0));
    let most: Vec<usize> = dogs[1..].iter().copied().chain([999]).collect();
    let best = meanings.best(&most).unwrap();
    assert_eq!(best.wnid, "n02084071");
    assert!((best.overlap - (dogs.len() - 1) as f32 / (dogs.len() + 1) as f32).abs() < 1e-6);
    assert!(Meanings::new(&[None, None]).best(&[0, 1]).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any classes of any data set, in any order, some of them unknown.
    #[test]
    fn any_classes_have_a_tree(
        dataset in prop::sample::select(Dataset::ALL.to_vec()),
        picks in prop::collection::vec((any::<prop::sample::Index>(), prop::bool::weighted(0.9)), 1..60),
    ) {
        let wnids = dataset.wnids();
        let mut seen = HashSet::new();
        let senses: Vec<_> = picks.iter()
            .map(|(index, is_known)| (index.index(wnids.len()), is_known))
            .filter(|(class, _)| seen.insert(*class))
            .map(|(class, is_known)| is_known.then(|| wordnet::synset(&wnids[class]).unwrap().wnid))
            .collect();
        let tree = tree_of(&senses);
        prop_assert_eq!(tree.classes(), senses.len());
        check(&tree, &senses);
        prop_assert_eq!(tree_of(&senses), tree);
    }
}
