//! Trees as the user makes them: other names, other places. The network is left alone.

use std::sync::Arc;

use super::{AppState, NoticeKind, Role, Selected};
use crate::explain::{EditError, Hierarchy, Node, NodeId};
use crate::explanation::{Explanation, ModelInfo, Tree};

impl AppState {
    /// What a role says about the picture on the screen, if its tree is there, too.
    pub fn explained_tree(&self, role: Role) -> Option<&Arc<Explanation>> {
        self.explanation(role).filter(|explanation| made_tree(&explanation.model).is_some())
    }

    /// What the user made of a role's tree; `None`: nothing.
    pub fn edited_tree(&self, role: Role) -> Option<&Arc<Tree>> {
        self.selection().trees[self.own(role)].as_ref()
    }

    /// The tree that a role decides with now; `None` while there is none, or no result.
    fn tree_in_use(&self, role: Role) -> Option<&Arc<Tree>> {
        made_tree(&self.role(role).explanation()?.model)
    }

    /// The tree that a role's model came with.
    pub(super) fn original_tree(&self, role: Role) -> Option<&Arc<Tree>> {
        made_tree(self.role(role).model.as_ref()?)
    }

    pub(super) fn rename_node(&mut self, role: Role, node: NodeId, name: &str) {
        self.edit(role, node, |tree| tree.renamed(node, name));
    }

    pub(super) fn move_node(&mut self, role: Role, node: NodeId, parent: NodeId) {
        self.edit(role, node, |tree| tree.moved(node, parent));
    }

    /// Changes a role's tree and selects the node that was changed, or says why not.
    fn edit(
        &mut self,
        role: Role,
        node: NodeId,
        change: impl FnOnce(&Hierarchy) -> Result<Hierarchy, EditError>,
    ) {
        let Some(tree) = self.tree_in_use(role) else { return };
        match change(&tree.hierarchy) {
            Ok(hierarchy) => {
                let name = match tree.name.ends_with(EDITED) {
                    true => tree.name.clone(),
                    false => tree.name.clone() + EDITED,
                };
                let role = self.own(role);
                // Other names change no decision.
                let shape = |tree: &Hierarchy| -> Vec<_> {
                    tree.nodes().iter().map(|node| (node.parent, node.class)).collect()
                };
                let trained = tree.trained && shape(&tree.hierarchy) == shape(&hierarchy);
                let placement = Arc::clone(&tree.placement);
                let tree = Arc::new(Tree { hierarchy, name, trained, placement });
                self.set_tree(role, Some(tree), Some(Selected::Node(role, node)));
            }
            Err(error) => self.notify(NoticeKind::Warning, error.to_string()),
        }
    }

    /// Another tree for a role, or its model's own again.
    pub(super) fn set_tree(
        &mut self,
        role: Role,
        tree: Option<Arc<Tree>>,
        chosen: Option<Selected>,
    ) {
        let edited = self.own(role);
        let new = tree.as_ref().or_else(|| self.original_tree(role));
        let counterparts = match (self.tree_in_use(role), new) {
            (Some(old), Some(new)) => old.hierarchy.counterparts(&new.hierarchy),
            _ => Vec::new(),
        };
        // A tree that is as the model's own is no edited one.
        let is_own = self
            .original_tree(role)
            .zip(tree.as_ref())
            .is_some_and(|(own, new)| own.hierarchy == new.hierarchy);
        let tree = tree.filter(|_| !is_own);
        let shared = self.shared;
        let counterpart = move |role: Role, node: NodeId| match shared || role == edited {
            true => counterparts.get(node).copied().flatten(),
            false => Some(node),
        };
        self.history.set_tree(edited, tree, chosen, &counterpart);
    }

    /// Brings what is shown in line with the trees that are wanted.
    pub(super) fn follow_trees(&mut self) {
        for (role, state) in self.roles.iter_mut() {
            let Some(answer) = state.result.last_mut() else { continue };
            let given = Arc::clone(answer.newest());
            let shown = &mut answer.shown;
            match &self.history.now.trees[role] {
                None => *shown = given,
                Some(tree) => {
                    let in_use = made_tree(&shown.model);
                    let is_shown = in_use.is_some_and(|it| Arc::ptr_eq(it, tree));
                    if !(is_shown && shown.is_same_run(&given)) {
                        *shown = Arc::new(given.with_tree(Arc::clone(tree)));
                    }
                }
            }
        }
    }

    /// Whether the selected node can be renamed: leaves are named by the model.
    pub(super) fn can_rename_selected(&self) -> bool {
        self.selected_in_use().is_some_and(|node| !node.is_leaf())
    }

    /// Whether the selected node can be moved: the root cannot.
    pub(super) fn can_move_selected(&self) -> bool {
        self.selected_in_use().is_some_and(|node| node.parent.is_some())
    }

    /// The selected node of the tree that is shown.
    fn selected_in_use(&self) -> Option<&Node> {
        let role = self.shown_tree();
        self.tree_in_use(role)?.hierarchy.nodes().get(self.selected_node(role)?)
    }
}

/// The tree of a model, if it need not be waited for.
fn made_tree(model: &ModelInfo) -> Option<&Arc<Tree>> {
    if model.is_tree_made() { model.tree().ok() } else { None }
}

/// Behind the name of a tree that is not as it was.
const EDITED: &str = ", edited";
