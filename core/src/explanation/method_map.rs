//! Maps by other methods: what follows from what the network was asked for one.

use super::{CamTarget, Explanation, Plan, PlanOptions, Score};
use crate::explain::{Answers, Cam, Completeness, Evidence, IdentityCheck, Method};
use crate::preprocess::{ModelInput, RectTransform};

/// Places of a RISE map along each axis: four for each of the seven cells of a mask, between which
/// it is interpolated; more would show nothing more.
const RISE_PLACES: usize = 28;
/// The same for the part of a larger map.
const PART: usize = 28;

/// What a method says about a target.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodMap {
    /// Over what the network saw, or over what `photo_from_map` says, in any number of cells.
    pub map: Cam,
    /// Where the map lies if that is not where the network looked: from places of the input, over
    /// all of which the map is stretched, to the photo.
    pub photo_from_map: Option<RectTransform>,
    /// Of each place, where the method is random.
    pub standard_error: Option<Cam>,
    /// What the map adds up to, where it does.
    pub evidence: Option<Evidence>,
    /// Whether all pixels add up to the difference from a baseline, where they should.
    pub completeness: Option<Completeness>,
}

impl MethodMap {
    fn alone(map: Cam) -> Self {
        Self { map, photo_from_map: None, standard_error: None, evidence: None, completeness: None }
    }

    fn exact(evidence: Evidence) -> Self {
        Self { evidence: Some(evidence.clone()), ..Self::alone(evidence.map) }
    }

    /// The map over what the network saw, whatever else it covers.
    pub fn over(&self, input: &ModelInput) -> Cam {
        let Some(photo_from_map) = self.photo_from_map else { return self.map.clone() };
        let side = f64::from(input.crop.width());
        let map_from_photo = photo_from_map.inverse();
        let corner = |place| map_from_photo.apply(input.photo_from_input.apply([place; 2]));
        let [start, end] = [0.0, side].map(|place| corner(place).map(|it| it / side));
        let cells = PART.min(input.crop.width() as usize);
        self.map.part(start, end, [cells, cells])
    }

    /// Whether it adds up, where it should.
    pub fn check(&self) -> Option<IdentityCheck> {
        self.evidence.as_ref().map(|evidence| evidence.check)
    }

    /// The noise of a random map: its mean standard error as a share of its range.
    pub fn noise(&self) -> Option<f64> {
        let errors = &self.standard_error.as_ref()?.data;
        let mean = errors.iter().copied().map(f64::from).sum::<f64>() / errors.len().max(1) as f64;
        let [lo, hi] = self.map.range();
        (hi > lo).then(|| mean / f64::from(hi - lo))
    }
}

impl Explanation {
    /// The map of `target` by `method` where it follows from the one run that was made already
    /// ([`Self::is_ready`]).
    pub fn map_at_once(
        &self,
        method: Method,
        target: CamTarget,
        score: Score,
    ) -> Option<MethodMap> {
        let plan =
            self.is_ready(method).then(|| self.plan(method, target, &PlanOptions::default()).ok());
        plan??.map(self, &Answers::default(), target, score)
    }
}

impl Plan {
    /// The map from the answers so far. `seen` is what the plan was made of; `score` matters where
    /// parts are hidden.
    ///
    /// `None` if there is no such target, or the plan is one of another; for finer maps before all
    /// answers are there, and where the method needs maps that the network has not.
    pub fn map(
        &self,
        seen: &Explanation,
        answers: &Answers,
        target: CamTarget,
        score: Score,
    ) -> Option<MethodMap> {
        let question = seen.question(target)?;
        Some(match self {
            Self::Exact => MethodMap::exact(seen.evidence(question).ok()?),
            Self::LastStage(kind) => {
                let (features, head) = seen.features_and_head().ok()?;
                let row = question.ask(&seen.forward.logits).row(head).0;
                MethodMap::alone(kind.of_last_stage(features, &row))
            }
            Self::Stage(probe) if probe.question == question => {
                MethodMap::alone(probe.map(answers)?)
            }
            Self::Integrated(probe) if *probe.question() == question => {
                let whole = question.ask(&seen.forward.logits).total;
                let completeness = probe.completeness(answers, whole);
                MethodMap { completeness, ..MethodMap::alone(in_squares(&probe.map(answers)?)) }
            }
            Self::Smooth(probe) if *probe.question() == question => {
                MethodMap::alone(in_squares(&probe.map(answers)?))
            }
            Self::Stage(_) | Self::Integrated(_) | Self::Smooth(_) => return None,
            Self::Finer(finer) => {
                let head = seen.head.as_deref().ok()?;
                let whole = finer.forward(answers).filter(|_| seen.model.ending.is_linear());
                match whole.and_then(|forward| Some((forward.features?, forward.logits))) {
                    Some((features, logits)) => {
                        MethodMap::exact(Evidence::new(question, &features, &logits, head))
                    }
                    // With a norm frozen at another run, it adds up to no logit.
                    None => {
                        let row = question.ask(&seen.forward.logits).row(head).0;
                        MethodMap::alone(finer.map(answers, &row)?)
                    }
                }
            }
            Self::Tiles(tiles) => {
                let head = seen.head.as_deref().ok()?;
                let made = match seen.model.ending.is_linear() {
                    true => MethodMap::exact(tiles.evidence(answers, question, head)?),
                    false => {
                        let row = question.ask(&seen.forward.logits).row(head).0;
                        MethodMap::alone(tiles.map(answers, &row)?.0)
                    }
                };
                let photo_from_map = Some(tiles.grid().photo_from_map());
                MethodMap { photo_from_map, ..made }
            }
            Self::Occlusion(occlusion) => {
                let scorer = seen.scorer(target, score)?;
                let whole = scorer(&seen.forward.logits);
                MethodMap::alone(occlusion.map(whole, &answers.scores(scorer)))
            }
            Self::Rise(rise) => {
                let mut scores = answers.scores(seen.scorer(target, score)?);
                // Less their mean, the scores say what visibility adds: where no place matters more
                // than another, the map is zero, and chance counts for less.
                let sum: f64 = scores.iter().copied().map(f64::from).sum();
                let mean = (sum / scores.len().max(1) as f64) as f32;
                scores.iter_mut().for_each(|score| *score -= mean);
                let places = RISE_PLACES.min(seen.input.crop.width() as usize);
                let made = rise.map(&scores, places);
                let standard_error = Some(made.standard_error);
                MethodMap { standard_error, ..MethodMap::alone(made.mean) }
            }
        })
    }
}

/// Squares along each axis of a map that has a value for each pixel. Neighbouring pixels cancel each
/// other out more often than not, and single ones cannot be seen on a photo.
const SQUARES: usize = 56;

/// What pixels add up to in squares, as many as fit.
fn in_squares(map: &Cam) -> Cam {
    let least = map.width.div_ceil(SQUARES);
    let fits = |side: &usize| [map.height, map.width].iter().all(|size| size.is_multiple_of(*side));
    map.summed((least..=2 * least).find(fits).unwrap_or(1))
}
