//! What the program knows, and how commands and events change it. No screen, no network, no files.
//!
//! [`AppState::apply`] answers what the user does, [`AppState::handle_event`] what the engine says; both
//! return [`Effect`]s, which somebody else carries out.

mod covering;
mod edits;
mod glances;
mod history;
mod inquiries;
mod jobs;
mod library;
mod load;
mod notices;
mod rerun;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::CatalogEntry;
use crate::command::{Check, Command, MenuCommand, Turn};
use crate::explain::{ClassId, NodeId, Rule};
use crate::explanation::{CamTarget, Explanation, ModelInfo};
use crate::look::Look;
use crate::photo::{Photo, PhotoOptions};
use crate::protocol::{JobId, ModelRequest, PictureSource, Request};
pub use crate::role::{PerRole, Role};
pub use crate::selection::{PinSlot, Pins, Selected, Selection, Versus};
pub use covering::Covered;
pub use inquiries::{
    Asked, CURVE_STEPS, Inquiry, MAP_SCORE, Order, Progress as InquiryProgress, Topic,
};
pub use library::{DownloadState, Library};
pub use load::{Job, Load};
pub use notices::{INFO_STAYS, Notice, NoticeKind, Notices, Remedy};
pub use rerun::{Outcome, Rerun};
pub use walk::Walking;

use covering::Covering;
use glances::Glances;
use history::History;

/// One of the two models, and what it said last.
#[derive(Debug)]
pub struct RoleState {
    /// The model that was asked for.
    pub request: ModelRequest,
    /// The last one that worked, or the first one; what to go back to.
    pub proven: ModelRequest,
    /// The model in use.
    pub model: Option<Arc<ModelInfo>>,
    /// How long it took to load the model.
    pub loading_time: Option<Duration>,
    /// What it says about a picture. The work on that includes loading the model.
    pub result: Load<Answer>,
}

/// What a model said about a picture.
#[derive(Debug)]
pub struct Answer {
    /// As the engine gave it, with the model's own tree.
    given: Arc<Explanation>,
    /// With the tree that the user made of it, of the part of the photo that was chosen, and with
    /// what the photo is covered by.
    shown: Arc<Explanation>,
    /// What it said of another part of the photo than its recipe's.
    part: Option<Arc<Explanation>>,
    /// What it said of the photo with its cover on.
    covered: Option<Covered>,
}

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

