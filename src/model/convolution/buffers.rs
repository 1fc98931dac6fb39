//! Memory of feature maps that are not needed any more, for the next ones.
//!
//! New memory has to be cleared and is not in the caches yet; for layers that do little with every
//! number, that takes longer than the layer.

use std::sync::{Mutex, PoisonError};

use burn_tensor::TensorData;

/// Enough for a block of any network here.
const KEPT: usize = 4;

/// Of all networks; the thread that runs one changes.
static BUFFERS: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Any numbers, all of which are to be written.
pub fn take_buffer(len: usize) -> Vec<f32> {
    let kept = {
        let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<f32>| (len..=4 * len).contains(&buffer.capacity());
        let at = buffers.iter().position(fits);
        at.map(|at| buffers.swap_remove(at))
    };
    let mut buffer = kept.unwrap_or_default();
    buffer.resize(len, 0.0);
    if cfg!(test) {
        buffer.fill(f32::NAN);
    }
    buffer
}

/// What `take_buffer` may hand out.
pub fn keep_buffer(data: TensorData) {
    let Ok(buffer) = data.try_into_vec() else { return };
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    if buffers.len() == KEPT {
        buffers.remove(0);
    }
    buffers.push(buffer);
}
