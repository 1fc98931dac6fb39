//! Checkpoint files: every form that is read, and what the values in them must be.

pub mod build;
mod fuzz;
pub mod hostile;

use std::path::{Path, PathBuf};

use glasstree::checkpoint::{CheckpointError, DType, Format, StateDict, TensorProblem};

use build::{Object, Tensor};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/checkpoints").join(name)
}

fn open(name: &str) -> StateDict {
    StateDict::open(&golden(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// Opens bytes that must be refused and gives the message.
fn refusal(bytes: Vec<u8>) -> String {
    match StateDict::from_bytes("file", bytes) {
        Ok(_) => panic!("the file should have been refused"),
        Err(error) => error.to_string(),
    }
}

fn from_object(object: &Object) -> StateDict {
    let zip = StateDict::from_bytes("zip", build::torch_zip(object)).unwrap();
    let legacy = StateDict::from_bytes("legacy", build::torch_legacy(object)).unwrap();
    assert_eq!(zip.format(), Format::PthZip);
    let tar = StateDict::from_bytes("tar", build::torch_tar(object)).unwrap();
    assert_eq!(legacy.format(), Format::PthLegacy);
    assert_eq!(tar.format(), Format::PthTar);
    assert!(zip.names().eq(legacy.names()) && zip.names().eq(tar.names()));
    assert_eq!(zip.metadata(), tar.metadata());
    for name in zip.names() {
        let bits = |dict: &StateDict| dict.f32(name).unwrap().iter().map(|x| x.to_bits()).collect();
        let (ours, theirs): (Vec<u32>, Vec<u32>) = (bits(&zip), bits(&tar));
        assert_eq!(ours, theirs, "{name}");
    }
    zip
}

/// The values that the golden networks are made of: a hash of name and seed (FNV-1a, SplitMix64),
/// scaled by the kind of tensor.
fn synthetic(name: &str, shape: &[usize], seed: u64) -> Vec<f32> {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let start = name.bytes().fold(0xcbf2_9ce4_8422_2325, fnv) ^ seed;
    let uniform = |i: usize| {
        let step = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = start.wrapping_add(step);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        2.0 * ((z >> 40) as f32 / (1 << 24) as f32) - 1.0
    };
    let fan_in: usize = shape.iter().skip(1).product();
    let bound = |square: f64| (square / fan_in as f64).sqrt() as f32;
    let (base, scale) = match (name.rsplit('.').next(), shape.len()) {
        (Some("running_mean" | "bias"), _) => (0.0, 0.1),
        (Some("running_var"), _) => (1.0, 0.3),
        (_, 4) => (0.0, bound(6.0)),
        (_, 2) => (0.0, bound(3.0)),
        _ => (0.6, 0.2),
    };
    let count = shape.iter().product();
    (0..count).map(|i| base + scale * uniform(i)).collect()
}

fn assert_is_wrn16_1(state_dict: &StateDict) {
    assert_eq!(state_dict.names().count(), 82);
    // As PyTorch counts the parameters of this network.
    assert_eq!(state_dict.parameter_count(), 175_066);
    assert_eq!(state_dict.dtype_summary(), "f32");
    let mut weights = state_dict.weights();
    for name in state_dict.names().filter(|name| !name.ends_with("num_batches_tracked")) {
        let shape = state_dict.shape(name).unwrap();
        // Exact: the file holds these very bits.
        assert_eq!(weights.take(name, shape).unwrap(), synthetic(name, shape, SEED), "{name}");
    }
    assert_eq!(weights.unused(), Vec::<&str>::new());
}

/// The seed of the golden checkpoints.
const SEED: u64 = 5;

#[test]
fn a_wrapped_zip_checkpoint_holds_the_synthetic_weights() {
    let state_dict = open("ckpt-CIFAR10-wrn16_1-nbdtstyle.zip.pth");
    assert_eq!(state_dict.format(), Format::PthZip);
    assert_is_wrn16_1(&state_dict);
    assert_eq!(state_dict.metadata()["acc"], "97.55");
    assert_eq!(state_dict.metadata()["epoch"], "199");
}

#[test]
fn a_legacy_checkpoint_inside_a_zip_holds_the_synthetic_weights() {
    let path = golden("pytorchcv_style.pth.zip");
    for state_dict in [
        StateDict::open(&path).unwrap(),
        StateDict::from_bytes("bytes", std::fs::read(&path).unwrap()).unwrap(),
    ] {
        assert_eq!(state_dict.format(), Format::PthInZip);
        assert_is_wrn16_1(&state_dict);
    }
}

#[test]
fn safetensors_give_the_values_they_hold_in_every_float_type() {
    let source = open("ckpt-CIFAR10-wrn16_1-nbdtstyle.zip.pth");
    let folder = tempfile::tempdir().unwrap();
    let name = "features.init_block.weight";
    let values = source.f32(name).unwrap();
    for (dtype, expected) in [
        (safetensors::Dtype::F32, values.clone()),
        (safetensors::Dtype::F64, values.clone()),
        (
            safetensors::Dtype::F16,
            values.iter().map(|v| half::f16::from_f32(*v).to_f32()).collect(),
        ),
        (
            safetensors::Dtype::BF16,
            values.iter().map(|v| half::bf16::from_f32(*v).to_f32()).collect(),
        ),
    ] {
        let bytes = build::safetensors(&[(name, dtype, &[16, 3, 3, 3], &values)]);
        let path = folder.path().join("weights.pth"); // The name is wrong, the content counts.
        std::fs::write(&path, &bytes).unwrap();
        let leaked: &'static [u8] = bytes.leak();
        for state_dict in
            [StateDict::open(&path).unwrap(), StateDict::from_bytes("bytes", leaked).unwrap()]
        {
            assert_eq!(state_dict.format(), Format::Safetensors);
            assert_eq!(state_dict.shape(name), Some(&[16, 3, 3, 3][..]));
            assert_eq!(state_dict.dtype_summary(), dtype.to_string().to_lowercase());
            assert_eq!(state_dict.f32(name).unwrap(), expected, "{dtype}");
        }
    }
}

#[test]
fn odd_tensors_are_read_exactly_from_both_containers() {
    let expected = std::fs::read_to_string(golden("odd_tensors.expected.json")).unwrap();
    let expected: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&expected).unwrap();
    for file in ["odd_tensors.zip.pth", "odd_tensors.legacy.pth"] {
        let state_dict = open(file);
        assert_eq!(state_dict.names().count(), expected.len());
        for (name, tensor) in &expected {
            let shape: Vec<usize> = serde_json::from_value(tensor["shape"].clone()).unwrap();
            assert_eq!(state_dict.shape(name), Some(&shape[..]), "{name}");
            let dtype = state_dict.dtype(name).unwrap();
            if dtype.is_float() {
                // Exact: each value is an f32 that was written with all its digits.
                let values: Vec<f32> = serde_json::from_value(tensor["values"].clone()).unwrap();
                assert_eq!(state_dict.f32(name).unwrap(), values, "{file}: {name}");
            } else {
                let error = state_dict.f32(name).unwrap_err();
                let problem = TensorProblem::NotFloat(dtype);
                assert_eq!(error.to_string(), format!("Tensor {name} {problem}"));
            }
        }
    }
    assert_eq!(open("odd_tensors.zip.pth").dtype("t.i64scalar"), Some(DType::I64));
}

#[test]
fn the_state_dict_is_found_in_training_checkpoints() {
    let net = || {
        Object::Dict(vec![
            ("conv.weight".into(), Tensor::f32(&[2, 1], &[1.0, 2.0]).into()),
            ("conv.bias".into(), Tensor::f32(&[2], &[3.0, 4.0]).into()),
        ])
    };
    let prefixed = |prefix: &str| {
        let Object::Dict(entries) = net() else { unreachable!() };
        let entries = entries.into_iter();
        Object::Dict(entries.map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect())
    };
    let other = || Object::Dict(vec![("0".into(), Tensor::f32(&[1], &[9.0]).into())]);
    let dict = |entries: Vec<(&str, Object)>| {
        Object::Dict(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    for (case, object) in [
        ("plain", net()),
        ("net", dict(vec![("net", net()), ("acc", Object::Int(7))])),
        ("beside an optimizer", dict(vec![("optimizer", other()), ("state_dict", net())])),
        ("plain before ema", dict(vec![("model_ema", other()), ("model", net())])),
        ("only ema", dict(vec![("state_dict_ema", net()), ("optimizer", other())])),
        ("unknown key", dict(vec![("weights", net()), ("optimizer", other())])),
        ("nested", dict(vec![("model", dict(vec![("state_dict", net())]))])),
        ("DataParallel", prefixed("module.")),
        ("several prefixes", dict(vec![("net", prefixed("module._orig_mod.model."))])),
    ] {
        let state_dict = from_object(&object);
        assert!(state_dict.names().eq(["conv.bias", "conv.weight"]), "{case}");
        assert_eq!(state_dict.f32("conv.weight").unwrap(), [1.0, 2.0], "{case}");
        assert_eq!(state_dict.parameter_count(), 4, "{case}");
    }
    // A prefix that not all names share belongs to the network.
    let mixed = dict(vec![
        ("model.a", Tensor::f32(&[1], &[1.0]).into()),
        ("head.b", Tensor::f32(&[1], &[1.0]).into()),
    ]);
    assert!(from_object(&mixed).names().eq(["head.b", "model.a"]));
}

#[test]
fn weights_are_handed_out_by_name_and_shape() {
    let entries = [
        ("fc.weight", Tensor::f32(&[1, 2], &[1.0, 2.0])),
        ("fc.bias", Tensor::f32(&[1], &[f32::NAN])),
        ("fc.scale", Tensor::f32(&[1], &[f32::NEG_INFINITY])),
        ("bn.num_batches_tracked", Tensor::f32(&[1], &[1.0])),
    ];
    let entries = entries.into_iter().map(|(name, tensor)| (name.to_owned(), tensor.into()));
    let state_dict = from_object(&Object::Dict(entries.collect()));
    let mut weights = state_dict.weights();
    let message = |error: CheckpointError| error.to_string();

    assert_eq!(weights.take("fc.weight", &[1, 2]).unwrap(), [1.0, 2.0]);
    assert_eq!(
        weights.take("fc.weight", &[2, 1]).map_err(message),
        Err("Tensor fc.weight has shape [1, 2], but [2, 1] was expected".to_owned())
    );
    assert_eq!(
        weights.take("gone", &[1]).map_err(message),
        Err("Tensor gone is missing".to_owned())
    );
    let nan = weights.take("fc.bias", &[1]).map_err(message).unwrap_err();
    assert!(nan.starts_with("Tensor fc.bias holds NaN"), "{nan}");
    let infinite = weights.take("fc.scale", &[1]).map_err(message).unwrap_err();
    assert!(infinite.starts_with("Tensor fc.scale holds infinities"), "{infinite}");
    assert!(state_dict.f32("fc.bias").unwrap()[0].is_nan());
    assert_eq!(weights.unused(), ["fc.bias", "fc.scale"]);
}

#[test]
fn golden_rejects_name_their_cause() {
    for (file, cause) in [
        ("reject_evil.pth", "would run posix.system"),
        ("reject_html.pth", "is a web page (HTML)"),
        (
            "reject_whole_module.pth",
            "class torch.nn.modules.container.Sequential (a whole model saved with",
        ),
    ] {
        let message = match StateDict::open(&golden(file)) {
            Ok(_) => panic!("{file} should have been refused"),
            Err(error) => error.to_string(),
        };
        assert!(message.contains(file) && message.contains(cause), "{message}");
        assert!(!message.contains('\n'));
    }
}

#[test]
fn truncated_files_are_refused_wherever_they_end() {
    let zip = std::fs::read(golden("odd_tensors.zip.pth")).unwrap();
    let legacy = std::fs::read(golden("odd_tensors.legacy.pth")).unwrap();
    let safetensors = build::safetensors(&[("a", safetensors::Dtype::F32, &[2], &[1.0, 2.0])]);
    let mut tar = build::torch_tar(&hostile::net());
    // Without the empty blocks at the end, which nobody misses.
    while tar.ends_with(&[0; 512]) {
        tar.truncate(tar.len() - 512);
    }
    tar.truncate(tar.iter().rposition(|byte| *byte != 0).unwrap() + 1);
    for whole in [zip, legacy, safetensors, tar] {
        assert!(StateDict::from_bytes("whole", whole.clone()).is_ok());
        for len in (1..whole.len()).step_by(7).chain([whole.len() - 1]) {
            let message = refusal(whole[..len].to_vec());
            // A handful of bytes do not tell what the file was; a tar archive says it late.
            let is_told = if whole.get(257..262) == Some(b"ustar") { 262 } else { 64 };
            assert!(len < is_told || message.contains("truncated or damaged"), "{len}: {message}");
        }
    }
    assert_eq!(refusal(Vec::new()), "file is empty");
}
