//! Networks from ONNX files: numbers against onnxruntime's, what is read off the graph, and files
//! that mean no good. `tests/golden/onnx/generate.py` wrote the files and figures.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use glasstree::budget::Wanted;
use glasstree::checkpoint::OnnxFile;
use glasstree::decoder::{self, Opened};
use glasstree::explain::{Ending, softmax};
use glasstree::model::{Classifier, PictureRange};
use proptest::prelude::*;
use rten_onnx::onnx::{
    AttributeProto, DataLocation, DataType, Dimension, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TypeProto,
    TypeProtoTensor, ValueInfoProto,
};
use serde::Deserialize;
use tempfile::TempDir;

use crate::cli::{cat, fails, glasstree, json, succeeds};
use crate::synth;

#[derive(Deserialize)]
struct Golden {
    side: usize,
    logits: Vec<f32>,
    /// Whether the file ends in a softmax, which is left out here.
    probabilities: bool,
    /// Whether it takes pixels of 0 to 255.
    #[serde(default)]
    bytes: bool,
    maps: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/onnx")
}

/// Files that were written node by node, as other programs than PyTorch write them.
fn by_hand() -> PathBuf {
    folder().join("by_hand")
}

fn goldens_in(folder: &Path) -> BTreeMap<String, Golden> {
    serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap()
}

fn goldens() -> BTreeMap<String, Golden> {
    goldens_in(&folder())
}

fn classifier(path: &Path) -> Result<Classifier, String> {
    match decoder::weights(path, &Wanted::default()).map_err(|error| error.to_string())? {
        Opened::Graph(network) => Ok(Classifier::of_graph(network)),
        Opened::Tensors(_) => Err("no network".to_owned()),
    }
}

/// onnxruntime and rten add up in another order, in 32 bits: 1e-5 in what is tested here. Another
/// epsilon, padding or order of axes shows in the first digit.
const TOLERANCE: f32 = 1e-4;

#[test]
fn logits_are_those_of_onnxruntime_and_maps_add_up() {
    agree_in(&folder());
}

#[test]
fn files_of_other_programs_agree_as_well() {
    agree_in(&by_hand());
}

fn agree_in(folder: &Path) {
    for (name, golden) in goldens_in(folder) {
        let classifier = classifier(&folder.join(format!("{name}.onnx")))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let count = 3 * golden.side * golden.side;
        let mut picture = synth::signed("input", 1, count);
        if golden.bytes {
            picture.iter_mut().for_each(|value| *value = (*value + 1.0) * 127.5);
        }
        let dark = vec![-1.0; count];
        // More than go through at once; neighbours must not change each other.
        let pictures = [&dark[..], &picture, &dark, &dark, &dark, &picture];
        let forwards = classifier.forward(&pictures, golden.side).unwrap();
        assert_eq!(forwards.len(), 6, "{name}");
        for forward in [&forwards[1], &forwards[5]] {
            let own = match golden.probabilities {
                true => softmax(&forward.logits),
                false => forward.logits.clone(),
            };
            assert_eq!(own.len(), golden.logits.len(), "{name}");
            for (own, other) in own.iter().zip(&golden.logits) {
                assert!((own - other).abs() < TOLERANCE, "{name}: {own} is not {other}");
            }
        }
        assert!(forwards[0].logits != forwards[1].logits, "{name} sees no difference");
        let maps = match classifier.ending() {
            Ending::Linear(_) => Some("exact"),
            Ending::NormLinear(..) => Some("frozen norm"),
            Ending::Other { .. } => None,
        };
        assert_eq!(maps, golden.maps.as_deref(), "{name}: {:?}", classifier.ending().caveat());
        for forward in &forwards {
            let features = forward.features.as_ref();
            let head = classifier.ending().head_for(features);
            assert_eq!((head.is_ok(), features.is_some()), (maps.is_some(), maps.is_some()));
            let (Ok(head), Some(features)) = (head, features) else { continue };
            for class in 0..head.classes {
                let map = glasstree::explain::Cam::compute(features, head.row(class));
                let check = map.check(head.bias[class], forward.logits[class]);
                assert!(check.residual.abs() < TOLERANCE, "{name} {class}: {check:?}");
            }
        }
    }
}

