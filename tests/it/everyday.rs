//! What happens to everybody in the first hour: broken files, quick fingers, many notices.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, Key, Modifiers, Rect, Role as Kind, vec2};
use egui_kittest::kittest::Queryable as _;
use glasstree::command::{Command, MenuCommand, Purpose};
use glasstree::explain::{Hierarchy, Method};
use glasstree::explanation::{CamTarget, Tree};
use glasstree::protocol::{Event, PictureSource, Request};
use glasstree::settings::{LEAST_CLASSES, Settings, Theme};
use glasstree::state::{INFO_STAYS, NoticeKind, Remedy, Role, Selected};
use glasstree::tree_layout::{Orientation, rows};
use glasstree::ui::path_prompt::PathPrompt;
use glasstree::ui::tree_view::Index;

use crate::ui::{FakeEngine, Window, asset, drop_files, is_explained, menu, step_until, window};

/// A window with the first of several pictures that are all answered as the cat.
pub fn folder_of(engine: &FakeEngine, names: &[&str]) -> (tempfile::TempDir, Window, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
    for path in &paths {
        std::fs::write(path, "the engine of this test reads no files").unwrap();
    }
    let mut window = engine.window();
    drop_files(&mut window, &[folder.path().to_owned()]);
    step_until(&mut window, "the folder is opened", |app| app.state.wanted.is_some());
    (folder, window, paths)
}

/// The file that the engine was asked for last.
fn asked(engine: &FakeEngine) -> PathBuf {
    let requests = &engine.0.borrow().requests;
    let file = |request: &Request| match request {
        Request::Explain { picture: PictureSource::File(path, _), .. } => Some(path.clone()),
        _ => None,
    };
    requests.iter().rev().find_map(file).unwrap()
}

/// Where the list of classes is.
fn list(window: &Window) -> Rect {
    let is_list = |kind| kind == Kind::ListBox;
    window.get_by(move |node| is_list(node.role())).rect()
}

fn click_class(window: &mut Window, rank: usize) {
    let end = format!("rank {rank}");
    window
        .get_by(move |node| {
            node.role() == Kind::ListBoxOption
                && node.label().is_some_and(|label| label.ends_with(&end))
        })
        .click();
    window.run_steps(3);
}

#[test]
fn notices_take_no_room_from_the_panels() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png"]);
    engine.explain(&mut window);
    let before = list(&window);
    for i in 0..5 {
        let text = format!("{i}: {}", "a long line about a file that cannot be read ".repeat(30));
        window.state_mut().state.notify(NoticeKind::Error, text);
    }
    window.run_steps(60);
    assert_eq!(list(&window), before);
    let buttons = window.query_all_by_label("Dismiss notice").count();
    assert_eq!(buttons, 3, "as many as there is room for");
    let whole = Rect::from_min_size(egui::Pos2::ZERO, vec2(1100.0, 700.0));
    for button in window.query_all_by_label("Dismiss notice") {
        assert!(whole.contains_rect(button.rect()));
    }
    window.get_by_label("2 more notices").click();
    window.run_steps(3);
    window.get_by_label("Dismiss all").click();
    window.run_steps(3);
    assert!(window.state().state.notices.shown().is_empty());
    assert_eq!(window.state().state.notices.log().count(), 5, "the log keeps them");
    assert_eq!(list(&window), before);
}

#[test]
fn a_notice_hides_little_of_a_small_window() {
    let engine = FakeEngine::default();
    let mut window = window(engine.start(), [640.0, 480.0], |_| {});
    window.run_steps(2);
    for i in 0..3 {
        let text = format!("{i}: {}", "a long line about a file that cannot be read ".repeat(30));
        window.state_mut().state.notify(NoticeKind::Warning, text);
    }
    window.run_steps(30);
    let close = window.get_by_label("Dismiss notice").rect();
    let more = window.get_by_label("2 more notices").rect();
    // One toast of a few lines, and the way to the others.
    assert!(close.top() > 360.0 && more.top() > 330.0, "{close:?} {more:?}");
}

