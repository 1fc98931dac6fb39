//! Lines for the user that stay until they are dismissed.

use super::AppState;
use crate::command::MenuCommand;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Info,
    Warning,
    Error,
}

/// One line: what happened, why, what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub id: u64,
    pub kind: NoticeKind,
    pub text: String,
    /// A way out, offered as a button.
    pub action: Option<MenuCommand>,
}

/// More would hide the picture.
const MOST: usize = 4;

impl AppState {
    /// Shows a notice; the same text is never shown twice, and the oldest makes room.
    pub fn notify(&mut self, kind: NoticeKind, text: impl Into<String>) {
        self.notify_with(kind, text.into(), None);
    }

    pub fn notify_with(&mut self, kind: NoticeKind, text: String, action: Option<MenuCommand>) {
        self.notices.retain(|notice| notice.text != text);
        self.last_notice += 1;
        self.notices.push(Notice { id: self.last_notice, kind, text, action });
        if self.notices.len() > MOST {
            self.notices.remove(0);
        }
    }
}
