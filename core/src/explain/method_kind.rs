//! What is done to make a map, whatever stage or density a method takes.

use super::probe::Density;
use super::stage_cam::StageCam;

/// What is done to make a map. The methods of the list ([`super::Method`]) are these with their
/// numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// The rows of the head over the last feature map.
    Cam,
    /// The same without the last strides of the network.
    Dense(Density),
    /// That on pictures shifted so many times along each axis.
    DenseShifted(Density, usize),
    /// The network as it is, on pictures shifted so many times along each axis.
    Shifted(usize),
    /// The mean over sizes of the picture and mirror images.
    MultiScale,
    /// Squares over all of the photo.
    Tiles,
    /// From the values and the gradients of the feature map that lies so many strides before the last
    /// one.
    Stage(StageCam, usize),
    IntegratedGradients,
    SmoothGrad,
    Occlusion,
    Rise,
}

impl MethodKind {
    /// What the map shows, in a sentence.
    pub fn shows(self) -> &'static str {
        match self {
            Self::Cam => {
                "What each cell of the last feature map contributes to the logit; the cells add \
                 up to it"
            }
            Self::Dense(_) => {
                "What each cell contributes on a finer grid; the cells of the plain map are among \
                 them, unchanged"
            }
            Self::DenseShifted(..) | Self::Shifted(_) => {
                "What each cell contributes while the picture is shifted under the grid; the mean \
                 is the mean logit of the shifted pictures"
            }
            Self::MultiScale => "Where evidence persists when the picture is enlarged and mirrored",
            Self::Tiles => {
                "What each cell contributes all over the photo, seen in overlapping squares; weighted \
                 with how many squares cover a place, the mean is their mean logit"
            }
            Self::Stage(StageCam::GradCam, 0) => {
                "The evidence for the class, without the evidence against it"
            }
            Self::Stage(StageCam::GradCam, _) => {
                "Where channels of a finer feature map respond that speak for the class on average"
            }
            Self::Stage(StageCam::GradCamPlusPlus, _) => {
                "The evidence for the class, weighting channels that respond in few places more"
            }
            Self::Stage(StageCam::HiResCam, _) => {
                "Where a finer feature map speaks for the class, value times gradient"
            }
            Self::Stage(StageCam::LayerCam, 0) => {
                "Where the channels with evidence for the class respond"
            }
            Self::Stage(StageCam::LayerCam, _) => {
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

    /// What the map does not show, in a sentence.
    pub fn limits(self) -> &'static str {
        match self {
            Self::Cam => {
                "A cell sees most of the picture, so the map does not say which pixels caused it"
            }
            Self::Dense(_) => {
                "The network was not trained this way; the cells in between may lie outside the \
                 range it knows"
            }
            Self::DenseShifted(..) | Self::Shifted(_) => {
                "It explains the mean of several answers; what is shifted in at the border is \
                 invented"
            }
            Self::MultiScale => "It does not add up to a logit, and large objects may fall apart",
            Self::Tiles => {
                "It explains the mean of several answers, each to a part of the photo; a square that \
                 misses the object has evidence, too"
            }
            Self::Stage(StageCam::GradCam, 0) => "Evidence against the class is cut off",
            Self::Stage(StageCam::GradCam, _) => {
                "A channel that matters at one place counts at all places, which blurs early stages"
            }
            Self::Stage(StageCam::GradCamPlusPlus, _) => {
                "It does not add up to anything, and its weights have no unit"
            }
            Self::Stage(StageCam::HiResCam, _) => {
                "Early feature maps respond to edges and textures, whichever class they belong to"
            }
            Self::Stage(StageCam::LayerCam, 0) => {
                "Channels with evidence against the class are left out, so it looks alike for \
                 classes that share channels"
            }
            Self::Stage(StageCam::LayerCam, _) => {
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

    /// Whether the map adds up: its mean and the bias make a logit.
    pub fn is_exact(self) -> bool {
        match self {
            Self::Cam
            | Self::Dense(_)
            | Self::DenseShifted(..)
            | Self::Shifted(_)
            | Self::Tiles => true,
            Self::MultiScale
            | Self::Stage(..)
            | Self::IntegratedGradients
            | Self::SmoothGrad
            | Self::Occlusion
            | Self::Rise => false,
        }
    }

    /// How many cells the map has in place of one of the last feature map, along each axis; `None`
    /// for maps that have no such cells.
    pub fn factor(self) -> Option<usize> {
        match self {
            Self::Cam => Some(1),
            Self::Dense(density) => Some(density.factor()),
            Self::DenseShifted(density, shifts) => Some(shifts * density.factor()),
            Self::Shifted(shifts) => Some(shifts),
            Self::Stage(_, strides) => Some(1 << strides),
            Self::MultiScale
            | Self::Tiles
            | Self::IntegratedGradients
            | Self::SmoothGrad
            | Self::Occlusion
            | Self::Rise => None,
        }
    }

    /// Whether the network is asked for one target alone, and anew for each other one.
    pub fn is_of_one_target(self) -> bool {
        matches!(self, Self::Stage(..)) || self.is_of_pixels()
    }

    /// Whether each pixel has a value of its own, which may be unlike its neighbours'.
    pub fn is_of_pixels(self) -> bool {
        matches!(self, Self::IntegratedGradients | Self::SmoothGrad)
    }
}
