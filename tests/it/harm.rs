//! Small files that once took much memory, much time, or were taken for more than they are; in all
//! the ways that they can be made.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use glasstree::budget::{Budget, Exceeded, Wanted};
use glasstree::checkpoint::{CheckpointError, FileProblem, StateDict};
use glasstree::photo::{Photo, PhotoOptions, Problem};
use glasstree::settings::Settings;
use image::{ImageFormat, RgbImage};
use std::time::Duration;
use tempfile::TempDir;

use crate::checkpoint::build::{self, Object};
use crate::checkpoint::hostile::{containers, dict, net};
use crate::cli::{Output, glasstree, root, text};

fn with(opcodes: Vec<u8>) -> Object {
    dict(vec![("net", net()), ("x", Object::Raw(opcodes))])
}

/// A value in the memo and in a list, and `count` times more by what `again` does with it.
fn shared(value: &[u8], again: &[u8], count: usize) -> Vec<u8> {
    [value, b"q\x07", &again.repeat(count)].concat()
}

#[test]
fn what_is_shared_is_not_copied_without_end() {
    let long = build::text(&"x".repeat(30_000));
    let key = build::text("k");
    // Each level holds the one before it twice, under names of its own.
    let two = [b"}(".to_vec(), build::text("a"), b"h\x07".to_vec(), build::text("b")].concat();
    let double = [two, b"h\x07uq\x07".to_vec()].concat();
    for (case, opcodes) in [
        (
            "text in a list",
            [b"](".to_vec(), shared(&long, b"h\x07", 15_000), b"e".to_vec()].concat(),
        ),
        ("text after text", shared(&long, b"h\x070", 200_000)),
        ("text put again", shared(&long, b"q\x07", 200_000)),
        ("a list that grows", shared(b"]", b"h\x07Na0", 200_000)),
        ("a dict that grows", shared(b"}", b"h\x07K\x01K\x02s0", 150_000)),
        ("doubled dicts", [shared(b"}", b"", 0), double.repeat(60)].concat()),
        ("itself", [b"}q\x07".to_vec(), key, b"h\x07s".to_vec()].concat()),
        ("itself in a list", b"]q\x07h\x07a".to_vec()),
    ] {
        // Refused or read: what matters is that it ends, and how much it takes.
        for file in containers(&with(opcodes)) {
            if let Err(error) = StateDict::from_bytes("file", file) {
                let line = error.to_string();
                assert!(!line.contains('\n') && line.len() < 300, "{case}: {line}");
            }
        }
    }
}

#[test]
fn tensors_under_ever_more_names_are_refused() {
    let tensor = Object::from(build::Tensor::f32(&[1], &[1.0]));
    // 2^20 names of one tensor.
    let mut nested = dict(vec![("a", tensor)]);
    for _ in 0..1 {
        nested = dict(vec![("n", nested)]);
    }
    let two = [b"}(".to_vec(), build::text("a"), b"h\x07".to_vec(), build::text("b")].concat();
    let double = [two, b"h\x07uq\x07".to_vec()].concat();
    let tar = build::torch_tar(&dict(vec![
        ("net", nested),
        ("more", Object::Raw([shared(b"}", b"", 0), double.repeat(20)].concat())),
    ]));
    let error = StateDict::from_bytes("file", tar).map(drop).unwrap_err().to_string();
    assert!(error.contains("more memory") || error.contains("too large"), "{error}");
}

#[test]
fn what_is_not_wanted_any_more_is_not_read() {
    let unwanted = Wanted::new(|| false);
    let photo = root().join("assets/photos/chelsea.png");
    let error = Photo::open_while(&photo, &PhotoOptions::default(), &unwanted).unwrap_err();
    assert!(matches!(error.problem, Problem::Budget(Exceeded::Cancelled)), "{error}");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.pth");
    std::fs::write(&path, build::torch_tar(&with(b"](N0".repeat(20_000)))).unwrap();
    let error = StateDict::open_while(&path, &unwanted).map(drop).unwrap_err();
    let is_cancelled = matches!(
        error,
        CheckpointError::File { problem: FileProblem::Budget(Exceeded::Cancelled), .. }
    );
    assert!(is_cancelled, "{error}");
}

