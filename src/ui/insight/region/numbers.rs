//! What a region gives, for the models on the screen: made anew only when something changes.

use std::sync::{Arc, Weak};

use crate::explain::{
    Account, Area, BranchAccount, Decision, Evidence, NodeId, Question, RegionError, Rule,
    branch_accounts,
};
use crate::explanation::{CamTarget, Explanation, Without};
use crate::state::{AppState, Role};
use crate::ui::insight::Insight;

/// Everything that the numbers depend on.
#[derive(Clone)]
struct Key {
    area: Arc<Area>,
    seen: [Option<Weak<Explanation>>; 2],
    target: Option<(Role, CamTarget)>,
    tree: Option<(Weak<Explanation>, Rule)>,
}

impl Key {
    fn new(state: &AppState, insight: Option<&Insight<'_>>, area: &Arc<Area>) -> Self {
        let seen = |role| state.explanation(role).map(Arc::downgrade);
        let tree = insight.map(|it| (Arc::downgrade(it.explanation), it.decision().rule));
        Self { area: Arc::clone(area), seen: Role::ALL.map(seen), target: state.target(), tree }
    }

    fn is(&self, other: &Self) -> bool {
        let Self { area, seen, target, tree } = self;
        let same = |a: &Option<Weak<_>>, b: &Option<Weak<_>>| match (a, b) {
            (Some(a), Some(b)) => a.ptr_eq(b),
            (None, None) => true,
            _ => false,
        };
        let part = |key: &Option<(Weak<_>, Rule)>| key.clone().unzip();
        let ((tree, rule), (other_tree, other_rule)) = (part(tree), part(&other.tree));
        Arc::ptr_eq(area, &other.area)
            && *target == other.target
            && seen.iter().zip(&other.seen).all(|(a, b)| same(a, b))
            && same(&tree, &other_tree)
            && rule == other_rule
    }
}

/// All numbers about one region.
pub struct Numbers {
    key: Key,
    /// Of each role that has seen the picture.
    pub models: Vec<ModelNumbers>,
    /// Of what is selected.
    pub target: Option<TargetNumbers>,
    pub tree: Option<TreeNumbers>,
}

/// What one model would say.
pub struct ModelNumbers {
    pub role: Role,
    pub seen: Arc<Explanation>,
    pub without: Result<Without, RegionError>,
}

/// What the region does for the class or the decision that is selected.
pub struct TargetNumbers {
    pub role: Role,
    pub target: CamTarget,
    pub question: Question,
    pub unit: Unit,
    pub account: Account,
    /// With and without the region.
    pub probability: Option<[f32; 2]>,
}

/// What a total is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Logit,
    LogOdds,
    /// Over the mean of several siblings.
    Lead,
}

/// What the region does for the decisions of a path.
pub struct TreeNumbers {
    pub without: Decision,
    pub rows: Vec<Row>,
}

/// One decision of the path.
pub struct Row {
    pub account: BranchAccount,
    /// The branch that would be taken without the region, if that is another one.
    pub instead: Option<NodeId>,
}

/// The numbers shown last.
#[derive(Default)]
pub struct NumbersMemo {
    numbers: Option<Numbers>,
    /// The map of the target: the same for all regions.
    evidence: Option<(Weak<Explanation>, CamTarget, Evidence)>,
}

impl NumbersMemo {
    pub fn get(
        &mut self,
        state: &AppState,
        insight: Option<&Insight<'_>>,
        area: &Arc<Area>,
    ) -> &Numbers {
        let key = Key::new(state, insight, area);
        let numbers = match self.numbers.take().filter(|numbers| numbers.key.is(&key)) {
            Some(numbers) => numbers,
            None => self.make(state, insight, key),
        };
        self.numbers.insert(numbers)
    }

    fn make(&mut self, state: &AppState, insight: Option<&Insight<'_>>, key: Key) -> Numbers {
        let model = |&role: &Role| {
            let seen = Arc::clone(state.explanation(role)?);
            let without = seen.without(&key.area);
            Some(ModelNumbers { role, seen, without })
        };
        let models: Vec<ModelNumbers> = state.roles().iter().filter_map(model).collect();
        let of_role = |role: Role| {
            let role = if state.shared { Role::Classifier } else { role };
            models.iter().find(|model| model.role == role)
        };
        let target = key.target.and_then(|(role, target)| self.target(of_role(role)?, target));
        let tree = insight.and_then(|insight| {
            let without = of_role(insight.role)?.without.as_ref().ok()?;
            let decision = insight.decision();
            Some(tree(insight, without.decision(insight.hierarchy, decision.rule)))
        });
        Numbers { key, models, target, tree }
    }

    fn target(&mut self, model: &ModelNumbers, target: CamTarget) -> Option<TargetNumbers> {
        let ModelNumbers { role, seen, without } = model;
        let without = without.as_ref().ok()?;
        let weak = Arc::downgrade(seen);
        let known =
            self.evidence.take().filter(|(of, asked, _)| of.ptr_eq(&weak) && *asked == target);
        let (.., evidence) = self.evidence.insert(match known {
            Some(known) => known,
            None => (weak, target, seen.evidence(seen.question(target)?).ok()?),
        });
        let probability = |logits: &[f32]| seen.probability(target, logits);
        let pair = probability(&seen.forward.logits).zip(probability(&without.logits));
        Some(TargetNumbers {
            role: *role,
            target,
            question: evidence.question.clone(),
            unit: unit(seen, target),
            account: without.region.account(evidence, &without.logits),
            probability: pair.map(|(with, without)| [with, without]),
        })
    }
}

fn unit(seen: &Explanation, target: CamTarget) -> Unit {
    let siblings = |node: NodeId| {
        let hierarchy = &seen.model.tree().ok()?.hierarchy;
        Some(hierarchy.node(hierarchy.node(node).parent?).children.len())
    };
    match target {
        CamTarget::Class(_) | CamTarget::Node(..) => Unit::Logit,
        CamTarget::Difference(..)
        | CamTarget::Against(..)
        | CamTarget::Decision(_, Rule::Marginal) => Unit::LogOdds,
        CamTarget::Decision(node, Rule::Hard | Rule::Soft) if siblings(node) == Some(2) => {
            Unit::LogOdds
        }
        CamTarget::Decision(_, Rule::Hard | Rule::Soft) => Unit::Lead,
    }
}

fn tree(insight: &Insight<'_>, without: Decision) -> TreeNumbers {
    let (hierarchy, with) = (insight.hierarchy, insight.decision());
    let row = |account: BranchAccount| {
        let parent = hierarchy.node(account.node).parent?;
        let siblings = &hierarchy.node(parent).children;
        let [now, then] = [with, &without].map(|it| winner(siblings, it, account.node));
        Some(Row { account, instead: (now != then).then_some(then) })
    };
    let accounts = branch_accounts(hierarchy, with, &without, &with.path);
    TreeNumbers { rows: accounts.into_iter().filter_map(row).collect(), without }
}

/// The likeliest of some siblings; on ties the one that was there before.
fn winner(siblings: &[NodeId], decision: &Decision, before: NodeId) -> NodeId {
    let logit = |id: NodeId| decision.logit[id];
    siblings.iter().fold(before, |best, &id| if logit(id) > logit(best) { id } else { best })
}
