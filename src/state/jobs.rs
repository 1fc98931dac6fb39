//! Jobs for the engine, and its answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::{AppState, Effect, Job, NoticeKind, Picture, Role, RoleState, Wanted};
use crate::command::MenuCommand;
use crate::explanation::ModelInfo;
use crate::photo::Photo;
use crate::protocol::{Event, JobId, ModelRequest, PictureSource, Request};

impl AppState {
    /// Loads both models, so that they are there when the first picture is.
    pub fn preload(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for &role in self.roles() {
            let job = self.start(role);
            let model = self.role(role).request.clone();
            effects.push(Effect::Send(Request::Load { job, model }));
        }
        effects
    }

    /// After the engine was started anew.
    pub fn restarted(&mut self) -> Vec<Effect> {
        self.stopped = None;
        self.notices.retain(|notice| notice.action != Some(MenuCommand::RestartEngine));
        match self.picture.clone() {
            Some(picture) => self.open(picture, None),
            None => self.preload(),
        }
    }

    /// Shows a picture to the models; all earlier jobs are superseded. What was selected stays
    /// unless the picture comes from another folder.
    pub(super) fn open(
        &mut self,
        picture: Picture,
        folder: Option<(Vec<PathBuf>, usize)>,
    ) -> Vec<Effect> {
        self.forget_jobs();
        let job = self.start(Role::Classifier);
        let model = self.role(Role::Classifier).request.clone();
        let request = Request::Explain { job, picture: picture.source.clone(), model };
        let ready = match &picture.source {
            PictureSource::Photo(photo) => Some(Arc::clone(photo)),
            _ => None,
        };
        self.wanted = Some(Wanted { job, picture, folder });
        let mut effects = vec![Effect::CancelBefore(job), Effect::Send(request)];
        if let Some(photo) = ready {
            effects.extend(self.photo_ready(job, photo));
        }
        effects
    }

    pub(super) fn cancel(&mut self) -> Vec<Effect> {
        self.forget_jobs();
        self.wanted = None;
        self.last_job += 1;
        vec![Effect::CancelBefore(JobId(self.last_job))]
    }

    pub(super) fn set_model(&mut self, role: Role, request: ModelRequest) -> Vec<Effect> {
        let at = self.index(role);
        self.roles[at].request = request;
        self.roles[at].error = None;
        self.ask(role)
    }

    pub(super) fn share_model(&mut self, shared: bool) -> Vec<Effect> {
        self.shared = shared;
        self.history.reset_target();
        self.history.reset_pins();
        if shared {
            self.roles[1].job = None;
            return Vec::new();
        }
        let is_there = self.explanation(Role::Tree).is_some();
        if is_there { Vec::new() } else { self.ask(Role::Tree) }
    }

    /// Explains the picture on the screen with a role's model; without one, loads the model.
    fn ask(&mut self, role: Role) -> Vec<Effect> {
        let decoding = self
            .wanted
            .as_ref()
            .is_some_and(|wanted| !matches!(wanted.picture.source, PictureSource::Photo(_)));
        if decoding && role == Role::Tree {
            // Its turn comes when the picture is there.
            return Vec::new();
        }
        let job = self.start(role);
        let model = self.role(role).request.clone();
        let source = match (&self.wanted, &self.photo) {
            (Some(wanted), _) => Some(wanted.picture.source.clone()),
            (None, Some(photo)) => Some(PictureSource::Photo(Arc::clone(photo))),
            (None, None) => None,
        };
        if let Some(wanted) = &mut self.wanted {
            wanted.job = job;
        }
        vec![Effect::Send(match source {
            Some(picture) => Request::Explain { job, picture, model },
            None => Request::Load { job, model },
        })]
    }

    /// A new job for a role; its earlier one is not listened to any more.
    fn start(&mut self, role: Role) -> JobId {
        self.last_job += 1;
        let id = JobId(self.last_job);
        let at = self.index(role);
        self.roles[at].job = Some(Job { id, stage: None, since: Instant::now() });
        id
    }

    fn forget_jobs(&mut self) {
        for role in &mut self.roles {
            role.job = None;
        }
        self.forget_reruns();
    }

    fn role_of(&mut self, job: JobId) -> Option<(usize, &mut RoleState)> {
        let mut roles = self.roles.iter_mut().enumerate();
        roles.find(|(_, role)| role.job.is_some_and(|known| known.id == job))
    }

