//! Walking down the tree and making it go elsewhere, in the whole window, by accessible name.

use eframe::egui::{Key, Modifiers, Role as Kind};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::app::{App, AppOptions};
use glasstree::command::{Command, MenuCommand};
use glasstree::explain::{Decision, Hierarchy, NodeId, Rule};
use glasstree::explanation::CamTarget;
use glasstree::state::Role;
use glasstree::tree_text::{percent, short_name, times_less_likely};

use crate::ui::{FakeEngine, Window, asset, drop_files, is_explained, menu, step_until, target};

/// The cat in the window, with the decisions of its path below.
fn cat(engine: &FakeEngine) -> Window {
    let mut window = engine.window();
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    menu(&mut window, MenuCommand::ShowPath);
    window
}

/// The tree of the tree model, and what it decides.
pub fn decided(window: &Window) -> (Hierarchy, Decision) {
    let state = &window.state().state;
    let explanation = state.explanation(Role::Tree).unwrap();
    let hierarchy = explanation.model.tree().unwrap().hierarchy.clone();
    (hierarchy, explanation.decision(state.rule(state.shown_tree())).unwrap().clone())
}

pub fn send(window: &mut Window, command: Command) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(3);
}

/// All that a screen reader would say, in order.
pub fn words(window: &Window) -> Vec<String> {
    let text = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    };
    window.query_all_by(|_| true).filter_map(text).collect()
}

fn press(window: &mut Window, modifiers: Modifiers) {
    window.key_press_modifiers(modifiers, Key::Space);
    window.run_steps(4);
}

fn shown_step(window: &Window) -> Option<NodeId> {
    match target(window) {
        Some((Role::Tree, CamTarget::Decision(node, _))) => Some(node),
        _ => None,
    }
}

#[test]
fn space_walks_from_the_root_to_the_leaf_and_begins_anew() {
    let mut window = cat(&FakeEngine::default());
    let before = target(&window);
    let (hierarchy, decision) = decided(&window);
    let walk = decision.walk(&hierarchy);
    for (i, step) in walk.steps.iter().enumerate() {
        press(&mut window, Modifiers::NONE);
        assert_eq!(shown_step(&window), Some(step.node), "step {i}");
        let name = |id| short_name(&hierarchy, id);
        let caption = format!(
            "Step {} of {}: {} rather than {}, {} here, {} so far",
            i + 1,
            walk.steps.len(),
            name(step.node),
            name(step.runner_up.unwrap()),
            percent(step.probability),
            percent(step.reach),
        );
        let says = |end: &str| window.query_by_label(&format!("{caption}{end}")).is_some();
        let is_weakest = walk.weak_point() == Some(i);
        assert_eq!([says(""), says(". The least certain step")], [!is_weakest, is_weakest]);
        // The branch that came second is told, too.
        let runner_up = name(step.runner_up.unwrap());
        window.get_by(|node| {
            let label = node.label().unwrap_or_default();
            node.role() == Kind::TreeItem
                && label.starts_with(&runner_up)
                && label.ends_with(", runner-up")
        });
    }
    press(&mut window, Modifiers::NONE);
    assert_eq!(shown_step(&window), Some(walk.steps[0].node), "the walk begins anew");
    press(&mut window, Modifiers::NONE);
    press(&mut window, Modifiers::SHIFT);
    assert_eq!(shown_step(&window), Some(walk.steps[0].node), "one step back");
    window.get_by_label("Leave");
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert_eq!(target(&window), before, "what was selected before the walk");
    assert!(window.query_by_label("Leave").is_none());
    assert!(window.query_by_label_contains("so far. Most").is_none());
    assert!(!window.state().state.is_enabled(MenuCommand::Undo), "the walk left no step behind");
}

#[test]
fn a_walk_is_one_step_of_undo() {
    let mut window = cat(&FakeEngine::default());
    send(&mut window, Command::SelectClass(7));
    for _ in 0..3 {
        press(&mut window, Modifiers::NONE);
    }
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(target(&window), Some((Role::Classifier, CamTarget::Class(7))));
    assert!(window.state().state.walking().is_none());
}

/// The picture with the map on it, without what is around.
fn picture(window: &mut Window) -> image::RgbaImage {
    let all = window.render().unwrap();
    let (_, place) = window.state().panels.image.painted_overlay().unwrap();
    // The caption stands below the middle.
    let [x, y, w, h] = [place.left(), place.top(), place.width(), place.height() / 2.0];
    image::imageops::crop_imm(&all, x as u32, y as u32, w as u32, h as u32).to_image()
}

