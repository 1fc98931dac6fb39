//! The two parts that a model can play, and what there is once for each of them.

use std::ops::{Index, IndexMut};

/// What a model is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Its classes are listed and mapped.
    Classifier,
    /// Its tree is shown.
    Tree,
}

impl Role {
    pub const ALL: [Self; 2] = [Self::Classifier, Self::Tree];

    /// For the user.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classifier => "Classifier",
            Self::Tree => "Tree model",
        }
    }
}

/// One value for each role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerRole<T> {
    pub classifier: T,
    pub tree: T,
}

impl<T> PerRole<T> {
    /// Both values, the classifier's first.
    pub fn iter(&self) -> impl Iterator<Item = (Role, &T)> {
        [(Role::Classifier, &self.classifier), (Role::Tree, &self.tree)].into_iter()
    }

    /// Both values, the classifier's first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Role, &mut T)> {
        [(Role::Classifier, &mut self.classifier), (Role::Tree, &mut self.tree)].into_iter()
    }
}

impl<T> Index<Role> for PerRole<T> {
    type Output = T;

    fn index(&self, role: Role) -> &T {
        match role {
            Role::Classifier => &self.classifier,
            Role::Tree => &self.tree,
        }
    }
}

impl<T> IndexMut<Role> for PerRole<T> {
    fn index_mut(&mut self, role: Role) -> &mut T {
        match role {
            Role::Classifier => &mut self.classifier,
            Role::Tree => &mut self.tree,
        }
    }
}