#[test]
fn the_line_for_a_path_has_its_room_at_once() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png"]);
    engine.explain(&mut window);
    window.run_steps(60);
    let hint = Some("This system has no file dialog");
    let prompt = PathPrompt::new(Purpose::Open, String::new(), hint);
    window.state_mut().panels.prompt = Some(prompt);
    // As many frames as the window itself wants.
    window.run();
    let button = |window: &Window| window.get_by_label("Fit").rect();
    let drawn = button(&window);
    window.run_steps(5);
    assert_eq!(drawn, button(&window));
}

#[test]
fn a_file_that_exists_is_overwritten_only_when_asked_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.png");
    std::fs::write(&path, "precious").unwrap();
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png"]);
    engine.explain(&mut window);
    menu(&mut window, MenuCommand::ExportOverlay);
    let text = path.to_string_lossy().into_owned();
    let purpose = window.state().panels.prompt.as_ref().unwrap().purpose;
    window.state_mut().panels.prompt = Some(PathPrompt::new(purpose, text, None));
    window.run_steps(3);
    window.key_press(Key::Enter);
    window.run_steps(10);
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    window.get_by_label_contains("This file exists");
    window.get_by_label("Overwrite");
    window.key_press(Key::Enter);
    step_until(&mut window, "it is saved", |app| app.panels.prompt.is_none());
    step_until(&mut window, "it is another file", |_| std::fs::read(&path).unwrap() != b"precious");
}

#[test]
fn information_leaves_by_itself_and_errors_stay() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    window.run_steps(2);
    window.state_mut().state.notify(NoticeKind::Info, "Saved map.png");
    window.state_mut().state.notify(NoticeKind::Error, "It is broken");
    window.run_steps(2);
    window.get_by_label("Saved map.png");
    let start = window.ctx.input(|input| input.time);
    // The clock of the window goes by frames here.
    while window.ctx.input(|input| input.time) < start + INFO_STAYS + 1.0 {
        window.run_steps(10);
    }
    assert!(window.query_by_label("Saved map.png").is_none());
    window.get_by_label("It is broken");
}

#[test]
fn a_button_of_a_notice_is_hit_while_another_notice_leaves() {
    // However many frames are drawn before the press, one of these presses falls into the moment.
    for frames in 0..8 {
        let engine = FakeEngine::default();
        let mut window = engine.window();
        window.run_steps(2);
        let state = &mut window.state_mut().state;
        state.notify(NoticeKind::Info, "Saved map.png");
        let remedy = Some(Remedy::RestartEngine);
        state.notify_with(NoticeKind::Error, "The engine has stopped".to_owned(), remedy);
        window.run_steps(2);
        let time = |window: &Window| window.ctx.input(|input| input.time);
        let soon = time(&window) + INFO_STAYS - 1.5;
        while time(&window) < soon {
            window.step();
        }
        window.run_steps(frames);
        window.get_by_label("Restart engine").click();
        window.run_steps(2);
        let notices = window.state().state.notices.shown();
        let left = notices.iter().any(|notice| notice.remedy.is_some());
        assert!(!left, "the press after {frames} frames was lost");
    }
}

#[test]
fn no_notice_leaves_under_the_pointer() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    window.run_steps(2);
    window.state_mut().state.notify(NoticeKind::Info, "Saved map.png");
    window.run_steps(2);
    window.get_by_label("Saved map.png").hover();
    let start = window.ctx.input(|input| input.time);
    while window.ctx.input(|input| input.time) < start + INFO_STAYS + 1.0 {
        window.run_steps(10);
    }
    let shown = |window: &Window| window.state().state.notices.shown().len();
    assert_eq!(shown(&window), 1);
    window.hover_at(egui::pos2(200.0, 300.0));
    window.run_steps(3);
    assert_eq!(shown(&window), 0);
}

