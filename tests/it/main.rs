//! The one integration test binary: linking burn and egui takes long enough once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod assets;
mod checkpoint;
mod class_list;
mod cli;
mod cli_decisions;
mod engine;
mod explain;
mod induce;
mod layering;
mod networks;
mod photo;
mod preprocess;
mod synth;
mod ward;
