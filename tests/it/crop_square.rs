//! The square of the photo that the network is shown: arithmetic, pixels, and the frame in the window.

use std::sync::Arc;

use eframe::egui::{self, Key, Modifiers, PointerButton, Pos2, pos2};
use egui_kittest::kittest::Queryable as _;
use glasstree::catalog::ModelSource;
use glasstree::command::{Command, MenuCommand};
use glasstree::engine::Engine;
use glasstree::explanation::Explanation;
use glasstree::model::DeviceChoice;
use glasstree::photo::PhotoOptions;
use glasstree::preprocess::resample::resize;
use glasstree::preprocess::{Corner, PreprocessError, Recipe, Square};
use glasstree::protocol::{Change, Event, JobId, ModelRequest, PictureSource, Request, Rerun};
use glasstree::state::Role;
use image::{Rgb, RgbImage, imageops};
use proptest::prelude::*;

use crate::ui::{
    FakeEngine, Window, asset, drop_files, is_explained, menu, real_window, step_until,
};

/// Each pixel with its own colour.
fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 5) as u8, (x * y / 3) as u8]))
}

fn square(x: u32, y: u32, side: u32) -> Square {
    Square { x, y, side }
}

#[test]
fn a_square_is_cut_out_and_resized() {
    let photo = photo(301, 207);
    for recipe in [Recipe::efficientnet_lite0(), Recipe::tutorial_imagenet(), Recipe::cifar()] {
        for chosen in [square(0, 0, 207), square(94, 0, 207), square(17, 33, 32), square(3, 5, 1)] {
            let input = recipe.apply_to(&photo, Some(chosen)).unwrap();
            let Square { x, y, side } = chosen;
            let part = imageops::crop_imm(&photo, x, y, side, side).to_image();
            assert_eq!(input.crop, resize(&part, recipe.crop, recipe.crop, recipe.filter));
            assert_eq!(input.chw, recipe.normalised(&input.crop));
            assert_eq!(input.square, Some(chosen));
            // Both corners of the input are those of the square.
            let [start, end] =
                [0.0, f64::from(recipe.crop)].map(|place| input.photo_from_input.apply([place; 2]));
            assert_eq!(start, [x, y].map(f64::from));
            let is_end = |i: usize, at: u32| (end[i] - f64::from(at + side)).abs() < 1e-9;
            assert!(is_end(0, x) && is_end(1, y), "{end:?}");
        }
        assert_eq!(recipe.apply_to(&photo, None), recipe.apply(&photo));
    }
    // As large as the input: the pixels themselves.
    let recipe = Recipe::cifar();
    let input = recipe.apply_to(&photo, Some(square(40, 50, 32))).unwrap();
    assert_eq!(input.crop, imageops::crop_imm(&photo, 40, 50, 32, 32).to_image());
}

#[test]
fn a_square_beside_the_photo_is_refused() {
    let photo = photo(60, 40);
    for wrong in [square(21, 0, 40), square(0, 1, 40), square(0, 0, 0), square(u32::MAX, 0, 9)] {
        let error = Recipe::cifar().apply_to(&photo, Some(wrong)).unwrap_err();
        let expected = PreprocessError::Square { square: wrong, width: 60, height: 40 };
        assert_eq!(error, expected);
        assert!(error.to_string().contains("60 x 40"), "{error}");
    }
    assert_eq!("3, 4,50".parse(), Ok(square(3, 4, 50)));
    for wrong in ["", "1,2", "1,2,0", "1,2,3,4", "a,b,c", "-1,2,3", "1.5,2,3"] {
        assert!(wrong.parse::<Square>().is_err(), "{wrong}");
    }
}

#[test]
fn a_corner_pulls_and_the_opposite_one_stays() {
    let size = [400, 300];
    let start = square(100, 80, 100);
    let pull = |i: usize, to| start.pulled(Corner::ALL[i], to, size);
    assert_eq!(pull(3, [250.0, 190.0]), square(100, 80, 150), "the longer way counts");
    assert_eq!(pull(0, [90.0, 10.0]), square(30, 10, 170));
    assert_eq!(pull(1, [210.0, 79.0]), square(100, 70, 110));
    assert_eq!(pull(2, [60.0, 175.0]), square(60, 80, 140));
    assert_eq!(pull(3, [9e9, 0.0]), square(100, 80, 220), "as far as there is photo");
    assert_eq!(pull(3, [0.0, 0.0]), square(100, 80, 32), "and not to nothing");
    assert_eq!(pull(0, [f64::NAN; 2]), square(168, 148, 32));
}

