//! What one model says about one picture.

mod cost;
mod method_map;
mod model_info;
mod plan;
mod score;
mod without;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::explain::{
    Agreement, Answer, Cam, CamSet, ClassId, Decision, Decisions, Evidence, FeatureMap, Forward,
    Head, Hierarchy, IdentityCheck, NoMaps, NodeId, Pooling, Question, Rule, argmax, softmax,
};
use crate::photo::Photo;
use crate::preprocess::ModelInput;

pub use cost::Cost;
pub use method_map::MethodMap;
pub use model_info::{LazyTree, ModelInfo, RecipeOrigin, Tree};
pub use plan::{Plan, PlanError, PlanOptions, STEPS};
pub use score::Score;
pub use without::Without;

/// What a map speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CamTarget {
    Class(ClassId),
    /// A node of the model's hierarchy, its leaves pooled as the rule says.
    Node(NodeId, Rule),
    /// A branch against its siblings: the decision at its parent.
    Decision(NodeId, Rule),
    /// A branch against one of its siblings.
    Against(NodeId, NodeId, Rule),
    /// One class against another.
    Difference(ClassId, ClassId),
}

impl CamTarget {
    /// Whether there are two sides, so that the sign says which one a place speaks for.
    pub fn is_comparison(self) -> bool {
        self.is_decision() || matches!(self, Self::Difference(..))
    }

    /// The rule by which two branches of the tree are compared; `None` where none are.
    pub fn decided_by(self) -> Option<Rule> {
        match self {
            Self::Decision(_, rule) | Self::Against(_, _, rule) => Some(rule),
            Self::Class(_) | Self::Node(..) | Self::Difference(..) => None,
        }
    }

    /// Whether the two sides are branches of the tree.
    pub fn is_decision(self) -> bool {
        self.decided_by().is_some()
    }
}

/// One picture seen by one model. Never changes, and is shared.
#[derive(Debug)]
pub struct Explanation {
    pub photo: Arc<Photo>,
    pub model: Arc<ModelInfo>,
    pub input: Arc<ModelInput>,
    pub forward: Arc<Forward>,
    /// The linear layer that maps of this picture are made with, or why there are none.
    pub head: Result<Arc<Head>, NoMaps>,
    /// Softmax of the logits, by class.
    pub probabilities: Arc<[f32]>,
    /// Time of the forward pass, with reading back.
    pub took: Duration,
    /// The device it ran on.
    pub device: String,
    class_maps: Arc<OnceLock<CamSet>>,
    decisions: OnceLock<Decisions>,
    mean_node_maps: OnceLock<CamSet>,
    marginal_node_maps: OnceLock<CamSet>,
}

impl Explanation {
    /// Puts the parts together; computes the probabilities.
    pub fn new(
        photo: Arc<Photo>,
        model: Arc<ModelInfo>,
        input: impl Into<Arc<ModelInput>>,
        forward: impl Into<Arc<Forward>>,
        took: Duration,
        device: String,
    ) -> Self {
        let (input, forward) = (input.into(), forward.into());
        let probabilities = softmax(&forward.logits).into();
        let head = model.ending.head_for(forward.features.as_ref());
        Self {
            photo,
            model,
            input,
            forward,
            head,
            probabilities,
            took,
            device,
            class_maps: Arc::default(),
            decisions: OnceLock::new(),
            mean_node_maps: OnceLock::new(),
            marginal_node_maps: OnceLock::new(),
        }
    }

    /// What the same network would say with another tree over its classes. Shares everything that
    /// the tree has no part in.
    pub fn with_tree(&self, tree: Arc<Tree>) -> Self {
        Self {
            photo: Arc::clone(&self.photo),
            model: Arc::new(self.model.with_tree(tree)),
            input: Arc::clone(&self.input),
            forward: Arc::clone(&self.forward),
            head: self.head.clone(),
            probabilities: Arc::clone(&self.probabilities),
            took: self.took,
            device: self.device.clone(),
            class_maps: Arc::clone(&self.class_maps),
            decisions: OnceLock::new(),
            mean_node_maps: OnceLock::new(),
            marginal_node_maps: OnceLock::new(),
        }
    }

