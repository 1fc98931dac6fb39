//! Preprocessing against torchvision 0.29 on Pillow 9.3, bit for bit.
//!
//! `tests/golden/preprocess/pictures.json` holds the sha256 of torchvision's crops and tensors, and
//! `resample.json` small resized and cropped pictures in full (see `generate.py` beside it).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use glasstree::photo::{Alpha, Orientation, Photo, PhotoOptions};
use glasstree::preprocess::resample::{Region, resize, resize_region};
use glasstree::preprocess::{Filter, PreprocessError, Recipe, RectTransform};
use image::{Rgb, RgbImage};
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/preprocess").join(name)
}

fn golden_json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(golden(name)).unwrap()).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn picture(size: &Value, pixels: &Value) -> RgbImage {
    let pixels = serde_json::from_value(pixels.clone()).unwrap();
    RgbImage::from_raw(number(&size[0]), number(&size[1]), pixels).unwrap()
}

fn noise(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let hash = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(97_531);
        Rgb([(hash >> 8) as u8, (hash >> 16) as u8, (hash >> 24) as u8])
    })
}

/// `recipe` on `photo` gives the crop and the tensor that `expected` has the hashes of.
fn check_input(file: &str, recipe: &Recipe, photo: &RgbImage, expected: &Value) {
    let input = recipe.apply(photo).unwrap();
    assert_eq!(sha256(input.crop.as_raw()), expected["crop_u8_sha256"], "crop of {file}");
    for (ours, theirs) in input.chw.iter().zip(expected["tensor_first8"].as_array().unwrap()) {
        assert_eq!(*ours, theirs.as_f64().unwrap() as f32, "tensor of {file}");
    }
    let bytes: Vec<u8> = input.chw.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(sha256(&bytes), expected["tensor_f32_chw_sha256"], "tensor of {file}");

    let [width, height] = [0, 1].map(|axis| number(&expected["resized_wh"][axis]));
    let start = [number(&expected["crop_left"]), number(&expected["crop_top"])];
    // Between the resized picture and the photo only the scale differs.
    let photo_from_resized =
        [photo.width() as f64 / width as f64, photo.height() as f64 / height as f64];
    let RectTransform { scale, offset } = input.photo_from_input;
    assert_eq!(scale, photo_from_resized, "scale of {file}");
    assert_eq!(offset, [0, 1].map(|axis| f64::from(start[axis]) * scale[axis]), "{file}");
}

#[test]
fn golden_pictures_are_prepared_exactly() {
    let recipes = [("224", Recipe::tutorial_imagenet()), ("32", Recipe::cifar())];
    for entry in golden_json("pictures.json").as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let is_jpeg = file.ends_with(".jpg");
        for (kind, orientation) in [("oriented", Orientation::Exif), ("raw", Orientation::Ignore)] {
            // JPEG decoders differ by a level or two: what Pillow decoded, upright, stands in.
            if is_jpeg && kind == "raw" && entry["raw_same_as_oriented"] == false {
                continue;
            }
            let decoded = if is_jpeg { format!("{file}.decoded.png") } else { file.to_owned() };
            let options = PhotoOptions { orientation, ..Default::default() };
            let path = golden("pictures").join(decoded);
            let photo = Photo::open(&path, &options).unwrap().rgb;
            let expected = &entry[kind];
            assert_eq!(sha256(photo.as_raw()), expected["rgb_sha256"], "pixels of {file}");
            for (size, recipe) in &recipes {
                check_input(file, recipe, &photo, &expected[size]);
            }
        }
        if let Some(expected) = entry.get("on_white_sha256") {
            let options = PhotoOptions { alpha: Alpha::OnWhite, ..Default::default() };
            let photo = Photo::open(&golden("pictures").join(file), &options).unwrap().rgb;
            assert_eq!(sha256(photo.as_raw()), *expected, "{file} on white");
        }
    }
}

#[test]
fn resizing_equals_pillow() {
    let golden = golden_json("resample.json");
    for case in golden["resized"].as_array().unwrap() {
        let filter: Filter = serde_json::from_value(case["filter"].clone()).unwrap();
        let source = picture(&case["from"], &case["source"]);
        let target = picture(&case["to"], &case["target"]);
        let ours = resize(&source, target.width(), target.height(), filter);
        assert_eq!(ours, target, "{filter:?} {} -> {}", case["from"], case["to"]);
    }
}

#[test]
fn cropping_equals_torchvision() {
    let golden = golden_json("resample.json");
    for case in golden["cropped"].as_array().unwrap() {
        let crop = number(&case["crop"]);
        let recipe = Recipe { resize: None, crop, ..Recipe::cifar() };
        let input = recipe.apply(&picture(&case["from"], &case["source"])).unwrap();
        let target = picture(&serde_json::json!([crop, crop]), &case["target"]);
        assert_eq!(input.crop, target, "{crop} of {}", case["from"]);
    }
}

#[test]
fn the_recipes_have_their_published_numbers() {
    let recipe = Recipe::torchvision_imagenet();
    assert_eq!((recipe.resize, recipe.crop), (Some(256), 224));
    assert_eq!(recipe.filter, Filter::Bilinear);
    assert_eq!(recipe.mean, [0.485, 0.456, 0.406]);
    assert_eq!(recipe.std, [0.229, 0.224, 0.225]);
    let recipe = Recipe::efficientnet_lite0();
    assert_eq!((recipe.resize, recipe.crop, recipe.filter), (Some(256), 224, Filter::Bicubic));
    assert_eq!((recipe.mean, recipe.std), ([0.498; 3], [0.502; 3]));
    let recipe = Recipe::tiny_imagenet();
    assert_eq!((recipe.resize, recipe.crop), (Some(64), 64));
    assert_eq!(recipe.mean, [0.4802, 0.4481, 0.3975]);
    assert_eq!(recipe.std, [0.2302, 0.2265, 0.2262]);
}

