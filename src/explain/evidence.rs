//! Signed maps of comparisons: where the picture speaks for one side, and where for the other.
//!
//! Every comparison here is a weighted sum of the classes' logits, so it has an exact map: the same
//! weighted sum of the classes' maps. Its mean plus the same sum of the biases is the lead of one
//! side over the other.

use thiserror::Error;

use super::cam::{Cam, IdentityCheck};
use super::feature_map::{ClassId, FeatureMap, Head};
use super::hierarchy::{Hierarchy, NodeId};

/// What a map can be asked: the logit of a class or a node, or the lead of one side over another.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What positive evidence speaks for.
    pub pro: String,
    /// What negative evidence speaks for; `None` where a logit stands alone.
    pub contra: Option<String>,
    /// The weight of each class that takes part.
    terms: Vec<(ClassId, f64)>,
}

/// A comparison without sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QuestionError {
    #[error(
        "{0:?} is the root of the tree and was never chosen against anything; name a node below"
    )]
    Root(String),
    #[error("{0:?} has no sibling, so nothing is decided there; name another node")]
    NoSibling(String),
    #[error("{other:?} is no sibling of {node:?}; choose among {siblings}")]
    NotSibling { node: String, other: String, siblings: String },
    #[error("{0:?} cannot be compared with itself; choose two different ones")]
    Itself(String),
}

impl Question {
    /// How large is the logit of a class?
    pub fn class(class: ClassId, label: &str) -> Self {
        Self { pro: label.to_owned(), contra: None, terms: vec![(class, 1.0)] }
    }

    /// How large is the logit of a node, the mean of its leaves' logits?
    ///
    /// # Panics
    /// If there is no such node.
    pub fn node(hierarchy: &Hierarchy, node: NodeId) -> Self {
        let mut question = Self { pro: name(hierarchy, node), contra: None, terms: Vec::new() };
        question.add(hierarchy, node, 1.0);
        question
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
        Ok(Self { pro, contra, terms: vec![(a, 1.0), (b, -1.0)] })
    }

    /// By how much does a node lead its siblings, by their mean logit? With one sibling that is
    /// the log-odds of the decision.
    ///
    /// # Errors
    /// When the node is the root or an only child.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn decision(hierarchy: &Hierarchy, node: NodeId) -> Result<Self, QuestionError> {
        let siblings = siblings(hierarchy, node)?;
        let mut question = Self::node(hierarchy, node);
        for &sibling in &siblings {
            question.add(hierarchy, sibling, -1.0 / siblings.len() as f64);
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
        let mut question = Self::node(hierarchy, node);
        question.add(hierarchy, sibling, -1.0);
        question.contra = Some(name(hierarchy, sibling));
        Ok(question)
    }

    /// The decision at which two classes part, asked from the side of `a`: the branch that holds
    /// `a` against the branch that holds `b`.
    ///
    /// `None` if they are the same class or one of them is not in the tree.
    pub fn parting(hierarchy: &Hierarchy, a: ClassId, b: ClassId) -> Option<(NodeId, Self)> {
        let (a, b) = (hierarchy.leaf(a)?, hierarchy.leaf(b)?);
        let (node, [a, b]) = hierarchy.parting(a, b)?;
        Some((node, Self::against(hierarchy, a, b).ok()?))
    }

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

    /// The same weighted sum of other numbers, one per class: of the logits it is the answer.
    ///
    /// # Panics
    /// If one of the classes has no number.
    pub fn sum(&self, values: &[f32]) -> f32 {
        let product = |&(class, weight): &(ClassId, f64)| weight * f64::from(values[class]);
        self.terms.iter().map(product).sum::<f64>() as f32
    }

    fn add(&mut self, hierarchy: &Hierarchy, node: NodeId, weight: f64) {
        let leaves = &hierarchy.node(node).leaves;
        let share = weight / leaves.len().max(1) as f64;
        self.terms.extend(leaves.iter().map(|&class| (class, share)));
    }
}

fn name(hierarchy: &Hierarchy, node: NodeId) -> String {
    hierarchy.node(node).name.clone()
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
    /// The logit, or the lead in logits.
    pub total: f32,
    /// Whether `mean(map) + bias = total`.
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
        let (row, bias) = question.row(head);
        let map = Cam::compute(features, &row);
        let total = question.sum(logits);
        let check = map.check(bias, total);
        Self { question, map, bias, total, check }
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

    /// `map mean +7.31 + bias -0.12 = logit +7.19`.
    pub fn sum_in_words(&self) -> String {
        let (bias, total) = match self.question.contra {
            Some(_) => ("bias difference", "lead"),
            None => ("bias", "logit"),
        };
        let mean = self.map.mean();
        let text =
            format!("map mean {mean:+.2} + {bias} {:+.2} = {total} {:+.2}", self.bias, self.total);
        if self.check.holds() {
            text
        } else {
            format!("{text} does not hold: it misses by {:.2e}", self.check.residual)
        }
    }

    /// One plain sentence on what the map shows.
    pub fn story(&self) -> String {
        let (pro, contra) = (&self.question.pro, &self.question.contra);
        let other =
            contra.as_ref().map_or("against it".to_owned(), |contra| format!("for {contra}"));
        match self.tendency() {
            Tendency::Mixed => format!("Some places speak for {pro}, others {other}"),
            Tendency::AllFor => format!("Every place speaks for {pro}, none {other}"),
            Tendency::AllAgainst => format!("No place speaks for {pro}, every place {other}"),
            Tendency::Constant => {
                "No place stands out: the evidence is the same everywhere".to_owned()
            }
        }
    }
}
