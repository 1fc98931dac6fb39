//! Maps by other methods in the window: chosen, made while one looks on, given up, never stale.

use std::sync::{Arc, Weak};
use std::time::Duration;

use eframe::egui::{Key, Modifiers, Role as Kind};
use egui_kittest::kittest::Queryable as _;
use glasstree::command::{Command, MenuCommand};
use glasstree::explain::{Answers, Cam, FeatureMap, Method, Probe, ProbeAnswer, Site};
use glasstree::protocol::{Event, JobId, Request};
use glasstree::state::{Role, Topic};

use crate::ui::{
    FakeEngine, Window, asset, drop_files, is_explained, menu, real_window, step_until, window,
};

/// What the engine was asked for with many inputs, or with features kept; small pictures of folders
/// are neither.
fn asked(engine: &FakeEngine) -> Vec<(JobId, Arc<dyn Probe>, Weak<()>)> {
    let requests = &engine.0.borrow().requests;
    let probe = |request: &Request| match request {
        Request::Probe { job, probe, wanted, .. }
            if probe.count() > 1 || probe.keeps_features() =>
        {
            Some((*job, Arc::clone(probe), wanted.clone()))
        }
        _ => None,
    };
    requests.iter().filter_map(probe).collect()
}

fn open(engine: &FakeEngine) -> Window {
    let mut window = window(engine.start(), [1440.0, 900.0], |_| {});
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    window
}

/// The first `count` answers, whose logits follow from their place.
fn answer(engine: &FakeEngine, job: JobId, count: usize, total: usize) {
    let logits =
        |i: usize| (0..1000).map(|class| ((i * 31 + class * 7) % 97) as f32 * 0.1).collect();
    let one = |i| Arc::new(ProbeAnswer { logits: logits(i), features: None });
    let answers = Answers((0..count).map(one).collect());
    engine.say(Event::Probed { job, answers, total, left: Duration::from_secs(7) });
}

fn shown(window: &Window) -> Option<Cam> {
    Some(window.state().panels.image.shown_map()?.cam.clone())
}

fn choose(window: &mut Window, method: Method) {
    window.state_mut().settings.overlay.method = method;
    window.run_steps(3);
}

#[test]
fn the_palette_finds_a_method() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(2);
    window.get_by_label("Command").type_text("occl");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(3);
    assert_eq!(window.state().settings.overlay.method, Method::Occlusion);
    assert!(!window.state().panels.palette.open);
}

#[test]
fn a_method_is_chosen_in_the_list() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    assert!(asked(&engine).is_empty(), "the exact map needs no further runs");
    window.get_by_role_and_label(Kind::ComboBox, "Method: CAM").click();
    window.run_steps(3);
    crate::looks::show(&mut window, "methods");
    // It may have to be scrolled to, which this click does not need.
    window.get_by_label("Occlusion").click_accesskit();
    window.run_steps(3);
    assert_eq!(window.state().settings.overlay.method, Method::Occlusion);
    let asked = asked(&engine);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1.count(), 169);
    // Undo brings the exact map back, and the run is given up.
    menu(&mut window, MenuCommand::Undo);
    window.run_steps(3);
    assert_eq!(window.state().settings.overlay.method, Method::Cam);
    assert_eq!(asked[0].2.strong_count(), 0);
}

#[test]
fn one_run_of_masks_serves_all_targets_while_it_goes_on() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    choose(&mut window, Method::Rise);
    let [(job, probe, wanted)] = &asked(&engine)[..] else { panic!("not asked once") };
    assert_eq!(probe.count(), 1000);
    assert!(shown(&window).is_none(), "nothing is known yet");
    answer(&engine, *job, 100, 1000);
    window.run_steps(3);
    let first = shown(&window).unwrap();
    window.get_by_label_contains("100 of 1,000 runs, 7 s left \u{b7} standard error");
    answer(&engine, *job, 400, 1000);
    window.run_steps(3);
    let sharper = shown(&window).unwrap();
    assert_ne!(first, sharper);
    // Another class: another map of the same answers.
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SelectClass(3));
    window.run_steps(3);
    assert_ne!(shown(&window).unwrap(), sharper);
    assert_eq!(asked(&engine).len(), 1);
    // Stopped, the answers so far stay, and nothing begins by itself.
    menu(&mut window, MenuCommand::Cancel);
    window.run_steps(3);
    assert_eq!(wanted.strong_count(), 0);
    window.get_by_label_contains("stopped after 400 of 1,000 runs");
    assert_eq!(asked(&engine).len(), 1);
    // What comes too late is not listened to.
    let before = shown(&window);
    answer(&engine, *job, 1000, 1000);
    window.run_steps(3);
    assert_eq!(shown(&window), before);
}

