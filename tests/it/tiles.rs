//! The whole photo as tiles: where they lie, what adds up, and the map in the window.

use std::sync::Arc;

use glasstree::catalog::ModelSource;
use glasstree::engine::Engine;
use glasstree::explain::{
    Answers, Cam, FeatureMap, Head, Method, Probe as _, ProbeAnswer, Question, TileGrid, Tiles,
};
use glasstree::explanation::{CamTarget, PlanOptions, Score};
use glasstree::model::DeviceChoice;
use glasstree::photo::{Photo, PhotoOptions};
use glasstree::preprocess::{Recipe, Square};
use glasstree::protocol::{Change, ModelRequest, PictureSource, Rerun};
use glasstree::state::{Role, Topic};
use image::{Rgb, RgbImage};
use proptest::prelude::*;

use crate::synth;
use crate::ui::{asset, is_explained, real_window, step_until};

fn photo(width: u32, height: u32) -> Arc<Photo> {
    let color = |x: u32, y: u32| Rgb([(x * 7) as u8, (y * 5) as u8, (x * y / 3) as u8]);
    Arc::new(Photo { name: "made up".into(), rgb: RgbImage::from_fn(width, height, color) })
}

const SIDE: u32 = 24;

fn recipe(resize: Option<u32>) -> Recipe {
    Recipe { resize, crop: SIDE, ..Recipe::cifar() }
}

fn head() -> Head {
    let weight = synth::signed("weights", 1, 3 * 4);
    Head { classes: 3, channels: 4, weight, bias: vec![0.3, -0.2, 0.1] }
}

/// What a network that ends in pooling and `head` would say, with made-up features.
fn answers(count: usize, head: &Head, [height, width]: [usize; 2]) -> Answers {
    let one = |i: usize| {
        let data = synth::signed(&format!("features {i}"), 1, 4 * height * width);
        let features = FeatureMap { channels: 4, height, width, data };
        let logits = head.logits(&features.pooled());
        Arc::new(ProbeAnswer { logits, features: Some(features) })
    };
    Answers((0..count).map(one).collect())
}

proptest! {
    /// Weighted with the tiles over each place, the mean of the map and the bias are the mean logit
    /// of the tiles, whatever the photo's shape.
    #[test]
    fn the_weighted_mean_and_the_bias_are_the_mean_logit(
        width in 1_u32..160, height in 1_u32..160, resize in prop::option::of(24_u32..70),
        cells in [1_usize..6, 1_usize..6], class in 0_usize..3,
    ) {
        // A strip that would make hundreds of tiles says nothing more.
        prop_assume!(width.max(height) < 8 * width.min(height));
        let (photo, recipe, head) = (photo(width, height), recipe(resize), head());
        let seen = recipe.apply(&photo.rgb).unwrap();
        let tiles = Tiles::new(photo, &seen, recipe);
        let answers = answers(tiles.count(), &head, cells);
        let question = Question::class(class, "any");
        let evidence = tiles.evidence(&answers, question, &head).unwrap();
        let mean: f64 = answers.0.iter().map(|it| f64::from(it.logits[class])).sum::<f64>()
            / answers.len() as f64;
        // All sums run in 64 bits; the logits are rounded to 32.
        prop_assert!((f64::from(evidence.total) - mean).abs() < 1e-6);
        prop_assert!(evidence.check.residual.abs() < 2e-6, "{:?}", evidence.check);
        prop_assert!((evidence.mean() + evidence.bias - evidence.total).abs() < 2e-6);
        prop_assert!(evidence.map.data.iter().all(|value| value.is_finite()));
    }
}

/// Each tile is the part of the resized photo that it says, and a photo of one tile is the usual
/// input with the usual map.
#[test]
fn tiles_are_parts_of_the_resized_photo() {
    let (photo, recipe) = (photo(100, 61), recipe(Some(40)));
    let seen = recipe.apply(&photo.rgb).unwrap();
    let tiles = Tiles::new(Arc::<Photo>::clone(&photo), &seen, recipe.clone());
    // 65 x 40 pixels: five columns of tiles from 0 to 41, three rows from 0 to 16.
    assert_eq!(tiles.count(), 15);
    let whole = glasstree::preprocess::resample::resize(&photo.rgb, 65, 40, recipe.filter);
    let part = |x, y| image::imageops::crop_imm(&whole, x, y, SIDE, SIDE).to_image();
    assert_eq!(tiles.input(0).chw, recipe.normalised(&part(0, 0)));
    assert_eq!(tiles.input(14).chw, recipe.normalised(&part(41, 16)));
    assert_eq!(tiles.input(7).chw, recipe.normalised(&part(21, 8)));
    // The map covers the photo, and nothing else.
    let place = tiles.grid().photo_from_map();
    assert_eq!(place.apply([0.0, 0.0]), [0.0, 0.0]);
    let [right, bottom] = place.apply([f64::from(SIDE); 2]);
    assert!((right - 100.0).abs() < 1e-9 && (bottom - 61.0).abs() < 1e-9);
}

