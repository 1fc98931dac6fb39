//! What the panels ask for: the one way from the window to the app.

use crate::command::Action;

/// What the user asks for in a frame, in this order.
#[derive(Debug, Default)]
pub struct UiOutput {
    actions: Vec<Action>,
}

impl UiOutput {
    pub fn push(&mut self, action: impl Into<Action>) {
        self.actions.push(action.into());
    }

    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}

impl<A: Into<Action>> Extend<A> for UiOutput {
    fn extend<I: IntoIterator<Item = A>>(&mut self, actions: I) {
        self.actions.extend(actions.into_iter().map(Into::into));
    }
}

impl IntoIterator for UiOutput {
    type Item = Action;
    type IntoIter = std::vec::IntoIter<Action>;

    fn into_iter(self) -> Self::IntoIter {
        self.actions.into_iter()
    }
}
