//! A network as nodes that make values out of values, to be walked from its end to its beginning.

use std::collections::{HashMap, HashSet};

use rten_onnx::onnx::{AttributeProto, DataType, GraphProto, NodeProto, TensorProto};

/// Reading aids for the graph of an ONNX file.
pub struct Graph<'a> {
    pub proto: &'a GraphProto,
    makers: HashMap<&'a str, &'a NodeProto>,
    users: HashMap<&'a str, Vec<&'a NodeProto>>,
    initializers: HashMap<&'a str, &'a TensorProto>,
}

/// A constant, in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl<'a> Graph<'a> {
    /// # Errors
    /// A value that is used before it is made, as in a cycle, is named.
    pub fn new(proto: &'a GraphProto) -> Result<Self, String> {
        check_order(proto, &mut HashSet::new())?;
        let mut graph = Self {
            proto,
            makers: HashMap::new(),
            users: HashMap::new(),
            initializers: HashMap::new(),
        };
        for tensor in &proto.initializer {
            graph.initializers.insert(tensor.name.as_deref().unwrap_or_default(), tensor);
        }
        for node in &proto.node {
            for output in node.output.iter().filter(|name| !name.is_empty()) {
                graph.makers.insert(output, node);
            }
            for input in &node.input {
                graph.users.entry(input).or_default().push(node);
            }
        }
        Ok(graph)
    }

    /// The node that a value comes out of; `None` for inputs and constants.
    pub fn maker(&self, value: &str) -> Option<&'a NodeProto> {
        self.makers.get(value).copied()
    }

    /// The nodes that a value goes into.
    pub fn users(&self, value: &str) -> &[&'a NodeProto] {
        self.users.get(value).map_or(&[], Vec::as_slice)
    }

    /// Whether a value is a weight.
    pub fn is_initializer(&self, name: &str) -> bool {
        self.initializers.contains_key(name)
    }

    /// The shape of a weight.
    pub fn dims(&self, name: &str) -> Option<&'a [i64]> {
        self.initializers.get(name).map(|tensor| tensor.dims.as_slice())
    }

    /// A value that is the same for every picture, as far as that is told without computing more
    /// than a transposition or the scale of a quantised weight.
    pub fn constant(&self, value: &str) -> Option<Array> {
        let (mut value, mut is_turned) = (value, false);
        // The shape that it is given, if it is another one than it is stored in.
        let mut shape: Option<Vec<i64>> = None;
        // Chains may be as long as the network, so they are followed without recursion.
        let array = loop {
            if let Some(tensor) = self.initializers.get(value) {
                break array(tensor)?;
            }
            let node = self.maker(value)?;
            match op(node) {
                "Constant" => break stored(node)?,
                "DequantizeLinear" => break self.dequantised(node)?,
                "Identity" | "Cast" => {}
                "Reshape" => {
                    let to = self.stored(node.input.get(1)?)?;
                    shape.get_or_insert(to.values.iter().map(|&size| size as i64).collect());
                }
                // Whoever needs more than the values does without.
                "Unsqueeze" | "Squeeze" => {
                    shape.get_or_insert(vec![-1]);
                }
                "Transpose" if ints(node, "perm") != Some(&[0, 1]) && shape.is_none() => {
                    is_turned = !is_turned;
                }
                _ => return None,
            }
            value = node.input.first()?;
        };
        let array = match shape {
            Some(shape) => array.reshaped(&shape)?,
            None => array,
        };
        let is_matrix = array.shape.len() == 2;
        match is_turned {
            true => is_matrix.then(|| array.transposed()),
            false => Some(array),
        }
    }

    /// A value that is stored as it is.
    fn stored(&self, value: &str) -> Option<Array> {
        match self.initializers.get(value) {
            Some(tensor) => array(tensor),
            None => self.maker(value).filter(|node| op(node) == "Constant").and_then(stored),
        }
    }

    /// `(x − zero point) · scale`, with one of each for all numbers or for each index of an axis.
    fn dequantised(&self, node: &NodeProto) -> Option<Array> {
        let input = |index: usize| self.stored(node.input.get(index)?);
        let (mut array, scale) = (input(0)?, input(1)?.values);
        let zero = input(2).map_or(vec![0.0], |zero| zero.values);
        let rank = array.shape.len();
        let axis = int(node, "axis").unwrap_or(1);
        let axis = usize::try_from(axis.checked_add(if axis < 0 { rank as i64 } else { 0 })?).ok();
        let axis = axis.filter(|&axis| axis < rank);
        let size = axis.map_or(1, |axis| array.shape[axis]).max(1);
        let inner = axis.map_or(1, |axis| array.shape[axis + 1..].iter().product::<usize>()).max(1);
        if ![1, size].contains(&scale.len()) || ![1, size].contains(&zero.len()) {
            return None;
        }
        for (at, value) in array.values.iter_mut().enumerate() {
            let index = at / inner % size;
            *value = (*value - zero[index % zero.len()]) * scale[index % scale.len()];
        }
        Some(array)
    }
}

/// What a node of constants holds.
fn stored(node: &NodeProto) -> Option<Array> {
    match node.attribute.first()? {
        AttributeProto { t: Some(tensor), .. } => array(tensor),
        AttributeProto { f: Some(number), .. } => {
            Some(Array { shape: Vec::new(), values: vec![*number] })
        }
        AttributeProto { floats, .. } if !floats.is_empty() => {
            Some(Array { shape: vec![floats.len()], values: floats.clone() })
        }
        AttributeProto { i: Some(number), .. } => {
            Some(Array { shape: Vec::new(), values: vec![*number as f32] })
        }
        AttributeProto { ints, .. } => {
            let values = ints.iter().map(|&int| int as f32).collect();
            Some(Array { shape: vec![ints.len()], values })
        }
    }
}

