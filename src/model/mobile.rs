//! Recognises networks of inverted residual blocks by the names of torchvision and of timm.

use super::ModelError;
use super::architecture::{shape, unknown};
use super::inverted_residual::{BlockShape, ConvNames, InvertedResidualShape, Nonlinearity};
use crate::checkpoint::StateDict;

/// Stride of the first block of each of the seven stages of MobileNetV2 and EfficientNet.
const STRIDES: [usize; 7] = [1, 2, 2, 2, 1, 2, 1];

/// The network, if the names are of one of these; `None` if they are of another kind.
///
/// # Errors
/// [`ModelError::Unknown`] for one that is like these, but not the same.
pub fn recognise(weights: &StateDict) -> Option<Result<InvertedResidualShape, ModelError>> {
    let has = |name: &str| weights.shape(name).is_some();
    if has("features.1.conv.0.0.weight") && has("features.18.0.weight") {
        Some(mobilenet_v2(weights))
    } else if has("features.1.0.block.0.0.weight") && has("features.1.0.block.1.fc1.weight") {
        Some(efficientnet(weights))
    } else if has("conv_stem.weight") && has("blocks.0.0.conv_dw.weight") && has("conv_head.weight")
    {
        Some(timm(weights))
    } else {
        None
    }
}

fn named(conv: String, norm: String) -> ConvNames {
    ConvNames { conv, norm }
}

/// A convolution and its norm in a `Sequential`.
fn pair(prefix: &str) -> ConvNames {
    named(format!("{prefix}.0"), format!("{prefix}.1"))
}

fn kernel(weights: &StateDict, names: &ConvNames) -> Result<usize, ModelError> {
    let [.., kernel] = shape::<4>(weights, &format!("{}.weight", names.conv))?;
    Ok(kernel)
}

fn channels(weights: &StateDict, names: &ConvNames) -> Result<usize, ModelError> {
    let [channels, ..] = shape::<4>(weights, &format!("{}.weight", names.conv))?;
    Ok(channels)
}

/// torchvision's blocks stand in one row; a stage is known by its number of channels.
fn mobilenet_v2(weights: &StateDict) -> Result<InvertedResidualShape, ModelError> {
    let has = |name: String| weights.shape(&name).is_some();
    let mut blocks = Vec::new();
    // Blocks of the seven stages; all published sizes have as many.
    let repeats = [1, 2, 3, 4, 3, 3, 1];
    let strides = repeats.iter().zip(STRIDES).flat_map(|(&count, stride)| {
        (0..count).map(move |index| if index == 0 { stride } else { 1 })
    });
    for (index, stride) in strides.enumerate() {
        let prefix = format!("features.{}.conv", index + 1);
        let is_expanded = has(format!("{prefix}.3.weight"));
        let (expand, depthwise, project) = if is_expanded {
            let project = named(format!("{prefix}.2"), format!("{prefix}.3"));
            (Some(pair(&format!("{prefix}.0"))), pair(&format!("{prefix}.1")), project)
        } else {
            let project = named(format!("{prefix}.1"), format!("{prefix}.2"));
            (None, pair(&format!("{prefix}.0")), project)
        };
        let kernel = kernel(weights, &depthwise)?;
        blocks.push(BlockShape { expand, depthwise, squeeze: None, project, kernel, stride });
    }
    let last = pair("features.18");
    Ok(InvertedResidualShape {
        nonlinearity: Nonlinearity::Relu6,
        stem: pair("features.0"),
        blocks,
        head_channels: channels(weights, &last)?,
        last,
        head: "classifier.1".to_owned(),
    })
}

fn efficientnet(weights: &StateDict) -> Result<InvertedResidualShape, ModelError> {
    let has = |name: &str| weights.shape(name).is_some();
    if has("features.8.1.block.0.0.weight") || !has("features.8.0.weight") {
        return Err(unknown("an EfficientNet of another version than B0 to B4".to_owned()));
    }
    let mut blocks = Vec::new();
    for (stage, first_stride) in (1..).zip(STRIDES) {
        for index in 0.. {
            let prefix = format!("features.{stage}.{index}.block");
            if !has(&format!("{prefix}.0.0.weight")) {
                break;
            }
            let part = |i: usize| format!("{prefix}.{i}");
            let is_expanded = has(&format!("{prefix}.3.0.weight"));
            let first = usize::from(is_expanded);
            let depthwise = pair(&part(first));
            let squeeze = part(first + 1);
            blocks.push(BlockShape {
                expand: is_expanded.then(|| pair(&part(0))),
                kernel: kernel(weights, &depthwise)?,
                depthwise,
                squeeze: Some([format!("{squeeze}.fc1"), format!("{squeeze}.fc2")]),
                project: pair(&part(first + 2)),
                stride: if index == 0 { first_stride } else { 1 },
            });
        }
    }
    let last = pair("features.8");
    Ok(InvertedResidualShape {
        nonlinearity: Nonlinearity::Silu,
        stem: pair("features.0"),
        blocks,
        head_channels: channels(weights, &last)?,
        last,
        head: "classifier.1".to_owned(),
    })
}

/// timm's EfficientNets and MobileNetV2.
fn timm(weights: &StateDict) -> Result<InvertedResidualShape, ModelError> {
    let has = |name: &str| weights.shape(name).is_some();
    let has_squeeze = has("blocks.1.0.se.conv_reduce.weight");
    let mut blocks = Vec::new();
    for (stage, first_stride) in STRIDES.into_iter().enumerate() {
        for index in 0.. {
            let key = |name: &str| format!("blocks.{stage}.{index}.{name}");
            if !has(&key("conv_dw.weight")) {
                break;
            }
            let is_expanded = has(&key("conv_pwl.weight"));
            let conv = |conv: &str, norm: &str| named(key(conv), key(norm));
            let (expand, depthwise, project) = if is_expanded {
                let expand = conv("conv_pw", "bn1");
                (Some(expand), conv("conv_dw", "bn2"), conv("conv_pwl", "bn3"))
            } else {
                (None, conv("conv_dw", "bn1"), conv("conv_pw", "bn2"))
            };
            if has_squeeze != has(&key("se.conv_reduce.weight")) {
                return Err(unknown("a MobileNetV3 of timm; export it as ONNX".to_owned()));
            }
            blocks.push(BlockShape {
                expand,
                kernel: kernel(weights, &depthwise)?,
                depthwise,
                squeeze: has_squeeze.then(|| [key("se.conv_reduce"), key("se.conv_expand")]),
                project,
                stride: if index == 0 { first_stride } else { 1 },
            });
        }
    }
    let last = named("conv_head".to_owned(), "bn2".to_owned());
    if !has("blocks.6.0.conv_dw.weight") || !has(&format!("{}.weight", last.norm)) {
        return Err(unknown("a network of timm that is not known; export it as ONNX".to_owned()));
    }
    let nonlinearity = if has_squeeze { Nonlinearity::Silu } else { Nonlinearity::Relu6 };
    Ok(InvertedResidualShape {
        nonlinearity,
        stem: named("conv_stem".to_owned(), "bn1".to_owned()),
        blocks,
        head_channels: channels(weights, &last)?,
        last,
        head: "classifier".to_owned(),
    })
}
