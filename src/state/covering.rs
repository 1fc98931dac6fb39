//! A photo that is painted over, or of which another part is shown, while the networks look on: each
//! stroke and each place of the frame, also those that are not yet let go, are run through them as
//! fast as they go. The last wins.

use std::sync::Arc;

use super::{Answer, AppState, Effect, NoticeKind, Role};
use crate::explain::{Mark, Marks};
use crate::explanation::Explanation;
use crate::preprocess::Square;
use crate::protocol::{Change, JobId, Request, Rerun};

/// What a network said of the photo with its cover on.
#[derive(Debug)]
pub struct Covered {
    pub marks: Arc<Marks>,
    /// With the model's own tree; of the part of the photo that its input says.
    pub given: Arc<Explanation>,
}

/// What can be different about the photo on the screen.
#[derive(Debug, Clone, PartialEq)]
struct View {
    marks: Option<Arc<Marks>>,
    /// `None`: the recipe's own crop.
    square: Option<Square>,
}

impl View {
    fn change(&self) -> Change {
        match &self.marks {
            Some(marks) => Change::Covered(Arc::clone(marks), self.square),
            None => Change::Part(self.square),
        }
    }
}

/// A network at work on it. Dropping the token gives the job up.
#[derive(Debug)]
pub(super) struct Look {
    role: Role,
    job: JobId,
    view: View,
    _wanted: Arc<()>,
}

/// What is not yet among the steps that undo knows, and the networks that look at it.
#[derive(Debug, Default)]
pub struct Covering {
    /// The stroke that is being drawn.
    draft: Option<Mark>,
    /// The part of the photo that is being dragged.
    part: Option<Square>,
    /// At most one for each role: the next begins with what is newest then.
    looks: Vec<Look>,
    /// What could not be answered; it is not asked again.
    refused: Option<View>,
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
        answer.covered.as_ref().map(|_| answer.bare())
    }

    /// The part of the photo that the networks are to be shown, also while it is dragged; `None`:
    /// what each one's recipe says.
    pub fn square(&self) -> Option<Square> {
        self.covering.part.or(self.selection().square)
    }

    /// Whether a stroke is being drawn or the frame dragged, or a network has not answered the last
    /// one.
    pub fn is_covering(&self) -> bool {
        let Covering { draft, part, looks, .. } = &self.covering;
        draft.is_some() || part.is_some() || !looks.is_empty()
    }

    pub(super) fn draft_square(&mut self, square: Option<Square>) {
        self.covering.part = square.and_then(|square| self.of_photo(square));
    }

    /// The frame was let go.
    pub(super) fn set_square(&mut self, square: Option<Square>) {
        self.covering.part = None;
        self.history.set_square(square.and_then(|square| self.of_photo(square)));
    }

    /// A square that lies in the photo.
    fn of_photo(&self, square: Square) -> Option<Square> {
        let size = self.photo.as_ref()?.rgb.dimensions();
        square.is_inside(size.into()).then_some(square)
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

    /// Takes back what is not wanted any more, and has the networks look at what is new.
    pub(super) fn follow_view(&mut self) -> Vec<Effect> {
        let wanted = View { marks: self.marks(), square: self.square() };
        let mut effects = Vec::new();
        for &role in self.roles() {
            let model = self.roles[role].proven.clone();
            let is_here = self.explanation(role).is_some() && self.roles[role].job().is_none();
            let Some(answer) = self.roles[role].result.last_mut() else { continue };
            answer.drop_unwanted(&wanted);
            self.covering.looks.retain(|Look { role: of, view, .. }| {
                let is_spare = (wanted.marks.is_none() && view.marks.is_some())
                    || (wanted.square.is_none() && view.square.is_some());
                *of != role || !is_spare
            });
            let Some(view) = answer.missing(&wanted) else { continue };
            let is_asked = self.covering.looks.iter().any(|look| look.role == role);
            let is_refused = self.covering.refused.as_ref() == Some(&view);
            if !is_here || is_asked || is_refused || self.stopped.is_some() {
                continue;
            }
            self.last_job += 1;
            let (job, token) = (JobId(self.last_job), Arc::new(()));
            let wanted = Arc::downgrade(&token);
            let change = view.change();
            self.covering.looks.push(Look { role, job, view, _wanted: token });
            let rerun = Rerun { seen: Arc::clone(&answer.given), model, change };
            effects.push(Effect::Send(Request::Rerun { job, rerun, wanted }));
        }
        if (wanted.marks.as_ref(), wanted.square) == (None, None) {
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
        let Look { role, view, .. } = looks.swap_remove(at);
        match answer {
            Ok(given) => {
                if let Some(answer) = self.roles[role].result.last_mut() {
                    let given = Arc::clone(given);
                    match view.marks {
                        Some(marks) => answer.covered = Some(Covered { marks, given }),
                        None => answer.part = Some(given),
                    }
                }
            }
            Err(error) => {
                self.covering.refused = Some(view);
                self.notify(NoticeKind::Error, error);
            }
        }
        true
    }
}

impl Answer {
    /// What was said of the photo without a cover: of the part that was asked about last.
    fn bare(&self) -> &Arc<Explanation> {
        self.part.as_ref().unwrap_or(&self.given)
    }

    /// What is to be seen, with the model's own tree.
    pub(super) fn newest(&self) -> &Arc<Explanation> {
        self.covered.as_ref().map_or_else(|| self.bare(), |covered| &covered.given)
    }

    fn drop_unwanted(&mut self, wanted: &View) {
        if wanted.marks.is_none() {
            self.covered = None;
        }
        if wanted.square.is_none() {
            self.part = None;
        }
    }

    /// What the network has yet to be asked: first what is to be seen; then, below a cover, the same
    /// part of the photo as it is, to be compared with.
    fn missing(&self, wanted: &View) -> Option<View> {
        let has_bare = self.bare().input.square == wanted.square;
        let bare = || View { marks: None, square: wanted.square };
        let Some(marks) = &wanted.marks else { return (!has_bare).then(bare) };
        let has_covered = self.covered.as_ref().is_some_and(|covered| {
            *covered.marks == **marks && covered.given.input.square == wanted.square
        });
        match (has_covered, has_bare) {
            (false, _) => Some(wanted.clone()),
            (true, false) => Some(bare()),
            (true, true) => None,
        }
    }
}
