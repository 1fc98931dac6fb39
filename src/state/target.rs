//! What is selected, and so what the map is of.

use super::{AppState, Role, Selected};
use crate::explain::{ClassId, NodeId, Rule};
use crate::explanation::CamTarget;

impl AppState {
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
    pub(super) fn keep_target(&mut self, keeps: bool) {
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
}
