//! What glasstree computes, without a window: files, networks, maps, decisions, and the thread that
//! runs them.
//!
//! | module | question |
//! | --- | --- |
//! | [`photo`] | how does a picture file become upright RGB? |
//! | [`preprocess`] | what does the network see of it? |
//! | [`budget`], [`text`] | what may a file cost, and what may its names hold? |
//! | [`decoder`] | which process reads a foreign file? |
//! | [`checkpoint`] | which tensors does a weights file hold? |
//! | [`model`] | which network is that, and what does it answer? (the only one that talks to burn) |
//! | [`explain`] | which maps and decisions follow from the answer? (plain arithmetic) |
//! | [`induce`] | which tree lies in a linear layer? |
//! | [`eval`] | how often is a model right, and do its maps point at the thing? (plain arithmetic) |
//! | [`labelled_pictures`] | which pictures is a model measured on? |
//! | [`assets`], [`labels`], [`wordnet`] | what are the classes called? |
//! | [`catalog`] | which models are known by name, bundled or to be fetched? |
//! | [`fetch`], [`folders`] | how does a file get from a server into the user's folder? |
//! | [`protocol`], [`engine`] | what can be asked of the thread that computes, and what does it answer? |
//! | [`explanation`] | what does one model say about one picture? |
//! | [`intake`] | which of the given files are pictures, which are weights? |
//! | [`memo`] | how is a value kept until what it was made of changes? |
//! | [`output`], [`npy`], [`input`], [`temporary`] | how is a file written, and how is a small one read? |
//! | [`numbers`], [`lettering`] | how are numbers and words written, on pictures, too? |
//!
//! `ARCHITECTURE.md` says who may use whom.

#![recursion_limit = "256"]

pub mod assets;
pub mod budget;
pub mod catalog;
pub mod checkpoint;
pub mod decoder;
pub mod engine;
pub mod eval;
pub mod explain;
pub mod explanation;
pub mod fetch;
pub mod folders;
pub mod induce;
pub mod input;
pub mod intake;
pub mod labelled_pictures;
pub mod labels;
pub mod lettering;
pub mod memo;
pub mod model;
pub mod npy;
pub mod numbers;
pub mod output;
pub mod photo;
pub mod preprocess;
pub mod protocol;
pub mod temporary;
pub mod text;
pub mod wordnet;
