//! How often the network and its tree are right.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Calibration, Certainty, Localisation, PointingGame, Severity, Tally};
use crate::explain::{ClassId, Decision, Decisions, Hierarchy, NodeId, Rule, argmax, softmax};

/// How many guesses count for the top-5 accuracy.
const GUESSES: usize = 5;

/// What a model answered for many pictures, counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The class with the largest logit is the true one.
    pub top1: Tally,
    /// The true class is among the five with the largest logits.
    pub top5: Tally,
    /// Top-1 by true class.
    pub classes: Vec<Tally>,
    /// How often a true class got a top-1 prediction: `(truth, prediction)`, pairs that never
    /// occurred left out.
    pub confusion: BTreeMap<(ClassId, ClassId), usize>,
    /// Of the network's softmax.
    pub calibration: Calibration,
    /// `None` where the model has no hierarchy.
    pub tree: Option<TreeScores>,
    /// Empty where no picture has a box.
    pub localisation: Localisation,
    /// With the maps of the true classes; empty where no picture has a box.
    pub pointing: PointingGame,
}

/// What a model's tree answered, counted.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeScores {
    pub hard: Tally,
    pub soft: Tally,
    /// The end of the path by the marginal rule. Its likeliest class is the network's: see
    /// [`Scores::top1`].
    pub marginal: Tally,
    /// By node, 0 of 0 for leaves: of the pictures whose true leaf lies below the node, how often
    /// does its decision go the way to that leaf? Every picture counts at each node on its true
    /// path, whether or not the hard rule would have come there.
    pub nodes: Vec<Tally>,
    /// The same by the marginal rule.
    pub marginal_nodes: Vec<Tally>,
    /// The answer at a certainty, by the marginal rule.
    pub certainty: Certainty,
    /// How wrong the network's mistakes are.
    pub severity: Severity,
    /// How often the network alone and the hard tree predict the same class, right or wrong.
    pub plain_is_hard: Tally,
    pub plain_is_soft: Tally,
    /// Where the likeliest branches lead to the likeliest class.
    pub plain_is_marginal: Tally,
    pub hard_is_soft: Tally,
    pub unanimous: Tally,
}

impl Scores {
    /// Nothing counted yet, for a model of so many classes.
    pub fn new(classes: usize, hierarchy: Option<&Hierarchy>) -> Self {
        Self {
            top1: Tally::default(),
            top5: Tally::default(),
            classes: vec![Tally::default(); classes],
            confusion: BTreeMap::new(),
            calibration: Calibration::default(),
            tree: hierarchy.map(TreeScores::new),
            localisation: Localisation::default(),
            pointing: PointingGame::default(),
        }
    }

    /// Counts one picture; the hierarchy is the one that the scores were made for.
    ///
    /// Equal logits rank in the order of the classes.
    ///
    /// # Panics
    /// If there are other classes than the scores were made for.
    pub fn add(&mut self, truth: ClassId, logits: &[f32], hierarchy: Option<&Hierarchy>) {
        let prediction = argmax(logits);
        self.top1.add(prediction == truth);
        self.top5.add(rank(logits, truth) < GUESSES);
        self.classes[truth].add(prediction == truth);
        *self.confusion.entry((truth, prediction)).or_default() += 1;
        let confidence = softmax(logits).get(prediction).copied().unwrap_or_default();
        self.calibration.add(confidence, prediction == truth);
        if let (Some(tree), Some(hierarchy)) = (&mut self.tree, hierarchy) {
            tree.add(truth, logits, hierarchy);
        }
    }

    /// Mean over the classes that have pictures of the share of each that is right, 0 to 1; `None`
    /// without pictures. The same as top-1 where all classes have equally many.
    pub fn mean_class(&self) -> Option<f64> {
        let rates: Vec<f64> = self.classes.iter().filter_map(|tally| tally.rate()).collect();
        (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64)
    }

    /// The mistakes `(truth, prediction, how often)`, most frequent first, then in order of the
    /// classes.
    pub fn mistakes(&self) -> Vec<(ClassId, ClassId, usize)> {
        let wrong = self.confusion.iter().filter(|((truth, prediction), _)| truth != prediction);
        let mut mistakes: Vec<_> =
            wrong.map(|(&(truth, prediction), &count)| (truth, prediction, count)).collect();
        mistakes.sort_by_key(|&(_, _, count)| Reverse(count));
        mistakes
    }
}

impl TreeScores {
    fn new(hierarchy: &Hierarchy) -> Self {
        let none = Tally::default();
        Self {
            hard: none,
            soft: none,
            marginal: none,
            nodes: vec![none; hierarchy.nodes().len()],
            marginal_nodes: vec![none; hierarchy.nodes().len()],
            certainty: Certainty::default(),
            severity: Severity::new(hierarchy),
            plain_is_hard: none,
            plain_is_soft: none,
            plain_is_marginal: none,
            hard_is_soft: none,
            unanimous: none,
        }
    }

    fn add(&mut self, truth: ClassId, logits: &[f32], hierarchy: &Hierarchy) {
        let decisions = Decisions::new(hierarchy, logits);
        let said = decisions.agreement(logits);
        self.hard.add(said.hard == truth);
        self.soft.add(said.soft == truth);
        self.marginal.add(said.marginal == truth);
        self.plain_is_hard.add(said.plain == said.hard);
        self.plain_is_soft.add(said.plain == said.soft);
        self.plain_is_marginal.add(said.plain == said.marginal);
        self.hard_is_soft.add(said.hard == said.soft);
        self.unanimous.add(said.is_unanimous(Rule::Hard));
        let path = hierarchy.leaf(truth).map(|leaf| hierarchy.path_to(leaf)).unwrap_or_default();
        for step in path.windows(2) {
            let children = &hierarchy.node(step[0]).children;
            let goes_there =
                |decision: &Decision| first_largest(children, &decision.logit) == Some(step[1]);
            self.nodes[step[0]].add(goes_there(&decisions.hard));
            self.marginal_nodes[step[0]].add(goes_there(&decisions.marginal));
        }
        self.certainty.add(truth, &decisions.marginal, hierarchy);
        self.severity.add(truth, said.plain, hierarchy);
    }
}

/// How many classes come before `class` when the largest logit is first.
fn rank(logits: &[f32], class: ClassId) -> usize {
    let own = logits[class];
    let before = |&(other, &logit): &(ClassId, &f32)| logit > own || logit == own && other < class;
    logits.iter().enumerate().filter(before).count()
}

/// The child that a decision goes to: the one with the largest logit, the first one on ties.
fn first_largest(children: &[NodeId], logit: &[f32]) -> Option<NodeId> {
    let (&first, others) = children.split_first()?;
    let better = |best, &child: &NodeId| if logit[child] > logit[best] { child } else { best };
    Some(others.iter().fold(first, better))
}
