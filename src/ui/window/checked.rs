//! Which entries of the menus are switched on.

use crate::command::MenuCommand;
use crate::settings::{InsightTab, Settings, Theme};
use crate::tree_layout::Cards;
use crate::ui::menu::Checked;

impl Checked for Settings {
    fn is_on(&self, command: MenuCommand) -> Option<bool> {
        use MenuCommand as M;
        Some(match command {
            M::ToggleClasses => self.panels.classes,
            M::ToggleTree => self.panels.tree,
            M::ToggleFolder => self.panels.folder,
            M::TreeOnly => self.panels.large_tree,
            M::ShowPath => self.panels.shows(InsightTab::Path),
            M::ShowRegion => self.panels.shows(InsightTab::Region),
            M::ShowCompare => self.panels.shows(InsightTab::Compare),
            M::ShowTrust => self.panels.shows(InsightTab::Trust),
            M::ThemeSystem => self.theme == Theme::System,
            M::ThemeLight => self.theme == Theme::Light,
            M::ThemeDark => self.theme == Theme::Dark,
            M::ToggleOverlay => self.overlay.visible,
            M::ToggleSmooth => self.overlay.smooth,
            M::ToggleInput => self.overlay.show_input,
            M::ToggleThumbnails => self.tree.cards == Cards::WithMap,
            M::Open | M::OpenPath | M::Reload | M::Models | M::Quit => return None,
            M::Previous | M::Next | M::First | M::Last => return None,
            M::ExportOverlay | M::ExportFigure | M::ExportMap => return None,
            M::ExportJson | M::ExportTree => return None,
            M::SaveHierarchy | M::CopyPicture | M::Undo | M::Redo | M::Cancel => return None,
            M::FindClass | M::FindNode => return None,
            M::LargerText | M::SmallerText | M::NormalText | M::FullScreen => return None,
            M::ResetSettings => return None,
            M::Fit | M::ActualSize | M::ZoomIn | M::ZoomOut => return None,
            M::LessOpacity | M::MoreOpacity | M::NextColormap | M::KeepTarget => return None,
            M::DrawBox | M::DrawLasso | M::StopDrawing | M::RemoveRegion => return None,
            M::PaintOver | M::Uncover | M::CoverLasso | M::ClearMarks => return None,
            M::BeforeAfter | M::UsualCrop => return None,
            M::SwitchRule | M::SwitchTree | M::WalkOn | M::WalkBack | M::LeaveWalk => return None,
            M::ForceNode | M::Unforce | M::RenameNode | M::MoveNode => return None,
            M::OpenHierarchy | M::OriginalTree | M::WhatFlips => return None,
            M::ExpandPath | M::ExpandAll | M::CollapseAll => return None,
            M::Outline | M::Orientation | M::ResetTree => return None,
            M::Palette | M::Help | M::Introduction | M::Notices => return None,
            M::RestartEngine | M::About => return None,
        })
    }
}
