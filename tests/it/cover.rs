//! Painting over the photo: pixels, strokes, and networks that look on.

use std::sync::Arc;

use eframe::egui::{self, Key, Modifiers, PointerButton, Pos2, pos2};
use egui_kittest::kittest::Queryable as _;
use glasstree::command::{Command, MenuCommand};
use glasstree::explain::{Cover, Mark, Marks};
use glasstree::protocol::{Change, Event, JobId, Request};
use glasstree::state::Role;
use image::{Rgb, RgbImage};
use proptest::prelude::*;
use strum::IntoEnumIterator as _;

use crate::ui::{
    FakeEngine, Window, asset, drop_files, is_explained, menu, real_window, step_until,
};

fn brush(line: &[[f64; 2]], radius: f64) -> Mark {
    Mark::Brush { line: line.to_vec(), radius }
}

fn marks(marks: Vec<Mark>, cover: Cover) -> Marks {
    Marks { marks, cover }
}

/// Each pixel with its own colour.
fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([x as u8 * 3, y as u8 * 5, 90]))
}

#[test]
fn strokes_cover_what_lies_near_their_line() {
    let dot = marks(vec![brush(&[[2.5, 1.5]], 1.0)], Cover::default());
    let rows = |marks: &Marks| -> Vec<String> {
        let mask = marks.mask(6, 4);
        let letter = |&covered: &bool| if covered { '#' } else { '.' };
        mask.chunks(6).map(|row| row.iter().map(letter).collect()).collect()
    };
    assert_eq!(rows(&dot), ["..#...", ".###..", "..#...", "......"]);
    let line = dot.with(brush(&[[0.5, 3.5], [5.5, 3.5]], 0.4));
    assert_eq!(rows(&line), ["..#...", ".###..", "..#...", "######"]);
    // The eraser takes off what was there before it, not what comes later.
    let erased = line.with(Mark::Eraser { line: vec![[2.5, 3.5]], radius: 1.1 });
    assert_eq!(rows(&erased), ["..#...", ".###..", "......", "#...##"]);
    let again = erased.with(Mark::Lasso(vec![[0.0, 2.0], [6.0, 2.0], [6.0, 3.0], [0.0, 3.0]]));
    assert_eq!(rows(&again), ["..#...", ".###..", "######", "#...##"]);
}

#[test]
fn a_cover_shows_what_it_says() {
    // A dark square on a grey wall.
    let is_square = |x: u32, y: u32| (40..60).contains(&x) && (30..50).contains(&y);
    let wall = RgbImage::from_fn(120, 90, |x, y| Rgb([if is_square(x, y) { 0 } else { 128 }; 3]));
    let over = vec![brush(&[[50.0, 40.0]], 18.0)];
    let middle = |cover| marks(over.clone(), cover).apply(&wall).get_pixel(50, 40).0[0];
    // The wall goes on behind it.
    assert_eq!(middle(Cover::Surroundings), 128);
    // 400 of 10,800 pixels are dark.
    assert_eq!(middle(Cover::MeanColor), 123);
    // Within 1.9 and 2.5 standard deviations of the blur lies the square: 93 % of what is seen, so
    // that a level of 9 is left of 128; the fast blur is no true Gaussian.
    assert!((4..=20).contains(&middle(Cover::Blur)), "{}", middle(Cover::Blur));
}

#[test]
fn a_photo_that_is_covered_all_over_stays_a_photo() {
    let small = photo(3, 2);
    for cover in Cover::iter() {
        let all = marks(vec![brush(&[[1.0, 1.0]], 99.0)], cover).apply(&small);
        assert_eq!(all.dimensions(), (3, 2), "{cover}");
        let is_plain = all.pixels().all(|pixel| pixel == all.get_pixel(0, 0));
        assert!(is_plain || cover == Cover::Blur, "{cover}: nothing shows through");
        let none = marks(vec![brush(&[[-50.0, f64::NAN]], 9.0)], cover).apply(&small);
        assert_eq!(none, small, "{cover}");
    }
}

