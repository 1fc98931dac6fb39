//! Resize, centre crop and normalisation: torchvision's `Resize`, `CenterCrop`, `ToTensor` and
//! `Normalize` in one step, with the way back from the input to the picture.

use image::{RgbImage, imageops};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::normalisation::Normalisation;
use super::resample::{Filter, Region, resize, resize_region};
use super::square::Square;

/// The longest side of an input, in pixels: far above that of any classifier.
const MAX_SIDE: u32 = 4096;

/// How a network wants its pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The short side after resizing, in pixels; `None` leaves the picture as it is.
    pub resize: Option<u32>,
    /// Both sides of the square that is cut from the middle, in pixels.
    pub crop: u32,
    /// How to resize.
    pub filter: Filter,
    /// Of red, green and blue, where a channel lies in 0..=1.
    pub mean: [f32; 3],
    /// In the unit of `mean`.
    pub std: [f32; 3],
}

/// What a network sees of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInput {
    /// `[3, crop, crop]`: red, green and blue, normalised.
    pub chw: Vec<f32>,
    /// The same pixels before normalisation.
    pub crop: RgbImage,
    /// From places in the crop to places in the picture.
    pub photo_from_input: RectTransform,
    /// The part of the picture that was chosen; `None`: the recipe's own crop.
    pub square: Option<Square>,
}

/// Moves and stretches the plane: x' = scale x + offset, each axis by itself.
///
/// Places are in pixels, y points down, and (0, 0) is the corner of the upper left pixel, whose
/// middle is (0.5, 0.5).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RectTransform {
    /// Of x and y.
    pub scale: [f64; 2],
    /// Of x and y, in pixels.
    pub offset: [f64; 2],
}

/// A picture or a recipe that makes no input.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PreprocessError {
    /// A picture without width or height.
    #[error("The picture has no pixels; choose another one")]
    NoPixels,
    /// The long side of the resized picture would be billions of pixels.
    #[error("The picture of {width} x {height} pixels is too narrow to be resized; cut it first")]
    TooNarrow { width: u32, height: u32 },
    /// A part that the picture has not.
    #[error(
        "The square {square} does not lie in the picture of {width} x {height} pixels; give x, y \
         and side of one that does"
    )]
    Square { square: Square, width: u32, height: u32 },
    /// A crop or a short side out of range.
    #[error("An input cannot have a side of {0} pixels; take 1 to {MAX_SIDE}")]
    Side(u32),
    /// Constants that give no numbers.
    #[error("An input cannot be normalised by mean {mean} and std {std}; std must be above 0")]
    Normalisation { mean: f32, std: f32 },
}

impl Recipe {
    const IMAGENET_MEAN: [f32; 3] = Normalisation::Imagenet.mean();
    const IMAGENET_STD: [f32; 3] = Normalisation::Imagenet.std();

    const fn new(resize: u32, crop: u32, mean: [f32; 3], std: [f32; 3]) -> Self {
        Self { resize: Some(resize), crop, filter: Filter::Bilinear, mean, std }
    }

    /// ImageNet's usual constants, with the short side after resizing, the side of the crop, and the
    /// way to resize.
    pub const fn imagenet(resize: u32, crop: u32, filter: Filter) -> Self {
        let recipe = Self::new(resize, crop, Self::IMAGENET_MEAN, Self::IMAGENET_STD);
        Self { filter, ..recipe }
    }

    /// ImageNet with the short side at 224, so that nothing is cut from a square picture.
    pub const fn tutorial_imagenet() -> Self {
        Self::new(224, 224, Self::IMAGENET_MEAN, Self::IMAGENET_STD)
    }

    /// ImageNet as torchvision's networks were evaluated.
    pub const fn torchvision_imagenet() -> Self {
        Self::new(256, 224, Self::IMAGENET_MEAN, Self::IMAGENET_STD)
    }

    /// The most common preparation of pictures of a side: of the photo as much as torchvision shows
    /// its networks, 224 pixels of 256.
    pub const fn of_side(side: u32, normalisation: Normalisation) -> Self {
        let resize = (side as u64 * 256 / 224) as u32;
        Self::new(resize, side, normalisation.mean(), normalisation.std())
    }

