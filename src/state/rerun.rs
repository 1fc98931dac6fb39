//! Running a network again without a part of the photo, beside everything else.

use std::sync::Arc;

use super::{AppState, Effect, Role};
use crate::command::Check;
use crate::explain::{Area, Removal};
use crate::explanation::Explanation;
use crate::protocol::{self, JobId, Request};

/// A network asked again, once.
#[derive(Debug)]
pub struct Rerun {
    pub check: Check,
    pub role: Role,
    /// What it said about the whole photo.
    pub seen: Arc<Explanation>,
    pub area: Arc<Area>,
    pub how: Removal,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    /// Dropping it gives the job up.
    Running(Ticket),
    Done(Arc<Explanation>),
    /// One line for the user.
    Failed(String),
}

/// Keeps a job wanted.
#[derive(Debug)]
pub struct Ticket {
    job: JobId,
    wanted: Arc<()>,
}

impl Rerun {
    pub fn is_running(&self) -> bool {
        matches!(self.outcome, Outcome::Running(_))
    }

    pub fn result(&self) -> Option<&Arc<Explanation>> {
        match &self.outcome {
            Outcome::Done(explanation) => Some(explanation),
            Outcome::Running(_) | Outcome::Failed(_) => None,
        }
    }
}

impl AppState {
    /// What came of asking a role's network for a check, if that was about the result on the screen
    /// and this area.
    pub fn rerun(&self, check: Check, role: Role, area: &Area) -> Option<&Rerun> {
        let role = self.own(role);
        let seen = self.explanation(role)?;
        self.reruns.iter().find(|rerun| {
            (rerun.check, rerun.role) == (check, role)
                && rerun.seen.is_same_run(seen)
                && *rerun.area == *area
        })
    }

    /// Asks for a check; an earlier one of the same kind is given up.
    pub(super) fn run_again(
        &mut self,
        check: Check,
        role: Role,
        area: &Arc<Area>,
        how: Removal,
    ) -> Vec<Effect> {
        let role = self.own(role);
        let Some(seen) = self.explanation(role).map(Arc::clone) else { return Vec::new() };
        self.reruns.retain(|rerun| (rerun.check, rerun.role) != (check, role));
        self.last_job += 1;
        let ticket = Ticket { job: JobId(self.last_job), wanted: Arc::new(()) };
        let (job, wanted) = (ticket.job, Arc::downgrade(&ticket.wanted));
        // Another one may be on its way.
        let model = self.role(role).proven.clone();
        let change = protocol::Change::Without(Arc::clone(area), how);
        let rerun = protocol::Rerun { seen: Arc::clone(&seen), model, change };
        let (area, outcome) = (Arc::clone(area), Outcome::Running(ticket));
        self.reruns.push(Rerun { check, role, seen, area, how, outcome });
        vec![Effect::Send(Request::Rerun { job, rerun, wanted })]
    }

    /// Takes in an answer; `false` if that was not what it answers.
    pub(super) fn answer_rerun(
        &mut self,
        job: JobId,
        answer: Result<Arc<Explanation>, String>,
    ) -> bool {
        let mut running = self.reruns.iter_mut();
        let found = running
            .find(|rerun| matches!(&rerun.outcome, Outcome::Running(ticket) if ticket.job == job));
        let Some(rerun) = found else { return false };
        rerun.outcome = answer.map_or_else(Outcome::Failed, Outcome::Done);
        true
    }

    /// Gives up what is running.
    pub(super) fn forget_reruns(&mut self) {
        self.reruns.retain(|rerun| !rerun.is_running());
    }
}
