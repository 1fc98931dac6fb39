//! The window's panels: functions that are lent facts and own nothing but what is purely visual.

pub mod class_list;
pub mod image_view;
