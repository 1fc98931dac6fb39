//! The one integration test binary: linking burn and egui takes long enough once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod assets;
mod checkpoint;
mod class_list;
mod class_panel;
mod explain;
mod image_view;
mod induce;
mod photo;
mod preprocess;
mod synth;
mod ui_fixture;
mod ward;