    /// The same for another side.
    #[must_use]
    pub fn with_side(self, side: u32) -> Self {
        let scaled =
            |resize: u32| u64::from(resize) * u64::from(side) / u64::from(self.crop.max(1));
        let resize = self.resize.map(|resize| u32::try_from(scaled(resize)).unwrap_or(resize));
        Self { resize, crop: side, ..self }
    }

    /// ImageNet as torchvision's newer weights (`IMAGENET1K_V2`) were evaluated.
    pub const fn torchvision_imagenet_v2() -> Self {
        Self::new(232, 224, Self::IMAGENET_MEAN, Self::IMAGENET_STD)
    }

    /// ImageNet as EfficientNet-Lite0 was evaluated.
    pub const fn efficientnet_lite0() -> Self {
        let recipe = Self::new(256, 224, [0.498; 3], [0.502; 3]);
        Self { filter: Filter::Bicubic, ..recipe }
    }

    /// CIFAR-10 and CIFAR-100 as in nbdt (Wan et al. 2021).
    pub const fn cifar() -> Self {
        Self::new(32, 32, [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010])
    }

    /// Tiny ImageNet as in nbdt, whose pictures have 64 x 64 pixels already.
    pub const fn tiny_imagenet() -> Self {
        Self::new(64, 64, [0.4802, 0.4481, 0.3975], [0.2302, 0.2265, 0.2262])
    }

    /// Makes the input of a network from `photo`.
    ///
    /// The cost is that of the crop: a long strip is not resized in full. A picture smaller than
    /// the crop gets a black border, half of it on each side.
    ///
    /// # Errors
    /// When the picture is empty or billions of pixels long once resized, or when the recipe asks
    /// for sides outside 1..=4096 or divides by zero.
    pub fn apply(&self, photo: &RgbImage) -> Result<ModelInput, PreprocessError> {
        self.check()?;
        let size = self.resized(photo.width(), photo.height())?;
        let start = size.map(|side| centred(side, self.crop));
        let crop = self.cut(photo, size, start);

        let scale = [
            f64::from(photo.width()) / f64::from(size[0]),
            f64::from(photo.height()) / f64::from(size[1]),
        ];
        let offset = [start[0] as f64 * scale[0], start[1] as f64 * scale[1]];
        let photo_from_input = RectTransform { scale, offset };
        Ok(ModelInput { chw: self.normalised(&crop), crop, photo_from_input, square: None })
    }

    /// The pixels of an input that begins at `start` of the photo resized to `size`, at the cost of
    /// that part alone. What lies outside is black.
    pub fn cut(&self, photo: &RgbImage, size: [u32; 2], start: [i64; 2]) -> RgbImage {
        let side = i64::from(self.crop);
        // What of it lies in the picture: where that begins, and its length.
        let [x, y] = [0, 1].map(|i| {
            let first = start[i].clamp(0, i64::from(size[i]));
            let end = (start[i] + side).clamp(first, i64::from(size[i]));
            [first as u32, (end - first) as u32]
        });
        let region = Region { x: x[0], y: y[0], width: x[1], height: y[1] };
        let seen = resize_region(photo, size, region, self.filter);
        if [x[1], y[1]] == [self.crop; 2] {
            return seen;
        }
        let mut cut = RgbImage::new(self.crop, self.crop);
        let border = [i64::from(x[0]) - start[0], i64::from(y[0]) - start[1]];
        imageops::replace(&mut cut, &seen, border[0], border[1]);
        cut
    }

