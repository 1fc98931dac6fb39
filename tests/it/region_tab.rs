//! A part of the picture, drawn with the pointer: what it gives, live, and whether the network
//! itself agrees. Everything is found by its accessible name.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Key, Modifiers, PointerButton, Pos2, Role as Kind, pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::command::{Check, Command, MenuCommand};
use glasstree::explain::{
    Area, Decision, Flip, NodeId, Rect, Removal, Rule, branch_accounts, flip,
};
use glasstree::explanation::{CamTarget, Explanation};
use glasstree::output::percent;
use glasstree::protocol::{Event, Request};
use glasstree::settings::InsightTab;
use glasstree::state::Role;
use glasstree::ui::image_view::View;
use glasstree::ui::image_view::region::Tool;
use glasstree::ui::image_view::region::drag::{Drag, Handle};
use glasstree::ui::text::signed;
use glasstree::words;
use proptest::prelude::*;

use crate::ui::{
    FakeEngine, Window, asset, drop_files, is_explained, menu, real_window, step_until,
};

const PHOTO: Rect = Rect { min: [0.0, 0.0], max: [451.0, 300.0] };

fn place() -> impl Strategy<Value = [f64; 2]> {
    (-200.0..700.0_f64, -200.0..500.0_f64).prop_map(|(x, y)| [x, y])
}

fn size(rect: &Rect) -> [f64; 2] {
    [0, 1].map(|i| rect.max[i] - rect.min[i])
}

fn is_on_photo(rect: &Rect) -> bool {
    !rect.is_empty() && rect.intersection(&PHOTO) == *rect
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Boxes have whole pixels and stay on the photo, however they are drawn, pulled and carried.
    #[test]
    fn boxes_stay_on_the_photo(
        [from, to, grab, drop, pull] in prop::array::uniform5(place()), handle in 0..8_usize,
    ) {
        let mut draw = Drag::Box { from };
        let Ok(Area::Box(drawn)) = draw.area(to, &PHOTO, 1.0) else {
            // Only because there is next to nothing of it on the photo.
            let both = Rect {
                min: [from[0].min(to[0]), from[1].min(to[1])],
                max: [from[0].max(to[0]), from[1].max(to[1])],
            };
            let part = both.intersection(&PHOTO);
            prop_assert!(part.is_empty() || size(&part).iter().any(|side| *side < 1.0));
            return Ok(());
        };
        prop_assert!(is_on_photo(&drawn), "{drawn:?}");
        prop_assert!(drawn.min.iter().chain(&drawn.max).all(|x| x.fract() == 0.0));

        let mut carry = Drag::Move { area: Arc::new(Area::Box(drawn)), from: grab };
        let Ok(Area::Box(moved)) = carry.area(drop, &PHOTO, 1.0) else { panic!("{drawn:?}") };
        prop_assert!(is_on_photo(&moved) && size(&moved) == size(&drawn), "{drawn:?} {moved:?}");

        let handle = Handle::ALL[handle];
        let mut resize = Drag::Resize { rect: drawn, handle };
        if let Ok(Area::Box(resized)) = resize.area(pull, &PHOTO, 1.0) {
            prop_assert!(is_on_photo(&resized), "{resized:?}");
            // An edge that the handle does not move stays.
            if handle.x == 0 {
                prop_assert_eq!([resized.min[0], resized.max[0]], [drawn.min[0], drawn.max[0]]);
            }
        }
        // Back at the handle nothing has changed.
        let back = resize.area(handle.place(&drawn), &PHOTO, 1.0);
        prop_assert_eq!(back, Ok(Area::Box(drawn)));
    }
}

