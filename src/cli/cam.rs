//! `glasstree cam`

use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::CamArgs;
use super::{Out, Session, classify};
use crate::catalog::ModelSource;
use crate::explain::{Cam, Paint, Scale, Variant, blend};
use crate::explanation::{CamTarget, Explanation};
use crate::npy;
use crate::output;

/// The pictures of one map.
pub struct Pictures {
    /// The map alone, as large as the crop.
    pub heatmap: PathBuf,
    /// Over what the network saw.
    pub combined: PathBuf,
    /// Over the whole photo.
    pub overlay: PathBuf,
}

pub fn run(args: &CamArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.options.request(args.model.as_deref(), ModelSource::default_classifier());
    let session = Session::start(args.options.device)?;
    let model = session.load(&request)?;
    let class = args.class.as_deref().map(|name| model.classes.find(name)).transpose()?;
    let explanation = session.explain(&args.picture, &args.image, &request)?;
    let class = class.unwrap_or_else(|| explanation.prediction());
    let target = CamTarget::Class(class);
    let map = args.variant.raw(&explanation.forward, &explanation.row(target).0)?;

    if let Some(path) = &args.npy {
        output::write(path, &npy::to_bytes(&[map.height, map.width], &map.data)?)?;
    }
    // Without any file asked for, the pictures are what the command is for.
    let folder = match (&args.out, &args.npy, args.json) {
        (Some(folder), ..) => Some(folder.as_path()),
        (None, None, false) => Some(Path::new(".")),
        _ => None,
    };
    let paint = Paint {
        colormap: args.colormap,
        scale: Scale::for_colormap(args.colormap),
        alpha: args.alpha,
        smooth: !args.cells,
    };
    let written = folder
        .map(|folder| write_pictures(folder, &explanation, args.variant, &map, &paint))
        .transpose()?;
    report(args, &explanation, class, &map, written.as_ref(), out)
}

fn report(
    args: &CamArgs,
    explanation: &Explanation,
    class: usize,
    map: &Cam,
    written: Option<&Pictures>,
    out: Out<'_>,
) -> anyhow::Result<()> {
    let check = explanation.check(CamTarget::Class(class));
    let bias = explanation.model.head.bias[class];
    let [min, max] = map.range();
    if args.json {
        let files = written.map(|files| {
            json!({ "heatmap": files.heatmap, "combined": files.combined, "overlay": files.overlay })
        });
        let value = json!({
            "model": explanation.model.source.name(),
            "device": explanation.device,
            "class": classify::one(explanation, class),
            "variant": args.variant.to_string(),
            "map": { "height": map.height, "width": map.width, "min": min, "max": max,
                     "mean": map.mean() },
            "bias": bias,
            "identity": { "residual": check.residual, "holds": check.holds() },
            "files": files,
        });
        writeln!(out, "{value}")?;
        return Ok(());
    }
    writeln!(out, "Class: {} ({class})", explanation.model.label(class))?;
    if let Some(files) = written {
        print_written(files, out)?;
        writeln!(out, " * Wrote heatmap on the whole photo to {}", files.overlay.display())?;
    }
    if let Some(path) = &args.npy {
        writeln!(out, " * Wrote map to {}", path.display())?;
    }
    if args.variant == Variant::Paper {
        let (mean, logit) = (map.mean(), explanation.forward.logits[class]);
        writeln!(
            out,
            "Map: {min:.3} to {max:.3}; mean {mean:.4} + bias {bias:.4} = logit {logit:.4}"
        )?;
    }
    if !check.holds() {
        super::warn(&format!("mean + bias misses the logit by {:.2e}", check.residual));
    }
    Ok(())
}

/// Writes heatmap.png, combined.png and overlay.png.
pub fn write_pictures(
    folder: &Path,
    explanation: &Explanation,
    variant: Variant,
    map: &Cam,
    paint: &Paint,
) -> anyhow::Result<Pictures> {
    output::make_folder(folder)?;
    let crop = &explanation.input.crop;
    let files = Pictures {
        heatmap: folder.join("heatmap.png"),
        combined: folder.join("combined.png"),
        overlay: folder.join("overlay.png"),
    };
    let heatmap = variant.heatmap(map, crop.width(), crop.height(), paint);
    output::write_png(&files.heatmap, &heatmap)?;
    output::write_png(&files.combined, &blend(crop, &heatmap, paint.alpha))?;
    let transform = explanation.input.photo_from_input;
    let whole = variant.overlay(&explanation.photo.rgb, map, transform, crop.width(), paint);
    output::write_png(&files.overlay, &whole)?;
    Ok(files)
}

/// The two lines of the tutorial.
pub fn print_written(files: &Pictures, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, " * Wrote heatmap to {}", files.heatmap.display())?;
    writeln!(out, " * Wrote heatmap on image to {}", files.combined.display())?;
    Ok(())
}
