//! New nodes and weights for a graph.

use std::cell::RefCell;

use rten_onnx::onnx::{AttributeProto, AttributeType, DataType, NodeProto, TensorProto};

/// What takes the place of a node: others, and weights that they need.
#[derive(Default)]
pub struct Parts {
    pub nodes: Vec<NodeProto>,
    pub weights: Vec<TensorProto>,
    /// The value that the replaced node makes, after which others are named.
    name: String,
}

/// Numbers of the types that `Cast` knows.
pub const FLOAT: i64 = 1;
pub const INT32: i64 = 6;

impl Parts {
    pub fn of(node: &NodeProto) -> Self {
        let name = node.output.first().cloned().unwrap_or_default();
        Self { name, ..Self::default() }
    }

    fn next(&self) -> String {
        format!("{}/{}", self.name, self.nodes.len() + self.weights.len())
    }

    /// Adds a node and returns the name of what it makes.
    pub fn make(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let output = self.next();
        self.make_as(op, inputs, attributes, &output);
        output
    }

    /// Adds a node that makes `output`.
    pub fn make_as(
        &mut self,
        op: &str,
        inputs: &[&str],
        attribute: Vec<AttributeProto>,
        output: &str,
    ) {
        self.nodes.push(NodeProto {
            op_type: Some(op.to_owned()),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute,
            ..NodeProto::default()
        });
    }

    /// A value as floats.
    pub fn float(&mut self, value: &str) -> String {
        self.make("Cast", &[value], vec![int("to", FLOAT)])
    }

    /// Floats that are the same for every picture, as a vector, or one as a scalar.
    pub fn floats(&mut self, values: &[f32]) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dims = if values.len() == 1 { vec![] } else { vec![values.len() as i64] };
        self.weight(DataType::FLOAT, dims, raw)
    }

    pub fn ints(&mut self, values: &[i64]) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.weight(DataType::INT64, vec![values.len() as i64], raw)
    }

    /// The zero point 0 of unsigned bytes.
    pub fn zero_byte(&mut self) -> String {
        self.weight(DataType::UINT8, vec![], vec![0])
    }

    fn weight(&mut self, ty: DataType, dims: Vec<i64>, raw: Vec<u8>) -> String {
        let name = self.next();
        self.weights.push(TensorProto {
            name: Some(name.clone()),
            dims,
            data_type: Some(ty),
            raw_data: Some(RefCell::new(raw)),
            ..TensorProto::default()
        });
        name
    }
}

pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(AttributeType::INT),
        ..AttributeProto::default()
    }
}

pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        f: Some(value),
        r#type: Some(AttributeType::FLOAT),
        ..AttributeProto::default()
    }
}

pub fn list(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        ints: values.to_vec(),
        r#type: Some(AttributeType::INTS),
        ..AttributeProto::default()
    }
}
