//! The panels of the window: functions that draw borrowed data and return what the user asked for.

pub mod tree_view;
