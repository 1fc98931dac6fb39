//! What a network saw and how it decided: plain arithmetic on the result of one forward pass.
//!
//! The networks here end in global average pooling and one linear layer, so one [`FeatureMap`] and
//! the [`Head`] explain everything:
//!
//! * the evidence map of class *c* is `M_c[y,x] = Σ_k w_ck F_k[y,x]`, and its mean plus the bias is
//!   the logit (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization");
//! * a node of a neural-backed decision tree has the mean of its leaves' logits (Wan et al. 2021,
//!   "NBDT: Neural-Backed Decision Tree"), so it has a map too: the mean of its leaves' maps;
//! * read through the network's own softmax, a node has `ln Σ exp` of its leaves' logits, and its
//!   map is the mean of the leaves' maps with the softmax inside the node as weights.
//!
//! | module | question |
//! | --- | --- |
//! | `feature_map` | what comes out of the forward pass? |
//! | `ending` | what follows the feature map, and can there be maps? |
//! | `cam` | where is the evidence for a class or a branch? |
//! | `cam_set` | … and for all classes and all branches at once? |
//! | `variant` | which kinds of map are there? |
//! | `colormap` | which colour does a value get? |
//! | `contour` | where does a map pass a value? |
//! | `render` | how does a map become a picture? |
//! | `hierarchy` | what does the tree look like? |
//! | `decision` | which way did the tree go, and how sure was it? |
//! | `evidence` | what speaks for one side of a comparison, and what for the other? |
//! | `region`, `area`, `rect` | what does a part of the picture contribute? |
//! | `removal`, `cover` | what is a photo without that part, or painted over? |
//! | `what_if` | where does confidence get lost, and what if another branch were taken? |
//! | `flip` | which cells would have to go for a decision to change? |
//! | `probe`, `fill` | what is a network asked, and what hides a part of the picture? |
//! | `occlusion`, `rise` | what does it say with parts hidden? |
//! | `slope` | how does its answer depend on the picture, or on what is inside it? |
//! | `integrated`, `smooth_grad`, `stage_cam` | which maps follow from that? |
//! | `method`, `method_kind`, `gradcam` | which other maps are there? |
//! | `faithfulness`, `inpaint` | does a map name what matters? |
//! | `checks` | does it depend on the class, and is it stable? |
//! | `finer`, `tiles` | how do several feature maps make a finer one, or one of the whole photo? |
//!
//! Nothing here does I/O, starts a network or knows about the screen.

mod area;
mod cam;
mod cam_set;
mod checks;
mod colormap;
mod contour;
mod cover;
mod decision;
mod ending;
mod evidence;
mod faithfulness;
mod feature_map;
mod fill;
mod finer;
mod flip;
mod gradcam;
mod hierarchy;
mod inpaint;
mod integrated;
mod method;
mod method_kind;
mod occlusion;
mod probe;
mod rect;
mod region;
mod removal;
mod render;
mod rise;
mod slope;
mod smooth_grad;
mod stage_cam;
mod tiles;
mod variant;
mod what_if;

pub use area::Area;
pub use cam::{Cam, IdentityCheck};
pub use cam_set::CamSet;
pub use checks::{
    Checks, Findings, Guise, rank_correlation, with_mean_of_classes, with_shuffled_head,
};
pub use colormap::{Colormap, NAN_COLOR, tutorial_rgb};
pub use contour::{Segment, contour};
pub use cover::{Cover, Mark, Marks};
pub use decision::{Agreement, Decision, Decisions, Pooling, Rule, Step, Sure};
pub use ending::{Ending, LayerNorm, NoMaps};
pub use evidence::{Answer, Evidence, Question, QuestionError, Tendency};
pub use faithfulness::{Curve, Erasure, area_below, order};
pub use feature_map::{ClassId, FeatureMap, Forward, Head, argmax, softmax};
pub use fill::{Canvas, Fill};
pub use finer::{Finer, interleave, interleave_phases, sub_grid};
pub use flip::{Flip, FlipCheck, FlipError, flip};
pub use hierarchy::{EditError, Hierarchy, HierarchyError, Node, NodeId};
pub use inpaint::inpaint;
pub use integrated::{Completeness, IntegratedGradients};
pub use method::Method;
pub use method_kind::MethodKind;
pub use occlusion::Occlusion;
pub use probe::{Answers, Density, Probe, ProbeAnswer, ProbeInput};
pub use rect::Rect;
pub use region::{Account, BranchAccount, Region, RegionError, branch_accounts};
pub use removal::Removal;
pub use render::{Paint, Scale, blend, heatmap, overlay, overlay_picture, tutorial_heatmap};
pub use rise::{Rise, RiseMap, RiseMask, RiseOptions};
pub use slope::{NoGradient, Site, Slope};
pub use smooth_grad::{SmoothGrad, SmoothOptions};
pub use stage_cam::{StageCam, StageProbe};
pub use tiles::{TileGrid, Tiles};
pub use variant::{MissingMap, Variant};
pub use what_if::{Forced, Walk, WalkStep};
