//! The display: whether there is one, and what is left when it goes.

use std::panic::{self, AssertUnwindSafe, Location};
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
    watched_in(is_of_display, window)
}

/// The same where the panics of other files mean that the display is gone.
fn watched_in<T>(is_of_display: fn(&str) -> bool, window: impl FnOnce() -> T) -> anyhow::Result<T> {
    let is_lost = Arc::new(AtomicBool::new(false));
    let (usual, lost) = (panic::take_hook(), Arc::clone(&is_lost));
    panic::set_hook(Box::new(move |info| {
        match is_of_display(info.location().map_or("", Location::file)) {
            true => lost.store(true, Ordering::Relaxed),
            false => usual(info),
        }
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(window));
    // The usual one again.
    drop(panic::take_hook());
    result.or_else(|payload| match is_lost.load(Ordering::Relaxed) {
        true => Err(anyhow::anyhow!("The connection to the display was lost")),
        false => panic::resume_unwind(payload),
    })
}

/// Whether the code of this file talks to an X server.
fn is_of_display(file: &str) -> bool {
    file.contains("winit") && file.contains("x11")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_of_the_display_are_errors_and_others_stay_panics() {
        let is_here = |file: &str| file.ends_with("display.rs");
        assert_eq!(watched_in(is_here, || 7).unwrap(), 7);
        let lost: anyhow::Result<()> = watched_in(is_here, || panic!("the server is gone"));
        assert_eq!(lost.unwrap_err().to_string(), "The connection to the display was lost");
        let other = || watched_in(|_| false, || panic!("something else, which this test wants"));
        let other = panic::catch_unwind(other).map(|result: anyhow::Result<()>| result.is_ok());
        assert!(other.is_err());
    }

    #[test]
    fn the_code_that_talks_to_an_x_server_is_known() {
        for (file, expected) in [
            ("winit-0.30.13/src/platform_impl/linux/x11/event_processor.rs", true),
            ("winit-0.30.13/src/platform_impl/linux/x11/util/window_property.rs", true),
            ("winit-0.30.13/src/platform_impl/linux/wayland/event_loop/mod.rs", false),
            ("src/app/frame.rs", false),
        ] {
            assert_eq!(is_of_display(file), expected, "{file}");
        }
    }
}
