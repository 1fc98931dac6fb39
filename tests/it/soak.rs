//! Hours of use in a row, with the real engine: `SOAK_PICTURES` pictures (10,000 if nothing is said),
//! a third of them broken, read by children, with other models, jobs that are given up, regions,
//! saved pictures and keys in between. Memory, open files and processes must not grow, and what is
//! shown must be what was opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::Key;
use glasstree::catalog::ModelSource;
use glasstree::command::{Action, Command, MenuCommand, Purpose};
use glasstree::decoder;
use glasstree::explain::Area;
use glasstree::role::Role;

use crate::ui::{Window, asset, is_explained, menu, real_window, step_until};

/// Resident memory in MB, and open files.
fn taken() -> (f64, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (kilobytes / 1e3, std::fs::read_dir("/proc/self/fd").unwrap().count())
}

fn run(window: &mut Window, action: impl Into<Action>) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, action);
    window.run_steps(2);
}

/// Children of this process that have not been waited for.
pub fn children() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let lists = tasks
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).ok());
    lists.map(|list| list.split_whitespace().count()).sum()
}

/// Changes the network, and waits until the picture is explained by it.
fn change_model(window: &mut Window, folder: &Path, round: usize) {
    let source = match round % 3 {
        0 => ModelSource::File(
            crate::cli::root()
                .join("tests/golden/checkpoints/ckpt-CIFAR10-wrn16_1-nbdtstyle.zip.pth"),
        ),
        1 => {
            // A file that is none, for which the model stays.
            let path = folder.join("broken.pth");
            std::fs::write(&path, [b'P', b'K', 3, 4, 0, 0, 0]).unwrap();
            ModelSource::File(path)
        }
        _ => ModelSource::default_classifier(),
    };
    run(window, Command::SetModel(Role::Classifier, source.into()));
    step_until(window, "the model is there or told", |app| {
        !app.state.is_busy() && (is_explained(app) || !app.state.notices.shown().is_empty())
    });
    window.state_mut().state.notices.dismiss_all();
}

/// Saves the picture with its map, through the line that asks for a path.
fn save(window: &mut Window, folder: &Path) {
    let path = folder.join("saved.png");
    std::fs::remove_file(&path).ok();
    menu(window, MenuCommand::ExportOverlay);
    run(window, Action::AnswerPrompt(Purpose::Save("png"), Some(path.clone())));
    step_until(window, "the map is saved", |_| path.exists());
}

/// A broken file under every third number, and under the others one of two photos.
fn picture(folder: &Path, i: usize) -> (PathBuf, bool) {
    let is_broken = i % 3 == 2;
    let path = folder.join(format!("{i}.{}", if is_broken { "jpg" } else { "png" }));
    let whole = std::fs::read(asset(["chelsea.png", "cat_and_coffee.jpg"][i % 2])).unwrap();
    let kept = if is_broken { whole.len() * (i % 100) / 100 } else { whole.len() };
    std::fs::write(&path, &whole[..kept]).unwrap();
    (path, is_broken)
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "takes hours; see the top of the file"]
fn nothing_grows_and_nothing_is_lost() {
    let count = std::env::var("SOAK_PICTURES").ok().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let saved = tempfile::tempdir().unwrap();
    // A copy, since hours may see another build.
    let program = saved.path().join("glasstree");
    std::fs::copy(env!("CARGO_BIN_EXE_glasstree"), &program).unwrap();
    decoder::enable(program);
    let mut window = real_window([900.0, 600.0], |options| {
        options.paths = vec![asset("chelsea.png")];
    });
    step_until(&mut window, "the first picture is explained", is_explained);
    let warm = (count / 10).max(20);
    let mut before = (0.0, 0);
    for i in 0..count {
        if i == warm {
            before = taken();
        }
        let (path, is_broken) = picture(folder.path(), i);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        run(&mut window, Command::OpenPaths(vec![path.clone()]));
        if i % 7 == 0 {
            // Given up at once, for the next one.
            run(&mut window, Command::OpenPaths(vec![path.clone()]));
        }
        if is_broken {
            step_until(&mut window, &format!("{name} is told"), |app| {
                !app.state.is_busy()
                    && app.state.notices.shown().iter().any(|n| n.text.contains(&name))
            });
            window.state_mut().state.notices.dismiss_all();
            assert_ne!(window.state().state.photo.as_ref().unwrap().name, name);
        } else {
            step_until(&mut window, &format!("{name} is explained"), |app| {
                is_explained(app) && app.state.photo.as_ref().unwrap().name == name
            });
        }
        if i % 11 == 0 {
            let area = Area::Lasso(vec![[40.0, 40.0], [200.0, 60.0], [120.0, 220.0]]);
            run(&mut window, Command::SetRegion(Some(Arc::new(area))));
            run(&mut window, Command::SetRegion(None));
        }
        if i % 13 == 0 {
            menu(&mut window, MenuCommand::ZoomIn);
            menu(&mut window, MenuCommand::Fit);
        }
        if i % 17 == 0 {
            // Each key once, and the next before the frame of the one before.
            for key in [Key::B, Key::Escape, Key::Space, Key::Escape] {
                window.key_press(key);
            }
            window.run_steps(4);
        }
        if i % 29 == 3 {
            // Given up in the middle of it.
            run(&mut window, Command::Reload);
            run(&mut window, Command::Cancel);
            step_until(&mut window, "all is quiet", |app| !app.state.is_busy());
            window.state_mut().state.notices.dismiss_all();
        }
        if i % 31 == 0 && !is_broken {
            save(&mut window, saved.path());
        }
        if i % 101 == 100 {
            change_model(&mut window, saved.path(), i / 101);
        }
        if i % 500 == 0 {
            eprintln!("{i}: {:?}, {} children", taken(), children());
        }
        std::fs::remove_file(&path).ok();
        // The harness gives textures back when it draws, as a window does all the time. On a busy
        // machine a software driver may be too slow for it now and then; the next time will do.
        if i % 8 == 0 {
            window.render().ok();
        }
    }
    let after = taken();
    let (grown, opened) = (after.0 - before.0, after.1 as isize - before.1 as isize);
    // Caches of glyphs and textures move by some megabytes; a photo that stays has one itself.
    assert!(grown < 64.0 && opened < 8, "{before:?} became {after:?}");
    assert!(children() < 4, "{} children are left", children());
}