proptest! {
    /// What is not covered is left alone, and what is covered does not depend on what is below.
    #[test]
    fn only_covered_pixels_change(
        x in -5.0_f64..45.0, y in -5.0_f64..35.0, radius in 0.0_f64..15.0, which in 0_usize..3,
    ) {
        let cover = Cover::iter().nth(which).unwrap();
        let marks = marks(vec![brush(&[[x, y], [20.0, 15.0]], radius)], cover);
        let photo = photo(40, 30);
        let mask = marks.mask(40, 30);
        let covered = marks.apply(&photo);
        for ((&is_covered, old), new) in mask.iter().zip(photo.pixels()).zip(covered.pixels()) {
            prop_assert!(is_covered || old == new);
        }
    }
}

/// What the engine was asked about covered photos.
fn asked(engine: &FakeEngine) -> Vec<(JobId, Arc<Marks>, usize)> {
    let requests = &engine.0.borrow().requests;
    let of = |request: &Request| match request {
        Request::Rerun { job, rerun, wanted } => match &rerun.change {
            Change::Covered(marks, _) => Some((*job, Arc::clone(marks), wanted.strong_count())),
            Change::Without(..) | Change::Part(_) => None,
        },
        _ => None,
    };
    requests.iter().filter_map(of).collect()
}

/// With one model, so that each stroke is one question.
fn open(engine: &FakeEngine) -> Window {
    let mut window = engine.window();
    window.state_mut().state.shared = true;
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain_first(&mut window);
    window
}

/// Says that the covered photo is what the other model takes it for.
fn answer(engine: &FakeEngine, window: &mut Window, job: JobId) {
    let explanation = engine.other_answer();
    engine.say(Event::Rerun { job, explanation });
    window.run_steps(3);
}

fn prediction(window: &Window) -> Vec<f32> {
    window.state().state.explanation(Role::Classifier).unwrap().forward.logits.clone()
}

#[test]
fn each_stroke_is_run_and_the_last_wins() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    let before = prediction(&window);
    let ctx = window.ctx.clone();
    let strokes = [[10.0, 10.0], [20.0, 20.0], [30.0, 30.0]].map(|place| brush(&[place], 5.0));
    for stroke in &strokes {
        let draft = Command::DraftMark(Some(stroke.clone()));
        window.state_mut().dispatch(&ctx, draft);
        window.run_steps(2);
    }
    let first = asked(&engine);
    assert_eq!(first.len(), 1, "the next waits for the first: {first:?}");
    assert_eq!(first[0].1.marks, strokes[..1]);
    answer(&engine, &mut window, first[0].0);
    assert_ne!(prediction(&window), before, "list, map and tree follow");
    let second = asked(&engine);
    assert_eq!(second.len(), 2, "then the newest is asked about, not the one in between");
    assert_eq!(second[1].1.marks, strokes[2..]);

    // Let go, it is one step for undo; the same strokes are not asked about again.
    window.state_mut().dispatch(&ctx, Command::AddMark(strokes[2].clone()));
    answer(&engine, &mut window, second[1].0);
    assert_eq!(asked(&engine).len(), 2);
    window.state_mut().dispatch(&ctx, Command::AddMark(strokes[1].clone()));
    window.run_steps(2);
    assert_eq!(asked(&engine)[2].1.marks, [strokes[2].clone(), strokes[1].clone()]);
    menu(&mut window, MenuCommand::Undo);
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(prediction(&window), before, "the photo itself needs no run");
    assert_eq!(asked(&engine)[2].2, 0, "and nobody waits for the stroke that was undone");
}

#[test]
fn another_photo_has_no_cover() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::AddMark(brush(&[[9.0, 9.0]], 5.0)));
    window.run_steps(2);
    let (job, ..) = asked(&engine)[0];
    drop_files(&mut window, &[asset("coffee.jpg")]);
    step_until(&mut window, "the other is asked for", |app| app.state.wanted.is_some());
    engine.explain_first(&mut window);
    let state = &window.state().state;
    assert!(state.marks().is_none() && state.covered(Role::Classifier).is_none());
    let before = prediction(&window);
    answer(&engine, &mut window, job);
    assert_eq!(prediction(&window), before, "what comes too late is not shown");
    menu(&mut window, MenuCommand::Undo);
    assert!(window.state().state.marks().is_none());
}

