//! Finding pictures and their classes in folders and lists.

use std::path::Path;

use glasstree::assets::Dataset;
use glasstree::eval::Rect;
use glasstree::labelled_pictures::{DataError, LabelledPictures};
use glasstree::labels::ClassList;
use proptest::prelude::*;
use tempfile::TempDir;

fn cifar() -> &'static ClassList {
    Dataset::Cifar10.classes()
}

/// A folder with these files, which hold their own names.
fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files {
        write(&folder, file, file);
    }
    folder
}

fn write(folder: &TempDir, file: &str, text: &str) {
    let path = folder.path().join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// `(path below the folder, class)` of every picture.
fn found(folder: &TempDir, pictures: &LabelledPictures) -> Vec<(String, usize)> {
    let below = |path: &Path| {
        path.strip_prefix(folder.path()).unwrap().to_string_lossy().replace('\\', "/")
    };
    pictures.pictures.iter().map(|picture| (below(&picture.path), picture.class)).collect()
}

fn pairs(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|&(path, class)| (path.to_owned(), class)).collect()
}

fn list(text: &str) -> Result<LabelledPictures, DataError> {
    let folder = folder(&["cat/a.png"]);
    write(&folder, "list.csv", text);
    LabelledPictures::read(&folder.path().join("list.csv"), None, cifar())
}

#[test]
fn folders_are_classes_by_label_wnid_synonym_or_number() {
    let folder = folder(&[
        "n02121620/images/y.JPEG",
        "n02121620/x.jpg",
        "n02121620/x_boxes.txt",
        "n02121620/.hidden.jpg",
        "n02121620/deeper/far/z.jpg",
        "0/first.PNG",
        "Dog/b.webp",
        "Dog/a.webp",
        "aeroplane/plane.bmp",
        "unicorn/1.jpg",
        "unicorn/2.jpg",
        "99/3.gif",
        "notes.txt",
        "loose.jpg",
    ]);
    let pictures = LabelledPictures::read(folder.path(), None, cifar()).unwrap();
    let expected = [
        ("0/first.PNG", 0),
        ("Dog/a.webp", 5),
        ("Dog/b.webp", 5),
        ("aeroplane/plane.bmp", 0),
        ("n02121620/x.jpg", 3),
        ("n02121620/images/y.JPEG", 3),
    ];
    assert_eq!(found(&folder, &pictures), pairs(&expected));
    let unknown: Vec<_> =
        pictures.unknown.iter().map(|class| (class.name.as_str(), class.pictures)).collect();
    assert_eq!(unknown, [("99", 1), ("unicorn", 2)]);
    assert!(pictures.unknown[1].reason.contains("unicorn"));
}

#[test]
fn lists_have_commas_or_tabs_titles_and_quotation_marks() {
    let folder = folder(&[]);
    let text = "\u{feff}Path,Class\r\ncat/a.png,cat\r\n\r\n\"b, \"\"2\"\".png\", 5 \n\
                c.png\tn02121620\n/abs/d.png,unicorn\n";
    write(&folder, "sub/list.txt", text);
    let pictures =
        LabelledPictures::read(&folder.path().join("sub/list.txt"), None, cifar()).unwrap();
    let expected = [("sub/cat/a.png", 3), ("sub/b, \"2\".png", 5), ("sub/c.png", 3)];
    assert_eq!(found(&folder, &pictures), pairs(&expected));
    assert_eq!(pictures.unknown[0].name, "unicorn");
}

#[test]
fn boxes_belong_to_pictures_wherever_these_are() {
    let folder =
        folder(&["images/a.JPEG", "dog/b.png", "cat/images/c.png", "d.png", "unlisted.png"]);
    let lines = "a.JPEG\tcat\t1\t2\t3\t4\nb.png\tdog\t0\t0\t0\t0\nc.png\tcat\t5\t5\t6\t6\n\
                 a.JPEG\tcat\t10\t10\t12\t11.5\nd.png\ttruck\t0\t0\t1\t1\ngone.png\tcat\t0\t0\t1\t1\n";
    write(&folder, "boxes.txt", lines);
    let boxes = folder.path().join("boxes.txt");
    let pictures = LabelledPictures::read(folder.path(), Some(&boxes), cifar()).unwrap();
    let expected = [
        ("images/a.JPEG", 3),
        ("dog/b.png", 5),
        ("cat/images/c.png", 3),
        ("d.png", 9),
        ("gone.png", 3),
    ];
    assert_eq!(found(&folder, &pictures), pairs(&expected));
    // The last pixel belongs to the box.
    let rect = |left, top, right, bottom| Rect { left, top, right, bottom };
    let two = [rect(1.0, 2.0, 4.0, 5.0), rect(10.0, 10.0, 13.0, 12.5)];
    assert_eq!(pictures.pictures[0].boxes, two);
    assert_eq!(pictures.pictures[1].boxes, [rect(0.0, 0.0, 1.0, 1.0)]);
}

