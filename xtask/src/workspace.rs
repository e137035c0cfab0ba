//! The folder of the workspace, and what is run and written in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use testkit::Scratch;

/// What makes programs of cargo's release profile quick to build, where it is not looked at how fast or small they are.
pub(crate) const UNOPTIMIZED: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

/// The cargo that runs this program, in the folder of the workspace.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(arguments);
    command
}

/// Cargo in another workspace, whose programs go to `target/NAME`. What both depend on is compiled once: it builds in this
/// workspace's `target`, so that its step [uses](crate::steps::Step::uses) that. (Cargo does so from 1.91; an older one
/// compiles all of it again, in `target/NAME`.)
pub(crate) fn cargo_in<const N: usize>(folder: &Path, name: &str, arguments: [&str; N]) -> Command {
    let mut command = cargo(arguments);
    let target = workspace().join("target");
    command.current_dir(folder).env("CARGO_TARGET_DIR", target.join(name));
    command.env("CARGO_BUILD_BUILD_DIR", target);
    command
}

/// The folder of the workspace: the one above the package that `cargo run` runs.
pub(crate) fn workspace() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR");
        let package = package.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
    })
}

/// A folder below `target/` for the files of one program.
pub(crate) fn scratch(purpose: &str) -> anyhow::Result<Scratch> {
    Scratch::below(&workspace().join("target/xtask"), purpose)
}