    /// Makes the input from a part of `photo` that somebody chose: it is cut out, resized to the side
    /// of the input whatever `self.resize` says, and normalised. Without one, [`Self::apply`].
    ///
    /// # Errors
    /// Those of [`Self::apply`], and a square that does not lie in the photo.
    pub fn apply_to(
        &self,
        photo: &RgbImage,
        square: Option<Square>,
    ) -> Result<ModelInput, PreprocessError> {
        let Some(square) = square else { return self.apply(photo) };
        self.check()?;
        let (width, height) = photo.dimensions();
        if !square.is_inside([width, height]) {
            return Err(PreprocessError::Square { square, width, height });
        }
        let Square { x, y, side } = square;
        let part = imageops::crop_imm(photo, x, y, side, side).to_image();
        let crop = resize(&part, self.crop, self.crop, self.filter);
        let scale = [f64::from(side) / f64::from(self.crop); 2];
        let photo_from_input = RectTransform { scale, offset: [x.into(), y.into()] };
        let chw = self.normalised(&crop);
        Ok(ModelInput { chw, crop, photo_from_input, square: Some(square) })
    }

    /// Whether the recipe makes an input of any picture.
    ///
    /// # Errors
    /// A side outside 1..=4096, or constants that give no numbers.
    pub fn check(&self) -> Result<(), PreprocessError> {
        for side in [self.crop, self.resize.unwrap_or(1)] {
            if !(1..=MAX_SIDE).contains(&side) {
                return Err(PreprocessError::Side(side));
            }
        }
        for (&mean, &std) in self.mean.iter().zip(&self.std) {
            if !(mean.is_finite() && std.is_finite() && std > 0.0) {
                return Err(PreprocessError::Normalisation { mean, std });
            }
        }
        Ok(())
    }

    /// Width and height after torchvision's `Resize`, which rounds the long side down.
    fn resized(&self, width: u32, height: u32) -> Result<[u32; 2], PreprocessError> {
        let (short, long) = (width.min(height), width.max(height));
        if short == 0 {
            return Err(PreprocessError::NoPixels);
        }
        let Some(side) = self.resize else {
            return Ok([width, height]);
        };
        let long = u64::from(side) * u64::from(long) / u64::from(short);
        let long = u32::try_from(long).map_err(|_| PreprocessError::TooNarrow { width, height })?;
        Ok(if width <= height { [side, long] } else { [long, side] })
    }

    /// A crop as the network gets it: `[3, height, width]` in single precision, with divisions as in torch: a product with a
    /// reciprocal would differ in the last bit.
    pub fn normalised(&self, crop: &RgbImage) -> Vec<f32> {
        let mut chw = Vec::with_capacity(crop.len());
        for (channel, (mean, std)) in self.mean.iter().zip(self.std).enumerate() {
            let values = crop.iter().skip(channel).step_by(3);
            chw.extend(values.map(|&value| (f32::from(value) / 255.0 - mean) / std));
        }
        chw
    }

    /// The way back: an input of `side` x `side` pixels as a picture, rounded to whole levels.
    pub fn pictured(&self, chw: &[f32], side: u32) -> RgbImage {
        let plane = (side * side) as usize;
        let level = |at: usize, channel: usize| {
            let value = chw.get(channel * plane + at).copied().unwrap_or_default();
            ((value * self.std[channel] + self.mean[channel]) * 255.0).round() as u8
        };
        let bytes = (0..plane).flat_map(|at| [0, 1, 2].map(|channel| level(at, channel)));
        RgbImage::from_raw(side, side, bytes.collect()).unwrap_or_default()
    }
}

/// Where a centred crop begins along one axis of a picture; below zero if the crop is the larger one.
fn centred(side: u32, crop: u32) -> i64 {
    if side >= crop {
        // Python's `round`: halves go to the even neighbour.
        let spare = i64::from(side - crop);
        spare / 2 + (spare % 2) * (spare / 2 % 2)
    } else {
        -i64::from((crop - side) / 2)
    }
}

impl RectTransform {
    /// Leaves everything where it is.
    pub const IDENTITY: Self = Self { scale: [1.0; 2], offset: [0.0; 2] };

    /// Where `[x, y]` goes.
    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let Self { scale, offset } = self;
        [scale[0] * x + offset[0], scale[1] * y + offset[1]]
    }

    /// The way back; a scale must not be zero, and those of [`Recipe::apply`] never are.
    pub fn inverse(&self) -> Self {
        let Self { scale, offset } = self;
        Self {
            scale: [1.0 / scale[0], 1.0 / scale[1]],
            offset: [-offset[0] / scale[0], -offset[1] / scale[1]],
        }
    }
}
