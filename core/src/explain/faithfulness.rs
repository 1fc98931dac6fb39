//! Whether a map tells what matters: the picture is taken apart in the map's order, and the network
//! is asked at each step.

use super::cam::Cam;
use super::fill::Canvas;
use super::inpaint::inpaint;
use super::probe::{Probe, ProbeInput};
use serde::{Deserialize, Serialize};

/// How the picture is taken apart.
#[derive(
    Clone,
    Copy,
    Debug,
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
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Curve {
    /// The most important pixels are hidden first: the score should fall fast (Petsiuk et al. 2018).
    Deletion,
    /// The most important pixels are shown first: the score should rise fast (in the same paper).
    Insertion,
    /// The most important pixels are replaced by what their surroundings suggest, which hides their
    /// shape as well ("ROAD", Rong et al. 2022): the score should fall fast.
    Road,
}

impl Curve {
    /// Whether a small area below the curve is the good one.
    pub fn is_low_good(self) -> bool {
        match self {
            Self::Deletion | Self::Road => true,
            Self::Insertion => false,
        }
    }

    /// The largest share of the picture that is changed: what has no surroundings left cannot be
    /// guessed from them.
    fn most(self) -> f64 {
        match self {
            Self::Deletion | Self::Insertion => 1.0,
            Self::Road => 0.9,
        }
    }
}

/// A picture that is taken apart step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct Erasure {
    canvas: Canvas,
    curve: Curve,
    /// All pixels, the most important first.
    order: Vec<usize>,
    steps: usize,
}

/// Strength of the noise on guessed pixels, in normalised units: without it, smoothness would give
/// them away (Rong et al. 2022, section 4.2; their reference code's value).
const ROAD_NOISE: f32 = 0.01;

impl Erasure {
    /// Takes the picture of `canvas` apart in the order of `map`, which lies over all of it, in so
    /// many steps; at least one.
    pub fn new(canvas: Canvas, curve: Curve, map: &Cam, steps: usize) -> Self {
        let order = order(map, canvas.side);
        Self { canvas, curve, order, steps: steps.max(1) }
    }

    /// The share of the picture that is changed at step `i`, 0 to 1.
    pub fn fraction(&self, i: usize) -> f64 {
        self.curve.most() * i as f64 / self.steps as f64
    }

    /// Pixels that are changed at step `i`, `[side, side]`.
    pub fn changed(&self, i: usize) -> Vec<bool> {
        let count = (self.fraction(i) * self.order.len() as f64).round() as usize;
        let mut changed = vec![false; self.order.len()];
        self.order.iter().take(count).for_each(|&pixel| changed[pixel] = true);
        changed
    }
}

impl Probe for Erasure {
    /// One more than the steps: the first one changes nothing.
    fn count(&self) -> usize {
        self.steps + 1
    }

    fn input(&self, i: usize) -> ProbeInput {
        let changed = self.changed(i);
        let visible = |is_visible: bool| if is_visible { 1.0 } else { 0.0 };
        match self.curve {
            Curve::Deletion => {
                let mask: Vec<f32> = changed.iter().map(|&changed| visible(!changed)).collect();
                self.canvas.blend(&mask)
            }
            Curve::Insertion => {
                let mask: Vec<f32> = changed.iter().map(|&changed| visible(changed)).collect();
                self.canvas.blend(&mask)
            }
            Curve::Road => {
                let Canvas { side, shown, .. } = &self.canvas;
                let mut chw = inpaint(shown, *side, &changed);
                let mut random = fastrand::Rng::with_seed(i as u64);
                for plane in chw.chunks_exact_mut((side * side).max(1)) {
                    for (value, _) in
                        plane.iter_mut().zip(&changed).filter(|(_, changed)| **changed)
                    {
                        *value += ROAD_NOISE * normal(&mut random);
                    }
                }
                ProbeInput { side: *side, chw }
            }
        }
    }
}

/// A random number of the standard normal distribution (Box and Muller 1958).
fn normal(random: &mut fastrand::Rng) -> f32 {
    let radius = (-2.0 * (1.0 - random.f32()).ln()).sqrt();
    radius * (std::f32::consts::TAU * random.f32()).cos()
}

/// All pixels of a picture with sides of `side` pixels, those where the enlarged map is largest
/// first; equal ones in the order of the rows. NaN comes last.
pub fn order(map: &Cam, side: usize) -> Vec<usize> {
    let large = map.upsampled(side, side).map(|v| if v.is_nan() { f32::NEG_INFINITY } else { v });
    let mut order: Vec<usize> = (0..large.data.len()).collect();
    order.sort_by(|&a, &b| large.data[b].total_cmp(&large.data[a]));
    order
}

/// The area below a curve at equal distances, by trapezoids, over a unit length; the value itself
/// for a single one, `None` for none.
pub fn area_below(scores: &[f32]) -> Option<f64> {
    let (first, last) = (scores.first()?, scores.last()?);
    let sum: f64 = scores.iter().copied().map(f64::from).sum();
    let ends = (f64::from(*first) + f64::from(*last)) / 2.0;
    Some(if scores.len() == 1 { sum } else { (sum - ends) / (scores.len() - 1) as f64 })
}

impl Cam {
    /// A map that knows nothing but that photographers point at what they mean: largest in the
    /// centre, falling with the distance.
    pub fn centre_first(height: usize, width: usize) -> Self {
        let offset = |i: usize, n: usize| (i as f64 + 0.5) / n as f64 - 0.5;
        let value = |y: usize, x: usize| -offset(y, height).hypot(offset(x, width)) as f32;
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        Self { height, width, data: places.map(|(y, x)| value(y, x)).collect() }
    }

    /// A map that knows nothing at all: cells between 0 and 1. With the cells of the map that it is
    /// compared with, what it hides comes in pieces of the same size.
    pub fn random(height: usize, width: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self { height, width, data: (0..height * width).map(|_| random.f32()).collect() }
    }
}
