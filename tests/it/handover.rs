//! From the CPU to a GPU behind it: with two engines that say what they are told to, and with the
//! real ones where there is an adapter.

use std::sync::Arc;
use std::time::{Duration, Instant};

use glasstree::catalog::ModelSource;
use glasstree::engine::{EnginePort as _, Handover};
use glasstree::explain::{Area, FeatureMap, Rect, Removal};
use glasstree::explanation::Explanation;
use glasstree::model::{Compute, DeviceChoice};
use glasstree::protocol::{Change, Event, JobId, ModelRequest, PictureSource, Request, Rerun};

use crate::ui::{FakeEngine, Window, asset, is_explained, step_until, window};
use crate::ui_fixture::{gradient, hand_made};

const LONG: Duration = Duration::from_secs(3600);

/// Two lanes to speak for, and what the window hears.
struct Pair {
    cpu: FakeEngine,
    gpu: FakeEngine,
    both: Handover,
    result: Arc<Explanation>,
}

impl Pair {
    fn new(timeouts: Duration) -> Self {
        let (cpu, gpu) = (FakeEngine::default(), FakeEngine::default());
        let both = Handover::new(Box::new(cpu.clone()), Box::new(gpu.clone()), timeouts);
        Self { cpu, gpu, both, result: hand_made(gradient(40, 30)) }
    }

    /// Asks for an explanation.
    fn ask(&self, job: u64) {
        let picture = PictureSource::Photo(Arc::clone(&self.result.photo));
        let model = ModelRequest::from(ModelSource::default_classifier());
        self.both.send(Request::Explain { job: JobId(job), picture, model });
    }

    /// A result like the first one, with another model in memory.
    fn like(&self, change: impl FnOnce(&mut Explanation)) -> Arc<Explanation> {
        let mut explanation = hand_made(Arc::clone(&self.result.photo));
        let own = Arc::get_mut(&mut explanation).unwrap();
        own.device = "Fake GPU".to_owned();
        change(own);
        explanation
    }

    fn gpu_is_there(&self) {
        self.gpu.say(Event::Device { name: "Fake GPU".to_owned(), is_gpu: true, note: None });
    }

    fn cpu_answers(&self, job: u64) {
        let explanation = Arc::clone(&self.result);
        self.cpu.say(Event::Explained { job: JobId(job), explanation });
    }

    /// The CPU has answered, and the GPU is asked the same.
    fn rehearsal(&self) -> JobId {
        self.ask(1);
        self.cpu_answers(1);
        self.gpu_is_there();
        self.both.drain();
        let requests = &self.gpu.0.borrow().requests;
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].job()
    }

    /// Jobs that each lane was asked for.
    fn asked(&self) -> [Vec<u64>; 2] {
        [&self.cpu, &self.gpu]
            .map(|lane| lane.0.borrow().requests.iter().map(|request| request.job().0).collect())
    }

    /// Notes among the events, and the last device.
    fn heard(&self) -> (Vec<String>, Option<String>) {
        let (mut notes, mut last) = (Vec::new(), None);
        for event in self.both.drain() {
            if let Event::Device { name, note, .. } = event {
                notes.extend(note);
                last = Some(name);
            }
        }
        (notes, last)
    }
}

