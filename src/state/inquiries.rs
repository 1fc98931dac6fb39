//! Networks asked about many changed inputs, beside everything else: maps by other methods, curves,
//! checks. What the window wants is told after each frame; what it does not want any more is given
//! up.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::{AppState, Effect, Role};
use crate::explain::{Answers, Cam, Canvas, Checks, Curve, Erasure, Method, Probe};
use crate::explanation::{CamTarget, Explanation, MethodMap, ModelInfo, Plan, PlanOptions, Score};
use crate::protocol::{JobId, Request};

/// What a network is asked about the picture on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Topic {
    /// A map by a method: of one target where its answers serve no other ([`Topic::map`]).
    Map(Method, Option<CamTarget>),
    /// The picture taken apart in some order.
    Curve(Curve, Order),
    /// The picture in other guises, and without each cell.
    Checks,
}

impl Topic {
    /// The map of a target.
    pub fn map(seen: &Explanation, method: Method, target: CamTarget) -> Self {
        let is_of_one = method.kind().is_of_one_target() && !seen.is_ready(method);
        Self::Map(method, is_of_one.then_some(target))
    }
}

/// In which order a picture is taken apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// That of a map: the places that matter most first.
    Map(Method, CamTarget),
    /// Knowing nothing: from the middle outwards.
    CentreFirst,
    /// Knowing nothing: cells of the map's size in any order.
    Random,
}

/// One topic, and what came of it so far.
#[derive(Debug)]
pub struct Inquiry {
    pub role: Role,
    pub topic: Topic,
    /// What the network said about the whole picture.
    seen: Arc<Explanation>,
    pub asked: Asked,
    pub answers: Answers,
    /// How many answers there will be.
    pub total: usize,
    /// About how long the rest takes.
    pub left: Duration,
    pub progress: Progress,
}

/// The inputs of an inquiry.
#[derive(Debug, Clone)]
pub enum Asked {
    Plan(Plan),
    Curve(Arc<Erasure>),
    Checks(Arc<Checks>),
    /// It cannot be asked.
    Nothing,
}

/// How far an inquiry is.
#[derive(Debug)]
pub enum Progress {
    /// Dropping the token gives it up.
    Running(JobId, Arc<()>),
    Done,
    /// By the user; the answers so far stay.
    Stopped,
    /// One line for the user.
    Failed(String),
}

/// Steps of a curve.
pub const CURVE_STEPS: usize = 20;
/// Bytes of what is kept when nobody looks at it: answers about this picture and earlier ones, and
/// those pictures.
const KEPT: usize = 64 << 20;
/// What maps measure while parts are hidden: in the unit of the exact maps, so that they can stand
/// beside these.
pub const MAP_SCORE: Score = Score::Logit;
/// Any fixed number, so that the same picture gives the same curve.
const SEED: u64 = 1;

impl Inquiry {
    pub fn is_running(&self) -> bool {
        matches!(self.progress, Progress::Running(..))
    }

    pub fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done)
    }

    /// Why it failed.
    pub fn error(&self) -> Option<&str> {
        match &self.progress {
            Progress::Failed(error) => Some(error),
            Progress::Running(..) | Progress::Done | Progress::Stopped => None,
        }
    }

    /// The map that the answers so far make.
    pub fn map(&self, seen: &Explanation, target: CamTarget) -> Option<MethodMap> {
        match &self.asked {
            Asked::Plan(plan) => plan.map(seen, &self.answers, target, MAP_SCORE),
            Asked::Curve(_) | Asked::Checks(_) | Asked::Nothing => None,
        }
    }

    /// Whether it asks what would be asked now: with an edited tree, a node may be another one.
    fn asks_the_same(&self, seen: &Explanation) -> bool {
        match (self.topic, &self.asked) {
            (Topic::Map(_, Some(target)), Asked::Plan(plan)) => {
                plan.question() == seen.question(target).as_ref()
            }
            _ => true,
        }
    }

    /// What the answers take, and the changed inputs that were asked about, which are copies of two.
    fn bytes(&self) -> usize {
        let inputs = self.asked.probe().map_or(0, |_| 2 * size_of_val(&self.seen.input.chw[..]));
        self.answers.0.iter().map(|answer| answer.bytes()).sum::<usize>() + inputs
    }

    fn is_about(&self, seen: &Explanation) -> bool {
        if !self.asks_the_same(seen) {
            return false;
        }
        let is_same = self.seen.model.is_same_network(&seen.model);
        self.seen.is_same_run(seen) || (is_same && self.seen.input.chw == seen.input.chw)
    }
}

impl Asked {
    fn probe(&self) -> Option<Arc<dyn Probe>> {
        match self {
            Self::Plan(plan) => plan.probe(),
            Self::Curve(erasure) => Some(Arc::<Erasure>::clone(erasure)),
            Self::Checks(checks) => Some(Arc::<Checks>::clone(checks)),
            Self::Nothing => None,
        }
    }
}

