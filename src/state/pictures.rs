//! Which picture is shown, and the folder that it is one of.

use std::path::{Path, PathBuf};

use super::{AppState, Effect};
use crate::command::Turn;
use crate::photo::PhotoOptions;
use crate::protocol::{JobId, PictureSource};

/// A picture that was asked for.
#[derive(Debug, Clone)]
pub struct Picture {
    pub source: PictureSource,
    /// `None` for pictures that are not files.
    pub path: Option<PathBuf>,
}

/// A picture on its way, and the job that reads it.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub job: JobId,
    pub picture: Picture,
    /// The folder it comes from, if that is not the folder at hand.
    pub folder: Option<Folder>,
}

/// Pictures to go through.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    pub pictures: Vec<PathBuf>,
    /// Which of them to show.
    pub at: usize,
    /// Nobody asked for this very picture: if it cannot be read, the next one will do.
    pub any_will_do: bool,
    /// Why the pictures before it could not be read.
    pub unreadable: Vec<String>,
}

/// How many recent pictures are kept.
const RECENT: usize = 10;

impl Picture {
    pub fn file(path: PathBuf) -> Self {
        let source = PictureSource::File(path.clone(), PhotoOptions::default());
        Self { source, path: Some(path) }
    }
}

impl AppState {
    pub fn path(&self) -> Option<&Path> {
        self.picture.as_ref()?.path.as_deref()
    }

    /// Place of the picture in its folder, counted from 0.
    pub fn position(&self) -> Option<usize> {
        (self.at < self.folder.len()).then_some(self.at)
    }

    /// Place in its folder of the picture on the screen, counted from 0: the one that was asked for
    /// last may still be on its way, or no picture at all.
    pub fn shown_position(&self) -> Option<usize> {
        let path = self.path()?;
        let is_last = self.folder.get(self.at).is_some_and(|last| last == path);
        if is_last { Some(self.at) } else { self.folder.iter().position(|it| it == path) }
    }

    pub(super) fn go_to(&mut self, turn: Turn) -> Vec<Effect> {
        let here = self.position();
        let at = match turn {
            Turn::Previous => here.and_then(|at| at.checked_sub(1)),
            Turn::Next => here.map(|at| at + 1),
            Turn::First => Some(0),
            Turn::Last => self.folder.len().checked_sub(1),
            Turn::To(at) => Some(at),
        };
        let Some((at, path)) = at.and_then(|at| Some((at, self.folder.get(at)?.clone()))) else {
            return Vec::new();
        };
        self.at = at;
        self.open(Picture::file(path), None)
    }

    /// Opens one of several pictures, which become the folder to go through.
    pub fn open_folder(&mut self, folder: Folder) -> Vec<Effect> {
        match folder.pictures.get(folder.at).cloned() {
            Some(path) => self.open(Picture::file(path), Some(folder)),
            None => Vec::new(),
        }
    }

    pub(super) fn remember(&mut self, path: &Path) {
        self.recent.retain(|other| other != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }
}
