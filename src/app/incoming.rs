//! What the engine and the threads have to say.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, Context};

use super::App;
use super::tasks::Message;
use super::thumbnails::{Order, Thumbnail};
use crate::catalog::ModelSource;
use crate::command::{Command, Purpose};
use crate::protocol::{Event, ModelRequest};
use crate::state::{Folder, NoticeKind, Role};
use crate::text::Shown as _;

impl App {
    /// What the engine and the threads have to say.
    pub(super) fn listen(&mut self, ctx: &Context) {
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
    pub(super) fn order_thumbnails(&self) {
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
                let role = Role::Classifier;
                match (intake.weights, intake.labels) {
                    (Some(weights), labels) => {
                        let request = ModelRequest { labels, ..ModelSource::File(weights).into() };
                        self.change(Command::SetModel(role, request));
                    }
                    (None, Some(labels)) => self.use_paths(Purpose::Labels(role), vec![labels]),
                    (None, None) => {}
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
}