/// What masks say holds for all classes; a gradient is that of one.
#[test]
fn another_class_is_another_gradient() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    choose(&mut window, Method::IntegratedGradients);
    let (job, probe, first) = asked(&engine).remove(0);
    assert_eq!(probe.count(), 51);
    let side = probe.input(0).side;
    let kept = FeatureMap { channels: 1, height: side, width: side, data: vec![1e-4; side * side] };
    let one = |i| {
        let features = (i > 0).then(|| kept.clone());
        Arc::new(ProbeAnswer { logits: vec![0.5; 1000], features })
    };
    let answers = Answers((0..11).map(one).collect());
    engine.say(Event::Probed { job, answers, total: 51, left: Duration::from_secs(7) });
    window.run_steps(3);
    assert_eq!((side, shown(&window).map(|map| map.width)), (224, Some(56)));
    window.get_by_label_contains("pixels add up to 5.02");
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SelectClass(3));
    window.run_steps(3);
    assert_eq!(asked(&engine).len(), 2);
    assert_eq!(first.strong_count(), 0, "the gradient of the other class is given up");
    assert!(shown(&window).is_none(), "nothing is known of this class yet");
    // One stage earlier, one run.
    choose(&mut window, Method::LayerCam2);
    let requests = &engine.0.borrow().requests;
    let last = requests.iter().rev().find_map(|request| match request {
        Request::Probe { probe, .. } => probe.gradient(0).map(|(_, site)| site),
        _ => None,
    });
    assert_eq!(last, Some(Site::Stage(1)));
}

#[test]
fn another_picture_or_model_gives_a_run_up() {
    for change in [Command::Reload, Command::ShareModel(true)] {
        let engine = FakeEngine::default();
        let mut window = open(&engine);
        choose(&mut window, Method::Rise);
        let (job, _, wanted) = asked(&engine).remove(0);
        answer(&engine, job, 100, 1000);
        window.run_steps(3);
        let is_reload = matches!(change, Command::Reload);
        let ctx = window.ctx.clone();
        if is_reload {
            window.state_mut().dispatch(&ctx, change);
        } else {
            let model = glasstree::catalog::ModelSource::default_tree_model();
            let change = Command::SetModel(Role::Classifier, model.into());
            window.state_mut().dispatch(&ctx, change);
        }
        window.run_steps(3);
        assert_eq!(wanted.strong_count(), 0, "reload: {is_reload}");
        answer(&engine, job, 1000, 1000);
        window.run_steps(3);
        let state = &window.state().state;
        let inquiry = state.inquiry(Role::Classifier, Topic::Map(Method::Rise, None));
        assert!(inquiry.is_none_or(|inquiry| inquiry.answers.is_empty()));
    }
}

#[test]
fn a_closed_window_gives_a_run_up() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    choose(&mut window, Method::Occlusion);
    let (_, _, wanted) = asked(&engine).remove(0);
    assert_eq!(wanted.strong_count(), 1);
    drop(window);
    assert_eq!(wanted.strong_count(), 0);
}

/// The same picture once more is the same question.
#[test]
fn what_was_said_about_a_picture_is_kept() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    choose(&mut window, Method::Occlusion);
    let (job, _, _) = asked(&engine).remove(0);
    answer(&engine, job, 169, 169);
    window.run_steps(3);
    let map = shown(&window).unwrap();
    menu(&mut window, MenuCommand::Reload);
    engine.explain(&mut window);
    window.run_steps(3);
    assert_eq!(shown(&window), Some(map));
    assert_eq!(asked(&engine).len(), 1);
}

#[test]
fn a_failure_is_told_below_the_picture() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    choose(&mut window, Method::Shift2);
    let (job, _, _) = asked(&engine).remove(0);
    engine.say(Event::Failed { job, error: "The device was lost".to_owned() });
    window.run_steps(3);
    window.get_by_label_contains("The device was lost");
    assert_eq!(asked(&engine).len(), 1, "it is not tried for ever");
}

