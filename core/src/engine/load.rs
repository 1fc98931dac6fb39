//! From a [`ModelRequest`] to a network on a device with its labels and recipe.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::sidecar::{Said, network_name};
use super::{classes, tree};
use crate::assets::Dataset;
use crate::budget::Wanted;
use crate::catalog::{ModelSource, Weights};
use crate::checkpoint::{CheckpointError, StateDict};
use crate::decoder::{self, Opened};
use crate::explanation::{LazyTree, ModelInfo, RecipeOrigin};
use crate::labels::ListError;
use crate::model::{
    Architecture, Classifier, Compute, GraphFacts, MAX_FEATURE_MAP, ModelError, PictureRange,
};
use crate::output::megabytes;
use crate::preprocess::{Normalisation, Recipe};
use crate::protocol::{ModelRequest, RecipeChanges};
use crate::text::{CleanText, Shown as _};

/// Why a model could not be made ready. One line for the user.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{} is neither a file nor a model in the catalogue", .0.shown())]
    NoSuchModel(PathBuf),
    #[error("The folder {} contains no weights, or those of several models", .0.shown())]
    NoWeights(PathBuf),
    #[error("{id} is not on this computer yet{size}")]
    NotFetched { id: &'static str, size: String },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("{name}: {source}")]
    Model { name: String, source: ModelError },
    #[error(
        "{name} would need many gigabytes for a picture of {side} x {side} pixels; choose a smaller crop"
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
    let failed = |source| LoadError::Model { name: name.clone(), source };
    let file = open(&request.source, wanted)?;
    let beside = match &request.source {
        ModelSource::File(path) => Said::beside(path).or(Said::named(network_name(path))),
        ModelSource::Known(..) => Said::default(),
    };
    let (classifier, about, said) = match file {
        Opened::Tensors(mut state) => {
            state.watch(progress);
            let network = beside.network.as_ref().map_or("", CleanText::as_str);
            let classifier = Classifier::load_named(&state, network, compute).map_err(failed)?;
            (classifier, About::tensors(&state), beside)
        }
        Opened::Graph(network) => {
            let facts = network.facts();
            let said = Said::in_onnx(|key| facts.metadata.get(key).map(String::as_str)).or(beside);
            let about = About::graph(facts);
            (Classifier::of_graph(network), about, said)
        }
    };
    let (classes, dataset) = classes::load(request, classifier.class_count(), said.labels.clone())?;
    let classes = Arc::new(classes);
    let (recipe, recipe_origin) = recipe(request, &classifier, dataset, &said);
    let largest = classifier.architecture().map(|it| it.largest_feature_map(recipe.crop));
    if largest.is_some_and(|largest| largest > MAX_FEATURE_MAP) {
        return Err(LoadError::TooCostly { name, side: recipe.crop });
    }
    let tree = {
        let (request, architecture) = (request.clone(), classifier.architecture().cloned());
        let (classes, linear) = (Arc::clone(&classes), classifier.ending().linear().cloned());
        let make = move || {
            tree::load(&request, architecture.as_ref(), dataset, &classes, linear.as_deref())
                .map(Arc::new)
                .map_err(|error| error.to_string())
        };
        LazyTree::new(Box::new(make))
    };
    let About { parameters, format, dtype } = about;
    let info = Arc::new(ModelInfo {
        source: request.source.clone(),
        architecture: classifier.name(),
        cell: classifier.cell(),
        receptive_field: classifier.architecture().map(Architecture::receptive_field),
        takes_densities: classifier.takes_densities(),
        gradient_stages: classifier.gradient_stages(),
        takes_sizes: classifier.fixed_side().is_none(),
        parameters,
        format,
        dtype,
        unused: classifier.unused().to_vec(),
        recipe,
        recipe_origin,
        dataset,
        classes,
        ending: classifier.ending().clone(),
        tree,
    });
    Ok(Loaded { info, classifier })
}

/// What is told of a file of weights.
struct About {
    parameters: usize,
    format: String,
    dtype: String,
}

