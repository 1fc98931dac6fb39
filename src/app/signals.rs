//! Signals of the system: the session ends, a terminal is closed, somebody says `kill`.

use std::io;

use eframe::egui::{Context, ViewportCommand, ViewportId};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Closes the window when the system asks the program to end, so that all is saved that is saved
/// when the user closes it. Who asks twice does not want to wait: the second signal ends the program
/// at once.
///
/// # Errors
/// When the system does not let signals be handled.
pub fn close_on_signal(ctx: &Context) -> io::Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !ignored.contains(signal));
    let mut signals = Signals::new(wanted)?;
    let ctx = ctx.clone();
    let wait = move || {
        for (i, signal) in signals.forever().enumerate() {
            if i > 0 {
                emulate_default_handler(signal).ok();
            }
            ctx.send_viewport_cmd_to(ViewportId::ROOT, ViewportCommand::Close);
            ctx.request_repaint_of(ViewportId::ROOT);
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(())
}

/// The signals that whoever started the program wants ignored, as `nohup` does with the end of the
/// terminal; `status` is Linux's `/proc/self/status`.
fn ignored(status: &str) -> Vec<i32> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    (1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_ignores_stays_ignored() {
        let status = "Name:\tglasstree\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert_eq!(ignored(status), [SIGHUP, 13]);
        assert_eq!(ignored("no such line"), [0; 0]);
    }
}
