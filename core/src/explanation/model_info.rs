//! Everything about a loaded model that is not on a device.

use std::sync::{Arc, LazyLock};

use crate::assets::Dataset;
use crate::catalog::ModelSource;
use crate::explain::{ClassId, Ending, Head, Hierarchy, NoGradient, Rule};
use crate::induce::{self, InduceError, NodeLinkGraph};
use crate::labels::{ClassList, Placement};
use crate::preprocess::Recipe;
use crate::text::CleanText;

/// Everything about a loaded model that is not on a device.
#[derive(Debug)]
pub struct ModelInfo {
    pub source: ModelSource,
    /// For the user, such as `ResNet-18`.
    pub architecture: String,
    /// Side of one cell of the feature map, in input pixels; `None` for a network without maps.
    pub cell: Option<usize>,
    /// Side of the square of input pixels that one cell can draw on, which may be larger than the
    /// input; `None` if it is not known.
    pub receptive_field: Option<usize>,
    /// Whether strides can be left out for denser maps.
    pub takes_densities: bool,
    /// How many stages before the last one gradients can be taken at, or why there are none.
    pub gradient_stages: Result<usize, NoGradient>,
    /// Whether it takes pictures of other sizes than its recipe's.
    pub takes_sizes: bool,
    /// Numbers in all tensors.
    pub parameters: usize,
    /// Of the file: `safetensors`, `PyTorch (zip)` …
    pub format: String,
    /// Of the numbers in the file: `f32`, `f16` …
    pub dtype: String,
    /// Tensors of the file that the network has no place for.
    pub unused: Vec<String>,
    pub recipe: Recipe,
    pub recipe_origin: RecipeOrigin,
    /// Whose classes these are, if that is known.
    pub dataset: Option<Dataset>,
    pub classes: Arc<ClassList>,
    /// What follows the feature map.
    pub ending: Ending,
    /// Made when it is first needed: inducing one for a thousand classes takes longer than looking
    /// at a picture.
    pub tree: LazyTree,
}

/// How sure it is that a network wants its pictures like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
pub enum RecipeOrigin {
    /// The catalogue's, or usual for all networks of this kind.
    #[strum(to_string = "the usual values for this network")]
    Known,
    /// Written in the file, or in one beside it.
    #[strum(to_string = "the file itself")]
    File,
    /// That of published weights whose name the file bears.
    #[strum(to_string = "published weights of this name")]
    Name,
    /// The most common one: nothing in the file speaks for or against it.
    #[strum(to_string = "a guess; the file does not say")]
    Guess,
}

/// A hierarchy over the model's classes, or one line that says why there is none.
pub type LazyTree =
    LazyLock<Result<Arc<Tree>, String>, Box<dyn FnOnce() -> Result<Arc<Tree>, String> + Send>>;

/// The hierarchy that a model decides with. Never changes: an edit makes another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    pub hierarchy: Hierarchy,
    /// Where it comes from, for the user.
    pub name: String,
    /// Whether the model was trained with it. The decisions of other trees are doubtful whatever
    /// the picture shows.
    pub trained: bool,
    /// What the classes mean in WordNet, as far as that is known.
    pub placement: Arc<Placement>,
}

impl Tree {
    /// How the tree is read if nobody says otherwise: as nbdt reads it where the model was trained
    /// with it, else through the network's own probabilities.
    pub fn default_rule(&self) -> Rule {
        if self.trained { Rule::Hard } else { Rule::Marginal }
    }
}

impl ModelInfo {
    /// The tree; the first call may take a while.
    ///
    /// # Errors
    /// One line for the user: the hierarchy that was asked for cannot be used, or the model has too
    /// many classes to induce one.
    pub fn tree(&self) -> Result<&Arc<Tree>, &str> {
        self.tree.as_ref().map_err(String::as_str)
    }

    /// The hierarchy that lies in its linear layer, whatever tree it decides with.
    ///
    /// # Errors
    /// When it has too many classes, or weights that cannot be compared.
    pub fn induced_hierarchy(&self) -> Result<NodeLinkGraph, InduceError> {
        let Head { classes, channels, weight, .. } =
            &**self.ending.linear().ok_or(InduceError::NoLinearLayer)?;
        let wnids = self.classes.wnids.clone().unwrap_or_else(|| induce::fake_wnids(*classes));
        induce::induce(weight, *classes, *channels, &wnids)
    }

    /// Whether [`Self::tree`] answers at once.
    pub fn is_tree_made(&self) -> bool {
        LazyLock::get(&self.tree).is_some()
    }

    /// The same network with another tree over its classes.
    pub fn with_tree(&self, tree: Arc<Tree>) -> Self {
        let tree = LazyTree::new(Box::new(move || Ok(tree)));
        // At once, so that nobody has to wait for it.
        LazyLock::force(&tree);
        Self {
            source: self.source.clone(),
            architecture: self.architecture.clone(),
            cell: self.cell,
            receptive_field: self.receptive_field,
            takes_densities: self.takes_densities,
            gradient_stages: self.gradient_stages.clone(),
            takes_sizes: self.takes_sizes,
            parameters: self.parameters,
            format: self.format.clone(),
            dtype: self.dtype.clone(),
            unused: self.unused.clone(),
            recipe: self.recipe.clone(),
            recipe_origin: self.recipe_origin,
            dataset: self.dataset,
            classes: Arc::clone(&self.classes),
            ending: self.ending.clone(),
            tree,
        }
    }

    /// The share of the picture, by area, that every cell of a map can draw on at least: that of a
    /// cell in a corner. `None` if that is not known.
    pub fn least_view(&self) -> Option<f32> {
        let side = self.recipe.crop.max(1) as f32;
        let seen = self.receptive_field?.div_ceil(2) as f32;
        Some((seen / side).min(1.0).powi(2))
    }

    /// How many classes it tells apart.
    pub fn class_count(&self) -> usize {
        self.classes.labels.len()
    }

    /// What its numbers take: the linear layer. All else is small beside it, and the network itself is
    /// elsewhere.
    pub fn bytes(&self) -> usize {
        self.ending.linear().map_or(0, |head| size_of_val(&head.weight[..]))
    }

    /// Whether both are the same network, whatever their trees.
    pub fn is_same_network(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.classes, &other.classes)
    }

    pub fn label(&self, class: ClassId) -> &str {
        self.classes.labels.get(class).map_or("?", CleanText::as_str)
    }

    pub fn wnid(&self, class: ClassId) -> Option<&str> {
        self.classes.wnids.as_ref()?.get(class).map(CleanText::as_str)
    }
}