/// The window with a photo, explained by the real networks.
fn opened(photo: &str, size: [f32; 2]) -> Window {
    let path = asset(photo);
    let mut window = real_window(size, |options| {
        options.paths = vec![path];
        // So that there is nothing to scroll.
        options.settings.panels.insight_height = 400.0;
        options.settings.panels.folder = false;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    window
}

fn cat() -> Window {
    opened("chelsea.png", [1280.0, 900.0])
}

/// Where a place of the photo is on the screen.
fn on_screen(window: &Window, [x, y]: [f64; 2]) -> Pos2 {
    let to_screen = window.state().panels.image.screen_from_photo().unwrap();
    to_screen.apply(pos2(x as f32, y as f32))
}

fn press(window: &Window, pos: Pos2, pressed: bool, modifiers: Modifiers) {
    window.event(egui::Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers,
    });
}

/// Drags through places of the photo and lets go at the last one.
fn drag(window: &mut Window, places: &[[f64; 2]], modifiers: Modifiers) {
    hold(window, places, modifiers);
    let end = on_screen(window, places[places.len() - 1]);
    press(window, end, false, modifiers);
    window.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    window.run_steps(4);
}

/// As [`drag`], but without letting go.
fn hold(window: &mut Window, places: &[[f64; 2]], modifiers: Modifiers) {
    window.event(egui::Event::ModifiersChanged(modifiers));
    let points: Vec<Pos2> = places.iter().map(|&place| on_screen(window, place)).collect();
    window.hover_at(points[0]);
    press(window, points[0], true, modifiers);
    window.step();
    for pair in points.windows(2) {
        // Faster than people are, but not in one jump.
        for t in [0.3, 0.7, 1.0] {
            window.hover_at(pair[0].lerp(pair[1], t));
            window.step();
        }
    }
}

fn region(window: &Window) -> Option<Area> {
    window.state().state.selection().region.as_deref().cloned()
}

fn area_box(x: f64, y: f64, width: f64, height: f64) -> Area {
    Area::Box(Rect::new(x, y, width, height))
}

fn seen(window: &Window, role: Role) -> Arc<Explanation> {
    Arc::clone(window.state().state.explanation(role).unwrap())
}

/// The text of the only label or button that contains `part`.
fn text(window: &Window, part: &str) -> String {
    let found = window.get_by(|node| text_of(node).is_some_and(|text| text.contains(part)));
    text_of(&found.accesskit_node()).unwrap()
}

fn has(window: &Window, part: &str) -> bool {
    let is_it = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        text_of(node).is_some_and(|text| text.contains(part))
    };
    window.query_all_by(is_it).next().is_some()
}

fn text_of(node: &egui_kittest::kittest::AccessKitNode<'_>) -> Option<String> {
    match node.role() {
        Kind::Label | Kind::Button => node.label().or_else(|| node.value()),
        _ => None,
    }
}

/// Every line of the tab says what the library says about the same area.
fn assert_numbers(window: &Window, area: &Area) {
    let state = &window.state().state;
    let classifier = seen(window, Role::Classifier);
    let Some((role, target)) = state.target() else { panic!("nothing is selected") };
    let explanation = seen(window, role);
    let without = explanation.without(area).unwrap();
    let question = explanation.question(target).unwrap();
    let evidence = explanation.evidence(question).unwrap();
    let account = without.region.account(&evidence, &without.logits);
    let headline = text(window, "This region");
    let part = if account.region < 0.0 { -account.region } else { account.region };
    assert!(headline.contains(&format!("{part:.2}")), "{headline} {account:?}");
    assert!(headline.contains(&signed(account.total, 2)), "{headline} {account:?}");
    let before = explanation.probability(target, &explanation.forward.logits).unwrap();
    let after = explanation.probability(target, &without.logits).unwrap();
    let verb = if after < before { "falls" } else { "rises" };
    let change = format!("{} {verb} to {}", percent(before), percent(after));
    assert!(headline.ends_with(&change), "{headline}: {change}");

    let without = classifier.without(area).unwrap();
    let (now, then) = (classifier.prediction(), without.prediction());
    let line = text(window, "Without it, the classifier");
    let label = classifier.model.label(then).split(',').next().unwrap();
    let says = format!("predicts {label} ({})", percent(without.probabilities[then]));
    assert!(line.contains(&says) && line.contains("still") == (now == then), "{line} {says}");

    let decided = seen(window, Role::Tree);
    let hierarchy = &decided.model.tree().unwrap().hierarchy;
    let with = decided.decision(Rule::Hard).unwrap();
    let without = decided.without(area).unwrap();
    let after = without.decision(hierarchy, Rule::Hard);
    let accounts = branch_accounts(hierarchy, with, &after, &with.path);
    assert_eq!(accounts.len(), 4, "of the tree of ten classes");
    for account in accounts {
        let name = hierarchy.node(account.node).name.split(',').next().unwrap();
        let row = text(window, &format!("{name}: log-odds"));
        for number in [account.log_odds, account.region, account.log_odds_without] {
            assert!(row.contains(&signed(number, 2)), "{row} {account:?}");
        }
        assert!(row.contains(&percent(account.probability_without)), "{row} {account:?}");
    }
    let share = percent(without.region.share() as f32);
    assert!(text(window, "of what the").contains(&format!("{share} for the tree model")));
}

