//! The system's file dialogs: on Linux, where there is no portal, `zenity` asks.
//!
//! A script plays zenity, in a process of its own since it is found by `PATH`.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command as Process;

use eframe::egui::{Key, Modifiers};
use glasstree::app::port::real_engine;
use glasstree::model::DeviceChoice;

use crate::ui::{asset, is_explained, step_until, window};

/// Opens the window with this zenity, presses Ctrl+O, and waits for what `expected` names.
fn with_zenity(script: Option<&str>, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(script) = script {
        let path = folder.path().join("zenity");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "dialogs::in_another_process", "--ignored", "--nocapture"])
        .env("PATH", folder.path())
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
        .env("GLASSTREE_EXPECTED", expected)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "it did not run");
}

#[test]
#[ignore = "run by the others, with another PATH"]
fn in_another_process() {
    let expected = std::env::var("GLASSTREE_EXPECTED").unwrap();
    let engine = real_engine(DeviceChoice::Cpu);
    let mut window = window(engine, [900.0, 600.0], |options| options.dialogs = true);
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.step();
    match expected.as_str() {
        "path line" => step_until(&mut window, "a line to type in opens", |app| {
            app.panels.prompt.as_ref().is_some_and(|prompt| prompt.hint.is_some())
        }),
        "nothing" => {
            for _ in 0..200 {
                window.step();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let app = window.state();
            assert!(app.panels.prompt.is_none() && app.state.notices.shown().is_empty());
            assert!(app.state.photo.is_none() && app.state.wanted.is_none());
        }
        name => {
            step_until(&mut window, "the picture is explained", is_explained);
            assert_eq!(window.state().state.photo.as_ref().unwrap().name, name);
        }
    }
}

fn path_of(name: &str) -> String {
    asset(name).display().to_string()
}

#[test]
fn the_file_that_was_chosen_is_opened() {
    with_zenity(Some(&format!("echo '{}'", path_of("coffee.jpg"))), "coffee.jpg");
    // Two files: the second one is the next.
    let both = [path_of("rocket.jpg"), path_of("coffee.jpg")].join("|");
    with_zenity(Some(&format!("echo '{both}'")), "rocket.jpg");
}

#[test]
fn a_cancelled_dialog_changes_nothing() {
    // Nobody is faster than half a second.
    with_zenity(Some("/bin/sleep 0.5; exit 1"), "nothing");
}

#[test]
fn without_a_dialog_there_is_a_line_to_type_in() {
    with_zenity(None, "path line");
    with_zenity(Some("echo 'cannot open display' >&2; exit 1"), "path line");
}
