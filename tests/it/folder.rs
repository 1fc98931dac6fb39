//! The row of small pictures below the photo, with the real engine.

use std::path::Path;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::command::{Command, MenuCommand, Turn};
use image::{Rgb, RgbImage};

use crate::ui::{Window, asset, is_explained, real_window, step_until};

fn window(paths: Vec<std::path::PathBuf>) -> Window {
    let mut window = real_window([1000.0, 750.0], |options| options.paths = paths);
    step_until(&mut window, "the first picture is explained", is_explained);
    window
}

fn drawn(window: &Window) -> usize {
    window.get_all_by_label_contains("Picture ").count()
}

fn is_current(button: &egui_kittest::Node<'_>) -> bool {
    button.accesskit_node().toggled() == Some(eframe::egui::accesskit::Toggled::True)
}

fn copy(name: &str, to: &Path) {
    std::fs::copy(asset(name), to).unwrap();
}

#[test]
fn each_picture_gets_a_thumbnail_and_a_prediction_and_opens_at_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    copy("chelsea.png", &path("1.png"));
    copy("coffee.jpg", &path("2.jpg"));
    std::fs::write(path("3.png"), b"\x89PNG\r\n\x1a\n, and nothing more").unwrap();
    copy("rocket.jpg", &path("4.jpg"));
    let mut window = window(vec![folder.path().to_owned()]);
    let state = |window: &mut Window| -> Vec<bool> {
        let state = &window.state().state;
        state.folder.iter().map(|path| state.glance(path).is_some()).collect()
    };
    step_until(&mut window, "all that can be read are predicted", |app| {
        let known = app.state.folder.iter().filter(|path| app.state.glance(path).is_some());
        known.count() == 3 && app.state.folder.iter().all(|path| app.panels.folder.has(path))
    });
    assert_eq!(state(&mut window), [true, true, false, true]);
    window.run_steps(2);
    window.get_by_label("Picture 3 of 4, 3.png: unreadable");

    // What is said of a small picture is what is said of it when it is opened.
    let small = window.state().state.glance(&path("2.jpg")).unwrap();
    let button = window.get_by_label_contains("Picture 2 of 4, 2.jpg");
    assert!(!is_current(&button));
    button.click();
    window.run_steps(2);
    step_until(&mut window, "the second picture is explained", |app| {
        app.state.photo.as_ref().is_some_and(|photo| photo.name == "2.jpg") && is_explained(app)
    });
    let explanation = window.state().state.explanation(glasstree::state::Role::Classifier).unwrap();
    assert_eq!(explanation.prediction(), small.class);
    assert!((explanation.probabilities[small.class] - small.probability).abs() < 1e-6);
    window.run_steps(2);
    let button = window.get_by_label_contains("Picture 2 of 4, 2.jpg");
    assert!(is_current(&button));
}

#[test]
fn of_ten_thousand_pictures_those_in_view_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small.png");
    RgbImage::from_pixel(8, 8, Rgb([200, 30, 30])).save(&small).unwrap();
    for i in 0..10_000 {
        std::fs::hard_link(&small, folder.path().join(format!("{i:05}.png"))).unwrap();
    }
    let mut window = window(vec![folder.path().to_owned()]);
    window.run_steps(3);
    let count = drawn(&window);
    assert!((3..20).contains(&count), "{count} of 10,001 are drawn");
    // Nor are more of them read than these and a few beside them.
    let wanted = window.state().panels.folder.wanted().len();
    assert!(wanted < 40, "{wanted} small pictures are asked for");
    window.get_by_label_contains("Picture 1 of 10,001");
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::GoTo(Turn::To(7_000)));
    step_until(&mut window, "the far picture is there", |app| {
        app.state.position() == Some(7_000) && is_explained(app)
    });
    window.run_steps(30);
    window.get_by_label_contains("Picture 7,001 of 10,001");
    assert!(drawn(&window) < 20);
}

#[test]
fn there_is_no_row_for_one_picture_and_none_if_it_is_not_wanted() {
    let mut one = window(vec![asset("chelsea.png")]);
    one.state_mut().state.folder.truncate(1);
    one.run_steps(2);
    assert_eq!(one.query_all_by_label_contains("Picture ").count(), 0);
    let mut many = window(vec![asset("chelsea.png"), asset("coffee.jpg")]);
    many.run_steps(2);
    assert_eq!(drawn(&many), 2);
    let ctx = many.ctx.clone();
    many.state_mut().dispatch(&ctx, MenuCommand::ToggleFolder);
    many.run_steps(2);
    assert_eq!(many.query_all_by_label_contains("Picture ").count(), 0);
    assert!(!many.state().settings.panels.folder);
}
