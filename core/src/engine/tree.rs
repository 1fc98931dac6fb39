//! The hierarchy that a model decides with: shipped, from a file, or induced from its head.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::assets::Dataset;
use crate::catalog::ModelSource;
use crate::explain::{Head, Hierarchy, HierarchyError};
use crate::explanation::{ModelInfo, Tree};
use crate::induce::{self, InduceError};
use crate::input::{self, ReadError};
use crate::labels::{ClassList, Placement};
use crate::model::Architecture;
use crate::protocol::{HierarchyChoice, ModelRequest};
use crate::text::{CleanText, Shown as _};
use crate::wordnet;

/// Largest hierarchy file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Why there is no hierarchy. One line for the user.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("Could not read the hierarchy {}: {source}", path.shown())]
    Read { path: PathBuf, source: ReadError },
    #[error("Could not use the hierarchy {name}: {source}")]
    Hierarchy { name: String, source: HierarchyError },
    #[error("Could not induce a hierarchy: {0}")]
    Induce(#[from] InduceError),
    #[error(
        "None of this model's classes was found in WordNet; give their WordNet ids with --wnids, \
         or use the induced hierarchy"
    )]
    NoMeanings,
    #[error("The hierarchy {} is larger than {} MiB", path.shown(), MAX_BYTES >> 20)]
    TooLarge { path: PathBuf },
    #[error(
        "There is no hierarchy named {name}{known}, and no such file; `wordnet` builds one from \
         the meaning of the classes, `induced` from the model itself"
    )]
    Unknown { name: String, known: String },
}

/// Finds or makes the hierarchy that `request` asks for.
///
/// # Errors
/// What is wrong with which file, in one line.
pub fn load(
    request: &ModelRequest,
    architecture: Option<&Architecture>,
    dataset: Option<Dataset>,
    classes: &ClassList,
    linear: Option<&Head>,
) -> Result<Tree, TreeError> {
    let own = trained_with(&request.source, architecture);
    // nbdt released nothing of these families for ImageNet.
    let released = dataset.filter(|set| *set != Dataset::Imagenet1000);
    let own = own.filter(|name| released.is_some_and(|set| set.hierarchy(name).is_some()));
    let trained = match &request.hierarchy {
        HierarchyChoice::Auto => own.is_some(),
        HierarchyChoice::Named(name) => own == Some(name.as_str()),
        HierarchyChoice::WordNet | HierarchyChoice::Induced => false,
    };
    let placement = Placement::new(&classes.labels, classes.wnids.as_deref());
    let (json, name) = match (&request.hierarchy, own) {
        (HierarchyChoice::Named(name), _) => find(name, dataset)?,
        (HierarchyChoice::Auto, Some(name)) => find(name, dataset)?,
        (HierarchyChoice::WordNet, _) => wordnet_tree(classes, &placement)?,
        // A tree in which most classes have no place tells less than the one in the weights.
        (HierarchyChoice::Auto, None) if 2 * placement.known() >= classes.labels.len().max(2) => {
            wordnet_tree(classes, &placement)?
        }
        (HierarchyChoice::Auto | HierarchyChoice::Induced, _) => {
            (induced(linear, classes)?, "induced from this model's head".to_owned())
        }
    };
    Ok(Tree { trained, ..parsed(&json, name, dataset, classes, placement.into())? })
}

/// WordNet's tree of the classes, and a name that tells how their meanings were found.
fn wordnet_tree(classes: &ClassList, placement: &Placement) -> Result<(String, String), TreeError> {
    let (all, known, named) = (classes.labels.len(), placement.known(), placement.by_name.len());
    if known == 0 {
        return Err(TreeError::NoMeanings);
    }
    let mut name = "WordNet".to_owned();
    if named > 0 {
        name += &format!(", {named} of {all} classes found by name");
    }
    if known < all {
        name += &format!(", {} not found", all - known);
    }
    let ids = own_ids(classes);
    Ok((induce::by_meaning(&placement.senses, &ids).to_json(), name))
}

