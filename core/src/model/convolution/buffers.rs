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

/// What a pass through a network ends with where there is no memory for a feature map.
#[derive(Debug)]
pub struct OutOfMemory;

/// So many zeros.
///
/// # Panics
/// With [`OutOfMemory`].
pub fn zeros(len: usize) -> Vec<f32> {
    let mut numbers = Vec::new();
    lengthen(&mut numbers, len);
    numbers
}

/// For so many numbers that somebody else is about to take who does not ask.
///
/// # Panics
/// With [`OutOfMemory`].
pub fn ask_for(len: usize) {
    reserve(&mut Vec::new(), len);
}

fn lengthen(buffer: &mut Vec<f32>, len: usize) {
    reserve(buffer, len.saturating_sub(buffer.len()));
    buffer.resize(len, 0.0);
}

fn reserve(buffer: &mut Vec<f32>, more: usize) {
    if buffer.try_reserve_exact(more).is_err() {
        // Layers do not count with it, but the engine does; nothing is printed on the way there.
        std::panic::resume_unwind(Box::new(OutOfMemory));
    }
}

/// Any numbers, all of which are to be written.
///
/// # Panics
/// With [`OutOfMemory`].
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
    lengthen(&mut buffer, len);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_memory_is_no_abort() {
        // More than there are addresses for.
        for take in [|len| drop(take_buffer(len)), |len| drop(zeros(len)), ask_for] {
            let outcome = std::panic::catch_unwind(|| take(usize::MAX / 8));
            assert!(outcome.is_err_and(|panic| panic.is::<OutOfMemory>()));
        }
    }
}
