//! `glasstree fetch`, and models that were fetched.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{Output, cat, root};
use crate::server::{Reply, Server};

/// Runs the program as a user with this folder for data, behind this proxy.
fn glasstree(data: &Path, proxy: Option<&str>, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_glasstree"));
    for name in ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
        program.env_remove(name);
    }
    if let Some(proxy) = proxy {
        program.env("HTTPS_PROXY", proxy);
    }
    let output = program
        .args(arguments)
        .env("HOME", data)
        .env("XDG_DATA_HOME", data)
        .env("XDG_RUNTIME_DIR", data)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    Output { code, out: text(output.stdout), err: text(output.stderr) }
}

fn state_of(data: &Path, id: &str) -> String {
    let listed = glasstree(data, None, &["models", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    let model = listed.as_array().unwrap().iter().find(|model| model["id"] == id).unwrap();
    model["state"].as_str().unwrap().to_owned()
}

/// A name of the catalogue whose file has no known size and sum, so that a small one will do.
const ID: &str = "nbdt-cifar10-wrn28-10";

#[test]
#[cfg(target_os = "linux")]
fn a_fetched_model_is_used_by_its_name() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    let classify = ["classify", &cat(), "--model", ID, "--device", "cpu", "--top", "10", "--json"];
    let missing = glasstree(data, None, &classify);
    assert_eq!((missing.code, missing.err.lines().count()), (1, 1), "{}", missing.err);
    assert!(missing.err.contains(&format!("`glasstree fetch {ID}`")), "{}", missing.err);
    assert_eq!(state_of(data, ID), "to be fetched");

    let path = "tests/golden/checkpoints/ckpt-CIFAR10-wrn16_1-nbdtstyle.zip.pth";
    let file = std::fs::read(root().join(path)).unwrap();
    let server = Server::start(vec![Reply::file(&file).cut(9_999), Reply::rest(&file, 9_999)]);
    let fetch = ["fetch", ID, "--url", &server.url];
    let broken = glasstree(data, None, &fetch);
    assert_eq!((broken.code, broken.err.lines().count()), (1, 1), "{}", broken.err);
    let fetched = glasstree(data, None, &fetch);
    assert_eq!((fetched.code, fetched.err.as_str()), (0, ""));
    assert!(fetched.out.contains("Wrote nbdt-cifar10-wrn28-10 to "), "{}", fetched.out);
    assert!(fetched.out.contains("recorded SHA-256"), "{}", fetched.out);
    assert_eq!(state_of(data, ID), "fetched");

    let classified = glasstree(data, None, &classify);
    assert_eq!((classified.code, classified.err.as_str()), (0, ""));
    assert!(classified.out.contains("\"cat\""), "a class of CIFAR10: {}", classified.out);
    let there = glasstree(data, None, &["fetch", ID]);
    assert!(there.code == 0 && there.out.contains("is already there"), "{}", there.out);
}

#[test]
fn proxies_and_wrong_names_are_told_in_a_line() {
    let data = TempDir::new().unwrap();
    let proxy = Server::start(vec![Reply::new("403 Forbidden", b"").header("Content-Length", "0")]);
    let address = proxy.url.trim_end_matches("/models/net.pth").to_owned();
    let refused = glasstree(data.path(), Some(&address), &["fetch", "resnet18"]);
    assert_eq!((refused.code, refused.err.lines().count()), (1, 1), "{}", refused.err);
    assert!(refused.err.contains("proxy"), "{}", refused.err);
    assert!(proxy.requests()[0].starts_with("connect download.pytorch.org:443"));

    let unknown = glasstree(data.path(), None, &["fetch", "resnet19"]);
    assert_eq!((unknown.code, unknown.err.lines().count()), (1, 1), "{}", unknown.err);
    assert!(unknown.err.contains("`glasstree models`"), "{}", unknown.err);
    let bundled = glasstree(data.path(), None, &["fetch", "wrn16-2-cifar10"]);
    assert!(bundled.code == 0 && bundled.out.contains("part of the program"), "{}", bundled.out);
    let open = ["fetch", ID, "--url", "http://192.0.2.1/net.pth"];
    let open = glasstree(data.path(), None, &open);
    assert!(open.code == 1 && open.err.contains("neither encrypted"), "{}", open.err);
}
