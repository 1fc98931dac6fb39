//! A decided tree as a picture in SVG 1.1, which needs nothing beside itself.

use std::fmt::Write as _;

use crate::explain::{Decision, Hierarchy, NodeId};
use crate::tree_layout::{Card, Cards, OpenNodes, Orientation, Others, Shown, TreeLayout};
use crate::tree_text::{
    accessible_name, class_count, others_count, others_name, percent, probabilities,
    short_name_on_photo,
};

/// How the picture looks.
#[derive(Clone, Copy, Debug)]
pub struct SvgOptions<'a> {
    pub orientation: Orientation,
    pub dark: bool,
    /// For programs that show a title; not drawn.
    pub title: &'a str,
}

/// How wide a flow of probability 1 is, in points.
const FLOW: f32 = 22.0;

/// Around the drawing, in points.
const MARGIN: f32 = 12.0;

/// Mean width of a letter, as a share of the font size: SVG cannot measure text.
const LETTER: f32 = 0.54;

struct Colors {
    canvas: &'static str,
    card: &'static str,
    card_on_path: &'static str,
    outline: &'static str,
    text: &'static str,
    weak_text: &'static str,
    path: &'static str,
    bar: &'static str,
}

const LIGHT: Colors = Colors {
    canvas: "#ffffff",
    card: "#ffffff",
    card_on_path: "#fff1dc",
    outline: "#c4cbd4",
    text: "#1c2128",
    weak_text: "#5e6875",
    path: "#c96c00",
    bar: "#1c6ed6",
};
const DARK: Colors = Colors {
    canvas: "#16181b",
    card: "#25292e",
    card_on_path: "#3e301e",
    outline: "#464d56",
    text: "#e2e6eb",
    weak_text: "#9ea7b2",
    path: "#f5a642",
    bar: "#54a8ff",
};

/// What is shown of the tree in the window, too. Each card has its full description as a tooltip.
pub fn tree_svg(
    hierarchy: &Hierarchy,
    decision: &Decision,
    open: &OpenNodes,
    options: &SvgOptions<'_>,
) -> String {
    let layout = TreeLayout::new(hierarchy, decision, open, options.orientation, Cards::Plain);
    let colors = if options.dark { &DARK } else { &LIGHT };
    let [width, height] = layout.size.map(|side| side + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"{0} {0} {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>{1}</title>\n\
         <rect x=\"{0}\" y=\"{0}\" width=\"100%\" height=\"100%\" fill=\"{2}\"/>\n",
        -MARGIN,
        escape(options.title),
        colors.canvas
    );
    let flows = layout.flows(decision, FLOW);
    let drawing = Drawing { hierarchy, decision, layout: &layout, flows, colors };
    for on_path in [false, true] {
        for (i, card) in layout.cards.iter().enumerate() {
            let is_on_path = card.shown.node().is_some_and(|id| decision.path.contains(&id));
            if is_on_path == on_path {
                drawing.edge(&mut svg, i, on_path);
            }
        }
    }
    for card in &layout.cards {
        match card.shown {
            Shown::Node(id) => drawing.card(&mut svg, card, id),
            Shown::Others(others) => drawing.others(&mut svg, card, &others),
        }
    }
    svg.push_str("</svg>\n");
    svg
}

struct Drawing<'a> {
    hierarchy: &'a Hierarchy,
    decision: &'a Decision,
    layout: &'a TreeLayout,
    /// By card: see [`TreeLayout::flows`].
    flows: Vec<[f32; 2]>,
    colors: &'a Colors,
}