#[test]
fn a_budget_is_one_for_all_that_charge_it() {
    let budget = Budget::new(100, Duration::from_secs(60), Wanted::default());
    budget.charge(60).unwrap();
    assert_eq!(budget.charge(41), Err(Exceeded::Memory));
    budget.charge(40).unwrap();
    assert_eq!(budget.charge_nodes(1), Err(Exceeded::Memory));
    let late = Budget::new(u64::MAX, Duration::ZERO, Wanted::default());
    std::thread::sleep(Duration::from_millis(2));
    assert_eq!(late.charge(1 << 20), Err(Exceeded::Time));
}

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/golden/preprocess/modes").join(name)).unwrap()
}

fn decode(bytes: &[u8]) -> Result<Photo, Problem> {
    let photo = Photo::decode("some", bytes, &PhotoOptions::default());
    photo.map_err(|error| error.problem)
}

#[test]
fn a_jpeg_that_lacks_pixels_is_refused_even_with_an_end() {
    for name in ["baseline_444.jpg", "baseline_422.jpg", "progressive_420.jpg", "ycck.jpg"] {
        let bytes = golden(name);
        let whole = decode(&bytes).unwrap().rgb;
        let scan = bytes.windows(2).position(|w| w == [0xFF, 0xDA]).unwrap();
        let start = scan + 2 + usize::from(bytes[scan + 3]);
        for share in [0, 10, 30, 50, 70, 90] {
            let cut = start + (bytes.len() - 2 - start) * share / 100;
            // Not in the middle of a marker.
            let cut = if bytes[cut - 1] == 0xFF { cut - 1 } else { cut };
            let closed = [&bytes[..cut], b"\xFF\xD9"].concat();
            match decode(&closed) {
                Err(Problem::Damaged { format: "JPEG", .. }) => {}
                // Between two scans a progressive picture is whole, only coarser.
                Ok(photo) => {
                    assert!(
                        name.starts_with("progressive") && photo.rgb != whole,
                        "{name}: {share} %"
                    );
                }
                Err(other) => panic!("{name}: {share} %: {other}"),
            }
        }
        // What follows the end is another file's.
        let longer = [&bytes[..], &[0; 5000], &bytes].concat();
        assert_eq!(decode(&longer).unwrap().rgb, whole, "{name}");
    }
}

#[test]
fn a_few_bytes_are_no_200_megapixels() {
    let mut bytes = golden("progressive_420.jpg");
    let frame = bytes.windows(2).position(|w| w == [0xFF, 0xC2]).unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x37, 0x37, 0x37, 0x37]);
    assert!(matches!(decode(&bytes), Err(Problem::Damaged { .. })));
    // Scans without end.
    let bytes = golden("progressive_420.jpg");
    let scan = bytes.windows(2).rposition(|w| w == [0xFF, 0xDA]).unwrap();
    let again = bytes[scan..bytes.len() - 2].repeat(200);
    let many = [&bytes[..bytes.len() - 2], &again, b"\xFF\xD9"].concat();
    let Err(Problem::Damaged { reason, .. }) = decode(&many) else { panic!("it is accepted") };
    assert!(reason.contains("more scans"), "{reason}");
}

pub fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let sum = !kind.iter().chain(content).fold(!0, |sum: u32, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
    });
    let length = (content.len() as u32).to_be_bytes();
    [&length[..], kind, content, &sum.to_be_bytes()].concat()
}

#[test]
fn parts_of_a_png_that_are_ignored_cost_nothing() {
    let mut plain = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(9, 7, |x, y| image::Rgb([x as u8, y as u8, 7]));
    picture.write_to(&mut plain, ImageFormat::Png).unwrap();
    let plain = plain.into_inner();
    let (head, tail) = plain.split_at(33);
    // Were one of them unpacked, it would be an error: it is no deflate stream.
    for kind in [b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"xxXx", b"eXIf", b"fdAT", b"acTL"] {
        let size = if kind == b"eXIf" { 1000 } else { 3_000_000 };
        let stuffed = [head, &chunk(kind, &[b'a'; 3_000_000][..size]), tail].concat();
        assert_eq!(decode(&stuffed).unwrap().rgb, picture, "{kind:?}");
    }
    let more = [head, &chunk(b"IDAT", &[0; 3_000_000]), tail].concat();
    assert!(matches!(decode(&more), Err(Problem::Damaged { format: "PNG", .. })));
}

