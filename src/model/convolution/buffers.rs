//! Memory of feature maps that are not needed any more, for the next ones.
//!
//! New memory has to be cleared and is not in the caches yet; for layers that do little with every
//! number, that takes longer than the layer.

use std::cell::RefCell;

use burn_tensor::TensorData;

/// Enough for a block of any network here.
const KEPT: usize = 4;

thread_local! {
    /// Networks run on one thread, so this does not have to be shared.
    static BUFFERS: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Any numbers, all of which are to be written.
pub fn take_buffer(len: usize) -> Vec<f32> {
    let mut buffer = BUFFERS.with_borrow_mut(|buffers| {
        let fits = |buffer: &Vec<f32>| (len..=4 * len).contains(&buffer.capacity());
        let at = buffers.iter().position(fits)?;
        Some(buffers.swap_remove(at))
    });
    let buffer = buffer.get_or_insert_default();
    buffer.resize(len, 0.0);
    if cfg!(debug_assertions) || cfg!(test) {
        buffer.fill(f32::NAN);
    }
    std::mem::take(buffer)
}

/// What `take_buffer` may hand out.
pub fn keep_buffer(data: TensorData) {
    let Ok(buffer) = data.try_into_vec() else { return };
    BUFFERS.with_borrow_mut(|buffers| {
        if buffers.len() == KEPT {
            buffers.remove(0);
        }
        buffers.push(buffer);
    });
}
