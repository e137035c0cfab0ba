//! The oldest compiler that the workspace promises to support: rustup's, when that toolchain is installed, or Debian's,
//! whose packages are unpacked below `target/` without being installed.

use std::path::PathBuf;
use std::process::Command;

use crate::debian::Tree;
use crate::steps::Report;

/// The `rust-version` of the workspace.
pub(crate) const OLDEST: &str = "1.85";

/// Debian's compiler for building browsers, its standard library, and the LLVM that it needs.
const PACKAGES: [&str; 4] =
    ["rustc-web=1.85*", "libstd-rust-web-dev=1.85*", "libstd-rust-web-1.85", "libllvm19"];

/// The source of that compiler's standard library, for machines that it has no compiled one for.
const SOURCE: &str = "rust-web-src=1.85*";

/// The program `rustc` of rustup's toolchain.
pub(crate) fn from_rustup(report: &mut Report) -> Option<PathBuf> {
    let list = report.run(Command::new("rustup").args(["toolchain", "list"])).ok()?;
    let toolchain = list.split_whitespace().find(|name| name.starts_with(OLDEST))?;
    let mut which = Command::new("rustup");
    let rustc = report.run(which.args(["which", "--toolchain", toolchain, "rustc"])).ok()?;
    Some(rustc.trim().into())
}

/// Debian's packages.
pub(crate) fn from_debian(report: &mut Report) -> Option<Tree> {
    unpacked(report, &format!("rust-{OLDEST}"), &PACKAGES)
}

/// Debian's packages, and the source of the standard library.
pub(crate) fn from_debian_with_source(report: &mut Report) -> Option<Tree> {
    unpacked(report, &format!("rust-{OLDEST}-src"), &[&PACKAGES[..], &[SOURCE]].concat())
}

fn unpacked(report: &mut Report, name: &str, packages: &[&str]) -> Option<Tree> {
    let tree = Tree::of(report, name, packages);
    tree.inspect_err(|error| {
        report.log(format_args!("Debian's Rust {OLDEST} cannot be had: {error:#}"));
    })
    .ok()
}