#[test]
fn pictures_that_were_looked_at_do_not_stay_in_the_memory() {
    // Nothing is kept of plain maps; of others 64 MB, beside what is on the screen.
    for (method, most) in [(Method::Cam, 8 << 20), (Method::Occlusion, 80 << 20)] {
        let engine = FakeEngine::default();
        let mut window =
            window(engine.start(), [1100.0, 700.0], |options| options.one_model = true);
        window.state_mut().settings.overlay.method = method;
        let mut pictures = Vec::new();
        for i in 0..60 {
            drop_files(&mut window, &[asset("chelsea.png")]);
            step_until(&mut window, "it is asked for", |app| app.state.wanted.is_some());
            let answer = engine.large_answer(i);
            pictures.push(Arc::downgrade(&answer));
            engine.answer(&mut window, answer);
            engine.answer_probe(&mut window);
        }
        let kept = pictures.iter().filter_map(|picture| Some(picture.upgrade()?.bytes()));
        let kept: Vec<usize> = kept.collect();
        assert!(kept.iter().sum::<usize>() < most, "{method}: {} are kept", kept.len());
        assert_eq!(kept.len() > 2, method == Method::Occlusion, "{method}: {}", kept.len());
    }
}

#[test]
fn the_next_picture_takes_no_error_from_the_screen() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png", "b.png"]);
    engine.explain(&mut window);
    window.state_mut().state.notify(NoticeKind::Error, "It is broken");
    menu(&mut window, MenuCommand::Next);
    engine.explain(&mut window);
    window.get_by_label("It is broken");
    window.get_by_label("Dismiss notice").click();
    window.run_steps(3);
    assert!(window.query_by_label("It is broken").is_none());
    assert_eq!(window.state().state.notices.log().count(), 1, "the log keeps it");
}

#[test]
fn a_clicked_class_is_meant_for_this_photo_unless_it_is_kept() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png", "b.png", "c.png", "d.png"]);
    engine.explain(&mut window);
    click_class(&mut window, 3);
    let chosen = window.state().state.target();
    let is_prediction =
        |window: &Window| window.state().state.selection().target == Selected::Prediction;
    assert!(!is_prediction(&window));

    menu(&mut window, MenuCommand::Next);
    engine.explain(&mut window);
    assert!(is_prediction(&window), "the next photo shows what it is taken for");
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(window.state().state.target(), chosen, "one step back");

    window.get_by_role_and_label(Kind::CheckBox, "Keep for the next pictures").click();
    window.run_steps(3);
    menu(&mut window, MenuCommand::Next);
    engine.explain(&mut window);
    assert_eq!(window.state().state.target(), chosen, "it is kept");
    window.get_by_role_and_label(Kind::CheckBox, "Keep for the next pictures").click();
    window.run_steps(3);
    menu(&mut window, MenuCommand::Next);
    engine.explain(&mut window);
    assert!(is_prediction(&window), "one click lets go of it");
}

#[test]
fn what_a_photo_is_taken_for_can_be_kept() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png", "b.png"]);
    engine.explain(&mut window);
    let Some((Role::Classifier, CamTarget::Class(class))) = window.state().state.target() else {
        panic!("no class is shown")
    };
    window.key_press(Key::K);
    window.run_steps(2);
    assert_eq!(window.state().state.selection().target, Selected::Class(class));
    assert!(window.state().state.selection().keeps_target);
}

#[test]
fn a_folder_opens_with_the_first_picture_that_can_be_read() {
    let engine = FakeEngine::default();
    let (_folder, mut window, paths) = folder_of(&engine, &["a.png", "b.png", "c.png", "d.png"]);
    for name in ["a.png", "b.png"] {
        let job = engine.0.borrow().requests.last().unwrap().job();
        engine.say(Event::Failed { job, error: format!("{name} is no picture") });
        window.run_steps(2);
    }
    assert_eq!(asked(&engine), paths[2]);
    engine.explain(&mut window);
    let notices = window.state().state.notices.shown();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].text.contains("2 pictures") && notices[0].text.contains("a.png"));
    assert_eq!(window.state().state.position(), Some(2));
    window.key_press(Key::ArrowRight);
    window.run_steps(2);
    assert_eq!(asked(&engine), paths[3]);
}

#[test]
fn a_folder_in_which_nothing_can_be_read_ends_with_an_error() {
    let engine = FakeEngine::default();
    let (_folder, mut window, paths) = folder_of(&engine, &["a.png", "b.png"]);
    for name in ["a.png", "b.png"] {
        let job = engine.0.borrow().requests.last().unwrap().job();
        engine.say(Event::Failed { job, error: format!("{name} is no picture") });
        window.run_steps(2);
    }
    let state = &window.state().state;
    assert!(state.wanted.is_none() && state.photo.is_none());
    assert_eq!(state.notices.shown().last().unwrap().kind, NoticeKind::Error);
    assert_eq!(state.folder.len(), 2, "the arrow keys go through it");
    window.key_press(Key::ArrowLeft);
    window.run_steps(2);
    assert_eq!(asked(&engine), paths[0]);
}

