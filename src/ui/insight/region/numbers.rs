//! What a region gives, for the models on the screen: made anew only when something changes.

use std::sync::Arc;

use crate::explain::{
    Account, Area, BranchAccount, Decision, Evidence, NodeId, Question, RegionError, Rule,
    branch_accounts,
};
use crate::explanation::{CamTarget, Explanation, Without};
use crate::memo::{Memo, Same};
use crate::state::{AppState, Role};
use crate::ui::insight::Insight;

/// Everything that the numbers depend on.
#[derive(PartialEq)]
struct Key {
    area: Same<Area>,
    seen: [Option<Same<Explanation>>; 2],
    target: Option<(Role, CamTarget)>,
    tree: Option<(Same<Explanation>, Rule)>,
}

impl Key {
    fn new(state: &AppState, insight: Option<&Insight<'_>>, area: &Arc<Area>) -> Self {
        let seen = |role| state.explanation(role).map(Same::as_value);
        let tree = insight.map(|it| (Same::as_value(it.explanation), it.decision().rule));
        Self { area: Same::as_value(area), seen: Role::ALL.map(seen), target: state.target(), tree }
    }
}

/// All numbers about one region.
pub struct Numbers {
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
    numbers: Memo<Key, Numbers>,
    evidence: EvidenceMemo,
}

/// The map of the target: the same for all regions.
type EvidenceMemo = Memo<(Same<Explanation>, CamTarget), Option<Evidence>>;

impl NumbersMemo {
    pub fn get(
        &mut self,
        state: &AppState,
        insight: Option<&Insight<'_>>,
        area: &Arc<Area>,
    ) -> &Numbers {
        let Self { numbers, evidence } = self;
        let key = Key::new(state, insight, area);
        numbers.get_or_make(key, |_| Numbers::new(state, insight, area, evidence))
    }
}

impl Numbers {
    fn new(
        state: &AppState,
        insight: Option<&Insight<'_>>,
        area: &Area,
        evidence: &mut EvidenceMemo,
    ) -> Self {
        let model = |&role: &Role| {
            let seen = Arc::clone(state.explanation(role)?);
            let without = seen.without(area);
            Some(ModelNumbers { role, seen, without })
        };
        let models: Vec<ModelNumbers> = state.roles().iter().filter_map(model).collect();
        let of_role = |role: Role| models.iter().find(|model| model.role == state.own(role));
        let target = state
            .target()
            .and_then(|(role, target)| TargetNumbers::new(of_role(role)?, target, evidence));
        let tree = insight.and_then(|insight| {
            let without = of_role(insight.role)?.without.as_ref().ok()?;
            let decision = insight.decision();
            Some(tree(insight, without.decision(insight.hierarchy, decision.rule)))
        });
        Self { models, target, tree }
    }
}

impl TargetNumbers {
    fn new(model: &ModelNumbers, target: CamTarget, evidence: &mut EvidenceMemo) -> Option<Self> {
        let ModelNumbers { role, seen, without } = model;
        let without = without.as_ref().ok()?;
        let evidence = evidence.get_or_make((Same::as_value(seen), target), |_| {
            seen.evidence(seen.question(target)?).ok()
        });
        let evidence = evidence.as_ref()?;
        let probability = |logits: &[f32]| seen.probability(target, logits);
        let pair = probability(&seen.forward.logits).zip(probability(&without.logits));
        Some(Self {
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
