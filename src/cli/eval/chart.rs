//! An evaluation as a picture in SVG: the answer at a certainty, and calibration.

use std::fmt::Write as _;

use crate::eval::{Scores, THRESHOLDS};

/// Side of a diagram, and the room around it for words, in points.
const SIDE: f64 = 320.0;
const MARGIN: f64 = 56.0;
const BLUE: &str = "#1c6ed6";
const ORANGE: &str = "#c96c00";
const GREY: &str = "#8a939e";

/// Both diagrams beside each other; the first one is empty for a model without a tree.
pub fn svg(scores: &Scores) -> String {
    let (width, height) = (2.0 * (SIDE + 2.0 * MARGIN), SIDE + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut left = Diagram { svg: &mut svg, left: MARGIN };
    left.frame("The answer at a certainty", "required certainty", "share of pictures");
    if let Some(tree) = &scores.tree {
        let points = || THRESHOLDS.iter().map(|&t| f64::from(t)).zip(&tree.certainty.points);
        let right = points().filter_map(|(t, point)| Some([t, point.right.rate()?]));
        let class = points().filter_map(|(t, point)| Some([t, point.is_class.rate()?]));
        left.line(&right.collect::<Vec<_>>(), BLUE);
        left.line(&class.collect::<Vec<_>>(), ORANGE);
        left.text([0.03, 0.10], BLUE, "the answer is right");
        left.text([0.03, 0.04], ORANGE, "the answer is a single class");
    }
    let mut right = Diagram { svg: &mut svg, left: 3.0 * MARGIN + SIDE };
    right.frame("Calibration of the network", "confidence", "accuracy");
    right.line(&[[0.0, 0.0], [1.0, 1.0]], GREY);
    let bins = scores.calibration.bins.iter();
    let most = bins.clone().map(|bin| bin.right.of).max().unwrap_or_default().max(1);
    for bin in bins.clone() {
        if let (Some(x), Some(y)) = (bin.mean_confidence(), bin.right.rate()) {
            // The area is the number of pictures.
            right.dot([x, y], 2.0 + 8.0 * (bin.right.of as f64 / most as f64).sqrt());
        }
    }
    if let Some(error) = scores.calibration.error() {
        right.text([0.03, 0.94], BLUE, &format!("calibration error {:.1}%", 100.0 * error));
    }
    svg.push_str("</svg>\n");
    svg
}

/// A square from 0 to 1 on both axes.
struct Diagram<'a> {
    svg: &'a mut String,
    left: f64,
}

impl Diagram<'_> {
    fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.left + SIDE * x, MARGIN + SIDE * (1.0 - y)]
    }

    fn frame(&mut self, title: &str, x: &str, y: &str) {
        let (left, middle) = (self.left, self.left + SIDE / 2.0);
        let (bottom, down) = (MARGIN + SIDE, MARGIN + SIDE / 2.0);
        writeln!(
            self.svg,
            "<rect x=\"{left}\" y=\"{MARGIN}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" \
             stroke=\"{GREY}\"/>\n\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"15\">{title}</text>\n\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{x}</text>\n\
             <text transform=\"translate({},{down}) rotate(-90)\" text-anchor=\"middle\">{y}</text>",
            MARGIN - 18.0,
            bottom + 36.0,
            left - 38.0
        )
        .ok();
        for step in 0..=5 {
            let share = f64::from(step) / 5.0;
            let ([x, _], [_, y]) = (self.at([share, 0.0]), self.at([0.0, share]));
            writeln!(
                self.svg,
                "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" \
                 fill=\"{GREY}\">{:.0}%</text>\n<text x=\"{}\" y=\"{}\" text-anchor=\"end\" \
                 fill=\"{GREY}\">{:.0}%</text>",
                bottom + 17.0,
                100.0 * share,
                left - 6.0,
                y + 4.0,
                100.0 * share
            )
            .ok();
        }
    }

    fn line(&mut self, points: &[[f64; 2]], color: &str) {
        let places: Vec<String> = points
            .iter()
            .map(|&point| self.at(point))
            .map(|[x, y]| format!("{x:.1},{y:.1}"))
            .collect();
        writeln!(
            self.svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>",
            places.join(" ")
        )
        .ok();
    }

    fn dot(&mut self, point: [f64; 2], radius: f64) {
        let [x, y] = self.at(point);
        writeln!(
            self.svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"{BLUE}\" \
             fill-opacity=\"0.7\"/>"
        )
        .ok();
    }

    fn text(&mut self, point: [f64; 2], color: &str, text: &str) {
        let [x, y] = self.at(point);
        writeln!(self.svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{color}\">{text}</text>").ok();
    }
}
