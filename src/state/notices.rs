//! What the user is told beside the results: for a while on the screen, for good in a log.

use std::collections::VecDeque;

use super::AppState;
use crate::catalog::CatalogEntry;
use crate::command::{Action, Command, MenuCommand};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// It worked. Leaves the screen by itself.
    Info,
    Warning,
    Error,
}

/// A way out of what went wrong, offered as a button.
#[derive(Debug, Clone, Copy)]
pub enum Remedy {
    RestartEngine,
    Fetch(&'static CatalogEntry),
}

impl Remedy {
    /// What the button says.
    pub fn text(self) -> String {
        match self {
            Self::RestartEngine => MenuCommand::RestartEngine.entry().text.to_owned(),
            Self::Fetch(entry) => format!("Fetch {}", entry.id),
        }
    }

    /// What the button does.
    pub fn action(self) -> Action {
        match self {
            Self::RestartEngine => MenuCommand::RestartEngine.into(),
            Self::Fetch(entry) => Command::Fetch(entry).into(),
        }
    }
}

/// One line: what happened, why, what to do.
#[derive(Debug, Clone)]
pub struct Notice {
    pub id: u64,
    pub kind: NoticeKind,
    pub text: String,
    pub remedy: Option<Remedy>,
    /// When it was seen first, in seconds of the window's clock.
    since: Option<f64>,
}

/// How long information stays on the screen, in seconds.
pub const INFO_STAYS: f64 = 6.0;
/// The same for warnings, which the log keeps as well.
const WARNING_STAYS: f64 = 20.0;
/// How many notices wait on the screen to be dismissed; the oldest gives way.
const MOST: usize = 50;
/// How many notices the log keeps.
const LOGGED: usize = 200;

/// All notices.
#[derive(Debug, Default)]
pub struct Notices {
    /// On the screen, the oldest first.
    shown: Vec<Notice>,
    /// Everything that was said, the oldest first.
    log: VecDeque<Notice>,
    last_id: u64,
}

impl Notices {
    /// Those on the screen, the oldest first.
    pub fn shown(&self) -> &[Notice] {
        &self.shown
    }

    /// Everything that was said, the newest first.
    pub fn log(&self) -> impl Iterator<Item = &Notice> {
        self.log.iter().rev()
    }

    /// Shows a notice; one with the same text makes room for it.
    pub fn push(&mut self, kind: NoticeKind, text: String, remedy: Option<Remedy>) {
        self.shown.retain(|notice| notice.text != text);
        self.last_id += 1;
        let notice = Notice { id: self.last_id, kind, text, remedy, since: None };
        self.log.push_back(notice.clone());
        if self.log.len() > LOGGED {
            self.log.pop_front();
        }
        self.shown.push(notice);
        let surplus = self.shown.len().saturating_sub(MOST);
        self.shown.drain(..surplus);
    }

    pub fn dismiss(&mut self, id: u64) {
        self.shown.retain(|notice| notice.id != id);
    }

    pub fn dismiss_all(&mut self) {
        self.shown.clear();
    }

    /// The engine was restarted: nobody needs to be told how.
    pub fn dismiss_restart(&mut self) {
        self.shown.retain(|notice| !matches!(notice.remedy, Some(Remedy::RestartEngine)));
    }

    /// Takes off the screen what is no error and was seen long enough, unless somebody is about to
    /// read or press it. `now` is in seconds. Returns after how many seconds there is something to be
    /// taken off next.
    pub fn expire(&mut self, now: f64, are_pointed_at: bool) -> Option<f64> {
        for notice in &mut self.shown {
            notice.since.get_or_insert(now);
        }
        if are_pointed_at {
            return None;
        }
        let stays = |kind| match kind {
            NoticeKind::Info => Some(INFO_STAYS),
            NoticeKind::Warning => Some(WARNING_STAYS),
            NoticeKind::Error => None,
        };
        let rest = |notice: &Notice| Some(notice.since? + stays(notice.kind)? - now);
        self.shown.retain(|notice| rest(notice).is_none_or(|rest| rest > 0.0));
        self.shown.iter().filter_map(rest).min_by(f64::total_cmp)
    }
}

impl AppState {
    pub fn notify(&mut self, kind: NoticeKind, text: impl Into<String>) {
        self.notices.push(kind, text.into(), None);
    }

    pub fn notify_with(&mut self, kind: NoticeKind, text: String, remedy: Option<Remedy>) {
        self.notices.push(kind, text, remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(notices: &Notices) -> Vec<&str> {
        notices.shown().iter().map(|notice| notice.text.as_str()).collect()
    }

    #[test]
    fn information_expires_and_errors_stay() {
        let mut notices = Notices::default();
        notices.push(NoticeKind::Info, "saved".to_owned(), None);
        notices.push(NoticeKind::Error, "broken".to_owned(), None);
        assert_eq!(notices.expire(10.0, false), Some(INFO_STAYS));
        notices.push(NoticeKind::Info, "saved again".to_owned(), None);
        assert_eq!(notices.expire(10.0 + INFO_STAYS - 1.0, false), Some(1.0));
        assert_eq!(notices.expire(10.0 + INFO_STAYS, true), None);
        assert_eq!(notices.shown().len(), 3, "none leaves under the pointer");
        assert_eq!(notices.expire(10.0 + INFO_STAYS, false), Some(INFO_STAYS - 1.0));
        assert_eq!(texts(&notices), ["broken", "saved again"]);
        notices.push(NoticeKind::Warning, "passed over".to_owned(), None);
        assert!(notices.expire(20.0, false).is_some());
        assert_eq!(notices.expire(1000.0, false), None);
        assert_eq!(texts(&notices), ["broken"]);
        assert_eq!(notices.log().count(), 4, "the log keeps all of them");
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut notices = Notices::default();
        for i in 0..1000 {
            notices.push(NoticeKind::Error, format!("error {i}"), None);
        }
        assert_eq!((notices.shown().len(), notices.log().count()), (MOST, LOGGED));
        notices.push(NoticeKind::Error, "error 999".to_owned(), None);
        assert_eq!(notices.shown().len(), MOST, "the same text is not shown twice");
        assert_eq!(notices.log().next().unwrap().text, "error 999");
    }
}
