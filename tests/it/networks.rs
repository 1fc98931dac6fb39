//! Logits and feature maps against PyTorch's, on weights that both sides make up alike.
//!
//! `tests/golden/networks/generate.py` wrote the figures (64-bit PyTorch).

pub mod keys;

use std::collections::BTreeMap;
use std::path::PathBuf;

use glasstree::checkpoint::StateDict;
use glasstree::explain::{Density, FeatureMap, Forward, sub_grid};
use glasstree::model::{Classifier, Compute, DeviceChoice};
use serde::Deserialize;

use crate::synth;

#[derive(Deserialize)]
pub struct Golden {
    network: String,
    /// Name of the bundled weights; made-up ones where there is none.
    weights: Option<String>,
    seed: u64,
    classes: usize,
    /// Names and shapes, where they are not known here.
    #[serde(default)]
    tensors: BTreeMap<String, Vec<usize>>,
    pub input_shape: [usize; 4],
    logits: Vec<f64>,
    /// `None` if more than a mean and a linear layer follows the last map.
    features: Option<Probes>,
    conv2: Option<Probes>,
}

/// Parts of a feature map, which as a whole would make a large file.
#[derive(Deserialize)]
struct Probes {
    shape: Vec<usize>,
    max_abs: f64,
    channel_means: Vec<f64>,
    first: Vec<f64>,
    probe_index: Vec<usize>,
    probe_value: Vec<f64>,
}

/// How far numbers may be from PyTorch's.
///
/// PyTorch's own 32-bit figures are up to 8e-6 away from the 64-bit ones here, another order of
/// summation costs as much again, and Winograd's convolution a few times that; a wrong epsilon,
/// stride or padding shows in the second digit.
struct Tolerance {
    /// Relative to the largest logit where that is below 1.
    logits: f64,
    /// Relative to the largest value of the map where that is above 1.
    features: f64,
}

const CPU: Tolerance = Tolerance { logits: 1e-4, features: 1e-4 };
/// Drivers may order and fuse their sums as they like.
const GPU: Tolerance = Tolerance { logits: 1e-3, features: 1e-3 };

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/networks")
}

