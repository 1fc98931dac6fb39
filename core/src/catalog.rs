//! The models that the program knows by name: those that come with it, and those that it can fetch.

mod bundled;
mod published;
mod torchvision;

use std::path::{Path, PathBuf};

use crate::assets::Dataset;
use crate::preprocess::Recipe;
use crate::text::Shown as _;
use crate::{folders, intake};

use bundled::BUNDLED;
use published::PUBLISHED;
use torchvision::TORCHVISION;

/// A model of the catalogue. Labels and WordNet ids are those of its data set.
pub struct CatalogEntry {
    /// What the user types.
    pub id: &'static str,
    pub title: &'static str,
    /// As [`crate::model::Architecture`] prints it.
    pub network: &'static str,
    pub dataset: Dataset,
    /// Where the network was described.
    pub paper: &'static str,
    /// What it gets right, on what, and who measured it; `None` if nobody has published that.
    pub accuracy: Option<&'static str>,
    pub licence: &'static str,
    /// Name of the file: in `weights/`, or in the folder of fetched models.
    pub file: &'static str,
    pub weights: Weights,
    /// How pictures were prepared when the accuracy was measured.
    pub recipe: Recipe,
    /// Hierarchy to decide with, by the name it has in the assets; `None`: induced from the head.
    pub hierarchy: Option<&'static str>,
    /// Whether it was trained to decide by that hierarchy.
    pub supervised: bool,
}

/// Where the weights of a catalogue's model are.
pub enum Weights {
    /// Part of the program, so that they work anywhere (f16 safetensors).
    Bundled(&'static [u8]),
    /// On a server of their publisher. They are fetched when the user asks for it, and only then.
    Published(Published),
}

/// What is known of a file on a server.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    pub url: &'static str,
    /// In bytes.
    pub size: Option<u64>,
    /// SHA-256 in hexadecimal digits, or its beginning. Without it, the sum of the first file that
    /// was fetched is recorded and later ones are compared with it.
    pub sha256: Option<&'static str>,
}

impl std::fmt::Debug for CatalogEntry {
    /// Says which model it is, without its millions of bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CatalogEntry({:?})", self.id)
    }
}

impl CatalogEntry {
    /// What is known of its file on a server; `None` if it is part of the program.
    pub fn published(&self) -> Option<&Published> {
        match &self.weights {
            Weights::Bundled(_) => None,
            Weights::Published(published) => Some(published),
        }
    }

    /// Size of its file, in bytes, if that is known.
    pub fn size(&self) -> Option<u64> {
        match &self.weights {
            Weights::Bundled(bytes) => Some(bytes.len() as u64),
            Weights::Published(published) => published.size,
        }
    }

    /// Whether it can be used: because it is part of the program, or because it was fetched.
    pub fn is_here(&self, models: &Path) -> bool {
        self.published().is_none() || models.join(self.file).is_file()
    }
}

/// All models, the bundled ones first; the first is the default classifier, the second the default
/// tree model.
pub fn all() -> impl Iterator<Item = &'static CatalogEntry> {
    BUNDLED.iter().chain(&PUBLISHED).chain(&TORCHVISION)
}

/// The model of that name, in upper or lower case.
pub fn find(id: &str) -> Option<&'static CatalogEntry> {
    all().find(|entry| entry.id.eq_ignore_ascii_case(id))
}

/// Where the weights come from.
#[derive(Debug, Clone)]
pub enum ModelSource {
    /// A model of the catalogue, and the folder that it is in once it was fetched.
    Known(&'static CatalogEntry, PathBuf),
    File(PathBuf),
}

impl PartialEq for ModelSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(a, _), Self::Known(b, _)) => a.id == b.id,
            (Self::File(a), Self::File(b)) => a == b,
            _ => false,
        }
    }
}

impl ModelSource {
    /// A name of the catalogue, else a path: that of a file, or of a folder with one model in it.
    pub fn from_argument(text: &str) -> Self {
        match find(text) {
            Some(entry) => Self::Known(entry, folders::models().unwrap_or_default()),
            None => {
                let path = PathBuf::from(text);
                Self::File(intake::weights_in(&path).unwrap_or(path))
            }
        }
    }

    /// The model that classifies if nothing else is said.
    pub fn default_classifier() -> Self {
        Self::Known(&BUNDLED[0], PathBuf::new())
    }

    /// The model that decides by a tree if nothing else is said.
    pub fn default_tree_model() -> Self {
        Self::Known(&BUNDLED[1], PathBuf::new())
    }

    /// What the catalogue says about it.
    pub fn entry(&self) -> Option<&'static CatalogEntry> {
        match self {
            Self::Known(entry, _) => Some(entry),
            Self::File(_) => None,
        }
    }

    /// For the user: the id, or the file's name.
    pub fn name(&self) -> String {
        match self {
            Self::Known(entry, _) => entry.id.to_owned(),
            Self::File(path) => path.shown_name().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_files_are_unique_and_what_is_published_can_be_checked() {
        let (mut ids, mut files) = (BTreeSet::new(), BTreeSet::new());
        for entry in all() {
            assert!(ids.insert(entry.id) && files.insert(entry.file), "two of {}", entry.id);
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(entry.id.chars().all(is_plain), "{}", entry.id);
            assert!(
                entry.hierarchy.is_none_or(|name| entry.dataset.hierarchy(name).is_some()),
                "{} has no such hierarchy",
                entry.id
            );
            assert!(entry.hierarchy.is_some() || !entry.supervised, "{}: by which tree?", entry.id);
            let Some(published) = entry.published() else { continue };
            assert!(published.url.starts_with("https://"), "{}", entry.id);
            assert_eq!(published.url.rsplit('/').next(), Some(entry.file));
            let Some(sum) = published.sha256 else { continue };
            let is_sum = (8..=64).contains(&sum.len());
            assert!(is_sum && sum.bytes().all(|c| b"0123456789abcdef".contains(&c)));
            // PyTorch puts the first digits into the name.
            let named = entry.file.rsplit_once('-').and_then(|(_, end)| end.strip_suffix(".pth"));
            assert!(named.is_some_and(|digits| sum.starts_with(digits)), "{}", entry.id);
        }
    }

    #[test]
    fn a_name_is_a_model_and_anything_else_a_path() {
        let source = ModelSource::from_argument("ResNet18");
        assert_eq!((source.name().as_str(), source.entry().is_some()), ("resnet18", true));
        assert_eq!(ModelSource::from_argument("a/b.pth"), ModelSource::File("a/b.pth".into()));
    }
}