#[test]
fn a_drag_may_be_faster_than_a_frame() {
    let mut window = cat();
    let whole = |window: &mut Window, places: &[[f64; 2]]| {
        let points: Vec<Pos2> = places.iter().map(|&place| on_screen(window, place)).collect();
        let button = |pos, pressed| {
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            egui::Event::PointerButton { pos, button, pressed, modifiers }
        };
        let events = &mut window.input_mut().events;
        events.extend([egui::Event::PointerMoved(points[0]), button(points[0], true)]);
        events.extend(points.iter().map(|&point| egui::Event::PointerMoved(point)));
        events.push(button(points[points.len() - 1], false));
        window.step();
        window.run_steps(3);
    };
    window.key_press(Key::B);
    window.run_steps(3);
    whole(&mut window, &[[100.0, 40.0], [180.0, 90.0], [300.0, 200.0]]);
    assert_eq!(region(&window), Some(area_box(100.0, 40.0, 200.0, 160.0)));
    window.key_press(Key::L);
    window.run_steps(3);
    whole(&mut window, &[[310.0, 100.0], [400.0, 100.0], [400.0, 200.0], [310.0, 200.0]]);
    let Some(Area::Lasso(corners)) = region(&window) else { panic!("{:?}", region(&window)) };
    assert_eq!(corners.len(), 4, "each place is a corner: {corners:?}");
}

#[test]
fn a_box_is_drawn_moved_resized_and_undone() {
    let mut window = cat();
    window.key_press(Key::B);
    window.run_steps(3);
    assert!(window.state().settings.panels.shows(InsightTab::Region), "where the answer will be");
    hold(&mut window, &[[100.0, 40.0], [200.0, 100.0], [260.0, 190.0]], Modifiers::NONE);
    window.run_steps(2);
    // Live, before anything is decided.
    assert_eq!(region(&window), None);
    assert_numbers(&window, &area_box(100.0, 40.0, 160.0, 150.0));
    let end = on_screen(&window, [300.0, 200.0]);
    window.hover_at(end);
    window.run_steps(2);
    assert_numbers(&window, &area_box(100.0, 40.0, 200.0, 160.0));
    press(&window, end, false, Modifiers::NONE);
    window.run_steps(3);
    let drawn = area_box(100.0, 40.0, 200.0, 160.0);
    assert_eq!(region(&window), Some(drawn.clone()));
    assert_numbers(&window, &drawn);

    // Moved by its inside, also with the tool put down; it stays on the photo.
    window.key_press(Key::Escape);
    window.run_steps(2);
    drag(&mut window, &[[150.0, 100.0], [170.0, 110.0]], Modifiers::NONE);
    let moved = area_box(120.0, 50.0, 200.0, 160.0);
    assert_eq!(region(&window), Some(moved.clone()));
    drag(&mut window, &[[150.0, 100.0], [150.0, 290.0]], Modifiers::NONE);
    assert_eq!(region(&window), Some(area_box(120.0, 140.0, 200.0, 160.0)));

    // Resized by a corner, beyond the opposite one, and by an edge.
    drag(&mut window, &[[120.0, 140.0], [400.0, 200.0]], Modifiers::NONE);
    assert_eq!(region(&window), Some(area_box(320.0, 200.0, 80.0, 100.0)));
    drag(&mut window, &[[320.0, 250.0], [200.0, 100.0]], Modifiers::NONE);
    let last = area_box(200.0, 200.0, 200.0, 100.0);
    assert_eq!(region(&window), Some(last.clone()));
    assert_numbers(&window, &last);

    // One step back for each drag.
    for _ in 0..3 {
        menu(&mut window, MenuCommand::Undo);
    }
    assert_eq!(region(&window), Some(moved));
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(region(&window), Some(drawn.clone()));
    assert_numbers(&window, &drawn);
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(region(&window), None);
    menu(&mut window, MenuCommand::Redo);
    assert_eq!(region(&window), Some(drawn));
    window.key_press(Key::Delete);
    window.run_steps(2);
    assert_eq!(region(&window), None);
    menu(&mut window, MenuCommand::Undo);
    window.get_by_label("Remove").click();
    window.run_steps(2);
    assert_eq!(region(&window), None);
}

