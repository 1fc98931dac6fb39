//! The pointing game as TorchRay counts it, and the annotations of VOC and COCO, made up.

use std::fs;
use std::path::Path;

use glasstree::eval::{MARGIN, PointingGame, Rect};
use glasstree::labelled_pictures::{LabelledPicture, LabelledPictures};
use glasstree::labels::ClassList;
use tempfile::TempDir;

fn rect(left: f64, top: f64, right: f64, bottom: f64) -> Rect {
    Rect { left, top, right, bottom }
}

/// Pixels 100 to 109 along x, 50 to 69 along y.
const THING: Rect = Rect { left: 100.0, top: 50.0, right: 110.0, bottom: 70.0 };
const SIZE: [u32; 2] = [500, 375];

fn hits(peak: [f64; 2]) -> bool {
    let mut game = PointingGame::default();
    game.add(0, peak, &[THING], SIZE, false);
    game.all().unwrap().0 > 0.5
}

/// In TorchRay `(u - x)**2 + (v - y)**2 < 15**2` for any pixel (u, v) of the mask: the margin itself
/// is outside.
#[test]
fn a_peak_within_the_margin_hits() {
    assert_eq!(MARGIN, 15.0);
    for (peak, is_hit) in [
        ([105.0, 60.0], true),
        ([86.0, 60.0], true),
        ([85.9, 60.0], false),
        ([123.9, 60.0], true),
        ([124.0, 60.0], false),
        ([105.0, 83.9], true),
        ([105.0, 84.0], false),
        // Nine pixels to the left and twelve above are fifteen away.
        ([91.0, 38.0], false),
        ([92.0, 38.0], true),
    ] {
        assert_eq!(hits(peak), is_hit, "{peak:?}");
    }
}

#[test]
fn the_mean_is_over_classes_and_difficult_ones_are_small_among_others() {
    let mut game = PointingGame::default();
    assert_eq!((game.all(), game.difficult()), (None, None));
    let far = [400.0, 300.0];
    let on = [105.0, 60.0];
    // Class 1: one of three; class 2: one of one.
    game.add(1, on, &[THING], SIZE, false);
    game.add(1, far, &[THING], SIZE, true);
    game.add(1, far, &[THING], SIZE, false);
    let half = rect(0.0, 0.0, 250.0, 375.0);
    game.add(2, [300.0, 10.0], &[half, rect(290.0, 0.0, 300.0, 20.0)], SIZE, true);
    let (share, count) = game.all().unwrap();
    assert!((share - (1.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12, "{share}");
    assert_eq!(count, 4);
    // Only the second is small and has others beside it.
    assert_eq!(game.difficult(), Some((0.0, 1)));
}

fn classes() -> ClassList {
    let labels = ["cat", "dog", "person"].map(Into::into).to_vec();
    ClassList { labels, wnids: None }
}

fn object(name: &str, [x0, y0, x1, y1]: [u32; 4], difficult: u8) -> String {
    format!(
        "<object>\n<name>{name}</name><pose>Left</pose><difficult>{difficult}</difficult>\n\
         <bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox>\n\
         <part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax>\
         <ymax>2</ymax></bndbox></part></object>\n"
    )
}

fn annotation(file: &str, objects: &[String]) -> String {
    let objects = objects.concat();
    format!(
        "<annotation><folder>VOC2007</folder><filename>{file}</filename>\n\
         <size><width>500</width><height>375</height></size>\n{objects}</annotation>\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn annotations_of_voc_are_read() {
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    for name in ["000001.jpg", "000002.jpg"] {
        write(root, &format!("JPEGImages/{name}"), "");
    }
    let first = [
        object("dog", [48, 240, 195, 371], 0),
        object("dog", [8, 12, 20, 30], 1),
        object("person", [8, 12, 352, 498], 1),
    ];
    write(root, "Annotations/000001.xml", &annotation("000001.jpg", &first));
    let second = [object("cat", [1, 1, 500, 375], 0)];
    write(root, "Annotations/000002.xml", &annotation("000002.jpg", &second));
    // Of another set of pictures, which is not here.
    write(root, "Annotations/000003.xml", &annotation("000003.jpg", &second));
    let (pictures, boxes) = (root.join("JPEGImages"), root.join("Annotations"));
    let found = LabelledPictures::read(&pictures, Some(&boxes), &classes()).unwrap();
    let one = |name: &str, class, boxes: Vec<Rect>, has_others| LabelledPicture {
        path: pictures.join(name),
        class,
        boxes,
        has_others,
    };
    // The person is marked as difficult: nothing is asked about it, but it is there.
    let dog = vec![rect(47.0, 239.0, 195.0, 371.0), rect(7.0, 11.0, 20.0, 30.0)];
    let cat = vec![rect(0.0, 0.0, 500.0, 375.0)];
    let expected = [one("000001.jpg", 1, dog, true), one("000002.jpg", 0, cat, false)];
    assert_eq!(found.pictures, expected);

    write(root, "Annotations/000001.xml", "<annotation><object></object></annotation>");
    let error = LabelledPictures::read(&pictures, Some(&boxes), &classes()).unwrap_err();
    assert!(error.to_string().contains("000001.xml: there is no <filename>"), "{error}");
}

#[test]
fn annotations_of_coco_are_read() {
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    let text = r#"{
        "info": {"year": 2014},
        "images": [
            {"id": 7, "file_name": "COCO_val2014_000000000007.jpg", "height": 375, "width": 500},
            {"id": 9, "file_name": "COCO_val2014_000000000009.jpg", "height": 375, "width": 500}
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 17, "bbox": [10.5, 20, 30, 40], "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 99, "bbox": [0, 0, 9, 9], "iscrowd": 0},
            {"id": 3, "image_id": 7, "category_id": 17, "bbox": [1, 2, 3, 4], "iscrowd": 0},
            {"id": 4, "image_id": 9, "category_id": 18, "bbox": [1, 2, 3, 4], "iscrowd": 0}
        ],
        "categories": [
            {"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}, {"id": 99, "name": "spaceship"}
        ]
    }"#;
    write(root, "instances.json", text);
    let boxes = root.join("instances.json");
    let found = LabelledPictures::read(root, Some(&boxes), &classes()).unwrap();
    let [cat, dog] = &found.pictures[..] else { panic!("{found:?}") };
    assert_eq!(cat.path, root.join("COCO_val2014_000000000007.jpg"));
    assert_eq!(cat.boxes, [rect(10.5, 20.0, 40.5, 60.0), rect(1.0, 2.0, 4.0, 6.0)]);
    // A thing that the model does not know is beside it all the same.
    assert_eq!((cat.class, cat.has_others, dog.class, dog.has_others), (0, true, 1, false));
    assert_eq!(found.unknown.len(), 1);

    write(root, "instances.json", &text.replace("\"image_id\": 9", "\"image_id\": 8"));
    let error = LabelledPictures::read(root, Some(&boxes), &classes()).unwrap_err();
    assert!(error.to_string().contains("there is no image 8"), "{error}");
}
