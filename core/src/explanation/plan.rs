//! Maps by other methods: what has to be asked of the network for one, and what follows from the
//! answers.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CamTarget, Explanation, ModelInfo};
use crate::explain::{
    Answers, Cam, Canvas, Completeness, Density, Ending, Evidence, Fill, Finer, IdentityCheck,
    IntegratedGradients, Method, NoGradient, NoMaps, Occlusion, Probe, ProbeInput, Question, Rise,
    RiseOptions, SmoothGrad, SmoothOptions, StageProbe, TileGrid, Tiles,
};
use crate::photo::Photo;
use crate::preprocess::{ModelInput, PreprocessError, RectTransform};

/// What is measured while parts of a picture are hidden.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Score {
    /// The logit of a class or node, the lead in a comparison.
    Logit,
    /// How likely a class is among all, a branch among its siblings ([`Explanation::probability`]).
    #[default]
    Probability,
}

/// What can be chosen about the methods that hide parts of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanOptions {
    pub fill: Fill,
    /// Side of the occluding patch, in input pixels; a seventh of the side if left out.
    pub patch: Option<usize>,
    /// Its steps; half of the patch if left out.
    pub stride: Option<usize>,
    pub rise: RiseOptions,
    /// Steps of integrated gradients, whose baseline is what hides parts.
    pub steps: usize,
    pub smooth: SmoothOptions,
}

/// Steps of integrated gradients: as many as Captum takes.
pub const STEPS: usize = 50;

impl Default for PlanOptions {
    fn default() -> Self {
        let (fill, rise) = (Fill::default(), RiseOptions::default());
        let smooth = SmoothOptions::default();
        Self { fill, patch: None, stride: None, rise, steps: STEPS, smooth }
    }
}

/// A map that is to be made. Those that need a gradient serve one target, all others serve all.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Follows from the one run that was made already.
    Ready(Method),
    Finer(Arc<Finer>),
    Tiles(Arc<Tiles>),
    Occlusion(Arc<Occlusion>),
    Rise(Arc<Rise>),
    Stage(Arc<StageProbe>),
    Integrated(Arc<IntegratedGradients>),
    Smooth(Arc<SmoothGrad>),
}

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

/// What a map takes beyond the one run of the network that there was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Inputs that the network has to look at.
    pub runs: usize,
    /// About how long that takes, going by the time of the one run.
    pub time: Duration,
}