fn sizes() -> impl Strategy<Value = [u32; 2]> {
    [1_u32..900, 1_u32..900]
}

fn places() -> impl Strategy<Value = [f64; 2]> {
    let one = prop_oneof![-2e3..2e3_f64, Just(f64::NAN), Just(f64::INFINITY), Just(-1e300)];
    [one.clone(), one]
}

proptest! {
    /// Whatever the pointer does, the square has a side and lies in the photo.
    #[test]
    fn a_dragged_square_stays_a_square_in_the_photo(
        size in sizes(), start in places(), side in -50.0..2e3_f64,
        drags in prop::collection::vec((places(), 0_usize..5), 0..12),
    ) {
        let mut square = Square::nearest(start, side, size);
        let least = Square::LEAST.min(size[0]).min(size[1]);
        for (place, what) in drags {
            let before = square;
            square = match Corner::ALL.get(what) {
                None => before.moved(place, size),
                Some(&corner) => {
                    let after = before.pulled(corner, place, size);
                    let fixed = |it: Square| [
                        if corner.is_right { it.x } else { it.x + it.side },
                        if corner.is_lower { it.y } else { it.y + it.side },
                    ];
                    prop_assert_eq!(fixed(before), fixed(after));
                    after
                }
            };
            if what >= Corner::ALL.len() {
                prop_assert_eq!(square.side, before.side);
            }
            prop_assert!(square.is_inside(size) && square.side >= least, "{square:?} in {size:?}");
        }
    }

    /// Moved there and back, it is where it was.
    #[test]
    fn moving_within_the_photo_is_undone_by_moving_back(x in 0_u32..300, y in 0_u32..200, by in [-90_i32..90, -90_i32..90]) {
        let size = [1000, 900];
        let start = square(x + 100, y + 100, 64);
        let by = by.map(f64::from);
        prop_assert_eq!(start.moved(by, size).moved(by.map(|it| -it), size), start);
    }
}

fn engine() -> Engine {
    Engine::spawn(DeviceChoice::Cpu, Arc::new(|| {})).unwrap()
}

fn seen_by(engine: &Engine, change: Option<Change>) -> Arc<Explanation> {
    let model = ModelRequest::from(ModelSource::default_classifier());
    let cat = PictureSource::File(asset("chelsea.png"), PhotoOptions::default());
    let seen = engine.explain(cat, &model, &mut |_| {}).unwrap();
    match change {
        None => seen,
        Some(change) => engine.rerun(Rerun { seen, model, change }, &mut |_| {}).unwrap(),
    }
}

#[test]
fn the_network_is_shown_the_square() {
    let engine = engine();
    let chosen = square(120, 20, 180);
    let seen = seen_by(&engine, Some(Change::Part(Some(chosen))));
    let expected = seen.model.recipe.apply_to(&seen.photo.rgb, Some(chosen)).unwrap();
    assert_eq!(*seen.input, expected);
    // A photo that is cut by hand says the same: nothing beside the square has a part in it.
    let Square { x, y, side } = chosen;
    let part = imageops::crop_imm(&seen.photo.rgb, x, y, side, side).to_image();
    let all = seen.model.recipe.apply_to(&part, Some(square(0, 0, side))).unwrap();
    assert_eq!(all.chw, seen.input.chw);
    let class = seen.prediction();
    let target = glasstree::explanation::CamTarget::Class(class);
    assert!(seen.check(target).unwrap().holds(), "its map adds up");
    // What is run again of it is run of the same part.
    let area = Arc::new(glasstree::explain::Area::Box(glasstree::explain::Rect {
        min: [150.0, 40.0],
        max: [200.0, 90.0],
    }));
    let model = ModelRequest::from(ModelSource::default_classifier());
    let change = Change::Without(area, glasstree::explain::Removal::MeanColor);
    let again = engine.rerun(Rerun { seen, model, change }, &mut |_| {}).unwrap();
    assert_eq!(again.input.square, Some(chosen));
    let usual = seen_by(&engine, None);
    assert_eq!(usual.input.square, None);
}

