//! Integrated gradients (Sundararajan, Taly and Yan 2017): what each pixel contributes on the way
//! from a baseline, a picture without anything, to the picture.
//!
//! With the picture x, the baseline x′ and the answer f, a pixel gets the sum over its colours of
//! `(x − x′) · ∫₀¹ ∂f/∂x (x′ + t (x − x′)) dt`, so that all pixels together get exactly
//! `f(x) − f(x′)`: the axiom of completeness. The integral is a mean over the midpoints of equal
//! steps, which misses it a little; by how much is told ([`Completeness`]).

use super::cam::Cam;
use super::evidence::Question;
use super::feature_map::FeatureMap;
use super::fill::Canvas;
use super::probe::{Answers, Probe, ProbeInput};
use super::slope::{Site, Slope};

/// A picture at all steps of the way from a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegratedGradients {
    /// The picture; the baseline is what hides it.
    canvas: Canvas,
    question: Question,
    /// How far along the way each step is, 0 to 1, in an order in which any number of first steps lie
    /// about evenly.
    steps: Vec<f32>,
}

/// Whether all pixels together get what they should.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completeness {
    /// What all pixels together get, in logits.
    pub sum: f32,
    /// The answer for the picture, in logits.
    pub whole: f32,
    /// The answer for the baseline, in logits.
    pub baseline: f32,
}

impl Completeness {
    /// What is missing of the difference between picture and baseline, in logits.
    pub fn residual(&self) -> f32 {
        self.whole - self.baseline - self.sum
    }

    /// The same as a share of the difference; infinite where there is none.
    pub fn share(&self) -> f32 {
        (self.residual() / (self.whole - self.baseline)).abs()
    }

    /// Whether the steps are fine enough: at most a twentieth is missing, the limit that the authors
    /// advise, or a twentieth of a logit where there is next to no difference. NaN never is.
    pub fn holds(&self) -> bool {
        const SHARE: f32 = 0.05;
        let size = (self.whole - self.baseline).abs().max(1.0);
        self.residual().abs() <= SHARE * size
    }
}

impl IntegratedGradients {
    /// At least one step.
    pub fn new(canvas: Canvas, question: Question, steps: usize) -> Self {
        let steps = steps.max(1);
        let at = |place: usize| (place as f32 + 0.5) / steps as f32;
        Self { canvas, question, steps: spread(steps).into_iter().map(at).collect() }
    }

    pub fn question(&self) -> &Question {
        &self.question
    }

    /// What each pixel gets, in logits, from the steps so far; `None` before the first.
    pub fn map(&self, answers: &Answers) -> Option<Cam> {
        let side = self.canvas.side;
        let mut sums = vec![0.0_f64; side * side];
        let mut count = 0;
        // The first answer is that of the baseline.
        let steps = answers.0.iter().skip(1);
        for kept in steps.filter_map(|answer| answer.features.as_ref()) {
            sums.iter_mut().zip(&kept.data).for_each(|(sum, &value)| *sum += f64::from(value));
            count += 1;
        }
        let data = sums.into_iter().map(|sum| (sum / f64::from(count.max(1))) as f32);
        (count > 0).then(|| Cam { height: side, width: side, data: data.collect() })
    }

    /// `whole`: the answer to the question for the picture.
    pub fn completeness(&self, answers: &Answers, whole: f32) -> Option<Completeness> {
        let baseline = self.question.ask(&answers.0.first()?.logits).total;
        let map = self.map(answers)?;
        let sum: f64 = map.data.iter().copied().map(f64::from).sum();
        Some(Completeness { sum: sum as f32, whole, baseline })
    }
}

/// All numbers below `count`, in an order in which the first ones lie about evenly: that of the
/// multiples of the golden section, modulo one (Weyl's sequence).
fn spread(count: usize) -> Vec<usize> {
    let golden = |i: usize| (i as f64 * 0.618_033_988_749_895).fract();
    let mut by_size: Vec<usize> = (0..count).collect();
    by_size.sort_by(|&a, &b| golden(a).total_cmp(&golden(b)));
    let mut places = vec![0; count];
    for (place, &i) in by_size.iter().enumerate() {
        places[i] = place;
    }
    places
}

/// First the baseline, then all steps.
impl Probe for IntegratedGradients {
    fn count(&self) -> usize {
        self.steps.len() + 1
    }

    fn input(&self, i: usize) -> ProbeInput {
        let visible = i.checked_sub(1).map_or(0.0, |step| self.steps[step]);
        self.canvas.blend(&[visible])
    }

    fn gradient(&self, i: usize) -> Option<(&Question, Site)> {
        (i > 0).then_some((&self.question, Site::Input))
    }

    /// What each pixel would get if the whole way were like this step.
    fn keep(&self, _: usize, slope: Slope) -> FeatureMap {
        let FeatureMap { height, width, .. } = slope.gradient;
        let mut data = vec![0.0; height * width];
        let way = self.canvas.shown.iter().zip(&self.canvas.hidden);
        for (at, (gradient, (shown, hidden))) in slope.gradient.data.iter().zip(way).enumerate() {
            data[at % (height * width)] += gradient * (shown - hidden);
        }
        FeatureMap { channels: 1, height, width, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_made_once_and_the_first_ones_lie_evenly() {
        for count in 1..80 {
            let canvas = Canvas { side: 0, shown: Vec::new(), hidden: Vec::new() };
            let made = IntegratedGradients::new(canvas, Question::class(0, ""), count);
            let mut sorted = made.steps.clone();
            sorted.sort_by(f32::total_cmp);
            for (i, at) in sorted.iter().enumerate() {
                assert!((at - (i as f32 + 0.5) / count as f32).abs() < 1e-6, "{count}");
            }
            if count > 20 {
                let mean = made.steps[..10].iter().sum::<f32>() / 10.0;
                assert!((mean - 0.5).abs() < 0.15, "{count}: {mean}");
            }
        }
    }
}
