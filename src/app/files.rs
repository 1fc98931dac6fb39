//! Files on their way in and out: dialogs, drops, the clipboard.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Context, Event};

use super::App;
use crate::catalog::ModelSource;
use crate::command::{Command, Purpose};
use crate::export::Export;
use crate::photo::Photo;
use crate::protocol::{HierarchyChoice, ModelRequest, PictureSource};
use crate::state::Role;
use crate::ui::models::tree_file;
use crate::ui::path_prompt::{PathPrompt, path_from};

impl App {
    /// Asks for a file: in a dialog of the system, or else in a line of the window.
    pub(super) fn ask(&mut self, purpose: Purpose) {
        if !self.dialogs {
            self.ask_in_window(purpose, None);
        } else if !self.asking {
            self.asking = true;
            let folder = self.state.path().and_then(|path| path.parent());
            let name = purpose.saves().then(|| self.proposed_name());
            self.tasks.dialog(purpose, folder, name.as_deref());
        }
    }

    pub(super) fn ask_in_window(&mut self, purpose: Purpose, hint: Option<&'static str>) {
        let text = if purpose.saves() { self.proposed_name() } else { String::new() };
        self.panels.prompt = Some(PathPrompt::new(purpose, text, hint));
    }

    pub(super) fn use_paths(&mut self, purpose: Purpose, paths: Vec<PathBuf>) {
        let Some(path) = paths.first().cloned() else { return };
        let request = |role: Role| self.state.role(role).request.clone();
        let command = match purpose {
            Purpose::Open => Command::OpenPaths(paths),
            Purpose::Weights(role) => Command::SetModel(role, ModelSource::File(path).into()),
            Purpose::Labels(role) => {
                Command::SetModel(role, ModelRequest { labels: Some(path), ..request(role) })
            }
            Purpose::Wnids(role) => {
                Command::SetModel(role, ModelRequest { wnids: Some(path), ..request(role) })
            }
            Purpose::Hierarchy(role) => {
                if let Some(model) = self.state.role(role).model.clone() {
                    // The network stays as it is; only what is decided with it changes.
                    self.tasks.read_tree(role, model, path);
                    return;
                }
                let hierarchy = HierarchyChoice::Named(path.to_string_lossy().into_owned());
                Command::SetModel(role, ModelRequest { hierarchy, ..request(role) })
            }
            Purpose::Save(_) | Purpose::SaveFigure => {
                if let Some(export) = self.export.take() {
                    self.tasks.save(export, path);
                }
                return;
            }
        };
        self.change(command);
    }

    /// Files that were dropped and things that were pasted.
    pub(super) fn receive(&mut self, ctx: &Context) {
        let dropped: Vec<PathBuf> = ctx.input(|input| {
            input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect()
        });
        self.change(Command::OpenPaths(dropped));
        if ctx.text_edit_focused() {
            return;
        }
        for event in ctx.input(|input| input.events.clone()) {
            match event {
                Event::Paste(text) => {
                    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                    let paths = lines.take(1000).map(path_from).collect();
                    self.change(Command::OpenPaths(paths));
                }
                Event::PasteImage(image) => {
                    let [width, height] = image.size.map(|side| side as u32);
                    let rgb =
                        image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]);
                    if let Some(rgb) = image::RgbImage::from_raw(width, height, rgb.collect()) {
                        let photo = Photo { name: "Pasted picture".into(), rgb };
                        let source = PictureSource::Photo(Arc::new(photo));
                        self.change(Command::OpenPicture(source));
                    }
                }
                _ => {}
            }
        }
    }

    /// A file name for what waits to be saved.
    fn proposed_name(&self) -> String {
        if let Some(Export::Hierarchy(model)) = &self.export {
            return tree_file(&model.source);
        }
        if let Some(Export::Text { extension: extension @ "json", .. }) = self.export {
            let model = self.state.role(self.state.shown_tree()).request.source.name();
            let stem = model.rsplit_once('.').map_or(model.as_str(), |(stem, _)| stem);
            return format!("{stem}-hierarchy.{extension}");
        }
        let photo = self.state.photo.as_ref().map_or("picture", |photo| photo.name.as_str());
        let stem = photo.rsplit_once('.').map_or(photo, |(stem, _)| stem);
        let extension = self.export.as_ref().map_or("png", Export::extension);
        let what = match self.export {
            Some(Export::Overlay(_) | Export::Map(_)) => "map",
            Some(Export::Figure { .. }) => "figure",
            Some(Export::Json { .. }) => "explanation",
            _ => "tree",
        };
        format!("{stem}-{what}.{extension}")
    }

    /// A picture that comes with the program.
    pub(super) fn open_sample(&mut self) {
        let Some(sample) = crate::assets::SAMPLE_PHOTOS.first() else { return };
        let source =
            PictureSource::Bytes(sample.name.to_owned(), sample.bytes.into(), Default::default());
        self.change(Command::OpenPicture(source));
    }
}