#[test]
fn escape_gives_up_the_drag_then_the_tool_then_the_region() {
    let mut window = cat();
    drag(&mut window, &[[50.0, 50.0], [150.0, 150.0]], Modifiers::SHIFT);
    let first = Some(area_box(50.0, 50.0, 100.0, 100.0));
    assert_eq!(region(&window), first, "with Shift and without a tool");
    window.key_press(Key::L);
    window.run_steps(3);
    hold(&mut window, &[[200.0, 60.0], [300.0, 60.0], [250.0, 200.0]], Modifiers::NONE);
    assert!(window.state().panels.insight.region.draft.is_some());
    window.key_press(Key::Escape);
    window.run_steps(2);
    let end = on_screen(&window, [250.0, 200.0]);
    press(&window, end, false, Modifiers::NONE);
    window.run_steps(2);
    assert_eq!(region(&window), first);
    assert!(window.state().panels.insight.region.draft.is_none());
    let tool = |window: &Window| window.state().panels.image.region.tool;
    assert_eq!(tool(&window), Tool::Lasso);
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert_eq!((tool(&window), region(&window)), (Tool::Pan, first.clone()));

    // In a field the key leaves the field, and in the palette it closes the palette.
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_steps(3);
    window.key_press(Key::Escape);
    window.run_steps(3);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(3);
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(!window.state().panels.palette.open);
    assert_eq!(region(&window), first);
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert_eq!(region(&window), None);
}

#[test]
fn panning_stays_what_dragging_does() {
    let mut window = cat();
    let view = |window: &Window| window.state().panels.image.view();
    window.state_mut().panels.image.zoom_by(4.0);
    window.run_steps(2);
    let before = view(&window);
    let middle = window.state().panels.image.screen_from_photo().unwrap();
    let View::Free { center, .. } = before else { panic!("{before:?}") };
    let at = |dx: f32| [f64::from(center.x + dx), f64::from(center.y)];
    drag(&mut window, &[at(0.0), at(20.0)], Modifiers::NONE);
    assert_ne!(view(&window), before);
    assert_eq!(region(&window), None);
    assert_ne!(middle, window.state().panels.image.screen_from_photo().unwrap());
    // Where there is nothing but region, too.
    window.state_mut().panels.image.set_view(before);
    let all = Arc::new(area_box(0.0, 0.0, 451.0, 300.0));
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SetRegion(Some(Arc::clone(&all))));
    window.run_steps(2);
    drag(&mut window, &[at(0.0), at(20.0)], Modifiers::NONE);
    assert_ne!(view(&window), before);
    assert_eq!(region(&window), Some((*all).clone()));
    // But not while a tool draws.
    window.get_by_role_and_label(Kind::RadioButton, "Draw a lasso").click();
    window.run_steps(3);
    let before = view(&window);
    let places = [at(0.0), at(20.0), [f64::from(center.x), f64::from(center.y) + 15.0]];
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SetRegion(None));
    window.run_steps(2);
    drag(&mut window, &places, Modifiers::NONE);
    assert_eq!(view(&window), before);
    assert!(matches!(region(&window), Some(Area::Lasso(corners)) if corners.len() > 3));
    assert!(has(&window, "Lasso with"));
    assert!(has(&window, "This region"));
}

#[test]
fn regions_that_are_none_are_told_and_nothing_is_lost() {
    let mut window = cat();
    drag(&mut window, &[[50.0, 50.0], [350.0, 250.0]], Modifiers::SHIFT);
    let first = Some(area_box(50.0, 50.0, 300.0, 200.0));
    assert_eq!(region(&window), first);
    // Small, so that there is room beside it.
    menu(&mut window, MenuCommand::ActualSize);
    window.key_press(Key::L);
    window.run_steps(3);
    // Two points.
    let line = [on_screen(&window, [400.0, 20.0]), on_screen(&window, [430.0, 20.0])];
    press(&window, line[0], true, Modifiers::NONE);
    window.step();
    window.hover_at(line[1]);
    window.step();
    press(&window, line[1], false, Modifiers::NONE);
    window.run_steps(3);
    assert!(text(&window, "A lasso needs").contains("three corners"));
    assert_eq!(region(&window), first);
    // Beside the photo, and without height.
    for (places, word) in [
        ([[-90.0, 100.0], [-30.0, 150.0]], "lies outside of the photo"),
        ([[400.0, 20.0], [430.0, 20.2]], "is empty"),
    ] {
        drag(&mut window, &places, Modifiers::SHIFT);
        assert!(has(&window, word), "{word}");
        assert_eq!(region(&window), first);
    }
    // Beyond the edge of the photo: cut there.
    drag(&mut window, &[[400.0, 250.0], [480.0, 320.0]], Modifiers::SHIFT);
    assert_eq!(region(&window), Some(area_box(400.0, 250.0, 51.0, 50.0)));
    assert!(!has(&window, "is empty"));

    // By numbers anything can be asked for; it is answered in words.
    let field = |window: &mut Window, name: &str, value: f64| {
        window.get_by_role_and_label(Kind::SpinButton, name).set_value_accesskit(value);
        window.run_steps(3);
    };
    field(&mut window, "x", 5000.0);
    assert!(text(&window, "lies outside").contains("451 x 300"));
    field(&mut window, "x", 10.0);
    field(&mut window, "width", -4.0);
    assert!(has(&window, "The region is empty"));
    field(&mut window, "width", 20.0);
    assert_eq!(region(&window), Some(area_box(10.0, 250.0, 20.0, 50.0)));
    // Each model by itself: one sees a little more than the other.
    let area = region(&window).unwrap();
    for role in Role::ALL {
        let error = seen(&window, role).region(&area).unwrap_err().to_string();
        assert!(error.contains("did not see"), "{error}");
        window.get_by_label(&format!("{}: {error}", role.name()));
    }
    field(&mut window, "width", 300.0);
    field(&mut window, "y", 20.0);
    field(&mut window, "height", 200.0);
    assert_numbers(&window, &area_box(10.0, 20.0, 300.0, 200.0));

    // A line that crosses itself is a region like others.
    let eight = [[100.0, 60.0], [300.0, 200.0], [300.0, 60.0], [100.0, 200.0], [100.0, 60.0]];
    let ctx = window.ctx.clone();
    let eight = Area::Lasso(eight.to_vec());
    let command = Command::SetRegion(Some(Arc::new(eight.clone())));
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(3);
    assert_numbers(&window, &eight);
}

