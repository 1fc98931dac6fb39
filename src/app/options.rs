//! How a window is set up.

use std::path::PathBuf;

use super::port::StartEngine;
use crate::catalog::{self, CatalogEntry, ModelSource};
use crate::fetch::Timeouts;
use crate::protocol::ModelRequest;
use crate::settings::Settings;

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
