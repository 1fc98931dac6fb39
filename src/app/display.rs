//! The display: whether there is one, and what is left when it goes.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a window could be shown. Elsewhere than on X11 and Wayland there is always a display.
pub fn is_there() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

/// Runs a window. winit takes it for granted that the display answers, and panics where it does not:
/// that becomes an error. Other panics stay what they are.
///
/// # Errors
/// When the display is gone.
pub fn watched<T>(window: impl FnOnce() -> T) -> anyhow::Result<T> {
    let is_lost = Arc::new(AtomicBool::new(false));
    let (usual, lost) = (panic::take_hook(), Arc::clone(&is_lost));
    panic::set_hook(Box::new(move |info| match is_of_display(info) {
        true => lost.store(true, Ordering::Relaxed),
        false => usual(info),
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(window));
    // The usual one again.
    drop(panic::take_hook());
    result.or_else(|payload| match is_lost.load(Ordering::Relaxed) {
        true => Err(anyhow::anyhow!("The connection to the display was lost")),
        false => panic::resume_unwind(payload),
    })
}

/// Whether the code panics that talks to an X server.
fn is_of_display(info: &PanicHookInfo<'_>) -> bool {
    let file = info.location().map_or("", panic::Location::file);
    file.contains("winit") && file.contains("x11")
}
