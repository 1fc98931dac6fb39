//! RegNet (Radosavovic et al. 2020), X and Y, as torchvision and timm name its layers.

use super::Names;
use crate::model::ModelError;
use crate::model::architecture::unknown;
use crate::model::plan::{ConvLayer, Layer, Plan, PlannedEnding, SqueezeLayer};
use crate::model::pointwise::{Gate, Nonlinearity};
use crate::preprocess::Filter;

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    if names.has("stem.0") && names.has("trunk_output.block1.block1-0.f.a.0") {
        Some(regnet(names, &Torchvision))
    } else if names.has("stem.conv") && names.has("s1.b1.conv1.conv") {
        Some(if names.is_called("regnetv") || names.is_called("regnetz") {
            Err(unknown("a RegNetV or RegNetZ of timm; export it as ONNX".to_owned()))
        } else {
            regnet(names, &Timm)
        })
    } else {
        None
    }
}

/// How the layers are called.
trait Naming {
    const STEM: [&str; 2];
    const HEAD: &str;
    /// Start of the names of a block; stages and blocks count from 1.
    fn block(&self, stage: usize, block: usize) -> String;
    /// The convolution and norm of that number, 0 being the shortcut.
    fn conv(&self, block: &str, number: usize) -> [String; 2];
    fn squeeze(&self, block: &str) -> [String; 2];
}

struct Torchvision;

impl Naming for Torchvision {
    const STEM: [&str; 2] = ["stem.0", "stem.1"];
    const HEAD: &str = "fc";

    fn block(&self, stage: usize, block: usize) -> String {
        format!("trunk_output.block{stage}.block{stage}-{}", block - 1)
    }

    fn conv(&self, block: &str, number: usize) -> [String; 2] {
        let part = ["proj", "f.a", "f.b", "f.c"][number];
        [0, 1].map(|i| format!("{block}.{part}.{i}"))
    }

    fn squeeze(&self, block: &str) -> [String; 2] {
        [1, 2].map(|i| format!("{block}.f.se.fc{i}"))
    }
}

struct Timm;

impl Naming for Timm {
    const STEM: [&str; 2] = ["stem.conv", "stem.bn"];
    const HEAD: &str = "head.fc";

    fn block(&self, stage: usize, block: usize) -> String {
        format!("s{stage}.b{block}")
    }

    fn conv(&self, block: &str, number: usize) -> [String; 2] {
        let part = ["downsample", "conv1", "conv2", "conv3"][number];
        ["conv", "bn"].map(|layer| format!("{block}.{part}.{layer}"))
    }

    fn squeeze(&self, block: &str) -> [String; 2] {
        [1, 2].map(|i| format!("{block}.se.fc{i}"))
    }
}

fn regnet<N: Naming>(names: &Names<'_>, naming: &N) -> Result<Plan, ModelError> {
    let [stem, stem_norm] = N::STEM;
    let stem = names.stem(stem, 3, 2)?.norm(stem_norm).then(Nonlinearity::Relu);
    let mut channels = stem.channels_out();
    let mut layers = vec![stem.into()];
    let mut has_squeeze = false;
    for stage in 1..=4 {
        for number in 1.. {
            let block = naming.block(stage, number);
            if !names.has(&naming.conv(&block, 1)[0]) {
                break;
            }
            let stride = if number == 1 { 2 } else { 1 };
            let conv = |part: usize, channels: usize, stride: usize| {
                let [conv, norm] = naming.conv(&block, part);
                Ok::<ConvLayer, ModelError>(names.conv(&conv, channels, stride)?.norm(norm))
            };
            let narrow = conv(1, channels, 1)?.then(Nonlinearity::Relu);
            let filter = conv(2, narrow.channels_out(), stride)?.then(Nonlinearity::Relu);
            let width = filter.channels_out();
            let mut body = vec![narrow.into(), filter.into()];
            let [reduce, expand] = naming.squeeze(&block);
            if names.has(&reduce) {
                has_squeeze = true;
                body.push(Layer::Squeeze(SqueezeLayer {
                    reduced: names.conv(&reduce, width, 1)?.channels_out(),
                    reduce,
                    expand,
                    channels: width,
                    nonlinearity: Nonlinearity::Relu,
                    gate: Gate::Sigmoid,
                }));
            }
            let last = conv(3, width, 1)?;
            let out = last.channels_out();
            let has_shortcut = names.has(&naming.conv(&block, 0)[0]);
            let shortcut = match has_shortcut {
                true => Some(conv(0, channels, stride)?),
                false if (channels, stride) == (out, 1) => None,
                false => return Err(unknown(format!("a RegNet without a shortcut in {block}"))),
            };
            layers.push(Layer::Residual { body, last, shortcut, nonlinearity: Nonlinearity::Relu });
            channels = out;
        }
    }
    Ok(Plan {
        name: title(has_squeeze, channels),
        layers,
        ending: PlannedEnding::Linear { head: N::HEAD.to_owned() },
        parts: &["stem.", "trunk_output.", "fc.", "s1.", "s2.", "s3.", "s4.", "head."],
        sides: [256, 224],
        filter: Filter::Bilinear,
    })
}

/// The published sizes differ in the channels of their last stage.
fn title(has_squeeze: bool, channels: usize) -> String {
    const X: [(usize, &str); 12] = [
        (368, "200MF"),
        (400, "400MF"),
        (528, "600MF"),
        (672, "800MF"),
        (912, "1.6GF"),
        (1008, "3.2GF"),
        (1360, "4GF"),
        (1624, "6.4GF"),
        (1920, "8GF"),
        (2240, "12GF"),
        (2048, "16GF"),
        (2520, "32GF"),
    ];
    const Y: [(usize, &str); 13] = [
        (368, "200MF"),
        (440, "400MF"),
        (608, "600MF"),
        (784, "800MF"),
        (888, "1.6GF"),
        (1512, "3.2GF"),
        (1088, "4GF"),
        (1296, "6.4GF"),
        (2016, "8GF"),
        (2240, "12GF"),
        (3024, "16GF"),
        (3712, "32GF"),
        (7392, "128GF"),
    ];
    let (family, sizes) = if has_squeeze { ("RegNetY", &Y[..]) } else { ("RegNetX", &X[..]) };
    match sizes.iter().find(|(width, _)| *width == channels) {
        Some((_, size)) => format!("{family}-{size}"),
        None => format!("{family} (own size)"),
    }
}
