//! Signed maps of comparisons: where the picture speaks for one side, and where for the other.
//!
//! Every comparison here is a sum of groups of classes, and each group is pooled as the rule says.
//! A mean is a weighted sum of logits with fixed weights. For `ln Σ exp` the weights depend on the
//! logits: with `q_c`, the softmax inside the group, and its entropy `H(q)`,
//!
//! ```text
//! ln Σ exp(z_c) = Σ q_c z_c + H(q)
//! ```
//!
//! exactly. So every comparison has an exact map, the same weighted sum of the classes' maps, and
//! its mean plus the bias plus the entropies is the lead of one side over the other. That map is
//! also the gradient of the lead with respect to the features, times the features.

use thiserror::Error;

use super::cam::{Cam, IdentityCheck};
use super::decision::{Pooling, Rule, log_sum_exp};
use super::feature_map::{ClassId, FeatureMap, Head};
use super::hierarchy::{Hierarchy, NodeId};

/// What a map can be asked: the logit of a class or a node, or the lead of one side over another.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What positive evidence speaks for.
    pub pro: String,
    /// What negative evidence speaks for; `None` where a logit stands alone.
    pub contra: Option<String>,
    pooling: Pooling,
    groups: Vec<Group>,
}

/// Classes that are pooled, and what their logit counts in the sum: more than 0 for `pro`, less for
/// `contra`.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    weight: f64,
    classes: Vec<ClassId>,
}

/// A question that was asked of the logits of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// How much each class counts that takes part.
    terms: Vec<(ClassId, f64)>,
    /// The logit, or the lead in logits: the sum over the terms plus the entropy.
    pub total: f32,
    /// What is there because a side could be any of its classes, in nats: the entropy within `pro`
    /// minus the entropy within `contra`. 0 where logits are averaged.
    pub entropy: f32,
}

/// A comparison without sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QuestionError {
    #[error(
        "{0:?} is the root of the tree and was never chosen against anything; name a node below it"
    )]
    Root(String),
    #[error("{0:?} has no sibling, so nothing is decided there; name another node")]
    NoSibling(String),
    #[error("{other:?} is not a sibling of {node:?}; choose among {siblings}")]
    NotSibling { node: String, other: String, siblings: String },
    #[error("{0:?} cannot be compared with itself; choose two different ones")]
    Itself(String),
}

impl Question {
    /// How large is the logit of a class?
    pub fn class(class: ClassId, label: &str) -> Self {
        let groups = vec![Group { weight: 1.0, classes: vec![class] }];
        Self { pro: label.to_owned(), contra: None, pooling: Pooling::Mean, groups }
    }

    /// How large is the logit of a node, pooled from those of its leaves?
    ///
    /// # Panics
    /// If there is no such node.
    pub fn node(hierarchy: &Hierarchy, node: NodeId, rule: Rule) -> Self {
        let groups = vec![Group::new(hierarchy, &[node], 1.0)];
        Self { pro: name(hierarchy, node), contra: None, pooling: rule.pooling(), groups }
    }

    /// By how much does class `a` lead class `b`?
    ///
    /// # Errors
    /// When both are the same class.
    pub fn classes(
        (a, label_a): (ClassId, &str),
        (b, label_b): (ClassId, &str),
    ) -> Result<Self, QuestionError> {
        if a == b {
            return Err(QuestionError::Itself(label_a.to_owned()));
        }
        let (pro, contra) = (label_a.to_owned(), Some(label_b.to_owned()));
        let group = |class, weight| Group { weight, classes: vec![class] };
        let groups = vec![group(a, 1.0), group(b, -1.0)];
        Ok(Self { pro, contra, pooling: Pooling::Mean, groups })
    }

