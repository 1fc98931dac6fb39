//! The ways to ask where a network looked.

use serde::{Deserialize, Serialize};

/// How a map is made.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
pub enum Method {
    /// Zhou et al. 2016: exact and signed.
    #[default]
    Cam,
    /// The last stride left out: four cells in place of one, the native ones among them.
    Dense2,
    /// The last two strides left out: sixteen cells in place of one.
    Dense4,
    /// The last two strides left out, on four shifted inputs: sixty-four cells in place of one.
    #[serde(rename = "dense4-shift2")]
    #[strum(serialize = "dense4-shift2")]
    DenseShift,
    /// The network on shifted inputs, four cells in place of one.
    Shift2,
    /// Sixteen cells in place of one.
    Shift4,
    /// Three sizes of the picture, each also mirrored; the mean of the six maps.
    MultiScale,
    /// Selvaraju et al. 2017, on the last feature map.
    #[serde(rename = "gradcam")]
    #[strum(serialize = "gradcam")]
    GradCam,
    /// Chattopadhay et al. 2018, on the last feature map.
    #[serde(rename = "gradcam++")]
    #[strum(serialize = "gradcam++")]
    GradCamPlusPlus,
    /// Jiang et al. 2021, on the last feature map.
    #[serde(rename = "layercam")]
    #[strum(serialize = "layercam")]
    LayerCam,
    /// Zeiler and Fergus 2014: a patch slides over the picture.
    Occlusion,
    /// Petsiuk et al. 2018: random masks.
    Rise,
}

impl Method {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cam => "CAM",
            Self::Dense2 => "CAM, last stride left out",
            Self::Dense4 => "CAM, last two strides left out",
            Self::DenseShift => "CAM, last two strides left out, 2 × 2 shifts",
            Self::Shift2 => "CAM, 2 × 2 shifts",
            Self::Shift4 => "CAM, 4 × 4 shifts",
            Self::MultiScale => "CAM, three sizes and mirrored",
            Self::GradCam => "Grad-CAM",
            Self::GradCamPlusPlus => "Grad-CAM++",
            Self::LayerCam => "LayerCAM",
            Self::Occlusion => "Occlusion",
            Self::Rise => "RISE",
        }
    }

    /// What its map shows, in a sentence.
    pub fn shows(self) -> &'static str {
        match self {
            Self::Cam => {
                "What each cell of the last feature map contributes to the logit; the cells add \
                 up to it"
            }
            Self::Dense2 | Self::Dense4 => {
                "What each cell contributes on a finer grid; the cells of the plain map are among \
                 them, unchanged"
            }
            Self::DenseShift | Self::Shift2 | Self::Shift4 => {
                "What each cell contributes while the picture is shifted under the grid; the mean \
                 is the mean logit of the shifted pictures"
            }
            Self::MultiScale => "Where evidence persists when the picture is enlarged and mirrored",
            Self::GradCam => "The evidence for the class, without the evidence against it",
            Self::GradCamPlusPlus => {
                "The evidence for the class, weighting channels that respond in few places more"
            }
            Self::LayerCam => "Where the channels with evidence for the class respond",
            Self::Occlusion => "How much the score drops when a patch hides the place",
            Self::Rise => "How much the score exceeds its mean while the place is visible",
        }
    }

    /// What its map does not show, in a sentence.
    pub fn limits(self) -> &'static str {
        match self {
            Self::Cam => {
                "A cell sees most of the picture, so the map does not say which pixels \
                          caused it"
            }
            Self::Dense2 | Self::Dense4 => {
                "The network was not trained this way; the cells in between may lie outside the \
                 range it knows"
            }
            Self::DenseShift | Self::Shift2 | Self::Shift4 => {
                "It explains the mean of several answers; what is shifted in at the border is \
                 invented"
            }
            Self::MultiScale => "It does not add up to a logit, and large objects may fall apart",
            Self::GradCam => "Evidence against the class is cut off",
            Self::GradCamPlusPlus => "It does not add up to anything, and its weights have no unit",
            Self::LayerCam => {
                "Channels with evidence against the class are left out, so it looks alike for \
                 classes that share channels"
            }
            Self::Occlusion => {
                "A patch shows only the effect of hiding one place, and the network never saw \
                 such patches"
            }
            Self::Rise => "It is noisy, and the network never saw such masks",
        }
    }

    /// Whether it adds up: its mean and the bias make a logit.
    pub fn is_exact(self) -> bool {
        match self {
            Self::Cam
            | Self::Dense2
            | Self::Dense4
            | Self::DenseShift
            | Self::Shift2
            | Self::Shift4 => true,
            Self::MultiScale
            | Self::GradCam
            | Self::GradCamPlusPlus
            | Self::LayerCam
            | Self::Occlusion
            | Self::Rise => false,
        }
    }
}
