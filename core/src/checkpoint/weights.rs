//! Hands the tensors of a state dict to a network and keeps count.

use std::collections::BTreeSet;

use super::{CheckpointError, StateDict, TensorProblem, is_counter};

/// Reads tensors by name and expected shape, and remembers which were used.
pub struct Weights<'a> {
    state_dict: &'a StateDict,
    used: BTreeSet<String>,
}

impl<'a> Weights<'a> {
    pub(super) fn new(state_dict: &'a StateDict) -> Self {
        Self { state_dict, used: BTreeSet::new() }
    }

    /// The state dict behind it.
    pub fn state_dict(&self) -> &'a StateDict {
        self.state_dict
    }

    /// The finite values of the tensor `name`, in C order.
    ///
    /// # Errors
    /// If the tensor is missing, has another shape, holds no floats, NaN or infinities, or cannot
    /// be read.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, CheckpointError> {
        let problem = |problem| Err(CheckpointError::tensor(name, problem));
        match self.state_dict.shape(name) {
            None => return problem(TensorProblem::Missing),
            Some(found) if found != shape => {
                let (found, expected) = (found.to_vec(), shape.to_vec());
                return problem(TensorProblem::Shape { found, expected });
            }
            Some(_) => {}
        }
        let values = self.state_dict.finite_f32(name)?;
        self.used.insert(name.to_owned());
        Ok(values)
    }

    /// The tensors that nobody took, except the batch counters, which only training needs.
    pub fn unused(&self) -> Vec<&'a str> {
        let is_unused = |name: &&str| !is_counter(name) && !self.used.contains(*name);
        self.state_dict.names().filter(is_unused).collect()
    }
}
