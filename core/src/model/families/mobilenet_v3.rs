//! MobileNetV3 (Howard et al. 2019), small and large, by torchvision and timm.
//!
//! A second layer follows the pooling, so there is no exact map.

use super::inverted::{Block, Pair, Style, timm_block};
use super::{Names, TWO_LAYERS};
use crate::model::ModelError;
use crate::model::architecture::unknown;
use crate::model::plan::{Epsilon, Layer, Plan, PlannedEnding};
use crate::model::pointwise::{Gate, Nonlinearity};
use crate::preprocess::Filter;

/// What no tensor tells: how many of the first blocks have ReLU, and the strides.
struct Kind {
    name: &'static str,
    with_relu: usize,
    /// Numbers of the blocks that halve the sides.
    strided: &'static [usize],
}

const SMALL: Kind = Kind { name: "MobileNetV3-Small", with_relu: 3, strided: &[0, 1, 3, 8] };
const LARGE: Kind = Kind { name: "MobileNetV3-Large", with_relu: 6, strided: &[1, 3, 6, 12] };

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    if names.has("features.1.block.0.0") && names.has("features.0.0") {
        Some(torchvision(names))
    } else if names.has("conv_stem") && names.has("blocks.0.0.conv_dw") && names.has("conv_head") {
        Some(timm(names))
    } else {
        None
    }
}

fn kind(blocks: usize) -> Result<Kind, ModelError> {
    match blocks {
        11 => Ok(SMALL),
        15 => Ok(LARGE),
        _ => Err(unknown(format!("a MobileNetV3 of {blocks} blocks; export it as ONNX"))),
    }
}

fn torchvision(names: &Names<'_>) -> Result<Plan, ModelError> {
    let block = |number: usize| {
        let part = |i: usize| format!("features.{number}.block.{i}");
        let has = |i: usize, layer: &str| names.has(&format!("{}.{layer}", part(i)));
        if !has(0, "0") {
            return None;
        }
        // The projection is the last part; without a third or fourth part nothing was expanded.
        let is_expanded = has(3, "0") || (has(2, "0") && !has(1, "fc1"));
        let first = usize::from(is_expanded);
        let has_squeeze = has(first + 1, "fc1");
        let squeeze = part(first + 1);
        Some(Block {
            expand: is_expanded.then(|| Pair::in_sequence(&part(0))),
            depthwise: Pair::in_sequence(&part(first)),
            squeeze: has_squeeze.then(|| [format!("{squeeze}.fc1"), format!("{squeeze}.fc2")]),
            project: Pair::in_sequence(&part(first + 1 + usize::from(has_squeeze))),
            stride: 1,
        })
    };
    let blocks: Vec<_> = (1..).map_while(block).collect();
    let stem = Pair::in_sequence("features.0");
    let last = Pair::in_sequence(&format!("features.{}", blocks.len() + 1));
    plan(names, Epsilon::TensorFlow, stem, blocks, last, ["classifier.0", "classifier.3"])
}

fn timm(names: &Names<'_>) -> Result<Plan, ModelError> {
    let stages = (0..).map(|stage| {
        let blocks = (0..).map_while(|index| timm_block(names, stage, index, 1));
        blocks.collect::<Vec<_>>()
    });
    let stages: Vec<_> = stages.take_while(|blocks| !blocks.is_empty()).collect();
    let last = format!("blocks.{}.0", stages.len());
    let blocks: Vec<_> = stages.into_iter().flatten().collect();
    if !names.has(&format!("{last}.conv")) || blocks.iter().all(|block| block.squeeze.is_none()) {
        return Err(unknown("a network of timm that is not known; export it as ONNX".to_owned()));
    }
    let stem = Pair("conv_stem".to_owned(), "bn1".to_owned());
    let last = Pair(format!("{last}.conv"), format!("{last}.bn1"));
    let style = Style::named(names, Nonlinearity::None);
    let plan = plan(names, style.epsilon, stem, blocks, last, ["conv_head", "classifier"])?;
    Ok(Plan { name: plan.name + style.remark(names), ..plan })
}

fn plan(
    names: &Names<'_>,
    epsilon: Epsilon,
    stem: Pair,
    mut blocks: Vec<Block>,
    last: Pair,
    [hidden, head]: [&str; 2],
) -> Result<Plan, ModelError> {
    let kind = kind(blocks.len())?;
    let named = Style::named(names, Nonlinearity::HardSwish);
    let squeeze = (Nonlinearity::Relu, Gate::HardSigmoid);
    let style = Style { epsilon, squeeze, ..named };
    let relu = Style { nonlinearity: Nonlinearity::Relu, ..style };
    let stem = style.conv(names, &stem, (3, 2))?;
    let mut channels = stem.channels_out();
    let mut layers = vec![stem.into()];
    for (number, block) in blocks.iter_mut().enumerate() {
        block.stride = if kind.strided.contains(&number) { 2 } else { 1 };
        let style = if number < kind.with_relu { relu } else { style };
        channels = style.block(names, block, channels, &mut layers)?;
    }
    let last = style.conv(names, &last, (channels, 1))?;
    let hidden = names.conv(hidden, last.channels_out(), 1)?.then(Nonlinearity::HardSwish);
    layers.push(last.into());
    Ok(Plan {
        name: kind.name.to_owned(),
        layers,
        ending: PlannedEnding::Layers {
            layers: vec![Layer::Mean, hidden.into()],
            head: head.to_owned(),
            why: TWO_LAYERS,
        },
        parts: &["features.", "conv_", "bn1.", "blocks.", "classifier."],
        sides: [256, 224],
        filter: Filter::Bilinear,
    })
}
