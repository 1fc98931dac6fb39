//! Which network a checkpoint holds, read off the names and shapes of its tensors alone.

use std::fmt;

use super::plan::Plan;
use super::{ModelError, families};
use crate::checkpoint::StateDict;

/// A network, with everything that its weights leave open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Architecture {
    ResNet(ResNetShape),
    WideResNet(WideResNetShape),
    EfficientNetLite(EfficientNetShape),
    /// One of the other families of torchvision and timm.
    Planned(Plan),
}

/// The first layers of a ResNet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stem {
    /// 7×7 stride 2, then max pooling.
    ImageNet,
    /// 3×3 stride 1.
    Cifar,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResNetShape {
    pub stem: Stem,
    pub stem_channels: usize,
    pub bottleneck: bool,
    /// Blocks in each of the four stages.
    pub blocks: [usize; 4],
    /// Groups of the 3×3 convolution (ResNeXt).
    pub groups: usize,
    /// Channels of the first 3×3 convolution of stage 1.
    pub width: usize,
    /// `downsample` (torchvision) or `shortcut` (nbdt).
    pub shortcut: &'static str,
    /// Name of the linear layer.
    pub head: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideResNetShape {
    pub stem_channels: usize,
    /// Units in each of the three stages; the depth is `6 · units + 4`.
    pub units: usize,
    /// Channels of stage 1; `16 ·` the widening factor.
    pub width: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EfficientNetShape {
    /// Blocks in each of the seven stages.
    pub repeats: [usize; 7],
    /// Channels out of the last stage: 320 · the width factor, rounded to eights.
    pub last_channels: usize,
}

impl EfficientNetShape {
    /// The number in the network's name, if it is one of the published sizes.
    fn variant(&self) -> Option<usize> {
        let sizes = [(16, 320), (21, 320), (21, 352), (26, 384), (35, 448)];
        let own = (self.repeats.iter().sum(), self.last_channels);
        sizes.iter().position(|&size| size == own)
    }

    /// Side of the pictures it was trained for, in pixels.
    pub fn input_side(&self) -> u32 {
        self.variant().map_or(224, |variant| [224, 240, 260, 280, 300][variant])
    }
}

impl Architecture {
    /// Recognises the network. `name` is what the file, its folder or its configuration calls it,
    /// if anything: a few networks of timm differ in nothing else.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] says what was looked for and what the file starts with.
    pub fn recognise(weights: &StateDict, name: &str) -> Result<Self, ModelError> {
        let has = |name: &str| weights.shape(name).is_some();
        if let Some(plan) = families::recognise(weights, name) {
            return Ok(Self::Planned(plan?));
        }
        if has("features.init_block.weight") && has("features.post_activ.bn.weight") {
            wide_resnet(weights)
        } else if has("_conv_stem.weight") && has("_blocks.0._depthwise_conv.weight") {
            efficientnet(weights)
        } else if has("conv1.weight") && has("layer1.0.conv1.weight") {
            resnet(weights)
        } else {
            let first: Vec<_> = weights.names().take(3).collect();
            Err(unknown(format!("its tensors are named {} …", first.join(", "))))
        }
    }

    /// Whether a tensor of this name lies within the network, so that leaving it out would change
    /// the answer (a bias or an extra block, say), and is not merely kept in the same file.
    pub fn owns(&self, name: &str) -> bool {
        let parts: &[&str] = match self {
            Self::ResNet(_) => &["conv", "bn", "layer", "fc.", "linear.", "classifier."],
            Self::WideResNet(_) => &["features.", "output."],
            Self::EfficientNetLite(_) => &["_conv_", "_bn", "_blocks.", "_fc."],
            Self::Planned(plan) => plan.parts,
        };
        parts.iter().any(|part| name.starts_with(part))
    }

    /// Whether the network was made for pictures of 32×32 (or 64×64) pixels.
    pub fn is_for_small_pictures(&self) -> bool {
        match self {
            Self::ResNet(shape) => shape.stem == Stem::Cifar,
            Self::WideResNet(_) => true,
            Self::EfficientNetLite(_) | Self::Planned(_) => false,
        }
    }

    /// Side of one cell of the feature map, in input pixels.
    pub fn stride(&self) -> usize {
        match self {
            Self::ResNet(ResNetShape { stem: Stem::Cifar, .. }) => 8,
            Self::WideResNet(_) => 4,
            Self::ResNet(_) | Self::EfficientNetLite(_) => 32,
            Self::Planned(plan) => plan.stride(),
        }
    }
}

pub fn unknown(reason: String) -> ModelError {
    ModelError::Unknown { reason }
}

/// The shape of a tensor that must be there, as `N` numbers.
fn shape<const N: usize>(weights: &StateDict, name: &str) -> Result<[usize; N], ModelError> {
    let found = weights.shape(name).ok_or_else(|| unknown(format!("it has no tensor {name}")))?;
    <[usize; N]>::try_from(found)
        .map_err(|_| unknown(format!("tensor {name} has the odd shape {found:?}")))
}

/// How many of `prefix.0`, `prefix.1`, … (from `first`) have a tensor `suffix`.
fn count(weights: &StateDict, first: usize, name: impl Fn(usize) -> String) -> usize {
    (first..).take_while(|&i| weights.shape(&name(i)).is_some()).count()
}

fn resnet(weights: &StateDict) -> Result<Architecture, ModelError> {
    let [stem_channels, inputs, kernel, _] = shape(weights, "conv1.weight")?;
    let stem = match kernel {
        7 => Stem::ImageNet,
        3 => Stem::Cifar,
        k => return Err(unknown(format!("a ResNet with a {k}×{k} stem"))),
    };
    if inputs != 3 {
        return Err(unknown(format!("a ResNet for pictures of {inputs} channels, not 3")));
    }
    let blocks = [1, 2, 3, 4]
        .map(|stage| count(weights, 0, |block| format!("layer{stage}.{block}.conv1.weight")));
    if blocks.contains(&0) {
        return Err(unknown("a ResNet with fewer than four stages".to_owned()));
    }
    let bottleneck = weights.shape("layer1.0.conv3.weight").is_some();
    let conv = if bottleneck { "layer1.0.conv2.weight" } else { "layer1.0.conv1.weight" };
    let [width, per_group, ..] = shape::<4>(weights, conv)?;
    let groups = if bottleneck { width.checked_div(per_group).unwrap_or(0) } else { 1 };
    if groups == 0 || (bottleneck && width % per_group != 0) {
        return Err(unknown(format!(
            "tensor {conv} has {width} channels in groups of {per_group}"
        )));
    }
    let is_cifar_style = weights.names().any(|name| name.contains(".shortcut."));
    let shortcut = if is_cifar_style { "shortcut" } else { "downsample" };
    let head = head(weights, &["fc", "linear", "classifier"])?;
    Ok(Architecture::ResNet(ResNetShape {
        stem,
        stem_channels,
        bottleneck,
        blocks,
        groups,
        width,
        shortcut,
        head,
    }))
}

/// The one linear layer, also where it sits in a `Sequential` behind a dropout (`fc.1`).
///
/// # Errors
/// Where there is none, or more than one.
pub fn head(weights: &StateDict, names: &[&str]) -> Result<String, ModelError> {
    let is_head = |name: &&str| {
        let layer = name.strip_suffix(".weight").unwrap_or_default();
        let first = layer.split('.').next().unwrap_or_default();
        names.contains(&first) && weights.shape(name).is_some_and(|shape| shape.len() == 2)
    };
    let found: Vec<&str> = weights.names().filter(is_head).collect();
    match found.as_slice() {
        [one] => Ok(one.trim_end_matches(".weight").to_owned()),
        [] => Err(unknown(format!("it has no linear layer named {}", names.join(", ")))),
        many => Err(unknown(format!(
            "its head has {} linear layers ({}); class activation maps need exactly one",
            many.len(),
            many.join(", ")
        ))),
    }
}

fn wide_resnet(weights: &StateDict) -> Result<Architecture, ModelError> {
    let [stem_channels, ..] = shape::<4>(weights, "features.init_block.weight")?;
    let units = |stage: usize| {
        count(weights, 1, |unit| format!("features.stage{stage}.unit{unit}.body.conv1.conv.weight"))
    };
    let counts = [1, 2, 3].map(units);
    if counts[0] == 0 || counts.iter().any(|&count| count != counts[0]) {
        return Err(unknown(format!("a wide ResNet with stages of {counts:?} units")));
    }
    let [width, ..] = shape::<4>(weights, "features.stage1.unit1.body.conv1.conv.weight")?;
    Ok(Architecture::WideResNet(WideResNetShape { stem_channels, units: counts[0], width }))
}

fn efficientnet(weights: &StateDict) -> Result<Architecture, ModelError> {
    if weights.names().any(|name| name.contains("._se_reduce")) {
        return Err(unknown(
            "an EfficientNet with squeeze-and-excitation in lukemelas' names; those of torchvision \
             and timm are known"
                .into(),
        ));
    }
    // A stage is a run of blocks with as many output channels.
    let blocks = count(weights, 0, |block| format!("_blocks.{block}._depthwise_conv.weight"));
    let mut repeats = Vec::new();
    let mut last_channels = 0;
    for block in 0..blocks {
        let [channels, ..] = shape::<4>(weights, &format!("_blocks.{block}._project_conv.weight"))?;
        match repeats.last_mut() {
            Some(count) if channels == last_channels => *count += 1,
            _ => repeats.push(1),
        }
        last_channels = channels;
    }
    let repeats = <[usize; 7]>::try_from(repeats)
        .map_err(|found| unknown(format!("an EfficientNet with {} stages, not 7", found.len())))?;
    Ok(Architecture::EfficientNetLite(EfficientNetShape { repeats, last_channels }))
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ResNet(shape) => shape.fmt(f),
            Self::Planned(plan) => f.write_str(&plan.name),
            Self::WideResNet(WideResNetShape { units, width, stem_channels }) => {
                write!(f, "WideResNet-{}-{} (CIFAR)", 6 * units + 4, width / stem_channels.max(&1))
            }
            Self::EfficientNetLite(shape) => match shape.variant() {
                Some(variant) => write!(f, "EfficientNet-Lite{variant}"),
                None => f.write_str("EfficientNet-Lite (own size)"),
            },
        }
    }
}

impl fmt::Display for ResNetShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_block = if self.bottleneck { 3 } else { 2 };
        let depth = 2 + per_block * self.blocks.iter().sum::<usize>();
        match (self.groups, self.width) {
            (1, 128) if self.bottleneck => write!(f, "Wide ResNet-{depth}-2")?,
            (groups, width) if groups > 1 => {
                write!(f, "ResNeXt-{depth} {groups}×{}d", width / groups)?;
            }
            _ => write!(f, "ResNet-{depth}")?,
        }
        if self.stem == Stem::Cifar { f.write_str(" (CIFAR)") } else { Ok(()) }
    }
}
