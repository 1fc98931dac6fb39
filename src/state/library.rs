//! The models that can be chosen by name, and those on their way here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{AppState, Effect, NoticeKind};
use crate::catalog::{CatalogEntry, ModelSource};
use crate::fetch::{Fetched, Progress};
use crate::output::megabytes;

/// The catalogue, and what is here of it.
#[derive(Debug, Default)]
pub struct Library {
    pub entries: Vec<&'static CatalogEntry>,
    /// Where fetched models are; `None` if the system has no such folder.
    pub folder: Option<PathBuf>,
    /// Of models that are not part of the program, by id.
    downloads: BTreeMap<&'static str, DownloadState>,
}

/// What there is of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadState {
    /// Part of the program.
    Bundled,
    /// It could be fetched.
    Absent,
    /// On its way; `None` until the server answers.
    Coming(Option<Progress>),
    /// Fetched.
    Here,
    /// It could not be fetched: one line for the user.
    Failed(String),
}

impl Library {
    pub fn download_state(&self, entry: &CatalogEntry) -> DownloadState {
        if entry.published().is_none() {
            return DownloadState::Bundled;
        }
        self.downloads.get(entry.id).cloned().unwrap_or(DownloadState::Absent)
    }

    /// A model as a source of weights.
    pub fn source(&self, entry: &'static CatalogEntry) -> ModelSource {
        ModelSource::Known(entry, self.folder.clone().unwrap_or_default())
    }

    /// Models that can be used at once.
    pub fn usable(&self) -> impl Iterator<Item = &'static CatalogEntry> {
        let is_here = |entry: &&CatalogEntry| {
            matches!(self.download_state(entry), DownloadState::Bundled | DownloadState::Here)
        };
        self.entries.iter().copied().filter(move |entry| is_here(entry))
    }

    /// The models that are on their way, and how far they are.
    pub fn coming(&self) -> impl Iterator<Item = (&'static str, Option<Progress>)> {
        self.downloads.iter().filter_map(|(id, download)| match download {
            DownloadState::Coming(progress) => Some((*id, *progress)),
            _ => None,
        })
    }

    /// Takes in which files are in the folder. What is on its way, or failed to come, stays so.
    pub fn found(&mut self, ids: &[&'static str]) {
        self.downloads.retain(|_, download| !matches!(download, DownloadState::Here));
        for &id in ids {
            let download = self.downloads.entry(id).or_insert(DownloadState::Here);
            if !matches!(download, DownloadState::Coming(_)) {
                *download = DownloadState::Here;
            }
        }
    }

    /// The file of a model is not what it should be.
    pub fn forget(&mut self, entry: &CatalogEntry) {
        if !self.is_coming(entry.id) {
            self.downloads.remove(entry.id);
        }
    }

    fn is_coming(&self, id: &str) -> bool {
        matches!(self.downloads.get(id), Some(DownloadState::Coming(_)))
    }
}

impl AppState {
    /// Fetches a model, unless it is here or on its way.
    pub(super) fn fetch(&mut self, entry: &'static CatalogEntry) -> Vec<Effect> {
        let Some(folder) = self.library.folder.clone() else {
            self.notify(NoticeKind::Error, "This system has no folder for downloaded models");
            return Vec::new();
        };
        match self.library.download_state(entry) {
            DownloadState::Absent | DownloadState::Failed(_) => {
                self.library.downloads.insert(entry.id, DownloadState::Coming(None));
                vec![Effect::Fetch(entry, folder)]
            }
            DownloadState::Bundled | DownloadState::Coming(_) | DownloadState::Here => Vec::new(),
        }
    }

    /// Gives up on a model that is on its way; its thread may take a moment to notice.
    pub(super) fn cancel_fetch(&mut self, entry: &'static CatalogEntry) -> Vec<Effect> {
        if !self.library.is_coming(entry.id) {
            return Vec::new();
        }
        self.library.downloads.insert(entry.id, DownloadState::Absent);
        vec![Effect::CancelFetch(entry.id)]
    }

    /// A piece has arrived.
    pub fn fetching(&mut self, id: &'static str, progress: Progress) {
        if self.library.is_coming(id) {
            self.library.downloads.insert(id, DownloadState::Coming(Some(progress)));
        }
    }

    /// A model is here, or will not come.
    pub fn fetched(&mut self, id: &'static str, result: Result<Fetched, String>) {
        let was_given_up = !self.library.is_coming(id);
        match result {
            Ok(fetched) => {
                self.library.downloads.insert(id, DownloadState::Here);
                let size = megabytes(fetched.bytes);
                self.notify(NoticeKind::Info, format!("{id} was downloaded ({size})"));
                if fetched.changed {
                    let text = format!("{id} has changed since it was first downloaded");
                    self.notify(NoticeKind::Warning, text);
                }
            }
            Err(_) if was_given_up => {}
            Err(error) => {
                self.library.downloads.insert(id, DownloadState::Failed(error.clone()));
                self.notify(NoticeKind::Error, error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::command::Command;

    fn state() -> (AppState, &'static CatalogEntry) {
        let bundled = ModelSource::default_classifier();
        let mut state = AppState::new(bundled.clone().into(), bundled.into());
        state.library.entries = catalog::all().collect();
        state.library.folder = Some(PathBuf::from("models"));
        (state, catalog::find("resnet18").unwrap())
    }

    fn here() -> Result<Fetched, String> {
        Ok(Fetched { bytes: 7, sha256: String::new(), was_there: false, changed: false })
    }

    #[test]
    fn a_model_comes_once_and_can_be_chosen_then() {
        let (mut state, entry) = state();
        let before = state.library.usable().count();
        assert_eq!(state.apply(Command::Fetch(entry)).len(), 1);
        assert!(state.apply(Command::Fetch(entry)).is_empty(), "it is on its way");
        let progress = Progress { done: 3, total: Some(7) };
        state.fetching(entry.id, progress);
        assert_eq!(state.library.download_state(entry), DownloadState::Coming(Some(progress)));
        state.fetched(entry.id, here());
        assert_eq!(state.library.download_state(entry), DownloadState::Here);
        assert_eq!(state.library.usable().count(), before + 1);
        assert!(state.apply(Command::Fetch(entry)).is_empty(), "it is here");
    }

    #[test]
    fn what_was_given_up_says_nothing_more() {
        let (mut state, entry) = state();
        state.apply(Command::Fetch(entry));
        assert_eq!(state.apply(Command::CancelFetch(entry)).len(), 1);
        state.fetching(entry.id, Progress { done: 1, total: None });
        state.fetched(entry.id, Err("Cancelled".to_owned()));
        assert_eq!(state.library.download_state(entry), DownloadState::Absent);
        assert!(state.notices.shown().is_empty());

        state.apply(Command::Fetch(entry));
        state.fetched(entry.id, Err("offline".to_owned()));
        assert_eq!(
            state.library.download_state(entry),
            DownloadState::Failed("offline".to_owned())
        );
        assert_eq!(state.apply(Command::Fetch(entry)).len(), 1, "it can be tried again");
    }

    #[test]
    fn the_folder_decides_what_is_here() {
        let (mut state, entry) = state();
        state.library.found(&[entry.id]);
        assert_eq!(state.library.download_state(entry), DownloadState::Here);
        state.library.found(&[]);
        assert_eq!(state.library.download_state(entry), DownloadState::Absent, "it was deleted");
        state.apply(Command::Fetch(entry));
        state.library.found(&[entry.id]);
        assert_eq!(state.library.download_state(entry), DownloadState::Coming(None));
    }
}
