//! The map on the screen with everything that follows from it, made anew only when it must be.

use std::sync::{Arc, Weak};

use eframe::egui::{Context, Rect, TextureFilter, TextureHandle, TextureOptions};

use super::account::Account;
use crate::explain::{Cam, Colormap, Method, Question, Rule, Segment, contour};
use crate::explanation::{CamTarget, Explanation, MethodMap};
use crate::look::{OverlayOptions, ScaleMode, SharedRange, color_range};
use crate::preprocess::RectTransform;
use crate::state::{Inquiry, MAP_SCORE};
use crate::ui::legend::Finding;
use crate::ui::overlay::{colored, place_of};

/// How a map is made, and what came of asking the network for it.
#[derive(Clone, Copy, Default)]
pub struct MapInput<'a> {
    pub method: Method,
    /// `None` where the network need not be asked, or has not been yet.
    pub inquiry: Option<&'a Inquiry>,
}

/// What a map is to be made of.
#[derive(Clone, Copy)]
pub struct MapRequest<'a> {
    pub explanation: &'a Arc<Explanation>,
    pub target: CamTarget,
    pub input: MapInput<'a>,
    pub options: &'a OverlayOptions,
}

/// What a map depends on.
#[derive(Clone)]
struct MadeKey {
    explanation: Weak<Explanation>,
    target: CamTarget,
    method: Method,
    /// Answers that are there, and whether more will come.
    answers: Option<(usize, bool)>,
}

impl MadeKey {
    fn new(request: &MapRequest<'_>) -> Self {
        let MapInput { method, inquiry } = request.input;
        Self {
            explanation: Arc::downgrade(request.explanation),
            target: request.target,
            method,
            answers: inquiry.map(|it| (it.answers.len(), it.is_running())),
        }
    }

    fn is(&self, other: &Self) -> bool {
        let Self { explanation, target, method, answers } = self;
        explanation.ptr_eq(&other.explanation)
            && (*target, *method, *answers) == (other.target, other.method, other.answers)
    }
}

/// A map without its colours.
struct Made {
    key: MadeKey,
    cam: Cam,
    /// How it was made: the plain map stands in for a finer one that is not there yet.
    method: Method,
    photo_from_map: Option<RectTransform>,
    question: Question,
    account: Account,
    /// Whether its values mean the same as those of the exact maps.
    is_exact: bool,
}

/// Everything else that the colours depend on. Opacity is not among it: it is a tint.
#[derive(Clone, Copy, PartialEq)]
struct ColorKey {
    colormap: Colormap,
    smooth: bool,
    scale: ScaleMode,
    contours: bool,
    other: Option<[f32; 2]>,
}

/// A map, its colours, and its numbers.
pub struct ShownMap {
    colors: ColorKey,
    pub cam: Cam,
    /// How it was made: the plain map stands in for a finer one that is not there yet.
    pub method: Method,
    /// Where it lies, if that is not where the network looked.
    pub photo_from_map: Option<RectTransform>,
    /// The same as a rectangle of the photo.
    pub place: Option<Rect>,
    pub question: Question,
    pub colormap: Colormap,
    /// The values of the first and the last colour.
    pub range: [f32; 2],
    /// Lines on the map, in units of its sides; none if they are not wanted.
    pub contours: Vec<Segment>,
    pub finding: Finding,
    /// What it adds up to, or what else can be said of it.
    pub account: Account,
    /// `None` for a constant map: colours would show what is not there.
    pub texture: Option<TextureHandle>,
}

/// The map shown last, and the range of all classes' maps, which takes longer.
#[derive(Default)]
pub struct MapMemo {
    made: Option<Made>,
    shown: Option<ShownMap>,
    shared: Option<(Weak<Explanation>, Option<Rule>, SharedRange)>,
}

impl MapMemo {
    /// The smallest and the largest value of an exact map; `None` for others, whose values mean
    /// something else, and where there is none.
    pub fn exact_range(&mut self, request: &MapRequest<'_>) -> Option<[f32; 2]> {
        let made = self.made(request)?;
        made.is_exact.then(|| made.cam.range())
    }

    /// The map; `None` if there is no such target, or no map of it yet. `other` is the range of the
    /// map that it shares its scale with.
    pub fn get(
        &mut self,
        ctx: &Context,
        request: &MapRequest<'_>,
        other: Option<[f32; 2]>,
    ) -> Option<&ShownMap> {
        let OverlayOptions { smooth, scale, contours, .. } = *request.options;
        let colormap = request.options.colormap_of(request.target);
        let colors = ColorKey { colormap, smooth, scale, contours, other };
        self.made(request)?;
        let Self { made, shown, shared } = self;
        if !shown.as_ref().is_some_and(|shown| shown.colors == colors) {
            *shown = None;
        }
        if shown.is_none() {
            let range = range(made.as_ref()?, request, other, shared);
            *shown = Some(color(ctx, made.as_ref()?, colors, range));
        }
        shown.as_ref()
    }

