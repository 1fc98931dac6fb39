//! Leaves symbols out of the program: 50 MB. Cargo's `strip` does that, too, but forgets it for a
//! package whose optimisation level is set by itself, as this one's is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if system == "linux" {
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
}
