//! Class lists of users, and the search for a class.

use glasstree::assets::Dataset;
use glasstree::labels::{
    ClassList, ContentError, FindClassError, ListError, parse_wnids, read_wnids,
};
use glasstree::text::CleanText;
use proptest::prelude::*;

fn parse(text: &str) -> Result<ClassList, ContentError> {
    ClassList::parse(text.as_bytes())
}

fn owned(texts: &[&str]) -> Vec<CleanText> {
    texts.iter().map(|&text| text.into()).collect()
}

#[test]
fn labels_are_read_in_every_form() {
    let expected =
        ClassList { labels: owned(&["tench, Tinca tinca", "crane", "tabby"]), wnids: None };
    for text in [
        "tench, Tinca tinca\ncrane\ntabby\n",
        "\u{feff}tench, Tinca tinca \r\n\tcrane\r\ntabby",
        "tench, Tinca tinca\ncrane\ntabby\n\n  \n",
        r#"["tench, Tinca tinca", "crane", "tabby"]"#,
        "\u{feff}\n {\"2\": \"tabby\", \"0\": \"tench, Tinca tinca\", \"1\": \"crane\"}\n",
        r#"{"tabby": 2, "tench, Tinca tinca": 0, "crane": 1}"#,
        r#"{"name": "resnet", "id2label": {"0": "tench, Tinca tinca", "1": "crane", "2": "tabby"}}"#,
    ] {
        assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
    }
    let expected = ClassList {
        labels: owned(&["tench, Tinca tinca", "cat"]),
        wnids: Some(owned(&["n01440764", "n02121620"])),
    };
    for text in [
        "n01440764 tench, Tinca tinca\nn02121620\tcat\n",
        "n01440764: tench, Tinca tinca\nn02121620",
        r#"{"0": ["n01440764", "tench, Tinca tinca"], "1": ["n02121620", "cat"]}"#,
        r#"[["n01440764", "tench, Tinca tinca"], ["n02121620", "cat"]]"#,
    ] {
        assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
    }
}

