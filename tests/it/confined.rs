//! Children of the program itself: what they tell, what ends them, and that their parent goes on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glasstree::budget::{Exceeded, Wanted};
use glasstree::checkpoint::{CheckpointError, FileProblem, StateDict};
use glasstree::command::Command;
use glasstree::decoder::{self, Program};
use glasstree::model::ModelError;
use glasstree::photo::{Photo, PhotoOptions};
use tempfile::TempDir;

use crate::checkpoint::build;
use crate::checkpoint::hostile::{containers, dict, net};
use crate::cli::{cat, fails, glasstree, root, text};
use crate::onnx::made;
use crate::ui::{asset, is_explained, real_window, step_until};

fn program() -> Program {
    Program::new(PathBuf::from(env!("CARGO_BIN_EXE_glasstree")))
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_network_that_asks_for_more_memory_than_there_is_ends_in_one_line() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "huge.onnx", &made::a_value_of_numbers((1 << 31) - 2));
    let (path, photo) = (text(&path), cat());
    for command in [&["classify", &photo, "--model", path][..], &["info", path]] {
        fails(command, &["huge.onnx cannot be read safely", "more memory or time"]);
    }
    // Whoever started the child lives to try another one.
    let good = root().join("tests/golden/onnx/densenet.onnx");
    assert!(program().network(Path::new(path), &Wanted::default()).is_err());
    let network = program().network(&good, &Wanted::default()).unwrap();
    let picture = vec![0.5; 3 * 64 * 64];
    let [one, two] = [1, 2].map(|count| network.forward(&vec![&picture[..]; count], 64).unwrap());
    assert_eq!((one.len(), two.len()), (1, 2));
    // Two pictures are multiplied in another order than one, which costs a few of the last digits.
    let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
    assert!(one[0].logits.iter().zip(&two[1].logits).all(near));
}

/// Its values are small, but there are as many of them as it has nodes, and all are kept.
#[test]
fn cancelling_ends_a_network_that_would_run_for_hours() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "slow.onnx", &made::a_long_run());
    // Asked again and again while the child works: at last nobody wants it any more.
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let wanted = Wanted::new(move || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 8);
    // Returning at all is what is tested: a child is waited for before anything is told.
    let error = program().network(&path, &wanted).map(drop).unwrap_err();
    let is_cancelled = matches!(
        error,
        ModelError::Checkpoint(CheckpointError::File {
            problem: FileProblem::Budget(Exceeded::Cancelled),
            ..
        })
    );
    assert!(is_cancelled, "{error}");
}

#[test]
fn tensors_are_the_same_with_and_without_a_child() {
    let folder = TempDir::new().unwrap();
    let object = dict(vec![("net", net()), ("other", net())]);
    let safetensors = build::safetensors(&[
        ("a", safetensors::Dtype::F16, &[2, 2], &[1.0, -2.0, 0.5, 4.0]),
        ("b", safetensors::Dtype::F32, &[3], &[0.1, 0.2, 0.3]),
    ]);
    let packed = build::zip(
        &[("a.safetensors".to_owned(), safetensors.clone())],
        zip::CompressionMethod::Deflated,
    );
    let odd = std::fs::read(root().join("tests/golden/checkpoints/odd_tensors.zip.pth")).unwrap();
    let legacy = std::fs::read(root().join("tests/golden/checkpoints/odd_tensors.legacy.pth"));
    let legacy = legacy.unwrap();
    let mut lies = legacy.clone();
    // Behind the keys of the storages comes the length of the first one.
    lies[1923] ^= 1;
    let files = [&containers(&object)[..], &[safetensors, packed, odd, legacy, lies]].concat();
    let mut unreadable = 0;
    for (number, bytes) in files.iter().enumerate() {
        let path = write(&folder, &format!("{number}.pth"), bytes);
        let own = StateDict::open(&path).unwrap();
        let told = program().checkpoint(&path, &Wanted::default()).unwrap();
        assert_eq!(own.metadata(), told.metadata());
        assert!(own.names().eq(told.names()), "file {number}");
        for name in own.names() {
            assert_eq!((own.shape(name), own.dtype(name)), (told.shape(name), told.dtype(name)));
            match (own.f32(name), told.f32(name)) {
                (Ok(own), Ok(told)) => assert_eq!(own, told, "{name} of file {number}"),
                (Err(own), Err(told)) => {
                    assert_eq!(own.to_string(), told.to_string());
                    unreadable += usize::from(own.to_string().contains("cannot be read"));
                }
                (own, told) => panic!("{name} of file {number}: {own:?} and {told:?}"),
            }
        }
    }
    assert!(unreadable > 0, "the file that lies about a length was read");
}

/// What is told of a file must be so of the file that the numbers are then read from.
#[test]
fn a_file_that_shrinks_meanwhile_is_told() {
    let folder = TempDir::new().unwrap();
    let bytes = build::safetensors(&[("a", safetensors::Dtype::F32, &[3], &[0.1, 0.2, 0.3])]);
    let path = write(&folder, "a.safetensors", &bytes);
    let state = program().checkpoint(&path, &Wanted::default()).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    let error = state.f32("a").unwrap_err().to_string();
    assert!(error.starts_with("Tensor a cannot be read"), "{error}");
}

