//! SmoothGrad (Smilkov et al. 2017): the mean gradient at noisy copies of the picture, where the bare
//! gradient jumps from pixel to pixel.

use super::cam::Cam;
use super::evidence::Question;
use super::probe::{Answers, Probe, ProbeInput};
use super::slope::Site;

/// How the copies are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothOptions {
    /// How many there are.
    pub copies: usize,
    /// Standard deviation of the noise, as a share of the range of the input's numbers.
    pub noise: f32,
    /// The same seed gives the same noise.
    pub seed: u64,
}

impl Default for SmoothOptions {
    /// Noise from the middle of the paper's 10 to 20%; more than 50 copies showed the authors nothing
    /// more, and half of these little less.
    fn default() -> Self {
        Self { copies: 25, noise: 0.15, seed: 1 }
    }
}

/// Noisy copies of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothGrad {
    input: ProbeInput,
    question: Question,
    noise: Noise,
}

#[derive(Clone, Debug, PartialEq)]
enum Noise {
    Random { copies: usize, deviation: f32, seed: u64 },
    Given(Vec<Vec<f32>>),
}

impl SmoothGrad {
    pub fn new(input: ProbeInput, question: Question, options: &SmoothOptions) -> Self {
        let empty = [f32::INFINITY, f32::NEG_INFINITY];
        let [lo, hi] = input.chw.iter().fold(empty, |[lo, hi], &v| [lo.min(v), hi.max(v)]);
        let deviation = options.noise * (hi - lo).max(0.0);
        let noise = Noise::Random { copies: options.copies.max(1), deviation, seed: options.seed };
        Self { input, question, noise }
    }

    /// With noise from elsewhere: for each copy what is added to the input.
    pub fn with_noise(input: ProbeInput, question: Question, noise: Vec<Vec<f32>>) -> Self {
        Self { input, question, noise: Noise::Given(noise) }
    }

    pub fn question(&self) -> &Question {
        &self.question
    }

    /// How steeply the answer changes with each pixel, in logits per unit of the normalised input:
    /// the sum over its colours of the mean gradient's size. `None` before the first answer.
    pub fn map(&self, answers: &Answers) -> Option<Cam> {
        let side = self.input.side;
        let mut sums = vec![0.0_f64; self.input.chw.len()];
        let mut count = 0;
        for kept in answers.0.iter().filter_map(|answer| answer.features.as_ref()) {
            sums.iter_mut().zip(&kept.data).for_each(|(sum, &value)| *sum += f64::from(value));
            count += 1;
        }
        let mut data = vec![0.0; side * side];
        for (at, sum) in sums.into_iter().enumerate() {
            data[at % (side * side)] += (sum.abs() / f64::from(count.max(1))) as f32;
        }
        (count > 0).then_some(Cam { height: side, width: side, data })
    }
}

impl Probe for SmoothGrad {
    fn count(&self) -> usize {
        match &self.noise {
            Noise::Random { copies, .. } => *copies,
            Noise::Given(noise) => noise.len(),
        }
    }

    fn input(&self, i: usize) -> ProbeInput {
        let ProbeInput { side, chw } = &self.input;
        let chw = match &self.noise {
            Noise::Given(noise) => chw.iter().zip(&noise[i]).map(|(x, noise)| x + noise).collect(),
            Noise::Random { deviation, seed, .. } => {
                // A seed of its own for each copy, so that they can be made in any order.
                let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(i as u64);
                let mut random = fastrand::Rng::with_seed(seed);
                chw.iter().map(|x| x + deviation * normal(&mut random)).collect()
            }
        };
        ProbeInput { side: *side, chw }
    }

    fn gradient(&self, _: usize) -> Option<(&Question, Site)> {
        Some((&self.question, Site::Input))
    }
}

/// A normally distributed number (Box and Muller 1958).
fn normal(random: &mut fastrand::Rng) -> f32 {
    let (u, v) = (1.0 - random.f32(), random.f32());
    (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_normal_and_the_same_for_a_seed() {
        let input = ProbeInput { side: 60, chw: [-1.0, 1.0].repeat(3 * 1800) };
        let smooth = |seed| {
            let options = SmoothOptions { copies: 2, noise: 0.1, seed };
            SmoothGrad::new(input.clone(), Question::class(0, ""), &options)
        };
        assert_eq!(smooth(7).input(1), smooth(7).input(1));
        assert_ne!(smooth(7).input(1), smooth(8).input(1));
        assert_ne!(smooth(7).input(0), smooth(7).input(1));
        let noise = smooth(7).input(1).chw;
        let noise: Vec<f32> = noise.iter().zip(&input.chw).map(|(a, b)| a - b).collect();
        let n = noise.len() as f32;
        let mean = noise.iter().sum::<f32>() / n;
        let deviation = (noise.iter().map(|v| v * v).sum::<f32>() / n).sqrt();
        // 10,800 numbers of deviation 0.2: the mean deviates by 0.002, the deviation by 0.0014; five
        // times that.
        assert!(mean.abs() < 0.01 && (deviation - 0.2).abs() < 0.007, "{mean} {deviation}");
    }
}
