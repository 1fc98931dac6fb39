//! `glasstree fetch`

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Out, warn};
use crate::fetch::{Download, Order, Timeouts};
use crate::output::megabytes;
use crate::text::Shown as _;
use crate::{catalog, folders};

#[derive(Debug, Args)]
pub struct FetchArgs {
    /// A name from `glasstree models`.
    pub id: String,
    /// Fetch it again even if it is already there.
    #[arg(long)]
    pub force: bool,
    /// Fetch from another address, such as a mirror; the checksum must still match if one is known.
    #[arg(long)]
    pub url: Option<String>,
    /// Allow an unencrypted address (http).
    #[arg(long, requires = "url")]
    pub plain_http: bool,
}

pub fn run(args: &FetchArgs, out: Out<'_>) -> anyhow::Result<()> {
    let Some(entry) = catalog::find(&args.id) else {
        bail!("There is no model {} in the catalogue; `glasstree models` lists them", args.id);
    };
    let id = entry.id;
    let models = folders::models().context("This system has no folder for your data")?;
    let Some(mut order) = Order::of(entry, &models) else {
        writeln!(out, "{id} is part of the program; there is nothing to fetch")?;
        return Ok(());
    };
    if let Some(url) = &args.url {
        order.url = url.clone();
    }
    (order.again, order.plain_http) = (args.force, args.plain_http);
    let (path, is_published) = (order.target.clone(), order.sha256.is_some());
    let bar = progress_bar();
    let fetched = Download::new(order, Timeouts::default()).run(&mut |progress| {
        bar.set_length(progress.total.unwrap_or(progress.done));
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let fetched = fetched?;
    let (path, size) = (path.shown(), megabytes(fetched.bytes));
    if fetched.was_there {
        writeln!(out, "{id} is already there: {path} ({size}); --force fetches it again")?;
        return Ok(());
    }
    writeln!(out, " * Wrote {id} to {path} ({size})")?;
    if fetched.changed {
        warn(&format!(
            "{id} has changed since it was first fetched; now SHA-256 {}",
            fetched.sha256
        ));
    } else if !is_published {
        writeln!(out, " * Nobody has published its checksum; recorded SHA-256 {}", fetched.sha256)?;
    }
    Ok(())
}

/// On the standard error, if that is a terminal.
fn progress_bar() -> ProgressBar {
    let form =
        "{bar:30} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::no_length().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
