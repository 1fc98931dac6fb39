//! What can be asked of the engine, and what it can answer: the contract between the thread that
//! computes and everybody else.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::catalog::ModelSource;
use crate::eval::{Measure, Scores, Separation};
use crate::explain::{Answers, Area, Marks, Probe, Removal};
use crate::explanation::{Explanation, ModelInfo};
use crate::labelled_pictures::LabelledPicture;
use crate::photo::{Photo, PhotoOptions};
use crate::preprocess::{Filter, Square};

/// Tells answers apart; the asker chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct JobId(pub u64);

/// A model, and what the user wants to be different about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRequest {
    pub source: ModelSource,
    /// List of class names, one per output.
    pub labels: Option<PathBuf>,
    /// List of WordNet ids, one per output.
    pub wnids: Option<PathBuf>,
    pub hierarchy: HierarchyChoice,
    pub recipe: RecipeChanges,
}

impl From<ModelSource> for ModelRequest {
    fn from(source: ModelSource) -> Self {
        let (labels, wnids) = (None, None);
        let hierarchy = HierarchyChoice::default();
        Self { source, labels, wnids, hierarchy, recipe: RecipeChanges::default() }
    }
}

/// Which tree a model decides with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HierarchyChoice {
    /// The one it was trained with, if that is known; else WordNet's, where the meaning of the
    /// classes is known; else one induced from its head.
    #[default]
    Auto,
    /// From WordNet, by the meaning of the classes.
    WordNet,
    /// Induced from its head.
    Induced,
    /// One of the data set's own, by name, else a file in nbdt's format.
    Named(String),
}

impl HierarchyChoice {
    /// `wordnet` or `induced`, else a name or a path.
    pub fn from_argument(text: &str) -> Self {
        if text.eq_ignore_ascii_case("wordnet") {
            Self::WordNet
        } else if text.eq_ignore_ascii_case("induced") {
            Self::Induced
        } else {
            Self::Named(text.to_owned())
        }
    }
}

/// Parts of a model's preprocessing recipe to replace.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RecipeChanges {
    /// Length of the short side after resizing, in pixels.
    pub resize: Option<u32>,
    /// Side of the square that is cut out of the middle, in pixels.
    pub crop: Option<u32>,
    pub filter: Option<Filter>,
    pub mean: Option<[f32; 3]>,
    pub std: Option<[f32; 3]>,
}

/// Where a picture comes from.
#[derive(Debug, Clone)]
pub enum PictureSource {
    File(PathBuf, PhotoOptions),
    /// A name to show, and the content of a picture file.
    Bytes(String, Arc<[u8]>, PhotoOptions),
    Photo(Arc<Photo>),
}

/// A photo that a model has seen, to be shown to it again with a part taken out.
#[derive(Debug, Clone)]
pub struct Rerun {
    pub seen: Arc<Explanation>,
    /// What `seen` was made with.
    pub model: ModelRequest,
    pub change: Change,
}

/// What is done to a photo before it is shown again.
#[derive(Debug, Clone)]
pub enum Change {
    Without(Arc<Area>, Removal),
    /// Painted over; and the part of it that is shown, as below.
    Covered(Arc<Marks>, Option<Square>),
    /// The photo as it is, another part of it: a square, or the recipe's own crop.
    Part(Option<Square>),
}

impl Rerun {
    /// The changed photo. Takes a while for a large one.
    pub fn photo(&self) -> Arc<Photo> {
        match &self.change {
            Change::Without(area, how) => Arc::new(self.seen.photo_without(area, *how)),
            Change::Covered(marks, _) => {
                let Photo { name, rgb } = &*self.seen.photo;
                Arc::new(Photo { name: name.clone(), rgb: marks.apply(rgb) })
            }
            Change::Part(_) => Arc::clone(&self.seen.photo),
        }
    }

