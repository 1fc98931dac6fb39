//! Pictures as a network takes them, and its results as the rest of the program does.

use rten::Value;
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::ending::MapAxes;
use super::input::Input;
use super::{ModelError, unusable};
use crate::explain::FeatureMap;

/// The pictures in the order of axes and the kind of numbers that the network takes.
pub fn of_pictures(input: &Input, pictures: &[&[f32]], count: usize, side: usize) -> Value {
    let Input { channels, channels_last, is_bytes, .. } = *input;
    let places = side * side;
    let mut chw = Vec::with_capacity(count * channels * places);
    for picture in pictures {
        match channels {
            1 => chw.extend((0..places).map(|at| grey(picture, at, places))),
            _ => chw.extend_from_slice(picture),
        }
    }
    chw.resize(count * channels * places, 0.0);
    let mut tensor = NdTensor::from_data([count, channels, side, side], chw);
    if channels_last {
        tensor = tensor.permuted([0, 2, 3, 1]).to_tensor();
    }
    match is_bytes {
        // Rounding, since pixels were divided and multiplied by 255 on the way.
        true => Value::from(tensor.map(|&value| value.round().clamp(0.0, 255.0) as u8)),
        false => Value::from(tensor),
    }
}

/// How many classes a result of `count` pictures has.
pub fn classes(shape: &[usize], count: usize) -> Result<usize, ModelError> {
    let numbers: usize = shape.iter().product();
    let places: usize = shape.iter().skip(2).product();
    match numbers.checked_div(count) {
        Some(classes) if shape.first() == Some(&count) && places == 1 && classes > 0 => Ok(classes),
        _ => Err(unusable(format!(
            "its output has the shape {shape:?}; a classifier gives one number per class"
        ))),
    }
}

/// One map `[C, H, W]` per picture.
pub fn feature_maps(tensor: &Tensor<f32>, axes: MapAxes) -> Result<Vec<FeatureMap>, ModelError> {
    let odd = || {
        unusable(format!(
            "its feature map has the shape {:?}, which is no picture of places",
            tensor.shape()
        ))
    };
    let maps = match (axes, tensor.shape()) {
        (MapAxes::ChannelsFirst, &[_, _, _, _]) => tensor.as_dyn().to_tensor(),
        (MapAxes::ChannelsLast, &[_, _, _, _]) => tensor.permuted(&[0, 3, 1, 2]).to_tensor(),
        (MapAxes::Tokens, &[count, tokens, channels]) => {
            let side = tokens.isqrt();
            if side * side != tokens {
                return Err(odd());
            }
            let turned = tensor.permuted(&[0, 2, 1]).to_vec();
            Tensor::from_data(&[count, channels, side, side], turned)
        }
        _ => return Err(odd()),
    };
    let &[_, channels, height, width] = maps.shape() else { return Err(odd()) };
    let size = channels * height * width;
    let data = maps.to_vec();
    let map = |data: &[f32]| FeatureMap { channels, height, width, data: data.to_vec() };
    Ok(data.chunks_exact(size.max(1)).map(map).collect())
}

/// Luma of a picture `[3, H, W]` at one place (ITU-R 601), as Pillow's mode `L`.
fn grey(picture: &[f32], at: usize, places: usize) -> f32 {
    let colour = |channel: usize| picture.get(channel * places + at).copied().unwrap_or_default();
    0.299 * colour(0) + 0.587 * colour(1) + 0.114 * colour(2)
}