    /// What it takes beside the model: the picture, what the network saw of it and said about it. The
    /// maps that are made of that are smaller.
    pub fn bytes(&self) -> usize {
        let features = self.forward.features.as_ref().map_or(0, |features| features.data.len());
        let input = self.input.chw.len();
        self.photo.rgb.len() + self.input.crop.len() + (input + features) * size_of::<f32>()
    }

    /// Whether both stem from the same run of the network, whatever their trees.
    pub fn is_same_run(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.forward, &other.forward)
    }

    /// The class with the largest logit, the first one on ties.
    pub fn prediction(&self) -> ClassId {
        argmax(&self.forward.logits)
    }

    /// The `k` likeliest classes, likeliest first; ties in order of the classes.
    pub fn top(&self, k: usize) -> Vec<ClassId> {
        let mut order: Vec<ClassId> = (0..self.forward.logits.len()).collect();
        let logits = &self.forward.logits;
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        order.truncate(k);
        order
    }

    /// What the map of a target answers; `None` if there is no such target, or nothing to compare
    /// it with.
    pub fn question(&self, target: CamTarget) -> Option<Question> {
        let classes = self.model.class_count();
        let known =
            |class: ClassId| Some((class, self.model.label(class))).filter(|_| class < classes);
        let of_node = |ask: &dyn Fn(&Hierarchy, NodeId) -> Option<Question>, node: NodeId| {
            let hierarchy = &self.model.tree().ok()?.hierarchy;
            hierarchy.nodes().get(node).and_then(|_| ask(hierarchy, node))
        };
        match target {
            CamTarget::Class(class) => {
                let (class, label) = known(class)?;
                Some(Question::class(class, label))
            }
            CamTarget::Node(node, rule) => {
                of_node(&|tree, node| Some(Question::node(tree, node, rule)), node)
            }
            CamTarget::Decision(node, rule) => {
                of_node(&|tree, node| Question::decision(tree, node, rule).ok(), node)
            }
            CamTarget::Against(node, other, rule) => {
                of_node(&|tree, node| Question::against(tree, node, other, rule).ok(), node)
            }
            CamTarget::Difference(a, b) => Question::classes(known(a)?, known(b)?).ok(),
        }
    }

    /// Row of the head and bias for a target: a class's own, a weighted mean over the leaves of a
    /// node, or the difference of two of these.
    ///
    /// # Errors
    /// Where the network has no maps.
    ///
    /// # Panics
    /// If [`Self::question`] has no question for it.
    pub fn row(&self, target: CamTarget) -> Result<(Vec<f32>, f32), NoMaps> {
        Ok(self.answer(target).row(self.features_and_head()?.1))
    }

    /// The logit of a target: a class's own, that of a node pooled from its leaves; for a
    /// comparison, the lead of one side.
    ///
    /// # Panics
    /// If [`Self::question`] has no question for it.
    pub fn logit(&self, target: CamTarget) -> f32 {
        self.answer(target).total
    }

    /// The evidence map of a target (Zhou et al. 2016), in logits.
    ///
    /// # Errors
    /// Where the network has no maps.
    ///
    /// # Panics
    /// If [`Self::question`] has no question for it.
    pub fn cam(&self, target: CamTarget) -> Result<Cam, NoMaps> {
        let (features, head) = self.features_and_head()?;
        Ok(Cam::compute(features, &self.answer(target).row(head).0))
    }

    /// The same map from those of all classes or nodes, which are computed once: for many targets,
    /// for pictures rather than for sums. Rounding differs from [`Self::cam`] by some 1e-6 of the
    /// largest value. `None` where [`Self::question`] has no question, or the network no maps.
    pub fn quick_cam(&self, target: CamTarget) -> Option<Cam> {
        match target {
            CamTarget::Class(class) => self.class_maps().ok()?.get(class),
            CamTarget::Difference(a, b) if a == b => None,
            CamTarget::Difference(a, b) => self.class_maps().ok()?.lead(a, &[(b, 1.0)]),
            CamTarget::Node(node, rule) => self.node_maps(rule).ok()?.get(node),
            CamTarget::Decision(node, rule) => {
                let hierarchy = &self.model.tree().ok()?.hierarchy;
                let siblings = self.decision(rule).ok()?.sibling_shares(hierarchy, node);
                self.node_maps(rule).ok()?.lead(node, &siblings)
            }
            CamTarget::Against(node, other, rule) => {
                let siblings = self.model.tree().ok()?.hierarchy.siblings(node);
                siblings.contains(&other).then_some(())?;
                self.node_maps(rule).ok()?.lead(node, &[(other, 1.0)])
            }
        }
    }

    /// Whether the map adds up: mean + bias + entropy = logit.
    ///
    /// # Errors
    /// Where the network has no maps.
    ///
    /// # Panics
    /// If [`Self::question`] has no question for it.
    pub fn check(&self, target: CamTarget) -> Result<IdentityCheck, NoMaps> {
        Ok(self.evidence(self.existing(target))?.check)
    }

    fn answer(&self, target: CamTarget) -> Answer {
        self.existing(target).ask(&self.forward.logits)
    }

    fn existing(&self, target: CamTarget) -> Question {
        let question = self.question(target);
        question.unwrap_or_else(|| panic!("{target:?} does not exist in this model"))
    }

    /// The signed map that answers a question, with its self-check.
    ///
    /// # Errors
    /// Where the network has no maps.
    pub fn evidence(&self, question: Question) -> Result<Evidence, NoMaps> {
        let (features, head) = self.features_and_head()?;
        Ok(Evidence::new(question, features, &self.forward.logits, head))
    }

    /// The maps of all classes, computed once.
    ///
    /// # Errors
    /// Where the network has no maps.
    pub fn class_maps(&self) -> Result<&CamSet, NoMaps> {
        let (features, head) = self.features_and_head()?;
        Ok(self.class_maps.get_or_init(|| CamSet::of_classes(features, head)))
    }

    /// What all maps are made of.
    ///
    /// # Errors
    /// Where the network has no maps.
    pub fn features_and_head(&self) -> Result<(&FeatureMap, &Arc<Head>), NoMaps> {
        let head = self.head.as_ref().map_err(NoMaps::clone)?;
        match &self.forward.features {
            Some(features) => Ok((features, head)),
            None => Err(NoMaps("its feature map is missing".into())),
        }
    }

    /// The maps of all nodes of the tree by a rule, computed once.
    ///
    /// # Errors
    /// Where there is no tree (see [`ModelInfo::tree`]), or the network has no maps.
    pub fn node_maps(&self, rule: Rule) -> Result<&CamSet, String> {
        let (hierarchy, decision) = (&self.model.tree()?.hierarchy, self.decision(rule)?);
        let class_maps = self.class_maps().map_err(|error| error.to_string())?;
        let maps = match rule.pooling() {
            Pooling::Mean => &self.mean_node_maps,
            Pooling::LogSumExp => &self.marginal_node_maps,
        };
        Ok(maps.get_or_init(|| class_maps.of_nodes(hierarchy, decision)))
    }

    /// Height and width of the maps.
    ///
    /// # Errors
    /// Where the network has no maps.
    pub fn cells(&self) -> Result<[usize; 2], NoMaps> {
        self.features_and_head().map(|(features, _)| [features.height, features.width])
    }

    /// How the tree decides by every rule, computed once.
    ///
    /// # Errors
    /// Where there is no tree: see [`ModelInfo::tree`].
    pub fn decisions(&self) -> Result<&Decisions, &str> {
        let hierarchy = &self.model.tree()?.hierarchy;
        Ok(self.decisions.get_or_init(|| Decisions::new(hierarchy, &self.forward.logits)))
    }

    /// How the tree decides by one rule.
    ///
    /// # Errors
    /// Where there is no tree: see [`ModelInfo::tree`].
    pub fn decision(&self, rule: Rule) -> Result<&Decision, &str> {
        Ok(self.decisions()?.by(rule))
    }

    /// What the network alone and the tree say.
    ///
    /// # Errors
    /// Where there is no tree: see [`ModelInfo::tree`].
    pub fn agreement(&self) -> Result<Agreement, &str> {
        Ok(self.decisions()?.agreement(&self.forward.logits))
    }
}
