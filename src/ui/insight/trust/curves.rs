//! What the network says while a picture is taken apart, as numbers.

use eframe::egui::{Color32, Ui};

use crate::explain::{Curve, area_below};
use crate::explanation::{CamTarget, Explanation, Score};
use crate::memo::{Memo, Same};
use crate::state::{Asked, Inquiry, Order, Topic};
use std::sync::Arc;

/// The scores along one order.
#[derive(Clone, Debug)]
pub struct Line {
    pub order: Order,
    /// One for each answer so far, from the whole picture on.
    pub scores: Vec<f32>,
    /// Answers that there will be.
    pub total: usize,
    /// Below the whole curve; `None` before it is there.
    pub area: Option<f64>,
}

impl Line {
    fn name(&self) -> &'static str {
        match self.order {
            Order::Map(..) => "this map",
            Order::CentreFirst => "centre first",
            Order::Random => "random order",
        }
    }

    /// With its area in numbers.
    pub fn words(&self) -> String {
        match self.area {
            Some(area) => format!("{} {area:.3}", self.name()),
            None => self.name().to_owned(),
        }
    }

    pub fn color(&self, ui: &Ui) -> Color32 {
        let visuals = ui.visuals();
        match self.order {
            Order::Map(..) => visuals.hyperlink_color,
            Order::CentreFirst => visuals.warn_fg_color,
            Order::Random => visuals.weak_text_color(),
        }
    }
}

/// Everything that the lines depend on.
type Key = (Same<Explanation>, CamTarget, Curve, Vec<Option<(Topic, usize)>>);

/// The lines shown last: scores of decisions take a while.
#[derive(Default)]
pub struct CurvesMemo(Memo<Key, Vec<Line>>);

impl CurvesMemo {
    /// One line for each order that has begun.
    pub fn get(
        &mut self,
        seen: &Arc<Explanation>,
        target: CamTarget,
        curve: Curve,
        inquiries: &[Option<&Inquiry>],
    ) -> &[Line] {
        let parts = inquiries.iter().map(|it| it.map(|it| (it.topic, it.answers.len())));
        let key = (Same::as_value(seen), target, curve, parts.collect());
        self.0.get_or_make(key, |_| {
            inquiries.iter().flatten().filter_map(|inquiry| line(seen, target, inquiry)).collect()
        })
    }
}

fn line(seen: &Explanation, target: CamTarget, inquiry: &Inquiry) -> Option<Line> {
    let (Topic::Curve(_, order), Asked::Curve(_)) = (inquiry.topic, &inquiry.asked) else {
        return None;
    };
    // The root of a tree has no probability.
    let scores = match seen.scorer(target, Score::Probability) {
        Some(scorer) => inquiry.answers.scores(scorer),
        None => inquiry.answers.scores(seen.scorer(target, Score::Logit)?),
    };
    let area = inquiry.is_done().then(|| area_below(&scores)).flatten();
    Some(Line { order, scores, total: inquiry.total, area })
}
