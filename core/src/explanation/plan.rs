//! Maps by other methods: what has to be asked of the network for one.

use std::sync::Arc;

use super::{CamTarget, Explanation, ModelInfo};
use crate::explain::{
    Canvas, Ending, Fill, Finer, IntegratedGradients, Method, MethodKind, NoGradient, NoMaps,
    Occlusion, Probe, ProbeInput, Question, Rise, RiseOptions, SmoothGrad, SmoothOptions, StageCam,
    StageProbe, TileGrid, Tiles,
};
use crate::photo::Photo;
use crate::preprocess::PreprocessError;

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
    /// The exact map of the one run that was made already.
    Exact,
    /// Another map of its last feature map.
    LastStage(StageCam),
    Finer(Arc<Finer>),
    Tiles(Arc<Tiles>),
    Occlusion(Arc<Occlusion>),
    Rise(Arc<Rise>),
    Stage(Arc<StageProbe>),
    Integrated(Arc<IntegratedGradients>),
    Smooth(Arc<SmoothGrad>),
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

/// Squares that a photo makes at most: minutes of work.
const MOST_TILES: usize = 1000;

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
        match method.kind() {
            MethodKind::Occlusion | MethodKind::Rise => Ok(()),
            MethodKind::IntegratedGradients | MethodKind::SmoothGrad => {
                self.gradient_stages.clone()?;
                Ok(())
            }
            // No gradient has to be computed behind which comes nothing but a linear layer.
            MethodKind::Stage(_, 0) => {
                has_maps.or_else(|error| self.gradient_stages.as_ref().map(drop).map_err(|_| error))
            }
            MethodKind::Stage(_, strides) => match strides <= self.gradient_stages.clone()? {
                true => Ok(()),
                false => Err(PlanError::NoStage),
            },
            MethodKind::Cam | MethodKind::Shifted(_) | MethodKind::Tiles => has_maps,
            MethodKind::Dense(_) | MethodKind::DenseShifted(..) => match self.takes_densities {
                true => has_maps,
                false => has_maps.and(Err(PlanError::NotDense)),
            },
            MethodKind::MultiScale => match self.takes_sizes {
                true => has_maps,
                false => has_maps.and(Err(PlanError::OneSize)),
            },
        }
    }
}

impl Explanation {
    /// What has to be asked for a map of `target` by `method`; most methods ask the same for all
    /// targets ([`MethodKind::is_of_one_target`]).
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
        Ok(match method.kind() {
            MethodKind::Cam => Plan::Exact,
            MethodKind::Stage(kind, 0) if self.is_ready(method) => Plan::LastStage(kind),
            MethodKind::Stage(kind, stage) => {
                let (input, question) = (shown(), question()?);
                Plan::Stage(Arc::new(StageProbe { input, question, kind, stage }))
            }
            MethodKind::IntegratedGradients => {
                let probe = IntegratedGradients::new(canvas(), question()?, options.steps);
                Plan::Integrated(Arc::new(probe))
            }
            MethodKind::SmoothGrad => {
                Plan::Smooth(Arc::new(SmoothGrad::new(shown(), question()?, &options.smooth)))
            }
            MethodKind::Dense(density) => finer(Finer::dense(input, density)),
            MethodKind::DenseShifted(density, shifts) => {
                finer(Finer::grid(input, cell()?, density, shifts))
            }
            MethodKind::Shifted(shifts) => finer(Finer::shifted(input, cell()?, shifts)),
            MethodKind::MultiScale => {
                finer(Finer::scaled(&self.photo.rgb, input, &self.model.recipe)?)
            }
            MethodKind::Tiles => {
                let count = self.tile_grid().count();
                if count > MOST_TILES {
                    return Err(PlanError::Tiles(count));
                }
                let photo = Arc::<Photo>::clone(&self.photo);
                Plan::Tiles(Arc::new(Tiles::new(photo, input, self.model.recipe.clone())))
            }
            MethodKind::Occlusion => {
                let (_, patch, stride) = self.patches(options);
                Plan::Occlusion(Arc::new(Occlusion::new(canvas(), patch, stride)))
            }
            MethodKind::Rise => Plan::Rise(Arc::new(Rise::new(canvas(), &options.rise))),
        })
    }

    /// Whether a map by `method` follows from the one run that was made already.
    pub fn is_ready(&self, method: Method) -> bool {
        match method.kind() {
            MethodKind::Cam => true,
            MethodKind::Stage(_, 0) => self.head.is_ok(),
            MethodKind::Stage(..)
            | MethodKind::IntegratedGradients
            | MethodKind::SmoothGrad
            | MethodKind::Dense(_)
            | MethodKind::DenseShifted(..)
            | MethodKind::Shifted(_)
            | MethodKind::MultiScale
            | MethodKind::Tiles
            | MethodKind::Occlusion
            | MethodKind::Rise => false,
        }
    }

    /// How squares of the size of what the network saw cover the photo.
    pub(super) fn tile_grid(&self) -> TileGrid {
        TileGrid::new(self.photo.rgb.dimensions().into(), &self.input)
    }

    /// Sides of the input, of the patch that occludes it, and of the patch's steps.
    pub(super) fn patches(&self, options: &PlanOptions) -> (usize, usize, usize) {
        let side = (self.input.crop.width() as usize).max(1);
        let patch = options.patch.unwrap_or(side.div_ceil(7)).clamp(1, side);
        (side, patch, options.stride.unwrap_or(patch.div_ceil(2)).clamp(1, side))
    }
}

impl Plan {
    /// What has to be asked; `None` if nothing.
    pub fn probe(&self) -> Option<Arc<dyn Probe>> {
        match self {
            Self::Exact | Self::LastStage(_) => None,
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
            Self::Exact
            | Self::LastStage(_)
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
}
