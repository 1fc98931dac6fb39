//! From a picture to the input of a network, number for number as torchvision does it.

mod recipe;
pub mod resample;

pub use recipe::{ModelInput, PreprocessError, Recipe, RectTransform};
pub use resample::Filter;