#[test]
fn what_a_network_without_maps_ends_in_is_told() {
    for (name, words) in [
        ("vit", "single token"),
        ("mobilenet_v3", "reads the output of"),
        ("vgg", "reads the output of Relu"),
        ("max_pooled", "largest value"),
    ] {
        let classifier = classifier(&folder().join(format!("{name}.onnx"))).unwrap();
        let caveat = classifier.ending().caveat().unwrap();
        assert!(caveat.contains(words), "{name}: {caveat}");
        assert_eq!(classifier.ending().linear().unwrap().classes, 12, "{name} has a last layer");
    }
    for (name, words) in [
        ("global_max", "largest value"),
        ("two_layers", "reads the output of Relu"),
        ("scikit", "averages no feature map"),
        ("token_of_many", "single token"),
        ("quantised_dynamically", "rounded to 8 bits"),
        ("quantised_pairs", "rounded to 8 bits"),
    ] {
        let classifier = classifier(&by_hand().join(format!("{name}.onnx"))).unwrap();
        let caveat = classifier.ending().caveat().unwrap();
        assert!(caveat.contains(words), "{name}: {caveat}");
        assert_eq!(classifier.ending().linear().unwrap().classes, 12, "{name} has a last layer");
    }
}

/// Networks that only subtract the mean of bytes want bytes, as Caffe's and VGG's in Keras do.
#[test]
fn what_pixels_a_network_wants_is_read_off_its_first_nodes() {
    let range = |change: fn(&mut GraphProto)| told(&bytes(change)).unwrap().range();
    assert_eq!(range(|_| {}), PictureRange::Unknown);
    assert_eq!(
        range(|graph| {
            graph.initializer.push(tensor("by", &[3, 1, 1], &[123.7, 116.8, 103.9]));
            graph.node[0].input[0] = "moved".to_owned();
            graph.node.insert(0, node("Sub", &["input", "by"], "moved"));
        }),
        PictureRange::Bytes
    );
    assert_eq!(
        range(|graph| {
            graph.initializer.push(tensor("by", &[3, 1, 1], &[0.485, 0.456, 0.406]));
            graph.node[0].input[0] = "moved".to_owned();
            graph.node.insert(0, node("Sub", &["input", "by"], "moved"));
        }),
        PictureRange::Unit
    );
}

#[test]
fn commands_work_on_onnx_files() {
    let file = |name: &str| folder().join(format!("{name}.onnx")).display().to_string();
    let cat = cat();
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for name in ["resnet", "convnext", "mobilenet_v3", "vit", "channels_last", "densenet"] {
        let (model, has_maps) = (file(name), goldens()[name].maps.is_some());
        let info = json(&["info", &model, "--json"]);
        assert_eq!((info["classes"].as_u64(), info["format"].as_str()), (Some(12), Some("ONNX")));
        let seen = json(&["classify", &cat, "--model", &model, "--json"]);
        let label = seen["predictions"][0]["label"].as_str().unwrap().to_owned();
        let prefix = if name == "channels_last" { "thing " } else { "class " };
        assert!(label.starts_with(prefix), "{name}: {label}");
        let tree = json(&["tree", &cat, "--model", &model, "--json"]);
        assert_eq!(tree["hierarchy"], "induced from this model's head");
        let own = path("tree.json");
        succeeds(&["induce", "--model", &model, "--out", &own]);
        let again = json(&["tree", &cat, "--model", &model, "--hierarchy", &own, "--json"]);
        assert_eq!(tree["decisions"], again["decisions"], "{name}");
        let cam = ["cam", &cat, "--model", &model, "--json"];
        if has_maps {
            let cam = json(&cam);
            let (mean, bias) = (cam["map"]["mean"].as_f64(), cam["bias"].as_f64());
            let error = mean.unwrap() + bias.unwrap() - cam["total"].as_f64().unwrap();
            assert!(error.abs() < 1e-4, "{name}: {cam}");
        } else {
            fails(&cam, &["no map that adds up", "linear layer"]);
            // The answer is given all the same.
            let out = path("maps");
            let said = glasstree(&["explain", &cat, "--model", &model, "--out", &out]);
            assert_eq!(said.code, 1);
            assert!(said.out.contains("Decisions: "), "{}", said.out);
            assert!(said.err.contains("no map that adds up"), "{}", said.err);
            fails(
                &["region", &cat, "--model", &model, "--box", "0,0,90,90"],
                &["no map that adds up"],
            );
        }
    }
}

