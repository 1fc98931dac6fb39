//! Maps of decisions and of pairs of classes in the window, and the words beside them.

use std::path::Path;
use std::sync::Arc;

use eframe::egui::{self, Role as Kind, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::catalog::ModelSource;
use glasstree::command::{Action, Command, MenuCommand};
use glasstree::engine::Engine;
use glasstree::explain::{Hierarchy, Rule};
use glasstree::explanation::CamTarget;
use glasstree::model::DeviceChoice;
use glasstree::photo::PhotoOptions;
use glasstree::protocol::PictureSource;
use glasstree::state::{AppState, PinSlot, Role, Selected, Versus};

use glasstree::look::SharedRange;

use crate::ui::{Window, is_explained, real_window, step_until};
use crate::ui_fixture::{gradient, hand_made, real_tree};

fn open(photo: &Path, size: [f32; 2], theme: Theme) -> Window {
    let mut window = real_window(size, |options| options.paths = vec![photo.to_owned()]);
    step_until(&mut window, "the photo is explained", is_explained);
    let command = match theme {
        Theme::Dark => MenuCommand::ThemeDark,
        Theme::Light => MenuCommand::ThemeLight,
    };
    run(&mut window, command);
    window
}

fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos").join(name)
}

fn run(window: &mut Window, action: impl Into<Action>) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, action);
    window.run_steps(4);
}

/// The node of a role's tree with this name.
fn node(window: &Window, role: Role, name: &str) -> usize {
    let explanation = window.state().state.role(role).explanation().cloned().unwrap();
    explanation.model.tree().unwrap().hierarchy.find_node(name).unwrap()
}

fn class(window: &Window, role: Role, name: &str) -> usize {
    let explanation = window.state().state.role(role).explanation().cloned().unwrap();
    explanation.model.classes.find(name).unwrap()
}

fn target(window: &Window) -> CamTarget {
    window.state().state.target().unwrap().1
}

/// The card of a node of the tree.
fn card<'a>(window: &'a Window, name: &str) -> egui_kittest::Node<'a> {
    let start = format!("{name}, ");
    window.get_by(move |node| {
        node.role() == Kind::TreeItem && node.label().is_some_and(|label| label.starts_with(&start))
    })
}

#[test]
fn small_maps_are_the_large_ones() {
    let explanations = [real_tree(), hand_made(gradient(40, 30))];
    for (explanation, rule) in
        explanations.iter().flat_map(|it| [(it, Rule::Hard), (it, Rule::Marginal)])
    {
        let classes = explanation.forward.logits.len();
        let pairs = (0..classes).flat_map(|a| (0..classes).map(move |b| (a, b)));
        let mut targets: Vec<_> = (0..classes).map(CamTarget::Class).collect();
        targets.extend(pairs.map(|(a, b)| CamTarget::Difference(a, b)));
        let tree = &explanation.model.tree().unwrap().hierarchy;
        if tree.classes() == classes {
            for id in 0..tree.nodes().len() {
                targets.extend([CamTarget::Node(id, rule), CamTarget::Decision(id, rule)]);
                let all = 0..tree.nodes().len();
                targets.extend(all.map(|other| CamTarget::Against(id, other, rule)));
            }
        }
        for target in targets {
            let quick = explanation.quick_cam(target);
            assert_eq!(quick.is_some(), explanation.question(target).is_some(), "{target:?}");
            let Some(quick) = quick else { continue };
            let exact = explanation.cam(target).unwrap();
            let [lo, hi] = exact.range();
            // Sums of some hundred products in 32 bits against the same in 64.
            let tolerance = 1e-5 * hi.max(-lo).max(1.0);
            for (quick, exact) in quick.data.iter().zip(&exact.data) {
                assert!((quick - exact).abs() <= tolerance, "{target:?}: {quick} {exact}");
            }
        }
    }
}

