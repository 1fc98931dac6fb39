//! Linear layers one after the other are one.

use crate::explain::Head;

/// Layers that are made one; networks have three at most (a norm, a layer, a temperature).
const MAX_LAYERS: usize = 16;
/// Multiplications for making two layers one: a few seconds.
const MAX_PRODUCTS: usize = 1 << 33;

/// What happens to a vector in one node.
pub struct Layer<'a> {
    pub input: &'a str,
    pub what: What,
    /// Whether its input is rounded to whole numbers.
    pub is_rounded: bool,
}

pub enum What {
    /// A matrix and a bias.
    Matrix(Head),
    /// `scale · x + shift`, one number for each channel or for all.
    Each { scale: Vec<f32>, shift: Vec<f32> },
}

/// All that happens between a value and the logits.
pub struct Layers {
    pub head: Option<Head>,
    /// Whether nothing was found yet that changes a number.
    pub is_plain: bool,
    /// Whether it is known that the pooling is still to come.
    pub is_behind_pooling: bool,
    /// What happens to the logits behind the first matrix.
    scale: Vec<f32>,
    shift: Vec<f32>,
    count: usize,
}

impl Default for Layers {
    fn default() -> Self {
        let (scale, shift) = (vec![1.0], vec![0.0]);
        Self { head: None, is_plain: true, is_behind_pooling: false, scale, shift, count: 0 }
    }
}

impl Layers {
    /// Takes in what happens before; false if it does not fit.
    pub fn put_before(&mut self, layer: What) -> bool {
        self.is_plain = false;
        self.count += 1;
        if self.count > MAX_LAYERS {
            return false;
        }
        match (&mut self.head, layer) {
            (None, What::Each { scale, shift }) => {
                let moved = each(&self.scale, &shift, |a, b| a * b);
                let moved = moved.and_then(|moved| each(&moved, &self.shift, |a, b| a + b));
                let (Some(scale), Some(shift)) = (each(&self.scale, &scale, |a, b| a * b), moved)
                else {
                    return false;
                };
                (self.scale, self.shift) = (scale, shift);
                true
            }
            (head @ None, What::Matrix(matrix)) => {
                *head = rows_scaled(matrix, &self.scale, &self.shift);
                head.is_some()
            }
            (Some(head), What::Each { scale, shift }) => columns_scaled(head, &scale, &shift),
            (Some(head), What::Matrix(matrix)) => match product(head, &matrix) {
                Some(product) => {
                    *head = product;
                    true
                }
                None => false,
            },
        }
    }
}

/// Number by number, where one of the two may be a single number for all.
pub fn each(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> Option<Vec<f32>> {
    match (a, b) {
        (_, &[b]) => Some(a.iter().map(|&a| f(a, b)).collect()),
        (&[a], _) => Some(b.iter().map(|&b| f(a, b)).collect()),
        _ if a.len() == b.len() => Some(a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()),
        _ => None,
    }
}

fn rows_scaled(mut head: Head, scale: &[f32], shift: &[f32]) -> Option<Head> {
    let ones = vec![1.0; head.classes];
    let scale = each(&ones, scale, |a, b| a * b).filter(|it| it.len() == head.classes)?;
    for (row, scale) in head.weight.chunks_exact_mut(head.channels.max(1)).zip(&scale) {
        row.iter_mut().for_each(|weight| *weight *= scale);
    }
    let bias = each(&head.bias, &scale, |a, b| a * b)?;
    head.bias = each(&bias, shift, |a, b| a + b).filter(|it| it.len() == head.classes)?;
    Some(head)
}

/// `W · (scale · x + shift) + b`; sums run in 64 bits.
fn columns_scaled(head: &mut Head, scale: &[f32], shift: &[f32]) -> bool {
    let zeros = vec![0.0; head.channels];
    let [scale, shift] = [scale, shift].map(|it| each(&zeros, it, |a, b| a + b));
    let (Some(scale), Some(shift)) = (scale, shift) else { return false };
    if scale.len() != head.channels || shift.len() != head.channels {
        return false;
    }
    let rows = head.weight.chunks_exact_mut(head.channels.max(1));
    for (row, bias) in rows.zip(&mut head.bias) {
        let sum: f64 = row.iter().zip(&shift).map(|(&w, &t)| f64::from(w) * f64::from(t)).sum();
        *bias = (f64::from(*bias) + sum) as f32;
        row.iter_mut().zip(&scale).for_each(|(weight, scale)| *weight *= scale);
    }
    true
}

/// `A · (B · x + c) + d`; sums run in 64 bits.
fn product(a: &Head, b: &Head) -> Option<Head> {
    let products = a.classes.checked_mul(b.classes)?.checked_mul(b.channels)?;
    if a.channels != b.classes || products > MAX_PRODUCTS {
        return None;
    }
    let mut weight = Vec::with_capacity(a.classes * b.channels);
    let mut bias = Vec::with_capacity(a.classes);
    for class in 0..a.classes {
        let row = a.row(class);
        let mut sums = vec![0.0_f64; b.channels];
        for (middle, &factor) in row.iter().enumerate() {
            let factor = f64::from(factor);
            sums.iter_mut().zip(b.row(middle)).for_each(|(sum, &w)| *sum += factor * f64::from(w));
        }
        weight.extend(sums.into_iter().map(|sum| sum as f32));
        let sum: f64 = row.iter().zip(&b.bias).map(|(&w, &c)| f64::from(w) * f64::from(c)).sum();
        bias.push((f64::from(a.bias[class]) + sum) as f32);
    }
    Some(Head { classes: a.classes, channels: b.channels, weight, bias })
}
