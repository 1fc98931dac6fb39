//! Each layer, there and back.

use std::sync::Arc;

use burn_tensor::{Device, Tensor, TensorData};

use super::pooling::{Pooled, areas_backward, mean_backward, means};
use super::squeeze::Squeezed;
use super::{Map, Op, squeeze};
use crate::model::ModelError;
use crate::model::convolution::{Layout, Strides};
use crate::model::layers::Affine;
use crate::model::pointwise::Nonlinearity;
use crate::model::pool::areas;

/// What a layer keeps for the way back.
#[derive(Debug)]
pub enum Saved {
    Nothing,
    /// Shape of the input, and what the derivative of the function behind the layer depends on.
    Bent([usize; 4], Option<Arc<Map>>),
    Input(Arc<Map>),
    Pool(Pooled),
    Squeeze(Squeezed),
    Sum {
        body: Vec<Self>,
        shortcut: Vec<Self>,
        kept: Option<Arc<Map>>,
    },
    Concat {
        branches: Vec<(Vec<Self>, usize)>,
        size: [usize; 4],
    },
}

impl Saved {
    /// Numbers of the maps in it.
    pub fn numbers(&self) -> usize {
        let all = |saved: &[Self]| saved.iter().map(Self::numbers).sum::<usize>();
        match self {
            Self::Nothing | Self::Bent(_, None) | Self::Pool(_) => 0,
            Self::Bent(_, Some(map)) | Self::Input(map) => map.data.len(),
            Self::Squeeze(squeezed) => squeezed.numbers(),
            Self::Sum { body, shortcut, kept } => {
                all(body) + all(shortcut) + kept.as_ref().map_or(0, |map| map.data.len())
            }
            Self::Concat { branches, .. } => branches.iter().map(|(saved, _)| all(saved)).sum(),
        }
    }
}

