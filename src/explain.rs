//! What a network saw and how it decided: plain arithmetic on the result of one forward pass.
//!
//! The networks here end in global average pooling and one linear layer, so one [`FeatureMap`] and
//! the [`Head`] explain everything:
//!
//! * the evidence map of class *c* is `M_c[y,x] = Σ_k w_ck F_k[y,x]`, and its mean plus the bias is
//!   the logit (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization");
//! * a node of a neural-backed decision tree has the mean of its leaves' logits (Wan et al. 2021,
//!   "NBDT: Neural-Backed Decision Tree"), so it has a map too: the mean of its leaves' maps.
//!
//! | module | question |
//! | --- | --- |
//! | `feature_map` | what comes out of the forward pass? |
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
//! | `removal` | what is a photo without that part? |
//! | `what_if` | where does confidence get lost, and what if another branch were taken? |
//! | `flip` | which cells would have to go for a decision to change? |
//!
//! Nothing here does I/O, starts a network or knows about the screen.

mod area;
mod cam;
mod cam_set;
mod colormap;
mod contour;
mod decision;
mod evidence;
mod feature_map;
mod flip;
mod hierarchy;
mod rect;
mod region;
mod removal;
mod render;
mod variant;
mod what_if;

pub use area::Area;
pub use cam::{Cam, IdentityCheck};
pub use cam_set::CamSet;
pub use colormap::{Colormap, NAN_COLOR, tutorial_rgb};
pub use contour::{Segment, contour};
pub use decision::{Agreement, Decision, Rule, Step};
pub use evidence::{Evidence, Question, QuestionError, Tendency};
pub use feature_map::{ClassId, FeatureMap, Forward, Head, argmax, softmax};
pub use flip::{Flip, FlipCheck, FlipError, flip};
pub use hierarchy::{EditError, Hierarchy, HierarchyError, Node, NodeId};
pub use rect::Rect;
pub use region::{Account, BranchAccount, Region, RegionError, branch_accounts};
pub use removal::Removal;
pub use render::{Paint, Scale, blend, heatmap, overlay, overlay_picture, tutorial_heatmap};
pub use variant::{MissingConv2, Variant};
pub use what_if::{Forced, Walk, WalkStep};
