//! The window: brings engine, state and panels together.
//!
//! Each frame: [`AppState`] takes in what the engine and the threads say, the panels are drawn,
//! and what the user asked for is carried out.

mod display;
mod files;
mod menu_commands;
pub mod port;
mod run;
mod settings_file;
#[cfg(unix)]
mod signals;
mod smoke;
mod tasks;
mod thumbnails;

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, Context, Ui};

use crate::catalog::{self, CatalogEntry, ModelSource};
use crate::command::{Action, Command, Purpose};
use crate::engine::Wake;
use crate::export::Export;
use crate::fetch::Timeouts;
use crate::look::Look;
use crate::protocol::{Event, ModelRequest};
use crate::settings::{InsightTab, Settings};
use crate::state::{AppState, Effect, Folder, NoticeKind, Role};
use crate::text::Shown as _;
use crate::ui::image_view::View;
use crate::ui::insight;
use crate::ui::{Panels, root_ui, theme};
use port::{EnginePort, StartEngine};
use settings_file::SettingsFile;
use tasks::{Message, Tasks};
use thumbnails::{Order, Thumbnail, Thumbnails};

pub use run::{WindowArgs, run};

/// How a window is set up.
pub struct AppOptions {
    pub start_engine: StartEngine,
    pub classifier: ModelRequest,
    pub tree_model: ModelRequest,
    /// Whether the classifier's own tree is the only one.
    pub one_model: bool,
    pub settings: Settings,
    /// Where settings are kept; `None`: nowhere.
    pub settings_file: Option<PathBuf>,
    /// One line about what went wrong before the window was there.
    pub notice: Option<String>,
    /// Pictures, folders and weights to open.
    pub paths: Vec<PathBuf>,
    /// Whether to try the system's file dialogs.
    pub dialogs: bool,
    /// Models to choose from.
    pub catalog: Vec<&'static CatalogEntry>,
    /// Where fetched models are kept; `None`: nothing can be fetched.
    pub models: Option<PathBuf>,
    /// With servers that models are fetched from.
    pub timeouts: Timeouts,
}

