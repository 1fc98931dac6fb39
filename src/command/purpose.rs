//! What files are asked for.

use crate::intake::{picture_extensions, weight_extensions};
use crate::role::Role;

/// What a path is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Open,
    Weights(Role),
    Labels(Role),
    Wnids(Role),
    Hierarchy(Role),
    /// The file that was prepared, with this extension.
    Save(&'static str),
    /// A picture with a caption, as PNG or SVG.
    SaveFigure,
}

impl Purpose {
    pub fn title(self) -> &'static str {
        match self {
            Self::Open => "Open a picture, folder or weights file",
            Self::Weights(Role::Classifier) => "Open the weights of a classifier",
            Self::Weights(Role::Tree) => "Open the weights of a tree model",
            Self::Labels(_) => "Open a list of class names",
            Self::Wnids(_) => "Open a list of WordNet ids",
            Self::Hierarchy(_) => "Open a hierarchy",
            Self::Save(_) | Self::SaveFigure => "Save",
        }
    }

    pub fn saves(self) -> bool {
        matches!(self, Self::Save(_) | Self::SaveFigure)
    }

    /// Names and extensions of the files to show.
    pub fn filters(self) -> Vec<(&'static str, &'static [&'static str])> {
        match self {
            Self::Open => vec![
                ("Pictures", picture_extensions()),
                ("Weights", weight_extensions()),
                ("All files", &["*"]),
            ],
            Self::Weights(_) => vec![("Weights", weight_extensions()), ("All files", &["*"])],
            Self::Wnids(_) => vec![("WordNet ids", &["txt", "json"]), ("All files", &["*"])],
            Self::Labels(_) => vec![("Labels", &["txt", "json"]), ("All files", &["*"])],
            Self::Hierarchy(_) => vec![("Hierarchies", &["json"]), ("All files", &["*"])],
            Self::SaveFigure => vec![("PNG", &["png"]), ("SVG", &["svg"])],
            Self::Save("png") => vec![("PNG", &["png"])],
            Self::Save("npy") => vec![("NumPy array", &["npy"])],
            Self::Save("svg") => vec![("SVG", &["svg"])],
            Self::Save(_) => vec![("JSON", &["json"])],
        }
    }
}