impl Array {
    /// The same numbers in another shape, where one size may be −1 for what is left.
    fn reshaped(self, to: &[i64]) -> Option<Self> {
        let known: i64 =
            to.iter().filter(|&&size| size > 0).try_fold(1_i64, |a, &b| a.checked_mul(b))?;
        let count = self.values.len();
        let left = count.checked_div(usize::try_from(known).ok()?)?;
        let shape: Vec<usize> = to
            .iter()
            .map(|&size| if size == -1 { Some(left) } else { usize::try_from(size).ok() })
            .collect::<Option<_>>()?;
        (shape.iter().product::<usize>() == count).then_some(Self { shape, ..self })
    }

    /// Columns become rows; only for matrices.
    pub fn transposed(&self) -> Self {
        let &[rows, columns] = self.shape.as_slice() else { return self.clone() };
        let cells = (0..columns).flat_map(|x| (0..rows).map(move |y| y * columns + x));
        let values = cells.filter_map(|cell| self.values.get(cell).copied()).collect();
        Self { shape: vec![columns, rows], values }
    }
}

/// What a node does, such as `Conv`.
pub fn op(node: &NodeProto) -> &str {
    node.op_type.as_deref().unwrap_or_default()
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|it| it.name.as_deref() == Some(name))
}

pub fn int(node: &NodeProto, name: &str) -> Option<i64> {
    attribute(node, name)?.i
}

pub fn float(node: &NodeProto, name: &str) -> Option<f32> {
    attribute(node, name)?.f
}

pub fn ints<'a>(node: &'a NodeProto, name: &str) -> Option<&'a [i64]> {
    attribute(node, name).map(|it| it.ints.as_slice())
}

/// Nodes must stand in the order in which they can run, which rules out cycles. `known`: the values
/// of the graphs around this one, and the same when it returns.
fn check_order<'a>(graph: &'a GraphProto, known: &mut HashSet<&'a str>) -> Result<(), String> {
    let mut own = Vec::new();
    let mut add = |known: &mut HashSet<&'a str>, name: &'a str| {
        if known.insert(name) {
            own.push(name);
        }
    };
    let inputs = graph.input.iter().filter_map(|input| input.name.as_deref());
    let weights = graph.initializer.iter().filter_map(|tensor| tensor.name.as_deref());
    inputs.chain(weights).for_each(|name| add(known, name));
    for node in &graph.node {
        let missing = node.input.iter().find(|name| !name.is_empty() && !known.contains(&***name));
        if let Some(missing) = missing {
            let op = op(node);
            return Err(format!("its operator {op} uses {missing:?} before it is made"));
        }
        for inner in node.attribute.iter().filter_map(|it| it.g.as_ref()) {
            check_order(inner, known)?;
        }
        node.output.iter().for_each(|name| add(known, name));
    }
    let mut ends = graph.output.iter().filter_map(|output| output.name.as_deref());
    if let Some(missing) = ends.find(|name| !known.contains(name)) {
        return Err(format!("no operator in it makes its output {missing:?}"));
    }
    for name in own {
        known.remove(name);
    }
    Ok(())
}

/// The numbers of a stored tensor; `None` for kinds that are not used where they are asked for.
fn array(tensor: &TensorProto) -> Option<Array> {
    let shape: Vec<usize> =
        tensor.dims.iter().map(|&dim| dim.try_into().ok()).collect::<Option<_>>()?;
    let raw = tensor.raw_data.as_ref().map(std::cell::RefCell::borrow);
    let raw = raw.as_deref();
    let values: Vec<f32> = match (tensor.data_type?, raw) {
        (DataType::FLOAT, Some(raw)) => words(raw).map(f32::from_le_bytes).collect(),
        (DataType::FLOAT, None) => tensor.float_data.clone(),
        (DataType::DOUBLE, Some(raw)) => words(raw).map(|b| f64::from_le_bytes(b) as f32).collect(),
        (DataType::DOUBLE, None) => tensor.double_data.iter().map(|&it| it as f32).collect(),
        (DataType::FLOAT16, Some(raw)) => {
            words(raw).map(|b| half::f16::from_le_bytes(b).to_f32()).collect()
        }
        (DataType::BFLOAT16, Some(raw)) => {
            words(raw).map(|b| half::bf16::from_le_bytes(b).to_f32()).collect()
        }
        (DataType::INT64, Some(raw)) => words(raw).map(|b| i64::from_le_bytes(b) as f32).collect(),
        (DataType::INT64, None) => tensor.int64_data.iter().map(|&it| it as f32).collect(),
        (DataType::INT32, Some(raw)) => words(raw).map(|b| i32::from_le_bytes(b) as f32).collect(),
        (DataType::INT32, None) => tensor.int32_data.iter().map(|&it| it as f32).collect(),
        (DataType::INT8, Some(raw)) => raw.iter().map(|&it| f32::from(it.cast_signed())).collect(),
        (DataType::UINT8, Some(raw)) => raw.iter().map(|&it| f32::from(it)).collect(),
        (DataType::INT8 | DataType::UINT8, None) => {
            tensor.int32_data.iter().map(|&it| it as f32).collect()
        }
        // Halves that are stored one by one, each in the lower bits of a whole number.
        (DataType::FLOAT16, None) => {
            tensor.int32_data.iter().map(|&it| half::f16::from_bits(it as u16).to_f32()).collect()
        }
        _ => return None,
    };
    (shape.iter().product::<usize>() == values.len()).then_some(Array { shape, values })
}

fn words<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> {
    raw.as_chunks::<N>().0.iter().copied()
}
