//! Reading pictures against Pillow 9.3, and what happens with files that are none.
//!
//! `tests/golden/preprocess/modes` holds a small picture of every kind, `modes.json` the sha256 of
//! what Pillow makes of it; for JPEG the decoded picture lies beside it (see `generate.py` there).

use std::fs;
use std::path::{Path, PathBuf};

use glasstree::photo::{Alpha, Orientation, Photo, PhotoError, PhotoOptions, Problem};
use image::RgbImage;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const AS_STORED: PhotoOptions =
    PhotoOptions { orientation: Orientation::Ignore, alpha: Alpha::Drop };
const ON_WHITE: PhotoOptions =
    PhotoOptions { orientation: Orientation::Exif, alpha: Alpha::OnWhite };

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/preprocess").join(name)
}

fn mode(name: &str) -> Vec<u8> {
    fs::read(golden("modes").join(name)).unwrap()
}

fn open(path: &Path, options: &PhotoOptions) -> RgbImage {
    Photo::open(path, options).unwrap_or_else(|e| panic!("{e}")).rgb
}

fn sha256(rgb: &RgbImage) -> String {
    Sha256::digest(rgb.as_raw()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(bytes: &[u8]) -> Result<Photo, PhotoError> {
    Photo::decode("some.jpg", bytes, &PhotoOptions::default())
}

/// The problem with `bytes`, after a look at how the message reads.
fn problem(bytes: &[u8]) -> Problem {
    let error = decode(bytes).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("Could not read picture some.jpg: "), "{message}");
    assert!(!message.contains('\n') && !message.ends_with('.'), "{message}");
    error.problem
}

#[test]
fn every_kind_of_picture_decodes_as_in_pillow() {
    let modes: Value = serde_json::from_slice(&fs::read(golden("modes.json")).unwrap()).unwrap();
    for (name, expected) in modes.as_object().unwrap() {
        let path = golden("modes").join(name);
        let upright = open(&path, &PhotoOptions::default());
        let size = [upright.width(), upright.height()];
        assert_eq!(serde_json::json!(size), expected["size"], "size of {name}");
        if name.ends_with(".jpg") {
            continue;
        }
        assert_eq!(sha256(&upright), expected["rgb"], "{name}");
        assert_eq!(sha256(&open(&path, &AS_STORED)), expected["stored"], "{name} as stored");
        assert_eq!(sha256(&open(&path, &ON_WHITE)), expected["on_white"], "{name} on white");
    }
}

#[test]
fn jpeg_decodes_within_a_level_of_libjpeg() {
    let jpeg = |folder: &str| fs::read_dir(golden(folder)).unwrap().map(|e| e.unwrap().path());
    let mut count = 0;
    for path in jpeg("modes").chain(jpeg("pictures")).filter(|p| p.extension().unwrap() == "jpg") {
        let ours = open(&path, &PhotoOptions::default());
        let theirs = open(&path.with_extension("jpg.decoded.png"), &PhotoOptions::default());
        assert_eq!(ours.dimensions(), theirs.dimensions(), "{}", path.display());
        let sum: u64 = ours.iter().zip(theirs.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        // The standard leaves rounding open: the decoders round the inverse DCT and the chroma
        // between its samples differently. A wrong matrix or chroma site is tens of levels off.
        assert!((sum as f64) < ours.len() as f64, "{} is off by {sum}", path.display());
        count += 1;
    }
    assert_eq!(count, 10);
}

#[test]
fn the_content_tells_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("really a gif.jpg");
    fs::write(&path, mode("plain.gif")).unwrap();
    let photo = Photo::open(&path, &PhotoOptions::default()).unwrap();
    assert_eq!(photo.name, "really a gif.jpg");
    assert_eq!(photo.rgb.dimensions(), (37, 29));
}

#[test]
fn what_is_no_picture_is_named() {
    assert!(matches!(problem(b""), Problem::Empty));
    assert!(matches!(problem(b"Dear diary,\n"), Problem::UnknownFormat));
    assert!(matches!(
        problem(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        Problem::UnknownFormat
    ));
    assert!(matches!(problem(b"II*\0\x08\0\0\0"), Problem::UnknownFormat));
    let strange = Photo::decode("a\nb.png", b"?", &PhotoOptions::default()).unwrap_err();
    assert_eq!(
        strange.to_string(),
        "Could not read picture a b.png: it is not a PNG, JPEG, WebP, BMP or GIF file"
    );
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let problem = |path: &Path| Photo::open(path, &PhotoOptions::default()).unwrap_err().problem;
    assert!(matches!(problem(folder.path()), Problem::NotAFile));
    assert!(matches!(problem(&folder.path().join("none.png")), Problem::Io(_)));
    if cfg!(unix) {
        assert!(matches!(problem(Path::new("/dev/zero")), Problem::NotAFile));
        let pipe = folder.path().join("pipe.png");
        if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|s| s.success()) {
            assert!(matches!(problem(&pipe), Problem::NotAFile));
        }
    }
    let huge = folder.path().join("huge.png");
    fs::File::create(&huge).unwrap().set_len((1 << 30) + 1).unwrap();
    assert!(matches!(problem(&huge), Problem::FileTooLarge));
}

#[test]
fn a_file_that_was_cut_off_is_refused_wherever_the_cut() {
    let names = [
        "baseline_444.jpg",
        "progressive_420.jpg",
        "cmyk.jpg",
        "exif5.jpg",
        "gray8_trns.png",
        "palette4.png",
        "lossy.webp",
        "lossless_alpha.webp",
        "palette.bmp",
        "plain.gif",
    ];
    for name in names {
        let bytes = mode(name);
        // The last bytes of PNG, BMP and GIF (end chunk, padding, trailer) carry no pixels, and
        // a JPEG lacks only its end mark there, which is refused too.
        let pixels = if name.ends_with(".jpg") { bytes.len() } else { bytes.len() - 24 };
        for cut in (0..pixels).step_by(7).chain([pixels - 1]) {
            assert!(decode(&bytes[..cut]).is_err(), "{name} is accepted after {cut} bytes");
        }
        assert!(decode(&bytes).is_ok());
    }
}

#[test]
fn scrambled_pixels_are_refused() {
    let mut jpeg = fs::read(golden("pictures/02_rgb_port.jpg")).unwrap();
    let half = jpeg.len() / 2;
    jpeg[half..half + 4000].fill(0xFF);
    assert!(matches!(problem(&jpeg), Problem::Damaged { .. }));
}

/// The decoder would end the program at a colour that is not whole.
#[test]
fn a_palette_of_no_whole_colours_is_refused() {
    let png = mode("palette2_trns.png");
    let at = png.windows(4).position(|name| name == b"PLTE").unwrap();
    let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
    for colours in [&png[at + 4..at + 4 + length - 2], &[], &[7; 771]] {
        let mut broken = png[..at - 4].to_vec();
        broken.extend((colours.len() as u32).to_be_bytes());
        broken.extend(b"PLTE");
        broken.extend(colours);
        let checksum = crc32(&broken[at..]).to_be_bytes();
        broken.extend(checksum);
        broken.extend(&png[at + 4 + length + 4..]);
        assert!(matches!(problem(&broken), Problem::Damaged { .. }), "{}", colours.len());
    }
}

/// A PNG, GIF, BMP and JPEG header that promises 60000 x 60000 pixels, or none at all.
#[test]
fn sizes_are_checked_before_memory_is_spent() {
    for (side, expected_none) in [(60_000u16, false), (0, true)] {
        let [low, high] = side.to_le_bytes();
        let mut png = mode("gray16.png");
        png[16..24].copy_from_slice(&[0, 0, high, low, 0, 0, high, low]);
        let checksum = crc32(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&checksum);
        let mut gif = mode("plain.gif");
        gif[6..10].copy_from_slice(&[low, high, low, high]);
        let mut bmp = mode("palette.bmp");
        bmp[18..26].copy_from_slice(&[low, high, 0, 0, low, high, 0, 0]);
        let mut jpeg = mode("baseline_444.jpg");
        let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[high, low, high, low]);
        for (name, bytes) in [("png", png), ("gif", gif), ("bmp", bmp), ("jpeg", jpeg)] {
            match problem(&bytes) {
                Problem::TooManyPixels { width: 60_000, height: 60_000 } if !expected_none => {}
                Problem::NoPixels | Problem::Damaged { .. } | Problem::Unsupported { .. }
                    if expected_none => {}
                other => panic!("{name} of side {side}: {other}"),
            }
        }
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

const SEEDS: [&str; 10] = [
    "baseline_422.jpg",
    "progressive_420.jpg",
    "ycck.jpg",
    "exif7.webp",
    "lossy_alpha.webp",
    "palette2_trns.png",
    "rgb_alpha16.png",
    "black_white.bmp",
    "interlaced.gif",
    "animated.webp",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        decode(&bytes).ok();
    }

    #[test]
    fn damaged_pictures_never_panic(
        name in select(&SEEDS[..]), edits in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
        cut in any::<Index>(), is_cut: bool,
    ) {
        let mut bytes = mode(name);
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        decode(&bytes).ok();
    }
}
