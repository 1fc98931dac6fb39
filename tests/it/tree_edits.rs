//! Changing the tree in the whole window: names, places, files, and the way back.

use std::sync::Arc;

use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, Role as Kind};
use egui_kittest::kittest::Queryable as _;
use glasstree::command::{Command, MenuCommand};
use glasstree::explain::{Decision, Hierarchy, NodeId, Rule};
use glasstree::explanation::Explanation;
use glasstree::protocol::{Event as Answer, Request};
use glasstree::state::{AppState, Effect, Folder, Role};
use glasstree::tree_layout::Orientation;
use glasstree::ui::tree_view::places;

use proptest::prelude::*;

use crate::ui::{FakeEngine, RESULTS, Window, asset, drop_files, menu, step_until};
use crate::walk::{decided, send};

fn cat(engine: &FakeEngine) -> Window {
    let mut window = engine.window();
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    menu(&mut window, MenuCommand::ExpandAll);
    menu(&mut window, MenuCommand::ToggleClasses);
    // Smaller cards, so that all of them are in view.
    menu(&mut window, MenuCommand::ToggleThumbnails);
    window.state_mut().settings.tree.orientation = Some(Orientation::LeftToRight);
    menu(&mut window, MenuCommand::ResetTree);
    window.run_steps(6);
    window
}

fn explanation(window: &Window) -> Arc<Explanation> {
    Arc::clone(window.state().state.explanation(Role::Tree).unwrap())
}

fn node(hierarchy: &Hierarchy, name: &str) -> NodeId {
    hierarchy.find_node(name).unwrap()
}

/// The middle of a node's card.
fn place(window: &Window, name: &str) -> Pos2 {
    let start = format!("{name}, ");
    let card = window.get_by(|node| {
        node.role() == Kind::TreeItem && node.label().is_some_and(|l| l.starts_with(&start))
    });
    card.rect().center()
}

fn pointer(window: &mut Window, pos: Pos2, pressed: bool) {
    window.event(Event::PointerMoved(pos));
    let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
    window.event(Event::PointerButton { pos, button, pressed, modifiers });
    window.run_steps(2);
}

/// Selects a node, then drags it towards another one in small steps.
fn drag(window: &mut Window, from: &str, to: &str) {
    let (hierarchy, _) = decided(window);
    send(window, Command::SelectNode(Role::Tree, node(&hierarchy, from)));
    window.run_steps(4);
    let (from, to) = (place(window, from), place(window, to));
    pointer(window, from, true);
    for i in 1..=8 {
        window.event(Event::PointerMoved(from.lerp(to, i as f32 / 8.0)));
        window.run_steps(1);
    }
}

fn parent(hierarchy: &Hierarchy, name: &str) -> String {
    let parent = hierarchy.node(node(hierarchy, name)).parent.unwrap();
    hierarchy.node(parent).name.to_string()
}

#[test]
fn a_branch_gets_another_name() {
    let mut window = cat(&FakeEngine::default());
    let (before, _) = decided(&window);
    let animal = node(&before, "animal");
    send(&mut window, Command::SelectNode(Role::Tree, animal));
    window.key_press(Key::F2);
    window.run_steps(4);
    let field = window.get_by_label("New name of animal");
    field.type_text("living thing");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
    let (after, decision) = decided(&window);
    assert_eq!(after.node(animal).name, "living thing");
    window.get_by_label_contains("Edited tree: ");
    let same = Decision::new(&before, &explanation(&window).forward.logits, Rule::Hard);
    assert_eq!(decision, same, "a name decides nothing");

    // Escape leaves the name, an empty one is refused in words, a class keeps its own.
    window.key_press(Key::F2);
    window.run_steps(3);
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(window.query_by_label_contains("New name of").is_none());
    assert_eq!(decided(&window).0, after);
    send(&mut window, Command::RenameNode(Role::Tree, animal, "  ".to_owned()));
    window.get_by_label_contains("A name needs at least one letter");
    send(&mut window, Command::RenameNode(Role::Tree, node(&after, "cat"), "dog".to_owned()));
    window.get_by_label_contains("is a class and keeps the name");
    assert_eq!(decided(&window).0, after);
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(decided(&window).0, before);
    assert!(window.query_by_label_contains("Edited tree: ").is_none());
}

