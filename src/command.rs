//! Everything that can be asked of the program.
//!
//! Panels ask for [`Action`]s, and the app dispatches them: [`Command`]s go to the state, everything
//! else concerns the window. One table, [`MenuCommand::entry`], gives menus, shortcuts, tooltips,
//! the help window and the command palette.

pub mod purpose;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::CatalogEntry;
use crate::explain::{Area, ClassId, Cover, Mark, Method, NodeId, Removal, Rule};
use crate::explanation::Tree;
use crate::preprocess::Square;
use crate::protocol::{ModelRequest, PictureSource};
use crate::role::Role;
use crate::selection::{PinSlot, Versus};
pub use purpose::Purpose;
pub use table::Entry;

/// What a panel asks for. Continuous values (opacity, zoom) are changed in place instead.
#[derive(Debug, Clone)]
pub enum Action {
    Menu(MenuCommand),
    Command(Command),
    /// Asks the user for a file.
    ChooseFile(Purpose),
    /// The user has answered the line that asks for a path.
    AnswerPrompt(Purpose, Option<PathBuf>),
    /// Saves the tree that lies in the weights of a role's model.
    SaveModelTree(Role),
    /// Makes the map on the picture by another method.
    ShowMethod(Method),
}

impl From<MenuCommand> for Action {
    fn from(command: MenuCommand) -> Self {
        Self::Menu(command)
    }
}

impl From<Command> for Action {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

/// What a network is run again for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// What the marked region gives.
    Region,
    /// Whether a decision flips.
    Flip,
}

/// A picture of the folder at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Previous,
    Next,
    First,
    Last,
    /// By its place, from 0.
    To(usize),
}

/// A change of what the program knows, with its details.
#[derive(Debug, Clone)]
pub enum Command {
    /// Files and folders from a drop, a dialog, the command line or the clipboard.
    OpenPaths(Vec<PathBuf>),
    /// A picture that is not a file.
    OpenPicture(PictureSource),
    /// Another picture of the folder at hand.
    GoTo(Turn),
    /// Reads the picture once more.
    Reload,
    /// Gives up what the engine is doing.
    Cancel,
    Undo,
    Redo,
    SelectClass(ClassId),
    SelectNode(Role, NodeId),
    /// Whether what is selected stays for the next pictures, too.
    KeepTarget(bool),
    /// What the selected node is compared with.
    SetVersus(Versus),
    /// The first class of a model against the second.
    Compare(Role, ClassId, ClassId),
    /// Makes a role's tree pass through a node, against its own decision.
    Force(Role, NodeId),
    /// Makes the tree that is shown pass through the node that is selected.
    ForceSelected,
    /// Leaves the decision to the tree again.
    Unforce,
    /// One decision further down the tree, or from its leaf to the start.
    WalkOn,
    WalkBack,
    LeaveWalk,
    RenameNode(Role, NodeId, String),
    /// Hangs the first node, and all below it, on the second one.
    MoveNode(Role, NodeId, NodeId),
    /// Lets a role's model decide with another tree over its classes.
    SetTree(Role, Arc<Tree>),
    /// Takes back all changes of the tree that is shown.
    OriginalTree,
    /// Pins a class of a model to compare it, or takes it off if it is pinned there.
    Pin(Role, PinSlot, ClassId),
    /// A part of the photo to ask about.
    SetRegion(Option<Arc<Area>>),
    /// A part of the photo that is being dragged, or is given up.
    DraftSquare(Option<Square>),
    /// The part of the photo that the networks are shown; `None`: each recipe's own crop.
    SetSquare(Option<Square>),
    /// A stroke over the photo that is being drawn, or is given up.
    DraftMark(Option<Mark>),
    /// A stroke that is done.
    AddMark(Mark),
    /// What is seen where the photo is covered.
    SetCover(Cover),
    /// Takes all cover off the photo.
    ClearMarks,
    /// Runs a role's network again without an area of the photo.
    RunWithout(Check, Role, Arc<Area>, Removal),
    /// Asks once more what was stopped or has failed: a map by another method, curves, checks.
    InquireAgain,
    SetRule(Rule),
    /// From one rule to the other.
    SwitchRule,
    /// Whose tree is shown.
    ShowTree(Role),
    /// From the tree of one model to that of the other.
    SwitchTree,
    SetModel(Role, ModelRequest),
    /// Whether the classifier's own tree is the only one.
    ShareModel(bool),
    /// Fetches a model of the catalogue from its publisher.
    Fetch(&'static CatalogEntry),
    CancelFetch(&'static CatalogEntry),
    /// Takes a notice off the screen.
    Dismiss(u64),
    DismissAll,
}

/// A menu, in the order of the menu bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::Display)]
pub enum Menu {
    File,
    Edit,
    View,
    Map,
    Tree,
    Help,
}

/// An entry of a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum MenuCommand {
    Open,
    OpenPath,
    Reload,
    Previous,
    Next,
    First,
    Last,
    Models,
    ExportOverlay,
    ExportFigure,
    ExportMap,
    ExportJson,
    ExportTree,
    SaveHierarchy,
    Quit,
    Undo,
    Redo,
    CopyPicture,
    FindClass,
    FindNode,
    Cancel,
    ToggleClasses,
    ToggleTree,
    ToggleFolder,
    TreeOnly,
    ShowPath,
    ShowRegion,
    ShowCompare,
    ShowTrust,
    ThemeSystem,
    ThemeLight,
    ThemeDark,
    LargerText,
    SmallerText,
    NormalText,
    FullScreen,
    ResetSettings,
    Fit,
    ActualSize,
    ZoomIn,
    ZoomOut,
    ToggleOverlay,
    LessOpacity,
    MoreOpacity,
    ToggleSmooth,
    NextColormap,
    ToggleInput,
    KeepTarget,
    DrawBox,
    DrawLasso,
    StopDrawing,
    RemoveRegion,
    UsualCrop,
    PaintOver,
    Uncover,
    CoverLasso,
    ClearMarks,
    BeforeAfter,
    SwitchRule,
    SwitchTree,
    WalkOn,
    WalkBack,
    LeaveWalk,
    ForceNode,
    Unforce,
    RenameNode,
    MoveNode,
    OpenHierarchy,
    OriginalTree,
    WhatFlips,
    ExpandPath,
    ExpandAll,
    CollapseAll,
    Outline,
    Orientation,
    ResetTree,
    ToggleThumbnails,
    Palette,
    Help,
    Introduction,
    Notices,
    RestartEngine,
    About,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn texts_and_keys_are_unique() {
        let (mut texts, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for command in MenuCommand::iter() {
            let entry = command.entry();
            assert!(texts.insert(entry.text), "two entries {:?}", entry.text);
            assert!(!entry.tooltip.ends_with('.') && !entry.tooltip.is_empty());
            for key in entry.keys {
                assert!(keys.insert(*key), "two entries with {key}");
            }
        }
    }
}
