//! The tree that WordNet has for some of its meanings.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::{GraphLink, GraphNode, NodeLinkGraph};
use crate::wordnet::{hypernym_closure, name_of, synset};

/// Meanings so general that a decision between them tells nobody anything: what is below them hangs
/// on the root.
const SAYS_NOTHING: [&str; 14] = [
    ROOT,        // entity
    "n00001930", // physical entity
    "n00002137", // abstraction
    "n00002452", // thing
    "n00002684", // object
    "n00003553", // whole
    "n00007347", // causal agent
    "n00019613", // substance, a part of something
    "n00020090", // substance, a kind of matter
    "n00020827", // matter
    "n00023100", // psychological feature
    "n00024264", // attribute
    "n00031921", // relation
    "n13809207", // part
];
const ROOT: &str = "n00001740";
/// The branch of the classes whose meaning is not known.
const UNKNOWN: (&str, &str) = ("unknown", "not in WordNet");

/// The tree of classes with the meanings `senses` (wnids by class); classes without one hang on a
/// branch of their own. `ids` are the ids of the leaves, by class.
///
/// The rules:
/// * of several hypernyms, the deepest one counts that also stands above another class of the
///   model, for it groups what belongs together; if none does, the deepest one. Ties go to the one
///   above more classes, then to the first one of WordNet's list;
/// * what says nothing is left out (see `SAYS_NOTHING`), and so is a node with a single child;
/// * a class that is also above other classes becomes an inner node with the class as first leaf;
/// * children stand in the order of their first classes.
pub fn by_meaning<S: AsRef<str>>(senses: &[Option<&'static str>], ids: &[S]) -> NodeLinkGraph {
    let ids: Vec<String> = ids.iter().map(|id| id.as_ref().to_owned()).collect();
    let ids = &ids[..];
    let mut builder = Builder { ids, below: HashMap::new(), nodes: Vec::new(), links: Vec::new() };
    for sense in senses.iter().flatten() {
        for above in hypernym_closure(sense) {
            *builder.below.entry(above).or_default() += 1;
        }
    }
    // Children of each meaning: further meanings, and the classes that mean it.
    let mut children: HashMap<&'static str, Vec<Child>> = HashMap::new();
    let mut hung = HashSet::new();
    for (class, sense) in senses.iter().enumerate() {
        let Some(sense) = *sense else { continue };
        children.entry(sense).or_default().insert(0, Child::Class(class));
        let mut child = sense;
        while hung.insert(child) {
            let Some(parent) = builder.parent(child) else { break };
            children.entry(parent).or_default().push(Child::Meaning(child));
            child = parent;
        }
    }
    let mut unknown: Vec<Child> =
        (0..senses.len()).filter(|&class| senses[class].is_none()).map(Child::Class).collect();
    if unknown.len() > 1 {
        children.insert(UNKNOWN.0, std::mem::take(&mut unknown));
        unknown.push(Child::Meaning(UNKNOWN.0));
    }
    if !unknown.is_empty() {
        children.entry(ROOT).or_default().extend(unknown);
    }
    builder.nodes.extend(ids.iter().zip(senses).map(|(id, sense)| GraphNode {
        label: sense.and_then(name_of).map(str::to_owned),
        id: id.clone(),
    }));
    builder.add(ROOT, &children);
    NodeLinkGraph::new(builder.nodes, builder.links)
}

#[derive(Clone, Copy)]
enum Child {
    Class(usize),
    Meaning(&'static str),
}

struct Builder<'a> {
    ids: &'a [String],
    /// How many classes are at or below each meaning.
    below: HashMap<&'static str, usize>,
    nodes: Vec<GraphNode>,
    links: Vec<GraphLink>,
}

impl Builder<'_> {
    /// The next more general meaning that says something; the root for the most general ones,
    /// `None` for the root.
    fn parent(&self, wnid: &'static str) -> Option<&'static str> {
        if wnid == ROOT {
            return None;
        }
        let hypernyms = synset(wnid).map_or(&[][..], |synset| &synset.hypernyms);
        let below = |wnid: &str| self.below.get(wnid).copied().unwrap_or_default();
        let key = |&(place, hypernym): &(usize, &'static str)| {
            let depth = synset(hypernym).map_or(0, |synset| synset.max_depth);
            (below(hypernym) > below(wnid), depth, below(hypernym), Reverse(place))
        };
        let best = hypernyms.iter().copied().enumerate().max_by_key(key);
        let parent = best.map_or(ROOT, |(_, hypernym)| hypernym);
        if SAYS_NOTHING.contains(&parent) { Some(ROOT) } else { Some(parent) }
    }

    /// Adds a meaning with all that is below it; returns the id of its node, which is that of the
    /// only child where there is one.
    ///
    /// It calls itself as deep as WordNet is, which is 18 levels.
    fn add(&mut self, wnid: &str, children: &HashMap<&'static str, Vec<Child>>) -> String {
        let own = children.get(wnid).map_or(&[][..], Vec::as_slice);
        let below: Vec<String> = own
            .iter()
            .map(|child| match *child {
                Child::Class(class) => self.ids[class].clone(),
                Child::Meaning(child) => self.add(child, children),
            })
            .collect();
        if let [only] = &below[..] {
            return only.clone();
        }
        // The class of the same meaning has the id already.
        let mut id = wnid.to_owned();
        while self.ids.contains(&id) {
            id.push('+');
        }
        let name = if wnid == UNKNOWN.0 { Some(UNKNOWN.1) } else { name_of(wnid) };
        self.nodes.push(GraphNode { label: name.map(str::to_owned), id: id.clone() });
        let link = |target| GraphLink { source: id.clone(), target };
        self.links.extend(below.into_iter().map(link));
        id
    }
}
