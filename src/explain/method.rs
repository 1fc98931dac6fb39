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
                "What each cell of the last feature map adds to the logit; the cells sum up to it"
            }
            Self::Dense2 | Self::Dense4 => {
                "What each cell adds where the network looks more closely; the cells of the plain \
                 map are among these, unchanged"
            }
            Self::DenseShift | Self::Shift2 | Self::Shift4 => {
                "What each cell adds while the picture is moved under the cells; their mean is the \
                 mean logit of the moved pictures"
            }
            Self::MultiScale => {
                "Where the evidence is found again when the picture is enlarged and mirrored"
            }
            Self::GradCam => "The evidence for the class, without what speaks against it",
            Self::GradCamPlusPlus => {
                "The evidence for the class, with channels that react in few places counted more"
            }
            Self::LayerCam => "Where the channels react that speak for the class",
            Self::Occlusion => "How much less is scored when the place is hidden by a patch",
            Self::Rise => "How much more is scored while the place is visible than on average",
        }
    }

    /// What its map does not show, in a sentence.
    pub fn limits(self) -> &'static str {
        match self {
            Self::Cam => "A cell sees most of the picture, so it says not which pixels made it",
            Self::Dense2 | Self::Dense4 => {
                "The network was not trained so; the cells in between may be off the scale it knows"
            }
            Self::DenseShift | Self::Shift2 | Self::Shift4 => {
                "It explains the mean of several answers; what is moved in at the border is invented"
            }
            Self::MultiScale => "It adds up to no logit, and large things may fall apart",
            Self::GradCam => "What speaks against the class is cut off",
            Self::GradCamPlusPlus => "It adds up to nothing, and its weights have no unit",
            Self::LayerCam => {
                "Channels that speak against the class are left out, so that it looks alike for \
                 classes that share channels"
            }
            Self::Occlusion => {
                "A patch shows only what it hides alone, and the network never saw such patches"
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