#[test]
fn networks_are_the_same_with_and_without_a_child() {
    let photo = cat();
    for name in ["resnet", "convnext", "vit", "channels_last"] {
        let model = text(&root().join(format!("tests/golden/onnx/{name}.onnx"))).to_owned();
        for command in [
            vec!["info", &model, "--json"],
            vec!["classify", &photo, "--model", &model, "--json"],
            vec!["tree", &photo, "--model", &model, "--json"],
        ] {
            let told = glasstree(&command);
            let own = glasstree(&[&command[..], &["--in-process"]].concat());
            assert_eq!(
                (told.code, told.out, told.err),
                (own.code, own.out, own.err),
                "{command:?}"
            );
        }
    }
    let folder = TempDir::new().unwrap();
    let cut = text(&write(&folder, "cut.onnx", &made::a_value_of_numbers(8)[..90])).to_owned();
    for model in [cut, text(&folder.path().join("none.onnx")).to_owned()] {
        let told = glasstree(&["info", &model]);
        let own = glasstree(&["info", &model, "--in-process"]);
        assert_eq!((told.code, told.out, told.err), (own.code, own.out, own.err), "{model}");
    }
}

/// Neither a pipe nor a device is waited for, whatever its name says.
#[test]
#[cfg(unix)]
fn pipes_and_devices_are_no_weights() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    for name in ["pipe.onnx", "pipe.pth"] {
        let made = std::process::Command::new("mkfifo").arg(place(name)).status().unwrap();
        assert!(made.success());
    }
    std::os::unix::fs::symlink("/dev/zero", place("zero.onnx")).unwrap();
    for name in ["pipe.onnx", "pipe.pth", "zero.onnx"] {
        let path = text(&place(name)).to_owned();
        fails(&["info", &path], &["is a folder or device, not a file"]);
        fails(&["info", &path, "--in-process"], &["is a folder or device, not a file"]);
    }
}

/// A program that notes each of its starts, does `first` at the first one, and is glasstree then.
#[cfg(unix)]
fn counted(folder: &TempDir, first: &str) -> (Program, impl Fn() -> usize) {
    use std::os::unix::fs::PermissionsExt as _;
    let log = folder.path().join("starts");
    let script = format!(
        "#!/bin/sh\n[ -e {log} ] || first=yes\necho start >> {log}\n[ \"$first\" ] && {first}\nexec {} \"$@\"\n",
        env!("CARGO_BIN_EXE_glasstree"),
        log = text(&log),
    );
    let path = write(folder, "program", script.as_bytes());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let starts = move || std::fs::read_to_string(&log).map_or(0, |text| text.lines().count());
    (Program::new(path), starts)
}

#[test]
#[cfg(unix)]
fn a_child_that_waits_reads_the_next_file() {
    let folder = TempDir::new().unwrap();
    let (program, starts) = counted(&folder, "true");
    let read = || program.photo(Path::new(&cat()), &PhotoOptions::default(), &Wanted::default());
    program.prepare(1);
    program.prepare(1);
    let own = Photo::open(Path::new(&cat()), &PhotoOptions::default()).unwrap();
    assert_eq!(read().unwrap(), own);
    assert_eq!(starts(), 1, "the one that waited has read it");
    assert_eq!(read().unwrap(), own);
    assert_eq!(starts(), 2, "nobody waited");
    program.prepare(1);
    let path = root().join("tests/golden/checkpoints/odd_tensors.zip.pth");
    assert!(program.checkpoint(&path, &Wanted::default()).is_ok());
    assert_eq!(starts(), 3);
    program.prepare(1);
    let path = root().join("tests/golden/onnx/densenet.onnx");
    assert!(program.network(&path, &Wanted::default()).is_ok());
    assert_eq!(starts(), 5, "networks have children of their own");
}

#[test]
#[cfg(unix)]
fn a_child_that_died_while_it_waited_costs_no_file() {
    let folder = TempDir::new().unwrap();
    let (program, starts) = counted(&folder, "exit 1");
    program.prepare(1);
    // It has to be gone for what is tested to happen; if it is not, the test is passed as well.
    std::thread::sleep(Duration::from_millis(300));
    let read = program.photo(Path::new(&cat()), &PhotoOptions::default(), &Wanted::default());
    assert!(read.is_ok(), "{:?}", read.err());
    assert_eq!(starts(), 2);
}

/// A child has a standard input of its own.
#[test]
#[cfg(target_os = "linux")]
fn the_standard_input_may_be_the_picture() {
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_glasstree"));
        let input = std::fs::File::open(cat()).unwrap();
        let output = command.args(["classify", "/dev/stdin"]).args(more).stdin(input).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run(&[]), run(&["--in-process"]));
    assert_eq!(run(&[]).0, Some(0));
}

