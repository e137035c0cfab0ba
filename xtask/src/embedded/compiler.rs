//! A compiler for a target, with the target's core library: installed, or unpacked from Debian.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::debian::{self, Tree};
use crate::steps::Report;
use crate::workspace::{cargo, workspace};

/// What compiles programs for one target.
pub(crate) struct Compiler {
    target: String,
    /// Debian's compiler, whose library is compiled along with the program.
    unpacked: Option<Unpacked>,
}

struct Unpacked {
    tree: Tree,
    linker: PathBuf,
}

impl Compiler {
    /// `None` if there is none and none can be had here.
    pub(crate) fn of(report: &mut Report, target: &str) -> anyhow::Result<Option<Compiler>> {
        let sysroot = report.quietly(rustc().args(["--print", "sysroot"]))?;
        let libraries = PathBuf::from(sysroot.trim()).join("lib/rustlib");
        let unpacked = if libraries.join(target).join("lib").is_dir() {
            None
        } else if debian::is_here() {
            Some(Unpacked {
                tree: Tree::of(report, "rustc-web", &["rustc-web", "rust-web-src"])?,
                linker: linker(report, &libraries)?,
            })
        } else {
            return Ok(None);
        };
        Ok(Some(Compiler { target: target.to_owned(), unpacked }))
    }

    /// Builds programs of `examples/embed` and returns the folder where they are.
    pub(super) fn build(&self, report: &mut Report, programs: &[&str]) -> anyhow::Result<PathBuf> {
        let target_folder = workspace().join("target/embed");
        let mut build = self.command("core");
        build
            .current_dir(workspace().join("examples/embed"))
            .env("CARGO_TARGET_DIR", &target_folder)
            .args(programs.iter().flat_map(|program| ["--bin", program]));
        report.run(&mut build)?;
        Ok(target_folder.join(&self.target).join("release"))
    }

    /// `cargo build` for the target, and of these crates of the standard library if it is not installed.
    pub(crate) fn command(&self, library: &str) -> Command {
        let mut build = cargo(["build", "--release", "--target", &self.target]);
        if let Some(Unpacked { tree, linker }) = &self.unpacked {
            let name = self.target.to_uppercase().replace('-', "_");
            build
                .arg(format!("-Zbuild-std={library}"))
                .env("RUSTC", tree.path("usr/bin/rustc"))
                .env("LD_LIBRARY_PATH", tree.libraries())
                // A stable compiler builds its own library only when told that it may.
                .env("RUSTC_BOOTSTRAP", "1")
                .env(format!("CARGO_TARGET_{name}_LINKER"), linker);
        }
        build
    }
}

/// The linker that comes with the toolchain in use.
fn linker(report: &mut Report, libraries: &std::path::Path) -> anyhow::Result<PathBuf> {
    let version = report.quietly(rustc().arg("-vV"))?;
    let host = (version.lines().find_map(|line| line.strip_prefix("host: ")))
        .context("rustc does not say which host it is for")?;
    let linker = libraries.join(host).join("bin/rust-lld");
    ensure!(linker.is_file(), "the toolchain in use has no rust-lld");
    Ok(linker)
}

fn rustc() -> Command {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(workspace());
    rustc
}
