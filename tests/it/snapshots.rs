//! The window as it was drawn before, point by point.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --release --test it -- snapshots::` takes new pictures where the
//! old ones do not fit; look at them before they are committed.

use std::sync::Arc;

use egui_kittest::{SnapshotOptions, try_image_snapshot_options};
use glasstree::command::{Command, MenuCommand};
use glasstree::photo::Photo;
use glasstree::protocol::PictureSource;
use image::{Rgb, RgbImage, RgbaImage};

use crate::ui::{FakeEngine, Window, menu, window};

/// How far drivers may be from each other. The colours of a pixel may differ by what rounding in the
/// interpolation of textures and at the edges of letters makes of them (0.6 is what egui itself
/// allows between graphics interfaces), and as many pixels as a single letter has may differ more.
fn options() -> SnapshotOptions {
    SnapshotOptions::new().threshold(0.6).max_failed_pixels(40)
}

/// Whether the pictures are taken anew instead of being compared.
fn is_update() -> bool {
    std::env::var_os("UPDATE_SNAPSHOTS").is_some()
}

/// What the bundled models say about the cat, about a photo of a few plain colours, so that the
/// pictures of the window are small.
fn open(size: [f32; 2], theme: MenuCommand) -> Window {
    let engine = FakeEngine::default();
    let mut window = window(engine.start(), size, |options| options.one_model = true);
    menu(&mut window, theme);
    // As large as the photo that the answers are about.
    let color = |x: u32, y: u32| match (x < 150, y < 120) {
        (true, true) => Rgb([196, 176, 140]),
        (false, true) => Rgb([120, 150, 170]),
        (true, false) => Rgb([80, 90, 70]),
        (false, false) => Rgb([150, 90, 70]),
    };
    let rgb = RgbImage::from_fn(451, 300, color);
    let photo = Arc::new(Photo { name: "plain.png".into(), rgb });
    let ctx = window.ctx.clone();
    let open = Command::OpenPicture(PictureSource::Photo(photo));
    window.state_mut().dispatch(&ctx, open);
    engine.explain(&mut window);
    window.run_steps(60);
    window
}

fn picture(window: &mut Window) -> RgbaImage {
    window.run_steps(30);
    window.render().unwrap()
}

fn matches(picture: &RgbaImage, name: &str) {
    try_image_snapshot_options(picture, name, &options()).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_window_looks_as_before() {
    let small = [640.0, 480.0];
    let large = [1280.0, 800.0];
    for (size, theme, name) in [
        (small, MenuCommand::ThemeDark, "small_dark"),
        (small, MenuCommand::ThemeLight, "small_light"),
        (large, MenuCommand::ThemeDark, "large_dark"),
        (large, MenuCommand::ThemeLight, "large_light"),
    ] {
        matches(&picture(&mut open(size, theme)), name);
    }
}

#[test]
fn the_panel_below_looks_as_before() {
    let mut window = open([1280.0, 800.0], MenuCommand::ThemeLight);
    menu(&mut window, MenuCommand::ShowPath);
    matches(&picture(&mut window), "path_light");
}

/// The comparison is worth something: nothing that is missing passes it.
#[test]
fn a_missing_panel_is_noticed() {
    if is_update() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut window = open([640.0, 480.0], MenuCommand::ThemeDark);
    picture(&mut window).save(folder.path().join("window.png")).unwrap();
    let options = options().output_path(folder.path());
    let is_same = |picture: &RgbaImage| try_image_snapshot_options(picture, "window", &options);
    assert!(is_same(&picture(&mut window)).is_ok(), "the same window is the same");
    // The contour lines are the least of what can be missing.
    window.state_mut().settings.overlay.contours = false;
    assert!(is_same(&picture(&mut window)).is_err(), "contour lines");
    window.state_mut().settings.overlay.contours = true;
    assert!(is_same(&picture(&mut window)).is_ok());
    for hidden in [MenuCommand::ToggleOverlay, MenuCommand::ToggleClasses, MenuCommand::ToggleTree]
    {
        let mut window = open([640.0, 480.0], MenuCommand::ThemeDark);
        assert!(is_same(&picture(&mut window)).is_ok(), "before {hidden:?}");
        menu(&mut window, hidden);
        assert!(is_same(&picture(&mut window)).is_err(), "{hidden:?}");
    }
}
