//! How a network takes its pictures: size, order of axes, and what it does to them first.

use rten_onnx::onnx::{DataType, Dimension, GraphProto};

use super::graph::{Graph, int, ints, op};
use crate::model::PictureRange;

/// The one input of a network of pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub name: String,
    /// Whether the colours come last, `[N, H, W, C]`, as in TensorFlow and Keras.
    pub channels_last: bool,
    /// 3, or 1 for grey pictures.
    pub channels: usize,
    /// How many pictures at once; `None` if any number will do.
    pub batch: Option<usize>,
    /// Of the square picture, in pixels; `None` if any size will do.
    pub side: Option<usize>,
    /// Whether it takes bytes instead of floats.
    pub is_bytes: bool,
    pub range: PictureRange,
}

impl Input {
    /// # Errors
    /// When it takes something else than one square picture in colour or grey.
    pub fn of(graph: &Graph<'_>) -> Result<Self, String> {
        let proto = graph.proto;
        let inputs = proto.input.iter().filter(|input| {
            // Old files list their weights among the inputs.
            !graph.is_initializer(input.name.as_deref().unwrap_or_default())
        });
        let inputs = Vec::from_iter(inputs);
        let [input] = inputs[..] else {
            let count = inputs.len();
            let names = inputs.iter().take(4).filter_map(|input| input.name.as_deref());
            let names = names.collect::<Vec<_>>().join(", ");
            let names = if count == 0 { names } else { format!(" ({names})") };
            return Err(format!(
                "it takes {count} inputs{names}; a classifier of pictures takes one"
            ));
        };
        let name = input.name.clone().unwrap_or_default();
        let tensor = input.r#type.as_ref().and_then(|ty| ty.tensor_type.as_ref());
        let Some((tensor, shape)) = tensor.and_then(|it| Some((it, it.shape.as_ref()?))) else {
            return Err(format!("its input {name:?} has no shape"));
        };
        let is_bytes = match tensor.elem_type {
            Some(DataType::UINT8) => true,
            Some(DataType::FLOAT | DataType::FLOAT16 | DataType::DOUBLE) | None => false,
            Some(other) => {
                let other = other.to_string().to_lowercase();
                return Err(format!("it takes {other} numbers, not pictures"));
            }
        };
        let size = |dim: &Dimension| {
            dim.dim_value.and_then(|value| usize::try_from(value).ok()).filter(|&value| value > 0)
        };
        let sizes: Vec<Option<usize>> = shape.dim.iter().map(size).collect();
        let &[batch, second, third, fourth] = sizes.as_slice() else {
            let rank = sizes.len();
            return Err(format!(
                "it takes {rank}-dimensional input; pictures have 4 dimensions: number, colours, \
                 height, width"
            ));
        };
        let is_colour = |size: Option<usize>| matches!(size, Some(1 | 3));
        let channels_last = if is_colour(second) == is_colour(fourth) {
            turns_channels_first(graph, &name)
        } else {
            is_colour(fourth)
        };
        let [channels, height, width] =
            if channels_last { [fourth, second, third] } else { [second, third, fourth] };
        let channels = channels.or_else(|| filtered(graph, &name)).unwrap_or(3);
        if !is_colour(Some(channels)) {
            return Err(format!("it takes pictures of {channels} colours, not 3 or 1"));
        }
        if let (Some(height), Some(width)) = (height, width)
            && height != width
        {
            return Err(format!(
                "it takes pictures of {width}×{height} pixels; only squares can be \
                                prepared for it"
            ));
        }
        let range = if is_bytes { PictureRange::Bytes } else { range(graph, &name) };
        let side = height.or(width);
        Ok(Self { name, channels_last, channels, batch, side, is_bytes, range })
    }
}

/// Whether the first thing that happens to the input is that its colours become the second axis.
fn turns_channels_first(graph: &Graph<'_>, input: &str) -> bool {
    let is_turn = |node: &&_| op(node) == "Transpose" && ints(node, "perm") == Some(&[0, 3, 1, 2]);
    graph.users(input).iter().any(is_turn)
}

/// How many colours the first filters take, where the network says nothing else.
fn filtered(graph: &Graph<'_>, input: &str) -> Option<usize> {
    let mut value = input;
    // Chains of nodes that change no colours are short.
    for _ in 0..16 {
        let [node] = graph.users(value) else { return None };
        if op(node) == "Conv" {
            let &[_, colours, ..] = graph.dims(node.input.get(1)?)? else { return None };
            let groups = int(node, "group").unwrap_or(1);
            return usize::try_from(colours.checked_mul(groups)?).ok();
        }
        value = node.output.first()?;
    }
    None
}

/// Follows the input as long as it is only shifted and scaled by constants.
///
/// A network that divides by more than 20 must be given values of up to 255 to see anything, and so
/// must one that subtracts more than 8.
fn range(graph: &Graph<'_>, input: &str) -> PictureRange {
    const LARGEST_SCALE_FOR_BYTES: f32 = 0.05;
    const SMALLEST_SHIFT_FOR_BYTES: f32 = 8.0;
    let mut value = input;
    let (mut scale, mut shift, mut is_changed) = (1.0_f32, 0.0_f32, false);
    while let [node] = graph.users(value) {
        let constant = || {
            let array = node.input.iter().find_map(|input| graph.constant(input))?;
            let count = array.values.len();
            (1..=3).contains(&count).then(|| array.values.iter().sum::<f32>() / count as f32)
        };
        match (op(node), constant()) {
            ("Transpose" | "Cast" | "Identity" | "Reshape", _) => {}
            ("Add" | "Sub", Some(amount)) => {
                // In the numbers that go in.
                shift = shift.max((amount / scale).abs());
                is_changed = true;
            }
            ("Mul", Some(factor)) => (scale, is_changed) = (scale * factor, true),
            ("Div", Some(divisor)) => (scale, is_changed) = (scale / divisor, true),
            _ => break,
        }
        match node.output.first() {
            Some(output) => value = output,
            None => break,
        }
    }
    let is_for_bytes = scale.abs() < LARGEST_SCALE_FOR_BYTES || shift > SMALLEST_SHIFT_FOR_BYTES;
    match is_changed {
        false => PictureRange::Unknown,
        true if is_for_bytes => PictureRange::Bytes,
        true => PictureRange::Unit,
    }
}

/// Gives the input a fixed size, so that what follows from it is known before the network runs.
pub fn fix_side(proto: &mut GraphProto, input: &Input, side: usize) {
    let value = proto.input.iter_mut().find(|value| value.name.as_ref() == Some(&input.name));
    let tensor = value.and_then(|value| value.r#type.as_mut()?.tensor_type.as_mut());
    let Some(shape) = tensor.and_then(|tensor| tensor.shape.as_mut()) else { return };
    let first = if input.channels_last { 1 } else { 2 };
    for dim in shape.dim.iter_mut().skip(first).take(2) {
        *dim = Dimension { dim_value: Some(side as i64), dim_param: None };
    }
}