#[test]
fn a_region_can_be_made_without_a_pointer_and_about_any_target() {
    let mut window = cat();
    menu(&mut window, MenuCommand::ShowRegion);
    window.get_by_label("Centre of the picture").click();
    window.run_steps(3);
    let middle = area_box(112.0, 75.0, 226.0, 150.0);
    assert_eq!(region(&window), Some(middle.clone()));
    assert_numbers(&window, &middle);
    let ctx = window.ctx.clone();
    let run = |window: &mut Window, command: Command| {
        window.state_mut().dispatch(&ctx, command);
        window.run_steps(3);
        let (_, target) = window.state().state.target().unwrap();
        assert_numbers(window, &middle);
        target
    };
    let decided = seen(&window, Role::Tree);
    let hierarchy = &decided.model.tree().unwrap().hierarchy;
    let node = |name: &str| hierarchy.find_node(name).unwrap();
    let target = run(&mut window, Command::SelectNode(Role::Tree, node("animal")));
    assert_eq!(target, CamTarget::Decision(node("animal"), Rule::Hard));
    let headline = text(&window, "This region");
    assert!(headline.contains("log-odds for animal against vehicle"), "{headline}");
    run(&mut window, Command::SelectNode(Role::Tree, node("dog")));
    run(&mut window, Command::Compare(Role::Classifier, 281, 285));
    assert!(text(&window, "This region").contains("log-odds for tabby against Egyptian cat"));
    run(&mut window, Command::SelectClass(504));
    // The numbers of a line of the table are those of its decision, and a click shows its map.
    let row = window.get_by(|it| text_of(it).is_some_and(|text| text.starts_with("carnivore: ")));
    row.click();
    window.run_steps(3);
    let selected = window.state().state.selected_node(Role::Tree);
    assert_eq!(selected, Some(node("carnivore")));
}

#[test]
fn another_picture_has_no_region_and_the_same_one_keeps_it() {
    let mut window = cat();
    drag(&mut window, &[[50.0, 50.0], [150.0, 150.0]], Modifiers::SHIFT);
    let first = region(&window);
    assert!(first.is_some());
    menu(&mut window, MenuCommand::Reload);
    step_until(&mut window, "the same photo again", is_explained);
    assert_eq!(region(&window), first);
    drop_files(&mut window, &[asset("coffee.jpg")]);
    step_until(&mut window, "another photo", |app| {
        app.state.photo.as_ref().is_some_and(|photo| photo.name == "coffee.jpg")
    });
    step_until(&mut window, "it is explained", is_explained);
    assert_eq!(region(&window), None);
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(region(&window), None, "not by undo either");
}

/// What the engine was asked to run again.
fn reruns(engine: &FakeEngine) -> Vec<Request> {
    let is_rerun = |request: &&Request| matches!(request, Request::Rerun { .. });
    engine.0.borrow().requests.iter().filter(is_rerun).cloned().collect()
}

fn is_wanted(request: &Request) -> bool {
    matches!(request, Request::Rerun { wanted, .. } if wanted.strong_count() > 0)
}

