//! From a picture to the input of a network, number for number as torchvision does it.

mod normalisation;
mod recipe;
pub mod resample;
mod square;
mod timm;

pub use normalisation::Normalisation;
pub use recipe::{ModelInput, PreprocessError, Recipe, RectTransform};
pub use resample::Filter;
pub use square::{Corner, Square};
