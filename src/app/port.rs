//! The app's end of the engine.

use crate::engine::{Engine, EngineError, Handover, Wake};
use crate::model::DeviceChoice;

pub use crate::engine::EnginePort;

/// Starts an engine, at the beginning and after the last one has died.
pub type StartEngine = Box<dyn Fn(Wake) -> Result<Box<dyn EnginePort>, String>>;

/// The real engine; where a GPU is wanted, it gets ready behind the CPU.
pub fn real_engine(device: DeviceChoice) -> StartEngine {
    fn boxed(engine: impl EnginePort + 'static) -> Box<dyn EnginePort> {
        Box::new(engine)
    }
    Box::new(move |wake| {
        let engine = match device {
            DeviceChoice::Auto | DeviceChoice::Gpu => Handover::spawn(device, wake).map(boxed),
            DeviceChoice::Cpu | DeviceChoice::Ndarray => Engine::spawn(device, wake).map(boxed),
        };
        engine.map_err(|EngineError(reason)| reason)
    })
}
