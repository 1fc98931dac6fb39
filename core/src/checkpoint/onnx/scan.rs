//! A walk through the bytes of a protocol buffer, before anybody takes memory for what it says.
//!
//! A field is a tag (its number and how it is stored) and a value; messages within messages are
//! fields with a length (<https://protobuf.dev/programming-guides/encoding>). A length that goes
//! beyond its message, nesting and sheer number are what a parser could be harmed with.

use super::super::FileProblem;
use crate::budget::Budget;

/// Real networks need nine; a branch within a branch six more.
const MAX_DEPTH: usize = 40;
/// Each takes some hundred bytes of memory, but as little as two in a file. The largest published
/// classifiers have some ten thousand.
pub const MAX_MESSAGES: usize = 1_000_000;

/// The messages of ONNX that are read (`onnx.proto`).
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Type,
    TensorType,
    SequenceType,
    Shape,
    /// A message of numbers and texts alone.
    Flat,
}

impl Message {
    /// What lies in a field with a length; `None` for texts, numbers and what is not read.
    fn field(self, number: u64) -> Option<Self> {
        match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) => Some(Self::Graph),
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) => Some(Self::Tensor),
            (Self::Graph, 11..=13) => Some(Self::Value),
            (Self::Node, 5) => Some(Self::Attribute),
            (Self::Value, 2) | (Self::SequenceType, 1) => Some(Self::Type),
            (Self::Type, 1) => Some(Self::TensorType),
            (Self::Type, 4) => Some(Self::SequenceType),
            (Self::TensorType, 2) => Some(Self::Shape),
            (Self::Model, 8 | 14) | (Self::Tensor, 13) | (Self::Shape, 1) => Some(Self::Flat),
            _ => None,
        }
    }

    /// How many numbers in one field are stored, where there are any.
    ///
    /// A reader that takes them one by one and trusts the length loses its place in a list whose
    /// last number is cut; rten's (0.27) never comes back from a number without an end.
    fn packed(self, number: u64) -> Option<Packed> {
        match (self, number) {
            (Self::Tensor, 1 | 5 | 7 | 11) | (Self::Attribute, 8) => Some(Packed::Varints),
            (Self::Tensor, 4) | (Self::Attribute, 7) => Some(Packed::Fixed(4)),
            (Self::Tensor, 10) => Some(Packed::Fixed(8)),
            _ => None,
        }
    }
}

/// A list of numbers one after the other, without tags.
enum Packed {
    Varints,
    /// So many bytes each.
    Fixed(usize),
}

/// Walks through a whole file.
pub fn check(bytes: &[u8], budget: &Budget) -> Result<(), FileProblem> {
    Scanner { bytes, at: 0, messages: 0, budget }.message(Message::Model, bytes.len(), 0)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    messages: usize,
    budget: &'a Budget,
}

fn damaged(what: &str) -> FileProblem {
    FileProblem::Damaged(what.to_owned())
}

impl Scanner<'_> {
    fn message(&mut self, kind: Message, end: usize, depth: usize) -> Result<(), FileProblem> {
        self.messages += 1;
        if depth > MAX_DEPTH || self.messages > MAX_MESSAGES {
            return Err(FileProblem::TooLarge("it has more than a million parts".to_owned()));
        }
        self.budget.charge_nodes(1)?;
        while self.at < end {
            // A field of two bytes takes as long as a large one.
            self.budget.pass(8)?;
            let tag = self.varint(end)?;
            let (number, kind_of_value) = (tag >> 3, tag & 7);
            let length = match kind_of_value {
                0 => {
                    self.varint(end)?;
                    continue;
                }
                1 => 8,
                5 => 4,
                2 => self.varint(end)?,
                _ => return Err(damaged("its parts are of no known kind")),
            };
            let length = usize::try_from(length).ok();
            let next = length.and_then(|length| self.at.checked_add(length));
            let Some(next) = next.filter(|&next| next <= end && number > 0) else {
                return Err(damaged("it ends too early"));
            };
            if kind_of_value == 2 {
                self.inside(kind, number, next, depth)?;
            }
            self.at = next;
        }
        Ok(())
    }

    /// What lies between here and `end`, in a field with a length.
    fn inside(
        &mut self,
        kind: Message,
        number: u64,
        end: usize,
        depth: usize,
    ) -> Result<(), FileProblem> {
        if let Some(inner) = kind.field(number) {
            return self.message(inner, end, depth + 1);
        }
        match kind.packed(number) {
            None => Ok(()),
            Some(Packed::Fixed(size)) if (end - self.at).is_multiple_of(size) => Ok(()),
            Some(Packed::Fixed(_)) => Err(damaged("a number in it is not whole")),
            Some(Packed::Varints) => {
                self.budget.pass((end - self.at) as u64)?;
                while self.at < end {
                    self.varint(end)?;
                }
                Ok(())
            }
        }
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self, end: usize) -> Result<u64, FileProblem> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.bytes.get(self.at).filter(|_| self.at < end);
            let &byte = byte.ok_or_else(|| damaged("it ends too early"))?;
            self.at += 1;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(damaged("a number in it does not end"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::budget::{NODE, Wanted};

    fn check(bytes: &[u8]) -> Result<(), FileProblem> {
        let memory = MAX_MESSAGES as u64 * NODE;
        super::check(bytes, &Budget::new(memory, Duration::from_secs(60), Wanted::default()))
    }

    #[test]
    fn lengths_beyond_the_end_and_deep_nesting_are_refused() {
        assert!(check(&[0x08, 0x07, 0x3a, 0x00]).is_ok());
        assert!(check(&[0x3a, 0x01]).is_err());
        assert!(check(&[0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
        assert!(check(&[0x80; 12]).is_err());
        // A graph in an attribute of a node of a graph, a hundred times over.
        let field = |tag: u8, inner: Vec<u8>| {
            let mut bytes = vec![tag];
            let mut length = inner.len();
            while length >= 0x80 {
                bytes.push(length as u8 | 0x80);
                length >>= 7;
            }
            bytes.push(length as u8);
            [bytes, inner].concat()
        };
        let deep =
            (0..100).fold(Vec::new(), |graph, _| field(0x0a, field(0x2a, field(0x32, graph))));
        assert!(matches!(check(&field(0x3a, deep)), Err(FileProblem::TooLarge(_))));
        // Two bytes a node.
        let many = field(0x3a, [0x0a, 0x00].repeat(MAX_MESSAGES));
        assert!(matches!(check(&many), Err(FileProblem::TooLarge(_))));
    }

    /// A field whose content is shorter than 128 bytes.
    fn field(tag: u8, inner: &[u8]) -> Vec<u8> {
        [&[tag, inner.len() as u8], inner].concat()
    }

    #[test]
    fn lists_of_numbers_end_with_a_whole_one() {
        let model = |tag, numbers: &[u8]| field(0x3a, &field(0x2a, &field(tag, numbers)));
        // int32_data, int64_data and uint64_data; 0x80 says that another byte follows.
        for tag in [0x2a, 0x3a, 0x5a] {
            assert!(check(&model(tag, &[])).is_ok());
            assert!(check(&model(tag, &[0x80, 0x01, 0x7f])).is_ok());
            assert!(check(&model(tag, &[0x01, 0x80])).is_err());
            assert!(check(&model(tag, &[0x80; 20])).is_err());
        }
        // float_data and double_data.
        for (tag, size) in [(0x22, 4), (0x52, 8)] {
            assert!(check(&model(tag, &vec![0; 2 * size])).is_ok());
            assert!(check(&model(tag, &vec![0; 2 * size + 1])).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            check(&bytes).ok();
        }
    }
}
