//! What somebody notices who has never seen the window, in windows of several sizes.

use eframe::egui::{Rect, Role as Kind, vec2};
use egui_kittest::kittest::Queryable as _;
use glasstree::command::{Command, MenuCommand};
use glasstree::protocol::Event;
use glasstree::settings::InsightTab;
use glasstree::state::{NoticeKind, Role, Selected};
use glasstree::tree_text::short_name_on_photo;
use glasstree::ui::text::short;

use crate::everyday::folder_of;
use crate::ui::{FakeEngine, Window, asset, drop_files, menu, step_until, window};

/// A window of this size with one model and the cat.
fn cat(engine: &FakeEngine, size: [f32; 2]) -> Window {
    let mut window = window(engine.start(), size, |options| options.one_model = true);
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain_first(&mut window);
    step_until(&mut window, "the tree is made", |app| {
        app.state.explanation(Role::Classifier).unwrap().model.is_tree_made()
    });
    // What comes in from the side has arrived.
    window.run_steps(30);
    window
}

fn canvas(window: &Window) -> Rect {
    window.get_by_label("Tree diagram").rect()
}

#[test]
fn a_notice_of_a_small_window_is_whole_and_leaves_the_tree_alone() {
    let engine = FakeEngine::default();
    let mut window = cat(&engine, [700.0, 520.0]);
    let text = "Could not read picture a.png: it is not a PNG, JPEG, WebP, BMP or GIF picture";
    window.state_mut().state.notify(NoticeKind::Error, text);
    window.run_steps(5);
    window.get_by_label(text);
    let close = window.get_by_label("Dismiss notice").rect();
    // The frame of the toast may lie on the margin of the tree.
    let tree = canvas(&window);
    assert!(close.top() > tree.bottom() - 12.0, "{close:?} {tree:?}");
}

#[test]
fn the_status_bar_counts_the_picture_that_it_names() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png", "b.png", "c.png"]);
    engine.explain(&mut window);
    menu(&mut window, MenuCommand::Next);
    let job = engine.0.borrow().requests.last().unwrap().job();
    engine.say(Event::Failed { job, error: "b.png is no picture".to_owned() });
    window.run_steps(3);
    window.get_by_label_contains("(1 of 3)");
    assert!(window.query_by_label_contains("(2 of 3)").is_none());
    // The way leads on from the one that cannot be read.
    assert_eq!(window.state().state.position(), Some(1));
}

#[test]
fn the_end_of_the_path_stands_in_the_headline() {
    for size in [[640.0, 480.0], [900.0, 600.0], [1440.0, 900.0]] {
        let engine = FakeEngine::default();
        let window = cat(&engine, size);
        let state = &window.state().state;
        let explanation = state.explanation(Role::Classifier).unwrap();
        let decision = explanation.decision(state.rule(Role::Classifier)).unwrap();
        let tree = &explanation.model.tree().unwrap().hierarchy;
        let last = *decision.path.last().unwrap();
        let name = short_name_on_photo(tree, decision, last);
        // Below the menus and above the picture.
        let is_there = window.query_all_by_label(name.as_str()).any(|node| {
            let rect = node.rect();
            rect.top() > 25.0 && rect.bottom() < 70.0 && rect.right() <= size[0]
        });
        assert!(is_there, "{name} at {size:?}");
    }
}

#[test]
fn no_number_is_cut() {
    let engine = FakeEngine::default();
    let window = cat(&engine, [640.0, 480.0]);
    assert!(window.query_by_label("1,000 classes").is_none(), "there is no room for that");
    assert!(window.query_by_label("1,000").is_none(), "a number alone says nothing");
}

#[test]
fn a_low_picture_has_all_its_tools() {
    let engine = FakeEngine::default();
    let mut window = cat(&engine, [640.0, 480.0]);
    menu(&mut window, MenuCommand::ShowPath);
    menu(&mut window, MenuCommand::ExportOverlay);
    window.run_steps(20);
    let whole = Rect::from_min_size(Default::default(), vec2(640.0, 480.0));
    let tools = ["Move the picture", "Draw a box", "Draw a lasso"];
    let covering = [MenuCommand::PaintOver, MenuCommand::Uncover, MenuCommand::CoverLasso];
    for name in tools.into_iter().chain(covering.map(|command| command.entry().text)) {
        let place = window.get_by_role_and_label(Kind::RadioButton, name).rect();
        assert!(whole.contains_rect(place), "{name}: {place:?}");
    }
}

#[test]
fn the_tree_shows_the_path_of_the_next_picture() {
    let engine = FakeEngine::default();
    let (_folder, mut window, _) = folder_of(&engine, &["a.png", "b.png"]);
    window.state_mut().state.shared = true;
    window.set_size(vec2(900.0, 600.0));
    engine.explain_first(&mut window);
    step_until(&mut window, "the tree is made", |app| {
        app.state.explanation(Role::Classifier).unwrap().model.is_tree_made()
    });
    window.run_steps(30);
    let ctx = window.ctx.clone();
    // Far away from all cats.
    window.state_mut().dispatch(&ctx, Command::SelectClass(999));
    window.run_steps(30);
    menu(&mut window, MenuCommand::Next);
    engine.explain_first(&mut window);
    window.run_steps(30);
    let state = &window.state().state;
    assert_eq!(state.selection().target, Selected::Prediction);
    let explanation = state.explanation(Role::Classifier).unwrap();
    let name = short(explanation.model.label(explanation.prediction()));
    let start = name.clone();
    let items = window.query_all_by(move |node| {
        node.role() == Kind::TreeItem && node.label().is_some_and(|label| label.starts_with(&start))
    });
    let mut places = items.map(|node| node.rect());
    let seen = places.any(|place| canvas(&window).expand(1.0).contains_rect(place));
    assert!(seen, "{name} is not in view");
}

#[test]
fn tabs_stay_where_they_are_whatever_is_below_them() {
    let engine = FakeEngine::default();
    let mut window = cat(&engine, [640.0, 480.0]);
    let mut places = Vec::new();
    for command in [MenuCommand::ShowPath, MenuCommand::ShowCompare, MenuCommand::ShowRegion] {
        menu(&mut window, command);
        window.run_steps(20);
        places.push(window.get_by_label("Trust").rect());
    }
    assert!(window.state().settings.panels.shows(InsightTab::Region));
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    let whole = Rect::from_min_size(Default::default(), vec2(640.0, 480.0));
    assert!(whole.contains_rect(places[0]), "{places:?}");
}

#[test]
fn the_name_of_what_is_mapped_takes_the_room_that_is_there() {
    let engine = FakeEngine::default();
    let window = cat(&engine, [1440.0, 900.0]);
    let is_choice = |kind| kind == Kind::ComboBox;
    let choice = window.get_by(move |node| {
        is_choice(node.role()) && node.label().is_some_and(|label| label.starts_with("Map of"))
    });
    assert!(choice.rect().width() > 130.0, "{:?}", choice.rect());
}

#[test]
fn a_tooltip_does_not_lie_on_a_window_that_opens() {
    let engine = FakeEngine::default();
    let mut window = cat(&engine, [900.0, 600.0]);
    let tooltip = MenuCommand::DrawBox.entry().tooltip;
    window.get_by_label(MenuCommand::DrawBox.entry().text).hover();
    window.run_steps(90);
    window.get_by_label_contains(tooltip);
    menu(&mut window, MenuCommand::Help);
    window.run_steps(90);
    assert!(window.query_by_label_contains(tooltip).is_none(), "the pointer rests");
}
