//! glasstree shows what an image classifier looked at and how it decided.
//!
//! What it computes is in [`glasstree_core`]; here are the window and the command line.
//!
//! | module | question |
//! | --- | --- |
//! | [`command`], [`state`] | what can be asked of the window, and what does it know? |
//! | [`role`], [`selection`], [`look`] | which model, which class or node, and how is it looked at? |
//! | [`tree_layout`], [`tree_text`], [`tree_svg`] | where does each node of a tree go in a drawing, and what does it say? |
//! | [`words`] | what do maps and flips show, in sentences? |
//! | [`export`], [`caption`] | what can be saved? |
//! | `app`, `ui`, `settings` | what does the window look like, and what does it remember? |
//! | [`cli`] | which commands are there? |
//!
//! `ARCHITECTURE.md` says who may use whom.

#![recursion_limit = "256"]

#[cfg(feature = "gui")]
pub mod app;
pub mod caption;
pub mod cli;
pub mod command;
pub mod export;
pub mod look;
pub mod role;
pub mod selection;
pub mod settings;
pub mod state;
pub mod tree_layout;
pub mod tree_svg;
pub mod tree_text;
#[cfg(feature = "gui")]
pub mod ui;
pub mod words;

pub use glasstree_core::{
    assets, budget, catalog, checkpoint, decoder, engine, eval, explain, explanation, fetch,
    folders, induce, input, intake, labelled_pictures, labels, lettering, memo, model, npy,
    numbers, output, photo, preprocess, protocol, temporary, text, wordnet,
};