/// What the engine was asked about parts of the photo.
fn asked(engine: &FakeEngine) -> Vec<(JobId, Option<Square>)> {
    let requests = &engine.0.borrow().requests;
    let of = |request: &Request| match request {
        Request::Rerun { job, rerun, .. } => match rerun.change {
            Change::Part(square) => Some((*job, square)),
            Change::Covered(..) | Change::Without(..) => None,
        },
        _ => None,
    };
    requests.iter().filter_map(of).collect()
}

fn open(engine: &FakeEngine) -> Window {
    let mut window = engine.window();
    window.state_mut().state.shared = true;
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain_first(&mut window);
    window
}

fn dispatch(window: &mut Window, command: Command) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(2);
}

/// The network is asked at most as fast as it answers, and the newest place wins.
#[test]
fn places_in_between_are_passed_over() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    let places = [square(0, 0, 100), square(10, 0, 100), square(20, 0, 100)];
    for place in places {
        dispatch(&mut window, Command::DraftSquare(Some(place)));
    }
    assert_eq!(asked(&engine).iter().map(|it| it.1).collect::<Vec<_>>(), [Some(places[0])]);
    let explanation = engine.other_answer();
    engine.say(Event::Rerun { job: asked(&engine)[0].0, explanation });
    window.run_steps(3);
    assert_eq!(asked(&engine).len(), 2);
    assert_eq!(asked(&engine)[1].1, Some(places[2]), "not the one in between");
    // A square that is not the photo's is not taken.
    dispatch(&mut window, Command::SetSquare(Some(square(400, 0, 100))));
    assert_eq!(window.state().state.square(), None);
}

#[test]
fn another_photo_has_the_usual_crop() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    dispatch(&mut window, Command::SetSquare(Some(square(0, 0, 100))));
    let (job, _) = asked(&engine)[0];
    drop_files(&mut window, &[asset("coffee.jpg")]);
    step_until(&mut window, "the other is asked for", |app| app.state.wanted.is_some());
    engine.explain_first(&mut window);
    let prediction = |window: &Window| {
        window.state().state.explanation(Role::Classifier).unwrap().forward.logits.clone()
    };
    let before = prediction(&window);
    assert_eq!(window.state().state.square(), None);
    let explanation = engine.other_answer();
    engine.say(Event::Rerun { job, explanation });
    window.run_steps(3);
    assert_eq!(prediction(&window), before, "what comes too late is not shown");
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(window.state().state.square(), None, "nor by undo");
}

/// Where a place of the photo is on the screen.
fn on_screen(window: &Window, x: f32, y: f32) -> Pos2 {
    window.state().panels.image.screen_from_photo().unwrap().apply(pos2(x, y))
}

fn press(window: &mut Window, pos: Pos2, pressed: bool) {
    let modifiers = Modifiers::NONE;
    let button = PointerButton::Primary;
    window.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
    window.step();
}

/// Holds the pointer down on the way; whoever calls lets go.
fn pull(window: &mut Window, from: Pos2, to: Pos2) {
    window.event(egui::Event::PointerMoved(from));
    window.run_steps(2);
    press(window, from, true);
    for i in 1..=8 {
        window.event(egui::Event::PointerMoved(from.lerp(to, i as f32 / 8.0)));
        window.step();
    }
}

fn shown(window: &Window) -> Arc<Explanation> {
    Arc::clone(window.state().state.explanation(Role::Classifier).unwrap())
}