#[test]
fn lines_are_split_only_if_all_begin_with_a_wnid() {
    for text in
        ["0 tench\n1 crane", "n01440764 tench\ncrane", "n014407645 tench\nn01518878 ostrich"]
    {
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(parse(text), Ok(ClassList { labels: owned(&lines), wnids: None }), "{text}");
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    assert_eq!(parse("red \u{1b}[31mpanda").unwrap().labels, ["red  [31mpanda"]);
}

#[test]
fn bad_label_files_are_named() {
    let message = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(parse(" \n \n"), Err(ContentError::Empty));
    assert_eq!(parse("[]"), Err(ContentError::Empty));
    assert_eq!(parse("{}"), Err(ContentError::Empty));
    assert_eq!(parse("a\n\nb"), Err(ContentError::EmptyLine { line: 2 }));
    assert_eq!(parse(r#"["a", ""]"#), Err(ContentError::EmptyLabel { class: 1 }));
    assert_eq!(
        parse(r#"{"0": "a", "2": "b"}"#),
        Err(ContentError::MissingClass { class: 1, count: 2 })
    );
    assert_eq!(
        parse(r#"{"1": "a", "2": "b"}"#),
        Err(ContentError::MissingClass { class: 0, count: 2 })
    );
    assert_eq!(
        parse(r#"{"a": 7, "b": 7}"#),
        Err(ContentError::MissingClass { class: 0, count: 2 })
    );
    assert_eq!(ClassList::parse(&[0xff, 0xfe, b'a', 0]), Err(ContentError::NotUtf8));
    assert_eq!(ClassList::parse(&vec![b'a'; 9 << 20]), Err(ContentError::TooLarge));
    assert_eq!(parse(&"a\n".repeat(100_001)), Err(ContentError::TooMany { count: 100_001 }));
    assert!(message("[\"a\", ").contains("not valid JSON"));
    assert!(message(&"[".repeat(10_000)).contains("not valid JSON"));
    assert!(message(r#"["a", 3]"#).contains("entry of class 1"));
    assert!(message(r#"{"zero": "a"}"#).contains("\"zero\" is not a class number"));
    assert!(message(r#"{"a": -1}"#).contains("-1 is not a class number"));
    assert!(message(r#"{"a": 0, "1": "b"}"#).contains("is not a class number"));
    let twice = ContentError::DuplicateWnid { wnid: "n01440764".into(), first: 0, second: 1 };
    assert_eq!(parse("n01440764 a\nn01440764 b"), Err(twice.clone()));
    assert_eq!(parse_wnids(b"n01440764\nn01440764"), Err(twice));
    let not_wnid = ContentError::NotWnid { line: 2, text: "great white shark".into() };
    assert_eq!(parse_wnids(b"n01440764\ngreat white shark"), Err(not_wnid));
    assert_eq!(parse_wnids(b"n01440764\r\nf00000001 \r\n").unwrap(), ["n01440764", "f00000001"]);
    let missing = read_wnids(std::path::Path::new("no/such/file.txt")).unwrap_err();
    assert!(
        matches!(missing, ListError::Read { .. })
            && missing.to_string().contains("no/such/file.txt")
    );
}

#[test]
fn classes_are_found_by_number_name_synonym_and_wnid() {
    let imagenet = Dataset::Imagenet1000.classes();
    for (query, class) in [
        ("283", 283),
        ("index:283", 283),
        ("n02123394", 283),
        ("Persian cat", 283),
        ("  PERSIAN_CAT ", 283),
        ("pérsïan-cát", 283),
        ("tabby", 281),
        ("tabby cat", 281),
        ("Tabby, tabby cat", 281),
        ("missile", 657),
        ("projectile", 744),
        ("1", 1),
    ] {
        assert_eq!(imagenet.find(query), Ok(class), "{query}");
    }
    assert_eq!(Dataset::Cifar10.classes().find("car"), Ok(1), "a WordNet synonym of automobile");
    assert_eq!(Dataset::Cifar100.classes().find("aquarium fish"), Ok(1));
}

#[test]
fn ambiguous_and_unknown_classes_are_explained() {
    let imagenet = Dataset::Imagenet1000.classes();
    let message = |query: &str| imagenet.find(query).unwrap_err().to_string();
    assert_eq!(
        message("Crane"),
        "\"Crane\" may mean several classes: 134 (crane), 517 (crane); give a number, for example index:134"
    );
    assert_eq!(message("1000"), "There is no class 1000; the model has classes 0 to 999");
    assert!(message("99999999999999999999").contains("no class 99999999999999999999"));
    let similar = |query: &str| match imagenet.find(query) {
        Err(FindClassError::Unknown { suggestions, .. }) => {
            suggestions.into_iter().map(|(class, _)| class).collect()
        }
        other => panic!("{query}: {other:?}"),
    };
    let found: [Vec<usize>; 3] = ["persan cat", "retriever", "zebrra"].map(similar);
    assert_eq!(found[0][0], 283);
    assert!(
        found[1].iter().all(|&class| imagenet.labels[class].contains("retriever"))
            && found[1].len() == 4
    );
    assert_eq!(found[2], [340]);
    assert_eq!(similar("zerba"), [340], "letters that changed places are one mistake");
    assert_eq!(similar("qqqqqqqq"), Vec::<usize>::new());
    assert_eq!(
        message("qqqqqqqq"),
        "No class is called \"qqqqqqqq\"; give a class number or a label"
    );
    assert_eq!(similar(""), Vec::<usize>::new());
    assert_eq!(similar(" - "), Vec::<usize>::new());
}

/// In MNIST-like lists a number is a label as well.
#[test]
fn numbers_that_are_labels_must_agree() {
    let digits = ClassList { labels: owned(&["1", "2", "0"]), wnids: None };
    assert!(matches!(digits.find("1"), Err(FindClassError::Ambiguous { .. })));
    assert_eq!(digits.find("index:1"), Ok(1));
    let mnist = ClassList { labels: owned(&["0", "1", "2"]), wnids: None };
    assert_eq!(mnist.find("2"), Ok(2));
}

proptest! {
    /// Files of users: any answer, but no panic.
    #[test]
    fn no_file_or_query_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,60}", query in ".{0,20}") {
        let _ = ClassList::parse(&bytes);
        let _ = parse_wnids(&bytes);
        let _ = parse_wnids(text.as_bytes());
        if let Ok(list) = parse(&text) {
            let _ = list.find(&query);
        }
        let _ = Dataset::Cifar100.classes().find(&query);
    }

    /// JSON of any shape is read or refused.
    #[test]
    fn no_json_panics(text in r#"[\[{]("[a0-9n]{0,9}"|[\[\]{}:,]|[0-9]|null){0,12}[\]}]"#) {
        let _ = parse(&text);
    }
}
