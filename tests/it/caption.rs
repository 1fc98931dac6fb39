//! Pictures with a caption, as PNG and SVG.

use std::path::Path;
use std::sync::Arc;

use glasstree::explain::Colormap;
use glasstree::explanation::{CamTarget, Explanation};
use glasstree::export::{Export, Painted};
use glasstree::look::OverlayOptions;
use glasstree::photo::Photo;
use image::{Rgb, RgbImage};

use crate::cli::{cat, json, root};
use crate::ui_fixture::{gradient, hand_made, real, real_tree};

/// As the window exports it.
fn figure(explanation: &Arc<Explanation>, target: CamTarget) -> Export {
    let map = explanation.cam(target).unwrap();
    let paint = OverlayOptions::default().paint(explanation, target, &map);
    let photo_from_map = None;
    let painted = Painted { explanation: Arc::clone(explanation), map, photo_from_map, paint };
    Export::Figure { painted, target, method: None }
}

fn png(export: &Export) -> RgbImage {
    let bytes = export.bytes(Path::new("figure.png")).unwrap();
    image::load_from_memory(&bytes).unwrap().into_rgb8()
}

fn svg(export: &Export) -> String {
    String::from_utf8(export.bytes(Path::new("figure.SVG")).unwrap()).unwrap()
}

/// Writes a picture if somebody wants to look at it.
fn show(picture: &RgbImage, name: &str) {
    if let Some(folder) = std::env::var_os("GLASSTREE_LOOKS") {
        picture.save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
    }
}

#[test]
fn the_caption_is_below_the_picture_which_stays_as_it_is() {
    for (width, height) in [(400, 300), (1600, 900)] {
        let explanation = hand_made(gradient(width, height));
        let target = CamTarget::Class(0);
        let export = figure(&explanation, target);
        let Export::Figure { painted, .. } = &export else { unreachable!() };
        let page = png(&export);
        show(&page, &format!("caption-{width}"));
        let picture = painted.picture();
        assert!(page.width() == width && page.height() > height);
        let above = image::imageops::crop_imm(&page, 0, 0, width, height).to_image();
        assert!(above == picture, "the picture has changed");

        // The bar: the colours of the map from its beginning to its end, on white.
        let is_last = |&Rgb(pixel): &Rgb<u8>| pixel == Colormap::Turbo.rgb(1.0);
        let below = || page.enumerate_pixels().filter(|(_, y, _)| *y >= height);
        let last: Vec<u32> =
            below().filter(|(.., pixel)| is_last(pixel)).map(|(x, ..)| x).collect();
        assert!(last.iter().all(|&x| x > width * 9 / 10) && !last.is_empty(), "{last:?}");
        let ink = below().filter(|(.., pixel)| pixel.0[0] < 60 && pixel.0[2] < 60).count();
        assert!(ink > 300, "only {ink} dark pixels: there are no words");
    }
}

/// What a map is of, how likely it is, its scale, the model and the file: all in words.
#[test]
fn the_caption_says_what_must_be_said() {
    let explanation = hand_made(gradient(400, 300));
    let text = svg(&figure(&explanation, CamTarget::Class(0)));
    // Logits 1.5, -1, 0, 3 and -9: e^1.5 of their sum of exponentials.
    for words in
        [">tabby, 17%<", ">evidence for tabby (logits)<", ">wrn16-2-cifar10 \u{b7} gradient<"]
    {
        assert!(text.contains(words), "{words} is missing");
    }
    assert!(text.contains("href=\"data:image/png;base64,"));
    // One scale over all classes, whose maps reach 14.
    assert!(text.contains(">0<") && text.contains(">10<"), "the scale has numbers");
    let comparison = svg(&figure(&explanation, CamTarget::Difference(0, 2)));
    for words in [">tabby against zebra, 82%<", ">evidence for zebra<"] {
        assert!(comparison.contains(words), "{words} is missing");
    }
}

#[test]
fn odd_names_and_narrow_pictures_keep_the_caption_on_the_page() {
    let name = format!("<{}>.png", "a&b".repeat(60));
    let rgb = RgbImage::from_pixel(60, 90, Rgb([120, 90, 60]));
    let explanation = hand_made(Arc::new(Photo { name: name.as_str().into(), rgb }));
    let export = figure(&explanation, CamTarget::Class(1));
    let page = png(&export);
    show(&page, "caption-narrow");
    assert!(page.width() == 300 && page.height() < 220, "{:?}", page.dimensions());
    // Nothing is written on the margins.
    let is_paper = |x, y| page.get_pixel(x, y).0 == [255; 3];
    assert!((90..page.height()).all(|y| is_paper(1, y) && is_paper(298, y)));
    let text = svg(&export);
    assert!(text.contains("&lt;a&amp;b") && text.contains('\u{2026}') && !text.contains("<a&b"));
    assert!(text.contains("\u{c9}clair"), "letters with accents stay");
}

#[test]
fn real_maps_with_captions() {
    let class = real().prediction();
    let page = png(&figure(&real(), CamTarget::Class(class)));
    show(&page, "caption-class");
    let tree = real_tree();
    let hierarchy = &tree.model.tree().unwrap().hierarchy;
    let node = hierarchy.find_node("animal").unwrap();
    let rule = tree.model.tree().unwrap().default_rule();
    let text = svg(&figure(&tree, CamTarget::Decision(node, rule)));
    assert!(text.contains(">animal against vehicle, "), "a decision is captioned, too");
    show(&png(&figure(&tree, CamTarget::Decision(node, rule))), "caption-decision");
}

#[test]
fn the_command_line_writes_both_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let said = json(&["cam", &cat(), "--device", "cpu", "--caption", "--out", &out, "--json"]);
    let files: Vec<&str> =
        said["files"]["figure"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let photo = image::open(root().join("assets/photos/chelsea.png")).unwrap();
    let picture = image::open(files[0]).unwrap();
    assert!(picture.width() == photo.width() && picture.height() > photo.height());
    let text = std::fs::read_to_string(files[1]).unwrap();
    assert!(text.contains("chelsea.png") && text.contains(">tiger cat, "));
}