pub fn golden(case: &str, seed: u64) -> Golden {
    let path = folder().join(format!("{case}.seed{seed}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn state(golden: &Golden) -> StateDict {
    if let Some(file) = &golden.weights {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("weights").join(file);
        return StateDict::open(&path).unwrap();
    }
    let keys = match golden.tensors.is_empty() {
        true => keys::of(&golden.network, golden.classes),
        false => golden.tensors.clone().into_iter().collect(),
    };
    let bytes = keys::safetensors(&keys, golden.seed);
    StateDict::from_bytes("made-up weights", bytes).unwrap()
}

pub fn load(golden: &Golden, compute: &Compute) -> Classifier {
    Classifier::load_named(&state(golden), &golden.network, compute).unwrap()
}

fn check(case: &str, seed: u64, device: DeviceChoice, tolerance: &Tolerance) {
    let golden = golden(case, seed);
    let compute = Compute::open(device).unwrap().compute;
    let classifier = load(&golden, &compute);
    assert!(classifier.unused().is_empty(), "{case}: unused {:?}", classifier.unused());
    let input = synth::signed("input", golden.seed, golden.input_shape.iter().product());
    // Two pictures at once: the second one must not change the first.
    let zeros = vec![0.0; input.len()];
    let forwards = classifier.forward(&[&input, &zeros], golden.input_shape[3]).unwrap();
    let forward = &forwards[0];
    assert_eq!(forward.logits.len(), golden.logits.len(), "{case}: classes");
    let name = format!("{case} seed {seed} logit");
    let largest = golden.logits.iter().fold(0.0_f64, |most, logit| most.max(logit.abs()));
    compare(&name, &forward.logits, &golden.logits, tolerance.logits * largest.min(1.0));
    assert_eq!(forward.features.is_some(), golden.features.is_some(), "{case}: feature map");
    if let (Some(probes), Some(features)) = (&golden.features, &forward.features) {
        probes.check(&format!("{case} seed {seed} feature"), features, tolerance);
        // What maps are made of adds up to the logits, a frozen norm included.
        let head = classifier.ending().head_for(Some(features)).unwrap();
        let sums: Vec<f64> = head.logits(&features.pooled()).into_iter().map(f64::from).collect();
        compare(&format!("{name} of the head"), &forward.logits, &sums, 1e-5);
    } else {
        assert!(classifier.ending().head_for(None).is_err(), "{case}: it has no exact map");
        assert!(classifier.ending().linear().is_some(), "{case}: a tree can be induced");
    }
    assert_eq!(forward.conv2.is_some(), golden.conv2.is_some() || has_more_maps(case), "{case}");
    if let (Some(probes), Some(conv2)) = (&golden.conv2, &forward.conv2) {
        probes.check(&format!("{case} seed {seed} conv2"), conv2, tolerance);
    }
}

/// CIFAR ResNets of basic blocks have the tutorial's tensor too; the figures leave it out.
fn has_more_maps(case: &str) -> bool {
    matches!(case, "cifar_resnet10" | "cifar_resnet18" | "cifar_resnet34" | "resnet18-37classes")
}

impl Probes {
    fn check(&self, name: &str, map: &FeatureMap, tolerance: &Tolerance) {
        assert_eq!(self.shape, [map.channels, map.height, map.width], "{name}: shape");
        let allowed = tolerance.features * self.max_abs.max(1.0);
        compare(name, &map.data[..self.first.len()], &self.first, allowed);
        let probed: Vec<f32> = self.probe_index.iter().map(|&i| map.data[i]).collect();
        compare(name, &probed, &self.probe_value, allowed);
        compare(&format!("{name} mean"), &map.pooled(), &self.channel_means, allowed);
    }
}

fn compare(name: &str, ours: &[f32], reference: &[f64], allowed: f64) {
    for (i, (&a, &b)) in ours.iter().zip(reference).enumerate() {
        let difference = (f64::from(a) - b).abs();
        // Written so that NaN fails.
        assert!(
            difference <= allowed,
            "{name} {i}: {a} here, {b} in PyTorch, |Δ| {difference:.1e}"
        );
    }
}

macro_rules! cpu {
    ($($test:ident: $($case:literal),+;)+) => {$(
        #[test]
        fn $test() {
            for case in [$($case),+] {
                for seed in [1, 2] {
                    check(case, seed, DeviceChoice::Cpu, &CPU);
                }
            }
        }
    )+};
}

cpu! {
    torchvision_basic_blocks_equal_pytorch: "resnet18", "resnet34", "resnet18-37classes";
    torchvision_bottlenecks_equal_pytorch: "resnet50", "resnet101";
    wide_and_grouped_bottlenecks_equal_pytorch: "wide_resnet50_2", "resnext50_32x4d";
    efficientnets_equal_pytorch: "efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2";
    bundled_weights_equal_pytorch: "efficientnet-lite0-trained", "wrn16_2-trained";
    wide_resnets_equal_pytorch: "wrn16_1", "wrn16_2", "wrn16_4", "wrn28_10", "wrn28_10-tiny";
    inverted_residuals_equal_pytorch:
        "mobilenet_v2", "efficientnet_b0", "efficientnet_b2", "timm-efficientnet_b0",
        "timm-mobilenetv2_100";
    networks_of_tensorflow_in_timm_equal_pytorch:
        "timm-tf_efficientnet_b0", "timm-tf_mobilenetv3_large_100", "timm-efficientnet_lite0";
    mobilenets_v3_equal_pytorch:
        "mobilenet_v3_small", "mobilenet_v3_large", "timm-mobilenetv3_small_100";
    densenets_equal_pytorch: "densenet121", "densenet121-2017";
    regnets_equal_pytorch: "regnet_x_400mf", "regnet_y_400mf", "timm-regnety_002";
    vggs_equal_pytorch: "vgg", "vgg-large-picture", "vgg_bn", "vgg_bn-pooled";
    convnexts_equal_pytorch: "convnext", "timm-convnext_atto";
    squeezenets_equal_pytorch: "squeezenet1_0", "squeezenet1_1";
    shufflenets_equal_pytorch: "shufflenet_v2_x0_5";
    cifar_resnets_equal_pytorch:
        "cifar_resnet10", "cifar_resnet18", "cifar_resnet34", "cifar_resnet50";
}

/// With strides left out the native cells are among the finer ones, unless squeeze-and-excitation
/// weighs channels by all cells; and the phases of pictures that go through together are not mixed up.
/// Other sums over patches may differ in the last bits.
#[test]
fn dense_maps_of_planned_networks_are_those_of_each_picture() {
    for (case, has_squeeze) in [
        ("densenet121", false),
        ("regnet_x_400mf", false),
        ("regnet_y_400mf", true),
        ("vgg_bn-pooled", false),
        ("convnext", false),
        ("squeezenet1_1", false),
        ("shufflenet_v2_x0_5", false),
        ("mobilenet_v2", false),
        ("timm-mobilenetv2_100", false),
        ("efficientnet_b0", true),
        ("timm-efficientnet_b0", true),
    ] {
        let compute = Compute::open(DeviceChoice::Cpu).unwrap().compute;
        let classifier = load(&golden(case, 1), &compute);
        let inputs = [1, 2].map(|seed| synth::signed("input", seed, 3 * 64 * 64));
        let map = |forward: &Forward| forward.features.clone().unwrap();
        for density in [Density::Double, Density::Quadruple] {
            let [a, b] = inputs.each_ref().map(Vec::as_slice);
            let both = classifier.forward_dense(&[a, b], 64, density).unwrap();
            for (input, together) in [a, b].into_iter().zip(&both) {
                let near = |ours: &[f32], theirs: &[f32]| {
                    let size = theirs.iter().fold(1.0_f32, |most, v| most.max(v.abs()));
                    let pairs = ours.iter().zip(theirs);
                    assert!(ours.len() == theirs.len(), "{case}: number of values");
                    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5 * size), "{case}");
                };
                let alone = classifier.forward_dense(&[input], 64, density).unwrap();
                near(&map(together).data, &map(&alone[0]).data);
                let native = classifier.forward(&[input], 64).unwrap();
                let cells = sub_grid(&map(together), density.factor(), [0, 0]);
                let own = map(&native[0]);
                assert_eq!([cells.height, cells.width], [own.height, own.width], "{case}");
                if !has_squeeze {
                    near(&cells.data, &own.data);
                }
            }
        }
    }
}

