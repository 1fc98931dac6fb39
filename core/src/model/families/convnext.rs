//! ConvNeXt (Liu et al. 2022), as torchvision and timm name its layers.
//!
//! A layer norm lies between the mean of the feature map and the linear layer, so maps are exact for
//! one picture at a time.

use super::Names;
use crate::model::ModelError;
use crate::model::convolution::Padding;
use crate::model::plan::{ConvLayer, Layer, Plan, PlannedEnding};
use crate::model::pointwise::Nonlinearity;
use crate::preprocess::Filter;

/// Names of the layers of a block, of those between two stages, and of the ends.
struct Naming {
    stem: [&'static str; 2],
    block: fn(usize, usize) -> String,
    /// Filter of each channel, norm, the two linear layers, and the factors of the channels.
    parts: [&'static str; 5],
    /// Norm and convolution before the stage of this number, which is above 0.
    between: fn(usize) -> [String; 2],
    norm: &'static str,
    head: &'static str,
}

const TORCHVISION: Naming = Naming {
    stem: ["features.0.0", "features.0.1"],
    block: |stage, block| format!("features.{}.{block}", 2 * stage + 1),
    parts: ["block.0", "block.2", "block.3", "block.5", "layer_scale"],
    between: |stage| [0, 1].map(|i| format!("features.{}.{i}", 2 * stage)),
    norm: "classifier.0",
    head: "classifier.2",
};

const TIMM: Naming = Naming {
    stem: ["stem.0", "stem.1"],
    block: |stage, block| format!("stages.{stage}.blocks.{block}"),
    parts: ["conv_dw", "norm", "mlp.fc1", "mlp.fc2", "gamma"],
    between: |stage| [0, 1].map(|i| format!("stages.{stage}.downsample.{i}")),
    norm: "head.norm",
    head: "head.fc",
};

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    let is_of = |naming: &Naming| {
        let first = (naming.block)(0, 0);
        names.has(naming.stem[1])
            && names.weights.shape(&format!("{first}.{}", naming.parts[4])).is_some()
    };
    [TORCHVISION, TIMM].into_iter().find(is_of).map(|naming| convnext(names, &naming))
}

fn norm(name: &str, channels: usize) -> Layer {
    Layer::LayerNorm { name: name.to_owned(), channels }
}

/// A convolution of squares that lie beside each other.
fn patches(
    names: &Names<'_>,
    name: &str,
    channels: usize,
    side: usize,
) -> Result<ConvLayer, ModelError> {
    let conv = names.conv(name, channels, side)?;
    if conv.shape.kernel != side || conv.shape.groups != 1 {
        return Err(names.odd(name));
    }
    Ok(conv.padded(Padding::Fixed(0)))
}

fn convnext(names: &Names<'_>, naming: &Naming) -> Result<Plan, ModelError> {
    let [stem, stem_norm] = naming.stem;
    let stem = patches(names, stem, 3, 4)?;
    let width = stem.channels_out();
    let mut channels = width;
    let mut layers = vec![stem.into(), norm(stem_norm, channels)];
    let mut depths = Vec::new();
    for stage in 0..4 {
        let between = (naming.between)(stage);
        if stage > 0 && names.has(&between[1]) {
            layers.push(norm(&between[0], channels));
            let halved = patches(names, &between[1], channels, 2)?;
            channels = halved.channels_out();
            layers.push(halved.into());
        }
        let mut depth = 0;
        loop {
            let block = (naming.block)(stage, depth);
            let [filter, normed, first, second, scale] =
                naming.parts.map(|part| format!("{block}.{part}"));
            if !names.has(&filter) {
                break;
            }
            let filter = names.conv(&filter, channels, 1)?;
            let first = names.conv(&first, channels, 1)?.then(Nonlinearity::Gelu);
            let mut last = names.conv(&second, first.channels_out(), 1)?;
            last.scale = names.weights.shape(&scale).map(|shape| (scale.clone(), shape.to_vec()));
            if filter.channels_out() != channels || last.channels_out() != channels {
                return Err(names.odd(&second));
            }
            let body = vec![filter.into(), norm(&normed, channels), first.into()];
            let nonlinearity = Nonlinearity::None;
            layers.push(Layer::Residual { body, last, shortcut: None, nonlinearity });
            depth += 1;
        }
        depths.push(depth);
    }
    let (size, sides) = size(&depths, width);
    Ok(Plan {
        name: format!("ConvNeXt{size}"),
        layers,
        ending: PlannedEnding::NormLinear {
            norm: naming.norm.to_owned(),
            head: naming.head.to_owned(),
        },
        parts: &["features.", "classifier.", "stem.", "stages.", "head.", "norm_pre."],
        sides,
        filter: Filter::Bilinear,
    })
}

/// The size in the name, and how torchvision evaluated it.
fn size(depths: &[usize], width: usize) -> (&'static str, [u32; 2]) {
    match (depths, width) {
        ([3, 3, 9, 3], 96) => ("-Tiny", [236, 224]),
        ([3, 3, 27, 3], 96) => ("-Small", [230, 224]),
        ([3, 3, 27, 3], 128) => ("-Base", [232, 224]),
        ([3, 3, 27, 3], 192) => ("-Large", [232, 224]),
        ([3, 3, 27, 3], 256) => ("-XLarge", [232, 224]),
        ([2, 2, 6, 2], 40) => ("-Atto", [256, 224]),
        ([2, 2, 6, 2], 48) => ("-Femto", [256, 224]),
        ([2, 2, 6, 2], 64) => ("-Pico", [256, 224]),
        ([2, 2, 8, 2], 80) => ("-Nano", [256, 224]),
        _ => (" (own size)", [256, 224]),
    }
}
