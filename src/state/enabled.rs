//! Which entries of the menus make sense.

use super::{AppState, Role};
use crate::command::MenuCommand;

impl AppState {
    /// Whether an entry makes sense now.
    pub fn is_enabled(&self, command: MenuCommand) -> bool {
        use MenuCommand as M;
        let here = self.position();
        match command {
            M::Undo => self.history.can_undo(),
            M::Redo => self.history.can_redo(),
            M::Cancel => self.is_busy(),
            M::Reload | M::Fit | M::ActualSize | M::ZoomIn | M::ZoomOut => self.photo.is_some(),
            M::DrawBox | M::DrawLasso | M::StopDrawing => self.photo.is_some(),
            M::RemoveRegion => self.selection().region.is_some(),
            M::UsualCrop => self.selection().square.is_some(),
            M::PaintOver | M::Uncover | M::CoverLasso => self.photo.is_some(),
            M::ClearMarks | M::BeforeAfter => self.selection().marks.is_some(),
            M::WhatFlips => self.explanation(self.selection().tree).is_some(),
            M::Previous | M::First => here.is_some_and(|at| at > 0),
            M::Next | M::Last => here.is_some_and(|at| at + 1 < self.folder.len()),
            M::ExportOverlay | M::ExportFigure | M::ExportMap | M::CopyPicture => {
                self.target().is_some_and(|(role, _)| self.explanation(role).is_some())
            }
            M::ExportJson => Role::ALL.iter().any(|&role| self.explanation(role).is_some()),
            M::ExportTree | M::ExpandPath | M::ExpandAll | M::CollapseAll => {
                self.role(self.selection().tree).explanation().is_some()
            }
            M::SwitchTree => !self.shared,
            M::WalkOn | M::WalkBack | M::SaveHierarchy => {
                self.explained_tree(self.shown_tree()).is_some()
            }
            M::OpenHierarchy => self.role(self.shown_tree()).model.is_some(),
            M::KeepTarget => self.can_keep_target(),
            M::LeaveWalk => self.walking().is_some(),
            M::ForceNode => self.can_force_selected(),
            M::Unforce => self.selection().forced.is_some(),
            M::RenameNode => self.can_rename_selected(),
            M::MoveNode => self.can_move_selected(),
            M::OriginalTree => self.edited_tree(self.shown_tree()).is_some(),
            M::RestartEngine => self.stopped.is_some(),
            M::Open | M::OpenPath | M::Models | M::Quit => true,
            M::FindClass | M::FindNode => true,
            M::ToggleClasses | M::ToggleTree | M::ToggleFolder | M::TreeOnly => true,
            M::ShowPath | M::ShowRegion | M::ShowCompare | M::ShowTrust => true,
            M::ThemeSystem | M::ThemeLight | M::ThemeDark => true,
            M::LargerText | M::SmallerText | M::NormalText | M::FullScreen => true,
            M::ResetSettings => true,
            M::ToggleOverlay | M::LessOpacity | M::MoreOpacity | M::ToggleSmooth => true,
            M::NextColormap | M::ToggleInput => true,
            M::SwitchRule => true,
            M::Outline | M::Orientation | M::ResetTree | M::ToggleThumbnails => true,
            M::Palette | M::Help | M::Introduction | M::Notices | M::About => true,
        }
    }
}
