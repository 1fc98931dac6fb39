//! Maps by methods that ask the network more than once.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::args::{choice, fraction};
use super::{Client, warn};
use crate::explain::{Answers, Completeness, Fill, Method, RiseOptions, SmoothOptions};
use crate::explanation::{CamTarget, Explanation, MethodMap, Plan, PlanOptions, STEPS, Score};
use crate::protocol::ModelRequest;

/// What can be chosen about methods.
#[derive(Debug, Args)]
pub struct MethodArgs {
    /// What hides parts of the picture, for occlusion, RISE and curves: neutral, mean-color, blur
    /// or noise.
    #[arg(long, default_value = "neutral", value_parser = choice::<Fill>())]
    pub fill: Fill,
    /// Side of the occluding patch, in pixels of the network's input; by default a seventh of it.
    #[arg(long, value_name = "PIXELS")]
    pub patch: Option<usize>,
    /// Stride of the occluding patch; by default half its side.
    #[arg(long, value_name = "PIXELS")]
    pub stride: Option<usize>,
    /// Number of RISE masks, 2 to 100000.
    #[arg(long, value_name = "COUNT", default_value_t = RiseOptions::default().masks, value_parser = masks)]
    pub masks: usize,
    /// Steps of integrated gradients from what hides (--fill) to the picture, 1 to 10000.
    #[arg(long, value_name = "COUNT", default_value_t = STEPS, value_parser = count)]
    pub gradient_steps: usize,
    /// Noisy copies for SmoothGrad, 1 to 10000.
    #[arg(long, value_name = "COUNT", default_value_t = SmoothOptions::default().copies, value_parser = count)]
    pub copies: usize,
    /// Their noise: its standard deviation as a share of the input's range, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = SmoothOptions::default().noise, value_parser = fraction)]
    pub noise: f32,
    /// Seed of all random numbers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What is measured while parts are hidden: probability or logit.
    #[arg(long, default_value = "probability", value_parser = choice::<Score>())]
    pub score: Score,
}

impl Default for MethodArgs {
    /// As on the command line.
    fn default() -> Self {
        let (fill, score, masks) =
            (Fill::Neutral, Score::Probability, RiseOptions::default().masks);
        let SmoothOptions { copies, noise, seed } = SmoothOptions::default();
        let gradient_steps = STEPS;
        let (patch, stride) = (None, None);
        Self { fill, patch, stride, masks, gradient_steps, copies, noise, seed, score }
    }
}

fn masks(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 2..=100_000) => Ok(count),
        _ => Err("give a number from 2 to 100000".to_owned()),
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=10_000) => Ok(count),
        _ => Err("give a number from 1 to 10000".to_owned()),
    }
}

impl MethodArgs {
    pub fn options(&self) -> PlanOptions {
        let rise = RiseOptions { masks: self.masks, seed: self.seed, ..RiseOptions::default() };
        let Self { fill, patch, stride, gradient_steps: steps, copies, noise, seed, .. } = *self;
        let smooth = SmoothOptions { copies, noise, seed };
        PlanOptions { fill, patch, stride, rise, steps, smooth }
    }
}

/// A map, and what it cost.
pub struct Made {
    pub method: Method,
    pub map: MethodMap,
    /// Inputs that the network looked at, besides the picture itself.
    pub runs: usize,
    pub took: Duration,
}

/// Makes a map, with a line of progress on a terminal.
pub fn make(
    client: &Client,
    request: &ModelRequest,
    seen: &Explanation,
    method: Method,
    target: CamTarget,
    args: &MethodArgs,
) -> anyhow::Result<Made> {
    let started = Instant::now();
    let plan = seen.plan(method, target, &args.options())?;
    let answers = ask(client, request, &plan, method.name())?;
    let map = plan
        .map(seen, &answers, target, args.score)
        .ok_or_else(|| anyhow::anyhow!("This target has no probability; use --score logit"))?;
    Ok(Made { method, map, runs: plan.runs(), took: started.elapsed() })
}

fn ask(
    client: &Client,
    request: &ModelRequest,
    plan: &Plan,
    what: &str,
) -> anyhow::Result<Answers> {
    match plan.probe() {
        None => Ok(Answers::default()),
        Some(probe) => {
            let progress = Progress::new(what);
            let answers =
                client.engine.probe(probe, request, &mut warn, &mut |answers, total, left| {
                    progress.show(answers.len(), total, left);
                });
            progress.clear();
            Ok(answers?)
        }
    }
}

/// A line on the standard error that is written over and over; nothing if that is no terminal.
pub struct Progress<'a> {
    what: &'a str,
    is_terminal: bool,
}

impl<'a> Progress<'a> {
    pub fn new(what: &'a str) -> Self {
        Self { what, is_terminal: std::io::stderr().is_terminal() }
    }

    pub fn show(&self, done: usize, total: usize, left: Duration) {
        if self.is_terminal {
            let seconds = left.as_secs_f64();
            eprint!("\r{}: {done} of {total}, {seconds:.0} s left \x1b[K", self.what);
            std::io::stderr().flush().ok();
        }
    }

    pub fn clear(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}

impl Made {
    pub fn to_json(&self) -> Value {
        let check = self.map.check();
        json!({
            "name": self.method.to_string(),
            "shows": self.method.kind().shows(),
            "limits": self.method.kind().limits(),
            "runs": self.runs,
            "seconds": self.took.as_secs_f64(),
            "noise": self.map.noise(),
            "completeness": self.map.completeness.map(|c| json!({
                "sum": c.sum, "whole": c.whole, "baseline": c.baseline,
                "residual": c.residual(), "holds": c.holds(),
            })),
            "identity": check.map(|c| json!({ "residual": c.residual, "holds": c.holds() })),
        })
    }

    /// What it is, what it cannot, and what it cost.
    pub fn print(&self, out: super::Out<'_>) -> anyhow::Result<()> {
        let Self { method, runs, took, .. } = self;
        writeln!(out, "Method: {} ({runs} runs, {:.2} s)", method.name(), took.as_secs_f64())?;
        writeln!(out, "  {}", method.kind().shows())?;
        writeln!(out, "  {}", method.kind().limits())?;
        if let Some(noise) = self.map.noise() {
            writeln!(out, "  Noise: standard error {:.1}% of the map's range", noise * 100.0)?;
        }
        if let Some(completeness) = &self.map.completeness {
            let Completeness { sum, whole, baseline } = *completeness;
            let difference = whole - baseline;
            writeln!(
                out,
                "  Completeness: all pixels add up to {sum:.4}; picture {whole:.4} - baseline \
                 {baseline:.4} = {difference:.4}"
            )?;
            if !completeness.holds() {
                let share = completeness.share() * 100.0;
                warn(&format!("{share:.0}% of the difference is missing; --gradient-steps helps"));
            }
        }
        if let Some(check) = self.map.check().filter(|check| !check.holds()) {
            warn(&format!("mean + bias misses the logit by {:.2e}", check.residual));
        }
        Ok(())
    }
}
