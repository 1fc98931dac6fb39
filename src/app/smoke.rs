//! A run without anybody watching: explain a picture, save a picture of the window, quit.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::{ColorImage, Context, ViewportCommand};
use image::RgbImage;

use super::App;
use crate::output;
use crate::state::Role;

/// Longer than the slowest machine needs to load two models.
const PATIENCE: Duration = Duration::from_secs(120);
/// Frames after the result, for animations to end. Where frames are slow, for want of a graphics
/// card, fewer do: animations go by time.
const SETTLE: u32 = 40;
const LEAST_FRAMES: u32 = 12;
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// What came of it; filled in by the window, read after it has closed.
#[derive(Debug, Clone, Default)]
pub struct Outcome(Arc<Mutex<Option<Result<String, String>>>>);

impl Outcome {
    fn set(&self, result: Result<String, String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    fn is_set(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// One line of figures.
    ///
    /// # Errors
    /// When the picture was not explained, or not saved.
    pub fn into_result(self) -> anyhow::Result<String> {
        let result = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match result {
            Some(Ok(figures)) => Ok(figures),
            Some(Err(error)) => Err(anyhow::anyhow!(error)),
            None => Err(anyhow::anyhow!("The window was closed before the picture was explained")),
        }
    }
}

pub struct Smoke {
    path: PathBuf,
    started: Instant,
    outcome: Outcome,
    first_frame: Option<Duration>,
    explained: Option<Duration>,
    settled: u32,
    /// Time of the processor for each frame after the result.
    frames: Vec<f32>,
    asked: bool,
}

impl Smoke {
    pub fn new(path: PathBuf, started: Instant, outcome: Outcome) -> Self {
        let (first_frame, explained, settled) = (None, None, 0);
        let (frames, asked) = (Vec::new(), false);
        Self { path, started, outcome, first_frame, explained, settled, frames, asked }
    }

    /// After each frame, with the time that the one before took.
    pub fn drawn(&mut self, seconds: Option<f32>) {
        self.first_frame.get_or_insert_with(|| self.started.elapsed());
        if self.explained.is_some() && !self.asked {
            self.frames.extend(seconds);
        }
    }

    /// Before each frame.
    pub fn step(&mut self, ctx: &Context, app: &mut App) {
        if self.outcome.is_set() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
            return;
        }
        ctx.request_repaint();
        if self.started.elapsed() > PATIENCE {
            let notices = app.state.notices.shown().iter().map(|notice| notice.text.as_str());
            let notices: Vec<&str> = notices.collect();
            let error = format!("The picture was not explained in time. {}", notices.join(". "));
            self.outcome.set(Err(error));
            return;
        }
        let done = Role::ALL.iter().all(|&role| app.state.explanation(role).is_some());
        if !done
            || app.state.is_busy()
            || app.panels.tree.decisions(&app.state, Role::Tree).is_none()
        {
            return;
        }
        let explained = *self.explained.get_or_insert_with(|| self.started.elapsed());
        self.settled += 1;
        let is_settled = self.settled >= LEAST_FRAMES
            && self.started.elapsed().saturating_sub(explained) >= SETTLED_AFTER;
        if !(is_settled || self.settled >= SETTLE) || self.asked {
            return;
        }
        self.asked = true;
        let (path, outcome, figures) = (self.path.clone(), self.outcome.clone(), self.figures());
        let waker = ctx.clone();
        ctx.request_screenshot(move |image| {
            let saved = save(&path, &image).map_err(|error| format!("{error:#}"));
            outcome.set(saved.map(|()| figures));
            waker.request_repaint();
        });
    }

    fn figures(&self) -> String {
        let milliseconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64() * 1e3;
        let mut frames = self.frames.clone();
        frames.sort_by(f32::total_cmp);
        let median = frames.get(frames.len() / 2).copied().unwrap_or_default() * 1e3;
        format!(
            "First frame after {:.0} ms, picture and tree explained after {:.0} ms, {median:.1} \
             ms of processor time per frame",
            milliseconds(self.first_frame),
            milliseconds(self.explained),
        )
    }
}

fn save(path: &std::path::Path, image: &ColorImage) -> anyhow::Result<()> {
    let [width, height] = image.size.map(|side| side as u32);
    let rgb = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let picture = RgbImage::from_raw(width, height, rgb).unwrap_or_default();
    output::write_png(path, &picture)
}
