//! The same map has the same colours in the window and on the command line.

use std::path::Path;

use glasstree::command::{Action, Command, MenuCommand, Purpose};
use glasstree::explain::Colormap;
use glasstree::state::Role;
use image::RgbImage;
use tempfile::TempDir;

use crate::cli::{cat, succeeds};
use crate::ui::{Window, asset, is_explained, menu, real_window, step_until};

/// The photo with the map as the window saves it.
fn saved(window: &mut Window, folder: &Path) -> RgbImage {
    let path = folder.join("window.png");
    menu(window, MenuCommand::ExportOverlay);
    let ctx = window.ctx.clone();
    let answer = Action::AnswerPrompt(Purpose::Save("png"), Some(path.clone()));
    window.state_mut().dispatch(&ctx, answer);
    step_until(window, "the picture is saved", |_| path.exists());
    image::open(path).unwrap().into_rgb8()
}

/// What the command line writes for the same.
fn written(folder: &Path, arguments: &[&str]) -> RgbImage {
    let out = folder.display().to_string();
    succeeds(&[&["cam", &cat(), "--device", "cpu", "--out", &out], arguments].concat());
    image::open(folder.join("overlay.png")).unwrap().into_rgb8()
}

#[test]
fn the_command_line_draws_what_the_window_draws() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut window = real_window([900.0, 600.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    let prediction = saved(&mut window, folder);
    let plain = image::open(asset("chelsea.png")).unwrap().into_rgb8();
    assert_ne!(prediction, plain, "there is a map on the photo");
    assert_eq!(prediction, written(folder, &[]), "the likeliest class");

    let explanation = window.state().state.explanation(Role::Classifier).unwrap().clone();
    let tree = explanation.model.tree().unwrap();
    let node = tree.hierarchy.find_node("carnivore").unwrap();
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, Command::SelectNode(Role::Classifier, node));
    window.run_steps(3);
    std::fs::remove_file(folder.join("window.png")).unwrap();
    let decision = saved(&mut window, folder);
    assert_ne!(decision, prediction);
    let arguments = ["--node", "carnivore", "--against", "siblings"];
    assert_eq!(decision, written(folder, &arguments), "a decision, in two colours");

    menu(&mut window, MenuCommand::Undo);
    window.state_mut().settings.overlay.colormap = Colormap::Viridis;
    window.run_steps(3);
    std::fs::remove_file(folder.join("window.png")).unwrap();
    let chosen = saved(&mut window, folder);
    assert_eq!(chosen, written(folder, &["--colormap", "viridis"]), "colours that were chosen");
    assert_ne!(chosen, prediction);
}
