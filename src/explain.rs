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
//! | `render` | how does a map become a picture? |
//! | `hierarchy` | what does the tree look like? |
//! | `decision` | which way did the tree go, and how sure was it? |
//!
//! Nothing here does I/O, starts a network or knows about the screen.

mod cam;
mod cam_set;
mod colormap;
mod decision;
mod feature_map;
mod hierarchy;
mod render;
mod variant;

pub use cam::{Cam, IdentityCheck};
pub use cam_set::CamSet;
pub use colormap::{Colormap, NAN_COLOR, tutorial_rgb};
pub use decision::{Agreement, Decision, Rule, Step};
pub use feature_map::{ClassId, FeatureMap, Forward, Head, argmax, softmax};
pub use hierarchy::{Hierarchy, HierarchyError, Node, NodeId};
pub use render::{Paint, Scale, blend, heatmap, overlay, overlay_picture, tutorial_heatmap};
pub use variant::{MissingConv2, Variant};
