//! The models that come with the program.

use std::path::PathBuf;

use crate::assets::Dataset;
use crate::preprocess::Recipe;

/// A model of the catalogue.
pub struct CatalogEntry {
    /// What the user types.
    pub id: &'static str,
    pub title: &'static str,
    pub dataset: Dataset,
    /// Where the network was described.
    pub paper: &'static str,
    /// What it gets right, on what.
    pub accuracy: &'static str,
    pub licence: &'static str,
    /// Name of the file in `weights/`.
    pub file: &'static str,
    /// The file itself (f16 safetensors), part of the program so that it works anywhere.
    pub weights: &'static [u8],
    pub recipe: Recipe,
    /// Hierarchy to decide with, by the name it has in the assets; `None`: induced from the head.
    pub hierarchy: Option<&'static str>,
}

impl std::fmt::Debug for CatalogEntry {
    /// Says which model it is, without its millions of bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CatalogEntry({:?})", self.id)
    }
}

/// All bundled models; the first is the default classifier, the second the default tree model.
pub static CATALOG: [CatalogEntry; 2] = [
    CatalogEntry {
        id: "efficientnet-lite0",
        title: "EfficientNet-Lite0, ImageNet",
        dataset: Dataset::Imagenet1000,
        paper: "Tan and Le 2019, EfficientNet",
        accuracy: "75.1 % top-1 on ImageNet (its publisher's figure)",
        licence: "Apache-2.0",
        file: "efficientnet-lite0.f16.safetensors",
        weights: include_bytes!("../weights/efficientnet-lite0.f16.safetensors"),
        recipe: Recipe::efficientnet_lite0(),
        hierarchy: None,
    },
    CatalogEntry {
        id: "wrn16-2-cifar10",
        title: "WideResNet-16-2, CIFAR10, tree-supervised",
        dataset: Dataset::Cifar10,
        paper: "Zagoruyko and Komodakis 2016, Wide residual networks; Wan et al. 2021, NBDT",
        accuracy: "89.0 % top-1, hard tree 88.1 %, soft tree 88.6 % on the CIFAR10 test pictures as JPEG",
        licence: "MIT OR Apache-2.0",
        file: "wrn16-2-cifar10.f16.safetensors",
        weights: include_bytes!("../weights/wrn16-2-cifar10.f16.safetensors"),
        recipe: Recipe::cifar(),
        hierarchy: Some("induced-wrn28_10_cifar10"),
    },
];

/// Where the weights come from.
#[derive(Debug, Clone)]
pub enum ModelSource {
    Bundled(&'static CatalogEntry),
    File(PathBuf),
}

impl PartialEq for ModelSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bundled(a), Self::Bundled(b)) => a.id == b.id,
            (Self::File(a), Self::File(b)) => a == b,
            _ => false,
        }
    }
}

impl ModelSource {
    /// A name of the catalogue, else a path.
    pub fn from_argument(text: &str) -> Self {
        match CATALOG.iter().find(|entry| entry.id.eq_ignore_ascii_case(text)) {
            Some(entry) => Self::Bundled(entry),
            None => Self::File(PathBuf::from(text)),
        }
    }

    /// The model that classifies if nothing else is said.
    pub fn default_classifier() -> Self {
        Self::Bundled(&CATALOG[0])
    }

    /// The model that decides by a tree if nothing else is said.
    pub fn default_tree_model() -> Self {
        Self::Bundled(&CATALOG[1])
    }

    /// For the user: the id, or the file's name.
    pub fn name(&self) -> String {
        match self {
            Self::Bundled(entry) => entry.id.to_owned(),
            Self::File(path) => path
                .file_name()
                .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into()),
        }
    }
}