#[test]
fn lines_without_sense_are_named() {
    for (line, needle) in [
        ("only-one-column", "1 columns"),
        ("a.png,cat,1,2,3", "5 columns"),
        ("a.png,", "empty"),
        ("a.png,cat,1,2,x,4", "1, 2, x, 4"),
        ("a.png,cat,5,0,4,9", "not a box"),
        ("a.png,cat,0,0,inf,9", "not a box"),
        ("a.png,cat,0,0,NaN,9", "not a box"),
    ] {
        let error = list(&format!("a.png,cat\n\n{line}\n")).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains(needle), "{line}: {error}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[test]
fn nothing_to_use_is_an_error() {
    assert!(matches!(list(""), Err(DataError::NoPictures(_))));
    assert!(matches!(list("path,class\n"), Err(DataError::NoPictures(_))));
    let error = list("a.png,unicorn\n").unwrap_err().to_string();
    assert!(error.contains("unicorn"), "{error}");
    let empty = folder(&["cat/readme.txt"]);
    let read = |data: &Path, boxes| LabelledPictures::read(data, boxes, cifar());
    assert!(matches!(read(empty.path(), None), Err(DataError::NoPictures(_))));
    let missing = empty.path().join("missing");
    assert!(matches!(read(&missing, None), Err(DataError::Read { .. })));
    assert!(matches!(read(empty.path(), Some(&missing)), Err(DataError::Read { .. })));
    let file = empty.path().join("cat/readme.txt");
    assert!(matches!(read(&file, Some(&file)), Err(DataError::TwoLists(_))));
    let binary = empty.path().join("binary.csv");
    std::fs::write(&binary, [0xff, 0xfe, b'a']).unwrap();
    assert!(matches!(read(&binary, None), Err(DataError::NotUtf8(_))));
    // Columns the wrong way round: every name is unknown, and looking for similar ones ends.
    let swapped: String = (0..100_000).map(|i| format!("cat,picture-{i}.png\n")).collect();
    assert!(matches!(list(&swapped), Err(DataError::NoKnownClass { .. })));
}

proptest! {
    #[test]
    fn a_limit_keeps_every_class_its_share(count in 1..400_usize, most in 1..500_usize) {
        let text: String = (0..count).map(|i| format!("{i}.png,{}\n", i * 10 / count)).collect();
        let all = list(&text).unwrap();
        let mut kept = all.clone();
        kept.limit(most);
        prop_assert_eq!(kept.pictures.len(), most.min(count));
        let mut rest = all.pictures.iter();
        // The same pictures in the same order …
        prop_assert!(kept.pictures.iter().all(|picture| rest.any(|other| other == picture)));
        // … and of each tenth a tenth: rounding moves both ends by less than one picture.
        let of_first = |pictures: &LabelledPictures| {
            pictures.pictures.iter().filter(|picture| picture.class == 0).count() as f64
        };
        let share = of_first(&all) * kept.pictures.len() as f64 / count as f64;
        prop_assert!((of_first(&kept) - share).abs() < 1.0 + 1e-9);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}(\n.{0,80}){0,5}") {
        list(&text).ok();
    }
}

/// The metadata of the WSOL benchmark: boxes in one file, classes by number in another.
#[test]
fn boxes_without_classes_take_them_from_the_file_beside() {
    let folder = folder(&["val2/3/a.jpeg", "val2/5/b.jpeg"]);
    write(&folder, "meta/localization.txt", "val2/3/a.jpeg,1,2,3,4\nval2/3/a.jpeg,5,5,6,6\n");
    let boxes = folder.path().join("meta/localization.txt");
    let read = || LabelledPictures::read(folder.path(), Some(&boxes), cifar());
    let error = read().unwrap_err().to_string();
    assert!(error.contains("class_labels.txt") && !error.contains('\n'), "{error}");
    write(&folder, "meta/class_labels.txt", "val2/5/b.jpeg,5\n");
    let error = read().unwrap_err().to_string();
    assert!(error.contains("val2/3/a.jpeg"), "{error}");
    write(&folder, "meta/class_labels.txt", "val2/5/b.jpeg,5\nval2/3/a.jpeg,3\n");
    let pictures = read().unwrap();
    assert_eq!(found(&folder, &pictures), pairs(&[("val2/3/a.jpeg", 3)]));
    let first = Rect { left: 1.0, top: 2.0, right: 4.0, bottom: 5.0 };
    let second = Rect { left: 5.0, top: 5.0, right: 7.0, bottom: 7.0 };
    assert_eq!(pictures.pictures[0].boxes, [first, second]);
}