impl AppOptions {
    /// The bundled models, no files, no dialogs, no downloads.
    pub fn new(start_engine: StartEngine) -> Self {
        Self {
            start_engine,
            classifier: ModelSource::default_classifier().into(),
            tree_model: ModelSource::default_tree_model().into(),
            one_model: false,
            settings: Settings::default(),
            settings_file: None,
            notice: None,
            paths: Vec::new(),
            dialogs: false,
            catalog: catalog::all().collect(),
            models: None,
            timeouts: Timeouts::default(),
        }
    }
}

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

    /// What the engine and the threads have to say.
    fn listen(&mut self, ctx: &Context) {
        let events = self.engine.as_ref().map_or_else(Vec::new, |engine| engine.drain());
        for event in events {
            let effects = self.state.handle_event(event);
            self.carry_out(effects);
        }
        if self.state.stopped.is_none() && self.engine.as_ref().is_some_and(|it| !it.is_alive()) {
            let reason = "The engine stopped unexpectedly".to_owned();
            self.state.handle_event(Event::Stopped { reason });
        }
        for message in self.tasks.drain() {
            self.take_in(ctx, message);
        }
        for Thumbnail { path, small, input } in self.thumbnails.drain() {
            self.panels.folder.insert(ctx, path.clone(), small.as_ref());
            if let Some(input) = input {
                let effects = self.state.glance_at(path, input);
                self.carry_out(effects);
            }
        }
    }

    /// Has small pictures made of what is in view of the folder.
    fn order_thumbnails(&self) {
        let is_shown = self.settings.panels.folder && self.state.folder.len() > 1;
        let model = self.state.role(Role::Classifier).model.as_ref();
        let order = |path: &PathBuf| Order {
            path: path.clone(),
            recipe: model.filter(|_| self.state.can_glance(path)).map(|it| it.recipe.clone()),
        };
        let wanted = self.panels.folder.wanted().iter().filter(|_| is_shown);
        self.thumbnails.order(wanted.map(order).collect());
    }

    fn take_in(&mut self, ctx: &Context, message: Message) {
        match message {
            Message::Chosen(purpose, paths) => {
                self.asking = false;
                self.use_paths(purpose, paths);
            }
            Message::NoDialog(purpose) => {
                self.asking = false;
                self.ask_in_window(purpose, Some("This system has no file dialog"));
            }
            Message::Cancelled => self.asking = false,
            Message::SortedOut(number, intake) => {
                if let Some(note) = intake.note {
                    self.state.notify(NoticeKind::Warning, note);
                }
                // Pictures that were given later are there already, or on their way.
                if !intake.pictures.is_empty() && number > self.last_drop {
                    self.last_drop = number;
                    let effects = self.state.open_folder(Folder {
                        pictures: intake.pictures,
                        at: intake.first,
                        any_will_do: !intake.is_named,
                        unreadable: Vec::new(),
                    });
                    self.carry_out(effects);
                }
                if let Some(path) = intake.weights {
                    self.use_paths(Purpose::Weights(Role::Classifier), vec![path]);
                }
            }
            Message::Found(ids) => self.state.library.found(&ids),
            Message::Fetching(id, progress) => self.state.fetching(id, progress),
            Message::Fetched(id, result) => self.state.fetched(id, result),
            // The frame that this message brings about shows it.
            Message::TreeReady => {}
            Message::TreeRead(role, model, Ok(tree)) => {
                let in_use = self.state.role(role).model.as_ref();
                if in_use.is_some_and(|in_use| Arc::ptr_eq(in_use, &model)) {
                    self.change(Command::SetTree(role, Arc::new(tree)));
                }
            }
            Message::TreeRead(.., Err(error)) => self.state.notify(NoticeKind::Error, error),
            Message::Thumbnails(photos) => self.panels.welcome.set_thumbnails(ctx, &photos),
            Message::Saved(Ok(path)) => {
                let text = format!("Saved {}", path.shown());
                self.state.notify(NoticeKind::Info, text);
            }
            Message::Saved(Err(error)) => self.state.notify(NoticeKind::Error, error),
            Message::Painted(picture) => {
                let size = [picture.width() as usize, picture.height() as usize];
                ctx.copy_image(egui::ColorImage::from_rgb(size, &picture));
            }
        }
    }

    fn update_title(&mut self, ctx: &Context) {
        let title = match &self.state.photo {
            Some(photo) => format!("{} – glasstree", photo.name),
            None => "glasstree".to_owned(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// Saves the settings soon after they have changed: the program may be ended at any time.
    fn keep_settings(&mut self, ctx: &Context) {
        if self.settings.recent != self.state.recent {
            self.settings.recent.clone_from(&self.state.recent);
        }
        let now = ctx.input(|input| input.time);
        if let Some(file) = &mut self.settings_file
            && let Some(rest) = file.keep(&self.settings, now)
        {
            ctx.request_repaint_after_secs(rest as f32);
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.listen(ctx);
        self.receive(ctx);
        for command in crate::ui::keys::pressed(ctx) {
            self.dispatch(ctx, command);
        }
        if let Some(rest) = self.state.notices.expire(ctx.input(|input| input.time)) {
            ctx.request_repaint_after_secs(rest as f32);
        }
        self.update_title(ctx);
        self.keep_settings(ctx);
        if let Some(mut smoke) = self.smoke.take() {
            smoke.step(ctx, self);
            self.smoke = Some(smoke);
        }
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let output = root_ui(ui, &self.state, &mut self.settings, &mut self.panels);
        let asked = !output.is_empty();
        for action in output {
            self.dispatch(&ctx, action);
        }
        if asked {
            // What a click changes is seen at once, not when the pointer moves next.
            ctx.request_repaint();
        }
        let effects = self.state.inquire(&self.panels.topics);
        self.carry_out(effects);
        self.order_thumbnails();
        self.note_look(&ctx);
        self.note_window(&ctx);
        if let Some(smoke) = &mut self.smoke {
            smoke.drawn(frame.info().cpu_usage);
        }
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.settings.recent.clone_from(&self.state.recent);
        if let Some(file) = &mut self.settings_file {
            file.save(&self.settings);
        }
    }
}

impl App {
    fn note_window(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        let (maximized, inner) = ctx.input(|input| {
            let window = input.viewport();
            (window.maximized.unwrap_or(false), window.inner_rect)
        });
        let window = &mut self.settings.window;
        window.maximized = maximized;
        if let Some(rect) = inner.filter(|_| !maximized) {
            window.size = (rect.size() * zoom).into();
        }
    }
}
