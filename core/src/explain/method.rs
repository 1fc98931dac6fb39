//! The ways to ask where a network looked.

use serde::{Deserialize, Serialize};

use super::method_kind::MethodKind;
use super::probe::Density;
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
    /// What is done to make its map: all that differs between two methods of one kind is here.
    pub fn kind(self) -> MethodKind {
        match self {
            Self::Cam => MethodKind::Cam,
            Self::Dense2 => MethodKind::Dense(Density::Double),
            Self::Dense4 => MethodKind::Dense(Density::Quadruple),
            Self::DenseShift => MethodKind::DenseShifted(Density::Quadruple, 2),
            Self::Shift2 => MethodKind::Shifted(2),
            Self::Shift4 => MethodKind::Shifted(4),
            Self::MultiScale => MethodKind::MultiScale,
            Self::Tiles => MethodKind::Tiles,
            Self::GradCam => MethodKind::Stage(StageCam::GradCam, 0),
            Self::GradCam2 => MethodKind::Stage(StageCam::GradCam, 1),
            Self::GradCam4 => MethodKind::Stage(StageCam::GradCam, 2),
            Self::GradCamPlusPlus => MethodKind::Stage(StageCam::GradCamPlusPlus, 0),
            Self::GradCamPlusPlus2 => MethodKind::Stage(StageCam::GradCamPlusPlus, 1),
            Self::GradCamPlusPlus4 => MethodKind::Stage(StageCam::GradCamPlusPlus, 2),
            Self::HiResCam2 => MethodKind::Stage(StageCam::HiResCam, 1),
            Self::HiResCam4 => MethodKind::Stage(StageCam::HiResCam, 2),
            Self::LayerCam => MethodKind::Stage(StageCam::LayerCam, 0),
            Self::LayerCam2 => MethodKind::Stage(StageCam::LayerCam, 1),
            Self::LayerCam4 => MethodKind::Stage(StageCam::LayerCam, 2),
            Self::LayerCam8 => MethodKind::Stage(StageCam::LayerCam, 3),
            Self::IntegratedGradients => MethodKind::IntegratedGradients,
            Self::SmoothGrad => MethodKind::SmoothGrad,
            Self::Occlusion => MethodKind::Occlusion,
            Self::Rise => MethodKind::Rise,
        }
    }

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
}
