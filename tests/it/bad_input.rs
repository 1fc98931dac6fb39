//! What people drop on a window that it cannot use: each is told in one line, and nothing else
//! changes. With the real engine.

use std::path::PathBuf;

use glasstree::app::port::real_engine;
use glasstree::app::{App, AppOptions};
use glasstree::catalog::ModelSource;
use glasstree::command::MenuCommand;
use glasstree::model::DeviceChoice;
use glasstree::state::Role;

use crate::ui::{Window, asset, builder, drop_files, is_explained, real_window, step_until};

/// A window that shows the cat.
fn cat_window() -> Window {
    let mut window = real_window([1000.0, 650.0], |options| {
        options.paths = vec![asset("chelsea.png")];
    });
    step_until(&mut window, "the cat is explained", is_explained);
    window
}

fn run(window: &mut Window, command: MenuCommand) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(2);
}

/// Waits for one new line that has all of `words` in it, and takes it off the screen again.
fn told(window: &mut Window, words: &[&str]) {
    step_until(window, &format!("{words:?} is told"), |app| {
        !app.state.notices.shown().is_empty() && !app.state.is_busy()
    });
    let notices = std::mem::take(&mut window.state_mut().state.notices);
    let notices = notices.shown();
    let texts: Vec<&str> = notices.iter().map(|notice| notice.text.as_str()).collect();
    let [text] = texts[..] else { panic!("{texts:?}") };
    assert!(!text.contains('\n') && words.iter().all(|word| text.contains(word)), "{text}");
}

fn shows(window: &mut Window, name: &str) {
    let state = &window.state().state;
    assert_eq!(state.photo.as_ref().unwrap().name, name);
    assert!(is_explained(window.state_mut()), "{name} is not explained any more");
}

/// A PNG that claims to be of this size.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::new(1, 1)
        .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[test]
fn pictures_that_are_none_are_told_and_the_last_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let cat = std::fs::read(asset("chelsea.png")).unwrap();
    let mut window = cat_window();
    for (name, content, word) in [
        ("text.scan", &b"hello"[..], "not a PNG"),
        ("text.txt", b"hello", "1000 classes"),
        ("empty.png", b"", "empty"),
        ("cut.png", &cat[..cat.len() / 2], "cut off"),
        ("huge.png", &png_header(60_000, 60_000), "200 megapixels"),
        ("line\nbreak.jpg", b"hello", "line break.jpg"),
    ] {
        std::fs::write(path(name), content).unwrap();
        drop_files(&mut window, &[path(name)]);
        told(&mut window, &[word]);
        shows(&mut window, "chelsea.png");
    }
    drop_files(&mut window, &[path("gone.png")]);
    told(&mut window, &["gone.png"]);
    std::fs::create_dir(path("nothing")).unwrap();
    drop_files(&mut window, &[path("nothing")]);
    told(&mut window, &["no pictures", "nothing"]);
    for name in ["list.json", "net.pth", "net.safetensors", "net.zip"] {
        std::fs::write(path(name), "hello").unwrap();
        drop_files(&mut window, &[path(name)]);
        told(&mut window, &[name]);
        shows(&mut window, "chelsea.png");
    }
    let request = &window.state().state.role(Role::Classifier).request;
    assert_eq!(request.source, ModelSource::default_classifier(), "the model stays, too");
}

#[cfg(unix)]
#[test]
fn files_that_are_no_files_hold_nothing_up() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    let mut options = AppOptions::new(real_engine(DeviceChoice::Cpu));
    options.paths = vec![asset("chelsea.png")];
    // File names may hold what no font can draw.
    let builder = builder([1000.0, 650.0]).allow_missing_glyphs();
    let mut window = builder.build_eframe(move |cc| App::new(&cc.egui_ctx, options));
    step_until(&mut window, "the cat is explained", is_explained);
    let pipe = folder.path().join("pipe.png");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let link = folder.path().join("dangling.png");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"odd \xff name.png"));
    std::fs::write(&odd, "hello").unwrap();
    let foreign = folder.path().join("猫 قطة 🐈.png");
    std::fs::write(&foreign, "hello").unwrap();
    for (path, word) in [
        (pipe.clone(), "pipe.png"),
        (link, "dangling.png"),
        (odd, "odd"),
        (foreign, "猫 قطة 🐈.png"),
        (PathBuf::from("/dev/zero"), "/dev/zero"),
    ] {
        drop_files(&mut window, &[path]);
        told(&mut window, &[word]);
        shows(&mut window, "chelsea.png");
    }
    let weights = folder.path().join("pipe.pth");
    std::fs::rename(&pipe, &weights).unwrap();
    drop_files(&mut window, &[weights]);
    told(&mut window, &["pipe.pth"]);
    shows(&mut window, "chelsea.png");
    let foreign = folder.path().join("кошка\t猫 قطة 🐈.jpg");
    std::fs::copy(asset("coffee.jpg"), &foreign).unwrap();
    drop_files(&mut window, &[foreign]);
    step_until(&mut window, "the cup is explained", |app| {
        is_explained(app) && app.state.photo.as_ref().unwrap().name == "кошка 猫 قطة 🐈.jpg"
    });
}

/// A drive that is pulled out, and somebody who cannot wait.
#[test]
fn files_may_go_and_come_while_they_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = |i: u32| folder.path().join(format!("{i}.png"));
    for i in 0..4 {
        std::fs::copy(asset("chelsea.png"), path(i)).unwrap();
    }
    let mut window = real_window([1000.0, 650.0], |options| options.paths = vec![path(0)]);
    step_until(&mut window, "the first is explained", is_explained);
    for i in 0..2 {
        std::fs::remove_file(path(i)).unwrap();
    }
    run(&mut window, MenuCommand::Reload);
    told(&mut window, &["0.png"]);
    run(&mut window, MenuCommand::Next);
    told(&mut window, &["1.png"]);
    shows(&mut window, "0.png");
    // The way through the folder leads on.
    run(&mut window, MenuCommand::Next);
    step_until(&mut window, "the next one is explained", is_explained);
    shows(&mut window, "2.png");

    // Another drop before the first one is done, and a file that goes while it waits.
    drop_files(&mut window, &[path(3)]);
    drop_files(&mut window, &[path(2)]);
    drop_files(&mut window, &[asset("coffee.jpg")]);
    std::fs::remove_file(path(3)).unwrap();
    std::fs::remove_file(path(2)).unwrap();
    step_until(&mut window, "the last drop is explained", |app| {
        is_explained(app) && app.state.photo.as_ref().unwrap().name == "coffee.jpg"
    });
}

/// Larger than any texture, and very flat.
#[test]
fn a_very_wide_picture_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.png");
    image::RgbImage::from_fn(30_000, 40, |x, y| image::Rgb([(x / 120) as u8, (6 * y) as u8, 90]))
        .save(&path)
        .unwrap();
    let mut window = real_window([1000.0, 650.0], |options| options.paths = vec![path]);
    step_until(&mut window, "the picture is explained", is_explained);
    for command in [MenuCommand::ActualSize, MenuCommand::ZoomIn, MenuCommand::Fit] {
        run(&mut window, command);
        window.run_steps(5);
    }
    shows(&mut window, "wide.png");
}
