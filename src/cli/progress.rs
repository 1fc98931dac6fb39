//! How far a long command is.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use crate::numbers::thousands;

/// A line on the standard error that is written over and over; nothing if that is no terminal.
pub struct Progress {
    is_terminal: bool,
    started: Instant,
}

impl Progress {
    pub fn new() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), started: Instant::now() }
    }

    pub fn show(&mut self, done: usize, total: usize) {
        if self.is_terminal {
            let rate = done as f64 / self.started.elapsed().as_secs_f64().max(1e-3);
            let [done, total] = [done, total].map(thousands);
            eprint!("\r{done} of {total} pictures, {rate:.0} a second \x1b[K");
            std::io::stderr().flush().ok();
        }
    }

    pub fn clear(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}