impl AppState {
    /// What came of a topic for the picture on the screen.
    pub fn inquiry(&self, role: Role, topic: Topic) -> Option<&Inquiry> {
        let role = self.own(role);
        let seen = self.explanation(role)?;
        let is_it = |it: &&Inquiry| it.role == role && it.topic == topic;
        let mut known = self.inquiries.iter().filter(is_it);
        known.find(|it| it.seen.is_same_run(seen) && it.asks_the_same(seen))
    }

    /// Whether a topic is answered for what is on the screen, so that asking costs nothing.
    pub fn is_answered(&self, role: Role, topic: Topic) -> bool {
        let own = self.own(role);
        let Some(seen) = self.explanation(own) else { return false };
        let is_it = |it: &Inquiry| (it.role, it.topic) == (own, topic) && it.is_about(seen);
        self.inquiries.iter().any(|it| it.is_done() && is_it(it))
    }

    /// The inquiry that the network is at work on.
    pub fn running_inquiry(&self) -> Option<&Inquiry> {
        self.inquiries.iter().find(|inquiry| inquiry.is_running())
    }

    /// Asks what is `wanted` and not asked yet, and gives up everything else that runs.
    pub fn inquire(&mut self, wanted: &[(Role, Topic)]) -> Vec<Effect> {
        let mut current = Vec::new();
        for &(role, topic) in wanted {
            let own = self.own(role);
            // A picture or a model on its way comes first, and so does a stroke over the photo.
            let is_free = self.wanted.is_none()
                && self.role(own).job().is_none()
                && !self.is_covering()
                && self.stopped.is_none();
            if let Some(seen) = self.explanation(own).filter(|_| is_free) {
                current.push((own, topic, Arc::clone(seen)));
            }
        }
        self.inquiries.retain(|inquiry| {
            let is_it = |(role, topic, seen): &(Role, Topic, Arc<Explanation>)| {
                (*role, *topic) == (inquiry.role, inquiry.topic) && inquiry.is_about(seen)
            };
            match inquiry.progress {
                // Nothing was asked for a plain map.
                Progress::Done if inquiry.answers.is_empty() => current.iter().any(is_it),
                Progress::Done => true,
                Progress::Running(..) | Progress::Stopped => current.iter().any(is_it),
                Progress::Failed(_) => current.iter().any(is_it),
            }
        });
        let mut effects = Vec::new();
        for (role, topic, seen) in current {
            let mut known = self.inquiries.iter_mut();
            let known = known.find(|it| (it.role, it.topic) == (role, topic) && it.is_about(&seen));
            match known {
                // The same picture once more: what was said about it holds.
                Some(inquiry) => inquiry.seen = seen,
                None => effects.extend(self.begin(role, topic, seen)),
            }
        }
        self.forget_surplus(wanted);
        effects
    }

    /// Forgets what nobody looks at and there is no room for, the oldest first.
    fn forget_surplus(&mut self, wanted: &[(Role, Topic)]) {
        let wanted: Vec<(Role, Topic)> =
            wanted.iter().map(|&(role, topic)| (self.own(role), topic)).collect();
        // What is on the screen, or in use, stays whatever is kept here. A picture or a model that
        // several inquiries are about goes with the newest of them.
        let mut pictures = HashSet::new();
        let mut models: Vec<&ModelInfo> =
            Role::ALL.iter().filter_map(|&role| self.role(role).model.as_deref()).collect();
        let mut bytes: Vec<Option<usize>> = Vec::new();
        for inquiry in self.inquiries.iter().rev() {
            let shown = self.explanation(inquiry.role);
            let is_shown = shown.is_some_and(|shown| inquiry.is_about(shown));
            let is_wanted = is_shown && wanted.contains(&(inquiry.role, inquiry.topic));
            let is_first = !is_shown && pictures.insert(Arc::as_ptr(&inquiry.seen));
            let picture = if is_first { inquiry.seen.bytes() } else { 0 };
            let own = &inquiry.seen.model;
            let is_known = models.iter().any(|model| model.is_same_network(own));
            let model = if is_known { 0 } else { own.bytes() };
            if !is_known {
                models.push(own);
            }
            let is_spare = inquiry.is_done() && !is_wanted;
            bytes.push(is_spare.then(|| picture + model + inquiry.bytes()));
        }
        let mut surplus = bytes.iter().flatten().sum::<usize>().saturating_sub(KEPT);
        self.inquiries.retain(|_| match bytes.pop().flatten() {
            Some(bytes) if surplus > 0 => {
                surplus = surplus.saturating_sub(bytes);
                false
            }
            Some(_) | None => true,
        });
    }

