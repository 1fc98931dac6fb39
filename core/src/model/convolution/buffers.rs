//! Memory of feature maps that are not needed any more, for the next ones.
//!
//! New memory has to be cleared and is not in the caches yet; for layers that do little with every
//! number, that takes longer than the layer.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

/// Enough for a block of any network here.
const KEPT: usize = 4;

/// Of all networks; the thread that runs one changes.
static BUFFERS: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Any numbers, all of which are to be written.
pub fn take_buffer(len: usize) -> Vec<f32> {
    let kept = {
        let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = buffers.iter().map(Vec::capacity).enumerate();
        let smallest = sizes.filter(|(_, size)| *size >= len).min_by_key(|(_, size)| *size);
        smallest.map(|(at, _)| buffers.swap_remove(at))
    };
    let mut buffer = kept.unwrap_or_default();
    buffer.resize(len, 0.0);
    if cfg!(test) {
        buffer.fill(f32::NAN);
    }
    buffer
}

/// What `take_buffer` may hand out; the largest ones stay.
pub fn keep_buffer(buffer: Vec<f32>) {
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    buffers.push(buffer);
    if buffers.len() > KEPT {
        let smallest = (0..buffers.len()).min_by_key(|&at| buffers[at].capacity());
        smallest.map(|at| buffers.swap_remove(at));
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