/// What treats the network as a black box works for all; what needs a map says why there is none.
#[test]
fn methods_work_as_far_as_a_network_has_maps() {
    let file = |name: &str| folder().join(format!("{name}.onnx")).display().to_string();
    let cat = cat();
    for name in ["densenet", "convnext", "vit"] {
        let model = file(name);
        let has_maps = goldens()[name].maps.is_some();
        for (method, needs_maps) in [
            ("occlusion", false),
            ("rise", false),
            ("layercam", true),
            ("gradcam++", true),
            ("shift2", true),
        ] {
            let cam =
                ["cam", &cat, "--model", &model, "--method", method, "--masks", "20", "--json"];
            if needs_maps && !has_maps {
                fails(&cam, &["no map that adds up", "Occlusion and RISE work without one"]);
                continue;
            }
            let cam = json(&cam);
            let [min, max] = ["min", "max"].map(|end| cam["map"][end].as_f64().unwrap());
            assert!(max > min, "{name} {method}: {cam}");
            assert_eq!(cam["identity"].is_null(), !has_maps, "{name} {method}: {cam}");
            let own = &cam["method"]["identity"];
            // The norm of ConvNeXt is another one for each of the shifted pictures.
            assert_eq!(own.is_null(), method != "shift2" || name != "densenet", "{name} {own}");
            assert!(own.is_null() || own["holds"] == true, "{name} {method}: {own}");
        }
        let dense = ["cam", &cat, "--model", &model, "--method", "dense2"];
        fails(&dense, &[if has_maps { "shift2 and shift4" } else { "no map that adds up" }]);
        let checks = ["cam", &cat, "--model", &model, "--checks", "--json"];
        if has_maps {
            assert!(json(&checks)["checks"]["shuffled_head"].is_number(), "{name}");
        } else {
            fails(&checks, &["no map that adds up"]);
        }
        let compared = json(&[
            "compare-methods",
            &cat,
            "--model",
            &model,
            "--masks",
            "20",
            "--steps",
            "4",
            "--json",
        ]);
        let compared = compared.to_string();
        for (method, is_there) in
            [("occlusion", true), ("rise", true), ("layercam", has_maps), ("dense2", false)]
        {
            assert_eq!(compared.contains(&format!("\"{method}\"")), is_there, "{compared}");
        }
    }
}

#[test]
fn labels_and_recipes_are_taken_from_the_command_line() {
    let model = folder().join("densenet.onnx").display().to_string();
    let temp = TempDir::new().unwrap();
    let labels = temp.path().join("labels.txt");
    let lines: Vec<String> = (0..12).map(|class| format!("flower {class}")).collect();
    std::fs::write(&labels, lines.join("\n")).unwrap();
    let labels = labels.display().to_string();
    let cat = cat();
    let seen = json(&["classify", &cat, "--model", &model, "--labels", &labels, "--json"]);
    assert!(seen["predictions"][0]["label"].as_str().unwrap().starts_with("flower"));
    let logit = |more: &[&str]| {
        let arguments = [&["classify", &cat, "--model", &model, "--json"], more].concat();
        json(&arguments)["predictions"][0]["logit"].as_f64().unwrap()
    };
    let usual = logit(&[]);
    let other = logit(&["--normalisation", "inception"]);
    assert!((usual - other).abs() > 1e-3);
    let numbers = logit(&["--mean", "0.5", "--std", "0.5"]);
    assert_eq!(other, numbers);
    assert!((usual - logit(&["--resize", "96", "--crop", "96"])).abs() > 1e-4);
    let fixed = folder().join("resnet.onnx").display().to_string();
    fails(&["classify", &cat, "--model", &fixed, "--crop", "32"], &["64×64", "--crop 64"]);
}

// -------------------------------------------------------------------------- files by hand

