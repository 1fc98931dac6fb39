//! Derivatives of functions of single numbers.

use pulp::Arch;
use rayon::prelude::*;

use crate::model::pointwise::{Gate, Nonlinearity, exp, own_gelu};

/// Numbers of one task.
const NUMBERS: usize = 1 << 13;

impl Nonlinearity {
    /// Whether its derivative is known from what comes out of it.
    pub fn is_told_by_output(self) -> bool {
        match self {
            Self::None | Self::Relu | Self::Relu6 => true,
            Self::Silu | Self::HardSwish | Self::Gelu => false,
        }
    }

    /// Of one number.
    #[inline(always)]
    pub fn value(self, x: f32) -> f32 {
        match self {
            Self::None => x,
            Self::Relu => x.max(0.0),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::Silu => x / (1.0 + exp(-x)),
            Self::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::Gelu => own_gelu(x),
        }
    }

    /// The derivative at `x`; where there is none, at the corners, PyTorch's value.
    #[inline(always)]
    pub fn slope(self, x: f32) -> f32 {
        match self {
            Self::None => 1.0,
            Self::Relu => f32::from(u8::from(x > 0.0)),
            Self::Relu6 => f32::from(u8::from(x > 0.0 && x < 6.0)),
            Self::Silu => {
                let s = 1.0 / (1.0 + exp(-x));
                s * (1.0 + x * (1.0 - s))
            }
            Self::HardSwish => {
                let middle = x / 3.0 + 0.5;
                if x < -3.0 {
                    0.0
                } else if x > 3.0 {
                    1.0
                } else {
                    middle
                }
            }
            Self::Gelu => {
                // Φ(x) + x φ(x); far from zero, where Φ is not found by a division, it is 1 or 0.
                let density = exp(-0.5 * x * x) * 0.398_942_3;
                let share = if x.abs() < 1e-3 { 0.5 + x * density } else { own_gelu(x) / x };
                share + x * density
            }
        }
    }

    /// Of every number.
    pub fn bend(self, numbers: &mut [f32]) {
        numbers.par_chunks_mut(NUMBERS).for_each(|numbers| {
            Arch::new().dispatch(|| numbers.iter_mut().for_each(|x| *x = self.value(*x)));
        });
    }

    /// Makes the gradient of the output the one of the input; `at` is the input, or the output where
    /// that tells the derivative.
    pub fn unbend(self, gradient: &mut [f32], at: &[f32]) {
        let tasks = gradient.par_chunks_mut(NUMBERS).zip(at.par_chunks(NUMBERS));
        tasks.for_each(|(gradient, at)| match self {
            Self::None => {}
            Self::Relu => each(gradient, at, |x| Self::Relu.slope(x)),
            Self::Relu6 => each(gradient, at, |x| Self::Relu6.slope(x)),
            Self::Silu => each(gradient, at, |x| Self::Silu.slope(x)),
            Self::HardSwish => each(gradient, at, |x| Self::HardSwish.slope(x)),
            Self::Gelu => each(gradient, at, |x| Self::Gelu.slope(x)),
        });
    }
}

/// A loop of its own for each function, so that it becomes one over vectors.
#[inline(always)]
fn each(gradient: &mut [f32], at: &[f32], slope: impl Fn(f32) -> f32) {
    Arch::new().dispatch(|| {
        for (gradient, &x) in gradient.iter_mut().zip(at) {
            *gradient *= slope(x);
        }
    });
}

impl Gate {
    /// Of one number.
    pub fn value(self, x: f32) -> f32 {
        match self {
            Self::Sigmoid => 1.0 / (1.0 + exp(-x)),
            Self::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
        }
    }

    /// The derivative at `x`.
    pub fn slope(self, x: f32) -> f32 {
        match self {
            Self::Sigmoid => {
                let s = self.value(x);
                s * (1.0 - s)
            }
            Self::HardSigmoid => f32::from(u8::from(x > -3.0 && x < 3.0)) / 6.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences in 64 bits of functions in 32: an error of 1e-7 over a step of 1e-2, and
    /// the third derivative times a sixth of its square.
    #[test]
    fn slopes_are_differences() {
        use Nonlinearity::{Gelu, HardSwish, None, Relu, Relu6, Silu};
        let step = 5e-3_f32;
        for i in -400..400 {
            let x = 0.02 * i as f32 + 0.0101;
            for kind in [None, Relu, Relu6, Silu, HardSwish, Gelu] {
                let rise = f64::from(kind.value(x + step)) - f64::from(kind.value(x - step));
                let difference = rise / f64::from((x + step) - (x - step));
                let slope = f64::from(kind.slope(x));
                assert!((slope - difference).abs() < 3e-4, "{kind:?} {x}: {slope} {difference}");
            }
            for gate in [Gate::Sigmoid, Gate::HardSigmoid] {
                let rise = f64::from(gate.value(x + step)) - f64::from(gate.value(x - step));
                let difference = rise / f64::from((x + step) - (x - step));
                assert!((f64::from(gate.slope(x)) - difference).abs() < 3e-4, "{gate:?} {x}");
            }
        }
    }
}