/// A disk that is full shows in the child as in the program, and is no fault of the file.
#[test]
#[cfg(unix)]
fn a_full_temporary_folder_is_told_as_such() {
    let folder = TempDir::new().unwrap();
    let entry = [("a.pth".to_owned(), vec![0; 1 << 20])];
    let path = write(&folder, "a.zip", &build::zip(&entry, zip::CompressionMethod::Deflated));
    for more in ["", "--in-process"] {
        // No file may be longer than some kilobytes, which is as good as a full disk.
        let script = format!(
            "trap '' XFSZ; ulimit -f 16; {} info {} {more}",
            env!("CARGO_BIN_EXE_glasstree"),
            text(&path)
        );
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &script]).env("TMPDIR", folder.path()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("make room there") && !told.contains("damaged"), "{told}");
    }
}

/// Where the system gives no more memory, that is one line, too.
#[test]
#[cfg(target_os = "linux")]
fn too_little_memory_is_told() {
    for kilobytes in [800_000, 1_000_000] {
        let script = format!(
            "ulimit -v {kilobytes}; {} classify {} --resize 3000 --crop 3000 --in-process",
            env!("CARGO_BIN_EXE_glasstree"),
            cat()
        );
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &script]).env("RAYON_NUM_THREADS", "2").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("not enough memory") && told.lines().count() == 1, "{told}");
    }
}

/// `cargo test --release --test it times_cancel -- --ignored --nocapture`: from asking to quiet, in
/// the window, while a slow file of each kind is read.
#[test]
#[cfg(target_os = "linux")]
#[ignore = "measures"]
fn times_cancel_of_slow_files() {
    decoder::enable(PathBuf::from(env!("CARGO_BIN_EXE_glasstree")));
    let folder = TempDir::new().unwrap();
    let side = 14_000_u16.to_le_bytes();
    // One pixel on a screen of 196 megapixels.
    let screen = [&b"GIF89a"[..], &side, &side, &[0; 3], b",", &[0; 4], &[1, 0, 1, 0, 0x80]];
    let gif = [&screen.concat()[..], &[0; 6], &[2, 2, 0x44, 1, 0], b";"].concat();
    let zeros = vec![0; 240 << 20];
    let packed = build::zip(&[("a.pth".to_owned(), zeros)], zip::CompressionMethod::Deflated);
    let files = [("slow.gif", gif), ("slow.zip", packed), ("slow.onnx", made::a_long_run())];
    let mut window = real_window([900.0, 600.0], |options| {
        options.paths = vec![asset("chelsea.png")];
    });
    step_until(&mut window, "the cat is explained", is_explained);
    let ctx = window.ctx.clone();
    for (name, bytes) in files {
        let path = write(&folder, name, &bytes);
        let mut times = Vec::new();
        for round in 0..10 {
            window.state_mut().dispatch(&ctx, Command::OpenPaths(vec![path.clone()]));
            step_until(&mut window, "it is read", |app| app.state.is_busy());
            std::thread::sleep(Duration::from_millis(100 + 20 * round));
            assert!(window.state().state.is_busy(), "{name} is not slow enough");
            let asked = Instant::now();
            window.state_mut().dispatch(&ctx, Command::Cancel);
            while window.state().state.is_busy() || crate::soak::children() > 0 {
                window.step();
            }
            times.push(asked.elapsed().as_secs_f64() * 1e3);
            window.state_mut().state.notices.dismiss_all();
        }
        times.sort_by(f64::total_cmp);
        eprintln!("{name}: median {:.0} ms, longest {:.0} ms", times[5], times[9]);
    }
}

/// `cargo test --release --test it times_of_children -- --ignored --nocapture`, with the files
/// in the variable FILES, with spaces between them: what a child that waits costs, from asking to
/// pixels or numbers.
#[test]
#[ignore = "measures"]
fn times_of_children() {
    let own = text(&asset("chelsea.png")).to_owned();
    let files = std::env::var("FILES").unwrap_or(own);
    let program = program();
    for file in files.split(' ').map(Path::new) {
        let is_picture = Photo::open(file, &PhotoOptions::default()).is_ok();
        let all = |state: StateDict| state.names().filter_map(|name| state.f32(name).ok()).count();
        let timed = |read: &dyn Fn()| {
            let started = Instant::now();
            read();
            started.elapsed().as_secs_f64() * 1e3
        };
        let wanted = Wanted::default();
        let options = PhotoOptions::default();
        let mut times: [Vec<f64>; 3] = Default::default();
        for _ in 0..30 {
            program.prepare(1);
            // It takes a few milliseconds to get ready.
            std::thread::sleep(Duration::from_millis(100));
            let child = || match is_picture {
                true => drop(program.photo(file, &options, &wanted).unwrap()),
                false => drop(all(program.checkpoint(file, &wanted).unwrap())),
            };
            times[0].push(timed(&child));
            times[1].push(timed(&child));
            times[2].push(timed(&|| match is_picture {
                true => drop(Photo::open(file, &options).unwrap()),
                false => drop(all(StateDict::open(file).unwrap())),
            }));
        }
        let medians = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        let [waiting, started, here] = medians;
        eprintln!(
            "{}: {here:.1} ms here, {waiting:.1} with a child that waited, {started:.1} with one that had to be started",
            file.display()
        );
    }
}
