//! Decisions of all hierarchies that nbdt ships, computed by nbdt itself on 50 rows of logits each:
//! ordinary, peaked, huge, tiny, tied and all zero.

use std::collections::HashMap;

use glasstree::explain::{Agreement, Decision, Hierarchy, Rule};

use super::{assert_close, golden_json, golden_tensors};

/// Probabilities and entropies: nbdt computes them in 32 bits, with sums over up to 1000 leaves.
const TOLERANCE: f32 = 1e-5;
/// In logits. Below it, nbdt's own choice changes from run to run with its order of summation.
const TIE: f32 = 1e-5;

const GRAPHS: [&str; 12] = [
    "CIFAR10.graph-induced",
    "CIFAR10.graph-induced-ResNet10",
    "CIFAR10.graph-induced-ResNet18",
    "CIFAR10.graph-wordnet",
    "CIFAR100.graph-induced",
    "CIFAR100.graph-induced-ResNet10",
    "CIFAR100.graph-induced-ResNet18",
    "CIFAR100.graph-wordnet",
    "TinyImagenet200.graph-induced",
    "TinyImagenet200.graph-induced-ResNet18",
    "TinyImagenet200.graph-wordnet",
    "Imagenet1000.graph-induced",
];

#[derive(serde::Deserialize)]
struct Reference {
    root: String,
    inner: Vec<Inner>,
    /// wnid and WordNet name, in class order.
    leaves: Vec<(String, String)>,
    samples: Vec<Sample>,
}

#[derive(serde::Deserialize)]
struct Inner {
    wnid: String,
    name: String,
    children: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Sample {
    hard: usize,
    soft: usize,
    plain: usize,
    /// The closest decision on the hard path, in logits.
    margin: f32,
    /// 1 - (second largest / largest) soft probability.
    soft_margin: f32,
    /// wnid, probability, entropy of the parent, and which child this is.
    hard_path: Vec<(String, f32, f32, usize)>,
    /// The same, but which child comes next, and -1 at the leaf.
    soft_path: Vec<(String, f32, f32, i64)>,
}

impl Reference {
    fn wnids(&self) -> Vec<String> {
        self.leaves.iter().map(|(wnid, _)| wnid.clone()).collect()
    }

    /// The tree as a node-link file, in the wording of networkx before or after 3.4.
    fn file(&self, edges_key: &str) -> String {
        let ids = self.inner.iter().map(|node| &node.wnid);
        let ids = ids.chain(self.leaves.iter().map(|(wnid, _)| wnid));
        let nodes: Vec<_> = ids.map(|id| serde_json::json!({ "id": id })).collect();
        let edges = self.inner.iter().flat_map(|node| {
            let edge = |child| serde_json::json!({ "source": node.wnid, "target": child });
            node.children.iter().map(edge)
        });
        let edges: Vec<_> = edges.collect();
        serde_json::json!({
            "directed": true, "multigraph": false, "graph": {}, "nodes": nodes, edges_key: edges,
        })
        .to_string()
    }

    /// WordNet's names; generated nodes have none.
    fn names(&self) -> HashMap<&str, &str> {
        let inner = self.inner.iter().map(|node| (node.wnid.as_str(), node.name.as_str()));
        let leaves = self.leaves.iter().map(|(wnid, name)| (wnid.as_str(), name.as_str()));
        inner.chain(leaves).filter(|&(_, name)| name != "(generated)").collect()
    }

