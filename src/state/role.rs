//! One of the two models, and what it said last.

use std::sync::Arc;
use std::time::Duration;

use super::{Covered, Job, Load};
use crate::explanation::{Explanation, ModelInfo};
use crate::protocol::ModelRequest;

/// One of the two models, and what it said last.
#[derive(Debug)]
pub struct RoleState {
    /// The model that was asked for.
    pub request: ModelRequest,
    /// The last one that worked, or the first one; what to go back to.
    pub proven: ModelRequest,
    /// The model in use.
    pub model: Option<Arc<ModelInfo>>,
    /// How long it took to load the model.
    pub loading_time: Option<Duration>,
    /// What it says about a picture. The work on that includes loading the model.
    pub result: Load<Answer>,
}

/// What a model said about a picture.
#[derive(Debug)]
pub struct Answer {
    /// As the engine gave it, with the model's own tree.
    pub(super) given: Arc<Explanation>,
    /// With the tree that the user made of it, of the part of the photo that was chosen, and with
    /// what the photo is covered by.
    pub(super) shown: Arc<Explanation>,
    /// What it said of another part of the photo than its recipe's.
    pub(super) part: Option<Arc<Explanation>>,
    /// What it said of the photo with its cover on.
    pub(super) covered: Option<Covered>,
}

impl RoleState {
    pub(super) fn new(request: ModelRequest) -> Self {
        let proven = request.clone();
        Self { request, proven, model: None, loading_time: None, result: Load::default() }
    }

    /// What the model said last, with the tree that the user made of it. It may be about the
    /// picture before.
    pub fn explanation(&self) -> Option<&Arc<Explanation>> {
        self.result.last().map(|answer| &answer.shown)
    }

    /// What the engine is doing for this role.
    pub fn job(&self) -> Option<&Job> {
        self.result.job()
    }

    /// Why the last job failed; one line.
    pub fn error(&self) -> Option<&str> {
        self.result.error()
    }
}
