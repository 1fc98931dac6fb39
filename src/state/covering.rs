//! A photo that is painted over while the networks look on: each stroke, and what is drawn of the
//! next one, is run through them as fast as they go. The last wins.

use std::sync::Arc;

use super::{AppState, Effect, NoticeKind, Role};
use crate::explain::{Mark, Marks};
use crate::explanation::Explanation;
use crate::protocol::{Change, JobId, Request, Rerun};

/// What a network said of the photo with its cover on.
#[derive(Debug)]
pub struct Covered {
    pub marks: Arc<Marks>,
    /// With the model's own tree.
    pub given: Arc<Explanation>,
}

/// A network at work on it. Dropping the token gives the job up.
#[derive(Debug)]
pub(super) struct Look {
    role: Role,
    job: JobId,
    marks: Arc<Marks>,
    _wanted: Arc<()>,
}

/// Strokes that are not yet among those that undo knows, and the networks that look at them.
#[derive(Debug, Default)]
pub struct Covering {
    /// The one that is being drawn.
    draft: Option<Mark>,
    /// At most one for each role: the next begins with what is newest then.
    looks: Vec<Look>,
    /// What could not be answered; it is not asked again.
    refused: Option<Arc<Marks>>,
}

impl Covering {
    /// Gives up what the networks are asked.
    pub(super) fn forget_looks(&mut self) {
        self.looks.clear();
    }
}

impl AppState {
    /// What the photo is painted over with, the stroke that is being drawn included.
    pub fn marks(&self) -> Option<Arc<Marks>> {
        let marks = self.selection().marks.as_ref();
        match &self.covering.draft {
            None => marks.cloned(),
            Some(mark) => {
                let none = Marks { cover: self.selection().cover, ..Marks::default() };
                Some(Arc::new(marks.map_or(none, |marks| (**marks).clone()).with(mark.clone())))
            }
        }
    }

    /// What a role's network said of the photo with its cover on, if it has one.
    pub fn covered(&self, role: Role) -> Option<&Covered> {
        self.role(role).result.last()?.covered.as_ref()
    }

    /// What it said of the photo itself while that is covered.
    pub fn uncovered(&self, role: Role) -> Option<&Arc<Explanation>> {
        let answer = self.role(role).result.last()?;
        answer.covered.as_ref().map(|_| &answer.given)
    }

    /// Whether a stroke is being drawn, or a network has not answered the last one.
    pub fn is_covering(&self) -> bool {
        self.covering.draft.is_some() || !self.covering.looks.is_empty()
    }

    pub(super) fn draft_mark(&mut self, mark: Option<Mark>) {
        self.covering.draft = mark;
    }

    /// A stroke is done.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.covering.draft = None;
        let none = || Arc::new(Marks { cover: self.selection().cover, ..Marks::default() });
        let marks = self.selection().marks.clone().unwrap_or_else(none);
        self.history.set_marks(Some(Arc::new(marks.with(mark))));
    }

    /// Another photo.
    pub(super) fn forget_covering(&mut self) {
        self.covering = Covering::default();
    }

    /// Takes covers off that are not wanted any more, and has the networks look at new ones.
    pub(super) fn follow_marks(&mut self) -> Vec<Effect> {
        let wanted = self.marks();
        let mut effects = Vec::new();
        for &role in self.roles() {
            let model = self.roles[role].proven.clone();
            let is_here = self.explanation(role).is_some() && self.roles[role].job().is_none();
            let Some(answer) = self.roles[role].result.last_mut() else { continue };
            let Some(marks) = &wanted else {
                answer.covered = None;
                self.covering.looks.retain(|look| look.role != role);
                continue;
            };
            let is_answered = answer.covered.as_ref().is_some_and(|it| *it.marks == **marks);
            let is_asked = self.covering.looks.iter().any(|look| look.role == role);
            let is_refused = self.covering.refused.as_deref() == Some(&**marks);
            if !is_here || is_answered || is_asked || is_refused || self.stopped.is_some() {
                continue;
            }
            self.last_job += 1;
            let (job, token) = (JobId(self.last_job), Arc::new(()));
            let wanted = Arc::downgrade(&token);
            let marks = Arc::clone(marks);
            self.covering.looks.push(Look { role, job, marks: Arc::clone(&marks), _wanted: token });
            let change = Change::Covered(marks);
            let rerun = Rerun { seen: Arc::clone(&answer.given), model, change };
            effects.push(Effect::Send(Request::Rerun { job, rerun, wanted }));
        }
        if wanted.is_none() {
            self.covering.refused = None;
        }
        effects
    }

    /// Takes in an answer; `false` if nothing here was waiting for it.
    pub(super) fn answer_look(
        &mut self,
        job: JobId,
        answer: Result<&Arc<Explanation>, &str>,
    ) -> bool {
        let looks = &mut self.covering.looks;
        let Some(at) = looks.iter().position(|look| look.job == job) else { return false };
        let Look { role, marks, .. } = looks.swap_remove(at);
        match answer {
            Ok(given) => {
                if let Some(answer) = self.roles[role].result.last_mut() {
                    answer.covered = Some(Covered { marks, given: Arc::clone(given) });
                }
            }
            Err(error) => {
                self.covering.refused = Some(marks);
                self.notify(NoticeKind::Error, error);
            }
        }
        true
    }
}
