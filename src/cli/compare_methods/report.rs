//! What a comparison of methods found: as text, as JSON, as CSV, and as a picture.

use std::fmt::Write as _;

use image::{RgbImage, imageops};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::super::Out;
use super::{BoxFigures, Contestant, Figures, name_of};
use crate::eval::MaxBoxAcc;
use crate::explain::{Cam, Curve, Paint, blend, heatmap};
use crate::explanation::Explanation;
use crate::numbers::thousands;

/// Mean figures of one contestant.
struct Row {
    contestant: Contestant,
    pictures: usize,
    /// Mean and its standard error.
    areas: Vec<(Curve, f64, Option<f64>)>,
    /// Shares and means over the pictures with boxes: pointing, found, IoU, energy.
    boxes: Option<[f64; 4]>,
    runs: f64,
    seconds: f64,
}

fn row(figures: &[Figures], contestant: Contestant) -> Row {
    let own: Vec<_> = figures.iter().filter(|f| f.contestant == contestant).collect();
    let count = own.len().max(1) as f64;
    let of_curve = |curve: Curve| {
        let values: Vec<f64> = own
            .iter()
            .flat_map(|f| f.areas.iter().filter(|(c, _)| *c == curve).map(|(_, area)| *area))
            .collect();
        let (mean, error) = mean_and_error(&values)?;
        Some((curve, mean, error))
    };
    let boxes: Vec<BoxFigures> = own.iter().filter_map(|f| f.boxes).collect();
    let share = |f: &dyn Fn(&BoxFigures) -> f64| {
        boxes.iter().map(f).sum::<f64>() / boxes.len().max(1) as f64
    };
    Row {
        contestant,
        pictures: own.len(),
        areas: Curve::iter().filter_map(of_curve).collect(),
        boxes: (!boxes.is_empty()).then(|| {
            [
                share(&|f| f64::from(u8::from(f.pointing))),
                share(&|f| f64::from(u8::from(f.iou >= 0.5))),
                share(&|f| f.iou),
                share(&|f| f.energy.unwrap_or_default()),
            ]
        }),
        runs: own.iter().map(|f| f.runs as f64).sum::<f64>() / count,
        seconds: own.iter().map(|f| f.seconds).sum::<f64>() / count,
    }
}

/// Mean and standard error; `None` for no values, no error for one.
fn mean_and_error(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let n = values.len() as f64;
    (!values.is_empty()).then(|| {
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        (mean, (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt()))
    })
}

pub fn print(
    figures: &[Figures],
    contestants: &[Contestant],
    max_box_acc: &[MaxBoxAcc],
    out: Out<'_>,
) -> anyhow::Result<()> {
    let rows: Vec<Row> = contestants.iter().map(|&contestant| row(figures, contestant)).collect();
    let Some(first) = rows.first() else { return Ok(()) };
    match figures.first() {
        Some(figure) if first.pictures == 1 => writeln!(out, "{}", name_of(&figure.picture))?,
        _ => {
            let pictures = thousands(first.pictures);
            writeln!(out, "{pictures} pictures; mean ± standard error")?;
        }
    }
    let names = rows.iter().map(|row| row.contestant.name().len());
    let width = names.max().unwrap_or_default().max(14);
    write!(out, "\n{:<width$}", "method")?;
    for (curve, ..) in &first.areas {
        let arrow = if curve.is_low_good() { '↓' } else { '↑' };
        write!(out, "  {:>14}", format!("{curve} {arrow}"))?;
    }
    if first.boxes.is_some() {
        write!(out, "  pointing ↑  IoU≥0.5 ↑    IoU ↑  energy ↑  BoxAccV2 ↑")?;
    }
    writeln!(out, "    runs   seconds")?;
    for (row, max_box_acc) in rows.into_iter().zip(max_box_acc) {
        write!(out, "{:<width$}", row.contestant.name())?;
        for (_, mean, error) in &row.areas {
            let error = error.map_or_else(String::new, |error| format!(" ± {error:.3}"));
            write!(out, "  {:>14}", format!("{mean:.3}{error}"))?;
        }
        if let Some([pointing, found, iou, energy]) = row.boxes {
            let [pointing, found, energy] = [pointing, found, energy].map(|v| v * 100.0);
            write!(out, "    {pointing:7.2}%   {found:7.2}%   {iou:6.3}  {energy:7.2}%")?;
            let v2 = max_box_acc.v2().unwrap_or_default() * 100.0;
            write!(out, "    {v2:7.2}%")?;
        }
        writeln!(out, "  {:6.0}  {:8.3}", row.runs, row.seconds)?;
    }
    Ok(())
}

pub fn json(figures: &[Figures], contestants: &[Contestant], max_box_acc: &[MaxBoxAcc]) -> Value {
    let rows = contestants.iter().zip(max_box_acc).map(|(&contestant, max_box_acc)| {
        let row = row(figures, contestant);
        let mut value = json!({
            "method": contestant.name(), "pictures": row.pictures, "runs": row.runs,
        });
        for (curve, mean, error) in row.areas {
            value[curve.to_string()] = json!({ "area": mean, "standard_error": error });
        }
        value["boxes"] = row.boxes.map_or(Value::Null, |[pointing, found, iou, energy]| {
            json!({
                "pointing": pointing, "found": found, "mean_iou": iou, "energy": energy,
                "max_box_acc": max_box_acc.best(), "max_box_acc_v2": max_box_acc.v2(),
            })
        });
        value
    });
    Value::Array(rows.collect())
}

/// One line for each picture and method.
pub fn csv(figures: &[Figures]) -> String {
    let mut text =
        "picture,method,deletion,insertion,road,pointing,iou,energy,runs,seconds\n".to_owned();
    for figure in figures {
        let name = figure.picture.replace('"', "\"\"");
        write!(text, "\"{name}\",{}", figure.contestant.name()).ok();
        for curve in Curve::iter() {
            match figure.areas.iter().find(|(known, _)| *known == curve) {
                Some((_, area)) => write!(text, ",{area:.6}").ok(),
                None => write!(text, ",").ok(),
            };
        }
        match figure.boxes {
            Some(BoxFigures { pointing, iou, energy }) => {
                let energy = energy.map_or_else(String::new, |energy| format!("{energy:.6}"));
                write!(text, ",{},{iou:.6},{energy}", u8::from(pointing)).ok()
            }
            None => write!(text, ",,,").ok(),
        };
        writeln!(text, ",{},{:.4}", figure.runs, figure.seconds).ok();
    }
    text
}

/// What the network saw, and each map over it, four in a row.
pub fn side_by_side(seen: &Explanation, maps: &[Cam]) -> RgbImage {
    const COLUMNS: usize = 4;
    let crop = &seen.input.crop;
    let (width, height) = crop.dimensions();
    let rows = (maps.len() + 1).div_ceil(COLUMNS) as u32;
    let mut picture = RgbImage::new(width * COLUMNS as u32, height * rows);
    let paint = Paint::default();
    let maps =
        maps.iter().map(|map| blend(crop, &heatmap(map, width, height, &paint), paint.alpha));
    for (i, tile) in std::iter::once(crop.clone()).chain(maps).enumerate() {
        let (x, y) = ((i % COLUMNS) as i64, (i / COLUMNS) as i64);
        imageops::replace(&mut picture, &tile, x * i64::from(width), y * i64::from(height));
    }
    picture
}
