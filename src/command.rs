//! Everything that can be asked of the program.
//!
//! Panels ask for [`Action`]s, and the app dispatches them: [`Command`]s go to the state, everything
//! else concerns the window. One table, [`MenuCommand::entry`], gives menus, shortcuts, tooltips,
//! the help window and the command palette.

pub mod purpose;

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::CatalogEntry;
use crate::explain::{Area, ClassId, Cover, Mark, NodeId, Removal, Rule};
use crate::explanation::Tree;
use crate::preprocess::Square;
use crate::protocol::{ModelRequest, PictureSource};
use crate::role::Role;
use crate::selection::{PinSlot, Versus};
pub use purpose::Purpose;

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

/// What the table says about an entry.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub menu: Menu,
    pub text: &'static str,
    pub tooltip: &'static str,
    /// Such as `Ctrl+Shift+Z`; the first one is shown. `Ctrl` is the command key on a Mac.
    pub keys: &'static [&'static str],
    /// Whether a line in the menu separates it from the entry before.
    pub separated: bool,
}

impl MenuCommand {
    #[rustfmt::skip]
    pub fn entry(self) -> Entry {
        use Menu::{Edit, File, Help, Map, Tree, View};
        let (menu, separated, text, tooltip, keys): (_, _, _, _, &[&str]) = match self {
            Self::Open => (File, false, "Open picture…", "Choose pictures or the weights of a model", &["Ctrl+O"]),
            Self::OpenPath => (File, false, "Open path…", "Type the path of a picture, folder or weights file", &["Ctrl+L"]),
            Self::Reload => (File, false, "Reload picture", "Read the picture from disk and explain it again", &["F5"]),
            Self::Previous => (File, true, "Previous picture", "The picture before this one in its folder", &["Left"]),
            Self::Next => (File, false, "Next picture", "The picture after this one in its folder", &["Right"]),
            Self::First => (File, false, "First picture", "The first picture of the folder", &["Home"]),
            Self::Last => (File, false, "Last picture", "The last picture of the folder", &["End"]),
            Self::Models => (File, true, "Models…", "Choose the classifier and the tree model, and see what was loaded", &["Ctrl+M"]),
            Self::ExportOverlay => (File, true, "Save picture with map…", "The photo at its full resolution with the map on it, as PNG", &["Ctrl+S"]),
            Self::ExportFigure => (File, false, "Save picture with caption…", "The photo with the map, and below it class, probability, colour bar, model and file name, as PNG or SVG", &["Ctrl+Shift+S"]),
            Self::ExportMap => (File, false, "Save map…", "The raw values of the map as a NumPy array (.npy)", &[]),
            Self::ExportJson => (File, false, "Save predictions and tree…", "Probabilities and decisions as JSON", &[]),
            Self::ExportTree => (File, false, "Save drawing of tree…", "The tree as shown, as SVG", &[]),
            Self::SaveHierarchy => (File, false, "Save tree as hierarchy…", "The tree itself, in nbdt's format, to open again or to train with", &[]),
            Self::Quit => (File, true, "Quit", "Close the window", &["Ctrl+Q"]),
            Self::Undo => (Edit, false, "Undo", "Restore the previous selection, view or tree", &["Ctrl+Z"]),
            Self::Redo => (Edit, false, "Redo", "Repeat what was undone", &["Ctrl+Shift+Z", "Ctrl+Y"]),
            Self::CopyPicture => (Edit, true, "Copy picture", "Copy the photo with the map over it", &["Ctrl+Shift+C"]),
            Self::FindClass => (Edit, true, "Find class", "Search the list of classes by name, synonym or WordNet id", &["Ctrl+F"]),
            Self::FindNode => (Edit, false, "Find in tree", "Search the nodes of the tree", &["Ctrl+Shift+F"]),
            Self::Cancel => (Edit, true, "Cancel", "Stop the current job", &[]),
            Self::ToggleClasses => (View, false, "Class list", "Show or hide the list of classes", &["Ctrl+1"]),
            Self::ToggleTree => (View, false, "Tree", "Show or hide the tree", &["Ctrl+2"]),
            Self::ToggleFolder => (View, false, "Folder strip", "Show or hide the folder's thumbnails below the photo", &["Ctrl+7"]),
            Self::TreeOnly => (View, false, "Large tree", "Give the tree most of the window, or return to the usual layout", &["Ctrl+3"]),
            Self::ShowPath => (View, true, "Decisions along the path", "Each decision from the root to the class", &["Ctrl+4"]),
            Self::ShowRegion => (View, false, "Region contribution", "Drag a box on the picture: how much does it contribute to the class and to each decision?", &["Ctrl+5"]),
            Self::ShowCompare => (View, false, "Compare two classes", "Where is the evidence for one class, and where for the other?", &["Ctrl+6"]),
            Self::ShowTrust => (View, false, "How far to trust the map", "Take the picture apart in the order of the map, and see whether the answer changes with it", &["Ctrl+8"]),
            Self::ThemeSystem => (View, true, "Use system theme", "Light or dark, as set in the system", &[]),
            Self::ThemeLight => (View, false, "Light theme", "Dark text on light panels", &[]),
            Self::ThemeDark => (View, false, "Dark theme", "Light text on dark panels", &[]),
            Self::LargerText => (View, true, "Larger text", "Enlarge everything in the window", &["Ctrl+Plus", "Ctrl+Equals"]),
            Self::SmallerText => (View, false, "Smaller text", "Shrink everything in the window", &["Ctrl+Minus"]),
            Self::NormalText => (View, false, "Normal text size", "Text and panels at their normal size", &["Ctrl+0"]),
            Self::FullScreen => (View, true, "Full screen", "Use the whole screen, or return to a window", &["F11"]),
            Self::ResetSettings => (View, true, "Reset settings", "Restore the default settings; recent pictures are kept", &[]),
            Self::Fit => (Map, false, "Fit picture", "Show the whole picture", &["F"]),
            Self::ActualSize => (Map, false, "Actual size", "One picture pixel per screen pixel", &["1"]),
            Self::ZoomIn => (Map, false, "Zoom in", "Enlarge the picture", &["Plus"]),
            Self::ZoomOut => (Map, false, "Zoom out", "Shrink the picture", &["Minus"]),
            Self::ToggleOverlay => (Map, true, "Show map", "Show or hide the map over the picture; hold O to hide it for a moment", &["V"]),
            Self::LessOpacity => (Map, false, "Decrease opacity", "Let more of the picture show through", &["OpenBracket"]),
            Self::MoreOpacity => (Map, false, "Increase opacity", "Let less of the picture show through", &["CloseBracket"]),
            Self::ToggleSmooth => (Map, false, "Smooth map", "Interpolate between the map's cells, or show them as they are", &["S"]),
            Self::NextColormap => (Map, false, "Next colour map", "Switch to the next colour map", &["C"]),
            Self::ToggleInput => (Map, true, "What the model saw", "Show the picture as the network received it: resized and cropped", &["I"]),
            Self::KeepTarget => (Map, true, "Keep for the next pictures", "Stay with the selected class or node instead of following each picture's prediction", &["K"]),
            Self::DrawBox => (Map, true, "Draw a box", "Drag a box on the picture to see what it contributes; holding Shift works at any time", &["B"]),
            Self::DrawLasso => (Map, false, "Draw a lasso", "Draw around a part of the picture to see what it contributes", &["L"]),
            Self::StopDrawing => (Map, false, "Stop drawing", "Let dragging move the picture again, as Esc does", &[]),
            Self::RemoveRegion => (Map, false, "Remove region", "Remove the box or lasso from the picture", &["Delete"]),
            Self::UsualCrop => (Map, true, "Usual crop", "Show the networks the part of the photo that their recipes say, after the frame was dragged elsewhere", &["Shift+C"]),
            Self::PaintOver => (Map, true, "Paint over", "Cover parts of the photo and see, while you paint, what the networks say without them", &["P"]),
            Self::Uncover => (Map, false, "Uncover", "Remove the cover where you paint", &["Shift+P"]),
            Self::CoverLasso => (Map, false, "Cover with a lasso", "Draw around what is to be covered", &["U"]),
            Self::ClearMarks => (Map, false, "Remove the whole cover", "Show the photo as it is", &["Shift+U"]),
            Self::BeforeAfter => (Map, false, "Before and after", "A line on the picture: left of it the photo as it is, right of it with its cover", &["Shift+B"]),
            Self::SwitchRule => (Tree, false, "Switch rule", "Hard: follow the likeliest child; soft: multiply the probabilities along each path; marginal: add up the network's own probabilities", &["R"]),
            Self::SwitchTree => (Tree, false, "Other tree", "Switch between the tree of the classifier and that of the tree model", &["T"]),
            Self::WalkOn => (Tree, true, "Walk down the tree", "One decision further towards the class, with its map; after the last one, back to the start", &["Space"]),
            Self::WalkBack => (Tree, false, "Walk back up", "Back to the previous decision", &["Shift+Space"]),
            Self::LeaveWalk => (Tree, false, "Leave the walk", "Return to what was selected before the walk", &[]),
            Self::ForceNode => (Tree, true, "Go here instead", "What if the tree took the selected branch? Shows the likeliest class there, and how much less likely it is", &["G"]),
            Self::Unforce => (Tree, false, "Back to the tree's own decision", "Undo the forced branch", &["Shift+G"]),
            Self::RenameNode => (Tree, true, "Rename branch…", "Give the selected branch of the tree a new name", &["F2"]),
            Self::MoveNode => (Tree, false, "Move to…", "Move the selected node, with everything below it, to another branch; probabilities and maps follow at once", &["Shift+M"]),
            Self::OpenHierarchy => (Tree, false, "Open hierarchy…", "Decide with a tree from a file in nbdt's format", &[]),
            Self::OriginalTree => (Tree, false, "Back to the original tree", "Undo all changes to the tree", &[]),
            Self::WhatFlips => (Tree, false, "What would flip this decision?", "The fewest cells of the map without which the selected decision goes the other way", &["X"]),
            Self::ExpandPath => (Tree, true, "Expand path", "Show the path of this picture and what else is likely, and collapse everything else", &["E"]),
            Self::ExpandAll => (Tree, false, "Expand all", "Expand every node of the tree", &["Shift+E"]),
            Self::CollapseAll => (Tree, false, "Collapse all", "Collapse every node of the tree", &["Shift+W"]),
            Self::Outline => (Tree, true, "Diagram or outline", "Draw the tree, or list its nodes", &["Shift+L"]),
            Self::Orientation => (Tree, false, "Rotate tree", "Draw it from left to right or from top to bottom", &["Shift+T"]),
            Self::ResetTree => (Tree, false, "Fit tree", "Show the whole tree", &["Shift+F"]),
            Self::ToggleThumbnails => (Tree, false, "Maps on nodes", "Show a small map on each node: where is the evidence for it?", &["M"]),
            Self::Palette => (Help, false, "All commands…", "Find a command by typing its name", &["Ctrl+K", "Ctrl+P"]),
            Self::Help => (Help, false, "Help", "Keys, gestures and how to read the window, with a search", &["?", "F1"]),
            Self::Introduction => (Help, false, "Show the introduction again", "The three marks of the first start: colours, path and classes", &[]),
            Self::Notices => (Help, false, "Notices", "Every notice since the program started", &[]),
            Self::RestartEngine => (Help, true, "Restart engine", "Restart the part that runs the networks", &[]),
            Self::About => (Help, true, "About glasstree", "Version, models, licences", &[]),
        };
        Entry { menu, text, tooltip, keys, separated }
    }
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
