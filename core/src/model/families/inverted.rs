//! Networks of inverted residual blocks: MobileNetV2, EfficientNet-B0 to B7 and, in timm's names,
//! EfficientNet-Lite.
//!
//! Sandler et al. 2018, "MobileNetV2"; Tan and Le 2019, "EfficientNet". What TensorFlow trained
//! ("tf_" in timm's names) pads to the lower right and has another ε; no tensor tells, so the name
//! has to.

use super::Names;
use crate::model::ModelError;
use crate::model::architecture::unknown;
use crate::model::convolution::Padding;
use crate::model::plan::{ConvLayer, Epsilon, Layer, Plan, PlannedEnding, SqueezeLayer};
use crate::model::pointwise::{Gate, Nonlinearity};
use crate::preprocess::Filter;

/// Stride of the first block of each of the seven stages of MobileNetV2 and EfficientNet.
const STRIDES: [usize; 7] = [1, 2, 2, 2, 1, 2, 1];
/// Kernels of the depthwise convolutions of EfficientNet's stages.
const KERNELS: [usize; 7] = [3, 3, 5, 3, 5, 5, 3];

/// What all blocks of a network have in common.
#[derive(Clone, Copy)]
pub struct Style {
    /// After each convolution but the projections.
    pub nonlinearity: Nonlinearity,
    /// Within squeeze-and-excitation.
    pub squeeze: (Nonlinearity, Gate),
    pub epsilon: Epsilon,
    /// Whether padding is TensorFlow's.
    pub is_tensorflow: bool,
}

/// Names of a convolution and of the batch normalisation behind it.
pub struct Pair(pub String, pub String);

impl Pair {
    /// The two in a `Sequential`.
    pub fn in_sequence(prefix: &str) -> Self {
        Self(format!("{prefix}.0"), format!("{prefix}.1"))
    }
}

/// One block: expand (1×1), filter each channel (k×k), weigh channels, project (1×1).
pub struct Block {
    pub expand: Option<Pair>,
    pub depthwise: Pair,
    /// The two layers of squeeze-and-excitation.
    pub squeeze: Option<[String; 2]>,
    pub project: Pair,
    pub stride: usize,
}

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    if names.has("features.1.conv.0.0") && names.has("features.18.0") {
        Some(mobilenet_v2(names))
    } else if names.has("features.1.0.block.0.0") && names.has("features.1.0.block.1.fc1") {
        Some(efficientnet(names))
    } else if names.has("conv_stem") && names.has("blocks.6.0.conv_dw") && names.has("bn2") {
        Some(timm(names))
    } else {
        None
    }
}

impl Style {
    /// What timm's name says of the padding and ε, the rest being PyTorch's.
    pub fn named(names: &Names<'_>, nonlinearity: Nonlinearity) -> Self {
        let is_tensorflow = names.is_called("tf_")
            || (names.is_called("efficientnet_b") && names.network.contains("_pruned"));
        let has_its_epsilon = is_tensorflow || names.is_called("mobilenetv3_rw");
        let epsilon = if has_its_epsilon { Epsilon::TensorFlow } else { Epsilon::PyTorch };
        Self { nonlinearity, squeeze: (nonlinearity, Gate::Sigmoid), epsilon, is_tensorflow }
    }