    fn begin(&mut self, role: Role, topic: Topic, seen: Arc<Explanation>) -> Option<Effect> {
        let asked = match self.asked(role, topic, &seen)? {
            Ok(asked) => asked,
            Err(error) => {
                let progress = Progress::Failed(error);
                self.inquiries.push(Inquiry::new(role, topic, seen, Asked::Nothing, progress));
                return None;
            }
        };
        let Some(probe) = asked.probe() else {
            self.inquiries.push(Inquiry::new(role, topic, seen, asked, Progress::Done));
            return None;
        };
        self.last_job += 1;
        let (job, token) = (JobId(self.last_job), Arc::new(()));
        let wanted = Arc::downgrade(&token);
        let progress = Progress::Running(job, token);
        let model = self.role(role).proven.clone();
        let mut inquiry = Inquiry::new(role, topic, seen, asked, progress);
        inquiry.total = probe.count();
        self.inquiries.push(inquiry);
        Some(Effect::Send(Request::Probe { job, model, probe, wanted }))
    }

    /// The inputs of a topic, or why there are none; `None` while a map is missing that they need.
    fn asked(&self, role: Role, topic: Topic, seen: &Explanation) -> Option<Result<Asked, String>> {
        let canvas = || Canvas::new(&seen.input, &seen.model.recipe, PlanOptions::default().fill);
        let cells @ [height, width] = seen.usual_cells();
        let in_order = |curve: Curve, map: &Cam| {
            let erasure = Erasure::new(canvas(), curve, map, CURVE_STEPS);
            Some(Ok(Asked::Curve(Arc::new(erasure))))
        };
        match topic {
            Topic::Map(method, target) => {
                let target = target.unwrap_or(CamTarget::Class(seen.prediction()));
                let plan = seen.plan(method, target, &PlanOptions::default());
                Some(plan.map(Asked::Plan).map_err(|error| error.to_string()))
            }
            Topic::Curve(curve, Order::Map(method, target)) => {
                let inquiry = self.inquiry(role, Topic::map(seen, method, target));
                let map = inquiry.filter(|it| it.is_done())?.map(seen, target)?;
                in_order(curve, &map.over(&seen.input))
            }
            Topic::Curve(curve, Order::CentreFirst) => {
                in_order(curve, &Cam::centre_first(height, width))
            }
            Topic::Curve(curve, Order::Random) => {
                in_order(curve, &Cam::random(height, width, SEED))
            }
            Topic::Checks => Some(match seen.cells() {
                Ok(_) => {
                    let checks = Checks::new(&seen.input, &seen.model.recipe, canvas(), cells);
                    Ok(Asked::Checks(Arc::new(checks)))
                }
                Err(error) => Err(error.to_string()),
            }),
        }
    }

    /// Takes in answers; `false` if nothing here was waiting for them.
    pub(super) fn answer_inquiry(
        &mut self,
        id: JobId,
        answers: Answers,
        total: usize,
        left: Duration,
    ) -> bool {
        let Some(inquiry) = self.inquiry_of(id) else { return false };
        if answers.len() >= total {
            inquiry.progress = Progress::Done;
        }
        (inquiry.answers, inquiry.total, inquiry.left) = (answers, total, left);
        true
    }

    /// Takes in why there is no answer; `false` if nothing here was waiting for one.
    pub(super) fn fail_inquiry(&mut self, id: JobId, error: &str) -> bool {
        let Some(inquiry) = self.inquiry_of(id) else { return false };
        inquiry.progress = Progress::Failed(error.to_owned());
        true
    }

    fn inquiry_of(&mut self, id: JobId) -> Option<&mut Inquiry> {
        let is_it =
            |it: &&mut Inquiry| matches!(it.progress, Progress::Running(job, _) if job == id);
        self.inquiries.iter_mut().find(is_it)
    }

    /// Ends what runs; the answers so far stay.
    pub(super) fn stop_inquiries(&mut self) {
        for inquiry in self.inquiries.iter_mut().filter(|it| it.is_running()) {
            inquiry.progress = Progress::Stopped;
        }
    }

    /// Gives up what runs.
    pub(super) fn forget_inquiries(&mut self) {
        self.inquiries.retain(|inquiry| !inquiry.is_running());
    }

    /// Lets what was stopped or has failed be asked anew.
    pub(super) fn inquire_again(&mut self) {
        self.inquiries.retain(|inquiry| match inquiry.progress {
            Progress::Running(..) | Progress::Done => true,
            Progress::Stopped | Progress::Failed(_) => false,
        });
    }
}

impl Inquiry {
    fn new(
        role: Role,
        topic: Topic,
        seen: Arc<Explanation>,
        asked: Asked,
        progress: Progress,
    ) -> Self {
        let (answers, left) = (Answers::default(), Duration::ZERO);
        Self { role, topic, seen, asked, answers, total: 0, left, progress }
    }
}
