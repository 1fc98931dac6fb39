//! The window's panels. Each is a function that gets facts to show and says what the user asks for.
//!
//! Nothing here talks to the engine or to a network.

pub mod class_list;
pub mod class_picker;
pub mod consent;
pub mod controls;
pub mod folder_strip;
pub mod headline;
pub mod help;
pub mod image_view;
pub mod insight;
pub mod introduction;
pub mod keys;
pub mod layout;
pub mod legend;
pub mod map_tiles;
pub mod menu;
pub mod methods;
pub mod models;
pub mod notices;
pub mod output;
pub mod overlay;
pub mod palette;
pub mod path_prompt;
pub mod pins;
pub mod status_bar;
pub mod text;
pub mod theme;
pub mod tree_panel;
pub mod tree_view;
pub mod versus;
pub mod welcome;
pub mod window;

pub use window::{Panels, root_ui};