/// Why there is no map by a method. One line for the user.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    #[error("{0}. Occlusion and RISE work without one")]
    NoMaps(#[from] NoMaps),
    #[error(
        "The strides of a network from an ONNX file cannot be left out; shift2 and shift4 make \
         finer maps of it"
    )]
    NotDense,
    #[error("This network takes pictures of one size only, so it has no multi-scale map")]
    OneSize,
    #[error(
        "The photo would make {0} squares; cut it, or let the network see a larger part of it at a time"
    )]
    Tiles(usize),
    #[error(transparent)]
    NoGradient(#[from] NoGradient),
    #[error("This network has no feature map that much finer than its last one")]
    NoStage,
    #[error("There is no such class, node or comparison")]
    NoTarget,
    #[error(transparent)]
    Picture(#[from] PreprocessError),
}

/// Places of a RISE map along each axis: four for each of the seven cells of a mask, between which
/// it is interpolated; more would show nothing more.
const RISE_PLACES: usize = 28;
/// The same for the part of a larger map.
const PART: usize = 28;
/// Squares that a photo makes at most: minutes of work.
const MOST_TILES: usize = 1000;

/// What a run with a gradient takes, in runs without: measured with EfficientNet-Lite0.
const WITH_GRADIENT: f64 = 2.5;

impl ModelInfo {
    /// Whether a method can be used with this network at all.
    ///
    /// # Errors
    /// Says why not.
    pub fn check_method(&self, method: Method) -> Result<(), PlanError> {
        let has_maps = match &self.ending {
            Ending::Linear(_) | Ending::NormLinear(..) => Ok(()),
            Ending::Other { why, .. } => Err(PlanError::from(why.clone())),
        };
        match method {
            Method::Occlusion | Method::Rise => Ok(()),
            Method::IntegratedGradients | Method::SmoothGrad => {
                self.gradient_stages.clone()?;
                Ok(())
            }
            // No gradient has to be computed behind which comes nothing but a linear layer.
            Method::GradCam | Method::GradCamPlusPlus | Method::LayerCam => {
                has_maps.or_else(|error| self.gradient_stages.as_ref().map(drop).map_err(|_| error))
            }
            Method::GradCam2
            | Method::GradCam4
            | Method::GradCamPlusPlus2
            | Method::GradCamPlusPlus4
            | Method::HiResCam2
            | Method::HiResCam4
            | Method::LayerCam2
            | Method::LayerCam4
            | Method::LayerCam8 => {
                let stages = self.gradient_stages.clone()?;
                let needed = method.on_stage().map_or(0, |(_, stage)| stage);
                if needed <= stages { Ok(()) } else { Err(PlanError::NoStage) }
            }
            Method::Cam | Method::Shift2 | Method::Shift4 | Method::Tiles => has_maps,
            Method::Dense2 | Method::Dense4 | Method::DenseShift => match self.takes_densities {
                true => has_maps,
                false => has_maps.and(Err(PlanError::NotDense)),
            },
            Method::MultiScale => match self.takes_sizes {
                true => has_maps,
                false => has_maps.and(Err(PlanError::OneSize)),
            },
        }
    }
}

impl Explanation {
    /// What has to be asked for a map of `target` by `method`; most methods ask the same for all
    /// targets ([`Method::is_of_one_target`]).
    ///
    /// # Errors
    /// Where the method cannot be used with this network, there is no such target, or the picture
    /// cannot be made larger as the method needs it.
    pub fn plan(
        &self,
        method: Method,
        target: CamTarget,
        options: &PlanOptions,
    ) -> Result<Plan, PlanError> {
        self.model.check_method(method)?;
        let input = &self.input;
        let canvas = || Canvas::new(input, &self.model.recipe, options.fill);
        let side = input.crop.width() as usize;
        let cell = || Ok::<_, NoMaps>(side / self.cells()?[1].max(1));
        let finer = |finer| Plan::Finer(Arc::new(finer));
        let question = || self.question(target).ok_or(PlanError::NoTarget);
        let shown = || ProbeInput { side, chw: input.chw.clone() };
        if let Some((kind, stage)) = method.on_stage()
            && !self.is_ready(method)
        {
            let (input, question) = (shown(), question()?);
            return Ok(Plan::Stage(Arc::new(StageProbe { input, question, kind, stage })));
        }
        Ok(match method {
            Method::Cam
            | Method::GradCam
            | Method::GradCamPlusPlus
            | Method::LayerCam
            | Method::GradCam2
            | Method::GradCam4
            | Method::GradCamPlusPlus2
            | Method::GradCamPlusPlus4
            | Method::HiResCam2
            | Method::HiResCam4
            | Method::LayerCam2
            | Method::LayerCam4
            | Method::LayerCam8 => Plan::Ready(method),
            Method::IntegratedGradients => Plan::Integrated(Arc::new(IntegratedGradients::new(
                canvas(),
                question()?,
                options.steps,
            ))),
            Method::SmoothGrad => {
                Plan::Smooth(Arc::new(SmoothGrad::new(shown(), question()?, &options.smooth)))
            }
            Method::Dense2 => finer(Finer::dense(input, Density::Double)),
            Method::Dense4 => finer(Finer::dense(input, Density::Quadruple)),
            Method::DenseShift => finer(Finer::grid(input, cell()?, Density::Quadruple, 2)),
            Method::Shift2 => finer(Finer::shifted(input, cell()?, 2)),
            Method::Shift4 => finer(Finer::shifted(input, cell()?, 4)),
            Method::MultiScale => finer(Finer::scaled(&self.photo.rgb, input, &self.model.recipe)?),
            Method::Tiles => {
                let count = self.tile_grid().count();
                if count > MOST_TILES {
                    return Err(PlanError::Tiles(count));
                }
                let photo = Arc::<Photo>::clone(&self.photo);
                Plan::Tiles(Arc::new(Tiles::new(photo, input, self.model.recipe.clone())))
            }
            Method::Occlusion => {
                let (_, patch, stride) = self.patches(options);
                Plan::Occlusion(Arc::new(Occlusion::new(canvas(), patch, stride)))
            }
            Method::Rise => Plan::Rise(Arc::new(Rise::new(canvas(), &options.rise))),
        })
    }

    /// Whether a map by `method` follows from the one run that was made already.
    pub fn is_ready(&self, method: Method) -> bool {
        match method {
            Method::Cam => true,
            Method::GradCam | Method::GradCamPlusPlus | Method::LayerCam => self.head.is_ok(),
            Method::GradCam2
            | Method::GradCam4
            | Method::GradCamPlusPlus2
            | Method::GradCamPlusPlus4
            | Method::HiResCam2
            | Method::HiResCam4
            | Method::LayerCam2
            | Method::LayerCam4
            | Method::LayerCam8
            | Method::IntegratedGradients
            | Method::SmoothGrad
            | Method::Dense2
            | Method::Dense4
            | Method::DenseShift
            | Method::Shift2
            | Method::Shift4
            | Method::MultiScale
            | Method::Tiles
            | Method::Occlusion
            | Method::Rise => false,
        }
    }

    /// What a map by `method` will take.
    pub fn cost(&self, method: Method, options: &PlanOptions) -> Cost {
        // Of a run, in runs of the network as it is: measured with EfficientNet-Lite0.
        let (runs, work) = match method {
            method if self.is_ready(method) => (0, 0.0),
            Method::Cam => (0, 0.0),
            Method::GradCam
            | Method::GradCamPlusPlus
            | Method::LayerCam
            | Method::GradCam2
            | Method::GradCam4
            | Method::GradCamPlusPlus2
            | Method::GradCamPlusPlus4
            | Method::HiResCam2
            | Method::HiResCam4
            | Method::LayerCam2
            | Method::LayerCam4
            | Method::LayerCam8 => (1, WITH_GRADIENT),
            Method::IntegratedGradients => (options.steps + 1, WITH_GRADIENT),
            Method::SmoothGrad => (options.smooth.copies, WITH_GRADIENT),
            Method::Dense2 => (1, 2.0),
            Method::Dense4 => (1, 7.0),
            Method::DenseShift => (4, 7.0),
            Method::Shift2 => (4, 1.0),
            Method::Shift4 => (16, 1.0),
            // By area: 1, 1.5² and 2².
            Method::MultiScale => (6, 2.4),
            Method::Tiles => (self.tile_grid().count(), 1.0),
            Method::Occlusion => {
                let (side, patch, stride) = self.patches(options);
                (((side - patch).div_ceil(stride) + 1).pow(2), 1.0)
            }
            Method::Rise => (options.rise.masks, 1.0),
        };
        Cost { runs, time: self.took.mul_f64(runs as f64 * work) }
    }

    /// How squares of the size of what the network saw cover the photo.
    fn tile_grid(&self) -> TileGrid {
        TileGrid::new(self.photo.rgb.dimensions().into(), &self.input)
    }

    /// Sides of the input, of the patch that occludes it, and of the patch's steps.
    fn patches(&self, options: &PlanOptions) -> (usize, usize, usize) {
        let side = (self.input.crop.width() as usize).max(1);
        let patch = options.patch.unwrap_or(side.div_ceil(7)).clamp(1, side);
        (side, patch, options.stride.unwrap_or(patch.div_ceil(2)).clamp(1, side))
    }

    /// What is measured of changed logits; `None` if there is no such target, or no probability.
    pub fn scorer(&self, target: CamTarget, score: Score) -> Option<impl Fn(&[f32]) -> f32> {
        let question = self.question(target)?;
        // Known to exist for these logits, it exists for all.
        if score == Score::Probability {
            self.probability(target, &self.forward.logits)?;
        }
        Some(move |logits: &[f32]| match score {
            Score::Logit => question.ask(logits).total,
            Score::Probability => self.probability(target, logits).unwrap_or(f32::NAN),
        })
    }
}

impl Plan {
    /// What has to be asked; `None` if nothing.
    pub fn probe(&self) -> Option<Arc<dyn Probe>> {
        match self {
            Self::Ready(_) => None,
            Self::Finer(finer) => Some(Arc::<Finer>::clone(finer)),
            Self::Tiles(tiles) => Some(Arc::<Tiles>::clone(tiles)),
            Self::Occlusion(occlusion) => Some(Arc::<Occlusion>::clone(occlusion)),
            Self::Rise(rise) => Some(Arc::<Rise>::clone(rise)),
            Self::Stage(probe) => Some(Arc::<StageProbe>::clone(probe)),
            Self::Integrated(probe) => Some(Arc::<IntegratedGradients>::clone(probe)),
            Self::Smooth(probe) => Some(Arc::<SmoothGrad>::clone(probe)),
        }
    }

    /// What it is about, if it serves one target alone.
    pub fn question(&self) -> Option<&Question> {
        match self {
            Self::Stage(probe) => Some(&probe.question),
            Self::Integrated(probe) => Some(probe.question()),
            Self::Smooth(probe) => Some(probe.question()),
            Self::Ready(_)
            | Self::Finer(_)
            | Self::Tiles(_)
            | Self::Occlusion(_)
            | Self::Rise(_) => None,
        }
    }

    /// Inputs that the network has to look at.
    pub fn runs(&self) -> usize {
        self.probe().map_or(0, |probe| probe.count())
    }

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
            Self::Ready(method) => ready(*method, seen, question)?,
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

/// `None` for a network without maps.
fn ready(method: Method, seen: &Explanation, question: Question) -> Option<MethodMap> {
    let (features, head) = seen.features_and_head().ok()?;
    let row = question.ask(&seen.forward.logits).row(head).0;
    let map = match method {
        Method::GradCam => Cam::compute(features, &row).gradcam_raw(),
        Method::GradCamPlusPlus => Cam::gradcam_plus_plus(features, &row),
        Method::LayerCam => Cam::layercam(features, &row),
        Method::Cam
        | Method::Dense2
        | Method::Dense4
        | Method::DenseShift
        | Method::Shift2
        | Method::Shift4
        | Method::MultiScale
        | Method::GradCam2
        | Method::GradCam4
        | Method::GradCamPlusPlus2
        | Method::GradCamPlusPlus4
        | Method::HiResCam2
        | Method::HiResCam4
        | Method::LayerCam2
        | Method::LayerCam4
        | Method::LayerCam8
        | Method::IntegratedGradients
        | Method::SmoothGrad
        | Method::Tiles
        | Method::Occlusion
        | Method::Rise => {
            return Some(MethodMap::exact(seen.evidence(question).ok()?));
        }
    };
    Some(MethodMap::alone(map))
}
