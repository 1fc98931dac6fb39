//! Types of tensor elements, and their way to f32.

use half::slice::HalfFloatSliceExt as _;
use serde::{Deserialize, Serialize};

/// Type of the elements of a tensor.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, Serialize, Deserialize,
)]
#[strum(serialize_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DType {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
    /// 8-bit floats, complex numbers and the like.
    Other,
}

impl DType {
    /// Bytes of an element; 0 for types that are not read.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::Other => 0,
        }
    }

    /// True for the types that weights can have.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::Bf16)
    }
}

/// Weights are little-endian in all formats, as is every machine this runs on.
pub(super) fn f32_from_bytes(dtype: DType, bytes: &[u8]) -> Vec<f32> {
    let halves = || bytes.as_chunks::<2>().0.iter().map(|half| u16::from_le_bytes(*half));
    match dtype {
        DType::F64 => {
            let values = bytes.as_chunks::<8>().0.iter();
            values.map(|value| f64::from_le_bytes(*value) as f32).collect()
        }
        DType::F16 => {
            let halves: Vec<half::f16> = halves().map(half::f16::from_bits).collect();
            halves.to_f32_vec()
        }
        DType::Bf16 => halves().map(|half| half::bf16::from_bits(half).to_f32()).collect(),
        _ => {
            let values = bytes.as_chunks::<4>().0.iter();
            values.map(|value| f32::from_le_bytes(*value)).collect()
        }
    }
}

impl From<pytorch_reader::DType> for DType {
    fn from(dtype: pytorch_reader::DType) -> Self {
        use pytorch_reader::DType as Torch;
        match dtype {
            Torch::F64 => Self::F64,
            Torch::F32 => Self::F32,
            Torch::F16 => Self::F16,
            Torch::BF16 => Self::Bf16,
            Torch::I64 => Self::I64,
            Torch::I32 => Self::I32,
            Torch::I16 => Self::I16,
            Torch::I8 => Self::I8,
            Torch::U64 => Self::U64,
            Torch::U32 => Self::U32,
            Torch::U16 => Self::U16,
            Torch::U8 => Self::U8,
            Torch::Bool => Self::Bool,
        }
    }
}

impl From<safetensors::Dtype> for DType {
    fn from(dtype: safetensors::Dtype) -> Self {
        use safetensors::Dtype as St;
        match dtype {
            St::F64 => Self::F64,
            St::F32 => Self::F32,
            St::F16 => Self::F16,
            St::BF16 => Self::Bf16,
            St::I64 => Self::I64,
            St::I32 => Self::I32,
            St::I16 => Self::I16,
            St::I8 => Self::I8,
            St::U64 => Self::U64,
            St::U32 => Self::U32,
            St::U16 => Self::U16,
            St::U8 => Self::U8,
            St::BOOL => Self::Bool,
            _ => Self::Other,
        }
    }
}