    /// What has to be said of the padding of weights in timm's names.
    pub fn remark(&self, names: &Names<'_>) -> &'static str {
        let is_known = names.is_called("efficientnet") || names.is_called("mobilenet");
        match (self.is_tensorflow, is_known) {
            (true, _) => ", padded as in TensorFlow",
            (false, true) => "",
            (false, false) => ", padded as in PyTorch",
        }
    }

    /// A convolution with its norm and what follows, for a map of `channels`.
    pub fn conv(
        &self,
        names: &Names<'_>,
        Pair(conv, norm): &Pair,
        (channels, stride): (usize, usize),
    ) -> Result<ConvLayer, ModelError> {
        let layer = names.conv(conv, channels, stride)?;
        let layer = match self.is_tensorflow {
            true => layer.padded(Padding::Same),
            false => layer,
        };
        Ok(layer.norm_of(norm.as_str(), self.epsilon).then(self.nonlinearity))
    }

    /// Adds a block that reads `channels`, and says how many come out.
    pub fn block(
        &self,
        names: &Names<'_>,
        block: &Block,
        channels: usize,
        layers: &mut Vec<Layer>,
    ) -> Result<usize, ModelError> {
        let mut body = Vec::new();
        let mut width = channels;
        if let Some(expand) = &block.expand {
            let expand = self.conv(names, expand, (channels, 1))?;
            width = expand.channels_out();
            body.push(expand.into());
        }
        let depthwise = self.conv(names, &block.depthwise, (width, block.stride))?;
        if depthwise.shape.groups != width {
            return Err(names.odd(&block.depthwise.0));
        }
        body.push(depthwise.into());
        if let Some([reduce, expand]) = &block.squeeze {
            let (nonlinearity, gate) = self.squeeze;
            let reduced = names.conv(reduce, width, 1)?.channels_out();
            let (reduce, expand) = (reduce.clone(), expand.clone());
            let channels = width;
            let layer = SqueezeLayer { reduce, expand, channels, reduced, nonlinearity, gate };
            body.push(Layer::Squeeze(layer));
        }
        let last = self.conv(names, &block.project, (width, 1))?.then(Nonlinearity::None);
        let out = last.channels_out();
        if block.stride == 1 && channels == out {
            let nonlinearity = Nonlinearity::None;
            layers.push(Layer::Residual { body, last, shortcut: None, nonlinearity });
        } else {
            layers.append(&mut body);
            layers.push(last.into());
        }
        Ok(out)
    }

    /// The whole network up to the pooling.
    fn layers(
        &self,
        names: &Names<'_>,
        stem: &Pair,
        blocks: &[Block],
        last: &Pair,
    ) -> Result<Vec<Layer>, ModelError> {
        let stem = self.conv(names, stem, (3, 2))?;
        let mut channels = stem.channels_out();
        let mut layers = vec![stem.into()];
        for block in blocks {
            channels = self.block(names, block, channels, &mut layers)?;
        }
        layers.push(self.conv(names, last, (channels, 1))?.into());
        Ok(layers)
    }
}

/// torchvision's blocks stand in one row, as many in each stage for all published sizes.
fn mobilenet_v2(names: &Names<'_>) -> Result<Plan, ModelError> {
    let repeats = [1, 2, 3, 4, 3, 3, 1];
    let strides = repeats.iter().zip(STRIDES).flat_map(|(&count, stride)| {
        (0..count).map(move |index| if index == 0 { stride } else { 1 })
    });
    let block = |(index, stride): (usize, usize)| {
        let part = |i: usize| format!("features.{index}.conv.{i}");
        let is_expanded = names.has(&part(3));
        let first = usize::from(is_expanded);
        Block {
            expand: is_expanded.then(|| Pair::in_sequence(&part(0))),
            depthwise: Pair::in_sequence(&part(first)),
            squeeze: None,
            project: Pair(part(first + 1), part(first + 2)),
            stride,
        }
    };
    let blocks: Vec<_> = (1..).zip(strides).map(block).collect();
    let style = Style::named(names, Nonlinearity::Relu6);
    let (stem, last) = (Pair::in_sequence("features.0"), Pair::in_sequence("features.18"));
    Ok(Plan {
        name: "MobileNetV2".to_owned(),
        layers: style.layers(names, &stem, &blocks, &last)?,
        ending: PlannedEnding::Linear { head: "classifier.1".to_owned() },
        parts: &["features.", "classifier."],
        sides: [256, 224],
        filter: Filter::Bilinear,
    })
}

fn efficientnet(names: &Names<'_>) -> Result<Plan, ModelError> {
    if names.has("features.8.1.block.0.0") || !names.has("features.8.0") {
        return Err(unknown("an EfficientNet of another version than B0 to B7".to_owned()));
    }
    let mut blocks = Vec::new();
    for (stage, first_stride) in (1..).zip(STRIDES) {
        for index in 0.. {
            let part = |i: usize| format!("features.{stage}.{index}.block.{i}");
            if !names.has(&format!("{}.0", part(0))) {
                break;
            }
            let is_expanded = names.has(&format!("{}.0", part(3)));
            let first = usize::from(is_expanded);
            let squeeze = part(first + 1);
            blocks.push(Block {
                expand: is_expanded.then(|| Pair::in_sequence(&part(0))),
                depthwise: Pair::in_sequence(&part(first)),
                squeeze: Some([format!("{squeeze}.fc1"), format!("{squeeze}.fc2")]),
                project: Pair::in_sequence(&part(first + 2)),
                stride: if index == 0 { first_stride } else { 1 },
            });
        }
    }
    let last = Pair::in_sequence("features.8");
    let number = number(names, &blocks, &last)?;
    let plain = Style::named(names, Nonlinearity::Silu);
    // torchvision took over the larger ones from TensorFlow, with its ε, but not its padding.
    let is_large = number.is_some_and(|number| number >= 5);
    let epsilon = if is_large { Epsilon::TensorFlow } else { plain.epsilon };
    let layers = Style { epsilon, ..plain }.layers(
        names,
        &Pair::in_sequence("features.0"),
        &blocks,
        &last,
    )?;
    Ok(Plan {
        name: title("EfficientNet-B", number),
        layers,
        ending: PlannedEnding::Linear { head: "classifier.1".to_owned() },
        parts: &["features.", "classifier."],
        sides: sides(number),
        filter: Filter::Bicubic,
    })
}

/// The number in an EfficientNet's name, by the number of its blocks; two sizes may have as many.
fn number(names: &Names<'_>, blocks: &[Block], last: &Pair) -> Result<Option<usize>, ModelError> {
    let head_channels = names.shape(&last.0)?[0];
    let [_, before, ..] = *names.shape(&last.0)? else { return Err(names.odd(&last.0)) };
    Ok(match (blocks.len(), head_channels) {
        (16, _) => Some(0),
        (23, 1280) => Some(1),
        (23, _) => Some(2),
        (26, _) => Some(3),
        (32, _) => Some(4),
        // Lite, whose first and last stages do not grow.
        (21, _) => Some(if before == 320 { 1 } else { 2 }),
        (35, _) => Some(4),
        (39, _) => Some(5),
        (45, _) => Some(6),
        (55, _) => Some(7),
        _ => None,
    })
}

fn title(name: &str, number: Option<usize>) -> String {
    match number {
        Some(number) => format!("{name}{number}"),
        None => format!("{} (own size)", name.trim_end_matches("-B")),
    }
}

/// Those of torchvision's evaluation.
fn sides(number: Option<usize>) -> [u32; 2] {
    match number {
        Some(1) => [256, 240],
        Some(2) => [288, 288],
        Some(3) => [320, 300],
        Some(4) => [384, 380],
        Some(5) => [456, 456],
        Some(6) => [528, 528],
        Some(7) => [600, 600],
        _ => [256, 224],
    }
}

/// Names of a block of timm.
pub fn timm_block(names: &Names<'_>, stage: usize, index: usize, stride: usize) -> Option<Block> {
    let key = |name: &str| format!("blocks.{stage}.{index}.{name}");
    if !names.has(&key("conv_dw")) {
        return None;
    }
    let pair = |conv: &str, norm: &str| Pair(key(conv), key(norm));
    let (expand, depthwise, project) = match names.has(&key("conv_pwl")) {
        true => (Some(pair("conv_pw", "bn1")), pair("conv_dw", "bn2"), pair("conv_pwl", "bn3")),
        false => (None, pair("conv_dw", "bn1"), pair("conv_pw", "bn2")),
    };
    let has_squeeze = names.has(&key("se.conv_reduce"));
    let squeeze = has_squeeze.then(|| [key("se.conv_reduce"), key("se.conv_expand")]);
    let stride = if index == 0 { stride } else { 1 };
    Some(Block { expand, depthwise, squeeze, project, stride })
}

/// timm's EfficientNets and MobileNetV2. Others have blocks of the same names, but other kernels:
/// what follows their layers is not known.
fn timm(names: &Names<'_>) -> Result<Plan, ModelError> {
    let mut blocks = Vec::new();
    let mut kernels = Vec::new();
    for (stage, stride) in STRIDES.into_iter().enumerate() {
        let own = (0..).map_while(|index| timm_block(names, stage, index, stride));
        let own: Vec<_> = own.collect();
        let Some(first) = own.first() else { continue };
        kernels.push(names.shape(&first.depthwise.0)?.last().copied().unwrap_or(0));
        blocks.extend(own);
    }
    let squeezed = blocks.iter().filter(|block| block.squeeze.is_some()).count();
    let last = Pair("conv_head".to_owned(), "bn2".to_owned());
    let number = number(names, &blocks, &last)?;
    let (name, nonlinearity) = if squeezed == blocks.len() && kernels == KERNELS {
        (title("EfficientNet-B", number), Nonlinearity::Silu)
    } else if squeezed == 0 && kernels == KERNELS {
        (title("EfficientNet-Lite", number), Nonlinearity::Relu6)
    } else if squeezed == 0 && kernels == [3; 7] {
        ("MobileNetV2".to_owned(), Nonlinearity::Relu6)
    } else {
        return Err(unknown("a network of timm that is not known; export it as ONNX".to_owned()));
    };
    let style = Style::named(names, nonlinearity);
    let stem = Pair("conv_stem".to_owned(), "bn1".to_owned());
    Ok(Plan {
        name: name + style.remark(names),
        layers: style.layers(names, &stem, &blocks, &last)?,
        ending: PlannedEnding::Linear { head: "classifier".to_owned() },
        parts: &["conv_", "bn1.", "bn2.", "blocks.", "classifier."],
        sides: match nonlinearity {
            Nonlinearity::Silu => sides(number),
            _ => [256, 224],
        },
        filter: Filter::Bicubic,
    })
}
