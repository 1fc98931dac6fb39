//! Pictures of the real window with the bundled models, for README and for fresh eyes.
//!
//! `UPDATE_SCREENSHOTS=1 cargo test --release screenshots` writes them to `screenshots/`;
//! otherwise they are drawn and compared loosely, since drivers and timings differ.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::Theme;
use egui_kittest::kittest::Queryable as _;
use glasstree::command::{Command, MenuCommand};
use glasstree::explain::{Area, Mark, Method, Rect};
use glasstree::state::{Role, Topic};
use glasstree::ui::models::Page;
use image::RgbaImage;

use crate::ui::{Window, is_explained, real_window, step_until};

const SIZE: [f32; 2] = [1440.0, 900.0];

fn shot(window: &mut Window, name: &str) {
    window.run_steps(60);
    let picture = window.render().unwrap();
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots").join(format!("{name}.png"));
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        picture.save(&path).unwrap();
        return;
    }
    let shades: std::collections::BTreeSet<[u8; 4]> =
        picture.pixels().map(|pixel| pixel.0).collect();
    assert!(shades.len() > 100, "{name} is empty");
    let known = image::open(&path).unwrap().into_rgba8();
    assert_eq!(known.dimensions(), picture.dimensions(), "{name} has another size");
    // Texts with times and devices differ, and so do drivers; whole panels do not.
    let difference = mean_difference(&known, &picture);
    assert!(difference < 12.0, "{name} looks different: {difference} of 255 levels on average");
}

fn mean_difference(a: &RgbaImage, b: &RgbaImage) -> f64 {
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

/// With the tree model beside the classifier.
fn open(photo: &str, theme: Theme) -> Window {
    open_with(photo, theme, false)
}

/// As the program starts: the classifier alone, with its own tree.
fn open_alone(photo: &str, theme: Theme) -> Window {
    open_with(photo, theme, true)
}

fn open_with(photo: &str, theme: Theme, one_model: bool) -> Window {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos").join(photo);
    let mut window = real_window(SIZE, |options| {
        options.paths = vec![path];
        options.one_model = one_model;
    });
    run(
        &mut window,
        match theme {
            Theme::Dark => MenuCommand::ThemeDark,
            Theme::Light => MenuCommand::ThemeLight,
        },
    );
    step_until(&mut window, "the photo is explained", is_explained);
    window
}

fn run(window: &mut Window, command: MenuCommand) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(3);
}

#[test]
fn welcome() {
    for (theme, name) in
        [(MenuCommand::ThemeDark, "welcome_dark"), (MenuCommand::ThemeLight, "welcome_light")]
    {
        let mut window = real_window([1280.0, 800.0], |options| options.one_model = true);
        run(&mut window, theme);
        step_until(&mut window, "the models are loaded", |app| {
            !app.state.is_busy() && app.panels.welcome.is_ready()
        });
        shot(&mut window, name);
    }
}

#[test]
fn cam() {
    for (theme, name) in [(Theme::Dark, "cam_dark"), (Theme::Light, "cam_light")] {
        shot(&mut open_alone("chelsea.png", theme), name);
    }
}

#[test]
fn tree_of_cifar10() {
    let mut window = open("cat_and_coffee.jpg", Theme::Dark);
    run(&mut window, MenuCommand::TreeOnly);
    run(&mut window, MenuCommand::ToggleClasses);
    run(&mut window, MenuCommand::ExpandAll);
    run(&mut window, MenuCommand::ResetTree);
    shot(&mut window, "tree_cifar10");
}

#[test]
fn tree_of_imagenet() {
    let mut window = open_alone("coffee.jpg", Theme::Light);
    run(&mut window, MenuCommand::TreeOnly);
    run(&mut window, MenuCommand::ToggleClasses);
    run(&mut window, MenuCommand::ExpandPath);
    shot(&mut window, "tree_imagenet");
    run(&mut window, MenuCommand::ExpandAll);
    run(&mut window, MenuCommand::ResetTree);
    shot(&mut window, "tree_imagenet_all");
    assert_eq!(window.state().state.shown_tree(), Role::Classifier);
}

/// Where does the network see an animal, and where a vehicle?
#[test]
fn decision() {
    let mut window = open("cat_and_coffee.jpg", Theme::Dark);
    let tree = window.state().state.role(Role::Tree).explanation().cloned().unwrap();
    let node = tree.model.tree().unwrap().hierarchy.find_node("animal").unwrap();
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SelectNode(Role::Tree, node));
    shot(&mut window, "decision_dark");
}

/// A decision read through the network's own probabilities: its map, its bias and its entropy.
#[test]
fn decision_by_the_marginal_rule() {
    let mut window = open_alone("cat_and_coffee.jpg", Theme::Light);
    let explanation = window.state().state.role(Role::Classifier).explanation().cloned().unwrap();
    let node = explanation.model.tree().unwrap().hierarchy.find_node("beverage").unwrap();
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SelectNode(Role::Classifier, node));
    shot(&mut window, "decision_marginal_light");
}

/// One photo, two classes: the cat above, the coffee below.
#[test]
fn compare() {
    let mut window = open("cat_and_coffee.jpg", Theme::Light);
    let explanation = window.state().state.role(Role::Classifier).explanation().cloned().unwrap();
    window.state_mut().settings.panels.insight_height = 250.0;
    let [a, b] = ["tabby", "espresso"].map(|name| explanation.model.classes.find(name).unwrap());
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::Compare(Role::Classifier, a, b));
    // It takes a while to find out where they part.
    step_until(&mut window, "the tree is made", |_| explanation.model.is_tree_made());
    shot(&mut window, "compare_light");
}

