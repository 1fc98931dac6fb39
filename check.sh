#!/usr/bin/env bash
# Form, lints and documentation. All in the release profile: dependencies are compiled once.
set -euo pipefail
cd "$(dirname "$0")"

cargo fmt --check
cargo clippy --release --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --document-private-items