#[test]
fn recipes_survive_json_and_refuse_unknown_fields() {
    let text = serde_json::to_string(&Recipe::efficientnet_lite0()).unwrap();
    assert!(text.contains(r#""filter":"bicubic""#), "{text}");
    assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), Recipe::efficientnet_lite0());
    let typo = text.replace("crop", "corp");
    assert!(serde_json::from_str::<Recipe>(&typo).is_err());
}

#[test]
fn recipes_that_make_no_sense_are_refused() {
    let photo = noise(40, 30);
    let good = Recipe::cifar();
    let side = |recipe: Recipe| recipe.apply(&photo).unwrap_err();
    assert_eq!(side(Recipe { crop: 0, ..good.clone() }), PreprocessError::Side(0));
    assert_eq!(side(Recipe { resize: Some(0), ..good.clone() }), PreprocessError::Side(0));
    assert_eq!(side(Recipe { crop: 9999, ..good.clone() }), PreprocessError::Side(9999));
    for std in [0.0, -0.2, f32::NAN, f32::INFINITY] {
        let recipe = Recipe { std: [0.2, std, 0.2], ..good.clone() };
        assert!(matches!(side(recipe), PreprocessError::Normalisation { .. }));
    }
    let nothing = good.apply(&RgbImage::new(0, 7)).unwrap_err();
    assert_eq!(nothing, PreprocessError::NoPixels);
}

#[test]
fn a_long_strip_costs_no_more_than_its_crop() {
    let start = Instant::now();
    let strip = noise(1, 60_000);
    let input = Recipe::tutorial_imagenet().apply(&strip).unwrap();
    // Thirteen million rows in full: gigabytes. The crop alone is a matter of milliseconds.
    assert!(start.elapsed() < Duration::from_secs(5));
    let [_, top] = input.photo_from_input.apply([0.0, 0.0]);
    let [_, bottom] = input.photo_from_input.apply([224.0, 224.0]);
    // The crop is a square, and the strip is one pixel wide; halves are exact in binary.
    assert_eq!((top, bottom), (29_999.5, 30_000.5));
    let recipe = Recipe { resize: Some(4096), ..Recipe::tutorial_imagenet() };
    let error = recipe.apply(&RgbImage::new(1, 2_000_000)).unwrap_err();
    assert!(matches!(error, PreprocessError::TooNarrow { height: 2_000_000, .. }));
}

fn any_filter() -> impl Strategy<Value = Filter> {
    prop_oneof![Just(Filter::Bilinear), Just(Filter::Bicubic)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_plain_picture_stays_plain(
        color: [u8; 3], from in (1..90u32, 1..90u32), to in (1..90u32, 1..90u32), f in any_filter(),
    ) {
        let plain = RgbImage::from_pixel(from.0, from.1, Rgb(color));
        prop_assert_eq!(resize(&plain, to.0, to.1, f), RgbImage::from_pixel(to.0, to.1, Rgb(color)));
    }

    #[test]
    fn a_region_is_a_part_of_the_whole(
        from in (1..60u32, 1..60u32), to in (1..60u32, 1..60u32), f in any_filter(),
        start in (0.0..1.0, 0.0..1.0), part in (0.0..1.0, 0.0..1.0),
    ) {
        let (x, y) = ((start.0 * to.0 as f64) as u32, (start.1 * to.1 as f64) as u32);
        let width = 1 + (part.0 * (to.0 - x - 1) as f64) as u32;
        let height = 1 + (part.1 * (to.1 - y - 1) as f64) as u32;
        let photo = noise(from.0, from.1);
        let whole = resize(&photo, to.0, to.1, f);
        let expected = image::imageops::crop_imm(&whole, x, y, width, height).to_image();
        let region = Region { x, y, width, height };
        prop_assert_eq!(resize_region(&photo, [to.0, to.1], region, f), expected);
    }

    #[test]
    fn an_unchanged_size_changes_nothing(size in (1..60u32, 1..60u32), f in any_filter()) {
        let photo = noise(size.0, size.1);
        prop_assert_eq!(resize(&photo, size.0, size.1, f), photo);
    }

    #[test]
    fn places_find_their_way_back(
        size in (1..500u32, 1..500u32), side in 1..300u32, crop in 1..300u32,
        place in (0.0..300.0, 0.0..300.0),
    ) {
        let recipe = Recipe { resize: Some(side), crop, ..Recipe::cifar() };
        let there = recipe.apply(&RgbImage::new(size.0, size.1)).unwrap().photo_from_input;
        let back = there.inverse();
        let [x, y] = back.apply(there.apply([place.0, place.1]));
        // A handful of roundings of numbers below 1e6, each of a relative 1e-16.
        prop_assert!((x - place.0).abs() < 1e-8 && (y - place.1).abs() < 1e-8);
    }

    #[test]
    fn the_crop_lies_in_the_middle(size in (1..500u32, 1..500u32)) {
        let input = Recipe::torchvision_imagenet().apply(&noise(size.0, size.1)).unwrap();
        let [x, y] = input.photo_from_input.apply([112.0, 112.0]);
        // The crop starts at a whole pixel: at most half a resized pixel off the middle.
        let [dx, dy] = input.photo_from_input.scale.map(|scale| 0.5 * scale + 1e-9);
        prop_assert!((x - size.0 as f64 / 2.0).abs() <= dx && (y - size.1 as f64 / 2.0).abs() <= dy);
    }
}
