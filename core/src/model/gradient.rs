//! The way back through a network, by hand: how a sum of its logits depends on the picture, or on a
//! feature map inside.
//!
//! Weights are fixed, batch norm is folded into them, and no network here has a loop; so the chain
//! rule is a walk over the layers from the last to the first, in which every convolution is
//! transposed ([`super::convolution::Conv::backward`]) and every other layer keeps what its derivative
//! depends on. It runs on the CPU, in channels-last order.
//!
//! A network says what it does as a [`Route`]; how it runs fastest is its own business.

mod op;
mod pooling;
mod slopes;
mod squeeze;

use std::sync::Arc;

use super::ModelError;
use super::convolution::Conv;
use super::layers::Affine;
use super::place_norm::PlaceNorm;
use super::planned::Squeeze;
use super::pointwise::Nonlinearity;
use super::pool::Pool;
use crate::explain::{FeatureMap, NoGradient, Site};

use op::Saved;

/// A layer, or several that belong together.
#[derive(Debug)]
pub enum Op<'a> {
    Conv(&'a Conv, Nonlinearity),
    Norm(&'a Affine, Nonlinearity),
    LayerNorm(&'a PlaceNorm),
    Pool(Pool),
    Mean,
    Areas {
        side: usize,
        shrinks: bool,
    },
    Squeeze(&'a Squeeze),
    /// `after(body(x) + shortcut(x))`; an empty one gives x.
    Sum {
        body: Vec<Self>,
        shortcut: Vec<Self>,
        after: Nonlinearity,
    },
    Concat(Vec<Vec<Self>>),
    Pick(&'a [usize]),
}

/// Most numbers that are kept for the way back: 2 GiB.
pub const MOST: usize = 1 << 29;

/// Numbers on the way, `[N, H, W, C]`.
#[derive(Debug, Clone)]
pub struct Map {
    pub shape: [usize; 4],
    pub data: Vec<f32>,
}

/// From the picture to what the linear layer reads.
#[derive(Debug)]
pub struct Route<'a> {
    ops: Vec<Op<'a>>,
    /// So many of them lead to the last feature map.
    features: usize,
}

/// A walk there, from which there is a way back.
#[derive(Debug)]
pub struct Walk<'a> {
    /// The steps behind the site, and what each kept.
    steps: Vec<(Op<'a>, Saved)>,
    /// What is at the site.
    site: Arc<Map>,
    /// What the linear layer reads, `[N, C]`.
    pooled: Vec<f32>,
}

impl<'a> Route<'a> {
    /// `features` gives the last feature map; the mean of each channel of what comes out of `tail` is
    /// what the linear layer reads.
    pub fn new(mut features: Vec<Op<'a>>, tail: Vec<Op<'a>>) -> Self {
        let count = features.len();
        features.extend(tail);
        features.push(Op::Mean);
        Self { ops: features, features: count }
    }

    /// How many stages there are before the last one, for [`Site::Stage`].
    pub fn stages(&self) -> usize {
        // The first layer reads the picture, which is no feature map.
        self.ops
            .get(1..self.features)
            .unwrap_or_default()
            .iter()
            .filter(|op| op.is_strided())
            .count()
    }

    /// The number of the first step behind a site.
    fn behind(&self, site: Site) -> Option<usize> {
        match site {
            Site::Input => Some(0),
            Site::Stage(0) => Some(self.features),
            Site::Stage(back) => {
                let mut strided = (1..self.features).rev().filter(|&at| self.ops[at].is_strided());
                strided.nth(back - 1)
            }
        }
    }

    /// Keeps `most` numbers on the way at most, beside those of the layer that is just run.
    ///
    /// # Errors
    /// When there is no such site, there would be more numbers, or the device fails.
    pub fn walk(self, picture: Map, site: Site, most: usize) -> Result<Walk<'a>, ModelError> {
        let behind = self.behind(site).ok_or_else(|| {
            NoGradient("it has fewer stages, so there is no such feature map".into())
        })?;
        let mut x = Arc::new(picture);
        let mut ops = self.ops.into_iter();
        for op in ops.by_ref().take(behind) {
            (x, _) = op.forward(x)?;
        }
        let site = Arc::clone(&x);
        let mut steps = Vec::with_capacity(ops.len());
        let mut numbers = 0;
        for op in ops {
            let (y, saved) = op.forward(x)?;
            numbers += saved.numbers();
            if numbers > most {
                return Err(ModelError::TooManyMaps);
            }
            steps.push((op, saved));
            x = y;
        }
        Ok(Walk { steps, site, pooled: x.data.clone() })
    }
}

impl Walk<'_> {
    /// What the linear layer reads, one row for each picture.
    pub fn pooled(&self) -> impl Iterator<Item = &[f32]> {
        let [samples, ..] = self.site.shape;
        self.pooled.chunks_exact((self.pooled.len() / samples.max(1)).max(1))
    }

    /// What is at the site of each picture, and its gradient, from the gradient of what the linear
    /// layer reads, `[N, C]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn back(self, gradient: Vec<f32>) -> Result<[Vec<FeatureMap>; 2], ModelError> {
        let [samples, ..] = self.site.shape;
        let channels = gradient.len() / samples.max(1);
        let mut gradient = Map { shape: [samples, 1, 1, channels], data: gradient };
        for (op, saved) in self.steps.into_iter().rev() {
            gradient = op.backward(saved, gradient)?;
        }
        Ok([self.site.feature_maps(), gradient.feature_maps()])
    }
}

impl Map {
    /// Pictures of `[3, side, side]`.
    pub fn of_pictures(pictures: &[&[f32]], side: usize) -> Self {
        let pixels = side * side;
        let pixel =
            |picture: &[f32], at: usize| [0, 1, 2].map(|color| picture[color * pixels + at]);
        let data =
            pictures.iter().flat_map(|picture| (0..pixels).flat_map(|at| pixel(picture, at)));
        Self { shape: [pictures.len(), side, side, 3], data: data.collect() }
    }

    fn feature_maps(&self) -> Vec<FeatureMap> {
        let [_, height, width, channels] = self.shape;
        let pictures = self.data.chunks_exact((height * width * channels).max(1));
        let turned = |picture: &[f32]| {
            let plane = |channel| picture.iter().skip(channel).step_by(channels).copied();
            (0..channels).flat_map(plane).collect()
        };
        pictures.map(|it| FeatureMap { channels, height, width, data: turned(it) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use burn_tensor::Device;

    use super::*;
    use crate::model::convolution::{ConvShape, Layout};

    #[test]
    fn no_more_is_kept_than_is_allowed() {
        let shape = ConvShape::new(3, 16, 3, 1);
        let weight = vec![0.1; shape.weight_shape().iter().product()];
        let conv = Conv::new(shape, weight, None, Layout::ChannelsLast, &Device::flex());
        let walk = |most| {
            let sum = Op::Sum {
                body: vec![Op::Conv(&conv, Nonlinearity::Relu)],
                shortcut: vec![Op::Conv(&conv, Nonlinearity::None)],
                after: Nonlinearity::None,
            };
            let route = Route::new(vec![sum], Vec::new());
            let picture = Map { shape: [1, 8, 8, 3], data: vec![0.5; 8 * 8 * 3] };
            route.walk(picture, Site::Input, most).map(drop)
        };
        // What the rectifier bends inside of the sum.
        assert!(walk(8 * 8 * 16).is_ok());
        assert!(matches!(walk(8 * 8 * 16 - 1), Err(ModelError::TooManyMaps)));
    }
}