#[test]
fn nodes_are_compared_with_what_makes_sense() {
    let text = r#"{"nodes":[{"id":"r"},{"id":"x"},{"id":"a"},{"id":"b"},{"id":"c"},{"id":"y"}],
        "links":[{"source":"r","target":"x"},{"source":"r","target":"y"},{"source":"y","target":"c"},
                 {"source":"r","target":"a"},{"source":"x","target":"b"},{"source":"x","target":"d"}]}"#;
    let text = text.replace(r#"{"id":"y"}"#, r#"{"id":"y"},{"id":"d"}"#);
    let wnids = ["a", "b", "c", "d"].map(str::to_owned);
    let tree = Hierarchy::from_json(&text, &wnids, &|_| None).unwrap();
    let [x, a, b, c, y] = ["x", "a", "b", "c", "y"].map(|name| tree.find_node(name).unwrap());
    for versus in [Versus::Nothing, Versus::Siblings, Versus::Sibling(a)] {
        assert_eq!(
            versus.target(&tree, tree.root(), Rule::Hard),
            CamTarget::Node(0, Rule::Hard),
            "never chosen"
        );
        assert_eq!(
            versus.target(&tree, c, Rule::Hard),
            CamTarget::Node(c, Rule::Hard),
            "the only child of {y}"
        );
    }
    assert_eq!(Versus::Nothing.target(&tree, x, Rule::Hard), CamTarget::Node(x, Rule::Hard));
    assert_eq!(Versus::Siblings.target(&tree, x, Rule::Hard), CamTarget::Decision(x, Rule::Hard));
    assert_eq!(
        Versus::Sibling(a).target(&tree, x, Rule::Hard),
        CamTarget::Against(x, a, Rule::Hard)
    );
    assert_eq!(
        Versus::Sibling(a).target(&tree, a, Rule::Hard),
        CamTarget::Decision(a, Rule::Hard),
        "not with itself"
    );
    assert_eq!(
        Versus::Sibling(a).target(&tree, b, Rule::Hard),
        CamTarget::Decision(b, Rule::Hard),
        "no sibling of it"
    );
}

#[test]
fn pins_belong_to_one_model_and_comparisons_follow_them() {
    let models = [ModelSource::default_classifier(), ModelSource::default_tree_model()];
    let [classifier, tree] = models.map(Into::into);
    let mut state = AppState::new(classifier, tree);
    let pins = |state: &AppState| {
        let pins = state.selection().pins;
        (pins.role, pins.classes)
    };
    state.apply(Command::Pin(Role::Classifier, PinSlot::A, 7));
    state.apply(Command::Pin(Role::Classifier, PinSlot::B, 7));
    assert_eq!(pins(&state), (Role::Classifier, [Some(7); 2]));
    state.apply(Command::Pin(Role::Classifier, PinSlot::B, 7));
    assert_eq!(pins(&state).1, [Some(7), None], "once more takes it off");
    state.apply(Command::Pin(Role::Tree, PinSlot::B, 3));
    assert_eq!(pins(&state), (Role::Tree, [None, Some(3)]), "a new pair");
    assert_eq!(state.selection().pins.of(Role::Classifier), [None; 2]);

    state.apply(Command::Compare(Role::Tree, 3, 5));
    assert_eq!(state.selection().target, Selected::Difference(Role::Tree, 3, 5));
    state.apply(Command::Pin(Role::Tree, PinSlot::A, 4));
    assert_eq!(state.selection().target, Selected::Difference(Role::Tree, 4, 5));
    state.apply(Command::Compare(Role::Tree, 5, 5));
    assert_eq!(pins(&state).1, [Some(5); 2]);
    assert_eq!(state.selection().target, Selected::Difference(Role::Tree, 4, 5), "not by itself");
    for _ in 0..2 {
        state.apply(Command::Undo);
    }
    assert_eq!(state.selection().target, Selected::Difference(Role::Tree, 3, 5));
    state.apply(Command::ShareModel(true));
    assert_eq!(pins(&state).1, [None; 2], "there are no classes of the tree model any more");
}

