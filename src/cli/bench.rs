//! `glasstree bench`

use serde_json::json;

use super::Out;
use super::args::BenchArgs;
use crate::engine::{BenchRequest, bench};

pub fn run(args: &BenchArgs, out: Out<'_>) -> anyhow::Result<()> {
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    let named = [("resnet18", &args.resnet18, 224), ("wrn28_10", &args.wrn28_10, 32)];
    let models = named
        .into_iter()
        .filter_map(|(name, path, side)| Some((name.to_owned(), path.clone()?, side)))
        .collect();
    let request = BenchRequest { device: args.device, models, rounds: args.rounds };
    let (device, results) = bench(request)?;
    if args.json {
        writeln!(out, "{}", json!({ "device": device, "results": results }))?;
        return Ok(());
    }
    writeln!(out, "Device: {device}; milliseconds: least, median, first")?;
    for result in results {
        let (min, median, first) = (result.ms_min, result.ms_median, result.ms_first);
        writeln!(out, "{:<24} {min:9.3} {median:9.3} {first:9.3}", result.name)?;
    }
    Ok(())
}
