//! Jobs for the engine, and its answers.

use std::sync::Arc;

use super::{
    Answer, AppState, Effect, Folder, NoticeKind, Picture, Remedy, Role, RoleState, Wanted,
};
use crate::catalog::ModelSource;
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
        self.notices.dismiss_restart();
        match self.picture.clone() {
            Some(picture) => self.open(picture, None),
            None => self.preload(),
        }
    }

    /// Shows a picture to the models; all earlier jobs are superseded. What was selected stays
    /// unless the picture comes from another folder.
    pub(super) fn open(&mut self, picture: Picture, folder: Option<Folder>) -> Vec<Effect> {
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
        self.stop_inquiries();
        self.forget_jobs();
        self.wanted = None;
        self.last_job += 1;
        vec![Effect::CancelBefore(JobId(self.last_job))]
    }

    pub(super) fn set_model(&mut self, role: Role, request: ModelRequest) -> Vec<Effect> {
        let own = self.own(role);
        self.roles[own].request = request;
        self.roles[own].result.forget_error();
        self.ask(role)
    }

    pub(super) fn share_model(&mut self, shared: bool) -> Vec<Effect> {
        self.shared = shared;
        self.history.reset_target();
        self.history.reset_pins();
        if shared {
            self.roles.tree.result.end_job();
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
        let own = self.own(role);
        self.roles[own].result.begin(id);
        id
    }

    fn forget_jobs(&mut self) {
        for (_, role) in self.roles.iter_mut() {
            role.result.end_job();
        }
        self.forget_reruns();
        self.forget_inquiries();
        self.covering.forget_looks();
    }

    fn role_of(&mut self, job: JobId) -> Option<(Role, &mut RoleState)> {
        let mut roles = self.roles.iter_mut();
        roles.find(|(_, role)| role.job().is_some_and(|known| known.id == job))
    }

    /// Takes in what the engine says. Answers to jobs that were superseded are ignored.
    pub fn handle_event(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Device { name, note, .. } => {
                self.device = Some(name);
                if let Some(note) = note {
                    self.notify(NoticeKind::Warning, note);
                }
            }
            Event::Progress { job, stage } => {
                let role = self.role_of(job);
                if let Some(job) = role.and_then(|(_, role)| role.result.job_mut()) {
                    job.stage = Some(stage);
                }
            }
            Event::PhotoReady { job, photo } => return self.photo_ready(job, photo),
            Event::ModelReady { job, model, took } => {
                if let Some((role, state)) = self.role_of(job) {
                    state.result.end_job();
                    state.loading_time = Some(took);
                    return self.loaded(role, model);
                }
            }
            Event::Explained { job, explanation } => {
                if let Some((role, state)) = self.role_of(job) {
                    let model = Arc::clone(&explanation.model);
                    let noted = Arc::clone(&explanation);
                    state.result.succeed(Answer::new(explanation));
                    if role == Role::Classifier {
                        self.note_glance(&noted);
                    }
                    let mut effects = self.loaded(role, model);
                    effects.extend(self.follow_view());
                    self.follow_trees();
                    return effects;
                }
            }
            Event::Rerun { job, explanation } => {
                if self.answer_look(job, Ok(&explanation)) {
                    let effects = self.follow_view();
                    self.follow_trees();
                    return effects;
                }
                self.answer_rerun(job, Ok(explanation));
            }
            Event::Probed { job, answers, total, left } => {
                if !self.answer_glance(job, Some(&answers)) {
                    self.answer_inquiry(job, answers, total, left);
                }
            }
            // The window does not evaluate; the command line does.
            Event::Evaluating { .. } | Event::Evaluated { .. } | Event::Features { .. } => {}
            Event::Failed { job, error } => return self.failed(job, error),
            Event::Stopped { reason } => {
                self.stop_inquiries();
                self.forget_jobs();
                self.wanted = None;
                let text = format!("{reason}; the previous results are still shown");
                self.notify_with(NoticeKind::Error, text, Some(Remedy::RestartEngine));
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
        let is_again = self.is_again(&picture, &photo);
        if let Some(folder) = folder {
            self.tell_unreadable(&folder, &photo.name);
            self.enter(folder);
            self.history.reset_target();
        } else if !is_again {
            self.history.follow_prediction();
        }
        self.history.forget_forced();
        self.walk = None;
        if !is_again {
            self.history.forget_regions();
        }
        self.forget_covering();
        self.reruns.clear();
        if let Some(path) = &picture.path {
            self.remember(&path.clone());
        } else {
            // Kept, so that it need not be decoded again.
            picture.source = PictureSource::Photo(Arc::clone(&photo));
        }
        self.picture = Some(picture);
        self.photo = Some(photo);
        self.roles.iter_mut().for_each(|(_, role)| role.result.forget_error());
        if self.shared { Vec::new() } else { self.ask(Role::Tree) }
    }

    /// From now on the arrow keys go through this folder.
    fn enter(&mut self, folder: Folder) {
        (self.folder, self.at) = (folder.pictures, folder.at);
    }

    /// Says which pictures were passed over before one could be shown.
    fn tell_unreadable(&mut self, folder: &Folder, shown: &str) {
        let text = match &folder.unreadable[..] {
            [] => return,
            [only] => format!("{only}; {shown} is shown instead"),
            [first, rest @ ..] => {
                format!("{} pictures could not be read; {shown} is shown. {first}", rest.len() + 1)
            }
        };
        self.notify(NoticeKind::Warning, text);
    }

    /// The picture of a folder could not be read: shows the next one if any will do. With nothing
    /// on the screen, at least the arrow keys go through the folder.
    fn pass_over(&mut self, mut folder: Folder, error: &str) -> Option<Vec<Effect>> {
        if folder.any_will_do && folder.at + 1 < folder.pictures.len() {
            folder.unreadable.push(error.to_owned());
            folder.at += 1;
            return Some(self.open_folder(folder));
        }
        if self.photo.is_none() {
            self.enter(folder);
        }
        None
    }

    /// Whether this is the picture on the screen, read once more.
    fn is_again(&self, picture: &Picture, photo: &Arc<Photo>) -> bool {
        let Some(shown) = &self.photo else { return false };
        match (picture.path.as_deref(), self.path()) {
            (Some(new), Some(old)) => {
                new == old && shown.rgb.dimensions() == photo.rgb.dimensions()
            }
            _ => Arc::ptr_eq(shown, photo),
        }
    }

    fn loaded(&mut self, role: Role, model: Arc<ModelInfo>) -> Vec<Effect> {
        let state = &mut self.roles[role];
        let known = state.model.as_ref().is_some_and(|known| Arc::ptr_eq(known, &model));
        let replaced = state.model.is_some() && !known;
        state.result.forget_error();
        state.proven = state.request.clone();
        state.model = Some(Arc::clone(&model));
        if replaced {
            self.history.reset_target();
            self.history.reset_tree(role);
            self.walk = None;
            if self.own(self.selection().pins.role) == role {
                self.history.reset_pins();
            }
        }
        if known { Vec::new() } else { vec![Effect::PrepareTree(model)] }
    }

    fn failed(&mut self, job: JobId, error: String) -> Vec<Effect> {
        let is_aside = self.answer_look(job, Err(&error))
            || self.answer_rerun(job, Err(error.clone()))
            || self.answer_glance(job, None)
            || self.fail_inquiry(job, &error);
        if is_aside {
            return Vec::new();
        }
        let unread = self.wanted.take_if(|wanted| wanted.job == job);
        let decoding = unread.is_some();
        let Some((failed, state)) = self.role_of(job) else { return Vec::new() };
        state.result.end_job();
        let replaced = state.request != state.proven;
        let remedy = remedy(&state.request.source).filter(|_| !decoding);
        if replaced {
            // A model that cannot be used leaves the one before in its place.
            state.request = state.proven.clone();
        } else if !decoding {
            state.result.fail(error.clone());
        }
        if let Some(folder) = unread.and_then(|wanted| wanted.folder)
            && let Some(effects) = self.pass_over(folder, &error)
        {
            return effects;
        }
        if let Some(Remedy::Fetch(entry)) = remedy {
            self.library.forget(entry);
        }
        self.notify_with(NoticeKind::Error, error, remedy);
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
                own.model.is_none() && own.job().is_none() && (decoding || self.own(role) == failed)
            })
            .collect();
        missing.into_iter().flat_map(|role| self.ask(role)).collect()
    }
}

/// A model that was fetched and cannot be loaded is missing or damaged: it can be fetched again.
fn remedy(source: &ModelSource) -> Option<Remedy> {
    match source {
        ModelSource::Known(entry, _) if entry.published().is_some() => Some(Remedy::Fetch(entry)),
        ModelSource::Known(..) | ModelSource::File(_) => None,
    }
}

#[cfg(test)]
mod tests;