    /// By how much does a node lead its siblings? By the marginal rule that is the log-odds of the
    /// decision. By the others it is the lead over the mean of the siblings' logits, which is the
    /// log-odds only if there is one sibling.
    ///
    /// # Errors
    /// When the node is the root or an only child.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn decision(
        hierarchy: &Hierarchy,
        node: NodeId,
        rule: Rule,
    ) -> Result<Self, QuestionError> {
        let siblings = siblings(hierarchy, node)?;
        let mut question = Self::node(hierarchy, node, rule);
        match rule.pooling() {
            Pooling::Mean => {
                let weight = -1.0 / siblings.len() as f64;
                let groups = siblings.iter().map(|&id| Group::new(hierarchy, &[id], weight));
                question.groups.extend(groups);
            }
            Pooling::LogSumExp => question.groups.push(Group::new(hierarchy, &siblings, -1.0)),
        }
        question.contra = Some(match siblings[..] {
            [only] => name(hierarchy, only),
            _ => format!("its {} siblings", siblings.len()),
        });
        Ok(question)
    }

    /// By how much does a node lead one of its siblings?
    ///
    /// # Errors
    /// When the other node is the node itself or no sibling of it.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn against(
        hierarchy: &Hierarchy,
        node: NodeId,
        sibling: NodeId,
        rule: Rule,
    ) -> Result<Self, QuestionError> {
        if node == sibling {
            return Err(QuestionError::Itself(name(hierarchy, node)));
        }
        let siblings = siblings(hierarchy, node)?;
        if !siblings.contains(&sibling) {
            const LISTED: usize = 5;
            let mut names: Vec<_> =
                siblings.iter().take(LISTED).map(|&id| name(hierarchy, id)).collect();
            if siblings.len() > LISTED {
                names.push("…".to_owned());
            }
            return Err(QuestionError::NotSibling {
                node: name(hierarchy, node),
                other: name(hierarchy, sibling),
                siblings: names.join(", "),
            });
        }
        let mut question = Self::node(hierarchy, node, rule);
        question.groups.push(Group::new(hierarchy, &[sibling], -1.0));
        question.contra = Some(name(hierarchy, sibling));
        Ok(question)
    }

    /// The decision at which two classes part, asked from the side of `a`: the branch that holds
    /// `a` against the branch that holds `b`.
    ///
    /// `None` if they are the same class or one of them is not in the tree.
    pub fn parting(
        hierarchy: &Hierarchy,
        a: ClassId,
        b: ClassId,
        rule: Rule,
    ) -> Option<(NodeId, Self)> {
        let (a, b) = (hierarchy.leaf(a)?, hierarchy.leaf(b)?);
        let (node, [a, b]) = hierarchy.parting(a, b)?;
        Some((node, Self::against(hierarchy, a, b, rule).ok()?))
    }

    /// Asks the logits of a picture, `[classes]`.
    ///
    /// Where all logits of a group are minus infinity, or one is NaN, so are the weights.
    ///
    /// # Panics
    /// If one of the classes has no logit.
    pub fn ask(&self, logits: &[f32]) -> Answer {
        let (mut terms, mut total, mut entropy) = (Vec::new(), 0.0, 0.0);
        for Group { weight, classes } in &self.groups {
            let logits = classes.iter().map(|&class| f64::from(logits[class]));
            let shares: Vec<f64> = match self.pooling {
                Pooling::Mean => {
                    let share = 1.0 / classes.len().max(1) as f64;
                    total += weight * share * logits.sum::<f64>();
                    vec![share; classes.len()]
                }
                Pooling::LogSumExp => {
                    let log_sum = log_sum_exp(logits.clone());
                    let shares: Vec<f64> = logits.map(|z| (z - log_sum).exp()).collect();
                    total += weight * log_sum;
                    entropy += weight * shares.iter().map(|&q| surprise(q)).sum::<f64>();
                    shares
                }
            };
            terms.extend(classes.iter().zip(shares).map(|(&class, q)| (class, weight * q)));
        }
        Answer { terms, total: total as f32, entropy: entropy as f32 }
    }

    /// Whether the answer depends on the logits as a plain weighted sum does, so that the answers
    /// for parts of a picture add up.
    pub fn is_linear(&self) -> bool {
        self.pooling == Pooling::Mean || self.groups.iter().all(|group| group.classes.len() == 1)
    }

    /// How many classes could be meant by each side: `pro` and `contra`.
    pub fn sizes(&self) -> [usize; 2] {
        let of = |is_pro: bool| {
            let side = self.groups.iter().filter(|group| (group.weight > 0.0) == is_pro);
            side.map(|group| group.classes.len()).sum()
        };
        [of(true), of(false)]
    }
}

/// `-q ln q`, which is 0 for 0.
fn surprise(q: f64) -> f64 {
    if q == 0.0 { 0.0 } else { -q * q.ln() }
}

