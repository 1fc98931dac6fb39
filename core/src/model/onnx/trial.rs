//! What was read off a graph counts only if the numbers agree.

use std::sync::Arc;

use super::{ModelError, OnnxNetwork, unusable};
use crate::explain::{Ending, FeatureMap, Forward, Head, NoMaps};

impl OnnxNetwork {
    /// Runs the network once on a made-up picture, and believes of its ending what the numbers
    /// confirm.
    pub(super) fn try_out(&mut self, side: usize) -> Result<(), ModelError> {
        let picture = made_up_picture(side);
        let forward = match self.run_all(&[&picture], side) {
            Ok(forward) => forward,
            // What looked like a feature map may be none; the network is good without it.
            Err(_) if self.features.take().is_some() => self.run_all(&[&picture], side)?,
            Err(error) => return Err(error),
        };
        let Some(Forward { logits, features, .. }) = forward.into_iter().next() else {
            return Err(unusable("it returned nothing"));
        };
        self.classes = logits.len();
        if let (Ending::Linear(head), Some(features)) = (&self.ending, &features)
            && head.classes == 0
            && features.channels == logits.len()
        {
            self.ending = Ending::Linear(Arc::new(Head::identity(logits.len())));
        }
        let adds_up = match self.ending.head_for(features.as_ref()) {
            Ok(head) => features.as_ref().is_some_and(|map| adds_up(map, &head, &logits)),
            Err(_) => false,
        };
        if adds_up {
            self.cells = features.map(|features| features.height);
            return Ok(());
        }
        self.features = None;
        let linear = self.ending.linear().filter(|head| head.classes == logits.len()).cloned();
        let why = match &self.ending {
            Ending::Other { why, .. } => why.clone(),
            Ending::Linear(_) | Ending::NormLinear(..) => {
                NoMaps("its last feature map and linear layer do not give its logits".into())
            }
        };
        self.ending = Ending::Other { linear, why };
        Ok(())
    }
}

/// Waves of all colours and lengths, in the range of normalised pixels.
fn made_up_picture(side: usize) -> Vec<f32> {
    let places = side * side;
    let wave = |at: usize| {
        let (channel, x, y) = (at / places, at % side, at / side % side);
        let phase = (x * (channel + 1)) as f32 * 0.13 + (y * y % 97) as f32 * 0.31;
        1.5 * phase.sin() + 0.3
    };
    (0..3 * places).map(wave).collect()
}

/// Whether the linear layer makes the logits out of the mean of the map. Rounding stays a hundred
/// times below the tolerance.
fn adds_up(features: &FeatureMap, head: &Head, logits: &[f32]) -> bool {
    if head.channels != features.channels || head.classes != logits.len() {
        return false;
    }
    let pooled = features.pooled();
    (0..head.classes).all(|class| {
        let products = head.row(class).iter().zip(&pooled).map(|(&w, &x)| f64::from(w * x));
        let (sum, size) = products.fold((0.0, 0.0), |(sum, size), it| (sum + it, size + it.abs()));
        let bias = f64::from(head.bias[class]);
        let error = (sum + bias - f64::from(logits[class])).abs();
        error <= 1e-3 * (size + bias.abs()).max(1.0)
    })
}