#[test]
fn the_gpu_takes_over_once_it_says_the_same() {
    let pair = Pair::new(LONG);
    let rehearsal = pair.rehearsal();
    // Still the CPU's turn, and the asker hears nothing of the rehearsal.
    pair.ask(2);
    pair.gpu.say(Event::PhotoReady { job: rehearsal, photo: Arc::clone(&pair.result.photo) });
    assert!(pair.both.drain().is_empty());
    pair.cpu_answers(2);
    pair.gpu.say(Event::Explained { job: rehearsal, explanation: pair.like(|_| {}) });
    let events = pair.both.drain();
    let ready = |event: &Event| matches!(event, Event::Device { is_gpu: true, note: None, name } if name == "Fake GPU");
    assert!(matches!(events[0], Event::Explained { job: JobId(2), .. }));
    assert!(events.len() == 2 && ready(&events[1]), "{events:?}");

    pair.ask(3);
    assert_eq!(pair.asked(), [vec![1, 2], vec![rehearsal.0, 3]]);
    pair.gpu.say(Event::Explained { job: JobId(3), explanation: pair.like(|_| {}) });
    let events = pair.both.drain();
    let [Event::Explained { job: JobId(3), explanation }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(explanation.device, "Fake GPU");
    assert!(Arc::ptr_eq(&explanation.model, &pair.result.model), "one model for the window");
}

#[test]
fn reruns_go_to_the_gpu_and_may_be_given_up() {
    let pair = Pair::new(Duration::from_millis(200));
    let job = pair.rehearsal();
    pair.gpu.say(Event::Explained { job, explanation: pair.like(|_| {}) });
    pair.both.drain();
    let rerun = |job: u64, wanted: &Arc<()>| {
        let rerun = Rerun {
            seen: Arc::clone(&pair.result),
            model: ModelSource::default_classifier().into(),
            change: Change::Without(
                Arc::new(Area::Box(Rect::new(1.0, 1.0, 5.0, 5.0))),
                Removal::MeanColor,
            ),
        };
        let wanted = Arc::downgrade(wanted);
        pair.both.send(Request::Rerun { job: JobId(job), rerun, wanted });
    };
    let (kept, given_up) = (Arc::new(()), Arc::new(()));
    rerun(2, &kept);
    rerun(3, &given_up);
    drop(given_up);
    assert_eq!(pair.asked()[1][1..], [2, 3]);
    pair.gpu.say(Event::Rerun { job: JobId(2), explanation: pair.like(|_| {}) });
    let events = pair.both.drain();
    let [Event::Rerun { job: JobId(2), explanation }] = &events[..] else { panic!("{events:?}") };
    assert!(Arc::ptr_eq(&explanation.model, &pair.result.model));
    std::thread::sleep(Duration::from_millis(250));
    assert_eq!(pair.heard(), (Vec::new(), None), "nobody waits for the other one");
}

fn features(explanation: &mut Explanation) -> &mut FeatureMap {
    Arc::make_mut(&mut explanation.forward).features.as_mut().unwrap()
}

#[test]
fn a_gpu_that_says_something_else_is_not_used() {
    let changes: [fn(&mut Explanation); 4] = [
        |wrong| Arc::make_mut(&mut wrong.forward).logits[3] += 0.2,
        |wrong| features(wrong).data[0] = f32::NAN,
        |wrong| features(wrong).data.truncate(3),
        |wrong| Arc::make_mut(&mut wrong.forward).logits.clear(),
    ];
    for change in changes {
        let pair = Pair::new(LONG);
        let job = pair.rehearsal();
        pair.gpu.say(Event::Explained { job, explanation: pair.like(change) });
        let (notes, device) = pair.heard();
        assert!(matches!(&notes[..], [note] if note.contains("differ")), "{notes:?}");
        assert_eq!(device.as_deref(), Some("CPU"));
        pair.ask(2);
        pair.cpu_answers(2);
        pair.both.drain();
        assert_eq!(pair.asked()[0], [1, 2]);
        assert_eq!(pair.gpu.0.borrow().requests.len(), 1, "it is not asked again");
    }
    // Rounding is no disagreement.
    let pair = Pair::new(LONG);
    let job = pair.rehearsal();
    let explanation = pair.like(|right| Arc::make_mut(&mut right.forward).logits[3] += 1e-3);
    pair.gpu.say(Event::Explained { job, explanation });
    assert_eq!(pair.heard(), (Vec::new(), Some("Fake GPU".to_owned())));
}

#[test]
fn a_gpu_that_fails_while_it_gets_ready_is_named() {
    let device = |note: Option<&str>| Event::Device {
        name: "CPU".to_owned(),
        is_gpu: false,
        note: note.map(str::to_owned),
    };
    let rehearsal_failed = |job| Event::Failed { job, error: "out of memory".to_owned() };
    for (event, word) in [
        (device(Some("Fake GPU failed (lost)")), Some("lost")),
        (device(None), None),
        (Event::Stopped { reason: "There is no GPU".to_owned() }, Some("no GPU")),
        (rehearsal_failed(Pair::new(LONG).rehearsal()), Some("out of memory")),
    ] {
        let pair = Pair::new(LONG);
        let job = pair.rehearsal();
        pair.gpu.say(event);
        // What comes later is not listened to.
        pair.gpu.say(Event::Explained { job, explanation: pair.like(|_| {}) });
        let (notes, device) = pair.heard();
        assert_eq!(device.as_deref(), Some("CPU"));
        assert_eq!(notes.len(), usize::from(word.is_some()), "{notes:?}");
        assert!(word.is_none_or(|word| notes[0].contains(word)), "{notes:?}");
        pair.ask(2);
        assert_eq!(pair.asked()[0], [1, 2]);
    }
}

#[test]
fn a_gpu_that_hangs_or_dies_is_given_up() {
    // While it starts.
    let pair = Pair::new(Duration::ZERO);
    std::thread::sleep(Duration::from_millis(2));
    let (notes, _) = pair.heard();
    assert!(matches!(&notes[..], [note] if note.contains("no answer")), "{notes:?}");
    let pair = Pair::new(LONG);
    pair.gpu.0.borrow_mut().is_dead = true;
    assert!(matches!(&pair.heard().0[..], [note] if note.contains("unexpectedly")));
    assert!(pair.both.is_alive(), "there is still the CPU");

    // At work: the CPU takes over what was asked of it, but not what nobody waits for any more.
    let pair = Pair::new(Duration::from_millis(200));
    let job = pair.rehearsal();
    pair.gpu.say(Event::Explained { job, explanation: pair.like(|_| {}) });
    pair.both.drain();
    pair.ask(5);
    pair.ask(6);
    pair.both.cancel_before(JobId(6));
    assert_eq!(pair.heard(), (Vec::new(), None), "it still has time");
    std::thread::sleep(Duration::from_millis(250));
    let (notes, device) = pair.heard();
    assert!(matches!(&notes[..], [note] if note.contains("Fake GPU")), "{notes:?}");
    assert_eq!((device.as_deref(), &pair.asked()[0][..]), (Some("CPU"), &[1, 6][..]));
}

#[test]
fn an_idle_gpu_is_not_hanging() {
    let pair = Pair::new(Duration::from_millis(50));
    pair.gpu_is_there();
    pair.both.drain();
    std::thread::sleep(Duration::from_millis(80));
    assert_eq!(pair.heard(), (Vec::new(), None));
    let job = pair.rehearsal();
    pair.gpu.say(Event::Explained { job, explanation: pair.like(|_| {}) });
    pair.both.drain();
    std::thread::sleep(Duration::from_millis(80));
    pair.ask(2);
    assert_eq!(pair.heard(), (Vec::new(), None), "it was asked only now");
}

/// Whether there is an adapter, if only a software one. `GLASSTREE_REQUIRE_GPU=1` turns a missing
/// one into a failure.
fn has_adapter(test: &str) -> bool {
    match Compute::open(DeviceChoice::Gpu) {
        Ok(opened) if opened.compute.is_gpu() => true,
        other => {
            assert!(std::env::var_os("GLASSTREE_REQUIRE_GPU").is_none(), "{other:?}");
            eprintln!("NOT RUN: {test}: {other:?}");
            false
        }
    }
}

#[test]
fn the_window_moves_over_to_a_real_adapter() {
    if !has_adapter("the_window_moves_over_to_a_real_adapter") {
        return;
    }
    let start = glasstree::app::port::real_engine(DeviceChoice::Gpu);
    let mut window = window(start, [1100.0, 700.0], |options| {
        options.paths = vec![asset("chelsea.png")];
    });
    step_until(&mut window, "the picture is explained", is_explained);
    let roles = glasstree::state::Role::ALL;
    let explanations = |window: &Window| {
        roles.map(|role| Arc::clone(window.state().state.explanation(role).unwrap()))
    };
    let before = explanations(&window);
    assert!(before.iter().all(|explanation| explanation.device == "CPU"), "the CPU is first");

    // Both models are ready when a picture comes back from the adapter for each of them.
    let started = Instant::now();
    let after = loop {
        assert!(started.elapsed() < Duration::from_secs(120), "the adapter never took over");
        let notices = window.state().state.notices.shown();
        assert!(notices.is_empty(), "{notices:?}");
        let ctx = window.ctx.clone();
        let reload = glasstree::command::MenuCommand::Reload;
        window.state_mut().dispatch(&ctx, reload);
        step_until(&mut window, "the picture is explained again", is_explained);
        let after = explanations(&window);
        if after.iter().all(|explanation| explanation.device != "CPU") {
            break after;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    for (cpu, gpu) in before.iter().zip(&after) {
        assert!(Arc::ptr_eq(&cpu.model, &gpu.model), "the model is still the same");
        assert_eq!(cpu.prediction(), gpu.prediction());
    }
    let device = window.state().state.device.clone();
    assert_eq!(device.as_ref(), Some(&after[0].device));
}
