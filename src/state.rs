//! What the program knows, and how commands and events change it. No screen, no network, no files.
//!
//! [`AppState::apply`] answers what the user does, [`AppState::handle_event`] what the engine says; both
//! return [`Effect`]s, which somebody else carries out.

mod covering;
mod edits;
mod enabled;
mod glances;
mod history;
mod inquiries;
mod jobs;
mod library;
mod load;
mod notices;
mod pictures;
mod rerun;
mod role;
mod target;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::CatalogEntry;
use crate::command::{Check, Command};
use crate::explanation::{Explanation, ModelInfo};
use crate::look::Look;
use crate::photo::Photo;
use crate::protocol::{JobId, ModelRequest, Request};
pub use crate::role::{PerRole, Role};
pub use crate::selection::{PinSlot, Pins, Selected, Selection, Versus};
pub use covering::Covered;
pub use inquiries::{
    Asked, CURVE_STEPS, Inquiry, MAP_SCORE, Order, Progress as InquiryProgress, Topic,
};
pub use library::{DownloadState, Library};
pub use load::{Job, Load};
pub use notices::{INFO_STAYS, Notice, NoticeKind, Notices, Remedy};
pub use pictures::{Folder, Picture, Wanted};
pub use rerun::{Outcome, Rerun};
pub use role::{Answer, RoleState};
pub use walk::Walking;

use covering::Covering;
use glances::Glances;
use history::History;

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
}

impl Answer {
    fn new(given: Arc<Explanation>) -> Self {
        Self { shown: Arc::clone(&given), given, part: None, covered: None }
    }
}