    fn made(&mut self, request: &MapRequest<'_>) -> Option<&Made> {
        let key = MadeKey::new(request);
        if !self.made.as_ref().is_some_and(|made| made.key.is(&key)) {
            self.shown = None;
            self.made = make(request, key);
        }
        self.made.as_ref()
    }

    /// The map that was shown last.
    pub fn last(&self) -> Option<&ShownMap> {
        self.shown.as_ref()
    }

    /// The same, if it is of this answer: another one may have come since the last frame.
    pub fn last_of(&self, explanation: &Arc<Explanation>) -> Option<&ShownMap> {
        let made = self.made.as_ref()?;
        let is_of = std::ptr::eq(made.key.explanation.as_ptr(), Arc::as_ptr(explanation));
        self.shown.as_ref().filter(|_| is_of)
    }

    pub fn clear(&mut self) {
        (self.made, self.shown) = (None, None);
    }
}

fn make(request: &MapRequest<'_>, key: MadeKey) -> Option<Made> {
    let MapRequest { explanation, target, input: MapInput { method, inquiry }, .. } = *request;
    let at_once = |method| explanation.map_at_once(method, target, MAP_SCORE);
    let made = match explanation.is_ready(method) {
        true => at_once(method),
        false => inquiry
            .filter(|inquiry| !inquiry.answers.is_empty())
            .and_then(|inquiry| inquiry.map(explanation, target)),
    };
    let account = Account::new(request, made.as_ref());
    // The cells of the plain map are those that a finer one begins with.
    let coarse = || at_once(Method::Cam).filter(|_| method.kind().is_exact());
    let shown = if made.is_some() { method } else { Method::Cam };
    let MethodMap { map, photo_from_map, .. } = made.or_else(coarse)?;
    let question = explanation.question(target)?;
    let is_exact = method.kind().is_exact();
    Some(Made { key, cam: map, method: shown, photo_from_map, question, account, is_exact })
}

/// The values of the first and the last colour.
fn range(
    made: &Made,
    request: &MapRequest<'_>,
    other: Option<[f32; 2]>,
    shared: &mut Option<(Weak<Explanation>, Option<Rule>, SharedRange)>,
) -> [f32; 2] {
    let MapRequest { explanation, target, options, .. } = *request;
    let colormap = options.colormap_of(target);
    let own = made.cam.range();
    if let Some([lo, hi]) = other {
        let both = || [own[0].min(lo), own[1].max(hi)];
        return color_range(&made.cam, colormap, ScaleMode::SharedOverClasses, both);
    }
    if !made.is_exact {
        // There is no such map of all other classes to compare it with.
        let scale = match options.scale {
            ScaleMode::SharedOverClasses => ScaleMode::PerMap,
            scale => scale,
        };
        return color_range(&made.cam, colormap, scale, || own);
    }
    options.range_of(target, &made.cam, || {
        let decisions = target.decided_by();
        match shared {
            Some((of, has, range))
                if of.ptr_eq(&made.key.explanation)
                    && (decisions.is_none() || *has == decisions) =>
            {
                *range
            }
            _ => {
                let range = SharedRange::of(explanation, decisions);
                *shared = Some((made.key.explanation.clone(), decisions, range));
                range
            }
        }
    })
}

fn color(ctx: &Context, made: &Made, colors: ColorKey, range: [f32; 2]) -> ShownMap {
    let side = made.key.explanation.upgrade().map(|seen| seen.input.crop.width());
    let &Made { ref key, ref cam, ref question, ref account, method, photo_from_map, .. } = made;
    let ColorKey { colormap, smooth, contours, .. } = colors;
    let place = photo_from_map.zip(side).map(|(place, side)| place_of(place, [side; 2]));
    let finding = Finding::of(cam).on_scale(cam, range);
    let is_flat = cam.data.is_empty() || matches!(finding, Finding::Constant(_));
    let texture = (!is_flat).then(|| {
        let filter = if smooth { TextureFilter::Linear } else { TextureFilter::Nearest };
        let options = TextureOptions { magnification: filter, ..TextureOptions::LINEAR };
        ctx.load_texture("map", colored(cam, range, colormap, smooth), options)
    });
    let [lo, hi] = range;
    let levels = colormap.contour_levels().map(|t| lo + (hi - lo) * t);
    // Around pixels of their own, lines would hide the map.
    let has_lines = contours && smooth && !is_flat && !key.method.kind().is_of_pixels();
    let contours =
        levels.into_iter().filter(|_| has_lines).flat_map(|at| contour(cam, at)).collect();
    ShownMap {
        colors,
        cam: cam.clone(),
        method,
        photo_from_map,
        place,
        question: question.clone(),
        colormap,
        range,
        contours,
        finding,
        account: account.clone(),
        texture,
    }
}
