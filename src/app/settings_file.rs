//! The file with the settings, written a moment after something has changed.

use std::path::PathBuf;

use crate::settings::Settings;

/// How long to wait for further changes, in seconds: a slider makes many.
const REST: f64 = 0.5;

pub struct SettingsFile {
    path: PathBuf,
    /// As they were read, or written last.
    saved: Settings,
    /// As they are now, if that is something else, and since when, in seconds.
    changed: Option<(Settings, f64)>,
}

impl SettingsFile {
    /// `saved` is what was read from the file.
    pub fn new(path: PathBuf, saved: Settings) -> Self {
        Self { path, saved, changed: None }
    }

    /// To be called in each frame. `now` is in seconds; returns when to look again, in seconds from
    /// now.
    pub fn keep(&mut self, settings: &Settings, now: f64) -> Option<f64> {
        if self.saved == *settings {
            self.changed = None;
            return None;
        }
        match &self.changed {
            Some((known, since)) if known == settings => {
                let rest = since + REST - now;
                if rest > 0.0 {
                    return Some(rest);
                }
                self.save(settings);
                None
            }
            Some(_) | None => {
                self.changed = Some((settings.clone(), now));
                Some(REST)
            }
        }
    }

    /// Writes them now; the log says if that fails.
    pub fn save(&mut self, settings: &Settings) {
        if let Err(error) = settings.write(&self.path) {
            log::warn!("{error}");
        }
        // Not tried again before something else changes.
        self.saved = settings.clone();
        self.changed = None;
    }
}

/// Whatever ends the window, the last change is not lost.
impl Drop for SettingsFile {
    fn drop(&mut self) {
        if let Some((settings, _)) = self.changed.take() {
            self.save(&settings);
        }
    }
}