#[test]
fn a_check_is_superseded_cancelled_and_may_fail() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    drag(&mut window, &[[50.0, 50.0], [350.0, 250.0]], Modifiers::SHIFT);
    let run = |window: &mut Window| {
        window.get_by_label("Run the network without it").click();
        window.run_steps(3);
    };
    run(&mut window);
    let first = reruns(&engine);
    assert_eq!(first.len(), 2, "both models");
    assert!(first.iter().all(is_wanted) && window.state().state.is_busy());
    assert!(has(&window, "Running the network again"));

    // Another region: nobody waits for the old one any more, and its answer is not shown.
    drag(&mut window, &[[50.0, 50.0], [300.0, 200.0]], Modifiers::SHIFT);
    assert!(!first.iter().any(is_wanted) && !window.state().state.is_busy());
    let again = seen(&window, Role::Classifier);
    engine.say(Event::Rerun { job: first[0].job(), explanation: Arc::clone(&again) });
    window.run_steps(3);
    assert!(!has(&window, "by the network"));
    // The explanations of the roles are no part of it.
    assert!(is_explained(window.state_mut()));

    run(&mut window);
    let second = reruns(&engine)[2..].to_vec();
    menu(&mut window, MenuCommand::Cancel);
    assert!(!second.iter().any(is_wanted));
    run(&mut window);
    let third = reruns(&engine)[4..].to_vec();
    engine.say(Event::Rerun { job: third[0].job(), explanation: again });
    engine.say(Event::Failed { job: third[1].job(), error: "The device is gone".to_owned() });
    window.run_steps(3);
    assert!(has(&window, "logit by the network: "));
    assert!(has(&window, "more than the cells predict"), "it answered as if nothing were missing");
    window.get_by_label("The device is gone");
    let state = &window.state().state;
    assert!(state.notices.shown().is_empty() && !state.is_busy(), "{:?}", state.notices.shown());
    assert!(is_explained(window.state_mut()));

    // Gone with the region, back with it.
    window.key_press(Key::Delete);
    window.run_steps(2);
    assert!(!has(&window, "by the network"));
    menu(&mut window, MenuCommand::Undo);
    assert!(has(&window, "by the network"));
}

#[test]
fn the_network_itself_is_asked() {
    let mut window = cat();
    drag(&mut window, &[[100.0, 20.0], [330.0, 180.0]], Modifiers::SHIFT);
    let area = area_box(100.0, 20.0, 230.0, 160.0);
    window.get_by_role_and_label(Kind::RadioButton, "Blur").click();
    window.run_steps(2);
    window.get_by_label("Run the network without it").click();
    step_until(&mut window, "the networks have answered", |app| {
        Role::ALL.iter().all(|&role| {
            let rerun = app.state.rerun(Check::Region, role, &area);
            rerun.is_some_and(|rerun| rerun.result().is_some())
        })
    });
    let state = &window.state().state;
    let again = state.rerun(Check::Region, Role::Classifier, &area).unwrap();
    let (again, how) = (again.result().unwrap(), again.how);
    assert_eq!(how, Removal::Blur);
    // The same picture by hand, through the same network.
    let classifier = seen(&window, Role::Classifier);
    let expected = classifier.photo_without(&area, Removal::Blur);
    assert_eq!(again.photo.rgb, expected.rgb);
    let class = classifier.prediction();
    let without = classifier.without(&area).unwrap();
    for (line, logit, p) in [
        ("by the cells", without.logits[class], without.probabilities[class]),
        ("by the network", again.forward.logits[class], again.probabilities[class]),
    ] {
        let line = text(&window, line);
        assert!(line.starts_with("Without it, logit by the"), "{line}");
        assert!(line.ends_with(&format!(": {}, {}", signed(logit, 2), percent(p))), "{line}");
    }
    let off = again.forward.logits[class] - without.logits[class];
    let line = text(&window, "With the region blurred");
    let side = if off > 0.0 { "more" } else { "less" };
    assert!(
        line.contains(&format!("{:.2} {side} than the cells predict", off.abs())),
        "{line} {off}"
    );
    // The tree, too.
    let decided = seen(&window, Role::Tree);
    let again = state.rerun(Check::Region, Role::Tree, &area).unwrap().result().unwrap();
    let hierarchy = &decided.model.tree().unwrap().hierarchy;
    let decision = Decision::new(hierarchy, &again.forward.logits, Rule::Hard);
    let line = text(&window, "Run again with the region blurred");
    assert!(line.ends_with(decided.model.label(decision.class)) || line.contains("instead of"));
    for &account in &decided.decision(Rule::Hard).unwrap().path {
        let p = decision.branch_prob[account];
        assert!(account == 0 || has(&window, &percent(p)), "{p}");
    }
    // The explanations on the screen are still those of the whole photo.
    assert!(is_explained(window.state_mut()));
    window.get_by_label("Network");
}

