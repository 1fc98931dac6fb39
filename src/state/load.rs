//! What is made in the background: the last value stays until there is another one.

use std::time::Instant;

use crate::protocol::{JobId, Stage};

/// What the engine is doing for a role.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    pub id: JobId,
    pub stage: Option<Stage>,
    pub since: Instant,
}

/// A value that a job makes.
#[derive(Debug)]
pub struct Load<T> {
    last: Option<T>,
    status: Status,
}

#[derive(Debug, Default)]
enum Status {
    #[default]
    Idle,
    Working(Job),
    /// Why the last job failed; one line.
    Failed(String),
}

impl<T> Default for Load<T> {
    fn default() -> Self {
        Self { last: None, status: Status::Idle }
    }
}

impl<T> Load<T> {
    /// The last value that was made, whatever has happened since.
    pub fn last(&self) -> Option<&T> {
        self.last.as_ref()
    }

    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.last.as_mut()
    }

    /// The job at work.
    pub fn job(&self) -> Option<&Job> {
        match &self.status {
            Status::Working(job) => Some(job),
            Status::Idle | Status::Failed(_) => None,
        }
    }

    pub fn job_mut(&mut self) -> Option<&mut Job> {
        match &mut self.status {
            Status::Working(job) => Some(job),
            Status::Idle | Status::Failed(_) => None,
        }
    }

    /// Why the last job failed; one line.
    pub fn error(&self) -> Option<&str> {
        match &self.status {
            Status::Failed(error) => Some(error),
            Status::Idle | Status::Working(_) => None,
        }
    }

    /// Another job; an earlier one is not listened to any more.
    pub fn begin(&mut self, id: JobId) {
        self.status = Status::Working(Job { id, stage: None, since: Instant::now() });
    }

    /// The job at work is done, or not wanted any more.
    pub fn end_job(&mut self) {
        if self.job().is_some() {
            self.status = Status::Idle;
        }
    }

    pub fn succeed(&mut self, value: T) {
        *self = Self { last: Some(value), status: Status::Idle };
    }

    pub fn fail(&mut self, error: String) {
        self.status = Status::Failed(error);
    }

    pub fn forget_error(&mut self) {
        if self.error().is_some() {
            self.status = Status::Idle;
        }
    }
}
