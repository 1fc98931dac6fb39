//! Memory of feature maps that are not needed any more, for the next ones.
//!
//! New memory has to be cleared and is not in the caches yet; for layers that do little with every
//! number, that takes longer than the layer.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

/// So many are kept whatever their size: enough for a block of any network here.
const KEPT: usize = 4;
/// More of them as long as they have no more numbers together than this.
const NUMBERS: usize = 8 << 20;

/// Of all networks; the thread that runs one changes. Most recently used last.
static BUFFERS: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Any numbers, all of which are to be written.
pub fn take_buffer(len: usize) -> Vec<f32> {
    let kept = {
        let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = || buffers.iter().map(Vec::capacity).enumerate();
        // One of the same length, as the last run of the network has left it, need not be filled.
        let same = buffers.iter().rposition(|buffer| buffer.len() == len);
        let is_full = len + sizes().map(|(_, size)| size).sum::<usize>() > NUMBERS;
        let large = sizes().filter(|(_, size)| is_full && *size >= len);
        let at = same.or_else(|| large.min_by_key(|(_, size)| *size).map(|(at, _)| at));
        at.map(|at| buffers.remove(at))
    };
    let mut buffer = kept.unwrap_or_default();
    buffer.resize(len, 0.0);
    if cfg!(test) {
        buffer.fill(f32::NAN);
    }
    buffer
}

/// What `take_buffer` may hand out.
pub fn keep_buffer(buffer: Vec<f32>) {
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    buffers.push(buffer);
    let mut numbers: usize = buffers.iter().map(Vec::capacity).sum();
    while buffers.len() > KEPT && numbers > NUMBERS {
        numbers -= buffers.remove(0).capacity();
    }
}

/// Calls `work` with any numbers, which belong to this thread alone.
pub fn with_scratch<T>(len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    thread_local! {
        static SCRATCH: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    }
    let mut scratch = SCRATCH.take();
    if scratch.len() < len {
        scratch.resize(len, 0.0);
    }
    if cfg!(test) {
        scratch.fill(f32::NAN);
    }
    let result = work(&mut scratch[..len]);
    SCRATCH.set(scratch);
    result
}
