//! What can be wrong with a checkpoint, each in one line.

use std::fmt;
use std::io;

use super::DType;
use crate::budget::{Exceeded, Lost};
use crate::input::ReadError;
use crate::text::CleanText;

/// What went wrong with a checkpoint, in one line.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file as a whole cannot be used.
    #[error("{name} {problem}")]
    File {
        /// The file as the user named it.
        name: CleanText,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// One tensor cannot be used.
    #[error("Tensor {tensor} {problem}")]
    Tensor {
        /// Name of the tensor, without the prefixes of wrappers.
        tensor: CleanText,
        /// What is wrong with it.
        problem: TensorProblem,
    },
}

impl CheckpointError {
    pub(crate) fn file(name: impl fmt::Display, problem: FileProblem) -> Self {
        let name = CleanText::from(name.to_string());
        Self::File { name, problem }
    }

    pub(super) fn tensor(name: &str, problem: TensorProblem) -> Self {
        let tensor = CleanText::short(name);
        Self::Tensor { tensor, problem }
    }
}

/// What is wrong with a file; the text continues its name.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FileProblem {
    #[error("cannot be read: {0}")]
    Io(io::Error),
    #[error("is empty")]
    Empty,
    #[error("is {0}")]
    NotACheckpoint(String),
    #[error("is truncated or damaged ({0}); fetch or save it again")]
    Damaged(String),
    #[error("keeps its weights in {0}, which is missing beside it; put both in one folder")]
    MissingBeside(String),
    #[error("is too large to be read safely: {0}")]
    TooLarge(String),
    #[error("{0}")]
    Told(CleanText),
    #[error("cannot be read safely: {0}")]
    Lost(Lost),
    #[error("cannot be read safely: {0}")]
    Budget(#[from] Exceeded),
    #[error("holds {0}, which cannot be used; save model.state_dict() in f32 or f16")]
    Unsupported(String),
    #[error("holds a pickled Python object of class {class}{}", .origin.advice())]
    PickledObject { class: String, origin: Origin },
    #[error("would run {0} when loaded by Python; it is refused, and nothing in it was run")]
    WouldRun(String),
}

impl From<ReadError> for FileProblem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::Io(error),
            ReadError::NotAFile => {
                Self::NotACheckpoint("a folder or device, not a file".to_owned())
            }
            ReadError::TooLarge(_) => Self::TooLarge(error.to_string()),
        }
    }
}

/// Where in a file a Python object was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is the saved object itself.
    WholeModel,
    /// It lies beside or within the state dict.
    Part,
    /// The file does not come from `torch.save`.
    OtherPickle,
}

impl Origin {
    fn advice(self) -> &'static str {
        match self {
            Self::WholeModel => {
                " (a whole model saved with torch.save(model)); save model.state_dict() instead"
            }
            Self::Part => " beside the weights; save only model.state_dict()",
            Self::OtherPickle => {
                ", not a PyTorch state dict; save model.state_dict() with torch.save"
            }
        }
    }
}

/// What is wrong with a tensor; the text continues its name.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TensorProblem {
    #[error("is missing")]
    Missing,
    #[error("has shape {found:?}, but {expected:?} was expected")]
    Shape { found: Vec<usize>, expected: Vec<usize> },
    #[error("holds {0} values; weights must be f32, f16, bf16 or f64")]
    NotFloat(DType),
    #[error("holds {0}; these weights are unusable, fetch or train them again")]
    NotFinite(&'static str),
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> Self {
        Exceeded::cause_of(&error).map_or_else(|| Self::Io(error), Self::Budget)
    }
}
