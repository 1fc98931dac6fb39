//! What takes the place of the parts of an input that are hidden.

use image::{RgbImage, imageops};
use serde::{Deserialize, Serialize};

use super::probe::ProbeInput;
use crate::preprocess::{ModelInput, Recipe};

/// What a network sees where something is hidden. No choice is neutral: each is itself a picture
/// that the network may have an opinion on.
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
pub enum Fill {
    /// The mean colour of the pictures that the network was trained on: zero after normalisation.
    #[default]
    Neutral,
    /// The mean colour of this picture.
    MeanColor,
    /// The picture itself, so blurred that nothing can be recognised.
    Blur,
    /// Random colours, the same ones every time.
    Noise,
}

/// Standard deviation of the blur, as a share of the side: 10 pixels of 224, as for RISE's
/// insertion curves (Petsiuk et al. 2018).
const BLUR: f32 = 10.0 / 224.0;

/// Any fixed number: the same picture gets the same noise.
const NOISE_SEED: u64 = 1;

impl Fill {
    /// The picture that is seen where `crop` is hidden; `[3, side, side]`, normalised.
    pub fn input(self, crop: &RgbImage, recipe: &Recipe) -> Vec<f32> {
        match self {
            Self::Neutral => vec![0.0; 3 * crop.width() as usize * crop.height() as usize],
            Self::MeanColor => {
                let mut filled = crop.clone();
                let color = super::removal::mean_color(crop);
                filled.pixels_mut().for_each(|pixel| *pixel = color);
                recipe.normalised(&filled)
            }
            Self::Blur => {
                let sigma = BLUR * crop.width() as f32;
                recipe.normalised(&imageops::fast_blur(crop, sigma.max(0.5)))
            }
            Self::Noise => {
                let mut random = fastrand::Rng::with_seed(NOISE_SEED);
                let mut filled = crop.clone();
                random.fill(&mut filled);
                recipe.normalised(&filled)
            }
        }
    }

    /// What is seen instead, in words that follow "hidden behind".
    pub fn words(self) -> &'static str {
        match self {
            Self::Neutral => "the mean colour of the training pictures",
            Self::MeanColor => "the picture's mean colour",
            Self::Blur => "a blur",
            Self::Noise => "random colours",
        }
    }
}

/// An input, and what is seen wherever it is hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Canvas {
    /// In pixels.
    pub side: usize,
    /// `[3, side, side]`, normalised.
    pub shown: Vec<f32>,
    /// In the same form.
    pub hidden: Vec<f32>,
}

impl Canvas {
    pub fn new(input: &ModelInput, recipe: &Recipe, fill: Fill) -> Self {
        let side = input.crop.width() as usize;
        Self { side, shown: input.chw.clone(), hidden: fill.input(&input.crop, recipe) }
    }

    /// `shown · visible + hidden · (1 − visible)`; `visible` is `[side, side]`, 0 to 1.
    pub fn blend(&self, visible: &[f32]) -> ProbeInput {
        let mix = |((&shown, &hidden), &visible): ((&f32, &f32), &f32)| {
            hidden + (shown - hidden) * visible
        };
        let pixels = self.shown.iter().zip(&self.hidden).zip(visible.iter().cycle());
        ProbeInput { side: self.side, chw: pixels.map(mix).collect() }
    }
}
