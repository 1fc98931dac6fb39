//! `glasstree region`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::args::{ModelArgs, PictureArgs};
use super::nodes::HierarchyArgs;
use super::output::percent;
use super::verify::{self, Reruns};
use super::{Out, Session, classify, nodes};
use crate::catalog::ModelSource;
use crate::explain::{
    Account, BranchAccount, ClassId, Decision, Question, Rect, Region, Rule, argmax,
    branch_accounts, softmax,
};
use crate::explanation::Explanation;
use crate::protocol::{ModelRequest, PictureSource};

#[derive(Debug, Args)]
pub struct RegionArgs {
    /// The picture.
    pub image: PathBuf,
    /// The part of the photo, in its pixels.
    #[arg(long = "box", value_name = "X,Y,W,H", value_parser = rect, allow_hyphen_values = true)]
    pub rect: Rect,
    /// One model for prediction and tree, by name or as a weights file; the two that come with the
    /// program if left out.
    #[arg(long)]
    pub model: Option<String>,
    /// Class to explain, by name, synonym, WordNet id or index; the likeliest one if left out.
    #[arg(long, value_name = "NAME|INDEX")]
    pub class: Option<String>,
    /// hard (follow the likeliest child) or soft (multiply along the path).
    #[arg(long, default_value = "hard")]
    pub rule: Rule,
    /// Run the network again with the region painted over and with the region blurred.
    #[arg(long)]
    pub verify: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub tree: HierarchyArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

/// `10,20,100,50`
fn rect(text: &str) -> Result<Rect, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[x, y, width, height]) => Ok(Rect::new(x, y, width, height)),
        _ => Err("give four numbers: left, top, width and height, such as 10,20,100,50".to_owned()),
    }
}

/// What the region does for a class.
struct ClassPart {
    explanation: Arc<Explanation>,
    region: Region,
    class: ClassId,
    account: Account,
    logits_without: Vec<f32>,
    reruns: Reruns,
}

/// What the region does for the decisions of a tree.
struct TreePart {
    explanation: Arc<Explanation>,
    region: Region,
    with: Decision,
    without: Decision,
    accounts: Vec<BranchAccount>,
    reruns: Reruns,
}

pub fn run(args: &RegionArgs, out: Out<'_>) -> anyhow::Result<()> {
    let mut request =
        args.options.request(args.model.as_deref(), ModelSource::default_classifier());
    let mut tree_request = ModelRequest::from(ModelSource::default_tree_model());
    tree_request.hierarchy = args.tree.choice();
    if args.model.is_some() {
        request.hierarchy = args.tree.choice();
        tree_request = request.clone();
    }
    let session = Session::start(args.options.device)?;
    let model = session.load(&request)?;
    let class = args.class.as_deref().map(|name| model.classes.find(name)).transpose()?;
    let seen = session.explain(&args.picture, &args.image, &request)?;
    let class = ClassPart::new(args, &session, &request, seen, class)?;
    let photo = PictureSource::Photo(Arc::clone(&class.explanation.photo));
    let decided = match args.model {
        Some(_) => Arc::clone(&class.explanation),
        None => session.engine.explain(photo, &tree_request, &mut super::warn)?,
    };
    let tree = TreePart::new(args, &session, &tree_request, decided);
    // Without a tree there is still the class, unless the tree was asked for.
    let tree = match tree {
        Err(error) if args.tree.hierarchy.is_none() => {
            super::warn(&format!("no decisions: {error:#}"));
            None
        }
        tree => Some(tree?),
    };
    if args.json {
        let Rect { min: [x, y], max: [right, bottom] } = args.rect;
        let value = json!({
            "box": { "x": x, "y": y, "width": right - x, "height": bottom - y },
            "class": class.to_json(),
            "tree": tree.as_ref().map(TreePart::to_json).transpose()?,
        });
        writeln!(out, "{value}")?;
        return Ok(());
    }
    class.print(out)?;
    tree.map_or(Ok(()), |tree| tree.print(out))
}

fn reruns(
    args: &RegionArgs,
    session: &Session,
    request: &ModelRequest,
    explanation: &Explanation,
) -> anyhow::Result<Reruns> {
    if !args.verify {
        return Ok(Vec::new());
    }
    verify::without(session, explanation, request, &[args.rect])
}

impl ClassPart {
    fn new(
        args: &RegionArgs,
        session: &Session,
        request: &ModelRequest,
        explanation: Arc<Explanation>,
        class: Option<ClassId>,
    ) -> anyhow::Result<Self> {
        let region = explanation.region(&args.rect)?;
        let class = class.unwrap_or_else(|| explanation.prediction());
        let question = Question::class(class, explanation.model.label(class));
        let account = region.account(&explanation.evidence(question));
        let logits = &explanation.forward.logits;
        let logits_without = region.logits_without(logits, &explanation.class_maps());
        let reruns = reruns(args, session, request, &explanation)?;
        Ok(Self { explanation, region, class, account, logits_without, reruns })
    }

    fn probability_without(&self) -> f32 {
        softmax(&self.logits_without)[self.class]
    }

    fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let Account { region, total, .. } = self.account;
        let (model, class) = (&self.explanation.model, self.class);
        let share = percent(self.region.share() as f32);
        writeln!(out, "The region is {share} of what {} sees", model.source.name())?;
        let label = model.label(class);
        let (with, without) = (self.explanation.probabilities[class], self.probability_without());
        writeln!(
            out,
            "{label}: this region gives {region:+.2} of the logit {total:+.2}; without it {:+.2}, \
             and the probability goes from {} to {}",
            self.account.without(),
            percent(with),
            percent(without)
        )?;
        let (now, then) = (self.explanation.prediction(), argmax(&self.logits_without));
        if now != then {
            let (now, then) = (model.label(now), model.label(then));
            writeln!(out, "Without the region the prediction would be {then} instead of {now}")?;
        }
        for (how, seen) in &self.reruns {
            let logit = seen.forward.logits[class];
            writeln!(
                out,
                "  checked with the network, region {}: logit {logit:+.2} ({:+.2} off), {}",
                verify::words(*how),
                logit - self.account.without(),
                percent(seen.probabilities[class])
            )?;
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        let verified = self.reruns.iter().map(|(how, seen)| {
            let logit = seen.forward.logits[self.class];
            json!({
                "how": how,
                "logit": logit,
                "difference": logit - self.account.without(),
                "probability": seen.probabilities[self.class],
                "prediction": seen.model.label(seen.prediction()),
            })
        });
        json!({
            "model": self.explanation.model.source.name(),
            "share": self.region.share(),
            "class": classify::one(&self.explanation, self.class),
            "region": self.account.region,
            "rest": self.account.rest,
            "bias": self.account.bias,
            "logit": self.account.total,
            "logit_without": self.account.without(),
            "probability_without": self.probability_without(),
            "prediction_without": self.explanation.model.label(argmax(&self.logits_without)),
            "verified": verified.collect::<Vec<_>>(),
        })
    }
}

impl TreePart {
    fn new(
        args: &RegionArgs,
        session: &Session,
        request: &ModelRequest,
        explanation: Arc<Explanation>,
    ) -> anyhow::Result<Self> {
        let hierarchy = &nodes::tree(&explanation.model)?.hierarchy;
        let region = explanation.region(&args.rect)?;
        let logits = &explanation.forward.logits;
        let with = Decision::new(hierarchy, logits, args.rule);
        let logits = region.logits_without(logits, &explanation.class_maps());
        let without = Decision::new(hierarchy, &logits, args.rule);
        let accounts = branch_accounts(hierarchy, &with, &without, &with.path);
        let reruns = reruns(args, session, request, &explanation)?;
        Ok(Self { explanation, region, with, without, accounts, reruns })
    }

    fn rerun(&self, seen: &Explanation) -> anyhow::Result<Decision> {
        let hierarchy = &nodes::tree(&self.explanation.model)?.hierarchy;
        Ok(Decision::new(hierarchy, &seen.forward.logits, self.with.rule))
    }

    fn print(&self, out: Out<'_>) -> anyhow::Result<()> {
        let model = &self.explanation.model;
        let hierarchy = &nodes::tree(model)?.hierarchy;
        let share = percent(self.region.share() as f32);
        let (now, then) = (model.label(self.with.class), model.label(self.without.class));
        writeln!(
            out,
            "Decisions of {} on the way to {now} (it sees {share} of its picture there):",
            model.source.name()
        )?;
        let reruns: Vec<_> = self
            .reruns
            .iter()
            .map(|(how, seen)| Ok((*how, self.rerun(seen)?)))
            .collect::<anyhow::Result<_>>()?;
        for account in &self.accounts {
            let name = &hierarchy.node(account.node).name;
            writeln!(
                out,
                "  {name}: this region gives {:+.2} of the {:+.2} log-odds; without it {} → {}",
                account.region,
                account.log_odds,
                percent(account.probability),
                percent(account.probability_without)
            )?;
            for (how, decision) in &reruns {
                writeln!(
                    out,
                    "    checked with the network, region {}: {} ({:+.2} log-odds off)",
                    verify::words(*how),
                    percent(decision.branch_prob[account.node]),
                    decision.log_odds[account.node] - account.log_odds_without
                )?;
            }
        }
        if now != then {
            writeln!(out, "Without the region the tree would say {then} instead of {now}")?;
        }
        Ok(())
    }

    fn to_json(&self) -> anyhow::Result<Value> {
        let model = &self.explanation.model;
        let tree = nodes::tree(model)?;
        let mut decisions = Vec::new();
        for account in &self.accounts {
            let mut value = nodes::one(&tree.hierarchy, account.node);
            value["log_odds"] = json!(account.log_odds);
            value["log_odds_without"] = json!(account.log_odds_without);
            value["region"] = json!(account.region);
            value["probability"] = json!(account.probability);
            value["probability_without"] = json!(account.probability_without);
            let mut verified = Vec::new();
            for (how, seen) in &self.reruns {
                let decision = self.rerun(seen)?;
                let log_odds = decision.log_odds[account.node];
                verified.push(json!({
                    "how": how,
                    "log_odds": log_odds,
                    "difference": log_odds - account.log_odds_without,
                    "probability": decision.branch_prob[account.node],
                }));
            }
            value["verified"] = json!(verified);
            decisions.push(value);
        }
        Ok(json!({
            "model": model.source.name(),
            "hierarchy": tree.name,
            "rule": self.with.rule.to_string(),
            "share": self.region.share(),
            "prediction": model.label(self.with.class),
            "prediction_without": model.label(self.without.class),
            "decisions": decisions,
        }))
    }
}