/// The network knows nothing of what the user made of the tree; its answers are read by that tree.
#[test]
fn a_changed_tree_reads_the_same_answers() {
    let mut window = cat();
    drag(&mut window, &[[100.0, 20.0], [330.0, 180.0]], Modifiers::SHIFT);
    let area = region(&window).unwrap();
    let ctx = window.ctx.clone();
    let decided = seen(&window, Role::Tree);
    let hierarchy = &decided.model.tree().unwrap().hierarchy;
    let node = |name: &str| hierarchy.find_node(name).unwrap();
    window.get_by_label("Run the network without it").click();
    step_until(&mut window, "the networks have answered", |app| {
        app.state.rerun(Check::Region, Role::Tree, &area).is_some() && !app.state.is_busy()
    });
    let rerun = |window: &Window| {
        let rerun = window.state().state.rerun(Check::Region, Role::Tree, &area).unwrap();
        Arc::clone(rerun.result().unwrap())
    };
    let again = rerun(&window);
    let change = Command::MoveNode(Role::Tree, node("cat"), node("vehicle"));
    window.state_mut().dispatch(&ctx, change);
    window.run_steps(3);
    assert!(Arc::ptr_eq(&rerun(&window), &again), "it need not run again");
    let changed = seen(&window, Role::Tree);
    let hierarchy = &changed.model.tree().unwrap().hierarchy;
    let (_, target) = window.state().state.target().unwrap();
    let line = text(&window, "by the network");
    let p = changed.probability(target, &again.forward.logits).unwrap();
    assert!(line.ends_with(&percent(p)), "{line} {p}");
    let network = Decision::new(hierarchy, &again.forward.logits, Rule::Hard);
    for account in &changed.decision(Rule::Hard).unwrap().path[1..] {
        assert!(has(&window, &percent(network.branch_prob[*account])), "{network:?}");
    }
}

fn expected_cells(explanation: &Explanation, flip: &Flip) -> Vec<Rect> {
    flip.cells.iter().map(|&cell| explanation.cell_in_photo(cell)).collect()
}

#[test]
fn what_would_flip_a_decision_is_shown_and_tried() {
    let mut window = opened("cat_and_coffee.jpg", [1280.0, 900.0]);
    let decided = seen(&window, Role::Tree);
    let hierarchy = &decided.model.tree().unwrap().hierarchy;
    let node = hierarchy.find_node("carnivore").unwrap();
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SelectNode(Role::Tree, node));
    window.run_steps(2);
    window.key_press(Key::X);
    window.run_steps(3);
    let decision = decided.decision(Rule::Hard).unwrap();
    let class_maps = decided.class_maps().unwrap();
    let expected = flip(hierarchy, decision, class_maps, node).unwrap();
    assert!(expected.flips && expected.cells.len() > 1);
    let line = text(&window, "Without these");
    assert!(line.starts_with(&format!("Without these {} of 64 cells", expected.cells.len())));
    assert!(line.contains(&signed(expected.margin, 2)), "{line} {expected:?}");
    // It may be a hair, which two decimals would not show.
    let decimals = if expected.margin_without.abs() < 0.005 { 3 } else { 2 };
    let left = signed(expected.margin_without, decimals);
    assert!(line.contains(&format!("becomes {left}")), "{line} {expected:?}");
    assert!(line.contains("it would go to dog instead of cat"), "{line}");
    // Without them an earlier decision goes another way, too.
    let without = decided.without(&Area::Cells(expected_cells(&decided, &expected))).unwrap();
    let class = without.decision(hierarchy, Rule::Hard).class;
    let whole = format!("The whole tree would predict {}", decided.model.label(class));
    assert!(line.contains(&whole), "{line}");
    let cells = expected_cells(&decided, &expected);
    assert_eq!(window.state().panels.insight.region.cells, cells);

    window.get_by_label("Run the network without them").click();
    let area = Area::Cells(cells);
    step_until(&mut window, "the network has answered", |app| {
        let rerun = app.state.rerun(Check::Flip, Role::Tree, &area);
        rerun.is_some_and(|rerun| rerun.result().is_some())
    });
    let again = window.state().state.rerun(Check::Flip, Role::Tree, &area).unwrap();
    let logits = &again.result().unwrap().forward.logits;
    let check = expected.check(hierarchy, logits);
    let verdict = text(&window, "The network itself");
    assert!(verdict.contains(words::verdict(&check)), "{verdict}");
    assert!(verdict.contains(&signed(check.margin, 2)), "{verdict} {check:?}");

    // A leaf stands for the decision in which it is a branch; another node asks anew.
    let select = |window: &mut Window, node: NodeId| {
        window.state_mut().dispatch(&ctx, Command::SelectNode(Role::Tree, node));
        window.run_steps(3);
    };
    select(&mut window, hierarchy.find_node("dog").unwrap());
    assert_eq!(text(&window, "Without these"), line);
    select(&mut window, hierarchy.root());
    assert!(!has(&window, "The network itself"));
    let other = window.state().panels.insight.region.cells.clone();
    assert_ne!(Area::Cells(other.clone()), area);

    // The cells as a region: the table says the same as the flip.
    select(&mut window, node);
    window.get_by_label("Use the cells as region").click();
    window.run_steps(3);
    assert_eq!(region(&window), Some(area));
    let cat = text(&window, "cat: log-odds");
    assert!(cat.contains(&signed(expected.margin_without, 2)) && cat.contains("then "), "{cat}");
    window.get_by_label("Hide").click();
    window.run_steps(3);
    assert!(window.state().panels.insight.region.cells.is_empty());
    assert!(!has(&window, "Without these"));
}

