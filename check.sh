#!/usr/bin/env bash
# Form, lints and documentation. All in the release profile: dependencies are compiled once.
set -euo pipefail
cd "$(dirname "$0")"

cargo fmt --check
cargo clippy --release --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --document-private-items

# Licences, sources and banned crates; none of these needs the network.
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --offline check licenses sources bans
else
    echo "cargo-deny is not installed: licences and sources are not checked"
fi