/// A key goes down and up again, all between two frames.
fn tap(window: &mut Window, key: Key, modifiers: Modifiers) {
    for pressed in [true, false] {
        let event = egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        window.input_mut().events.push(event);
    }
}

#[test]
fn every_press_counts_even_between_two_frames() {
    let engine = FakeEngine::default();
    let (_folder, mut window, paths) = folder_of(&engine, &["a.png", "b.png", "c.png", "d.png"]);
    engine.explain(&mut window);
    for _ in 0..3 {
        tap(&mut window, Key::ArrowRight, Modifiers::NONE);
    }
    window.run_steps(2);
    assert_eq!(asked(&engine), paths[3]);
    engine.explain(&mut window);
    // In the list, too.
    click_class(&mut window, 1);
    let top = window.state().state.role(Role::Classifier).explanation().unwrap().top(5);
    for _ in 0..4 {
        tap(&mut window, Key::ArrowDown, Modifiers::NONE);
    }
    window.run_steps(3);
    assert_eq!(window.state().state.selection().target, Selected::Class(top[4]));
}

#[test]
fn the_modifiers_of_a_press_count_and_not_those_of_the_frame() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png"]);
    engine.explain(&mut window);
    let tree = window.state().state.selection().tree;
    // Shift is let go before the next frame begins.
    tap(&mut window, Key::T, Modifiers::SHIFT);
    window.run_steps(3);
    assert_eq!(window.state().state.selection().tree, tree, "that was not the other tree");
    let turned = window.state().settings.tree.orientation;
    assert!(matches!(turned, Some(Orientation::TopDown | Orientation::LeftToRight)), "{turned:?}");
    tap(&mut window, Key::T, Modifiers::NONE);
    window.run_steps(3);
    assert_ne!(window.state().state.selection().tree, tree);
}

#[test]
fn sideways_arrows_change_pictures_after_a_click_in_the_list() {
    let engine = FakeEngine::default();
    let (_folder, mut window, paths) = folder_of(&engine, &["a.png", "b.png", "c.png"]);
    engine.explain(&mut window);
    click_class(&mut window, 2);
    window.key_press(Key::ArrowRight);
    window.run_steps(3);
    assert_eq!(asked(&engine), paths[1]);
    engine.explain(&mut window);
    window.key_press(Key::ArrowLeft);
    window.run_steps(3);
    assert_eq!(asked(&engine), paths[0]);
}

#[test]
fn escape_closes_windows_one_by_one() {
    let mut window = FakeEngine::default().window();
    window.run_steps(2);
    menu(&mut window, MenuCommand::Models);
    menu(&mut window, MenuCommand::Help);
    menu(&mut window, MenuCommand::Notices);
    let open = |window: &Window| {
        let panels = &window.state().panels;
        [panels.models.open, panels.help.open, panels.notices]
    };
    for left in [[true, true, false], [true, false, false], [false; 3]] {
        window.key_press(Key::Escape);
        window.run_steps(3);
        assert_eq!(open(&window), left);
    }
}

/// The tree alone in a window of this size: too small for all of its nodes to be read at once, and
/// large enough for them to be widgets.
fn tree_alone(
    engine: &FakeEngine,
    [width, height]: [f32; 2],
) -> (tempfile::TempDir, Window, Arc<Tree>) {
    let (folder, mut window, _) = folder_of(engine, &["a.png"]);
    engine.explain(&mut window);
    window.set_size(vec2(width, height));
    menu(&mut window, MenuCommand::TreeOnly);
    menu(&mut window, MenuCommand::ToggleClasses);
    window.run_steps(30);
    let tree = {
        let explanation = window.state().state.explanation(Role::Tree).unwrap();
        Arc::clone(explanation.model.tree().unwrap())
    };
    (folder, window, tree)
}

