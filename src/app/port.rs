//! The app's end of the engine.

use std::sync::Arc;

use crate::engine::{Engine, Wake};
use crate::model::DeviceChoice;
use crate::protocol::{Event, JobId, Request};

/// What the app needs of an engine; tests have one of their own.
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

/// Starts an engine, at the beginning and after the last one has died.
pub type StartEngine = Box<dyn Fn(Wake) -> Result<Box<dyn EnginePort>, String>>;

/// The real engine.
pub fn real_engine(device: DeviceChoice) -> StartEngine {
    Box::new(move |wake| match Engine::spawn(device, Arc::clone(&wake)) {
        Ok(engine) => Ok(Box::new(engine)),
        Err(error) => Err(error.to_string()),
    })
}
