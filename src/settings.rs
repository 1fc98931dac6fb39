//! What is remembered from one run to the next, in a JSON file of the user's.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::input::{self, ReadError};
use crate::look::OverlayOptions;
use crate::text::{CleanText, Shown as _};
use crate::tree_layout::{Cards, Orientation};
use crate::{folders, output};

/// All settings. What an older file lacks, or a newer one has in addition, does no harm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub window: WindowSettings,
    pub theme: Theme,
    pub panels: PanelSettings,
    pub overlay: OverlayOptions,
    pub tree: TreeSettings,
    /// Whether the marks for newcomers are still to be shown.
    pub introduction: bool,
    /// Opened last, newest first.
    pub recent: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSettings {
    /// Inner width and height, in points.
    pub size: [f32; 2],
    pub maximized: bool,
    /// Of everything in the window; 1 is normal.
    pub zoom: f32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelSettings {
    pub classes: bool,
    pub tree: bool,
    pub large_tree: bool,
    /// The row of small pictures, where there is a folder.
    pub folder: bool,
    /// Width of the panels beside the picture, in points.
    pub width: f32,
    /// Height of the class list, in points.
    pub classes_height: f32,
    /// The panel below the picture.
    pub insight: bool,
    pub insight_tab: InsightTab,
    /// In points.
    pub insight_height: f32,
}

/// Which question the panel below the picture answers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
pub enum InsightTab {
    #[default]
    Path,
    Region,
    Compare,
    Trust,
}

/// How trees are shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TreeSettings {
    pub mode: TreeMode,
    /// `None`: whatever suits the shape of the panel.
    pub orientation: Option<Orientation>,
    pub cards: Cards,
    /// How likely the answer at a certainty has to be, 0.5 to 1.
    pub certainty: f32,
}

impl Default for TreeSettings {
    fn default() -> Self {
        let (mode, orientation, cards) = Default::default();
        Self { mode, orientation, cards, certainty: 0.9 }
    }
}

/// The ways to show a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TreeMode {
    #[default]
    Diagram,
    Outline,
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self { size: [1280.0, 800.0], maximized: false, zoom: 1.0 }
    }
}

impl Default for PanelSettings {
    fn default() -> Self {
        Self {
            classes: true,
            tree: true,
            large_tree: false,
            folder: true,
            width: 560.0,
            classes_height: 270.0,
            insight: false,
            insight_tab: InsightTab::default(),
            insight_height: 220.0,
        }
    }
}

impl PanelSettings {
    /// Whether a tab of the panel below the picture is on the screen.
    pub fn shows(&self, tab: InsightTab) -> bool {
        self.insight && self.insight_tab == tab
    }
}

/// Larger files are no settings.
const MAX_BYTES: u64 = 1 << 20;

impl Settings {
    /// Reads the file. Without one, this is the first start. One that cannot be used is set aside
    /// and named in the second result, one line for the user; so is one that cannot be read.
    pub fn read(path: &Path) -> (Self, Option<String>) {
        let settings = match input::read(path, MAX_BYTES) {
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return (Self { introduction: true, ..Self::default() }, None);
            }
            Err(error) => Err(error.to_string()),
            Ok(bytes) => Self::parse(&bytes),
        };
        match settings {
            Ok(settings) => (settings, None),
            Err(reason) => {
                let aside = path.with_extension("broken.json");
                let kept = match std::fs::rename(path, &aside) {
                    Ok(()) => format!("it was kept as {}", aside.shown()),
                    Err(_) => "it will be replaced".to_owned(),
                };
                let note = format!("The settings could not be read ({reason}); {kept}");
                (Self::default(), Some(note))
            }
        }
    }

    /// Settings from the content of a file, with every number in the range in which it makes sense.
    ///
    /// # Errors
    /// What is wrong with it, in a part of a line.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let settings = serde_json::from_slice::<Self>(bytes);
        Ok(settings.map_err(|error| CleanText::short(&error.to_string()))?.sane())
    }

    /// Writes the file; half of it is never there.
    ///
    /// # Errors
    /// One line for the user.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let write = || -> anyhow::Result<()> {
            if let Some(folder) = path.parent() {
                output::make_folder(folder)?;
            }
            output::write(path, serde_json::to_string_pretty(self)?.as_bytes())
        };
        write().map_err(|error| format!("The settings could not be saved: {error:#}"))
    }

    /// Numbers out of range (edited by hand, or from a larger screen) would hide the window. Sizes of
    /// panels in which nothing could be seen are not restored.
    fn sane(mut self) -> Self {
        let within = |value: f32, low: f32, high: f32, default: f32| {
            if value.is_finite() { value.clamp(low, high) } else { default }
        };
        let sensible = |value: f32, low: f32, high: f32, default: f32| {
            if (low..=high).contains(&value) { value } else { default }
        };
        let usual = PanelSettings::default();
        let [width, height] = self.window.size;
        self.window.size =
            [within(width, 480.0, 8000.0, 1280.0), within(height, 360.0, 6000.0, 800.0)];
        self.window.zoom = within(self.window.zoom, 0.5, 3.0, 1.0);
        self.panels.width = sensible(self.panels.width, 240.0, 4000.0, usual.width);
        let height = self.panels.classes_height;
        self.panels.classes_height = sensible(height, LEAST_CLASSES, 4000.0, usual.classes_height);
        let height = self.panels.insight_height;
        self.panels.insight_height = sensible(height, LEAST_INSIGHT, 4000.0, usual.insight_height);
        self.overlay.opacity = within(self.overlay.opacity, 0.0, 1.0, 0.5);
        self
    }
}

/// Height of the class list with a few classes in it, in points.
pub const LEAST_CLASSES: f32 = 120.0;
/// Height of the panel below the picture with a few lines in it, in points.
pub const LEAST_INSIGHT: f32 = 110.0;

/// Where the settings are: in the system's folder for them. `None` if there is none.
pub fn default_path() -> Option<PathBuf> {
    Some(folders::config()?.join("settings.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, "{ \"theme\": 7").unwrap();
        let (settings, note) = Settings::read(&path);
        assert_eq!(settings.theme, Theme::System);
        assert!(note.unwrap().contains("settings.broken.json"));
        assert!(!path.exists() && folder.path().join("settings.broken.json").exists());
        let (settings, note) = Settings::read(&path);
        assert!(settings.introduction && note.is_none(), "a missing file is the first start");
    }

    #[test]
    fn what_is_written_is_read_and_nonsense_is_corrected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/settings.json");
        let mut settings = Settings { theme: Theme::Dark, ..Settings::default() };
        settings.window.zoom = 1.25;
        settings.write(&path).unwrap();
        let (read, note) = Settings::read(&path);
        assert_eq!((read.theme, read.window.zoom, note), (Theme::Dark, 1.25, None));
        assert!(!read.introduction, "what was dismissed stays away");
        std::fs::write(&path, "{\"window\": {\"size\": [1, 1e30]}, \"later\": true}").unwrap();
        let (read, note) = Settings::read(&path);
        assert_eq!((read.window.size, note), ([480.0, 6000.0], None));
    }
}
