//! What the classifier says about the pictures of the folder that are not on the screen.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use super::{AppState, Effect, Role};
use crate::explain::{Answers, ClassId, Probe, ProbeInput, argmax, softmax};
use crate::explanation::{Explanation, ModelInfo};
use crate::preprocess::ModelInput;
use crate::protocol::{JobId, Request};

/// The likeliest class of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glance {
    pub class: ClassId,
    /// 0 to 1.
    pub probability: f32,
}

/// What one model said about pictures, by file.
#[derive(Debug, Default)]
pub struct Glances {
    model: Weak<ModelInfo>,
    seen: HashMap<PathBuf, Glance>,
    /// Asked, not answered. Dropping a token gives its job up.
    asked: Vec<Asked>,
}

#[derive(Debug)]
struct Asked {
    job: JobId,
    path: PathBuf,
    _wanted: Arc<()>,
}

/// Jobs for the network at a time; the others wait where their pictures are decoded.
const MOST: usize = 8;

/// One picture, as the network gets it.
struct OnePicture(ModelInput);

impl fmt::Debug for OnePicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnePicture").finish_non_exhaustive()
    }
}

impl Probe for OnePicture {
    fn count(&self) -> usize {
        1
    }

    fn input(&self, _: usize) -> ProbeInput {
        ProbeInput { side: self.0.crop.width() as usize, chw: self.0.chw.clone() }
    }
}

impl Glance {
    fn of(logits: &[f32]) -> Self {
        let class = argmax(logits);
        let probability = softmax(logits).get(class).copied().unwrap_or_default();
        Self { class, probability }
    }
}

impl AppState {
    /// What the classifier said about a picture, if it was asked.
    pub fn glance(&self, path: &Path) -> Option<Glance> {
        let model = self.role(Role::Classifier).model.as_ref()?;
        let is_its_own = self.glances.model.ptr_eq(&Arc::downgrade(model));
        self.glances.seen.get(path).copied().filter(|_| is_its_own)
    }

    /// Whether the classifier can be asked about a picture, and has not been.
    pub fn can_glance(&self, path: &Path) -> bool {
        self.role(Role::Classifier).model.is_some()
            && self.glance(path).is_none()
            && self.glances.asked.len() < MOST
            && !self.glances.asked.iter().any(|asked| asked.path == path)
    }

    /// Asks the classifier about a picture, when it has nothing else to do.
    pub fn glance_at(&mut self, path: PathBuf, input: ModelInput) -> Vec<Effect> {
        let role = self.role(Role::Classifier);
        let (Some(model), request) = (role.model.clone(), role.proven.clone()) else {
            return Vec::new();
        };
        self.glances.follow(&model);
        if !self.can_glance(&path) || input.crop.width() != model.recipe.crop {
            return Vec::new();
        }
        self.last_job += 1;
        let (job, wanted) = (JobId(self.last_job), Arc::new(()));
        let token = Arc::downgrade(&wanted);
        self.glances.asked.push(Asked { job, path, _wanted: wanted });
        let probe = Arc::new(OnePicture(input));
        vec![Effect::Send(Request::Probe { job, model: request, probe, wanted: token })]
    }

    /// Takes in an answer; `false` if nothing here was waiting for it.
    pub(super) fn answer_glance(&mut self, job: JobId, answers: Option<&Answers>) -> bool {
        let asked = &mut self.glances.asked;
        let Some(at) = asked.iter().position(|asked| asked.job == job) else { return false };
        let Asked { path, .. } = asked.swap_remove(at);
        if let Some(answer) = answers.and_then(|answers| answers.0.first()) {
            self.glances.seen.insert(path, Glance::of(&answer.logits));
        }
        true
    }

    /// The picture on the screen needs no further look.
    pub(super) fn note_glance(&mut self, explanation: &Explanation) {
        if let Some(path) = self.path().map(Path::to_owned) {
            self.glances.follow(&explanation.model);
            self.glances.seen.insert(path, Glance::of(&explanation.forward.logits));
        }
    }
}

impl Glances {
    /// Another model says other things.
    fn follow(&mut self, model: &Arc<ModelInfo>) {
        let model = Arc::downgrade(model);
        if !self.model.ptr_eq(&model) {
            *self = Self { model, ..Self::default() };
        }
    }
}