/// The real network: finer cells beside the plain ones, on one scale, and a map by occlusion.
#[test]
fn maps_are_made_by_the_real_network() {
    let mut window = real_window([1440.0, 900.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    window.state_mut().settings.overlay.beside = Some(Method::Dense2);
    let is_done = |method| {
        move |app: &mut glasstree::app::App| {
            let topic = Topic::Map(method, None);
            app.state.inquiry(Role::Classifier, topic).is_some_and(|it| it.is_done())
        }
    };
    step_until(&mut window, "the finer map is there", is_done(Method::Dense2));
    let image = &window.state().panels.image;
    let [plain, finer] = [image.shown_map(), image.map_beside()].map(Option::unwrap);
    assert_eq!([plain.cam.height, finer.cam.height], [7, 14]);
    assert_eq!(plain.range, finer.range, "one scale");
    let identity = |map: &glasstree::ui::image_view::shown_map::ShownMap| map.account.holds();
    assert!(identity(plain) && identity(finer));

    window.state_mut().settings.overlay.beside = None;
    choose(&mut window, Method::Occlusion);
    step_until(&mut window, "the map by occlusion is there", is_done(Method::Occlusion));
    let map = shown(&window).unwrap();
    let [lo, hi] = map.range();
    // Some patches hide what speaks for the cat, others what speaks against it.
    assert!(lo < -0.1 && hi > 0.1, "{lo} to {hi} logits");

    choose(&mut window, Method::LayerCam4);
    step_until(&mut window, "the map of an earlier stage is there", |app| {
        let target = app.state.target().map(|(_, target)| target);
        let topic = Topic::Map(Method::LayerCam4, target);
        app.state.inquiry(Role::Classifier, topic).is_some_and(|it| it.is_done())
    });
    assert_eq!(shown(&window).map(|map| [map.height, map.width]), Some([28, 28]));
}

/// Prints how soon a map begins to show, and how soon it is given up.
#[test]
#[ignore = "measures"]
fn times_of_maps_that_sharpen() {
    let mut window = real_window([1440.0, 900.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    let has_begun = |window: &Window, method| {
        let inquiry = window.state().state.inquiry(Role::Classifier, Topic::Map(method, None));
        inquiry.is_some_and(|inquiry| !inquiry.answers.is_empty())
    };
    let started = std::time::Instant::now();
    window.state_mut().settings.overlay.method = Method::Rise;
    while !has_begun(&window, Method::Rise) {
        window.step();
    }
    eprintln!("first partial map after {:.3} s", started.elapsed().as_secs_f64());
    let started = std::time::Instant::now();
    menu(&mut window, MenuCommand::Cancel);
    // Answered once the network has let go of the masks.
    window.state_mut().settings.overlay.method = Method::Shift2;
    while !has_begun(&window, Method::Shift2) {
        window.step();
    }
    eprintln!("another map begins {:.3} s after the cancel", started.elapsed().as_secs_f64());
}

/// A method that takes long is run for the picture it was chosen on, and waits on the next one.
#[test]
fn a_long_run_waits_for_a_click_on_the_next_picture() {
    let engine = FakeEngine::default();
    let mut window = window(engine.start(), [1440.0, 900.0], |options| options.one_model = true);
    window.state_mut().settings.overlay.method = Method::Rise;
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    // So slow a network that a thousand masks take twenty seconds.
    let slow = engine.slow_answer(Duration::from_millis(20));
    let job = window.state().state.wanted.as_ref().unwrap().job;
    engine.say(Event::PhotoReady { job, photo: Arc::clone(&slow.photo) });
    engine.say(Event::Explained { job, explanation: slow });
    step_until(&mut window, "the photo is explained", is_explained);
    window.run_steps(5);
    assert!(asked(&engine).is_empty(), "nobody asked for it on this picture");
    window.get_by_label_contains("it waits for you");
    // What is quick needs no click, and what is chosen now is meant for this picture.
    choose(&mut window, Method::Shift2);
    assert_eq!(asked(&engine).len(), 1);
    choose(&mut window, Method::Rise);
    assert_eq!(asked(&engine).len(), 2);
    assert!(window.query_by_label_contains("it waits for you").is_none());
}

#[test]
fn a_click_makes_the_map_that_waits() {
    let engine = FakeEngine::default();
    let mut window = window(engine.start(), [1440.0, 900.0], |options| options.one_model = true);
    window.state_mut().settings.overlay.method = Method::Rise;
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    let slow = engine.slow_answer(Duration::from_millis(20));
    let job = window.state().state.wanted.as_ref().unwrap().job;
    engine.say(Event::PhotoReady { job, photo: Arc::clone(&slow.photo) });
    engine.say(Event::Explained { job, explanation: slow });
    step_until(&mut window, "the photo is explained", is_explained);
    window.run_steps(5);
    window.get_by_label("Make it: RISE (1,000 runs, about 20 s)").click();
    window.run_steps(5);
    let asked = asked(&engine);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1.count(), 1000);
    assert!(window.query_by_label_contains("it waits for you").is_none());
}

/// While a finer map is made, the plain one is on the picture, and says so of itself.
#[test]
fn the_plain_map_bears_its_own_name_until_the_finer_one_is_there() {
    let engine = FakeEngine::default();
    let mut window = open(&engine);
    choose(&mut window, Method::Dense2);
    assert_eq!(asked(&engine).len(), 1);
    let shown = window.state().panels.image.shown_map().unwrap();
    assert_eq!((shown.method, shown.cam.height), (Method::Cam, 7));
}

/// For a network without exact maps a plate on the picture says why, and offers what works.
#[test]
fn a_network_without_maps_says_why_and_offers_others() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/onnx");
    let mut window = real_window([1440.0, 900.0], |options| {
        options.classifier = glasstree::catalog::ModelSource::File(folder.join("vit.onnx")).into();
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    window.run_steps(5);
    crate::looks::show(&mut window, "no map");
    window.get_by_label_contains("single token");
    window.get_by_label_contains("RISE (1,000 runs");
    window.get_by_label_contains("Occlusion (").click();
    window.run_steps(3);
    assert_eq!(window.state().settings.overlay.method, Method::Occlusion);
    assert!(window.query_by_label_contains("single token").is_none());
    step_until(&mut window, "the map by occlusion is there", |app| {
        let topic = Topic::Map(Method::Occlusion, None);
        app.state.inquiry(Role::Classifier, topic).is_some_and(|it| it.is_done())
    });
    window.run_steps(3);
    assert!(shown(&window).is_some());
}
