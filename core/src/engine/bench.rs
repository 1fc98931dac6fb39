//! Times what the program spends its time on.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::EngineError;
use crate::checkpoint::StateDict;
use crate::explain::{CamSet, Decision, Head, Hierarchy, Question, Rule, Site};
use crate::induce::{fake_wnids, induce};
use crate::model::{Classifier, Compute, DeviceChoice};

/// What to time.
#[derive(Debug, Clone)]
pub struct BenchRequest {
    pub device: DeviceChoice,
    /// A name for the results, a weights file, and the side of its input in pixels.
    pub models: Vec<(String, PathBuf, usize)>,
    pub rounds: usize,
}

/// Times of one piece of work, in milliseconds.
#[derive(Debug, Clone, serde::Serialize)]
pub struct BenchResult {
    pub name: String,
    pub ms_min: f64,
    pub ms_median: f64,
    /// The least time that processors worked on it, all threads together; where the system tells.
    /// On a machine that others use, it says more than the clock does.
    pub ms_processor: Option<f64>,
    /// The very first time, with whatever is warmed up then.
    pub ms_first: f64,
    pub rounds: usize,
}

/// Runs everything on the engine's thread; the name of the device and the results.
///
/// # Errors
/// One line for the user.
pub fn bench(request: BenchRequest) -> Result<(String, Vec<BenchResult>), EngineError> {
    let thread = std::thread::Builder::new()
        .name("glasstree-engine".to_owned())
        .spawn(move || run(&request))
        .map_err(|error| EngineError(format!("Could not start the engine's thread: {error}")))?;
    thread.join().map_err(|_| EngineError("The benchmark crashed".to_owned()))?
}

fn run(request: &BenchRequest) -> Result<(String, Vec<BenchResult>), EngineError> {
    let fail = |error: &dyn std::fmt::Display| EngineError(error.to_string());
    let compute = Compute::open(request.device).map_err(|error| fail(&error))?.compute;
    let rounds = request.rounds.max(1);
    let mut results = Vec::new();
    for (name, path, side) in &request.models {
        let load = || -> Result<Classifier, EngineError> {
            let state = StateDict::open(path).map_err(|error| fail(&error))?;
            Classifier::load(&state, &compute).map_err(|error| fail(&error))
        };
        results.push(time(format!("{name} load"), rounds, || load().map(drop))?);
        let classifier = load()?;
        let input = ramp(3 * side * side);
        for batch in [1, 16] {
            let inputs = vec![input.as_slice(); batch];
            results.push(time(format!("{name} forward b{batch}"), rounds, || {
                classifier.forward(&inputs, *side).map(drop).map_err(|error| fail(&error))
            })?);
        }
        // Only the CPU computes gradients.
        if !compute.is_gpu() {
            let question = Question::class(0, "");
            results.push(time(format!("{name} gradient b1"), rounds, || {
                let pass = classifier.gradients(&[&input], *side, (&question, Site::Input));
                pass.map(drop).map_err(|error| fail(&error))
            })?);
        }
    }
    results.extend(explanations(rounds)?);
    Ok((compute.name().to_owned(), results))
}

/// All maps of a ResNet-18 and of its tree of 1000 classes; needs no network.
fn explanations(rounds: usize) -> Result<Vec<BenchResult>, EngineError> {
    let (classes, channels, side) = (1000, 512, 7);
    let features = crate::explain::FeatureMap {
        channels,
        height: side,
        width: side,
        data: ramp(channels * side * side),
    };
    let bias = vec![0.0; classes];
    let head = Head { classes, channels, weight: ramp(classes * channels), bias };
    let wnids = fake_wnids(classes);
    let fail = |error: &dyn std::fmt::Display| EngineError(error.to_string());
    let graph = induce(&head.weight, classes, channels, &wnids).map_err(|error| fail(&error))?;
    let hierarchy = Hierarchy::from_json(&graph.to_json(), &wnids, &|_| None);
    let hierarchy = hierarchy.map_err(|error| fail(&error))?;
    let logits = ramp(classes);
    let maps = CamSet::of_classes(&features, &head);
    let decision = Decision::new(&hierarchy, &logits, Rule::Hard);
    Ok(vec![
        time("cam all classes".to_owned(), rounds, || {
            std::hint::black_box(CamSet::of_classes(&features, &head));
            Ok(())
        })?,
        time("cam all nodes".to_owned(), rounds, || {
            std::hint::black_box(maps.of_nodes(&hierarchy, &decision));
            Ok(())
        })?,
        time("tree 1000, marginal, with the maps of all nodes".to_owned(), rounds, || {
            let decision = Decision::new(&hierarchy, &logits, Rule::Marginal);
            std::hint::black_box(maps.of_nodes(&hierarchy, &decision));
            Ok(())
        })?,
        time("tree 1000".to_owned(), rounds, || {
            std::hint::black_box(Decision::new(&hierarchy, &logits, Rule::Soft));
            Ok(())
        })?,
        time("induce 1000".to_owned(), rounds.min(3), || {
            induce(&head.weight, classes, channels, &wnids).map(drop).map_err(|error| fail(&error))
        })?,
    ])
}

/// Numbers between -1 and 1 that are not all alike.
fn ramp(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 - 1.0).collect()
}

fn time(
    name: String,
    rounds: usize,
    mut work: impl FnMut() -> Result<(), EngineError>,
) -> Result<BenchResult, EngineError> {
    let mut times = Vec::with_capacity(rounds);
    let mut ms_processor: Option<f64> = None;
    for _ in 0..rounds {
        let before = processor_time();
        let started = Instant::now();
        work()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if let (Some(before), Some(after)) = (before, processor_time()) {
            let ms = (after - before).as_secs_f64() * 1e3;
            ms_processor = Some(ms_processor.map_or(ms, |least| least.min(ms)));
        }
    }
    let ms_first = times[0];
    times.sort_by(f64::total_cmp);
    let (ms_min, ms_median) = (times[0], times[times.len() / 2]);
    Ok(BenchResult { name, ms_min, ms_median, ms_processor, ms_first, rounds })
}

/// What all threads of this process have used so far.
fn processor_time() -> Option<Duration> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = threads.map(|thread| {
        let statistics = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        statistics.split_whitespace().next()?.parse::<u64>().ok()
    });
    nanoseconds.sum::<Option<u64>>().map(Duration::from_nanos)
}