impl About {
    fn tensors(state: &StateDict) -> Self {
        let (parameters, dtype) = (state.parameter_count(), state.dtype_summary());
        Self { parameters, format: state.format().to_string(), dtype }
    }

    fn graph(facts: &GraphFacts) -> Self {
        let (parameters, dtype) = (facts.parameters, facts.dtype.clone());
        Self { parameters, format: "ONNX".to_owned(), dtype }
    }
}

fn open(source: &ModelSource, wanted: &Wanted) -> Result<Opened, LoadError> {
    let read = |path: &Path| {
        decoder::weights(path, wanted).map_err(|error| match error {
            ModelError::Checkpoint(error) => LoadError::Checkpoint(error),
            error => LoadError::Model { name: source.name(), source: error },
        })
    };
    match source {
        ModelSource::Known(entry, folder) => match &entry.weights {
            Weights::Bundled(bytes) => {
                Ok(Opened::Tensors(StateDict::from_bytes(entry.file, *bytes)?))
            }
            Weights::Published(_) if entry.is_here(folder) => read(&folder.join(entry.file)),
            Weights::Published(published) => {
                let size = published.size.map(|size| format!(" ({})", megabytes(size)));
                Err(LoadError::NotFetched { id: entry.id, size: size.unwrap_or_default() })
            }
        },
        ModelSource::File(path) if !path.exists() => Err(LoadError::NoSuchModel(path.clone())),
        ModelSource::File(path) if path.is_dir() => Err(LoadError::NoWeights(path.clone())),
        ModelSource::File(path) => read(path),
    }
}

/// How pictures are prepared, and how sure that is: as the catalogue says, else as the file says,
/// else as is usual for the network, else as most networks want it.
fn recipe(
    request: &ModelRequest,
    classifier: &Classifier,
    dataset: Option<Dataset>,
    said: &Said,
) -> (Recipe, RecipeOrigin) {
    let written = said.recipe.clone().map(|recipe| (recipe, RecipeOrigin::File));
    let published = || Some((Recipe::of_timm(said.network.as_ref()?)?, RecipeOrigin::Name));
    let told = written.or_else(published);
    let (recipe, origin) = match (&request.source, told, classifier.architecture()) {
        (ModelSource::Known(entry, _), ..) => (entry.recipe.clone(), RecipeOrigin::Known),
        (_, Some(told), _) => told,
        (_, None, Some(architecture)) => (usual(architecture, dataset), RecipeOrigin::Known),
        (_, None, None) => {
            let side = classifier.fixed_side().and_then(|side| u32::try_from(side).ok());
            let of = |normalisation| Recipe::of_side(side.unwrap_or(224), normalisation);
            let name = said.network.clone().unwrap_or_default();
            match (classifier.range(), Normalisation::of_name(&name)) {
                (PictureRange::Unit, _) => (of(Normalisation::Unit), RecipeOrigin::File),
                (PictureRange::Bytes, _) => (of(Normalisation::Bytes), RecipeOrigin::File),
                (PictureRange::Unknown, Some(known)) => (of(known), RecipeOrigin::Name),
                (PictureRange::Unknown, None) => (of(Normalisation::Imagenet), RecipeOrigin::Guess),
            }
        }
    };
    let recipe = match classifier.fixed_side().and_then(|side| u32::try_from(side).ok()) {
        Some(side) if side != recipe.crop => recipe.with_side(side),
        _ => recipe,
    };
    (changed(recipe, &request.recipe), origin)
}

fn usual(architecture: &Architecture, dataset: Option<Dataset>) -> Recipe {
    match architecture {
        Architecture::EfficientNetLite(shape) => {
            // All sizes are evaluated on the middle of a picture that is 32 pixels larger.
            let side = shape.input_side();
            Recipe { resize: Some(side + 32), crop: side, ..Recipe::efficientnet_lite0() }
        }
        Architecture::Planned(plan) => plan.recipe(),
        architecture if architecture.is_for_small_pictures() => match dataset {
            Some(Dataset::TinyImagenet200) => Recipe::tiny_imagenet(),
            _ => Recipe::cifar(),
        },
        _ => Recipe::tutorial_imagenet(),
    }
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
