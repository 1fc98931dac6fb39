//! The ways to ask where a network looked.

use serde::{Deserialize, Serialize};

use super::stage_cam::StageCam;

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
    /// Squares of the usual size over all of the photo, each overlapping the next.
    Tiles,
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
    /// The same on the last feature map that is finer by one stride, from its gradient.
    #[serde(rename = "gradcam2")]
    #[strum(serialize = "gradcam2")]
    GradCam2,
    /// By two strides.
    #[serde(rename = "gradcam4")]
    #[strum(serialize = "gradcam4")]
    GradCam4,
    #[serde(rename = "gradcam++2")]
    #[strum(serialize = "gradcam++2")]
    GradCamPlusPlus2,
    #[serde(rename = "gradcam++4")]
    #[strum(serialize = "gradcam++4")]
    GradCamPlusPlus4,
    /// Draelos and Carin 2020; on the last feature map it is Grad-CAM.
    #[serde(rename = "hirescam2")]
    #[strum(serialize = "hirescam2")]
    HiResCam2,
    #[serde(rename = "hirescam4")]
    #[strum(serialize = "hirescam4")]
    HiResCam4,
    #[serde(rename = "layercam2")]
    #[strum(serialize = "layercam2")]
    LayerCam2,
    #[serde(rename = "layercam4")]
    #[strum(serialize = "layercam4")]
    LayerCam4,
    #[serde(rename = "layercam8")]
    #[strum(serialize = "layercam8")]
    LayerCam8,
    /// Sundararajan et al. 2017.
    IntegratedGradients,
    /// Smilkov et al. 2017.
    #[serde(rename = "smoothgrad")]
    #[strum(serialize = "smoothgrad")]
    SmoothGrad,
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
            Self::Tiles => "CAM, tiles over the whole photo",
            Self::GradCam => "Grad-CAM",
            Self::GradCamPlusPlus => "Grad-CAM++",
            Self::LayerCam => "LayerCAM",
            Self::GradCam2 => "Grad-CAM, one stage earlier",
            Self::GradCam4 => "Grad-CAM, two stages earlier",
            Self::GradCamPlusPlus2 => "Grad-CAM++, one stage earlier",
            Self::GradCamPlusPlus4 => "Grad-CAM++, two stages earlier",
            Self::HiResCam2 => "HiResCAM, one stage earlier",
            Self::HiResCam4 => "HiResCAM, two stages earlier",
            Self::LayerCam2 => "LayerCAM, one stage earlier",
            Self::LayerCam4 => "LayerCAM, two stages earlier",
            Self::LayerCam8 => "LayerCAM, three stages earlier",
            Self::IntegratedGradients => "Integrated gradients",
            Self::SmoothGrad => "SmoothGrad",
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
            Self::Tiles => {
                "What each cell contributes all over the photo, seen in overlapping squares; weighted \
                 with how many squares cover a place, the mean is their mean logit"
            }
            Self::GradCam => "The evidence for the class, without the evidence against it",
            Self::GradCam2 | Self::GradCam4 => {
                "Where channels of a finer feature map respond that speak for the class on average"
            }
            Self::HiResCam2 | Self::HiResCam4 => {
                "Where a finer feature map speaks for the class, value times gradient"
            }
            Self::GradCamPlusPlus | Self::GradCamPlusPlus2 | Self::GradCamPlusPlus4 => {
                "The evidence for the class, weighting channels that respond in few places more"
            }
            Self::LayerCam => "Where the channels with evidence for the class respond",
            Self::LayerCam2 | Self::LayerCam4 | Self::LayerCam8 => {
                "Where a finer feature map speaks for the class, cell by cell"
            }
            Self::IntegratedGradients => {
                "What the pixels contribute on the way from a picture without anything, added up \
                 over small squares; all of them make the difference"
            }
            Self::SmoothGrad => "How strongly the score reacts to small changes of pixels",
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
            Self::Tiles => {
                "It explains the mean of several answers, each to a part of the photo; a square that \
                 misses the object has evidence, too"
            }
            Self::GradCam => "Evidence against the class is cut off",
            Self::GradCam2 | Self::GradCam4 => {
                "A channel that matters at one place counts at all places, which blurs early stages"
            }
            Self::HiResCam2 | Self::HiResCam4 => {
                "Early feature maps respond to edges and textures, whichever class they belong to"
            }
            Self::GradCamPlusPlus | Self::GradCamPlusPlus2 | Self::GradCamPlusPlus4 => {
                "It does not add up to anything, and its weights have no unit"
            }
            Self::LayerCam => {
                "Channels with evidence against the class are left out, so it looks alike for \
                 classes that share channels"
            }
            Self::LayerCam2 | Self::LayerCam4 | Self::LayerCam8 => {
                "What speaks against the class is left out, and early feature maps respond to edges \
                 and textures, whichever class they belong to"
            }
            Self::IntegratedGradients => {
                "It depends on what the picture is compared with, is noisy from pixel to pixel, and \
                 gives nothing to what looks like the baseline"
            }
            Self::SmoothGrad => {
                "It shows where the score is sensitive, not what it is made of, and not whether \
                 a change would speak for or against"
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
            | Self::Shift4
            | Self::Tiles => true,
            Self::MultiScale
            | Self::GradCam
            | Self::GradCamPlusPlus
            | Self::LayerCam
            | Self::GradCam2
            | Self::GradCam4
            | Self::GradCamPlusPlus2
            | Self::GradCamPlusPlus4
            | Self::HiResCam2
            | Self::HiResCam4
            | Self::LayerCam2
            | Self::LayerCam4
            | Self::LayerCam8
            | Self::IntegratedGradients
            | Self::SmoothGrad
            | Self::Occlusion
            | Self::Rise => false,
        }
    }

    /// What is made of a feature map and its gradient, and how many strides before the last feature
    /// map, for the methods that work so.
    pub fn on_stage(self) -> Option<(StageCam, usize)> {
        Some(match self {
            Self::GradCam => (StageCam::GradCam, 0),
            Self::GradCam2 => (StageCam::GradCam, 1),
            Self::GradCam4 => (StageCam::GradCam, 2),
            Self::GradCamPlusPlus => (StageCam::GradCamPlusPlus, 0),
            Self::GradCamPlusPlus2 => (StageCam::GradCamPlusPlus, 1),
            Self::GradCamPlusPlus4 => (StageCam::GradCamPlusPlus, 2),
            Self::HiResCam2 => (StageCam::HiResCam, 1),
            Self::HiResCam4 => (StageCam::HiResCam, 2),
            Self::LayerCam => (StageCam::LayerCam, 0),
            Self::LayerCam2 => (StageCam::LayerCam, 1),
            Self::LayerCam4 => (StageCam::LayerCam, 2),
            Self::LayerCam8 => (StageCam::LayerCam, 3),
            Self::Cam
            | Self::Dense2
            | Self::Dense4
            | Self::DenseShift
            | Self::Shift2
            | Self::Shift4
            | Self::MultiScale
            | Self::Tiles
            | Self::IntegratedGradients
            | Self::SmoothGrad
            | Self::Occlusion
            | Self::Rise => return None,
        })
    }

    /// Whether the network is asked for one target alone, and anew for each other one.
    pub fn is_of_one_target(self) -> bool {
        self.on_stage().is_some() || self.is_of_pixels()
    }

    /// Whether each pixel has a value of its own, which may be unlike its neighbours'.
    pub fn is_of_pixels(self) -> bool {
        matches!(self, Self::IntegratedGradients | Self::SmoothGrad)
    }
}
