//! What can be said about two classes, without a screen.

use crate::explain::{ClassId, Evidence, Hierarchy, NodeId, Question, Rule};
use crate::explanation::{CamTarget, Explanation};
use crate::tree_text::{percent, short_name};
use crate::ui::text::number;
use crate::ui::text::short;

/// One of the two classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub name: String,
    /// Among all classes.
    pub probability: f32,
    pub logit: f32,
}

/// A against B.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub sides: [Side; 2],
    /// Positive for A, negative for B.
    pub evidence: Evidence,
    /// `None` without a tree.
    pub parting: Option<Parting>,
}

/// The decision at which the ways to two classes part.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    pub node: NodeId,
    pub name: String,
    /// The children that lead to A and to B.
    pub branches: [NodeId; 2],
    pub branch_names: [String; 2],
    /// Whether there is no third branch.
    pub is_binary: bool,
    /// Positive for the branch of A.
    pub evidence: Evidence,
}

/// P(first | one of the two) for a lead in logits.
fn of_the_two(lead: f32) -> f32 {
    1.0 / (1.0 + (-lead).exp())
}

impl Comparison {
    /// `None` for a class against itself, or where there is no such class.
    pub fn new(
        explanation: &Explanation,
        tree: Option<(&Hierarchy, Rule)>,
        [a, b]: [ClassId; 2],
    ) -> Option<Self> {
        explanation.question(CamTarget::Difference(a, b))?;
        let side = |class: ClassId| Side {
            name: short(explanation.model.label(class)),
            probability: explanation.probabilities.get(class).copied().unwrap_or(f32::NAN),
            logit: explanation.forward.logits.get(class).copied().unwrap_or(f32::NAN),
        };
        let sides = [a, b].map(side);
        let question = Question::classes((a, &sides[0].name), (b, &sides[1].name)).ok()?;
        let parting = tree.and_then(|tree| Parting::new(explanation, tree, [a, b]));
        Some(Self { sides, evidence: explanation.evidence(question).ok()?, parting })
    }

    /// `cat leads dog by 4.83 logits: of these two alone, it would have 99.2 %.`
    pub fn lead_in_words(&self) -> String {
        let [a, b] = &self.sides;
        let lead = self.evidence.total;
        if lead == 0.0 {
            return format!("{} and {} are equally likely", a.name, b.name);
        }
        let (ahead, behind) = if lead > 0.0 { (a, b) } else { (b, a) };
        format!(
            "{} leads {} by {} logits: between these two alone, its probability is {}",
            ahead.name,
            behind.name,
            number(lead.abs(), 2),
            percent(of_the_two(lead.abs()))
        )
    }
}

impl Parting {
    fn new(
        explanation: &Explanation,
        (hierarchy, rule): (&Hierarchy, Rule),
        [a, b]: [ClassId; 2],
    ) -> Option<Self> {
        let [leaf_a, leaf_b] = [hierarchy.leaf(a)?, hierarchy.leaf(b)?];
        let (node, branches) = hierarchy.parting(leaf_a, leaf_b)?;
        let question = Question::against(hierarchy, branches[0], branches[1], rule).ok()?;
        Some(Self {
            node,
            name: short_name(hierarchy, node),
            branches,
            branch_names: branches.map(|branch| short_name(hierarchy, branch)),
            is_binary: hierarchy.node(node).children.len() == 2,
            evidence: explanation.evidence(question).ok()?,
        })
    }

    /// `In the tree they part at “carnivore”: there the picture speaks for “cat” rather than “dog”,
    /// by 4.83 logits (99.2 % to 0.8 %).`
    pub fn in_words(&self) -> String {
        let lead = self.evidence.total;
        let [a, b] = &self.branch_names;
        let (ahead, behind) = if lead >= 0.0 { (a, b) } else { (b, a) };
        let share = of_the_two(lead.abs());
        format!(
            "In the tree, their paths diverge at \u{201c}{}\u{201d}: there \
             \u{201c}{ahead}\u{201d} leads \u{201c}{behind}\u{201d} by {} logits ({} to {})",
            self.name,
            number(lead.abs(), 2),
            percent(share),
            percent(1.0 - share)
        )
    }
}
