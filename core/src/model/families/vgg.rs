//! VGG (Simonyan and Zisserman 2015), with and without batch norm, by torchvision and timm.
//!
//! The published ones end in two hidden layers, which leave no exact map. Where somebody replaced
//! these by a mean and one linear layer (as is usual for small pictures), maps are exact.

use super::Names;
use crate::model::ModelError;
use crate::model::architecture::head;
use crate::model::plan::{Layer, Plan, PlannedEnding};
use crate::model::pointwise::Nonlinearity;
use crate::model::pool::{Pool, PoolKind};
use crate::preprocess::Filter;

const HIDDEN: &str = "two hidden layers read its feature map place by place";

/// Places along a side of the map that the hidden layers read.
const SIDE: usize = 7;

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    let is_conv = |layer: &str| names.shape(layer).is_ok_and(|shape| shape[1..] == [3, 3, 3]);
    let has_next = ["features.2", "features.3", "features.4"]
        .iter()
        .any(|layer| names.shape(layer).is_ok_and(|shape| matches!(shape, [_, _, 3, 3])));
    (is_conv("features.0") && has_next).then(|| vgg(names))
}

fn vgg(names: &Names<'_>) -> Result<Plan, ModelError> {
    let has_norm = names.weights.shape("features.1.running_mean").is_some();
    // Layers of a `Sequential` that belong to a convolution: its norm, and the ReLU.
    let step = if has_norm { 3 } else { 2 };
    let mut layers = Vec::new();
    let (mut channels, mut count, mut at) = (3, 0, 0);
    let pool = || Layer::Pool(Pool::halves(PoolKind::Max));
    loop {
        let layer = format!("features.{at}");
        let mut conv = names.conv(&layer, channels, 1)?.then(Nonlinearity::Relu);
        if has_norm {
            conv = conv.norm(format!("features.{}", at + 1));
        }
        channels = conv.channels_out();
        layers.push(conv.into());
        count += 1;
        at += step;
        if names.has(&format!("features.{at}")) {
            continue;
        }
        // A gap in the numbers is a pooling, and there is one at the end.
        layers.push(pool());
        at += 1;
        if !names.has(&format!("features.{at}")) {
            break;
        }
    }
    let (hidden, last) = match ["classifier.0", "pre_logits.fc1"].iter().find(|it| names.has(it)) {
        None => (None, head(names.weights, &["classifier", "fc", "linear", "head"])?),
        Some(&"classifier.0") => {
            (Some(["classifier.0", "classifier.3"]), "classifier.6".to_owned())
        }
        Some(_) => (Some(["pre_logits.fc1", "pre_logits.fc2"]), "head.fc".to_owned()),
    };
    let ending = match hidden {
        None => PlannedEnding::Linear { head: last },
        Some([first, second]) => {
            let is_torchvision = first == "classifier.0";
            let first = names.whole(first, channels, SIDE)?.then(Nonlinearity::Relu);
            let second = names.conv(second, first.channels_out(), 1)?.then(Nonlinearity::Relu);
            let areas = Layer::Areas { side: SIDE, shrinks: is_torchvision };
            let layers = vec![areas, first.into(), second.into()];
            PlannedEnding::Layers { layers, head: last, why: HIDDEN }
        }
    };
    let norm = if has_norm { " with batch norm" } else { "" };
    let own = match ending {
        PlannedEnding::Linear { .. } => ", averaged",
        _ => "",
    };
    Ok(Plan {
        // Without its hidden layers it is still called by its full depth.
        name: format!("VGG-{}{norm}{own}", count + 3),
        layers,
        ending,
        parts: &["features.", "classifier.", "pre_logits.", "head.", "fc.", "linear."],
        sides: [256, 224],
        filter: Filter::Bilinear,
    })
}