    /// The part of it that is shown; `None`: the recipe's own crop.
    pub fn square(&self) -> Option<Square> {
        match self.change {
            Change::Without(..) => self.seen.input.square,
            Change::Covered(_, square) | Change::Part(square) => square,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Request {
    /// Load a model, so that it is there when it is needed.
    Load { job: JobId, model: ModelRequest },
    /// Show a picture to a model.
    Explain { job: JobId, picture: PictureSource, model: ModelRequest },
    /// Run a network again without a part of the photo. Not done once nobody holds the other end of
    /// `wanted` any more, whatever happens to other jobs.
    Rerun { job: JobId, rerun: Rerun, wanted: Weak<()> },
    /// Show a network many changed inputs, a few at a time. Other requests are answered in between.
    /// Given up once nobody holds the other end of `wanted` any more, whatever happens to other jobs.
    Probe { job: JobId, model: ModelRequest, probe: Arc<dyn Probe>, wanted: Weak<()> },
    /// Measure a model on pictures whose class is known.
    Evaluate {
        job: JobId,
        model: ModelRequest,
        pictures: Arc<[LabelledPicture]>,
        /// Pictures of other things, to see whether the model can tell.
        others: Arc<[PathBuf]>,
        options: PhotoOptions,
    },
    /// What the linear layer of a model reads of each picture, and what it answers.
    Features { job: JobId, model: ModelRequest, pictures: Arc<[PathBuf]>, options: PhotoOptions },
}

impl Request {
    pub fn job(&self) -> JobId {
        match self {
            Self::Load { job, .. }
            | Self::Explain { job, .. }
            | Self::Rerun { job, .. }
            | Self::Probe { job, .. }
            | Self::Evaluate { job, .. }
            | Self::Features { job, .. } => *job,
        }
    }
}

/// How good a model is.
#[derive(Debug)]
pub struct Evaluation {
    pub model: Arc<ModelInfo>,
    /// The device it ran on.
    pub device: String,
    /// Of all pictures that could be read; at least one.
    pub scores: Scores,
    /// How well each measure separates the pictures from the others; empty without others.
    pub separations: Vec<(Measure, Separation)>,
    pub unreadable: Unreadable,
    /// Time of everything but loading the model.
    pub took: Duration,
}

/// What the linear layer of a model reads of many pictures, and what it answers.
#[derive(Debug, Default)]
pub struct PooledFeatures {
    /// Which of the given pictures these are: all but those that could not be read.
    pub pictures: Vec<usize>,
    /// `[pictures, channels]`, row-major: the mean of each channel of the last feature map.
    pub features: Vec<f32>,
    /// `[pictures, classes]`, row-major.
    pub logits: Vec<f32>,
    pub unreadable: Unreadable,
}

/// Pictures that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unreadable {
    pub count: usize,
    /// What is wrong with the first few, one line for each.
    pub first: Vec<String>,
}

impl Unreadable {
    /// Lines that are kept.
    const KEPT: usize = 10;

    /// Counts one more.
    pub fn add(&mut self, error: String) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(error);
        }
    }
}

/// What the engine is doing for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Decoding,
    /// Bytes of the weights that are read, of how many; both 0 before the file is open.
    LoadingModel {
        read: u64,
        total: u64,
    },
    Running,
}

#[derive(Debug, Clone)]
pub enum Event {
    /// Which device is in use from now on, and why it is not the one that was wanted.
    Device {
        /// For the user.
        name: String,
        is_gpu: bool,
        note: Option<String>,
    },
    Progress {
        job: JobId,
        stage: Stage,
    },
    /// The picture is decoded; the network has not run yet.
    PhotoReady {
        job: JobId,
        photo: Arc<Photo>,
    },
    ModelReady {
        job: JobId,
        model: Arc<ModelInfo>,
        took: Duration,
    },
    Explained {
        job: JobId,
        explanation: Arc<Explanation>,
    },
    /// What the network says about the changed photo.
    Rerun {
        job: JobId,
        explanation: Arc<Explanation>,
    },
    /// What the network said about the first inputs of a probe; the last event has the answers to
    /// all of them.
    Probed {
        job: JobId,
        answers: Answers,
        /// How many answers there will be.
        total: usize,
        /// About how long the rest will take.
        left: Duration,
    },
    /// So many of many pictures are done.
    Evaluating {
        job: JobId,
        done: usize,
        total: usize,
    },
    Evaluated {
        job: JobId,
        evaluation: Arc<Evaluation>,
    },
    Features {
        job: JobId,
        features: Arc<PooledFeatures>,
    },
    /// One line for the user. The last good result stays valid.
    Failed {
        job: JobId,
        error: String,
    },
    /// The engine thread has ended and will not answer any more.
    Stopped {
        reason: String,
    },
}