/// Runs wherever there is an adapter, a software one included; `GLASSTREE_REQUIRE_GPU=1` turns a
/// missing one into a failure.
#[cfg(feature = "gpu")]
#[test]
fn gpu_equals_pytorch() {
    if let Err(error) = Compute::open(DeviceChoice::Gpu) {
        assert!(std::env::var_os("GLASSTREE_REQUIRE_GPU").is_none(), "{error}");
        eprintln!("NOT RUN: gpu_equals_pytorch: {error}");
        return;
    }
    for case in [
        "wrn16_1",
        "cifar_resnet10",
        "efficientnet-lite0",
        "resnet18",
        "efficientnet_b0",
        "timm-tf_mobilenetv3_large_100",
        "densenet121",
        "regnet_y_400mf",
        "vgg_bn",
        "convnext",
        "squeezenet1_1",
        "shufflenet_v2_x0_5",
    ] {
        check(case, 1, DeviceChoice::Gpu, &GPU);
    }
}

/// Weights of a file must not need the exact names of one writer.
#[test]
fn heads_in_a_sequential_and_without_bias_are_found() {
    let mut keys = keys::of("cifar_resnet10", 6);
    keys.retain(|(name, _)| name != "linear.bias");
    for (name, _) in &mut keys {
        *name = name.replace("linear.", "fc.1.").replace("shortcut.", "downsample.");
    }
    let state = StateDict::from_bytes("x", keys::safetensors(&keys, 1)).unwrap();
    let classifier = Classifier::load(&state, &Compute::cpu()).unwrap();
    let head = classifier.ending().linear().unwrap();
    assert_eq!(head.classes, 6);
    assert!(head.bias.iter().all(|&bias| bias == 0.0));
    assert_eq!(classifier.name(), "ResNet-10 (CIFAR)");
}

#[test]
fn unknown_or_damaged_networks_are_refused_in_one_line() {
    let refused = |change: &dyn Fn(&mut keys::Keys), needle: &str| {
        let mut keys = keys::of("resnet18", 10);
        change(&mut keys);
        let state = StateDict::from_bytes("x", keys::safetensors(&keys, 1)).unwrap();
        let error = Classifier::load(&state, &Compute::cpu()).unwrap_err().to_string();
        assert!(error.contains(needle) && !error.contains('\n'), "{error}");
    };
    refused(&|keys| keys.retain(|(name, _)| name != "conv1.weight"), "no network known");
    refused(&|keys| keys.retain(|(name, _)| !name.starts_with("layer3")), "four stages");
    refused(&|keys| keys.retain(|(name, _)| !name.starts_with("fc")), "no linear layer");
    refused(&|keys| keys.retain(|(name, _)| name != "layer2.1.bn2.bias"), "layer2.1.bn2.bias");
    refused(
        &|keys| {
            let at = keys.iter().position(|(name, _)| name == "layer2.1.conv1.weight").unwrap();
            keys[at].1 = vec![128, 64, 3, 3];
        },
        "layer2.1.conv1.weight",
    );
    refused(&|keys| keys.push(("fc.2.weight".into(), vec![4, 10])), "exactly one");
    // What would change the answer may not be left out in silence.
    refused(&|keys| keys.push(("layer1.0.conv1.bias".into(), vec![64])), "layer1.0.conv1.bias");
    refused(&|keys| keys.push(("layer5.0.conv1.weight".into(), vec![1; 4])), "layer5");
}

