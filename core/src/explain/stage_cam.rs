//! Class activation maps of any feature map, from what is there and from the gradient: Grad-CAM and
//! its relatives at earlier stages, which are finer.
//!
//! On the last feature map of a network that ends in a mean and a linear layer, no gradient has to be
//! computed (`gradcam`).

use super::cam::Cam;
use super::evidence::Question;
use super::feature_map::FeatureMap;
use super::probe::{Answers, Probe, ProbeInput};
use super::slope::{Site, Slope};

/// What a map makes of values and gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageCam {
    /// Selvaraju et al. 2017: each channel counts as much as its mean gradient.
    GradCam,
    /// Chattopadhay et al. 2018, equation 19 with the gradients of the logit, as the package
    /// `pytorch-grad-cam` computes it.
    GradCamPlusPlus,
    /// Draelos and Carin 2020: value times gradient, cell by cell.
    HiResCam,
    /// Jiang et al. 2021: the same, where the gradient is positive.
    LayerCam,
}

impl StageCam {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::GradCam => "Grad-CAM",
            Self::GradCamPlusPlus => "Grad-CAM++",
            Self::HiResCam => "HiResCAM",
            Self::LayerCam => "LayerCAM",
        }
    }

    /// The map before any scaling; what speaks against is cut off.
    ///
    /// # Panics
    /// If the two have not the same shape.
    pub fn map(self, values: &FeatureMap, gradient: &FeatureMap) -> Cam {
        assert_eq!(values.data.len(), gradient.data.len(), "a gradient for each value");
        let (height, width) = (values.height, values.width);
        let mut sums = vec![0.0_f64; height * width];
        for (plane, gradients) in values.planes().zip(gradient.planes()) {
            let weight = self.weight(plane, gradients);
            for ((sum, &value), &gradient) in sums.iter_mut().zip(plane).zip(gradients) {
                let factor = match self {
                    Self::GradCam | Self::GradCamPlusPlus => weight,
                    Self::HiResCam => f64::from(gradient),
                    Self::LayerCam => f64::from(gradient.max(0.0)),
                };
                *sum += f64::from(value) * factor;
            }
        }
        Cam { height, width, data: sums.into_iter().map(|sum| sum as f32).collect() }.positive()
    }

    /// How much a channel counts as a whole.
    fn weight(self, plane: &[f32], gradients: &[f32]) -> f64 {
        /// Spares channels without gradient the division by zero; the package's value.
        const EPSILON: f64 = 1e-6;
        let gradients = || gradients.iter().copied().map(f64::from);
        match self {
            Self::GradCam => gradients().sum::<f64>() / plane.len().max(1) as f64,
            Self::GradCamPlusPlus => {
                let sum: f64 = plane.iter().copied().map(f64::from).sum();
                let of = |gradient: f64| {
                    let square = gradient * gradient;
                    let alpha = square / (2.0 * square + sum * square * gradient + EPSILON);
                    alpha * gradient.max(0.0)
                };
                gradients().map(of).sum()
            }
            Self::HiResCam | Self::LayerCam => 0.0,
        }
    }
}

/// Asks for the values and the gradient of one feature map.
#[derive(Clone, Debug, PartialEq)]
pub struct StageProbe {
    pub input: ProbeInput,
    pub question: Question,
    pub kind: StageCam,
    /// Strides before the last feature map.
    pub stage: usize,
}

impl StageProbe {
    /// `None` before the answer is there.
    pub fn map(&self, answers: &Answers) -> Option<Cam> {
        let FeatureMap { height, width, data, .. } = answers.0.first()?.features.clone()?;
        Some(Cam { height, width, data })
    }
}

impl Probe for StageProbe {
    fn count(&self) -> usize {
        1
    }

    fn input(&self, _: usize) -> ProbeInput {
        self.input.clone()
    }

    fn gradient(&self, _: usize) -> Option<(&Question, Site)> {
        Some((&self.question, Site::Stage(self.stage)))
    }

    /// The map alone, which is much smaller.
    fn keep(&self, _: usize, slope: Slope) -> FeatureMap {
        let Cam { height, width, data } = self.kind.map(&slope.values, &slope.gradient);
        FeatureMap { channels: 1, height, width, data }
    }
}
