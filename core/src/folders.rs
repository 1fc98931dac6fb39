//! The user's folders that the program keeps things in, by the customs of the system.

use std::path::PathBuf;

use directories::ProjectDirs;

fn project() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "glasstree")
}

/// Of settings; `None` if the user has no home.
pub fn config() -> Option<PathBuf> {
    Some(project()?.config_dir().to_owned())
}

/// Of fetched models; `None` if the user has no home.
pub fn models() -> Option<PathBuf> {
    Some(project()?.data_local_dir().join("models"))
}
