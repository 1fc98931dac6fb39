//! From a [`ModelRequest`] to a network on a device with its labels and recipe.

use std::path::PathBuf;
use std::sync::Arc;

use super::{classes, tree};
use crate::assets::Dataset;
use crate::budget::Wanted;
use crate::catalog::{ModelSource, Weights};
use crate::checkpoint::{CheckpointError, StateDict};
use crate::decoder;
use crate::explanation::{LazyTree, ModelInfo};
use crate::labels::ListError;
use crate::model::{Architecture, Classifier, Compute, MAX_FEATURE_MAP, ModelError};
use crate::output::megabytes;
use crate::preprocess::Recipe;
use crate::protocol::{ModelRequest, RecipeChanges};
use crate::text::{CleanText, Shown as _};

/// Why a model could not be made ready. One line for the user.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(
        "{} is neither a file nor a model of the catalogue; `glasstree models` lists those",
        .0.shown()
    )]
    NoSuchModel(PathBuf),
    #[error("{id} is not on this computer yet; `glasstree fetch {id}` fetches it{size}")]
    NotFetched { id: &'static str, size: String },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("{name}: {source}")]
    Model { name: String, source: ModelError },
    #[error(
        "{name} would need many gigabytes for a picture of {side} x {side} pixels; choose a smaller --crop"
    )]
    TooCostly { name: String, side: u32 },
    #[error(transparent)]
    List(#[from] ListError),
    #[error(
        "{what} has {found} entries, but {model} has {classes} classes; give one line per class"
    )]
    Count { what: CleanText, found: usize, model: String, classes: usize },
}

/// A model that is ready to run.
#[derive(Debug)]
pub struct Loaded {
    pub info: Arc<ModelInfo>,
    pub classifier: Classifier,
}

/// Loads weights onto `compute` and finds out all the rest. `progress` gets how many bytes of the
/// weights are read, of how many.
///
/// # Errors
/// What is wrong with which file, in one line.
pub fn load(
    request: &ModelRequest,
    compute: &Compute,
    wanted: &Wanted,
    progress: impl Fn(u64, u64) + Send + Sync + 'static,
) -> Result<Loaded, LoadError> {
    let name = request.source.name();
    let mut state = open(&request.source, wanted)?;
    state.watch(progress);
    let classifier = Classifier::load(&state, compute)
        .map_err(|source| LoadError::Model { name: name.clone(), source })?;
    let head = Arc::new(classifier.head().clone());
    let (classes, dataset) = classes::load(request, head.classes)?;
    let classes = Arc::new(classes);
    let recipe = recipe(request, classifier.architecture(), dataset);
    if classifier.architecture().largest_feature_map(recipe.crop) > MAX_FEATURE_MAP {
        return Err(LoadError::TooCostly { name, side: recipe.crop });
    }
    let tree = {
        let (request, architecture) = (request.clone(), classifier.architecture().clone());
        let (classes, head) = (Arc::clone(&classes), Arc::clone(&head));
        let make = move || {
            tree::load(&request, &architecture, dataset, &classes, &head)
                .map(Arc::new)
                .map_err(|error| error.to_string())
        };
        LazyTree::new(Box::new(make))
    };
    let info = Arc::new(ModelInfo {
        source: request.source.clone(),
        architecture: classifier.architecture().to_string(),
        cell: classifier.architecture().stride(),
        receptive_field: classifier.architecture().receptive_field(),
        parameters: state.parameter_count(),
        format: state.format().to_string(),
        dtype: state.dtype_summary(),
        unused: classifier.unused().to_vec(),
        recipe,
        dataset,
        classes,
        head,
        tree,
    });
    Ok(Loaded { info, classifier })
}

fn open(source: &ModelSource, wanted: &Wanted) -> Result<StateDict, LoadError> {
    match source {
        ModelSource::Known(entry, folder) => match &entry.weights {
            Weights::Bundled(bytes) => Ok(StateDict::from_bytes(entry.file, *bytes)?),
            Weights::Published(_) if entry.is_here(folder) => {
                Ok(decoder::checkpoint(&folder.join(entry.file), wanted)?)
            }
            Weights::Published(published) => {
                let size = published.size.map(|size| format!(" ({})", megabytes(size)));
                Err(LoadError::NotFetched { id: entry.id, size: size.unwrap_or_default() })
            }
        },
        ModelSource::File(path) if !path.exists() => Err(LoadError::NoSuchModel(path.clone())),
        ModelSource::File(path) => Ok(decoder::checkpoint(path, wanted)?),
    }
}

fn recipe(request: &ModelRequest, architecture: &Architecture, dataset: Option<Dataset>) -> Recipe {
    let recipe = match (&request.source, architecture) {
        (ModelSource::Known(entry, _), _) => entry.recipe.clone(),
        (_, Architecture::EfficientNetLite(shape)) => {
            // All sizes are evaluated on the middle of a picture that is 32 pixels larger.
            let side = shape.input_side();
            Recipe { resize: Some(side + 32), crop: side, ..Recipe::efficientnet_lite0() }
        }
        (_, architecture) if architecture.is_for_small_pictures() => match dataset {
            Some(Dataset::TinyImagenet200) => Recipe::tiny_imagenet(),
            _ => Recipe::cifar(),
        },
        _ => Recipe::tutorial_imagenet(),
    };
    changed(recipe, &request.recipe)
}

fn changed(mut recipe: Recipe, changes: &RecipeChanges) -> Recipe {
    let RecipeChanges { resize, crop, filter, mean, std } = *changes;
    recipe.resize = resize.or(recipe.resize);
    // A crop follows a smaller size, so that `--resize 160` alone means a picture of 160².
    recipe.crop = crop.unwrap_or_else(|| recipe.crop.min(recipe.resize.unwrap_or(recipe.crop)));
    recipe.filter = filter.unwrap_or(recipe.filter);
    recipe.mean = mean.unwrap_or(recipe.mean);
    recipe.std = std.unwrap_or(recipe.std);
    recipe
}
