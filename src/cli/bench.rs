//! `glasstree bench`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Out;
use crate::engine::{BenchRequest, bench};
use crate::model::DeviceChoice;

#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Weights of a ResNet-18 for 224².
    #[arg(long, value_name = "FILE")]
    pub resnet18: Option<PathBuf>,
    /// Weights of a WideResNet-28-10 for 32².
    #[arg(long, value_name = "FILE")]
    pub wrn28_10: Option<PathBuf>,
    /// Weights of an EfficientNet-Lite0 for 224².
    #[arg(long, value_name = "FILE")]
    pub efficientnet_lite0: Option<PathBuf>,
    #[arg(long, default_value_t = 10)]
    pub rounds: usize,
    /// CPU threads to use; by default all.
    #[arg(long)]
    pub threads: Option<usize>,
    #[arg(long)]
    pub json: bool,
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

pub fn run(args: &BenchArgs, out: Out<'_>) -> anyhow::Result<()> {
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    let named = [
        ("resnet18", &args.resnet18, 224),
        ("wrn28_10", &args.wrn28_10, 32),
        ("efficientnet_lite0", &args.efficientnet_lite0, 224),
    ];
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