fn value(name: &str, dims: &[i64]) -> ValueInfoProto {
    let dim = |&size: &i64| Dimension { dim_value: Some(size), dim_param: None };
    let shape = TensorShapeProto { dim: dims.iter().map(dim).collect() };
    let tensor = TypeProtoTensor { elem_type: Some(DataType::FLOAT), shape: Some(shape) };
    let ty = TypeProto { tensor_type: Some(tensor), sequence: None };
    ValueInfoProto { name: Some(name.to_owned()), r#type: Some(ty) }
}

fn tensor(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    TensorProto {
        name: Some(name.to_owned()),
        dims: dims.to_vec(),
        data_type: Some(DataType::FLOAT),
        raw_data: Some(RefCell::new(raw)),
        ..TensorProto::default()
    }
}

fn numbers(name: &str, values: &[i64]) -> TensorProto {
    let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    TensorProto {
        name: Some(name.to_owned()),
        dims: vec![values.len() as i64],
        data_type: Some(DataType::INT64),
        raw_data: Some(RefCell::new(raw)),
        ..TensorProto::default()
    }
}

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: Some(op.to_owned()),
        input: inputs.iter().map(|&name| name.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    }
}

/// Global average pooling of the picture itself, and a linear layer: three classes.
fn tiny() -> ModelProto {
    let graph = GraphProto {
        node: vec![
            node("GlobalAveragePool", &["input"], "pooled"),
            node("Flatten", &["pooled"], "flat"),
            node("Gemm", &["flat", "weight", "bias"], "output"),
        ],
        initializer: vec![
            tensor("weight", &[3, 3], &[1.0, 2.0, 3.0, -1.0, 0.5, 0.25, 4.0, -2.0, 1.0]),
            tensor("bias", &[3], &[0.5, -0.5, 0.0]),
        ],
        input: vec![value("input", &[1, 3, 8, 8])],
        output: vec![value("output", &[1, 3])],
        value_info: Vec::new(),
    };
    let opset = OperatorSetIdProto { domain: Some(String::new()), version: Some(13) };
    ModelProto {
        ir_version: Some(8),
        opset_import: vec![opset],
        graph: Some(graph),
        ..ModelProto::default()
    }
}

fn bytes(change: impl FnOnce(&mut GraphProto)) -> Vec<u8> {
    let mut model = tiny();
    change(model.graph.as_mut().unwrap());
    model.write_buf().unwrap()
}

/// What is said of a file of these bytes, always in one line.
fn told(bytes: &[u8]) -> Result<Classifier, String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.onnx");
    std::fs::write(&path, bytes).unwrap();
    let result = classifier(&path);
    if let Err(error) = &result {
        assert!(!error.contains('\n') && error.len() < 600, "{error}");
    }
    result
}

fn refused(bytes: &[u8], words: &str) {
    match told(bytes) {
        Ok(_) => panic!("a file was taken that {words}"),
        Err(error) => assert!(error.contains(words), "{error} does not say {words}"),
    }
}

#[test]
fn the_smallest_network_has_exact_maps() {
    let classifier = told(&bytes(|_| {})).unwrap();
    assert!(matches!(classifier.ending(), Ending::Linear(head) if head.channels == 3));
    // A Gemm without transB multiplies by columns.
    let red = [vec![1.0; 64], vec![0.0; 128]].concat();
    let forward = classifier.forward(&[&red], 8).unwrap().remove(0);
    assert_eq!(forward.logits, [1.5, 1.5, 3.0]);
}