impl Op<'_> {
    /// Whether what comes out is smaller than what goes in.
    pub fn is_strided(&self) -> bool {
        match self {
            Self::Conv(conv, _) => conv.is_strided(),
            Self::Pool(pool) => pool.stride > 1,
            Self::Sum { body, .. } => body.iter().any(Self::is_strided),
            Self::Concat(branches) => branches.iter().flatten().any(Self::is_strided),
            Self::Norm(..)
            | Self::LayerNorm(_)
            | Self::Mean
            | Self::Areas { .. }
            | Self::Squeeze(_)
            | Self::Pick(_) => false,
        }
    }

    /// # Errors
    /// For layers of a GPU.
    pub fn forward(&self, x: Arc<Map>) -> Result<(Arc<Map>, Saved), ModelError> {
        let size = x.shape;
        Ok(match self {
            Self::Conv(conv, function) => {
                let (fused, rest) = function.split();
                let (data, shape) = conv.forward_numbers(&x.data, size, None, fused)?;
                let (y, kept) = bend(Map { shape, data }, *function, rest);
                (y, Saved::Bent(size, kept))
            }
            Self::Norm(norm, function) => {
                let (fused, rest) = function.split();
                let y = by_burn(&x, |x| norm.forward(x, fused))?;
                let (y, kept) = bend(y, *function, rest);
                (y, Saved::Bent(size, kept))
            }
            Self::LayerNorm(norm) => {
                let y = by_burn(&x, |x| norm.forward(x, Layout::ChannelsLast))?;
                (Arc::new(y), Saved::Input(x))
            }
            Self::Pool(pool) => {
                let saved = Saved::Pool(Pooled::new(pool, &x));
                let y = by_burn(&x, |x| pool.forward(x, Layout::ChannelsLast, Strides::Kept))?;
                (Arc::new(y), saved)
            }
            Self::Mean => {
                let [samples, _, _, channels] = size;
                let y = Map { shape: [samples, 1, 1, channels], data: means(&x) };
                (Arc::new(y), Saved::Bent(size, None))
            }
            Self::Areas { side, shrinks } => {
                let [_, height, width, _] = size;
                if height.min(width) >= *side && !shrinks {
                    return Ok((x, Saved::Nothing));
                }
                let y = by_burn(&x, |x| areas(x, *side, Layout::ChannelsLast))?;
                (Arc::new(y), Saved::Bent(size, None))
            }
            Self::Squeeze(layer) => {
                let (y, saved) = squeeze::forward(layer, x)?;
                (Arc::new(y), Saved::Squeeze(saved))
            }
            Self::Sum { body, shortcut, after } => {
                let (other, shortcut) = forward_all(shortcut, Arc::clone(&x))?;
                // The last layer adds, if it is a plain convolution.
                let (y, mut saved, last) = match body.split_last() {
                    Some((Self::Conv(conv, Nonlinearity::None), first)) => {
                        let (y, saved) = forward_all(first, x)?;
                        (y, saved, Some(conv))
                    }
                    _ => {
                        let (y, saved) = forward_all(body, x)?;
                        (y, saved, None)
                    }
                };
                let (fused, rest) = after.split();
                let sum = match last {
                    Some(conv) => {
                        saved.push(Saved::Bent(y.shape, None));
                        let other = Some(&other.data[..]);
                        let (data, shape) = conv.forward_numbers(&y.data, y.shape, other, fused)?;
                        Map { shape, data }
                    }
                    None => {
                        let mut sum = Map::clone(&y);
                        add(&mut sum, &other);
                        if rest == Nonlinearity::None {
                            after.bend(&mut sum.data);
                        }
                        sum
                    }
                };
                let (y, kept) = bend(sum, *after, rest);
                (y, Saved::Sum { body: saved, shortcut, kept })
            }
            Self::Concat(branches) => {
                let ends = branches.iter().map(|branch| forward_all(branch, Arc::clone(&x)));
                let ends = ends.collect::<Result<Vec<_>, _>>()?;
                let y = concat(ends.iter().map(|(y, _)| &**y).collect());
                let saved = ends.into_iter().map(|(y, saved)| (saved, y.shape[3])).collect();
                (Arc::new(y), Saved::Concat { branches: saved, size })
            }
            Self::Pick(channels) => {
                let [samples, height, width, count] = size;
                let rows = x.data.chunks_exact(count);
                let data = rows.flat_map(|row| channels.iter().map(|&channel| row[channel]));
                let shape = [samples, height, width, channels.len()];
                (Arc::new(Map { shape, data: data.collect() }), Saved::Bent(size, None))
            }
        })
    }

    /// The gradient of the input from the one of the output.
    ///
    /// # Errors
    /// For layers of a GPU.
    pub fn backward(&self, saved: Saved, mut gradient: Map) -> Result<Map, ModelError> {
        Ok(match (self, saved) {
            (Self::Conv(conv, function), Saved::Bent(size, kept)) => {
                unbend(*function, kept, &mut gradient);
                Map { shape: size, data: conv.backward(&gradient.data, size)? }
            }
            (Self::Norm(norm, function), Saved::Bent(_, kept)) => {
                unbend(*function, kept, &mut gradient);
                let Affine::ChannelsLast { scale, .. } = norm else {
                    return Err(ModelError::OnCpuOnly);
                };
                for row in gradient.data.chunks_exact_mut(scale.len()) {
                    row.iter_mut().zip(scale).for_each(|(gradient, scale)| *gradient *= scale);
                }
                gradient
            }
            (Self::LayerNorm(norm), Saved::Input(x)) => {
                norm.backward(&x.data, &mut gradient.data)?;
                gradient
            }
            (Self::Pool(pool), Saved::Pool(pooled)) => pooled.backward(pool, &gradient),
            (Self::Mean, Saved::Bent(size, _)) => mean_backward(size, &gradient),
            (Self::Areas { .. }, Saved::Bent(size, _)) => areas_backward(size, &gradient),
            (Self::Squeeze(layer), Saved::Squeeze(saved)) => {
                squeeze::backward(layer, saved, gradient)?
            }
            (
                Self::Sum { body, shortcut, after },
                Saved::Sum { body: on_body, shortcut: on_shortcut, kept },
            ) => {
                unbend(*after, kept, &mut gradient);
                let other = backward_all(shortcut, on_shortcut, gradient.clone())?;
                let mut sum = backward_all(body, on_body, gradient)?;
                add(&mut sum, &other);
                sum
            }
            (Self::Concat(branches), Saved::Concat { branches: saved, size }) => {
                let mut sum = Map { shape: size, data: vec![0.0; size.iter().product()] };
                let (mut first, [.., all]) = (0, gradient.shape);
                for (branch, (saved, channels)) in branches.iter().zip(saved) {
                    let rows = gradient.data.chunks_exact(all);
                    let data = rows.flat_map(|row| row[first..first + channels].iter().copied());
                    let [samples, height, width, _] = gradient.shape;
                    let shape = [samples, height, width, channels];
                    add(
                        &mut sum,
                        &backward_all(branch, saved, Map { shape, data: data.collect() })?,
                    );
                    first += channels;
                }
                sum
            }
            (Self::Pick(channels), Saved::Bent(size, _)) => {
                let mut sum = Map { shape: size, data: vec![0.0; size.iter().product()] };
                let rows = gradient.data.chunks_exact(channels.len());
                for (sum, row) in sum.data.chunks_exact_mut(size[3]).zip(rows) {
                    channels.iter().zip(row).for_each(|(&channel, value)| sum[channel] += value);
                }
                sum
            }
            // Nothing happened on the way there.
            (_, Saved::Nothing) => gradient,
            _ => return Err(ModelError::device("the way back is not that of the way there")),
        })
    }
}