/// How many nodes are drawn, all of which have to be on the canvas.
fn nodes_in_view(window: &Window) -> usize {
    let canvas = window.get_by_label("Tree diagram").rect();
    let nodes: Vec<Rect> = window.query_all_by_role(Kind::TreeItem).map(|it| it.rect()).collect();
    for node in &nodes {
        assert!(canvas.expand(1.0).contains_rect(*node), "{node:?} is not in {canvas:?}");
    }
    nodes.len()
}

#[test]
fn all_nodes_are_in_view_after_expanding_all() {
    let engine = FakeEngine::default();
    let (_folder, mut window, tree) = tree_alone(&engine, [1000.0, 640.0]);
    menu(&mut window, MenuCommand::ExpandAll);
    window.run_steps(30);
    assert_eq!(nodes_in_view(&window), tree.hierarchy.nodes().len());
}

#[test]
fn both_ways_are_in_view_after_what_if() {
    let engine = FakeEngine::default();
    let (_folder, mut window, tree) = tree_alone(&engine, [700.0, 460.0]);
    let ship = tree.hierarchy.find_node("ship").unwrap();
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::Force(Role::Tree, ship));
    window.run_steps(30);
    let state = &window.state().state;
    let decision = state.explanation(Role::Tree).unwrap().decision(state.rule(Role::Tree)).unwrap();
    let forced = decision.force(&tree.hierarchy, ship);
    let open = window.state().panels.tree_view.open_nodes();
    for &node in &forced.path[..forced.path.len() - 1] {
        assert!(open.is_open(node), "{}", tree.hierarchy.node(node).name);
    }
    let rows = rows(&tree.hierarchy, decision, open);
    let nodes = rows.iter().filter(|row| row.shown.node().is_some());
    assert_eq!(nodes_in_view(&window), nodes.count());
}

#[test]
fn a_search_finds_whole_words_before_their_beginnings() {
    let json = r#"{"directed": true, "nodes": [
        {"id": "f0", "label": "catamaran"}, {"id": "f1", "label": "tiger cat"},
        {"id": "f2", "label": "wildcat"}, {"id": "f3", "label": "cat"}, {"id": "r", "label": "all"}
    ], "links": [
        {"source": "r", "target": "f0"}, {"source": "r", "target": "f1"},
        {"source": "r", "target": "f2"}, {"source": "r", "target": "f3"}
    ]}"#;
    let ids = ["f0", "f1", "f2", "f3"].map(str::to_owned);
    let names = ["catamaran", "tiger cat", "wildcat", "cat"].map(str::to_owned);
    let mut tree = Hierarchy::from_json(json, &ids, &|_| None).unwrap();
    tree.set_labels(&names).unwrap();
    let found = Index::new(&tree).matches("cat");
    let found: Vec<&str> = found.iter().map(|&node| tree.node(node).name.as_str()).collect();
    assert_eq!(found, ["cat", "tiger cat", "catamaran", "wildcat"]);
}

#[test]
fn settings_are_saved_soon_after_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    let engine = FakeEngine::default();
    let file = path.clone();
    let mut window = window(engine.start(), [900.0, 600.0], |options| {
        options.settings_file = Some(file);
    });
    window.run_steps(2);
    menu(&mut window, MenuCommand::ThemeLight);
    window.run_steps(20);
    // Whatever ends the program now.
    assert_eq!(Settings::read(&path).0.theme, Theme::Light);
}

#[test]
fn a_list_that_was_squeezed_comes_back() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    window.run_steps(5);
    let before = list(&window);
    window.set_size(vec2(700.0, 400.0));
    window.run_steps(10);
    assert!(is_explained(window.state_mut()));
    window.set_size(vec2(1100.0, 700.0));
    window.run_steps(10);
    assert_eq!(list(&window), before);
    assert!(window.state().settings.panels.classes_height >= LEAST_CLASSES);
}

#[test]
fn sizes_in_which_nothing_could_be_seen_are_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    std::fs::write(&path, r#"{"panels": {"classes_height": 91, "insight_height": 1}}"#).unwrap();
    let panels = Settings::read(&path).0.panels;
    let usual = Settings::default().panels;
    assert_eq!(panels.classes_height, usual.classes_height);
    assert_eq!(panels.insight_height, usual.insight_height);
}