/// What onnxruntime runs, too: nodes in any order, a convolution that leaves its kernel's shape to its
/// weight, dropout, and a function that is made of others.
#[test]
fn graphs_are_taken_as_people_write_them() {
    let plain = told(&bytes(|_| {})).unwrap();
    let picture: Vec<f32> = (0..192).map(|at| (at % 17) as f32 * 0.1 - 0.7).collect();
    let logits =
        |classifier: &Classifier| classifier.forward(&[&picture], 8).unwrap().remove(0).logits;
    let unsorted = told(&bytes(|graph| graph.node.reverse())).unwrap();
    assert_eq!(logits(&unsorted), logits(&plain));
    let dropped = told(&bytes(|graph| {
        graph.node[2].input[0] = "kept".to_owned();
        graph.node.insert(2, node("Dropout", &["flat"], "kept"));
    }));
    assert_eq!(logits(&dropped.unwrap()), logits(&plain));
    let one_by_one = told(&bytes(|graph| {
        let unit = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        graph.initializer.push(tensor("unit", &[3, 3, 1, 1], &unit));
        graph.node[0].input[0] = "same".to_owned();
        graph.node.insert(0, node("Conv", &["input", "unit"], "same"));
    }));
    assert_eq!(logits(&one_by_one.unwrap()), logits(&plain));
    let mish = told(&bytes(|graph| {
        graph.node[0].input[0] = "active".to_owned();
        graph.node.insert(0, node("Mish", &["input"], "active"));
    }));
    let features = mish.unwrap().forward(&[&picture], 8).unwrap().remove(0).features.unwrap();
    for (x, y) in picture.iter().zip(&features.data) {
        let exact = f64::from(*x) * f64::from(*x).exp().ln_1p().tanh();
        // Rounding of three functions of numbers below two.
        assert!((f64::from(*y) - exact).abs() < 1e-6, "{x}: {y}, not {exact}");
    }
}

#[test]
fn hostile_files_are_refused_in_one_line() {
    let good = bytes(|_| {});
    for length in (1..good.len()).step_by(7) {
        let error = told(&good[..length]).map(|_| ()).unwrap_err();
        assert!(error.contains("x.onnx"), "{length} bytes: {error}");
    }
    refused(b"input -> output\n", "text file");
    refused(&[], "empty");
    refused(&[0x08, 0x07], "without a network");
    refused(&bytes(|graph| graph.node[1].op_type = Some("Frobnicate".into())), "Frobnicate");
    refused(
        &bytes(|graph| graph.node[0].input[0] = "output".into()),
        "uses \"output\" before it is made",
    );
    refused(&bytes(|graph| graph.output[0].name = Some("nothing".into())), "\"nothing\"");
    refused(
        &bytes(|graph| graph.initializer[0].dims = vec![30_000, 20_000]),
        "needs 2400000000 bytes, but the file has 36",
    );
    refused(&bytes(|graph| graph.initializer[0].dims = vec![-3, -3]), "weight");
    refused(&bytes(|graph| graph.initializer[0].dims = vec![i64::MAX; 9]), "weight");
    refused(&bytes(|graph| graph.input.push(value("more", &[1]))), "takes 2 inputs");
    refused(&bytes(|graph| graph.input[0] = value("input", &[1, 12])), "2-dimensional");
    refused(&bytes(|graph| graph.input[0] = value("input", &[1, 3, 8, 9])), "9×8");
    refused(&bytes(|graph| graph.input[0] = value("input", &[1, 7, 8, 8])), "7 colours");
    refused(&bytes(|graph| graph.node.push(node("Loop", &["flat"], "again"))), "Loop");
    refused(
        &bytes(|graph| {
            graph.initializer.push(numbers("size", &[1 << 20, 1 << 20]));
            graph.node.push(node("ConstantOfShape", &["size"], "huge"));
            graph.node.push(node("ReduceSum", &["huge"], "sum"));
            graph.node[2].output[0] = "small".into();
            graph.node.push(node("Add", &["small", "sum"], "output"));
        }),
        "too large",
    );
    refused(
        &bytes(|graph| {
            let pads = AttributeProto {
                name: Some("pads".into()),
                ints: vec![0, 0, 1 << 40, 1 << 40],
                ..AttributeProto::default()
            };
            graph.node[0] = node("AveragePool", &["input"], "pooled");
            graph.node[0].attribute.push(pads);
        }),
        "too large",
    );
    // NaN in the weights shows when it is tried out.
    refused(&bytes(|graph| graph.initializer[1] = tensor("bias", &[3], &[f32::NAN; 3])), "NaN");
}

fn external(location: &str, length: &str) -> impl FnOnce(&mut GraphProto) {
    let entry = |key: &str, value: &str| StringStringEntryProto {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
    };
    let entries = vec![entry("location", location), entry("length", length)];
    |graph| {
        graph.initializer[0].raw_data = None;
        graph.initializer[0].data_location = Some(DataLocation::EXTERNAL);
        graph.initializer[0].external_data = entries;
    }
}

