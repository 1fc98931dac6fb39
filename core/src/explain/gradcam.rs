//! Grad-CAM and its relatives on the last feature map, where no gradient has to be computed: behind
//! it come only pooling and a linear layer, so the gradient of a logit is the same at every cell,
//! `g_k = w_k / (H W)`.
//!
//! Grad-CAM itself is [`Cam::gradcam_raw`]. HiResCAM (Draelos and Carin 2020) multiplies cell by
//! cell where Grad-CAM averages first; with a gradient that is the same everywhere, both are equal.

use super::cam::Cam;
use super::feature_map::FeatureMap;
use super::stage_cam::StageCam;

impl StageCam {
    /// The map of the last feature map, before any scaling, for the row of the head that answers the
    /// question.
    ///
    /// # Panics
    /// If `row` has not one weight per channel.
    pub fn of_last_stage(self, features: &FeatureMap, row: &[f32]) -> Cam {
        match self {
            Self::GradCam | Self::HiResCam => Cam::compute(features, row).gradcam_raw(),
            Self::GradCamPlusPlus => Cam::gradcam_plus_plus(features, row),
            Self::LayerCam => Cam::layercam(features, row),
        }
    }
}

impl Cam {
    /// Grad-CAM++ (Chattopadhay et al. 2018, equation 19 with the gradients of the logit, as the
    /// package `pytorch-grad-cam` computes it), before any scaling.
    ///
    /// # Panics
    /// If `row` has not one weight per channel.
    pub fn gradcam_plus_plus(features: &FeatureMap, row: &[f32]) -> Self {
        /// Spares channels without gradient the division by zero; the package's value.
        const EPSILON: f64 = 1e-6;
        let cells = (features.height * features.width) as f64;
        let weight = |(&w, plane): (&f32, &[f32])| {
            let gradient = f64::from(w) / cells;
            let sum: f64 = plane.iter().copied().map(f64::from).sum();
            let square = gradient * gradient;
            let alpha = square / (2.0 * square + sum * square * gradient + EPSILON);
            (cells * alpha * gradient.max(0.0)) as f32
        };
        let weights: Vec<f32> = row.iter().zip(features.planes()).map(weight).collect();
        Self::compute(features, &weights).positive()
    }

    /// LayerCAM (Jiang et al. 2021): the evidence of the channels that speak for the class, without
    /// those that speak against it; before any scaling.
    ///
    /// # Panics
    /// If `row` has not one weight per channel.
    pub fn layercam(features: &FeatureMap, row: &[f32]) -> Self {
        let cells = (features.height * features.width) as f32;
        let weights: Vec<f32> = row.iter().map(|w| w.max(0.0) / cells).collect();
        Self::compute(features, &weights).positive()
    }
}
