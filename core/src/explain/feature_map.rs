//! The two ends of the linear layer: the features it reads and the logits it gives.

/// Index of a class: the row of the head, the entry of the logits, the line of the label list.
pub type ClassId = usize;

/// The tensor that is average-pooled before the linear layer, after the last ReLU.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMap {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// `[channels, height, width]`, row-major.
    pub data: Vec<f32>,
}

impl FeatureMap {
    /// Global average pooling: the mean of each channel, `[channels]`.
    pub fn pooled(&self) -> Vec<f32> {
        self.planes().map(mean).collect()
    }

    /// The channels one after the other, each `[height, width]`.
    pub fn planes(&self) -> impl Iterator<Item = &[f32]> {
        self.data.chunks_exact((self.height * self.width).max(1))
    }
}

/// The linear layer behind the pooling: `logits = weight · pooled + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub classes: usize,
    pub channels: usize,
    /// `[classes, channels]`, row-major.
    pub weight: Vec<f32>,
    /// `[classes]`.
    pub bias: Vec<f32>,
}

impl Head {
    /// The logits are the pooled features themselves.
    pub fn identity(classes: usize) -> Self {
        let mut weight = vec![0.0; classes * classes];
        weight.iter_mut().step_by(classes + 1).for_each(|value| *value = 1.0);
        Self { classes, channels: classes, weight, bias: vec![0.0; classes] }
    }

    /// The weights of class `c`, `[channels]`.
    ///
    /// # Panics
    /// If there is no class `c`.
    pub fn row(&self, c: ClassId) -> &[f32] {
        &self.weight[c * self.channels..][..self.channels]
    }

    /// The mean row and the mean bias of `classes`: the head of a tree node that has these leaves.
    ///
    /// No classes give zeros.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn mean_row(&self, classes: &[ClassId]) -> (Vec<f32>, f32) {
        let scale = 1.0 / classes.len().max(1) as f64;
        let mut row = vec![0.0_f64; self.channels];
        for &c in classes {
            for (sum, &w) in row.iter_mut().zip(self.row(c)) {
                *sum += f64::from(w);
            }
        }
        let bias: f64 = classes.iter().map(|&c| f64::from(self.bias[c])).sum();
        let row = row.iter().map(|sum| (sum * scale) as f32).collect();
        (row, (bias * scale) as f32)
    }
}

/// What one forward pass of a network leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// `[classes]`, before the softmax.
    pub logits: Vec<f32>,
    /// The input of the average pooling; `None` for a network that maps cannot be made of.
    pub features: Option<FeatureMap>,
    /// The raw output of the last 3x3 convolution, before batch norm, skip connection and ReLU;
    /// only torchvision ResNets made of basic blocks (18, 34) have it, as `layer4[-1].conv2`.
    pub conv2: Option<FeatureMap>,
}

/// Probabilities of `logits`: `exp(z_i) / Σ exp(z_j)`, safe for large logits.
///
/// NaN or infinitely large logits give NaN, as in PyTorch; no logits give no probabilities.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exp: Vec<f64> = logits.iter().map(|&z| (f64::from(z) - f64::from(max)).exp()).collect();
    let sum: f64 = exp.iter().sum();
    exp.iter().map(|e| (e / sum) as f32).collect()
}

/// Index of the largest value: the first one on ties. NaN never wins; without a number it is 0.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (i, &value) in values.iter().enumerate() {
        if value > best.1 {
            best = (i, value);
        }
    }
    best.0
}

/// Mean with a 64-bit sum; 0 for an empty slice.
pub(super) fn mean(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().copied().map(f64::from).sum();
    (sum / values.len().max(1) as f64) as f32
}