    /// Takes in what the engine says. Answers to jobs that were superseded are ignored.
    pub fn absorb(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Device { name, note, .. } => {
                self.device = Some(name);
                if let Some(note) = note {
                    self.notify(NoticeKind::Warning, note);
                }
            }
            Event::Progress { job, stage } => {
                if let Some((_, RoleState { job: Some(job), .. })) = self.role_of(job) {
                    job.stage = Some(stage);
                }
            }
            Event::PhotoReady { job, photo } => return self.photo_ready(job, photo),
            Event::ModelReady { job, model, took } => {
                if let Some((at, role)) = self.role_of(job) {
                    role.job = None;
                    role.loading = Some(took);
                    return self.loaded(at, model);
                }
            }
            Event::Explained { job, explanation } => {
                if let Some((at, role)) = self.role_of(job) {
                    role.job = None;
                    role.error = None;
                    let model = Arc::clone(&explanation.model);
                    role.answer = Some(explanation);
                    let effects = self.loaded(at, model);
                    self.follow_trees();
                    return effects;
                }
            }
            Event::Rerun { job, explanation } => {
                self.answer_rerun(job, Ok(explanation));
            }
            // The window neither probes nor evaluates; the command line does.
            Event::Probed { .. } | Event::Evaluating { .. } | Event::Evaluated { .. } => {}
            Event::Failed { job, error } => return self.failed(job, error),
            Event::Stopped { reason } => {
                self.forget_jobs();
                self.wanted = None;
                let text = format!("{reason}; the last results are still here");
                self.notify_with(NoticeKind::Error, text, Some(MenuCommand::RestartEngine));
                self.stopped = Some(reason);
            }
        }
        Vec::new()
    }

    fn photo_ready(&mut self, job: JobId, photo: Arc<Photo>) -> Vec<Effect> {
        let Some(Wanted { mut picture, folder, .. }) = self.wanted.take_if(|it| it.job == job)
        else {
            return Vec::new();
        };
        if let Some((folder, at)) = folder {
            (self.folder, self.at) = (folder, at);
            self.history.reset_target();
        }
        self.history.forget_forced();
        self.walk = None;
        if !self.is_again(&picture, &photo) {
            self.history.forget_regions();
        }
        self.reruns.clear();
        if let Some(path) = &picture.path {
            self.remember(&path.clone());
        } else {
            // Kept, so that it need not be decoded again.
            picture.source = PictureSource::Photo(Arc::clone(&photo));
        }
        self.picture = Some(picture);
        self.photo = Some(photo);
        self.roles.iter_mut().for_each(|role| role.error = None);
        if self.shared { Vec::new() } else { self.ask(Role::Tree) }
    }

    /// Whether this is the picture on the screen, read once more.
    fn is_again(&self, picture: &Picture, photo: &Arc<Photo>) -> bool {
        let Some(shown) = &self.photo else { return false };
        let same_file = picture.path.is_some() && picture.path.as_deref() == self.path();
        Arc::ptr_eq(shown, photo) || (same_file && shown.rgb.dimensions() == photo.rgb.dimensions())
    }

    fn loaded(&mut self, at: usize, model: Arc<ModelInfo>) -> Vec<Effect> {
        let role = &mut self.roles[at];
        let known = role.loaded.as_ref().is_some_and(|known| Arc::ptr_eq(known, &model));
        let replaced = role.loaded.is_some() && !known;
        role.error = None;
        role.proven = role.request.clone();
        role.loaded = Some(Arc::clone(&model));
        if replaced {
            self.history.reset_target();
            self.history.reset_tree(at);
            self.walk = None;
            if self.index(self.selection().pins.role) == at {
                self.history.reset_pins();
            }
        }
        if known { Vec::new() } else { vec![Effect::PrepareTree(model)] }
    }

    fn failed(&mut self, job: JobId, error: String) -> Vec<Effect> {
        if self.answer_rerun(job, Err(error.clone())) {
            return Vec::new();
        }
        let decoding = self.wanted.take_if(|wanted| wanted.job == job).is_some();
        let Some((at, role)) = self.role_of(job) else { return Vec::new() };
        role.job = None;
        let replaced = role.request != role.proven;
        if replaced {
            // A model that cannot be used leaves the one before in its place.
            role.request = role.proven.clone();
        } else if !decoding {
            role.error = Some(error.clone());
        }
        self.notify(NoticeKind::Error, error);
        if !(replaced || decoding) {
            return Vec::new();
        }
        // The picture may have come before a model was loaded.
        let missing: Vec<Role> = self
            .roles()
            .iter()
            .copied()
            .filter(|&role| {
                let own = self.role(role);
                own.loaded.is_none() && own.job.is_none() && (decoding || self.index(role) == at)
            })
            .collect();
        missing.into_iter().flat_map(|role| self.ask(role)).collect()
    }
}

#[cfg(test)]
mod tests;