#[test]
fn each_map_fades_into_the_next_unless_animations_are_off() {
    // As in the window, and as where animations are switched off.
    for (animation_time, fades) in [(1.0 / 12.0, true), (0.0, false)] {
        let engine = FakeEngine::default();
        let options = AppOptions::new(engine.start());
        let mut window: Window = Harness::builder()
            .with_size([1100.0, 700.0])
            .with_step_dt(0.05)
            .wgpu()
            .build_eframe(move |cc| App::new(&cc.egui_ctx, options));
        window.ctx.all_styles_mut(|style| style.animation_time = animation_time);
        drop_files(&mut window, &[asset("chelsea.png")]);
        step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
        engine.explain(&mut window);
        menu(&mut window, MenuCommand::WalkOn);
        window.run_steps(20);
        let first = picture(&mut window);
        let ctx = window.ctx.clone();
        window.state_mut().dispatch(&ctx, MenuCommand::WalkOn);
        window.run_steps(3); // a tenth of a second after the change
        let between = picture(&mut window);
        window.run_steps(20);
        let second = picture(&mut window);
        assert_ne!(first, second);
        let is_between = between != first && between != second;
        assert_eq!(is_between, fades, "animation time {animation_time}");
    }
}

#[test]
fn space_presses_the_button_that_has_the_focus() {
    let mut window = cat(&FakeEngine::default());
    window.get_by_role_and_label(Kind::Button, "Back").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE);
    let (_, decision) = decided(&window);
    assert_eq!(shown_step(&window), decision.path.last().copied(), "back, not on");
    // Where a node of the tree has it, the key walks.
    let cursor = window
        .get_all_by_role(Kind::TreeItem)
        .find(|node| node.accesskit_node().label().is_some_and(|l| l.starts_with("cat, ")))
        .unwrap();
    cursor.click();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE);
    assert_eq!(shown_step(&window), Some(decision.path[1]));
}

#[test]
fn it_plays_by_itself_and_stops_at_the_leaf() {
    let mut window = cat(&FakeEngine::default());
    let (_, decision) = decided(&window);
    window.get_by_label("Play").click();
    window.run_steps(2);
    window.get_by_label("Pause");
    let mut seen = Vec::new();
    // A frame is a quarter of a second; the pace is one and a half.
    for _ in 0..8 * decision.path.len() {
        window.step();
        let at = shown_step(&window);
        if seen.last() != Some(&at) {
            seen.push(at);
        }
    }
    let expected: Vec<_> = decision.path[1..].iter().map(|&id| Some(id)).collect();
    assert_eq!(seen, expected);
    window.get_by_label("Play");
}

#[test]
fn the_rows_tell_the_path_and_lead_to_its_nodes() {
    let mut window = cat(&FakeEngine::default());
    let (hierarchy, decision) = decided(&window);
    let walk = decision.walk(&hierarchy);
    let rows: Vec<String> =
        words(&window).into_iter().filter(|text| text.starts_with("Step ")).collect();
    assert_eq!(rows.len(), walk.steps.len());
    let flagged: Vec<bool> = rows.iter().map(|row| row.ends_with("least certain")).collect();
    for (i, step) in walk.steps.iter().enumerate() {
        assert!(rows[i].contains(&short_name(&hierarchy, step.node)), "{}", rows[i]);
        assert!(rows[i].contains(&format!("{} so far", percent(step.reach))), "{}", rows[i]);
        assert_eq!(flagged[i], walk.weak_point() == Some(i), "{}", rows[i]);
        window.get_by_label(&rows[i]).click();
        window.run_steps(3);
        assert_eq!(shown_step(&window), Some(step.node));
    }
}

