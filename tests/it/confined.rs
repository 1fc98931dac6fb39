//! Children of the program itself: what they tell, what ends them, and that their parent goes on.

use std::path::{Path, PathBuf};

use glasstree::budget::{Exceeded, Wanted};
use glasstree::checkpoint::{CheckpointError, FileProblem, StateDict};
use glasstree::decoder::Program;
use glasstree::model::ModelError;
use tempfile::TempDir;

use crate::checkpoint::build;
use crate::checkpoint::hostile::{containers, dict, net};
use crate::cli::{cat, fails, glasstree, root, text};
use crate::onnx::made;

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
    let path = write(&folder, "huge.onnx", &made::a_value_of_numbers(1 << 37));
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
    assert_eq!(one[0].logits, two[1].logits);
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
    let files = [&containers(&object)[..], &[safetensors, packed, odd]].concat();
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
                (Err(own), Err(told)) => assert_eq!(own.to_string(), told.to_string()),
                (own, told) => panic!("{name} of file {number}: {own:?} and {told:?}"),
            }
        }
    }
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
