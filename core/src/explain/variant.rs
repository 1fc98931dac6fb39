//! The kinds of map: the paper's, Grad-CAM, and the two of the 2020 tutorial.

use image::RgbImage;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cam::Cam;
use super::feature_map::{FeatureMap, Forward};
use super::render::{Paint, Scale, heatmap, overlay, overlay_picture, tutorial_heatmap};
use crate::preprocess::RectTransform;

/// Which map to compute, and how its heatmap is drawn.
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
pub enum Variant {
    /// Zhou et al. 2016, on the pooled features: signed, and it adds up to the logit.
    #[default]
    Paper,
    /// The 2020 tutorial to the pixel: it reads the last convolution before batch norm, skip
    /// connection and ReLU, mirrors the map about its diagonal, and enlarges coloured pixels.
    Tutorial,
    /// The tutorial's map the right way round; everything else as there.
    TutorialFixed,
    /// Selvaraju et al. 2017, as `pytorch-grad-cam` draws it: the paper's map without its negative
    /// part.
    #[serde(rename = "gradcam")]
    #[strum(serialize = "gradcam")]
    GradCam,
}

/// A map needs a tensor that the network does not have; the field says which map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MissingMap {
    #[error(
        "The map {:?} needs the last convolution of a ResNet with basic blocks (18 or 34 layers); \
         use the map \"paper\" or \"gradcam\" for this network",
        .0.to_string()
    )]
    Conv2(Variant),
    #[error("The map {:?} needs a feature map that is average-pooled", .0.to_string())]
    Features(Variant),
}

impl Variant {
    /// The map before any scaling, for a row of the head (a class) or a mean of rows (a tree node).
    ///
    /// `[H, W]`, but `[W, H]` for [`Variant::Tutorial`]. Only [`Variant::Paper`] is in logits.
    ///
    /// # Errors
    /// When the network lacks the tensor that the map is made of.
    ///
    /// # Panics
    /// If `row` has not one weight per channel.
    pub fn raw(self, forward: &Forward, row: &[f32]) -> Result<Cam, MissingMap> {
        let of = |features: &Option<FeatureMap>, missing: MissingMap| {
            Ok(Cam::compute(features.as_ref().ok_or(missing)?, row))
        };
        let of_features = || of(&forward.features, MissingMap::Features(self));
        let of_conv2 = || of(&forward.conv2, MissingMap::Conv2(self));
        match self {
            Self::Paper => of_features(),
            Self::Tutorial => Ok(of_conv2()?.transposed()),
            Self::TutorialFixed => of_conv2(),
            Self::GradCam => Ok(of_features()?.gradcam_raw()),
        }
    }

    /// The picture of a map from [`Variant::raw`], `width` x `height`.
    ///
    /// The tutorial's maps have colours of their own and ignore `paint`.
    pub fn heatmap(self, raw: &Cam, width: u32, height: u32, paint: &Paint) -> RgbImage {
        match self {
            Self::Paper => heatmap(raw, width, height, paint),
            Self::Tutorial | Self::TutorialFixed => tutorial_heatmap(raw, width, height),
            Self::GradCam if paint.smooth => {
                let map = raw.gradcam_picture(height as usize, width as usize);
                heatmap(&map, width, height, &gradcam_paint(paint))
            }
            Self::GradCam => heatmap(raw, width, height, paint),
        }
    }

    /// The same map over the whole photo, at its full resolution; see [`overlay`].
    pub fn overlay(
        self,
        photo: &RgbImage,
        raw: &Cam,
        photo_from_input: RectTransform,
        input_size: u32,
        paint: &Paint,
    ) -> RgbImage {
        match self {
            Self::Tutorial | Self::TutorialFixed => {
                let colors = |width, height| tutorial_heatmap(raw, width, height);
                overlay_picture(photo, colors, photo_from_input, input_size, paint.alpha)
            }
            Self::GradCam if paint.smooth => {
                let side = input_size as usize;
                let map = raw.gradcam_picture(side, side);
                overlay(photo, &map, photo_from_input, input_size, &gradcam_paint(paint))
            }
            Self::Paper | Self::GradCam => overlay(photo, raw, photo_from_input, input_size, paint),
        }
    }
}

/// Grad-CAM is scaled to 0..1 already; zero stays in the middle of a signed colour map.
fn gradcam_paint(paint: &Paint) -> Paint {
    let floor = if paint.colormap.is_signed() { -1.0 } else { 0.0 };
    Paint { scale: Scale::Shared([floor, 1.0]), ..*paint }
}