#[test]
fn weights_in_other_files_come_from_the_same_folder_alone() {
    for location in ["../secret", "/etc/passwd", "a/b", ".."] {
        refused(&bytes(external(location, "36")), "not in this folder");
    }
    refused(&bytes(external("weights.data", "36")), "weights.data, which is missing beside it");
    refused(&bytes(external("weights.data", "2147483648")), "needs 36 bytes");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.onnx");
    std::fs::write(&path, bytes(external("weights.data", "36"))).unwrap();
    let weights = [1.0_f32, 2.0, 3.0, -1.0, 0.5, 0.25, 4.0, -2.0, 1.0];
    let weights: Vec<u8> = weights.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(folder.path().join("weights.data"), &weights[..35]).unwrap();
    assert!(classifier(&path).unwrap_err().contains("35 bytes"));
    std::fs::write(folder.path().join("weights.data"), &weights).unwrap();
    let red = [vec![1.0; 64], vec![0.0; 128]].concat();
    let forward = classifier(&path).unwrap().forward(&[&red], 8).unwrap().remove(0);
    assert_eq!(forward.logits, [1.5, 1.5, 3.0]);
    #[cfg(unix)]
    {
        std::fs::rename(folder.path().join("weights.data"), folder.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("weights.data")).unwrap();
        assert!(classifier(&path).unwrap_err().contains("missing beside it"));
    }
}

/// Files for other tests.
pub mod made {
    use super::{AttributeProto, bytes, node, numbers, tensor, value};

    /// A constant of so many numbers, whose size only shows when the network runs.
    pub fn a_value_of_numbers(count: i64) -> Vec<u8> {
        bytes(|graph| {
            graph.initializer.push(numbers("half", &[count / 2]));
            graph.node.push(node("Add", &["half", "half"], "size"));
            graph.node.push(node("ConstantOfShape", &["size"], "huge"));
            graph.node.push(node("ReduceSum", &["huge"], "sum"));
            graph.node[2].output[0] = "small".into();
            graph.node.push(node("Add", &["small", "sum"], "output"));
        })
    }

    /// Ten thousand large convolutions, one after the other.
    pub fn a_long_run() -> Vec<u8> {
        bytes(|graph| {
            let ints = |name: &str, ints: &[i64]| AttributeProto {
                name: Some(name.to_owned()),
                ints: ints.to_vec(),
                ..AttributeProto::default()
            };
            graph.input[0] = value("input", &[1, 3, 512, 512]);
            graph.initializer.push(tensor("kernel", &[3, 3, 15, 15], &[0.001; 3 * 3 * 15 * 15]));
            let convolutions = (0..10_000).map(|i| {
                let from = if i == 0 { "input".to_owned() } else { format!("c{}", i - 1) };
                let mut conv = node("Conv", &[&from, "kernel"], &format!("c{i}"));
                conv.attribute = vec![
                    ints("pads", &[7; 4]),
                    ints("strides", &[1, 1]),
                    ints("dilations", &[1, 1]),
                ];
                conv
            });
            graph.node[0].input[0] = "c9999".into();
            graph.node.splice(0..0, convolutions);
        })
    }

    /// A constant behind so many nodes that change nothing.
    pub fn a_long_chain(length: usize) -> Vec<u8> {
        bytes(|graph| {
            let links = (0..length).map(|i| {
                let from = if i == 0 { "weight".to_owned() } else { format!("i{}", i - 1) };
                node("Identity", &[&from], &format!("i{i}"))
            });
            let last = format!("i{}", length - 1);
            graph.node[2].input[1] = last;
            graph.node.splice(0..0, links);
        })
    }
}

/// No way of following a network may be as deep as the network is long.
#[test]
fn long_chains_are_followed_without_recursion() {
    let mut file = OnnxFile::from_bytes("x.onnx", &made::a_long_chain(90_000)).unwrap();
    glasstree::model::check_graph(&mut file).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever stands in a file, it is read or refused, without a crash.
    #[test]
    fn damaged_files_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = bytes(|_| {});
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        told(&bytes).ok();
    }
}