#[test]
#[cfg(unix)]
fn settings_that_never_end_or_begin_are_set_aside() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("settings.json");
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    for endless in [Path::new("/dev/zero"), Path::new("/dev/urandom"), &fifo, folder.path()] {
        std::os::unix::fs::symlink(endless, &path).unwrap();
        let (_, note) = Settings::read(&path);
        assert!(note.unwrap().contains("not a file"), "{}", endless.display());
        assert!(!path.exists(), "set aside");
    }
    std::fs::write(&path, "[".repeat(2 << 20)).unwrap();
    assert!(Settings::read(&path).1.unwrap().contains("larger than 1 MiB"));
    std::fs::write(&path, "[".repeat(1 << 20)).unwrap();
    assert!(Settings::read(&path).1.is_some(), "deep, not large");
}

#[test]
#[cfg(unix)]
fn what_is_written_again_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.json");
    for mode in [0o600, 0o640, 0o644] {
        std::fs::write(&path, "before").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        glasstree::output::write(&path, b"after").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        assert_eq!(std::fs::read(&path).unwrap(), b"after");
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_told() {
    let full = Path::new("/dev/full");
    if cfg!(target_os = "linux") {
        let error = glasstree::output::write(full, b"x").unwrap_err();
        assert_eq!(format!("{error:#}"), "Could not write /dev/full: the disk is full");
    }
}

#[test]
fn what_ended_programs_left_behind_is_swept() {
    let folder = TempDir::new().unwrap();
    let make = |name: &str, days: u64| {
        let path = folder.path().join(name);
        let file = std::fs::File::create(&path).unwrap();
        let then = std::time::SystemTime::now() - Duration::from_secs(days * 86_400);
        file.set_modified(then).unwrap();
        path
    };
    let (old, new) = (make(".glasstree-old", 3), make(".glasstree-new", 0));
    let other = make("photo.png", 30);
    let left = folder.path().join(".glasstree-folder");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("unpacked"), "x").unwrap();
    let then = std::time::SystemTime::now() - Duration::from_secs(3 * 86_400);
    std::fs::File::open(&left).unwrap().set_modified(then).unwrap();
    glasstree::temporary::sweep(folder.path());
    let are_there = [&old, &new, &other, &left].map(|path: &PathBuf| path.exists());
    assert_eq!(are_there, [false, true, true, false]);
}

/// A child says what the program itself would say.
#[test]
fn with_and_without_a_child_all_is_the_same() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        text(&path).to_owned()
    };
    let jpeg = golden("progressive_420.jpg");
    let photo = text(&root().join("assets/photos/cat_and_coffee.jpg")).to_owned();
    let packed = [("a.pth".to_owned(), build::torch_zip(&dict(vec![("net", net())])))];
    let zip = build::zip(&packed, zip::CompressionMethod::Deflated);
    let pickled = root().join("tests/golden/checkpoints/ckpt-CIFAR10-wrn16_1-nbdtstyle.zip.pth");
    let (classify, info) = (["classify", "--device", "cpu"], ["info"]);
    for (command, path) in [
        (&classify[..], photo.clone()),
        (&classify, file("cut.jpg", &jpeg[..jpeg.len() / 2])),
        (&classify, file("none.png", b"hello")),
        (&classify, file("empty.png", b"")),
        (&classify, text(folder.path()).to_owned()),
        (&classify, text(&folder.path().join("missing.png")).to_owned()),
        (&info, text(&pickled).to_owned()),
        (&info, file("packed.zip", &zip)),
        (&info, file("legacy.pth", &build::torch_legacy(&with(b"cposix\nsystem\n".to_vec())))),
        (&info, file("none.pth", b"hello")),
        (&info, text(&folder.path().join("missing.pth")).to_owned()),
    ] {
        let arguments = [command, &[path.as_str()]].concat();
        let Output { code, out, err } = glasstree(&arguments);
        let alone = glasstree(&[&arguments[..], &["--in-process"]].concat());
        assert_eq!((code, out, err), (alone.code, alone.out, alone.err), "{arguments:?}");
    }
    let model = text(&pickled).to_owned();
    let classified = glasstree(&["classify", &photo, "--model", &model, "--json"]);
    let alone = glasstree(&["classify", &photo, "--model", &model, "--json", "--in-process"]);
    assert_eq!((classified.code, classified.out), (alone.code, alone.out), "{}", classified.err);
}

#[test]
fn a_network_that_would_fill_the_memory_is_not_run() {
    let photo = text(&root().join("assets/photos/cat_and_coffee.jpg")).to_owned();
    let large = ["--resize", "4096", "--crop", "4096"];
    let wide = ["classify", &photo, "--model", "wrn16-2-cifar10", "--device", "cpu"];
    crate::cli::fails(&[&wide[..], &large].concat(), &["gigabytes", "smaller crop"]);
}