/// Prints the time for a frame while a box is dragged:
/// `cargo test --release --test it -- --ignored --nocapture times_of_dragging`.
#[test]
#[ignore = "measures"]
fn times_of_dragging() {
    let mut window = opened("coffee.jpg", [1440.0, 900.0]);
    let time = |window: &mut Window, what: &str| {
        window.key_press(Key::B);
        window.run_steps(30);
        hold(window, &[[100.0, 60.0], [300.0, 200.0]], Modifiers::NONE);
        let mut times = Vec::new();
        for i in 0..60 {
            let place = on_screen(window, [300.0 + f64::from(i), 200.0 + f64::from(i % 50)]);
            window.hover_at(place);
            let started = Instant::now();
            window.step();
            times.push(started.elapsed());
        }
        let end = on_screen(window, [360.0, 210.0]);
        press(window, end, false, Modifiers::NONE);
        window.run_steps(3);
        assert!(region(window).is_some());
        window.key_press(Key::Escape);
        window.run_steps(2);
        window.key_press(Key::Escape);
        window.run_steps(2);
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let [median, tenth, worst] = [30, 53, 59].map(|i| ms(times[i]));
        eprintln!("{what}: median {median:.2} ms, 90 % below {tenth:.2}, worst {worst:.2} ms");
    };
    time(&mut window, "dragging, tree of 10 classes");
    menu(&mut window, MenuCommand::SwitchTree);
    step_until(&mut window, "the tree of 1000 classes is there", is_explained);
    menu(&mut window, MenuCommand::ExpandAll);
    time(&mut window, "dragging, 1999 nodes");
    menu(&mut window, MenuCommand::ResetTree);
    time(&mut window, "dragging, 1999 nodes, all in view");
}

/// Draws the tab in both themes, small and large: `cargo test --release --test it -- --ignored
/// pictures_of_the_region`.
#[test]
#[ignore = "writes pictures to look at"]
fn pictures_of_the_region() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("region");
    std::fs::create_dir_all(&folder).unwrap();
    for (size, height) in [([1440.0, 900.0], 300.0), ([800.0, 600.0], 220.0)] {
        for (theme, name) in [(MenuCommand::ThemeDark, "dark"), (MenuCommand::ThemeLight, "light")]
        {
            let mut window = opened("cat_and_coffee.jpg", size);
            window.state_mut().settings.panels.insight_height = height;
            menu(&mut window, theme);
            let shot = |window: &mut Window, what: &str| {
                window.run_steps(20);
                let file = format!("region_{what}_{name}_{}.png", size[0]);
                window.render().unwrap().save(folder.join(file)).unwrap();
            };
            menu(&mut window, MenuCommand::ShowRegion);
            shot(&mut window, "none");
            drag(&mut window, &[[10.0, 10.0], [440.0, 225.0]], Modifiers::SHIFT);
            shot(&mut window, "box");
            window.get_by_label("Run the network without it").click_accesskit();
            window.step();
            step_until(&mut window, "the networks have answered", |app| !app.state.is_busy());
            shot(&mut window, "checked");
            let decided = seen(&window, Role::Tree);
            let hierarchy = &decided.model.tree().unwrap().hierarchy;
            let node = hierarchy.find_node("carnivore").unwrap();
            let ctx = window.ctx.clone();
            window.state_mut().dispatch(&ctx, Command::SelectNode(Role::Tree, node));
            menu(&mut window, MenuCommand::WhatFlips);
            menu(&mut window, MenuCommand::RemoveRegion);
            shot(&mut window, "flip");
        }
    }
}