/// With the real network and the pointer: a corner is pulled, the frame is moved, and all follows.
#[test]
fn the_answer_follows_the_frame() {
    let mut window = real_window([1280.0, 800.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    let usual = shown(&window);
    let [left, top] = usual.input.photo_from_input.apply([0.0; 2]);
    let [right, bottom] = usual.input.photo_from_input.apply([224.0; 2]);
    let corner = on_screen(&window, right as f32, bottom as f32);
    let inwards = on_screen(&window, left as f32 + 120.0, top as f32 + 120.0);
    pull(&mut window, corner, inwards);
    let draft = window.state().state.square().expect("a frame is dragged");
    assert!(draft.side.abs_diff(120) <= 2 && window.state().state.selection().square.is_none());
    step_until(&mut window, "the network answers while it is dragged", |app| {
        let seen = app.state.explanation(Role::Classifier);
        seen.is_some_and(|seen| seen.input.square == app.state.square())
    });
    press(&mut window, inwards, false);
    step_until(&mut window, "all is answered", |app| !app.state.is_covering());
    let first = shown(&window);
    let small = first.input.square.expect("a part is shown");
    assert_eq!(window.state().state.selection().square, Some(small));
    assert_ne!(first.forward.logits, usual.forward.logits);
    let expected = first.model.recipe.apply_to(&first.photo.rgb, Some(small)).unwrap();
    assert_eq!(first.input.chw, expected.chw);
    // The map lies where the frame is.
    let (_, place) = window.state().panels.image.painted_overlay().unwrap();
    let [x, y, side] = [small.x, small.y, small.side].map(|it| it as f32);
    assert!((place.min - on_screen(&window, x, y)).length() < 0.1);
    assert!((place.max - on_screen(&window, x + side, y + side)).length() < 0.1);

    // The line carries it.
    let from = on_screen(&window, x + side / 2.0, y);
    pull(&mut window, from, from + egui::vec2(40.0, 30.0));
    press(&mut window, from + egui::vec2(40.0, 30.0), false);
    step_until(&mut window, "all is answered", |app| !app.state.is_covering());
    let moved = shown(&window).input.square.unwrap();
    assert_eq!(moved.side, small.side);
    assert!(moved.x > small.x && moved.y > small.y, "{small:?} {moved:?}");

    // A step back for each drag; the usual crop needs no run.
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(3);
    step_until(&mut window, "all is answered", |app| !app.state.is_covering());
    assert_eq!(shown(&window).input.square, Some(small));
    window.key_press_modifiers(Modifiers::SHIFT, Key::C);
    window.run_steps(3);
    assert!(shown(&window).is_same_run(&usual));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(3);
    step_until(&mut window, "all is answered", |app| !app.state.is_covering());
    assert_eq!(shown(&window).input.square, Some(small));

    // A double click on the line does the same.
    let line = on_screen(&window, x + side / 2.0, y);
    window.event(egui::Event::PointerMoved(line));
    window.run_steps(2);
    // A frame is a quarter of a second here, and each event takes one.
    window.ctx.options_mut(|options| options.input_options.max_double_click_delay = 2.0);
    for _ in 0..2 {
        for pressed in [true, false] {
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            window.event(egui::Event::PointerButton { pos: line, button, pressed, modifiers });
        }
    }
    window.run_steps(3);
    assert_eq!(window.state().state.square(), None);
    assert!(shown(&window).is_same_run(&usual));
}

/// Escape gives a drag up.
#[test]
fn a_drag_can_be_given_up() {
    let mut window = real_window([1280.0, 800.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    let usual = shown(&window);
    let [left, top] = usual.input.photo_from_input.apply([0.0; 2]);
    let corner = on_screen(&window, left as f32, top as f32);
    pull(&mut window, corner, corner + egui::vec2(60.0, 60.0));
    assert!(window.state().state.square().is_some());
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert_eq!(window.state().state.square(), None);
    assert!(shown(&window).is_same_run(&usual));
    press(&mut window, corner, false);
    window.run_steps(3);
    assert_eq!(window.state().state.square(), None);
    window.get_by_label("Tree diagram");
}

/// A cover goes with the frame: both are answered together.
#[test]
fn a_covered_photo_is_seen_through_the_frame() {
    let engine = engine();
    let mark = glasstree::explain::Mark::Brush { line: vec![[200.0, 100.0]], radius: 30.0 };
    let marks = Arc::new(glasstree::explain::Marks { marks: vec![mark], ..Default::default() });
    let chosen = square(120, 20, 180);
    let seen = seen_by(&engine, Some(Change::Covered(Arc::clone(&marks), Some(chosen))));
    let covered = marks.apply(&seen_by(&engine, None).photo.rgb);
    assert_eq!(seen.photo.rgb, covered);
    let expected = seen.model.recipe.apply_to(&covered, Some(chosen)).unwrap();
    assert_eq!(seen.input.chw, expected.chw);
}
