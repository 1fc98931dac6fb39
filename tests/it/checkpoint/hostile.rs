//! Files that want to harm: they must be refused in one line, quickly and with little memory.

use std::path::Path;

use zip::CompressionMethod;

use glasstree::checkpoint::StateDict;

use super::build::{self, Object, Tensor};
use super::refusal;

pub fn dict(entries: Vec<(&str, Object)>) -> Object {
    Object::Dict(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

pub fn net() -> Object {
    dict(vec![("weight", Tensor::f32(&[2], &[1.0, 2.0]).into())])
}

/// `object` in all containers that `torch.save` has had.
pub fn containers(object: &Object) -> [Vec<u8>; 3] {
    [build::torch_zip(object), build::torch_legacy(object), build::torch_tar(object)]
}

#[test]
fn code_in_a_pickle_is_named_and_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let command = format!("touch {}", trace.display());
    let argument = build::text(&command);
    let call = |global: &[u8]| [global, &argument, b"\x85R"].concat();
    let by_stack = [build::text("posix"), build::text("system"), b"\x93".to_vec()].concat();
    // The same strings through the memo, as protocol 4 writes them the second time.
    let by_memo = [
        [build::text("posix"), b"\x940".to_vec()].concat(),
        [build::text("system"), b"\x940".to_vec()].concat(),
        b"h\x00h\x01\x93".to_vec(),
    ]
    .concat();
    let inst = [b"(".to_vec(), argument.clone(), b"iposix\nsystem\n".to_vec()].concat();
    for evil in [call(b"cposix\nsystem\n"), call(&by_stack), call(&by_memo), inst] {
        let plain = [b"\x80\x02".to_vec(), evil.clone(), b".".to_vec()].concat();
        let text_pickle = [evil.clone(), b".".to_vec()].concat();
        let inside = dict(vec![("net", net()), ("x", Object::Raw(evil))]);
        let [zip, legacy, tar] = containers(&inside);
        for file in [zip, legacy, tar, plain, text_pickle] {
            let message = refusal(file);
            // A pickle without header that begins with a string looks like anything.
            let is_named = message.contains("would run posix.system");
            assert!(is_named || message.contains("unknown kind"), "{message}");
        }
    }
    assert!(!trace.exists());
}

#[test]
fn names_that_only_python_could_work_out_are_refused() {
    let computed = Object::Raw(b"]]\x93".to_vec());
    for file in containers(&dict(vec![("net", net()), ("x", computed)])) {
        assert!(refusal(file).contains("computes a class name"));
    }
}

#[test]
fn foreign_objects_are_named_with_advice() {
    let object = |class: &str| Object::Raw(format!("c{class}\n)R").into_bytes());
    for file in containers(&object("torchvision.models.resnet\nResNet")) {
        let message = refusal(file);
        assert!(
            message.contains("class torchvision.models.resnet.ResNet (a whole model"),
            "{message}"
        );
        assert!(message.contains("save model.state_dict() instead"), "{message}");
    }
    for file in containers(&dict(vec![("net", net()), ("cfg", object("omegaconf\nDictConfig"))])) {
        let message = refusal(file);
        assert!(message.contains("class omegaconf.DictConfig beside the weights"), "{message}");
    }
    let sklearn = b"\x80\x04csklearn.svm._classes\nSVC\n)\x81.".to_vec();
    let message = refusal(sklearn);
    assert!(message.contains("sklearn.svm._classes.SVC, not a PyTorch state dict"), "{message}");
    // Plain data of training scripts is passed over.
    for file in containers(&dict(vec![("net", net()), ("args", object("argparse\nNamespace"))])) {
        assert!(StateDict::from_bytes("file", file).is_ok());
    }
}

#[test]
fn impossible_tensors_are_refused_before_memory_is_taken() {
    let tensor = |change: &dyn Fn(&mut Tensor)| {
        let mut tensor = Tensor::f32(&[2], &[1.0, 2.0]);
        change(&mut tensor);
        Object::from(tensor)
    };
    let huge = 1_000_000_000;
    for (case, tensor) in [
        ("repeated for ever", tensor(&|t| (t.shape, t.stride) = (vec![huge, huge], vec![0, 0]))),
        ("repeated to 4 GB", tensor(&|t| (t.shape, t.stride) = (vec![huge], vec![0]))),
        ("larger than its storage", tensor(&|t| t.shape = vec![3])),
        ("negative", tensor(&|t| t.shape = vec![-2])),
        ("negative stride", tensor(&|t| t.stride = vec![-1])),
        ("offset", tensor(&|t| t.offset = 1)),
        ("huge offset", tensor(&|t| t.offset = i64::MAX)),
        ("overflow", tensor(&|t| (t.shape, t.stride) = (vec![i64::MAX; 3], vec![i64::MAX; 3]))),
        ("ranks differ", tensor(&|t| t.stride = vec![1, 1])),
        ("huge storage", tensor(&|t| (t.shape, t.claimed) = (vec![huge], huge))),
        ("negative storage", tensor(&|t| t.claimed = -1)),
    ] {
        for file in containers(&dict(vec![("a", tensor)])) {
            let message = refusal(file);
            assert!(!message.contains('\n') && message.len() < 300, "{case}: {message}");
        }
    }
    // A small lie about a storage shows when the tensor is read.
    let lie = tensor(&|t| (t.shape, t.claimed) = (vec![3], 3));
    let zip = StateDict::from_bytes("file", build::torch_zip(&dict(vec![("a", lie)]))).unwrap();
    let message = zip.f32("a").unwrap_err().to_string();
    assert!(message.starts_with("Tensor a cannot be read"), "{message}");
    // Repetition within reason is what `expand` is for.
    let expanded = tensor(&|t| (t.shape, t.stride) = (vec![3, 2], vec![0, 1]));
    let [zip, legacy, tar] = containers(&dict(vec![("a", expanded)]));
    assert!(refusal(tar).contains("do not lie in a row"), "nobody did that at the time");
    for file in [zip, legacy] {
        let state_dict = StateDict::from_bytes("file", file).unwrap();
        assert_eq!(state_dict.f32("a").unwrap(), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    }
}

#[test]
fn pickles_that_would_fill_the_memory_are_refused() {
    let nested = |levels: usize| {
        let open = [build::text("k"), b"}".to_vec()].concat();
        [b"}".to_vec(), open.repeat(levels), b"s".repeat(levels)].concat()
    };
    let list = |items: Vec<u8>| [b"](".to_vec(), items, b"e".to_vec()].concat();
    let long_key =
        [b"}".to_vec(), build::text(&"k".repeat(100_000)), list(b"N".repeat(1000)), b"s".to_vec()];
    // Each step holds the one before it twice.
    let doubling = [b"]".to_vec(), b"q\x00h\x00\x86".repeat(60)].concat();
    for (case, opcodes) in [
        ("opcodes", list(b"N".repeat(1_100_000))),
        ("names", long_key.concat()),
        ("doubling", doubling),
        ("nesting", nested(100_000)),
        ("claimed string", b"X\xff\xff\xff\xff".to_vec()),
        ("claimed bytes", b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f".to_vec()),
        ("unknown opcode", b"\xff".to_vec()),
        ("stack underflow", b"RRR".to_vec()),
        ("missing mark", b"e".to_vec()),
        ("unknown memo entry", b"h\x07".to_vec()),
    ] {
        for file in containers(&dict(vec![("net", net()), ("x", Object::Raw(opcodes.clone()))])) {
            let message = refusal(file);
            assert!(
                ["too large", "more memory", "damaged"].iter().any(|word| message.contains(word)),
                "{case}: {message}"
            );
        }
    }
}

#[test]
fn archives_are_refused_for_what_they_are() {
    let named = |names: &[&str]| {
        let entries: Vec<_> =
            names.iter().map(|name| ((*name).to_owned(), b"x".to_vec())).collect();
        build::zip(&entries, CompressionMethod::Stored)
    };
    let bomb = ("a.pth".to_owned(), vec![0; 300 << 20]);
    let packed =
        |bytes: Vec<u8>| build::zip(&[("a.pth".to_owned(), bytes)], CompressionMethod::Deflated);
    let weights = build::torch_zip(&net());
    assert!(StateDict::from_bytes("file", packed(weights.clone())).is_ok());
    // Both headers of the entry claim fewer bytes than it unpacks to.
    let mut liar = packed(vec![0; 70_000]);
    while let Some(at) = liar.windows(4).position(|bytes| bytes == 70_000u32.to_le_bytes()) {
        liar[at..at + 4].copy_from_slice(&70u32.to_le_bytes());
    }
    for (cause, file) in [
        ("would unpack to", build::zip(&[bomb], CompressionMethod::Deflated)),
        ("a TorchScript program", named(&["m/data.pkl", "m/constants.pkl", "m/code/a.py"])),
        ("several checkpoints", named(&["m/data.pkl", "n/data.pkl"])),
        ("several checkpoints", named(&["a.pth", "b.pth"])),
        ("a Keras model", named(&["config.json", "model.weights.h5"])),
        ("NumPy arrays", named(&["a.npy", "b.npy"])),
        ("first entry is README", named(&["README", "LICENSE"])),
        ("an empty zip archive", build::zip(&[], CompressionMethod::Stored)),
        ("a zip archive within another", packed(packed(weights))),
        ("a tar archive without a checkpoint", build::tar(&[("README", b"x")])),
        ("a tar archive without a checkpoint", build::tar(&[("storages", b"x")])),
    ] {
        let message = refusal(file);
        assert!(message.contains(cause), "{message}");
    }
}

#[test]
fn safetensors_headers_that_lie_are_refused() {
    let one = |from: u64, to: u64, shape: &str| {
        format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
    };
    let raw = |header: &str| build::raw_safetensors(header, &[0; 8]);
    assert!(StateDict::from_bytes("file", raw(&one(0, 8, "[2]"))).is_ok());
    let two = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let mut endless = raw(&one(0, 8, "[2]"));
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut long = raw(&one(0, 8, "[2]"));
    long[..8].copy_from_slice(&200u64.to_le_bytes());
    for (case, file) in [
        ("length 2^64", endless),
        ("length beyond the file", long),
        ("offsets beyond the file", raw(&one(0, 80, "[20]"))),
        ("a gap", raw(&one(4, 8, "[1]"))),
        ("backwards", raw(&one(8, 0, "[2]"))),
        ("overlap", raw(two)),
        ("bytes left over", raw(&one(0, 4, "[1]"))),
        ("shape and offsets differ", raw(&one(0, 8, "[3]"))),
        ("shape overflows", raw(&one(0, 8, "[4294967296,4294967296,4294967296]"))),
        ("negative shape", raw(&one(0, 8, "[-2]"))),
        ("not JSON", raw("{not json")),
        ("deep JSON", raw(&format!("{{\"a\":{}", "[".repeat(100_000)))),
    ] {
        let message = refusal(file);
        assert!(message.contains("safetensors"), "{case}: {message}");
        assert!(message.contains("truncated or damaged"), "{case}: {message}");
    }
}

#[test]
fn other_files_are_called_by_their_names() {
    for (start, name) in [
        (&b"\x89HDF\r\n\x1a\n"[..], "HDF5"),
        (b"\x08\x07\x12\x07pytorch", "ONNX"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x89PNG\r\n\x1a\n", "picture (PNG)"),
        (b"  <html><body>Not found", "web page (HTML)"),
        (b"{\"message\": \"Not Found\"}", "JSON text"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"curl: (6) Could not resolve host", "a text file"),
        (b"(see below)", "a text file"),
        (b" \n", "blank text"),
        (b"\x00\x01\x02", "unknown kind"),
        (b"\x80\x02}.", "a Python pickle without tensors"),
    ] {
        let message = refusal(start.to_vec());
        assert!(message.contains(name), "{message}");
        assert!(!message.contains('\n'));
    }
    let missing = StateDict::open(Path::new("no/such/file.pth")).map(|_| ()).unwrap_err();
    assert!(missing.to_string().starts_with("no/such/file.pth cannot be read"));
    let folder = StateDict::open(Path::new(env!("CARGO_MANIFEST_DIR"))).map(|_| ()).unwrap_err();
    assert!(folder.to_string().contains("is a folder"));
}