/// What somebody must do because of a command or an event.
#[derive(Debug, Clone)]
pub enum Effect {
    Send(Request),
    /// Jobs before this one are not wanted any more.
    CancelBefore(JobId),
    /// The tree of this model will be needed soon; making it may take a while.
    PrepareTree(Arc<ModelInfo>),
    /// Find out which of these are pictures, folders or weights.
    SortOut(Vec<PathBuf>),
    /// Fetch a model into this folder.
    Fetch(&'static CatalogEntry, PathBuf),
    /// Give up fetching the model of this id.
    CancelFetch(&'static str),
}

/// Facts that all panels share.
#[derive(Debug)]
pub struct AppState {
    roles: PerRole<RoleState>,
    /// The classifier's tree is the only one.
    pub shared: bool,
    /// Being read; the last one stays until it is there.
    pub wanted: Option<Wanted>,
    pub picture: Option<Picture>,
    pub photo: Option<Arc<Photo>>,
    /// Pictures to go through with the arrow keys.
    pub folder: Vec<PathBuf>,
    /// Which of them was asked for last, even if it cannot be read: the way leads on from there.
    at: usize,
    /// Opened last, newest first.
    pub recent: Vec<PathBuf>,
    history: History,
    pub library: Library,
    walk: Option<Walking>,
    /// Networks asked again without a part of the photo; at most one of each kind for a role.
    pub reruns: Vec<Rerun>,
    inquiries: Vec<Inquiry>,
    covering: Covering,
    glances: Glances,
    pub notices: Notices,
    pub device: Option<String>,
    /// Why the engine has ended.
    pub stopped: Option<String>,
    last_job: u64,
}

/// How many recent pictures are kept.
const RECENT: usize = 10;

impl AppState {
    pub fn new(classifier: ModelRequest, tree: ModelRequest) -> Self {
        Self {
            roles: PerRole { classifier: RoleState::new(classifier), tree: RoleState::new(tree) },
            shared: false,
            wanted: None,
            picture: None,
            photo: None,
            folder: Vec::new(),
            at: 0,
            recent: Vec::new(),
            history: History::default(),
            library: Library::default(),
            walk: None,
            reruns: Vec::new(),
            inquiries: Vec::new(),
            covering: Covering::default(),
            glances: Glances::default(),
            notices: Notices::default(),
            device: None,
            stopped: None,
            last_job: 0,
        }
    }

    /// The model of a role; with one model for both it is the classifier.
    pub fn role(&self, role: Role) -> &RoleState {
        &self.roles[self.own(role)]
    }

    /// The role that a role's model has: with one model for both it is the classifier.
    pub fn own(&self, role: Role) -> Role {
        if self.shared { Role::Classifier } else { role }
    }

    /// The roles that have a model of their own.
    pub fn roles(&self) -> &'static [Role] {
        if self.shared { &Role::ALL[..1] } else { &Role::ALL }
    }

    /// Whose tree is shown.
    pub fn shown_tree(&self) -> Role {
        self.own(self.selection().tree)
    }

    pub fn selection(&self) -> &Selection {
        &self.history.now
    }

    /// How picture and map were looked at when this was selected; `None` before the first frame.
    pub fn look(&self) -> Option<Look> {
        self.history.look()
    }

    /// Notes how picture and map are looked at `now`, in seconds; `is_held` while a pointer is
    /// pressed.
    pub fn see(&mut self, look: Look, is_held: bool, now: f64) {
        self.history.see(look, is_held, now);
    }

    /// The explanation of a role, if it is about the picture on the screen, with its cover on where
    /// it has one.
    pub fn explanation(&self, role: Role) -> Option<&Arc<Explanation>> {
        let Answer { given, shown, .. } = self.role(role).result.last()?;
        let photo = self.photo.as_ref()?;
        Arc::ptr_eq(&given.photo, photo).then_some(shown)
    }

    /// Whose map is shown, and of what; the likeliest class if nothing was selected.
    pub fn target(&self) -> Option<(Role, CamTarget)> {
        match self.selection().target {
            Selected::Node(role, node) => Some((role, self.node_target(role, node))),
            Selected::Class(class) => Some((Role::Classifier, CamTarget::Class(class))),
            Selected::Difference(role, a, b) => Some((role, CamTarget::Difference(a, b))),
            Selected::Prediction => {
                let prediction = self.role(Role::Classifier).explanation()?.prediction();
                Some((Role::Classifier, CamTarget::Class(prediction)))
            }
        }
    }

    /// How the tree of a role is read: as was chosen, else as suits the tree that its model came
    /// with.
    pub fn rule(&self, role: Role) -> Rule {
        let own = || self.original_tree(role).map(|tree| tree.default_rule());
        self.selection().rule.or_else(own).unwrap_or_default()
    }

    /// A node by itself, or against what it is compared with.
    fn node_target(&self, role: Role, node: NodeId) -> CamTarget {
        let explanation = self.role(role).explanation();
        let tree = explanation.and_then(|explanation| explanation.model.tree().ok());
        let rule = self.rule(role);
        tree.map_or(CamTarget::Node(node, rule), |tree| {
            self.selection().versus.target(&tree.hierarchy, node, rule)
        })
    }

    /// Whether there is something that could stay for the next pictures.
    pub fn can_keep_target(&self) -> bool {
        match self.selection().target {
            Selected::Class(_) | Selected::Node(..) => true,
            Selected::Prediction => self.target().is_some(),
            Selected::Difference(..) => self.selection().keeps_target,
        }
    }

    /// Stays with what is shown for the next pictures, or lets go of it.
    fn keep_target(&mut self, keeps: bool) {
        if keeps && let Some((Role::Classifier, CamTarget::Class(class))) = self.target() {
            // What is kept is this class, not whatever is likeliest.
            self.history.select(Selected::Class(class));
        }
        self.history.set_keeps_target(keeps);
    }

    /// The class that is selected in the list, if one is.
    pub fn selected_class(&self) -> Option<ClassId> {
        match self.target()? {
            (Role::Classifier, CamTarget::Class(class)) => Some(class),
            _ => None,
        }
    }

    /// The node that is selected in a role's tree, if one is.
    pub fn selected_node(&self, role: Role) -> Option<NodeId> {
        match self.selection().target {
            Selected::Node(of, node) if self.own(of) == self.own(role) => Some(node),
            _ => None,
        }
    }

    /// The node of a role's tree that belongs to what is selected: the node itself, or the leaf of a
    /// class that the user chose.
    pub fn linked_node(&self, role: Role) -> Option<NodeId> {
        match self.selection().target {
            Selected::Class(class) if self.own(role) == self.own(Role::Classifier) => {
                let tree = self.explained_tree(role)?.model.tree().ok()?;
                tree.hierarchy.leaf(class)
            }
            _ => self.selected_node(role),
        }
    }

    /// The class of the list that belongs to what is selected: the class itself, or that of a leaf of
    /// the classifier's tree.
    pub fn linked_class(&self) -> Option<ClassId> {
        let Some(node) = self.selected_node(Role::Classifier) else { return self.selected_class() };
        let tree = self.explained_tree(Role::Classifier)?.model.tree().ok()?;
        tree.hierarchy.nodes().get(node)?.class
    }

    /// Whether the engine is at work.
    pub fn is_busy(&self) -> bool {
        self.wanted.is_some()
            || self.roles.iter().any(|(_, role)| role.job().is_some())
            || self.is_rerunning()
            || self.running_inquiry().is_some()
    }

    /// Whether a network is asked again without a part of the photo.
    pub fn is_rerunning(&self) -> bool {
        self.reruns.iter().any(Rerun::is_running)
    }

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

    /// Does what the user asks for.
    pub fn apply(&mut self, command: Command) -> Vec<Effect> {
        let mut effects = self.dispatch(command);
        effects.extend(self.follow_view());
        self.follow_trees();
        if self.walking().is_none() {
            self.walk = None;
        }
        effects
    }

    fn dispatch(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::OpenPaths(paths) if paths.is_empty() => {}
            Command::OpenPaths(paths) => return vec![Effect::SortOut(paths)],
            Command::OpenPicture(source) => {
                return self.open(Picture { source, path: None }, Some(Folder::default()));
            }
            Command::GoTo(turn) => return self.go_to(turn),
            Command::Reload => {
                let picture = self.picture.clone();
                return picture.map_or_else(Vec::new, |picture| self.open(picture, None));
            }
            Command::Cancel => return self.cancel(),
            Command::Undo => self.history.undo(),
            Command::Redo => self.history.redo(),
            Command::SelectClass(class) => self.history.select(Selected::Class(class)),
            Command::SelectNode(role, node) => {
                self.history.select(Selected::Node(self.own(role), node));
            }
            Command::Force(role, node) => self.force(role, node),
            Command::ForceSelected => {
                if let Some(node) = self.selected_node(self.shown_tree()) {
                    self.force(self.shown_tree(), node);
                }
            }
            Command::Unforce => self.history.unforce(),
            Command::WalkOn => self.step(true),
            Command::WalkBack => self.step(false),
            Command::LeaveWalk => self.leave_walk(),
            Command::RenameNode(role, node, name) => self.rename_node(role, node, &name),
            Command::MoveNode(role, node, parent) => self.move_node(role, node, parent),
            Command::SetTree(role, tree) => self.set_tree(role, Some(tree), None),
            Command::OriginalTree => self.set_tree(self.shown_tree(), None, None),
            Command::KeepTarget(keeps) => self.keep_target(keeps),
            Command::SetVersus(versus) => self.history.set_versus(versus),
            Command::Compare(role, a, b) => {
                self.history.compare(self.own(role), a, b);
            }
            Command::Pin(role, slot, class) => self.history.pin(self.own(role), slot, class),
            Command::SetRegion(region) => {
                // An answer would be about another region.
                self.reruns.retain(|rerun| rerun.check != Check::Region || !rerun.is_running());
                self.history.set_region(region);
            }
            Command::DraftSquare(square) => self.draft_square(square),
            Command::SetSquare(square) => self.set_square(square),
            Command::DraftMark(mark) => self.draft_mark(mark),
            Command::AddMark(mark) => self.mark(mark),
            Command::SetCover(cover) => self.history.set_cover(cover),
            Command::ClearMarks => self.history.set_marks(None),
            Command::RunWithout(check, role, area, how) => {
                return self.run_again(check, role, &area, how);
            }
            Command::InquireAgain => self.inquire_again(),
            Command::SetRule(rule) => self.history.set_rule(rule),
            Command::SwitchRule => self.history.set_rule(self.rule(self.shown_tree()).next()),
            Command::SwitchTree => self.history.show_tree(match self.selection().tree {
                Role::Classifier => Role::Tree,
                Role::Tree => Role::Classifier,
            }),
            Command::ShowTree(role) => self.history.show_tree(role),
            Command::SetModel(role, request) => {
                if self.role(role).request == request {
                    // Chosen once more: as it is, without what was made of its tree.
                    self.set_tree(role, None, None);
                }
                return self.set_model(role, request);
            }
            Command::ShareModel(shared) => return self.share_model(shared),
            Command::Fetch(entry) => return self.fetch(entry),
            Command::CancelFetch(entry) => return self.cancel_fetch(entry),
            Command::Dismiss(id) => self.notices.dismiss(id),
            Command::DismissAll => self.notices.dismiss_all(),
        }
        Vec::new()
    }

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

    fn go_to(&mut self, turn: Turn) -> Vec<Effect> {
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

    fn remember(&mut self, path: &Path) {
        self.recent.retain(|other| other != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }
}

impl Answer {
    fn new(given: Arc<Explanation>) -> Self {
        Self { shown: Arc::clone(&given), given, part: None, covered: None }
    }
}

impl RoleState {
    fn new(request: ModelRequest) -> Self {
        let proven = request.clone();
        Self { request, proven, model: None, loading_time: None, result: Load::default() }
    }

    /// What the model said last, with the tree that the user made of it. It may be about the
    /// picture before.
    pub fn explanation(&self) -> Option<&Arc<Explanation>> {
        self.result.last().map(|answer| &answer.shown)
    }

    /// What the engine is doing for this role.
    pub fn job(&self) -> Option<&Job> {
        self.result.job()
    }

    /// Why the last job failed; one line.
    pub fn error(&self) -> Option<&str> {
        self.result.error()
    }
}

impl Picture {
    pub fn file(path: PathBuf) -> Self {
        let source = PictureSource::File(path.clone(), PhotoOptions::default());
        Self { source, path: Some(path) }
    }
}
