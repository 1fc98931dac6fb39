//! Keeps the threads of the pool awake while a network runs.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::Yield;

/// Longest time that a thread without work stays awake for a pass. Whatever else the pool has to do
/// waits for no longer than this, and long passes have parts that are worth waking for.
const LONGEST: Duration = Duration::from_millis(100);

/// Most threads that stay awake; they look into each other's work.
const THREADS: usize = 16;

/// Runs `pass` on a thread of the pool; for a while the others look for its work without a pause. A
/// small network has a hundred parts of 50 µs each, and to wake a thread takes as long.
pub fn awake<T: Send>(pass: impl FnOnce() -> T + Send) -> T {
    let is_done = AtomicBool::new(false);
    let run = || {
        let own = rayon::current_thread_index();
        rayon::in_place_scope(|scope| {
            scope.spawn_broadcast(|_, context| {
                let is_needed = Some(context.index()) != own && context.index() < THREADS;
                let started = Instant::now();
                while is_needed && !is_done.load(Ordering::Relaxed) && started.elapsed() < LONGEST {
                    if rayon::yield_now() != Some(Yield::Executed) {
                        (0..64).for_each(|_| spin_loop());
                    }
                }
            });
            let result = pass();
            is_done.store(true, Ordering::Relaxed);
            result
        })
    };
    rayon::join(run, || ()).0
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    /// Passes within passes and side by side, on few threads: each comes to its end.
    #[test]
    fn passes_do_not_wait_for_each_other() {
        let sum = |n: u64| (0..n).into_par_iter().map(|i| i % 7).sum::<u64>();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let started = Instant::now();
        let sums: Vec<u64> = pool.install(|| {
            (0..50_u64)
                .into_par_iter()
                .map(|i| awake(|| sum(1000 + i) + awake(|| sum(100))))
                .collect()
        });
        let expected = |i: u64| (0..1000 + i).map(|i| i % 7).sum::<u64>() + 295;
        assert!(sums.into_iter().eq((0..50).map(expected)));
        // Hung would be for ever; the limit is that of a very busy machine.
        assert!(started.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn a_panic_goes_on() {
        let outcome = std::panic::catch_unwind(|| awake(|| panic!("lost")));
        assert!(outcome.is_err());
    }
}