#[test]
fn a_photo_of_one_tile_has_the_plain_map() {
    for (width, height, resize) in [(50, 50, Some(SIDE)), (9, 20, None)] {
        let (photo, recipe, head) = (photo(width, height), recipe(resize), head());
        let seen = recipe.apply(&photo.rgb).unwrap();
        let tiles = Tiles::new(photo, &seen, recipe);
        assert_eq!(tiles.count(), 1);
        assert_eq!(tiles.input(0).chw, seen.chw);
        assert_eq!(tiles.grid().photo_from_map(), seen.photo_from_input);
        let answers = answers(1, &head, [3, 3]);
        let plain = Cam::compute(answers.0[0].features.as_ref().unwrap(), head.row(2));
        let (map, _) = tiles.map(&answers, head.row(2)).unwrap();
        // Each value is multiplied and divided by the size of its cell.
        let is_close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
        assert!(plain.data.iter().zip(&map.data).all(is_close), "{plain:?} {map:?}");
    }
}

#[test]
fn nothing_is_shown_before_all_tiles_are_there() {
    let (photo, recipe, head) = (photo(80, 50), recipe(Some(30)), head());
    let seen = recipe.apply(&photo.rgb).unwrap();
    let tiles = Tiles::new(photo, &seen, recipe);
    let some = answers(tiles.count() - 1, &head, [3, 3]);
    assert!(tiles.map(&some, head.row(0)).is_none() && tiles.logits(&some).is_none());
}

/// A part of a larger map, over what the network saw.
#[test]
fn a_part_of_a_map_is_read_between_its_cells() {
    let map = Cam { height: 2, width: 4, data: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0] };
    assert_eq!(map.part([0.0; 2], [1.0; 2], [2, 4]), map);
    let middle = map.part([0.25, 0.0], [0.75, 1.0], [2, 2]);
    assert_eq!(middle.data, [1.0, 2.0, 5.0, 6.0]);
    let point = map.part([0.5, 0.5], [0.5, 0.5], [1, 1]);
    assert_eq!(point.data, [3.5]);
}

/// Through the engine, also of a part that was chosen: tiles are as large as that.
#[test]
fn tiles_have_the_size_of_what_is_seen() {
    let engine = Engine::spawn(DeviceChoice::Cpu, Arc::new(|| {})).unwrap();
    let model = ModelRequest::from(ModelSource::default_tree_model());
    let cat = PictureSource::File(asset("chelsea.png"), PhotoOptions::default());
    let usual = engine.explain(cat, &model, &mut |_| {}).unwrap();
    let square = Some(Square { x: 100, y: 40, side: 120 });
    let rerun =
        Rerun { seen: Arc::clone(&usual), model: model.clone(), change: Change::Part(square) };
    let part = engine.rerun(rerun, &mut |_| {}).unwrap();
    let size = usual.photo.rgb.dimensions();
    for (seen, count) in [(&usual, 2), (&part, 7 * 4)] {
        assert_eq!(TileGrid::new(size.into(), &seen.input).count(), count);
        let target = CamTarget::Class(seen.prediction());
        let plan = seen.plan(Method::Tiles, target, &PlanOptions::default()).unwrap();
        let probe = plan.probe().unwrap();
        let answers = engine.probe(probe, &model, &mut |_| {}, &mut |_, _, _| {}).unwrap();
        let made = plan.map(seen, &answers, target, Score::Logit).unwrap();
        assert!(made.check().unwrap().holds());
        let place = made.photo_from_map.unwrap();
        let [right, bottom] = place.apply([32.0; 2]);
        assert!((right - f64::from(size.0)).abs() < 1e-6, "{right}");
        assert!((bottom - f64::from(size.1)).abs() < 1e-6, "{bottom}");
        let over = made.over(&seen.input);
        assert_eq!([over.height, over.width], [28, 28]);
    }
    // So small a part of so large a photo would take for ever.
    let rerun = Rerun {
        seen: Arc::clone(&usual),
        model: model.clone(),
        change: Change::Part(Some(Square { x: 0, y: 0, side: 9 })),
    };
    let tiny = engine.rerun(rerun, &mut |_| {}).unwrap();
    let error = tiny.plan(Method::Tiles, CamTarget::Class(3), &PlanOptions::default()).unwrap_err();
    assert!(error.to_string().contains("squares"), "{error}");
}

/// In the window the map lies over all of the photo.
#[test]
fn the_map_covers_the_photo() {
    let mut window = real_window([1280.0, 800.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    window.state_mut().settings.overlay.method = Method::Tiles;
    step_until(&mut window, "the tiles are there", |app| {
        let inquiry = app.state.inquiry(Role::Classifier, Topic::Map(Method::Tiles, None));
        inquiry.is_some_and(|inquiry| inquiry.is_done())
    });
    window.run_steps(3);
    let image = &window.state().panels.image;
    let shown = image.shown_map().unwrap();
    assert_eq!(shown.method, Method::Tiles);
    assert!(shown.account.holds());
    let (_, place) = image.painted_overlay().unwrap();
    let size = window.state().state.photo.as_ref().unwrap().rgb.dimensions();
    let to_screen = image.screen_from_photo().unwrap();
    let corner = to_screen.apply(eframe::egui::pos2(size.0 as f32, size.1 as f32));
    assert!((place.max - corner).length() < 0.1, "{place:?} {corner:?}");
    assert!((place.min - to_screen.origin).length() < 0.1);
}
