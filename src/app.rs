//! The window: brings engine, state and panels together.
//!
//! Each frame: [`AppState`] takes in what the engine and the threads say, the panels are drawn,
//! and what the user asked for is carried out.

mod display;
mod files;
mod frame;
mod incoming;
mod menu_commands;
mod options;
pub mod port;
mod run;
mod settings_file;
#[cfg(unix)]
mod signals;
mod smoke;
mod tasks;
mod thumbnails;

use std::sync::Arc;

use eframe::egui::Context;

use crate::command::{Action, Command};
use crate::engine::Wake;
use crate::export::Export;
use crate::fetch::Timeouts;
use crate::look::Look;
use crate::protocol::Event;
use crate::settings::{InsightTab, Settings};
use crate::state::{AppState, Effect, NoticeKind};
use crate::ui::image_view::View;
use crate::ui::insight;
use crate::ui::{Panels, theme};
use port::{EnginePort, StartEngine};
use settings_file::SettingsFile;
use tasks::Tasks;
use thumbnails::Thumbnails;

pub use options::AppOptions;
pub use run::{WindowArgs, run};

pub struct App {
    pub state: AppState,
    pub settings: Settings,
    pub panels: Panels,
    engine: Option<Box<dyn EnginePort>>,
    start_engine: StartEngine,
    wake: Wake,
    tasks: Tasks,
    thumbnails: Thumbnails,
    settings_file: Option<SettingsFile>,
    dialogs: bool,
    timeouts: Timeouts,
    /// A dialog is open; there is never a second one.
    asking: bool,
    /// Waits for a file name.
    export: Option<Export>,
    /// Number of the drop whose pictures were opened last.
    last_drop: u64,
    title: String,
    smoke: Option<smoke::Smoke>,
}

impl App {
    pub fn new(ctx: &Context, options: AppOptions) -> Self {
        let waker = ctx.clone();
        let wake: Wake = Arc::new(move || waker.request_repaint());
        let settings = options.settings;
        theme::install(ctx);
        theme::set(ctx, settings.theme);
        ctx.set_zoom_factor(settings.window.zoom);
        // The command table has keys for it.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let file = options.settings_file.map(|path| SettingsFile::new(path, settings.clone()));
        let mut app = Self {
            state: AppState::new(options.classifier, options.tree_model),
            settings,
            panels: Panels::default(),
            engine: None,
            start_engine: options.start_engine,
            tasks: Tasks::new(Arc::clone(&wake)),
            thumbnails: Thumbnails::start(Arc::clone(&wake)),
            wake,
            settings_file: file,
            dialogs: options.dialogs,
            timeouts: options.timeouts,
            asking: false,
            export: None,
            last_drop: 0,
            title: String::new(),
            smoke: None,
        };
        app.state.shared = options.one_model;
        app.state.recent = app.settings.recent.clone();
        app.state.library.entries = options.catalog;
        app.state.library.folder = options.models;
        app.look_for_models();
        if let Some(note) = options.notice {
            app.state.notify(NoticeKind::Warning, note);
        }
        app.tasks.thumbnails();
        if app.start_engine() {
            let effects = app.state.preload();
            app.carry_out(effects);
        }
        app.change(Command::OpenPaths(options.paths));
        app
    }

    fn start_engine(&mut self) -> bool {
        // The old one must have let go of the device before the new one takes it.
        self.engine = None;
        match (self.start_engine)(Arc::clone(&self.wake)) {
            Ok(engine) => self.engine = Some(engine),
            Err(reason) => {
                self.state.handle_event(Event::Stopped { reason });
            }
        }
        self.engine.is_some()
    }

    fn restart_engine(&mut self) {
        if self.start_engine() {
            let effects = self.state.restarted();
            self.carry_out(effects);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::PrepareTree(model) => self.tasks.prepare_tree(model),
                Effect::SortOut(paths) => self.tasks.sort_out(paths),
                Effect::Fetch(entry, folder) => self.tasks.fetch(entry, &folder, self.timeouts),
                Effect::CancelFetch(id) => self.tasks.cancel_fetch(id),
                Effect::Send(request) => {
                    if let Some(engine) = &self.engine {
                        engine.send(request);
                    }
                }
                Effect::CancelBefore(job) => {
                    if let Some(engine) = &self.engine {
                        engine.cancel_before(job);
                    }
                }
            }
        }
    }

    /// Finds out which models have been fetched: also by another glasstree, in the meantime.
    fn look_for_models(&self) {
        let library = &self.state.library;
        if let Some(folder) = &library.folder {
            self.tasks.look_for_models(&library.entries, folder.clone());
        }
    }

    /// Does what the user asks for.
    pub fn dispatch(&mut self, ctx: &Context, action: impl Into<Action>) {
        match action.into() {
            Action::Menu(command) => {
                if self.state.is_enabled(command) {
                    self.note_look(ctx);
                    self.dispatch_menu(ctx, command);
                }
            }
            Action::Command(command) => self.change(command),
            Action::ChooseFile(purpose) => self.ask(purpose),
            Action::AnswerPrompt(purpose, path) => {
                self.panels.prompt = None;
                self.use_paths(purpose, path.into_iter().collect());
            }
            Action::SaveModelTree(role) => self.save_hierarchy(role),
            Action::ShowMethod(method) => {
                self.settings.overlay.method = method;
                self.settings.overlay.visible = true;
            }
        }
    }

    /// Changes what the program knows, and does what follows from it.
    pub(crate) fn change(&mut self, command: Command) {
        // What a region gives is told of comparisons, too.
        let asks_region = self.settings.panels.shows(InsightTab::Region);
        if matches!(command, Command::Compare(..)) && !asks_region {
            insight::open(&mut self.settings.panels, InsightTab::Compare);
        }
        let effects = self.state.apply(command);
        self.carry_out(effects);
    }

    /// Undo or redo: brings back how picture and map were looked at, too.
    fn travel(&mut self, way: Command) {
        self.change(way);
        if let Some(Look { overlay, zoom }) = self.state.look() {
            self.settings.overlay = overlay;
            self.panels.image.set_view(View::from_plain(zoom));
        }
    }

    /// Tells the state how picture and map are looked at, so that undo can bring it back.
    fn note_look(&mut self, ctx: &Context) {
        let zoom = self.panels.image.view().plain();
        let (is_held, now) = ctx.input(|input| (input.pointer.any_down(), input.time));
        self.state.see(Look { overlay: self.settings.overlay, zoom }, is_held, now);
    }
}