#[test]
fn nodes_show_their_maps_and_can_do_without() {
    let mut window = open(&sample("chelsea.png"), [1280.0, 800.0], Theme::Dark);
    let cards = |window: &Window| window.query_all_by_role(Kind::TreeItem).count();
    step_until(&mut window, "all maps are made", |app| app.panels.tree_view.maps_ready() >= 8);
    // The root was never chosen: the photo alone is on it.
    assert_eq!(window.state().panels.tree_view.maps_ready(), cards(&window) - 1);
    assert_eq!(
        window
            .query_all_by_role(Kind::TreeItem)
            .filter(|node| {
                node.accesskit_node().description().is_some_and(|text| text.contains("small map"))
            })
            .count(),
        cards(&window)
    );
    window.run_steps(30);
    let wide = card(&window, "animal").rect();
    let with_maps = window.render().unwrap();
    window.key_press(egui::Key::M);
    window.run_steps(30);
    assert!(card(&window, "animal").rect().width() < wide.width());
    assert_ne!(with_maps.into_raw(), window.render().unwrap().into_raw());
    window.get_by_role_and_label(Kind::Button, "Maps").click();
    window.run_steps(30);
    assert_eq!(card(&window, "animal").rect(), wide);
}

#[test]
fn what_a_node_is_compared_with_can_be_chosen_and_undone() {
    let mut window = open(&sample("chelsea.png"), [1280.0, 800.0], Theme::Dark);
    card(&window, "animal").click();
    window.run_steps(4);
    let animal = node(&window, Role::Tree, "animal");
    assert_eq!(target(&window), CamTarget::Decision(animal, Rule::Hard));
    let explanation = window.state().state.role(Role::Tree).explanation().cloned().unwrap();
    let logit = &explanation.decision(Rule::Hard).unwrap().logit;
    let lead = logit[animal] - logit[node(&window, Role::Tree, "vehicle")];
    window.get_by_label_contains(&format!("= log-odds {}.", lead.trunc()));
    window.get_by_label("Map of animal against vehicle").click();
    window.run_steps(4);
    window.get_by_label("animal itself").click();
    window.run_steps(4);
    assert_eq!(target(&window), CamTarget::Node(animal, Rule::Hard));
    window.get_by_label("Map of animal");
    window.get_by_label_contains("= logit ");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.run_steps(4);
    assert_eq!(target(&window), CamTarget::Decision(animal, Rule::Hard));

    // A class has rivals.
    let [tiger_cat, egyptian] =
        ["tiger cat", "Egyptian cat"].map(|name| class(&window, Role::Classifier, name));
    run(&mut window, Command::SelectClass(tiger_cat));
    window.get_by_label("Map of tiger cat").click();
    window.run_steps(4);
    window.get_by_label("tiger cat against Egyptian cat").click();
    window.run_steps(4);
    assert_eq!(target(&window), CamTarget::Difference(tiger_cat, egyptian));
    window.get_by_label("Map of tiger cat against Egyptian cat").click();
    window.run_steps(4);
    window.get_by_label("Egyptian cat itself").click();
    window.run_steps(4);
    assert_eq!(target(&window), CamTarget::Class(egyptian));
}

#[test]
fn two_classes_are_compared_from_the_list() {
    let mut window = open(&sample("chelsea.png"), [1280.0, 800.0], Theme::Light);
    let [tiger_cat, egyptian] =
        ["tiger cat", "Egyptian cat"].map(|name| class(&window, Role::Classifier, name));
    window.get_by_label("Compare").click();
    window.run_steps(6);
    assert_eq!(target(&window), CamTarget::Difference(tiger_cat, egyptian));
    window.get_by_label_contains("tiger cat leads Egyptian cat by ");
    window.get_by_label("Small map of Egyptian cat");
    window.get_by_label("Class A: tiger cat");
    window.get_by_label("Swap").click();
    window.run_steps(6);
    assert_eq!(target(&window), CamTarget::Difference(egyptian, tiger_cat));
    window.get_by_label("Class A: Egyptian cat").click();
    window.run_steps(4);
    window.event(egui::Event::Text("tiger cat".to_owned()));
    window.run_steps(4);
    window.key_press(egui::Key::Enter);
    window.run_steps(6);
    window.get_by_label("A and B are both tiger cat; choose another class to compare");
    assert_eq!(target(&window), CamTarget::Difference(egyptian, tiger_cat), "it stays");
}