#[test]
fn models() {
    let mut window = open("rocket.jpg", Theme::Dark);
    run(&mut window, MenuCommand::Models);
    step_until(&mut window, "the tree of 1000 classes is made", |app| {
        let model = app.state.role(Role::Classifier).model.clone();
        model.is_some_and(|model| model.is_tree_made())
    });
    shot(&mut window, "models");
    let app = window.state_mut();
    app.state.library.folder = Some("~/.local/share/glasstree/models".into());
    app.panels.models.page = Page::Catalogue;
    shot(&mut window, "catalogue");
}

#[test]
fn walk() {
    let mut window = open("chelsea.png", Theme::Dark);
    run(&mut window, MenuCommand::ShowPath);
    for _ in 0..3 {
        run(&mut window, MenuCommand::WalkOn);
    }
    shot(&mut window, "walk_dark");
}

#[test]
fn what_if() {
    let mut window = open("rocket.jpg", Theme::Light);
    run(&mut window, MenuCommand::ShowPath);
    let state = &window.state().state;
    let decision =
        state.explanation(Role::Tree).unwrap().decision(state.rule(state.shown_tree())).unwrap();
    let model = Arc::clone(&state.explanation(Role::Tree).unwrap().model);
    let hierarchy = &model.tree().unwrap().hierarchy;
    let walk = decision.walk(hierarchy);
    let other = walk.steps[walk.weakest.unwrap()].runner_up.unwrap();
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::Force(Role::Tree, other));
    shot(&mut window, "what_if_light");
}

/// Room for the panel below the picture, and a selection.
fn ask(window: &mut Window, height: f32, commands: Vec<Command>) {
    window.state_mut().settings.panels.insight_height = height;
    let ctx = window.ctx.clone();
    for command in commands {
        window.state_mut().dispatch(&ctx, command);
        window.run_steps(3);
    }
}

/// The cup, without which the classifier would see the cat; the networks have checked it.
#[test]
fn region() {
    let mut window = open("cat_and_coffee.jpg", Theme::Dark);
    let cup = Area::Box(Rect::new(90.0, 230.0, 330.0, 218.0));
    ask(&mut window, 310.0, vec![Command::SetRegion(Some(Arc::new(cup)))]);
    run(&mut window, MenuCommand::ShowRegion);
    window.get_by_label("Run the network without it").click_accesskit();
    window.step();
    step_until(&mut window, "the networks have answered", |app| !app.state.is_busy());
    shot(&mut window, "region_dark");
}

/// The places that make the tree say cat and not dog; the network has checked it.
#[test]
fn flip() {
    let mut window = open("cat_and_coffee.jpg", Theme::Light);
    let decided = Arc::clone(window.state().state.explanation(Role::Tree).unwrap());
    let node = decided.model.tree().unwrap().hierarchy.find_node("cat").unwrap();
    ask(&mut window, 220.0, vec![Command::SelectNode(Role::Tree, node)]);
    run(&mut window, MenuCommand::WhatFlips);
    window.get_by_label("Run the network without them").click_accesskit();
    window.step();
    step_until(&mut window, "the network has answered", |app| !app.state.is_busy());
    shot(&mut window, "flip_light");
}

/// Does the map name what matters? The picture taken apart in its order.
#[test]
fn trust() {
    let mut window = open_alone("chelsea.png", Theme::Light);
    window.state_mut().settings.panels.insight_height = 300.0;
    run(&mut window, MenuCommand::ShowTrust);
    step_until(&mut window, "the curves are there", |app| !app.state.is_busy());
    shot(&mut window, "trust_light");
}

/// The cat is painted over, and the tree has moved to the cup.
#[test]
fn covered() {
    let mut window = open_alone("cat_and_coffee.jpg", Theme::Dark);
    let line = vec![[190.0, 440.0], [330.0, 380.0], [230.0, 300.0]];
    let cup = Mark::Brush { line, radius: 75.0 };
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::AddMark(cup));
    run(&mut window, MenuCommand::BeforeAfter);
    step_until(&mut window, "the network has answered", |app| !app.state.is_covering());
    shot(&mut window, "covered_dark");
}

/// The plain map and one with sixteen times as many cells, on one scale.
#[test]
fn side_by_side() {
    let mut window = open_alone("chelsea.png", Theme::Dark);
    window.state_mut().settings.overlay.beside = Some(Method::Dense4);
    window.run_steps(3);
    step_until(&mut window, "the finer map is there", |app| !app.state.is_busy());
    shot(&mut window, "side_by_side_dark");
}

/// Two maps that need gradients: an earlier feature map, and single pixels.
#[test]
fn gradients() {
    let mut window = open_alone("cat_and_coffee.jpg", Theme::Dark);
    let overlay = &mut window.state_mut().settings.overlay;
    (overlay.method, overlay.beside) = (Method::LayerCam4, Some(Method::IntegratedGradients));
    window.run_steps(3);
    step_until(&mut window, "both maps are there", |app| {
        let (role, target) = app.state.target().unwrap();
        [Method::LayerCam4, Method::IntegratedGradients].iter().all(|&method| {
            let inquiry = app.state.inquiry(role, Topic::Map(method, Some(target)));
            inquiry.is_some_and(|inquiry| inquiry.is_done())
        })
    });
    shot(&mut window, "gradients_dark");
}