impl Drawing<'_> {
    /// From the parent: a flow as wide as the card is likely, and a line in its middle, which is seen
    /// where hardly anything flows.
    fn edge(&self, svg: &mut String, i: usize, on_path: bool) {
        let card = &self.layout.cards[i];
        let Some(at) = card.parent else { return };
        let parent = &self.layout.cards[at];
        let [card_width, card_height] = self.layout.metrics.card;
        let [begin, width] = self.flows[i];
        let aside = begin - self.flows[at][1] / 2.0;
        let ([mut x0, mut y0], [x1, y1]) = (parent.centre, card.centre);
        match self.layout.orientation {
            Orientation::LeftToRight => y0 += aside,
            Orientation::TopDown => x0 += aside,
        }
        let curve = match self.layout.orientation {
            Orientation::LeftToRight => {
                let (from, to) = (x0 + card_width / 2.0, x1 - card_width / 2.0);
                let middle = (from + to) / 2.0;
                format!(
                    "M{from:.1},{y0:.1} C{middle:.1},{y0:.1} {middle:.1},{y1:.1} {to:.1},{y1:.1}"
                )
            }
            Orientation::TopDown => {
                let (from, to) = (y0 + card_height / 2.0, y1 - card_height / 2.0);
                let middle = (from + to) / 2.0;
                format!(
                    "M{x0:.1},{from:.1} C{x0:.1},{middle:.1} {x1:.1},{middle:.1} {x1:.1},{to:.1}"
                )
            }
        };
        let (color, opacity, line) = if on_path {
            (self.colors.path, 1.0, 2.0)
        } else {
            (self.colors.bar, 0.25 + 0.75 * (width / FLOW).sqrt(), 1.0)
        };
        let _ = write!(svg, "<g fill=\"none\" stroke=\"{color}\">");
        if width > line {
            let flow = 0.4 * opacity;
            let _ = write!(
                svg,
                "<path d=\"{curve}\" stroke-opacity=\"{flow:.2}\" stroke-width=\"{width:.1}\"/>"
            );
        }
        let _ = writeln!(
            svg,
            "<path d=\"{curve}\" stroke-opacity=\"{opacity:.2}\" stroke-width=\"{line:.1}\"/></g>"
        );
    }

    /// The card that improbable nodes share.
    fn others(&self, svg: &mut String, card: &Card, others: &Others) {
        let ([width, height], colors) = (card.size, self.colors);
        let [left, top] = [card.centre[0] - width / 2.0, card.centre[1] - height / 2.0];
        let _ = write!(
            svg,
            "<g><title>{}</title>\
             <rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width}\" height=\"{height}\" rx=\"5\" \
             fill=\"{}\" stroke=\"{}\" stroke-dasharray=\"5 4\"/>",
            escape(&others_name(self.hierarchy, self.decision, others)),
            colors.card,
            colors.outline,
        );
        let [x, y] = [left + 9.0, top + 16.0];
        self.text(svg, [x, y], 11.0, colors.text, &others_count(others));
        let place = match self.layout.orientation {
            Orientation::LeftToRight => [left + width - 52.0, y],
            Orientation::TopDown => [x, y + 16.0],
        };
        self.text(svg, place, 11.0, colors.weak_text, &percent(others.reach));
        svg.push_str("</g>\n");
    }

    fn card(&self, svg: &mut String, card: &Card, id: NodeId) {
        let Card { centre, open, .. } = *card;
        let [width, height] = self.layout.metrics.card;
        let [left, top] = [centre[0] - width / 2.0, centre[1] - height / 2.0];
        let colors = self.colors;
        let on_path = self.decision.path.contains(&id);
        let (fill, outline, stroke) = match on_path {
            true => (colors.card_on_path, colors.path, 2.5),
            false => (colors.card, colors.outline, 1.0),
        };
        let node = self.hierarchy.node(id);
        let [branch, reach] = probabilities(self.decision, id);
        let lines = match self.layout.orientation {
            _ if node.parent.is_none() => vec![format!("All {}", class_count(node.leaves.len()))],
            Orientation::LeftToRight => {
                vec![format!("{} of parent · {} overall", percent(branch), percent(reach))]
            }
            Orientation::TopDown => {
                vec![
                    format!("{} of parent", percent(branch)),
                    format!("{} overall", percent(reach)),
                ]
            }
        };
        let _ = writeln!(
            svg,
            "<g><title>{}</title>\
             <rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width}\" height=\"{height}\" rx=\"5\" \
             fill=\"{fill}\" stroke=\"{outline}\" stroke-width=\"{stroke}\"/>",
            escape(&accessible_name(self.hierarchy, self.decision, id, open)),
        );
        let (x, room) = (left + 11.0, width - 22.0);
        self.text(
            svg,
            [x, top + 16.0],
            13.0,
            colors.text,
            &cut(&short_name_on_photo(self.hierarchy, self.decision, id), room, 13.0),
        );
        for (i, line) in lines.iter().enumerate() {
            let y = top + 29.0 + 12.5 * i as f32;
            self.text(svg, [x, y], 10.0, colors.weak_text, line);
        }
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"2.5\" fill=\"{}\"/></g>",
            top + height - 6.0,
            room * share(reach),
            colors.bar
        );
        if !node.is_leaf() && !open {
            self.hidden(svg, [centre[0], centre[1]], node.leaves.len());
        }
    }

    /// How many classes are below a collapsed node.
    fn hidden(&self, svg: &mut String, [x, y]: [f32; 2], classes: usize) {
        let [width, height] = self.layout.metrics.card;
        let place = match self.layout.orientation {
            Orientation::LeftToRight => [x + width / 2.0 + 5.0, y + 3.5],
            Orientation::TopDown => [x - 8.0, y + height / 2.0 + 13.0],
        };
        self.text(svg, place, 10.0, self.colors.weak_text, &format!("+{classes}"));
    }

    fn text(&self, svg: &mut String, [x, y]: [f32; 2], size: f32, color: &str, text: &str) {
        let text = escape(text);
        let _ = write!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{color}\">{text}</text>"
        );
    }
}

/// A probability that can be drawn.
fn share(probability: f32) -> f32 {
    if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) }
}

/// As much of `text` as fits in `room` points.
fn cut(text: &str, room: f32, size: f32) -> String {
    let most = (room / (LETTER * size)) as usize;
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Text for XML 1.0, without the characters that it forbids.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c if c < ' ' => {}
            c => out.push(c),
        }
    }
    out
}
