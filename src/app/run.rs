//! Opens the real window.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use eframe::egui::ViewportBuilder;
use eframe::{CreationContext, NativeOptions, Renderer};

use super::smoke::{Outcome, Smoke};
use super::{App, AppOptions, port};
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
    anyhow::ensure!(has_display(), "There is no display to open a window on; {INSTEAD}");
    // A picture for the record is not the user's own work.
    let file = settings::default_path().filter(|_| args.screenshot.is_none());
    let (settings, note) = file.as_deref().map_or_else(Default::default, Settings::read);
    let outcome = Outcome::default();
    let attempt = |renderer| {
        let native = native_options(renderer, &settings.window);
        let create = |cc: &CreationContext<'_>| {
            let mut options = AppOptions::new(port::real_engine(args.device));
            // The classifier explains itself; a model with a tree of its own is chosen on purpose.
            options.one_model = true;
            options.settings = settings.clone();
            options.settings_file = file.clone();
            options.notice = note.clone();
            options.dialogs = true;
            options.models = folders::models();
            options.paths = args.paths.clone();
            let mut app = App::new(&cc.egui_ctx, options);
            if let Some(path) = &args.screenshot {
                if args.paths.is_empty() {
                    app.open_sample();
                }
                app.smoke = Some(Smoke::new(path.clone(), started, outcome.clone()));
            }
            Ok(Box::new(app) as Box<dyn eframe::App>)
        };
        eframe::run_native("glasstree", native, Box::new(create))
    };
    let drawn = attempt(Renderer::Wgpu).or_else(|error| match error {
        eframe::Error::Wgpu(error) => {
            log::warn!("wgpu cannot draw here ({error}); OpenGL is tried");
            attempt(Renderer::Glow)
        }
        error => Err(error),
    });
    drawn
        .map_err(|error| anyhow::anyhow!("{error}"))
        .with_context(|| format!("The window could not be opened; {INSTEAD}"))?;
    match args.screenshot {
        Some(_) => outcome.into_result().map(Some),
        None => Ok(None),
    }
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

/// Whether a window could be shown. Elsewhere than on X11 and Wayland there is always a display.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}
