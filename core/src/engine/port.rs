//! What a window needs of an engine.

use super::Engine;
use crate::protocol::{Event, JobId, Request};

/// Something that answers [`Request`]s: an engine, two of them together, or a test's own.
pub trait EnginePort {
    fn send(&self, request: Request);
    /// Everything that was answered since the last call; never waits.
    fn drain(&self) -> Vec<Event>;
    /// Gives up on all jobs before this one.
    fn cancel_before(&self, job: JobId);
    /// Whether it is there to answer.
    fn is_alive(&self) -> bool {
        true
    }
}

impl EnginePort for Engine {
    fn send(&self, request: Request) {
        Self::send(self, request);
    }

    fn drain(&self) -> Vec<Event> {
        Self::drain(self)
    }

    fn cancel_before(&self, job: JobId) {
        Self::cancel_before(self, job);
    }

    fn is_alive(&self) -> bool {
        Self::is_alive(self)
    }
}
