//! The one integration test binary: linking burn and egui takes long enough once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod assets;
mod bad_input;
mod caption;
mod checkpoint;
mod class_list;
mod class_panel;
mod cli;
mod cli_decisions;
mod colors;
mod comparisons;
#[cfg(feature = "onnx")]
mod confined;
mod cover;
mod crop_square;
mod dialogs;
#[cfg(target_os = "linux")]
mod display;
mod engine;
mod eval;
mod eval_tree;
mod everyday;
mod explain;
mod features;
mod fetch;
mod first_look;
mod first_minute;
mod folder;
mod fuzz;
mod gradients;
mod handover;
mod harm;
mod image_view;
mod induce;
mod labelled_pictures;
mod layering;
mod linking;
mod looks;
mod method_picker;
mod methods;
mod models_window;
mod networks;
#[cfg(feature = "onnx")]
mod onnx;
mod photo;
mod pointing;
mod preprocess;
mod region_tab;
mod screenshots;
mod server;
mod sidecar;
mod snapshots;
mod soak;
mod synth;
mod text;
mod tiles;
mod tree_edits;
mod tree_fold;
mod tree_view;
mod trust_tab;
mod ui;
mod ui_fixture;
mod undo;
mod walk;
mod ward;
mod wordnet_tree;