#[test]
fn a_jpeg_with_restarts_that_lacks_pixels_is_refused() {
    let bytes = golden("baseline_444.jpg");
    let scan = bytes.windows(2).position(|w| w == [0xFF, 0xDA]).unwrap();
    let start = scan + 2 + usize::from(bytes[scan + 3]);
    for share in [10, 30, 50, 90] {
        let cut = start + (bytes.len() - 2 - start) * share / 100;
        let cut = if bytes[cut - 1] == 0xFF { cut - 1 } else { cut };
        // Without an interval there are no restarts, which would end the pixels in silence.
        let closed = [&bytes[..cut], b"\xFF\xD0\xFF\xD1\xFF\xD9"].concat();
        assert!(matches!(decode(&closed), Err(Problem::Damaged { .. })), "{share} %");
        // With one of a single block, as many are missing as there are blocks.
        let interval = b"\xFF\xDD\x00\x04\x00\x01";
        let some = [&bytes[..scan], interval, &bytes[scan..cut], b"\xFF\xD0\xFF\xD9"].concat();
        assert!(matches!(decode(&some), Err(Problem::Damaged { .. })), "{share} %");
    }
}

#[test]
fn a_png_of_endless_chunks_is_refused() {
    let picture = golden("palette8.png");
    let (head, tail) = picture.split_at(33);
    let empty = chunk(b"tIME", b"");
    let endless = [head, &empty.repeat(1 << 20), tail].concat();
    assert!(matches!(decode(&endless), Err(Problem::Damaged { format: "PNG", .. })));
    let palettes = [head, &chunk(b"PLTE", &[0; 768]).repeat(20), tail].concat();
    assert!(matches!(decode(&palettes), Err(Problem::Damaged { format: "PNG", .. })));
    assert!(decode(&[head, &empty.repeat(1000), tail].concat()).is_ok());
}

#[test]
fn parts_of_webp_and_gif_that_are_ignored_cost_nothing() {
    let plain = golden("exif7.webp");
    let chunk = |kind: &[u8; 4], size: usize| {
        let length = (size as u32).to_le_bytes();
        [&kind[..], &length, &vec![b'a'; size]].concat()
    };
    let picture = decode(&plain).unwrap().rgb;
    for kind in [b"ICCP", b"XMP ", b"junk", b"EXIF"] {
        let stuffed = [&plain[..], &chunk(kind, 3_000_000)].concat();
        assert_eq!(decode(&stuffed).unwrap().rgb, picture, "{kind:?}");
        assert!(glasstree::photo::essence(&stuffed).unwrap().len() < plain.len() + 100);
    }
    // A frame of an animation that is not shown.
    let frames = golden("animated.webp");
    let longer = [&frames[..], &chunk(b"ANMF", 3_000_000)].concat();
    assert_eq!(decode(&longer).unwrap().rgb, decode(&frames).unwrap().rgb);
    assert!(glasstree::photo::essence(&longer).unwrap().len() < frames.len());

    let plain = golden("plain.gif");
    let palette = 13 + 3 * (2 << (plain[10] & 7));
    let (head, tail) = plain.split_at(palette);
    let note = [b"!\xFF\x0BXMP DataXMP".to_vec(), [&[255][..], &[b'a'; 255]].concat().repeat(9000)];
    let stuffed = [head, &note.concat(), b"\0", tail].concat();
    assert_eq!(decode(&stuffed).unwrap().rgb, decode(&plain).unwrap().rgb);
    assert!(glasstree::photo::essence(&stuffed).unwrap().len() <= plain.len());
    let moving = golden("animated.gif");
    assert!(glasstree::photo::essence(&moving).unwrap().len() < moving.len());
}

#[test]
fn long_headers_and_shapes_of_safetensors_are_refused() {
    let tensor = |shape: &str| {
        let header = format!(r#"{{"a":{{"dtype":"F32","shape":[{shape}],"data_offsets":[0,4]}}}}"#);
        StateDict::from_bytes("file", build::raw_safetensors(&header, &[0; 4])).map(drop)
    };
    assert!(tensor("1,1").is_ok());
    for axes in [17, 500_000] {
        assert!(tensor(&vec!["1"; axes].join(",")).unwrap_err().to_string().contains("axes"));
    }
    let error = tensor(&vec!["1"; 2_000_000].join(",")).unwrap_err().to_string();
    assert!(error.contains("too large to be read safely"), "{error}");
}
