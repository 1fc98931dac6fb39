//! Text from outside, made harmless where it enters.

use std::path::Path;

use glasstree::assets::Dataset;
use glasstree::labels::{ClassList, parse_wnids};
use glasstree::text::{CleanText, Shown as _};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use crate::cli::{Output, glasstree, root, text};

/// Clears the screen, names the window, rings, starts a new line, is C1, turns the direction,
/// separates lines; and then what HTML and SVG would act on.
const HOSTILE: &str = "\u{1b}[31mRED\u{1b}]0;pwn\u{7}\r\n\u{0}\u{9b}2J\u{202e}evil\u{2066}\u{200b}\
                       \u{2028}\u{2029}\u{7f}\u{85}</title><script>&\"'";

/// Whether a terminal or a reader could be misled; line ends are what separates lines of output.
fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

fn assert_harmless(text: &str) {
    let found: Vec<char> = text.chars().filter(|&c| is_harmful(c)).collect();
    assert!(found.is_empty(), "{found:?} in {text:?}");
}

#[test]
fn what_is_seen_stays_and_the_rest_goes() {
    assert_eq!(CleanText::new(" tabby,\ttabby cat \n"), "tabby, tabby cat");
    assert_eq!(
        CleanText::new("مار\u{200c}ها 👩\u{200d}🔬 naïve"),
        "مار\u{200c}ها 👩\u{200d}🔬 naïve"
    );
    assert_eq!(CleanText::new(HOSTILE), "[31mRED ]0;pwn     2Jevil    </title><script>&\"'");
    assert_eq!(CleanText::short(&"x".repeat(200)).chars().count(), 81);
    assert_eq!(Path::new("a\u{1b}[2J/b\r.png").shown(), "a [2J/b .png");
    assert_eq!(Path::new("a/b\r.png").shown_name(), "b .png");
}

proptest! {
    #[test]
    fn clean_text_is_harmless_and_stays_as_it_is(text in any::<String>()) {
        let clean = CleanText::new(&text);
        prop_assert!(!clean.chars().any(|c| is_harmful(c) || c == '\n'), "{:?}", clean);
        prop_assert_eq!(CleanText::new(&clean), clean);
    }

    #[test]
    fn lists_of_classes_are_harmless(text in "\\PC{0,20}(\u{1b}|\u{9b}|\u{202e}|\u{2028}|\n|\\PC){0,40}") {
        let labels = ClassList::parse(text.as_bytes()).map(|list| list.labels).unwrap_or_default();
        let wnids = parse_wnids(text.as_bytes()).unwrap_or_default();
        for text in labels.into_iter().chain(wnids) {
            prop_assert!(!text.chars().any(is_harmful), "{:?}", text);
        }
    }
}

/// A tree over the classes of CIFAR10 whose inner nodes have harmful ids and names.
fn hostile_tree() -> String {
    let leaves = Dataset::Cifar10.leaf_ids();
    let inner = ["a", "b"].map(|name| format!("{name}{HOSTILE}"));
    let mut nodes = vec![json!({ "id": "root", "renamed": HOSTILE })];
    let mut links = Vec::new();
    for (at, id) in inner.iter().enumerate() {
        nodes.push(json!({ "id": id, "label": format!("{at}{HOSTILE}") }));
        links.push(json!({ "source": "root", "target": id }));
    }
    for (class, leaf) in leaves.iter().enumerate() {
        nodes.push(json!({ "id": leaf, "label": HOSTILE }));
        links.push(json!({ "source": inner[usize::from(class > 4)], "target": leaf }));
    }
    json!({ "directed": true, "nodes": nodes, "links": links }).to_string()
}

#[test]
fn names_of_a_hierarchy_reach_no_output_as_they_are() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tree\u{9b}2J.json");
    std::fs::write(&file, hostile_tree()).unwrap();
    let photo = text(&root().join("assets/photos/cat_and_coffee.jpg")).to_owned();
    let tree = ["--hierarchy", text(&file)];
    for command in [
        &["tree", &photo][..],
        &["tree", &photo, "--json"],
        &["cam", &photo, "--node", "root"],
        &["cam", &photo, "--node", "root", "--json"],
        &["cam", &photo, "--node", "no such node"],
        &["flip", &photo, "--node", "root"],
        &["flip", &photo, "--node", "root", "--json"],
    ] {
        let arguments = [command, &tree, &["--model", "wrn16-2-cifar10"]].concat();
        let Output { out, err, .. } = glasstree(&arguments);
        assert_harmless(&out);
        assert_harmless(&err);
    }
}
