//! The targets of `fuzz/` on stable Rust, with a mutator that knows where numbers, lengths and
//! pieces of files are worth changing. `FUZZ_SECONDS` is the time for each target (default 30),
//! `FUZZ_RUNS` ends it earlier, `FUZZ_TARGET` chooses one, `FUZZ_SEED` is the beginning of the random
//! numbers; a failure prints what repeats it.

#[path = "../../fuzz/targets.rs"]
mod targets;

mod structure;

use std::time::{Duration, Instant};

use crate::checkpoint::build::{self, Object};
use crate::checkpoint::hostile::{containers, dict, net};
use crate::cli::root;
use glasstree::settings::Settings;
use targets::TARGETS;

/// A linear congruential generator (Knuth's MMIX), which is random enough to break files.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end.max(1)
    }
}

/// Numbers at the ends of what fits.
const EXTREMES: [u64; 10] =
    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

/// Files that have grown beyond this are not repeated further.
const MAX_BYTES: usize = 1 << 20;

/// Changes a few things in a file, with a part of another one now and then.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let length = random.below(64).min(bytes.len() - at);
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..at + length)),
            2 if bytes.len() < MAX_BYTES => {
                let piece = bytes[at..at + length].repeat(1 + random.below(20));
                bytes.splice(at..at, piece);
            }
            3 => {
                let from = random.below(other.len());
                let piece = other[from..(from + length).min(other.len())].to_vec();
                bytes.splice(at..at + length, piece);
            }
            4 => {
                let number = EXTREMES[random.below(EXTREMES.len())];
                let width = [1, 2, 4, 8][random.below(4)].min(bytes.len() - at);
                let little = number.to_le_bytes();
                let big = number.to_be_bytes();
                let number =
                    if random.below(2) == 0 { &little[..width] } else { &big[8 - width..] };
                bytes[at..at + width].copy_from_slice(number);
            }
            5 => {
                // A number in decimal, as in JSON and in old pickles.
                let digits = EXTREMES[random.below(EXTREMES.len())].to_string();
                bytes.splice(at..at, digits.into_bytes());
            }
            _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let files = files.map(|path| std::fs::read(path).unwrap());
    files.filter(|bytes| bytes.len() < 200_000).collect()
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let object = || dict(vec![("net", net()), ("x", Object::Raw(b"](N}K\x01e".to_vec()))]);
    let small = |folder: &str| files(folder).into_iter().filter(|f| f.len() < 20_000).collect();
    match target {
        "checkpoint" => {
            let mut seeds = containers(&object()).to_vec();
            seeds.push(build::safetensors(&[("a", safetensors::Dtype::F16, &[2, 2], &[1.0; 4])]));
            seeds.push(build::zip(
                &[("a.pth".to_owned(), build::torch_zip(&object()))],
                zip::CompressionMethod::Deflated,
            ));
            seeds.extend::<Vec<_>>(small("tests/golden/checkpoints"));
            seeds
        }
        "photo" | "essence" => small("tests/golden/preprocess/modes"),
        "onnx" => small("tests/golden/onnx"),
        "pickle" => vec![
            build::pickle(&object(), &mut Vec::new()),
            b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94]\x94(K\x01G\0\0\0\0\0\0\0\0\x89eu."
                .to_vec(),
            b"(dp0\nS'a'\np1\n(lp2\nI1\naF0.5\nag1\nasS'b'\n(I1\nL2L\ntp3\ns.".to_vec(),
        ],
        "settings" => vec![
            serde_json::to_vec(&Settings::default()).unwrap(),
            br#"{"theme":"dark","window":{"size":[900,1e3],"zoom":1.5},"recent":["a"],"new":[{}]}"#
                .to_vec(),
        ],
        "hierarchy" => {
            let edges = r#"{"source":"r","target":"a"},{"source":"r","target":"b"}"#;
            let nodes = r#"{"id":"r"},{"id":"a","label":"x"},{"id":"b","renamed":"y"}"#;
            let file = format!(r#"{{"directed":true,"nodes":[{nodes}],"links":[{edges}]}}"#);
            vec![file.clone().into_bytes(), file.replace("links", "edges").into_bytes()]
        }
        _ => [
            "tench\ncat, tabby\n",
            "n01440764 tench\nn02123045: tabby\n",
            r#"["tench", "cat"]"#,
            r#"[["n01440764", "tench"]]"#,
            r#"{"id2label": {"0": "a", "1": "b"}}"#,
            r#"{"a": 0, "b": 1}"#,
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs of one target, until the time is over or so many are done.
fn campaign(target: &str, run: fn(&[u8]), time: Duration, most: usize) -> usize {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let (seed, started) = (number("FUZZ_SEED", 1), Instant::now());
    let mut runs = 0;
    while runs < most && started.elapsed() < time {
        let mut random = Random(seed.wrapping_mul(1 << 40).wrapping_add(runs as u64));
        random.next();
        let mut bytes = seeds[random.below(seeds.len())].clone();
        let other = &seeds[random.below(seeds.len())];
        let by_structure = random.below(2) == 0;
        if !(by_structure && structure::mutate(target, &mut bytes, other, &mut random)) {
            mutate(&mut bytes, other, &mut random);
        }
        let result = std::panic::catch_unwind(|| run(&bytes));
        if result.is_err() {
            let path = tempfile::env::temp_dir().join(format!("{target}-{seed}-{runs}"));
            std::fs::write(&path, &bytes).unwrap();
            panic!(
                "{target}: run {runs} of seed {seed} fails; its bytes are in {}",
                path.display()
            );
        }
        runs += 1;
    }
    runs
}

/// A few hundred of each, in every run of the tests.
#[test]
fn a_short_campaign_finds_nothing() {
    for (target, run) in TARGETS {
        assert_eq!(campaign(target, run, Duration::MAX, 300), 300);
    }
}

#[test]
#[ignore = "takes as long as FUZZ_SECONDS and FUZZ_RUNS say; CI runs it by itself"]
fn a_long_campaign_finds_nothing() {
    let time = Duration::from_secs(number("FUZZ_SECONDS", 30));
    let most = number("FUZZ_RUNS", u64::MAX);
    let only = std::env::var("FUZZ_TARGET").unwrap_or_default();
    for (target, run) in TARGETS.into_iter().filter(|(name, _)| name.contains(&only)) {
        let runs = campaign(target, run, time, most as usize);
        assert!(runs > 0);
        eprintln!("{target}: {runs} runs");
    }
}
