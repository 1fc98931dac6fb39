//! What happens when a device fails.

use std::cell::Cell;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::channel;

use super::*;

fn worker(compute: Compute) -> (Worker, Receiver<Event>) {
    let (outbox, events) = channel();
    let wanted = Arc::new(AtomicU64::new(0));
    let desk = Desk::new(outbox, Arc::new(|| {}), wanted);
    let mut worker = Worker::new(DeviceChoice::Auto, desk);
    worker.compute = Some(compute);
    (worker, events)
}

fn fails_then_succeeds(fail: impl Fn() -> Result<(), Stop>) {
    let (mut worker, events) = worker(Compute::pretend_gpu());
    let calls = Cell::new(0);
    let result = worker.with_fallback(|worker| {
        calls.set(calls.get() + 1);
        if worker.compute.as_ref().is_some_and(Compute::is_gpu) { fail() } else { Ok(()) }
    });
    assert_eq!((result, calls.get()), (Ok(()), 2));
    let Ok(Event::Device { name, is_gpu: false, note: Some(note) }) = events.try_recv() else {
        panic!("the change of device was not announced")
    };
    assert_eq!(name, "CPU");
    assert!(note.contains("Pretend GPU") && note.contains("lost"), "{note}");
}

#[test]
fn work_is_done_again_on_the_cpu_when_a_gpu_fails() {
    fails_then_succeeds(|| Err(Stop::Device("device lost".to_owned())));
    fails_then_succeeds(|| panic!("device lost"));
}

/// On a GPU the network runs channels first, and has no way back there.
#[test]
fn gradients_are_computed_on_the_cpu_beside_a_gpu() {
    use crate::catalog::ModelSource;
    use crate::explain::{ProbeInput, Question, SmoothGrad, SmoothOptions};
    let (mut worker, events) = worker(Compute::pretend_gpu());
    let input = ProbeInput { side: 32, chw: vec![0.5; 3 * 32 * 32] };
    let options = SmoothOptions { copies: 2, ..SmoothOptions::default() };
    let probe = Arc::new(SmoothGrad::new(input, Question::class(3, ""), &options));
    let (job, wanted) = (JobId(1), Arc::new(()));
    let model = ModelRequest::from(ModelSource::default_tree_model());
    let wanted_by = Arc::downgrade(&wanted);
    worker.probings.push_back(Probing::new(job, model, probe.clone(), wanted_by));
    while !worker.probings.is_empty() {
        worker.probe();
    }
    let answers = events.try_iter().find_map(|event| match event {
        Event::Probed { answers, total, .. } if answers.len() == total => Some(answers),
        _ => None,
    });
    let map = probe.map(&answers.unwrap()).unwrap();
    assert!(map.range()[1] > 0.0);
    assert!(worker.compute.as_ref().is_some_and(Compute::is_gpu), "the GPU has not failed");
}

#[test]
fn the_cpu_is_not_tried_twice() {
    let (mut worker, _events) = worker(Compute::cpu());
    let calls = Cell::new(0);
    let result = worker.with_fallback(|_| {
        calls.set(calls.get() + 1);
        Err(Stop::Device("out of memory".to_owned()))
    });
    assert_eq!(result, Err(Stop::Device("out of memory".to_owned())));
    assert_eq!(calls.get(), 1);
}