/// A job that is cancelled is never answered.
#[test]
fn a_stroke_is_asked_about_again_after_a_cancel() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::AddMark(brush(&[[9.0, 9.0]], 5.0)));
    window.run_steps(2);
    window.state_mut().dispatch(&ctx, Command::Cancel);
    window.run_steps(2);
    let asked = asked(&engine);
    assert_eq!(asked.iter().map(|(.., wanted)| *wanted).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_failure_is_told_once() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::AddMark(brush(&[[9.0, 9.0]], 5.0)));
    window.run_steps(2);
    let (job, ..) = asked(&engine)[0];
    engine.say(Event::Failed { job, error: "The device was lost".to_owned() });
    window.run_steps(5);
    window.get_by_label("The device was lost");
    assert_eq!(asked(&engine).len(), 1, "it is not tried for ever");
}

/// Where a place of the photo is on the screen.
fn on_screen(window: &Window, x: f32, y: f32) -> Pos2 {
    window.state().panels.image.screen_from_photo().unwrap().apply(pos2(x, y))
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    let button = |pressed, pos| egui::Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.event(egui::Event::PointerMoved(from));
    window.step();
    window.event(button(true, from));
    window.step();
    for i in 1..=8 {
        window.event(egui::Event::PointerMoved(from.lerp(to, i as f32 / 8.0)));
        window.step();
    }
    window.event(button(false, to));
    window.run_steps(3);
}

/// With the real networks and the pointer: the cat is painted over, and is none any more.
#[test]
fn painting_over_the_cat_changes_list_headline_and_tree() {
    let mut window = real_window([1280.0, 800.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    let name = |window: &Window| {
        let seen = window.state().state.explanation(Role::Classifier).unwrap();
        seen.model.label(seen.prediction()).to_owned()
    };
    assert_eq!(name(&window), "tiger cat");
    window.key_press(Key::P);
    window.run_steps(3);
    window.state_mut().panels.image.region.radius = 80.0;
    let (from, to) = (on_screen(&window, 60.0, 120.0), on_screen(&window, 400.0, 180.0));
    drag(&mut window, from, to);
    step_until(&mut window, "the stroke is answered", |app| !app.state.is_covering());
    assert_ne!(name(&window), "tiger cat");
    assert_eq!(window.state().state.marks().unwrap().marks.len(), 1);
    // What is saved is what is seen.
    let seen = window.state().state.explanation(Role::Classifier).unwrap();
    let original = window.state().state.photo.as_ref().unwrap();
    assert_ne!(seen.photo.rgb, original.rgb);
    assert_eq!(seen.photo.rgb, window.state().state.marks().unwrap().apply(&original.rgb));
    let covered = window.render().unwrap().into_raw();
    window.get_by_label("Before and after").click();
    window.run_steps(5);
    assert_ne!(window.render().unwrap().into_raw(), covered);
    window.key_press(Key::Escape);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(3);
    assert_eq!(name(&window), "tiger cat");
}

/// Prints how many strokes a second the bundled network answers while one paints.
#[test]
#[ignore = "measures"]
fn times_of_strokes() {
    let mut window = real_window([1280.0, 800.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    let ctx = window.ctx.clone();
    for cover in Cover::iter() {
        window.state_mut().dispatch(&ctx, Command::SetCover(cover));
        let (started, mut answers, mut seen) = (std::time::Instant::now(), 0, None);
        let mut line = Vec::new();
        while started.elapsed().as_secs_f64() < 4.0 {
            let place = line.len() as f64;
            line.push([60.0 + place % 300.0, 60.0 + (place / 300.0) * 20.0]);
            let stroke = Command::DraftMark(Some(brush(&line, 20.0)));
            window.state_mut().dispatch(&ctx, stroke);
            window.step();
            let covered = window.state().state.covered(Role::Classifier);
            let marks = covered.map(|covered| Arc::as_ptr(&covered.marks));
            answers += usize::from(marks != seen);
            seen = marks;
        }
        let rate = answers as f64 / started.elapsed().as_secs_f64();
        eprintln!(
            "{cover}: {rate:.1} answers a second, a frame drawn for each place of the stroke"
        );
        window.state_mut().dispatch(&ctx, Command::DraftMark(None));
        window.run_steps(3);
    }
}