impl Group {
    fn new(hierarchy: &Hierarchy, nodes: &[NodeId], weight: f64) -> Self {
        let leaves = nodes.iter().flat_map(|&id| hierarchy.node(id).leaves.iter().copied());
        Self { weight, classes: leaves.collect() }
    }
}

impl Answer {
    /// The weights of the linear layer for this question, `[channels]`, and its bias.
    ///
    /// # Panics
    /// If the head lacks one of the classes.
    pub fn row(&self, head: &Head) -> (Vec<f32>, f32) {
        let mut row = vec![0.0_f64; head.channels];
        for &(class, weight) in &self.terms {
            for (sum, &w) in row.iter_mut().zip(head.row(class)) {
                *sum += weight * f64::from(w);
            }
        }
        (row.into_iter().map(|sum| sum as f32).collect(), self.sum(&head.bias))
    }

    /// The weighted sum of other numbers, one per class.
    ///
    /// # Panics
    /// If one of the classes has no number.
    pub fn sum(&self, values: &[f32]) -> f32 {
        let product = |&(class, weight): &(ClassId, f64)| weight * f64::from(values[class]);
        self.terms.iter().map(product).sum::<f64>() as f32
    }
}

fn name(hierarchy: &Hierarchy, node: NodeId) -> String {
    hierarchy.node(node).name.to_string()
}

/// The other children of the parent; at least one.
fn siblings(hierarchy: &Hierarchy, node: NodeId) -> Result<Vec<NodeId>, QuestionError> {
    if hierarchy.node(node).parent.is_none() {
        return Err(QuestionError::Root(name(hierarchy, node)));
    }
    let siblings = hierarchy.siblings(node);
    if siblings.is_empty() {
        return Err(QuestionError::NoSibling(name(hierarchy, node)));
    }
    Ok(siblings)
}

/// The answer to a [`Question`]: a map, and numbers that add up.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub question: Question,
    /// In logits; positive where the place speaks for the question's `pro`.
    pub map: Cam,
    /// What the linear layer adds wherever it looks, in logits.
    pub bias: f32,
    /// What is there because a side could be any of its classes, in nats: see [`Answer::entropy`].
    pub entropy: f32,
    /// The logit, or the lead in logits.
    pub total: f32,
    /// Whether `mean(map) + bias + entropy = total`.
    pub check: IdentityCheck,
}

/// What a map looks like as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tendency {
    /// Some places speak for, others against.
    Mixed,
    /// No place speaks against.
    AllFor,
    /// No place speaks for.
    AllAgainst,
    /// All places say the same, so that a picture of the map would show nothing but rounding.
    Constant,
}

impl Evidence {
    /// Computes the map and checks that it adds up.
    ///
    /// # Panics
    /// If head, features and question do not belong together.
    pub fn new(question: Question, features: &FeatureMap, logits: &[f32], head: &Head) -> Self {
        let answer = question.ask(logits);
        let (row, bias) = answer.row(head);
        let map = Cam::compute(features, &row);
        let Answer { total, entropy, .. } = answer;
        let check = map.check(bias + entropy, total);
        Self { question, map, bias, entropy, total, check }
    }

    /// What of the sum the map contributes, in logits: its mean, with each place weighted as the
    /// method says.
    pub fn mean(&self) -> f32 {
        let rest = f64::from(self.bias) + f64::from(self.entropy) - f64::from(self.total);
        (f64::from(self.check.residual) - rest) as f32
    }

    /// What the map looks like as a whole; NaN is left out.
    pub fn tendency(&self) -> Tendency {
        let [lo, hi] = self.map.range();
        let size = hi.abs().max(lo.abs());
        // A millionth is what rounding leaves of a map that is the same everywhere.
        if hi - lo <= 1e-6 * size {
            Tendency::Constant
        } else if lo >= 0.0 {
            Tendency::AllFor
        } else if hi <= 0.0 {
            Tendency::AllAgainst
        } else {
            Tendency::Mixed
        }
    }

    /// The cell that speaks most for, and the one that speaks most against, where there are any;
    /// row-major, the first one on ties.
    pub fn peaks(&self) -> [Option<usize>; 2] {
        let [lo, hi] = self.map.range();
        let find = |value: f32| self.map.data.iter().position(|&v| v == value);
        [(hi > 0.0).then(|| find(hi)).flatten(), (lo < 0.0).then(|| find(lo)).flatten()]
    }
}