#[test]
fn disagreement_leads_to_the_comparison_and_the_decision() {
    let mut window = open(&sample("cat_and_coffee.jpg"), [1440.0, 900.0], Theme::Dark);
    window.get_by_label("The network alone predicts bird; the hard and soft trees predict cat");
    let [bird, cat] = ["bird", "cat"].map(|name| class(&window, Role::Tree, name));
    let below = window.get_by_label_contains("Network bird").rect().top();
    let button = window.query_all_by_label("Compare").find(|node| node.rect().top() > below - 20.0);
    button.unwrap().click();
    window.run_steps(6);
    let shown = window.state().state.target();
    assert_eq!(shown, Some((Role::Tree, CamTarget::Difference(bird, cat))));
    window.get_by_label_contains("In the tree, their paths diverge at \u{201c}chordate\u{201d}");
    window.get_by_label("Show this decision").click();
    window.run_steps(6);
    let vertebrate = node(&window, Role::Tree, "vertebrate");
    assert_eq!(target(&window), CamTarget::Decision(vertebrate, Rule::Hard));
    assert!(card(&window, "chordate").accesskit_node().label().unwrap().contains("diverge here"));
}

#[test]
#[ignore = "writes pictures to look at"]
fn pictures() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("comparisons");
    std::fs::create_dir_all(&folder).unwrap();
    let save = |window: &mut Window, name: &str| {
        window.run_steps(40);
        window.render().unwrap().save(folder.join(format!("{name}.png"))).unwrap();
    };
    for (theme, dark) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for size in [[1440.0, 900.0], [800.0, 600.0]] {
            let base = format!("{dark}-{}", size[0]);
            let mut window = open(&sample("cat_and_coffee.jpg"), size, theme);
            save(&mut window, &format!("{base}-start"));
            let carnivore = node(&window, Role::Tree, "carnivore");
            run(&mut window, Command::SelectNode(Role::Tree, carnivore));
            save(&mut window, &format!("{base}-decision"));
            card(&window, "chordate").hover();
            save(&mut window, &format!("{base}-tooltip"));
            window.hover_at(egui::pos2(1.0, 1.0));
            run(&mut window, Command::SetVersus(Versus::Nothing));
            save(&mut window, &format!("{base}-itself"));
            run(&mut window, Command::SetVersus(Versus::Siblings));
            let [cat, coffee] =
                ["tabby", "espresso"].map(|name| class(&window, Role::Classifier, name));
            run(&mut window, Command::Compare(Role::Classifier, cat, coffee));
            save(&mut window, &format!("{base}-compare"));
            run(&mut window, MenuCommand::TreeOnly);
            run(&mut window, MenuCommand::ExpandAll);
            run(&mut window, MenuCommand::ResetTree);
            save(&mut window, &format!("{base}-tree"));
        }
    }
    let mut window = open(&sample("coffee.jpg"), [1440.0, 900.0], Theme::Dark);
    run(&mut window, Command::ShowTree(Role::Classifier));
    step_until(&mut window, "the tree is made", is_explained);
    save(&mut window, "thousand-start");
    run(&mut window, MenuCommand::TreeOnly);
    run(&mut window, MenuCommand::ExpandAll);
    run(&mut window, MenuCommand::ExpandPath);
    save(&mut window, "thousand-path");
    let espresso = class(&window, Role::Classifier, "espresso");
    let explanation = window.state().state.explanation(Role::Classifier).cloned().unwrap();
    let leaf = explanation.model.tree().unwrap().hierarchy.leaf(espresso).unwrap();
    run(&mut window, MenuCommand::ToggleClasses);
    run(&mut window, MenuCommand::ExpandAll);
    run(&mut window, Command::SelectNode(Role::Classifier, leaf));
    save(&mut window, "thousand-near");
}

