//! A compiler for a target, with the target's core library: installed, or unpacked from Debian.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::debian::{self, Tree};
use crate::oldest;
use crate::steps::Report;
use crate::workspace::{cargo, workspace};

/// Which compiler: each makes programs of another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// The one in use, or the newest that Debian has.
    Newest,
    /// The oldest that the workspace promises to support.
    Oldest,
}

/// What compiles programs for one target.
pub(crate) struct Compiler {
    target: String,
    release: Release,
    rustc: PathBuf,
    /// Debian's compiler, whose library is compiled along with the program.
    unpacked: Option<Unpacked>,
}

struct Unpacked {
    tree: Tree,
    linker: PathBuf,
}

impl Compiler {
    /// `None` if there is none and none can be had here.
    pub(crate) fn of(
        report: &mut Report,
        target: &str,
        release: Release,
    ) -> anyhow::Result<Option<Compiler>> {
        let in_use = PathBuf::from(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        let installed = match release {
            Release::Newest => Some(in_use.clone()),
            Release::Oldest => oldest::from_rustup(report),
        };
        let compiler =
            |rustc, unpacked| Compiler { target: target.into(), release, rustc, unpacked };
        if let Some(rustc) = installed {
            if libraries(report, &rustc)?.join(target).join("lib").is_dir() {
                return Ok(Some(compiler(rustc, None)));
            }
        }
        if !debian::is_here() {
            return Ok(None);
        }
        let tree = match release {
            Release::Newest => {
                Tree::of(report, "rustc-web", &["rustc-web", "rust-web-src"]).map(Some)?
            }
            Release::Oldest => oldest::from_debian_with_source(report),
        };
        let Some(tree) = tree else {
            return Ok(None);
        };
        let linker = linker(report, &in_use)?;
        Ok(Some(compiler(tree.path("usr/bin/rustc"), Some(Unpacked { tree, linker }))))
    }

    /// What it says that it is, as in `rustc 1.85.1`.
    pub(super) fn version(&self, report: &mut Report) -> anyhow::Result<String> {
        let mut rustc = Command::new(&self.rustc);
        rustc.current_dir(workspace()).arg("--version");
        if let Some(Unpacked { tree, .. }) = &self.unpacked {
            rustc.env("LD_LIBRARY_PATH", tree.libraries());
        }
        let version = report.quietly(&mut rustc)?;
        Ok(version.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
    }

    /// Builds programs of `examples/embed` and returns the folder where they are.
    pub(super) fn build(&self, report: &mut Report, programs: &[&str]) -> anyhow::Result<PathBuf> {
        let target_folder = workspace().join(match self.release {
            Release::Newest => "target/embed",
            Release::Oldest => "target/embed/oldest",
        });
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
                .env("LD_LIBRARY_PATH", tree.libraries())
                // A stable compiler builds its own library only when told that it may.
                .env("RUSTC_BOOTSTRAP", "1")
                .env(format!("CARGO_TARGET_{name}_LINKER"), linker);
        }
        build.env("RUSTC", &self.rustc);
        build
    }
}

/// The folder with what a compiler has for each target.
fn libraries(report: &mut Report, rustc: &Path) -> anyhow::Result<PathBuf> {
    let mut ask = Command::new(rustc);
    let sysroot = report.quietly(ask.current_dir(workspace()).args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(sysroot.trim()).join("lib/rustlib"))
}

/// The linker that comes with the toolchain in use.
fn linker(report: &mut Report, rustc: &Path) -> anyhow::Result<PathBuf> {
    let mut ask = Command::new(rustc);
    let version = report.quietly(ask.current_dir(workspace()).arg("-vV"))?;
    let host = (version.lines().find_map(|line| line.strip_prefix("host: ")))
        .context("rustc does not say which host it is for")?;
    let linker = libraries(report, rustc)?.join(host).join("bin/rust-lld");
    ensure!(linker.is_file(), "the toolchain in use has no rust-lld");
    Ok(linker)
}
