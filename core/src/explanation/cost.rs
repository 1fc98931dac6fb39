//! What a map takes, told before it is made.

use std::time::Duration;

use super::{Explanation, PlanOptions};
use crate::explain::{Density, Method, MethodKind};

/// What a map takes beyond the one run of the network that there was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Inputs that the network has to look at.
    pub runs: usize,
    /// About how long that takes, going by the time of the one run.
    pub time: Duration,
}

/// What a run with a gradient takes, in runs without: measured with EfficientNet-Lite0, as are the
/// numbers below.
const WITH_GRADIENT: f64 = 2.5;

/// The same of a run without the last strides.
fn without_strides(density: Density) -> f64 {
    match density {
        Density::Native => 1.0,
        Density::Double => 2.0,
        Density::Quadruple => 7.0,
    }
}

impl Explanation {
    /// What a map by `method` will take.
    pub fn cost(&self, method: Method, options: &PlanOptions) -> Cost {
        let (runs, work) = match method.kind() {
            _ if self.is_ready(method) => (0, 0.0),
            MethodKind::Cam => (0, 0.0),
            MethodKind::Stage(..) => (1, WITH_GRADIENT),
            MethodKind::IntegratedGradients => (options.steps + 1, WITH_GRADIENT),
            MethodKind::SmoothGrad => (options.smooth.copies, WITH_GRADIENT),
            MethodKind::Dense(density) => (1, without_strides(density)),
            MethodKind::DenseShifted(density, shifts) => {
                (shifts * shifts, without_strides(density))
            }
            MethodKind::Shifted(shifts) => (shifts * shifts, 1.0),
            // By area: 1, 1.5² and 2².
            MethodKind::MultiScale => (6, 2.4),
            MethodKind::Tiles => (self.tile_grid().count(), 1.0),
            MethodKind::Occlusion => {
                let (side, patch, stride) = self.patches(options);
                (((side - patch).div_ceil(stride) + 1).pow(2), 1.0)
            }
            MethodKind::Rise => (options.rise.masks, 1.0),
        };
        Cost { runs, time: self.took.mul_f64(runs as f64 * work) }
    }
}
