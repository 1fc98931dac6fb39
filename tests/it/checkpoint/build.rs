//! Writes small checkpoint files, honest and otherwise, without Python.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A value in a pickle.
pub enum Object {
    Int(i64),
    Dict(Vec<(String, Object)>),
    Tensor(Tensor),
    /// Opcodes as they are, leaving one value on the stack.
    Raw(Vec<u8>),
}

/// A tensor of f32 with what its pickle claims about it.
pub struct Tensor {
    pub shape: Vec<i64>,
    pub stride: Vec<i64>,
    pub offset: i64,
    /// The number of values that the storage claims to have.
    pub claimed: i64,
    pub values: Vec<f32>,
}

impl Tensor {
    pub fn f32(shape: &[i64], values: &[f32]) -> Self {
        let mut stride = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            stride[axis - 1] = stride[axis] * shape[axis];
        }
        Self {
            shape: shape.to_vec(),
            stride,
            offset: 0,
            claimed: values.len() as i64,
            values: values.to_vec(),
        }
    }
}

impl From<Tensor> for Object {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

/// The opcodes that push `object`; its tensors are numbered as they come, their bytes collected.
fn push(object: &Object, storages: &mut Vec<Vec<u8>>) -> Vec<u8> {
    match object {
        Object::Int(value) => int(*value),
        Object::Raw(opcodes) => opcodes.clone(),
        Object::Dict(entries) => {
            let mut out = b"}(".to_vec();
            for (key, value) in entries {
                out.extend(text(key));
                out.extend(push(value, storages));
            }
            out.push(b'u');
            out
        }
        Object::Tensor(tensor) => {
            let key = text(&storages.len().to_string());
            let bytes = tensor.values.iter().flat_map(|value| value.to_le_bytes());
            storages.push(bytes.collect());
            let tuple = |sizes: &[i64]| {
                let sizes = sizes.iter().flat_map(|size| int(*size));
                [b"(".to_vec(), sizes.collect(), b"t".to_vec()].concat()
            };
            [
                b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
                text("storage"),
                b"ctorch\nFloatStorage\n".to_vec(),
                key,
                text("cpu"),
                int(tensor.claimed),
                b"tQ".to_vec(),
                int(tensor.offset),
                tuple(&tensor.shape),
                tuple(&tensor.stride),
                b"\x89ccollections\nOrderedDict\n)RtR".to_vec(),
            ]
            .concat()
        }
    }
}

pub fn text(text: &str) -> Vec<u8> {
    let length = (text.len() as u32).to_le_bytes();
    [b"X", &length[..], text.as_bytes()].concat()
}

fn int(value: i64) -> Vec<u8> {
    [b"\x8a\x08", &value.to_le_bytes()[..]].concat()
}

pub fn pickle(object: &Object, storages: &mut Vec<Vec<u8>>) -> Vec<u8> {
    [b"\x80\x02".to_vec(), push(object, storages), b".".to_vec()].concat()
}

/// The zip container of `torch.save`.
pub fn torch_zip(object: &Object) -> Vec<u8> {
    let mut storages = Vec::new();
    let pickle = pickle(object, &mut storages);
    let mut entries = vec![
        ("m/data.pkl".to_owned(), pickle),
        ("m/byteorder".to_owned(), b"little".to_vec()),
        ("m/version".to_owned(), b"3\n".to_vec()),
    ];
    for (key, bytes) in storages.into_iter().enumerate() {
        entries.push((format!("m/data/{key}"), bytes));
    }
    zip(&entries, CompressionMethod::Stored)
}

pub fn zip(entries: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in entries {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What `torch.save` wrote before version 1.6.
pub fn torch_legacy(object: &Object) -> Vec<u8> {
    let mut storages = Vec::new();
    let pickle = pickle(object, &mut storages);
    let keys = (0..storages.len()).flat_map(|key| text(&key.to_string()));
    let mut out = [
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec(),
        b"\x80\x02M\xe9\x03.".to_vec(),
        [b"\x80\x02}(".to_vec(), text("little_endian"), b"\x88u.".to_vec()].concat(),
        pickle,
        [b"\x80\x02](".to_vec(), keys.collect(), b"e.".to_vec()].concat(),
    ]
    .concat();
    for bytes in storages {
        out.extend((bytes.len() as u64 / 4).to_le_bytes());
        out.extend(bytes);
    }
    out
}

/// What `torch.save` wrote before version 0.1.10, with the three ways of the time to save a weight:
/// as a tensor, and as a parameter of younger and older make.
pub fn torch_tar(object: &Object) -> Vec<u8> {
    let mut tensors = Vec::new();
    let pickle = [b"\x80\x02".to_vec(), tar_push(object, &mut tensors), b".".to_vec()].concat();
    let number = |value: i64| [b"\x80\x02".to_vec(), int(value), b".".to_vec()].concat();
    let triple = |middle: Vec<u8>, key: i64, class: &str| {
        let class = format!("ctorch\n{class}\nt.").into_bytes();
        [b"\x80\x02(".to_vec(), int(key), middle, class].concat()
    };
    let (mut storages, mut table) = (number(tensors.len() as i64), number(tensors.len() as i64));
    for (key, tensor) in tensors.iter().enumerate() {
        storages.extend(triple(text("cpu"), key as i64, "FloatStorage"));
        storages.extend(tensor.claimed.to_le_bytes());
        storages.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
        table.extend(triple(int(key as i64), key as i64 + 1000, "FloatTensor"));
        table.extend((tensor.shape.len() as u32).to_le_bytes());
        table.extend([0; 4]);
        let numbers = tensor.shape.iter().chain(&tensor.stride).chain([&tensor.offset]);
        table.extend(numbers.flat_map(|number| number.to_le_bytes()));
    }
    storages.extend(b"\x80\x02].");
    let info = [b"\x80\x02}(".to_vec(), text("little_endian"), b"\x88u.".to_vec()].concat();
    tar(&[("sys_info", &info), ("pickle", &pickle), ("tensors", &table), ("storages", &storages)])
}

fn tar_push<'a>(object: &'a Object, tensors: &mut Vec<&'a Tensor>) -> Vec<u8> {
    match object {
        Object::Int(value) => int(*value),
        Object::Raw(opcodes) => opcodes.clone(),
        Object::Dict(entries) => {
            let mut out = b"ccollections\nOrderedDict\n)R(".to_vec();
            for (key, value) in entries {
                out.extend(text(key));
                out.extend(tar_push(value, tensors));
            }
            out.push(b'u');
            out
        }
        Object::Tensor(tensor) => {
            let key = [text(&(tensors.len() + 1000).to_string()), b"Q".to_vec()].concat();
            tensors.push(tensor);
            let class = b"ctorch.nn.parameter\nParameter\n".to_vec();
            match tensors.len() % 3 {
                0 => key,
                1 => [class, key, b"\x85R(\x88\x89}tb".to_vec()].concat(),
                _ => [class, b")\x81(".to_vec(), key, b"N}\x88\x89tb".to_vec()].concat(),
            }
        }
    }
}

/// A tar archive.
pub fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in entries {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(*bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize((out.len() + 1024).next_multiple_of(10_240), 0);
    out
}

/// A safetensors file with tensors of name, type, shape and values.
pub fn safetensors(tensors: &[(&str, safetensors::Dtype, &[usize], &[f32])]) -> Vec<u8> {
    use safetensors::{Dtype, tensor::TensorView};
    let bytes: Vec<Vec<u8>> = (tensors.iter())
        .map(|(_, dtype, _, values)| {
            let bytes = values.iter().map(|value| match dtype {
                Dtype::F64 => f64::from(*value).to_le_bytes().to_vec(),
                Dtype::F16 => half::f16::from_f32(*value).to_le_bytes().to_vec(),
                Dtype::BF16 => half::bf16::from_f32(*value).to_le_bytes().to_vec(),
                _ => value.to_le_bytes().to_vec(),
            });
            bytes.flatten().collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, dtype, shape, _), bytes)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

/// A safetensors file with any header and any data.
pub fn raw_safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), data].concat()
}