fn forward_all(ops: &[Op<'_>], x: Arc<Map>) -> Result<(Arc<Map>, Vec<Saved>), ModelError> {
    let mut saved = Vec::with_capacity(ops.len());
    let y = ops.iter().try_fold(x, |x, op| {
        let (y, of_op) = op.forward(x)?;
        saved.push(of_op);
        Ok::<_, ModelError>(y)
    })?;
    Ok((y, saved))
}

fn backward_all(ops: &[Op<'_>], saved: Vec<Saved>, gradient: Map) -> Result<Map, ModelError> {
    let mut steps = ops.iter().zip(saved).rev();
    steps.try_fold(gradient, |gradient, (op, saved)| op.backward(saved, gradient))
}

/// What is left of a function after the part that was `fused`, and what its derivative depends on.
fn bend(y: Map, function: Nonlinearity, rest: Nonlinearity) -> (Arc<Map>, Option<Arc<Map>>) {
    let y = Arc::new(y);
    if function == Nonlinearity::None {
        return (y, None);
    }
    if function.is_told_by_output() {
        return (Arc::clone(&y), Some(y));
    }
    let mut bent = Map::clone(&y);
    rest.bend(&mut bent.data);
    (Arc::new(bent), Some(y))
}

fn unbend(function: Nonlinearity, kept: Option<Arc<Map>>, gradient: &mut Map) {
    if let Some(at) = kept {
        function.unbend(&mut gradient.data, &at.data);
    }
}

fn add(sum: &mut Map, other: &Map) {
    sum.data.iter_mut().zip(&other.data).for_each(|(sum, other)| *sum += other);
}

fn concat(maps: Vec<&Map>) -> Map {
    let Some(&&Map { shape: [samples, height, width, _], .. }) = maps.first() else {
        return Map { shape: [0; 4], data: Vec::new() };
    };
    let channels = maps.iter().map(|map| map.shape[3]).sum();
    let mut data = Vec::with_capacity(samples * height * width * channels);
    for at in 0..samples * height * width {
        for Map { shape: [.., own], data: values } in &maps {
            data.extend_from_slice(&values[at * own..][..*own]);
        }
    }
    Map { shape: [samples, height, width, channels], data }
}

/// Layers that keep nothing inside run as they always do.
fn by_burn(
    x: &Map,
    run: impl FnOnce(Tensor<4>) -> Result<Tensor<4>, ModelError>,
) -> Result<Map, ModelError> {
    let x = TensorData::new(x.data.clone(), x.shape);
    let y = run(Tensor::from_data(x, &Device::flex()))?;
    let shape = y.dims();
    let data = y.try_into_data().map_err(ModelError::device)?;
    Ok(Map { shape, data: data.try_into_vec().map_err(ModelError::device)? })
}