#[test]
fn what_if_shows_the_other_way_and_its_price() {
    let engine = FakeEngine::default();
    let mut window = cat(&engine);
    let (hierarchy, decision) = decided(&window);
    menu(&mut window, MenuCommand::ResetTree);
    window.run_steps(4);
    let before = words(&window);
    let step = decision.walk(&hierarchy).steps.last().copied().unwrap();
    let other = step.runner_up.unwrap();
    let name = |id| short_name(&hierarchy, id);
    let label = format!("What if {} instead of {}", name(other), name(step.node));
    window.get_by_label(&label).click();
    window.run_steps(4);

    let forced = decision.force(&hierarchy, other);
    assert_eq!(window.state().state.forced(Role::Tree), Some(other));
    assert_eq!(shown_step(&window), Some(other), "its map is shown");
    let price = times_less_likely(forced.price);
    window.get_by_label_contains(&format!("{price} (")); // above the tree
    window.get_by_label(&price); // above the other way
    window.get_by_label_contains("The tree decided: cat");
    let end = name(*forced.path.last().unwrap());
    window.get_by_label_contains(&format!("What if: {end}, "));
    window.get_by_label_contains("left by the what-if");
    let rows = words(&window).into_iter().filter(|text| text.starts_with("Step ")).count();
    assert_eq!(rows, decision.path.len() + forced.path.len() - 2);

    // The walk goes the other way, too.
    window.key_press(Key::Escape);
    for _ in 1..forced.path.len() {
        press(&mut window, Modifiers::NONE);
    }
    window.key_press(Key::Escape);
    window.run_steps(3);

    window.get_by_label_contains(&format!("What if: {end} instead of cat")); // still there after the walk
    let button = "Back to the tree's own decision";
    assert_eq!(window.get_all_by_label(button).count(), 2, "beside the ways, above the tree");
    window.get_all_by_label(button).next().unwrap().click();
    window.run_steps(3);
    assert_eq!(window.state().state.forced(Role::Tree), None);
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(window.state().state.forced(Role::Tree), Some(other), "undo brings it back");
    menu(&mut window, MenuCommand::Undo);
    menu(&mut window, MenuCommand::ResetTree);
    window.run_steps(4);
    assert_eq!(words(&window), before, "nothing is left of it");
}

#[test]
fn forcing_what_was_chosen_changes_nothing() {
    let mut window = cat(&FakeEngine::default());
    window.run_steps(4);
    for rule in [Rule::Hard, Rule::Soft] {
        send(&mut window, Command::SetRule(rule));
        window.run_steps(4);
        let before = words(&window);
        let (_, decision) = decided(&window);
        for &node in &decision.path {
            send(&mut window, Command::Force(Role::Tree, node));
            assert_eq!(words(&window), before, "node {node}, {rule}");
        }
    }
    // A node that does not exist is no reason to panic.
    send(&mut window, Command::Force(Role::Tree, 99_999));
    assert_eq!(window.state().state.forced(Role::Tree), None);
}

#[test]
fn another_picture_forgets_what_was_forced() {
    let engine = FakeEngine::default();
    let mut window = cat(&engine);
    let (hierarchy, decision) = decided(&window);
    let other = decision.walk(&hierarchy).steps[0].runner_up.unwrap();
    send(&mut window, Command::Force(Role::Tree, other));
    assert_eq!(window.state().state.forced(Role::Tree), Some(other));
    menu(&mut window, MenuCommand::Reload);
    engine.explain(&mut window);
    assert_eq!(window.state().state.forced(Role::Tree), None);
    while window.state().state.is_enabled(MenuCommand::Undo) {
        menu(&mut window, MenuCommand::Undo);
        assert_eq!(window.state().state.forced(Role::Tree), None, "not by undo either");
    }
    assert!(is_explained(window.state_mut()));
}

#[test]
fn the_menu_of_a_node_forces_it() {
    let mut window = cat(&FakeEngine::default());
    let (hierarchy, decision) = decided(&window);
    let other = decision.walk(&hierarchy).steps[0].runner_up.unwrap();
    let start = format!("{}, ", short_name(&hierarchy, other));
    window
        .get_by(|node| {
            node.role() == Kind::TreeItem && node.label().is_some_and(|l| l.starts_with(&start))
        })
        .click_secondary();
    window.run_steps(3);
    window.get_by_role_and_label(Kind::Button, "Go here instead").click();
    window.run_steps(3);
    assert_eq!(window.state().state.forced(Role::Tree), Some(other));
}

#[test]
fn prices_are_told_in_words() {
    let times = |ratio: f32| times_less_likely(ratio.ln());
    assert_eq!(times(14.0), "14 times less likely");
    assert_eq!(times(1.34), "1.3 times less likely");
    assert_eq!(times(3.0), "3 times less likely");
    assert_eq!(times(0.25), "4 times more likely");
    assert_eq!(times(1.01), "as likely");
    assert_eq!(times_less_likely(500.0), "more than a million times less likely");
    assert_eq!(times_less_likely(f32::NAN), "of unknown likelihood");
}