#[test]
fn names_and_shapes_tell_the_architecture() {
    for (case, classes, name) in [
        ("resnet18", 1000, "ResNet-18"),
        ("resnet101", 7, "ResNet-101"),
        ("wide_resnet50_2", 10, "Wide ResNet-50-2"),
        ("resnext50_32x4d", 10, "ResNeXt-50 32×4d"),
        ("cifar_resnet50", 10, "ResNet-50 (CIFAR)"),
        ("wrn28_10", 10, "WideResNet-28-10 (CIFAR)"),
        ("efficientnet-lite1", 10, "EfficientNet-Lite1"),
        ("efficientnet-lite2", 10, "EfficientNet-Lite2"),
    ] {
        let bytes = keys::safetensors(&keys::of(case, classes), 3);
        let state = StateDict::from_bytes(case, bytes).unwrap();
        let architecture = glasstree::model::Architecture::recognise(&state, "").unwrap();
        assert_eq!(architecture.to_string(), name);
    }
}

#[test]
fn planned_networks_are_called_as_they_were_published() {
    for (case, name) in [
        ("efficientnet_b2", "EfficientNet-B2"),
        ("mobilenet_v2", "MobileNetV2"),
        ("mobilenet_v3_large", "MobileNetV3-Large"),
        ("timm-efficientnet_lite0", "EfficientNet-Lite0"),
        ("timm-mobilenetv3_small_100", "MobileNetV3-Small"),
        ("densenet121-2017", "DenseNet-121"),
        ("regnet_x_400mf", "RegNetX-400MF"),
        ("timm-regnety_002", "RegNetY-200MF"),
        ("vgg_bn", "VGG-11 with batch norm"),
        ("vgg_bn-pooled", "VGG-11 with batch norm, averaged"),
        ("timm-convnext_atto", "ConvNeXt-Atto"),
        ("squeezenet1_1", "SqueezeNet 1.1"),
        ("shufflenet_v2_x0_5", "ShuffleNetV2 0.5"),
    ] {
        assert_eq!(load(&golden(case, 1), &Compute::cpu()).name(), name);
    }
}

/// Nothing in the weights says how they were padded.
#[test]
fn only_the_name_tells_what_tensorflow_trained() {
    let golden = golden("timm-tf_efficientnet_b0", 1);
    let state = state(&golden);
    let input = synth::signed("input", 1, 3 * 64 * 64);
    let load = |name: &str| {
        let classifier = Classifier::load_named(&state, name, &Compute::cpu()).unwrap();
        (classifier.name(), classifier.forward(&[&input], 64).unwrap().remove(0).logits)
    };
    let (name, theirs) = load("tf_efficientnet_b0.ns_jft_in1k");
    assert_eq!(name, "EfficientNet-B0, padded as in TensorFlow");
    let (name, ours) = load("efficientnet_b0.ra_in1k");
    assert_eq!(name, "EfficientNet-B0");
    assert!(theirs != ours);
    let (name, unknown) = load("mine");
    assert_eq!(name, "EfficientNet-B0, padded as in PyTorch");
    assert_eq!(ours, unknown);
}

/// Networks of timm whose layers are named like those of others, but are followed by other functions.
#[test]
fn what_only_looks_like_a_known_network_is_refused() {
    let refused = |case: &str, name: &str, change: &dyn Fn(&str, &mut Vec<usize>)| {
        let mut keys: keys::Keys = golden(case, 1).tensors.into_iter().collect();
        keys.iter_mut().for_each(|(name, shape)| change(name, shape));
        let state = StateDict::from_bytes("x", keys::safetensors(&keys, 1)).unwrap();
        Classifier::load_named(&state, name, &Compute::cpu()).unwrap_err().to_string()
    };
    // MNASNet has other kernels than MobileNetV2, and ReLU instead of ReLU6.
    let error = refused("timm-mobilenetv2_100", "", &|name, shape| {
        if name.starts_with("blocks.2.") && name.ends_with("conv_dw.weight") {
            shape[2] = 5;
            shape[3] = 5;
        }
    });
    assert!(error.contains("not known; export it as ONNX"), "{error}");
    let error = refused("timm-regnety_002", "regnetv_040.ra3_in1k", &|_, _| {});
    assert!(error.contains("RegNetV"), "{error}");
    let error = refused("densenet121", "", &|name, shape| {
        if name == "features.denseblock2.denselayer3.conv1.weight" {
            shape[1] += 1;
        }
    });
    assert!(error.contains("denselayer3.conv1"), "{error}");
}
