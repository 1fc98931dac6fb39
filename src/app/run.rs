//! Opens the real window.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use eframe::egui::ViewportBuilder;
use eframe::{CreationContext, NativeOptions, Renderer};

use super::smoke::{Outcome, Smoke};
use super::{App, AppOptions, display, port};
use crate::folders;
use crate::model::DeviceChoice;
use crate::settings::{self, Settings, WindowSettings};

/// What the command line says about the window.
#[derive(Debug, Clone, Default)]
pub struct WindowArgs {
    /// Pictures, folders and weights to open.
    pub paths: Vec<PathBuf>,
    pub device: DeviceChoice,
    /// Explain the picture, save a picture of the window here, and quit.
    pub screenshot: Option<PathBuf>,
}

const INSTEAD: &str = "`glasstree explain PICTURE` works without a window";

/// Opens the window and returns when it is closed. What the smoke mode measured is returned, one
/// line.
///
/// # Errors
/// When there is no display, or nothing that can draw on it.
pub fn run(args: &WindowArgs) -> anyhow::Result<Option<String>> {
    let started = Instant::now();
    anyhow::ensure!(display::is_there(), "There is no display to open a window on; {INSTEAD}");
    if args.screenshot.is_none() {
        crate::decoder::keep_ready();
    }
    // A picture for the record is not the user's own work.
    let file = settings::default_path().filter(|_| args.screenshot.is_none());
    let (settings, note) = file.as_deref().map_or_else(Default::default, Settings::read);
    let outcome = Outcome::default();
    let is_open = Cell::new(false);
    let attempt = |renderer| {
        let native = native_options(renderer, &settings.window);
        let create = |cc: &CreationContext<'_>| {
            let mut options = options(args);
            options.settings = settings.clone();
            options.settings_file = file.clone();
            options.notice = note.clone();
            #[cfg(unix)]
            if let Err(error) = super::signals::close_on_signal(&cc.egui_ctx) {
                log::warn!("Signals will end the program without saving anything: {error}");
            }
            let mut app = App::new(&cc.egui_ctx, options);
            if let Some(path) = &args.screenshot {
                if args.paths.is_empty() {
                    app.open_sample();
                }
                app.smoke = Some(Smoke::new(path.clone(), started, outcome.clone()));
            }
            is_open.set(true);
            Ok(Box::new(app) as Box<dyn eframe::App>)
        };
        eframe::run_native("glasstree", native, Box::new(create))
    };
    let draw = || {
        attempt(Renderer::Wgpu).or_else(|error| match error {
            eframe::Error::Wgpu(error) => {
                log::warn!("wgpu cannot draw here ({error}); trying OpenGL");
                attempt(Renderer::Glow)
            }
            error => Err(error),
        })
    };
    let drawn = display::watched(draw)?;
    drawn.map_err(|error| anyhow::anyhow!("{error}")).with_context(|| match is_open.get() {
        true => "The window was lost".to_owned(),
        false => format!("The window could not be opened; {INSTEAD}"),
    })?;
    match args.screenshot {
        Some(_) => outcome.into_result().map(Some),
        None => Ok(None),
    }
}

/// How the window of a user is set up, before the settings are known.
fn options(args: &WindowArgs) -> AppOptions {
    let mut options = AppOptions::new(port::real_engine(args.device));
    // The classifier explains itself; a model with a tree of its own is chosen on purpose.
    options.one_model = true;
    options.dialogs = true;
    options.models = folders::models();
    options.paths.clone_from(&args.paths);
    options
}

fn native_options(renderer: Renderer, window: &WindowSettings) -> NativeOptions {
    let viewport = ViewportBuilder::default()
        .with_title("glasstree")
        .with_app_id("glasstree")
        .with_inner_size(window.size)
        .with_maximized(window.maximized)
        .with_min_inner_size([480.0, 360.0])
        .with_drag_and_drop(true);
    NativeOptions { viewport, renderer, ..NativeOptions::default() }
}

#[cfg(test)]
mod tests {
    use eframe::egui::Context;

    use super::*;
    use crate::state::Role;

    #[test]
    fn one_network_answers_for_a_photo_unless_another_is_chosen() {
        let mut options = options(&WindowArgs::default());
        options.start_engine = Box::new(|_| Err("this test needs no engine".to_owned()));
        let app = App::new(&Context::default(), options);
        assert_eq!(app.state.roles(), [Role::Classifier]);
        assert_eq!(app.state.shown_tree(), Role::Classifier);
    }
}
