//! Whether a network is as often right as it says.

use super::Tally;

/// How many bins the confidences are sorted into, each as wide as the others.
pub const BINS: usize = 15;

/// How sure the network was of its predictions, against how often it was right (Guo et al. 2017,
/// "On calibration of modern neural networks").
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    /// From the least sure ones to the surest.
    pub bins: [Bin; BINS],
}

/// Predictions of about the same confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    pub right: Tally,
    /// Sum of their probabilities.
    pub confidence: f64,
}

impl Bin {
    /// The mean probability, 0 to 1; `None` without predictions.
    pub fn mean_confidence(&self) -> Option<f64> {
        (self.right.of > 0).then(|| self.confidence / self.right.of as f64)
    }
}

impl Calibration {
    /// Counts a prediction of this probability. NaN counts as 0.
    pub fn add(&mut self, confidence: f32, is_right: bool) {
        let confidence = f64::from(confidence).clamp(0.0, 1.0);
        let bin = if confidence.is_nan() { 0 } else { (confidence * BINS as f64) as usize };
        if let Some(bin) = self.bins.get_mut(bin.min(BINS - 1)) {
            bin.right.add(is_right);
            bin.confidence += if confidence.is_nan() { 0.0 } else { confidence };
        }
    }

    /// The expected calibration error: the mean distance of confidence and accuracy over the bins,
    /// weighted by their predictions, 0 to 1; `None` without predictions.
    pub fn error(&self) -> Option<f64> {
        let all: usize = self.bins.iter().map(|bin| bin.right.of).sum();
        let gap = |bin: &Bin| (bin.confidence - bin.right.right as f64).abs();
        (all > 0).then(|| self.bins.iter().map(gap).sum::<f64>() / all as f64)
    }
}
