//! Maps that take long wait for a click: a method that was chosen for one picture is not run for each
//! next one unasked.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::explain::Method;
use crate::explanation::{Explanation, PlanOptions};
use crate::photo::Photo;

/// What takes no longer begins by itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// For which methods somebody asked while this picture was on the screen.
#[derive(Debug, Default)]
pub struct Consent {
    photo: Weak<Photo>,
    /// Those of the last frame.
    shown: Vec<Method>,
    given: Vec<Method>,
}

impl Consent {
    /// Follows what is chosen: what is new since the last frame, with the same picture, was asked
    /// for.
    pub fn follow(&mut self, photo: &Arc<Photo>, shown: &[Method]) {
        if std::ptr::eq(self.photo.as_ptr(), Arc::as_ptr(photo)) {
            let new = shown.iter().filter(|method| !self.shown.contains(method));
            self.given.extend(new);
        } else {
            *self = Self { photo: Arc::downgrade(photo), ..Self::default() };
        }
        self.shown = shown.to_vec();
    }

    /// Somebody asks for it.
    pub fn give(&mut self, method: Method) {
        self.given.push(method);
    }

    /// Whether a map is to wait.
    pub fn is_missing(&self, seen: &Explanation, method: Method) -> bool {
        let is_usable = seen.model.check_method(method).is_ok();
        let time = seen.cost(method, &PlanOptions::default()).time;
        is_usable && time > PATIENCE && !self.given.contains(&method)
    }
}