/// Prints how long frames take with a small map on each of a thousand classes' cards.
#[test]
#[ignore = "measures"]
fn times_of_small_maps() {
    let mut window = open(&sample("coffee.jpg"), [1440.0, 900.0], Theme::Dark);
    run(&mut window, Command::ShowTree(Role::Classifier));
    step_until(&mut window, "the tree is made", is_explained);
    run(&mut window, MenuCommand::TreeOnly);
    run(&mut window, MenuCommand::ToggleClasses);
    // Brings it into view, where the cards are dense.
    let explanation = window.state().state.explanation(Role::Classifier).cloned().unwrap();
    let leaf = explanation.model.tree().unwrap().hierarchy.leaf(500).unwrap();
    let mut measure = |what: &str, actions: &[Action]| {
        for action in actions {
            let ctx = window.ctx.clone();
            window.state_mut().dispatch(&ctx, action.clone());
        }
        let mut times: Vec<f64> = (0..60)
            .map(|_| {
                let start = std::time::Instant::now();
                window.step();
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        let first: Vec<String> = times[..6].iter().map(|ms| format!("{ms:.1}")).collect();
        let mut late = times.split_off(30);
        late.sort_by(f64::total_cmp);
        let ready = window.state().panels.tree_view.maps_ready();
        eprintln!("{what}: {} ms, then {:.2} ms; {ready} maps", first.join(" "), late[15]);
    };
    let fastest = |what: &str, work: &mut dyn FnMut()| {
        let time = |work: &mut dyn FnMut()| {
            let start = std::time::Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        };
        let least = (0..20).map(|_| time(work)).fold(f64::INFINITY, f64::min);
        eprintln!("{what}: {least:.2} ms");
    };
    fastest("the shared range", &mut || {
        SharedRange::of(&explanation, Some(Rule::Hard));
    });
    let menu = Action::Menu;
    let select = |node| Action::Command(Command::SelectNode(Role::Classifier, node));
    let expanded = [menu(MenuCommand::ExpandAll), select(leaf)];
    measure("all expanded", &expanded);
    for _ in 0..3 {
        measure("other colours", &[menu(MenuCommand::NextColormap)]);
        measure("without maps", &[menu(MenuCommand::ToggleThumbnails)]);
        let back = select(leaf + 1);
        measure("again", &[menu(MenuCommand::ToggleThumbnails), back]);
        measure("there", &[select(leaf)]);
    }
    measure("far out", &[menu(MenuCommand::ResetTree)]);
}

/// Doubt of the bundled tree model on the photos of a folder, to choose when it is worth a hint.
#[test]
#[ignore = "measures the photos in $PHOTOS"]
fn doubt_of_photos() {
    let folder = std::env::var_os("PHOTOS").expect("the path of a folder");
    let mut photos: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    photos.sort();
    let engine = Engine::spawn(DeviceChoice::Cpu, Arc::new(|| {})).unwrap();
    for path in photos {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let picture = PictureSource::File(path, PhotoOptions::default());
        let model = ModelSource::default_tree_model().into();
        let Ok(explanation) = engine.explain(picture, &model, &mut |_| {}) else { continue };
        let decision = explanation.decision(Rule::Hard).unwrap();
        let doubt = decision.walk(&explanation.model.tree().unwrap().hierarchy).doubt;
        eprintln!("{name}: {}, doubt {doubt:.3}", explanation.model.label(decision.class));
    }
}