    fn hierarchy(&self) -> Hierarchy {
        let names = self.names();
        let name = |wnid: &str| names.get(wnid).map(|&name| name.to_owned());
        Hierarchy::from_json(&self.file("links"), &self.wnids(), &name).unwrap()
    }
}

/// The soft rule's row of the reference's table as class probabilities.
fn row(table: &[f32], i: usize, classes: usize) -> &[f32] {
    &table[i * classes..][..classes]
}

#[test]
fn hierarchies_are_read_as_they_are() {
    for graph in GRAPHS {
        let reference: Reference = golden_json(&format!("nbdt/{graph}.json"));
        let h = reference.hierarchy();
        assert_eq!(h.nodes().len(), reference.inner.len() + reference.leaves.len(), "{graph}");
        assert_eq!(h.node(h.root()).wnid, reference.root, "{graph}");
        for inner in &reference.inner {
            let node = h.node(h.find_node(&inner.wnid).unwrap());
            let children: Vec<_> = node.children.iter().map(|&c| &h.node(c).wnid).collect();
            assert_eq!(children, inner.children.iter().collect::<Vec<_>>(), "{graph}");
            if inner.name == "(generated)" {
                assert!(node.generated && !node.name.is_empty(), "{}", node.name);
            } else {
                assert_eq!(
                    (node.name.as_str(), node.generated),
                    (inner.name.as_str(), false),
                    "{graph}"
                );
            }
        }
        for (class, (wnid, name)) in reference.leaves.iter().enumerate() {
            let leaf = h.node(h.leaf(class).unwrap());
            assert_eq!(
                (&*leaf.wnid, &*leaf.name, leaf.class),
                (&**wnid, &**name, Some(class)),
                "{graph}"
            );
        }
        let newer = Hierarchy::from_json(&reference.file("edges"), &reference.wnids(), &|wnid| {
            reference.names().get(wnid).map(|&name| name.to_owned())
        });
        assert_eq!(newer.unwrap(), h, "{graph}");
    }
}

#[test]
fn decisions_equal_nbdts() {
    for graph in GRAPHS {
        let reference: Reference = golden_json(&format!("nbdt/{graph}.json"));
        let (dataset, _) = graph.split_once('.').unwrap();
        let logits = &golden_tensors(&format!("nbdt/{dataset}.logits.safetensors"))["logits"];
        let soft_probs = &golden_tensors(&format!("nbdt/{graph}.safetensors"))["soft"];
        let h = reference.hierarchy();
        let mut compared = 0;
        for (i, sample) in reference.samples.iter().enumerate() {
            let at = format!("{graph} row {i}");
            let logits = row(logits, i, h.classes());
            let hard = Decision::new(&h, logits, Rule::Hard);
            let soft = Decision::new(&h, logits, Rule::Soft);
            let agreement = Agreement::new(&h, logits);
            assert_eq!(agreement.plain, sample.plain, "{at}");
            assert_eq!((agreement.hard, agreement.soft), (hard.class, soft.class), "{at}");
            assert_close(&soft.class_prob, row(soft_probs, i, h.classes()), TOLERANCE, &at);
            // All zeros tie exactly, in every order of summation, so they are compared.
            let tied = |margin: f32| margin < TIE && logits.iter().any(|&z| z != 0.0);
            if !tied(sample.margin) {
                assert_eq!(hard.class, sample.hard, "{at}");
                check_hard_steps(&h, &hard, sample, &at);
                compared += 1;
            }
            if !tied(sample.soft_margin) {
                assert_eq!(soft.class, sample.soft, "{at}");
                check_soft_steps(&h, &soft, sample, &at);
                compared += 1;
            }
        }
        assert!(compared >= 80, "{graph}: only {compared} of 100 paths were compared");
    }
}

fn check_hard_steps(h: &Hierarchy, decision: &Decision, sample: &Sample, at: &str) {
    let steps = decision.steps(h);
    assert_eq!(steps.len(), sample.hard_path.len(), "{at}: path");
    for (step, (wnid, probability, entropy, child)) in steps.iter().zip(&sample.hard_path) {
        assert_eq!((&*step.wnid, step.child), (&**wnid, Some(*child)), "{at}: path");
        assert_close(&[step.probability, step.entropy], &[*probability, *entropy], TOLERANCE, at);
    }
    assert_eq!(decision.class_prob[decision.class], 1.0, "{at}: one-hot");
    assert_eq!(decision.class_prob.iter().sum::<f32>(), 1.0, "{at}: one-hot");
}

fn check_soft_steps(h: &Hierarchy, decision: &Decision, sample: &Sample, at: &str) {
    let steps = decision.steps(h);
    assert_eq!(steps.len(), sample.soft_path.len(), "{at}: path");
    for (step, (wnid, probability, entropy, next)) in steps.iter().zip(&sample.soft_path) {
        assert_eq!((&*step.wnid, step.next), (&**wnid, usize::try_from(*next).ok()), "{at}: path");
        assert_close(&[step.probability, step.entropy], &[*probability, *entropy], TOLERANCE, at);
    }
}

#[test]
fn a_decision_without_doubt_keeps_its_lead() {
    let reference: Reference = golden_json("nbdt/CIFAR10.graph-induced.json");
    let h = reference.hierarchy();
    let mut logits = [0.0; 10];
    logits[3] = 4000.0;
    let decision = Decision::new(&h, &logits, Rule::Hard);
    assert_eq!(decision.class, 3);
    for pair in decision.path.windows(2) {
        assert_eq!(decision.branch_prob[pair[1]], 1.0);
        // PyTorch clamps probabilities to 1 - 2^-23, whose logarithm is -2^-23 to eight digits.
        assert_close(&[decision.entropy[pair[0]]], &[f32::EPSILON], 1e-13, "entropy");
        let lead = 4000.0 / h.node(pair[1]).leaves.len() as f32;
        // The other child has a mean logit of 0; one rounding to 32 bits at 4000.
        assert_close(&[decision.log_odds[pair[1]]], &[lead], 1e-3, "log-odds");
    }
    let leaf = h.node(h.leaf(3).unwrap());
    let sibling = h.node(leaf.parent.unwrap()).children[1];
    assert_close(&[decision.log_odds[sibling]], &[-4000.0], 1e-3, "log-odds of the loser");
}