/// Reads a hierarchy in nbdt's format for a model that is loaded already.
///
/// # Errors
/// What is wrong with the file, in one line: it names the first class that does not fit.
pub fn read(path: &Path, model: &ModelInfo) -> Result<Tree, TreeError> {
    let classes = &model.classes;
    let placement = Placement::new(&classes.labels, classes.wnids.as_deref());
    let name = path.shown().into();
    parsed(&read_file(path)?, name, model.dataset, classes, placement.into())
}

fn parsed(
    json: &str,
    name: String,
    dataset: Option<Dataset>,
    classes: &ClassList,
    placement: Arc<Placement>,
) -> Result<Tree, TreeError> {
    let wrap = |source| TreeError::Hierarchy { name: name.clone(), source };
    let ids = leaf_ids(json, dataset, classes);
    let names = |wnid: &str| wordnet::name_of(wnid).map(str::to_owned);
    let mut hierarchy = Hierarchy::from_json(json, &ids, &names).map_err(wrap)?;
    hierarchy.set_labels(&classes.labels).map_err(wrap)?;
    hierarchy.set_senses(placement.senses.clone());
    Ok(Tree { hierarchy, name, trained: false, placement })
}

/// nbdt's released models were trained with the hierarchy that carries their own name.
fn trained_with(source: &ModelSource, architecture: Option<&Architecture>) -> Option<&'static str> {
    match (source, architecture) {
        (ModelSource::Known(entry, _), _) => entry.hierarchy,
        (_, Some(Architecture::WideResNet(_))) => Some("induced"),
        (_, Some(architecture @ Architecture::ResNet(shape)))
            if architecture.is_for_small_pictures() =>
        {
            match shape.blocks {
                [1, 1, 1, 1] if !shape.bottleneck => Some("induced-ResNet10"),
                [2, 2, 2, 2] if !shape.bottleneck => Some("induced-ResNet18"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A hierarchy of the data set, or the content of a file.
fn find(name: &str, dataset: Option<Dataset>) -> Result<(String, String), TreeError> {
    if let Some(asset) = dataset.and_then(|dataset| dataset.hierarchy(name)) {
        return Ok((asset.json.to_owned(), asset.name.to_owned()));
    }
    let path = Path::new(name);
    if !path.exists() {
        let unknown = " for classes of no known data set".to_owned();
        let known = dataset.map_or(unknown, |dataset| {
            let names: Vec<_> = dataset.hierarchies().iter().map(|asset| asset.name).collect();
            format!(" for {} (there are {})", dataset.title(), names.join(", "))
        });
        return Err(TreeError::Unknown { name: name.to_owned(), known });
    }
    Ok((read_file(path)?, path.shown().into()))
}

fn read_file(path: &Path) -> Result<String, TreeError> {
    let wrap = |source| TreeError::Read { path: path.to_owned(), source };
    match input::read(path, MAX_BYTES) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|error| {
            wrap(std::io::Error::new(std::io::ErrorKind::InvalidData, error).into())
        }),
        Err(ReadError::TooLarge(_)) => Err(TreeError::TooLarge { path: path.to_owned() }),
        Err(error) => Err(wrap(error)),
    }
}

fn induced(linear: Option<&Head>, classes: &ClassList) -> Result<String, TreeError> {
    let head = linear.ok_or(InduceError::NoLinearLayer)?;
    let wnids = own_ids(classes);
    Ok(induce::induce(&head.weight, head.classes, head.channels, &wnids)?.to_json())
}

fn own_ids(classes: &ClassList) -> Vec<CleanText> {
    classes.wnids.clone().unwrap_or_else(|| induce::fake_wnids(classes.labels.len()))
}

/// The id of each class's leaf in this file: nbdt's files for Tiny ImageNet order them in their
/// own way (see [`Dataset::leaf_ids`]).
fn leaf_ids(json: &str, dataset: Option<Dataset>, classes: &ClassList) -> Vec<CleanText> {
    #[derive(serde::Deserialize)]
    struct Nodes<'a> {
        #[serde(borrow)]
        nodes: Vec<Node<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Node<'a> {
        id: &'a str,
    }
    let own = own_ids(classes);
    match (dataset, serde_json::from_str::<Nodes<'_>>(json)) {
        (Some(set), Ok(Nodes { nodes })) if own == set.wnids() => {
            set.leaf_ids_of(nodes.iter().map(|node| node.id)).to_vec()
        }
        _ => own,
    }
}
