//! ShuffleNetV2 of torchvision (Ma et al. 2018).

use super::Names;
use crate::model::ModelError;
use crate::model::plan::{Layer, Plan, PlannedEnding};
use crate::model::pointwise::Nonlinearity;
use crate::model::pool::Pool;
use crate::preprocess::Filter;

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    let is_shufflenet = names.has("conv1.0") && names.has("stage2.0.branch1.0");
    is_shufflenet.then(|| shufflenet(names))
}

/// The convolutions of a branch: each with its norm behind it, and ReLU behind those of 1×1.
fn branch(
    names: &Names<'_>,
    prefix: &str,
    numbers: &[usize],
    mut channels: usize,
    stride: usize,
) -> Result<(Vec<Layer>, usize), ModelError> {
    let mut layers = Vec::new();
    for number in numbers {
        let name = format!("{prefix}.{number}");
        let is_point = names.shape(&name)?.ends_with(&[1, 1]);
        let stride = if is_point { 1 } else { stride };
        let after = if is_point { Nonlinearity::Relu } else { Nonlinearity::None };
        let norm = format!("{prefix}.{}", number + 1);
        let conv = names.conv(&name, channels, stride)?.norm(norm).then(after);
        channels = conv.channels_out();
        layers.push(conv.into());
    }
    Ok((layers, channels))
}

fn shufflenet(names: &Names<'_>) -> Result<Plan, ModelError> {
    let stem = names.stem("conv1.0", 3, 2)?.norm("conv1.1").then(Nonlinearity::Relu);
    let mut channels = stem.channels_out();
    let mut layers = vec![stem.into(), Layer::Pool(Pool::STEM)];
    for stage in 2..=4 {
        for number in 0.. {
            let block = format!("stage{stage}.{number}");
            let right = format!("{block}.branch2");
            if !names.has(&format!("{right}.0")) {
                break;
            }
            let is_first = names.has(&format!("{block}.branch1.0"));
            let (left, right) = if is_first {
                let left = branch(names, &format!("{block}.branch1"), &[0, 2], channels, 2)?;
                (left, branch(names, &right, &[0, 3, 5], channels, 2)?)
            } else {
                let half = channels / 2;
                let (mut layers, out) = branch(names, &right, &[0, 3, 5], half, 1)?;
                layers.insert(0, Layer::Channels(half..channels));
                ((vec![Layer::Channels(0..half)], half), (layers, out))
            };
            channels = left.1 + right.1;
            layers.extend([Layer::Concat(vec![left.0, right.0]), Layer::Interleave]);
        }
    }
    let last = names.conv("conv5.0", channels, 1)?.norm("conv5.1").then(Nonlinearity::Relu);
    let width = match last.channels_out() {
        2048 => "2.0",
        _ => match channels {
            192 => "0.5",
            464 => "1.0",
            704 => "1.5",
            _ => "(own size)",
        },
    };
    layers.push(last.into());
    Ok(Plan {
        name: format!("ShuffleNetV2 {width}"),
        layers,
        ending: PlannedEnding::Linear { head: "fc".to_owned() },
        parts: &["conv1.", "stage", "conv5.", "fc."],
        sides: [256, 224],
        filter: Filter::Bilinear,
    })
}