#[test]
fn a_branch_is_dragged_onto_another_one() {
    let mut window = cat(&FakeEngine::default());
    let own = explanation(&window);
    let (before, decision) = decided(&window);
    assert_eq!(parent(&before, "cat"), "carnivore");
    drag(&mut window, "cat", "bird");
    window.get_by_label_contains("is a class, and nothing can hang below a class");
    window.key_press(Key::Escape);
    window.run_steps(2);
    let end = place(&window, "bird");
    pointer(&mut window, end, false);
    assert_eq!(decided(&window).0, before, "Escape lets go");

    menu(&mut window, MenuCommand::ResetTree);
    window.run_steps(6);
    drag(&mut window, "cat", "vehicle");
    window.get_by_label("Move cat below vehicle");
    let end = place(&window, "vehicle");
    pointer(&mut window, end, false);
    window.run_steps(4);
    let (after, moved) = decided(&window);
    assert_eq!(parent(&after, "cat"), "vehicle");
    assert_ne!(moved.path, decision.path);
    let sum: f32 = explanation(&window).decision(Rule::Soft).unwrap().class_prob.iter().sum();
    // Ten probabilities in 32 bits.
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    assert_eq!(window.state().state.selected_node(Role::Tree), Some(node(&after, "cat")));
    // The network is the same, and so are its maps.
    assert!(explanation(&window).is_same_run(&own));
    assert!(std::ptr::eq(explanation(&window).class_maps().unwrap(), own.class_maps().unwrap()));

    menu(&mut window, MenuCommand::Undo);
    assert_eq!(decided(&window), (before, decision), "to the last bit");
    menu(&mut window, MenuCommand::Redo);
    assert_eq!(decided(&window), (after, moved));
    window.get_by_label("Back to the original tree").click();
    window.run_steps(3);
    assert!(Arc::ptr_eq(&explanation(&window), &own));
}

#[test]
fn a_branch_is_moved_by_keyboard_alone() {
    let mut window = cat(&FakeEngine::default());
    let (before, _) = decided(&window);
    send(&mut window, Command::SelectNode(Role::Tree, node(&before, "cat")));
    window.key_press_modifiers(Modifiers::SHIFT, Key::M);
    window.run_steps(3);
    window.get_by_label("Branch to move it to").type_text("vehi");
    window.run_steps(3);
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert_eq!(parent(&decided(&window).0, "cat"), "vehicle");
    assert!(window.query_by_label("Branch to move it to").is_none());

    // What cannot be is not offered, and is refused in words.
    let cat = node(&before, "cat");
    let offered = places(&before, cat, "");
    assert!(!offered.contains(&before.node(cat).parent.unwrap()));
    assert!(offered.iter().all(|&id| !before.node(id).is_leaf()));
    assert_eq!(
        places(&before, cat, "automobile"),
        [before.node(node(&before, "automobile")).parent.unwrap()]
    );
    let (now, _) = decided(&window);
    let animal = node(&now, "animal");
    for (from, to, says) in [
        (0, animal, "is the root and cannot be moved"),
        (animal, node(&now, "chordate"), "cannot be moved below itself"),
    ] {
        send(&mut window, Command::MoveNode(Role::Tree, from, to));
        window.get_by_label_contains(says);
    }
    assert_eq!(decided(&window).0, now);
}

#[test]
fn the_changed_tree_is_applied_to_the_next_picture() {
    let engine = FakeEngine::default();
    let mut window = cat(&engine);
    let (before, _) = decided(&window);
    let (cat, vehicle) = (node(&before, "cat"), node(&before, "vehicle"));
    send(&mut window, Command::MoveNode(Role::Tree, cat, vehicle));
    let (after, _) = decided(&window);
    menu(&mut window, MenuCommand::Reload);
    engine.explain(&mut window);
    assert_eq!(decided(&window).0, after);
    window.get_by_label_contains("Edited tree: ");
    menu(&mut window, MenuCommand::OriginalTree);
    assert_eq!(decided(&window).0, before);
    menu(&mut window, MenuCommand::Undo);
    assert_eq!(decided(&window).0, after, "that can be undone, too");
}

#[test]
fn a_tree_is_saved_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.json");
    let mut window = cat(&FakeEngine::default());
    let (own, _) = decided(&window);
    let (cat, vehicle) = (node(&own, "cat"), node(&own, "vehicle"));
    send(&mut window, Command::MoveNode(Role::Tree, cat, vehicle));
    let name = "cars and \u{e9}cats".to_owned();
    let vehicle = node(&decided(&window).0, "vehicle");
    send(&mut window, Command::RenameNode(Role::Tree, vehicle, name));
    let (mine, decision) = decided(&window);
    menu(&mut window, MenuCommand::SaveHierarchy);
    let prompt = window.state_mut().panels.prompt.as_mut().unwrap();
    assert_eq!(prompt.text, "wrn16-2-cifar10-hierarchy.json");
    prompt.text = path.display().to_string();
    window.run_steps(2);
    window.get_by_role_and_label(Kind::Button, "Save").click();
    step_until(&mut window, "the tree is saved", |_| path.exists());

    menu(&mut window, MenuCommand::OriginalTree);
    assert_eq!(decided(&window).0, own);
    let open = |window: &mut Window, path: &std::path::Path| {
        menu(window, MenuCommand::OpenHierarchy);
        window.state_mut().panels.prompt.as_mut().unwrap().text = path.display().to_string();
        window.run_steps(2);
        window.get_by_role_and_label(Kind::Button, "Open").click();
        window.run_steps(2);
    };
    open(&mut window, &path);
    step_until(&mut window, "the tree is opened", |app| {
        app.state.edited_tree(Role::Tree).is_some()
    });
    assert_eq!(decided(&window), (mine.clone(), decision));

    // One for other classes: the first that does not fit is named, and nothing is lost.
    let foreign = folder.path().join("foreign.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("n02121620", "n00000001");
    std::fs::write(&foreign, text).unwrap();
    open(&mut window, &foreign);
    step_until(&mut window, "the misfit is told", |app| {
        app.state
            .notices
            .shown()
            .iter()
            .any(|it| it.text.contains("foreign.json") && it.text.contains("n0"))
    });
    assert_eq!(decided(&window).0, mine);
}

/// The facts behind the window, with the cat explained by both models.
fn facts() -> AppState {
    let request = |at: usize| RESULTS[at].model.source.clone().into();
    let mut state = AppState::new(request(0), request(1));
    let job = |effects: &[Effect]| {
        let sent = effects.iter().find_map(|effect| match effect {
            Effect::Send(Request::Explain { job, .. }) => Some(*job),
            _ => None,
        });
        sent.unwrap()
    };
    let folder = Folder { pictures: vec!["cat.png".into()], ..Folder::default() };
    let first = job(&state.open_folder(folder));
    let photo = Arc::clone(&RESULTS[0].photo);
    let second =
        job(&state.handle_event(Answer::PhotoReady { job: first, photo: Arc::clone(&photo) }));
    for (job, known) in [(first, &RESULTS[0]), (second, &RESULTS[1])] {
        let explanation = Explanation::new(
            Arc::clone(&photo),
            Arc::clone(&known.model),
            Arc::clone(&known.input),
            Arc::clone(&known.forward),
            known.took,
            known.device.clone(),
        );
        state.handle_event(Answer::Explained { job, explanation: Arc::new(explanation) });
    }
    state
}

/// Anything that can be done with the tree, sensible or not.
fn anything() -> impl Strategy<Value = Command> {
    let node = 0..22_usize;
    let commands = [
        Command::Undo,
        Command::Redo,
        Command::WalkOn,
        Command::WalkBack,
        Command::LeaveWalk,
        Command::ForceSelected,
        Command::Unforce,
        Command::OriginalTree,
        Command::SwitchRule,
        Command::SwitchTree,
    ];
    let tree = Role::Tree;
    prop_oneof![
        3 => (node.clone(), node.clone()).prop_map(move |(a, b)| Command::MoveNode(tree, a, b)),
        1 => (node.clone(), "[a-z ]{0,4}").prop_map(move |(a, b)| Command::RenameNode(tree, a, b)),
        1 => node.clone().prop_map(move |a| Command::SelectNode(tree, a)),
        1 => node.prop_map(move |a| Command::Force(tree, a)),
        3 => prop::sample::select(commands.to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_the_numbers_hold_and_undo_leads_back(
        commands in prop::collection::vec(anything(), 0..40)
    ) {
        let mut state = facts();
        let own = Arc::clone(state.explanation(Role::Tree).unwrap());
        let own_decision = own.decision(Rule::Soft).unwrap();
        for command in commands {
            state.apply(command);
            let now = state.explanation(Role::Tree).unwrap();
            prop_assert!(now.is_same_run(&own));
            let decision = now.decision(Rule::Soft).unwrap();
            // Ten probabilities in 32 bits.
            prop_assert!((decision.class_prob.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let nodes = now.model.tree().unwrap().hierarchy.nodes().len();
            prop_assert!(state.forced(Role::Tree).is_none_or(|node| node < nodes));
            prop_assert_eq!(state.edited_tree(Role::Tree).is_none(), Arc::ptr_eq(now, &own));
        }
        while state.is_enabled(MenuCommand::Undo) {
            state.apply(Command::Undo);
        }
        let back = state.explanation(Role::Tree).unwrap();
        prop_assert!(Arc::ptr_eq(back, &own));
        prop_assert_eq!(back.decision(Rule::Soft).unwrap(), own_decision);
    }
}
