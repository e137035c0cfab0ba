//! Asks cargo which crates there are and who needs whom.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// A package of the lock file.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    manifest_path: PathBuf,
}

impl Package {
    pub(crate) fn source(&self) -> PathBuf {
        self.manifest_path.with_file_name("src")
    }
}

/// All packages of this workspace and below it.
pub(crate) fn packages() -> anyhow::Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let json = output(folder(), &["metadata", "--format-version", "1", "--locked"])?;
    let metadata: Metadata = serde_json::from_str(&json)?;
    Ok(metadata.packages)
}

/// A package of this workspace or a peer, and all that it needs when it runs or is built.
pub(crate) fn tree(package: &str) -> anyhow::Result<BTreeSet<String>> {
    tree_in(folder(), &["--package", package])
}

/// The same for a crate of the main workspace, where no benchmark asks for features.
pub(crate) fn tree_of_ours(package: &str, features: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let package = ["--package", package];
    tree_in(&folder().join(".."), &[&package[..], features].concat())
}

/// Crates as `name vVERSION`.
fn tree_in(folder: &Path, arguments: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let fixed = ["tree", "--locked", "--edges", "normal,build", "--prefix", "none"];
    let text = output(folder, &[&fixed[..], &["--format", "{p}"], arguments].concat())?;
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let lines = text.lines().filter(|line| !line.is_empty());
    Ok(lines.map(name).collect())
}

/// The folder of this workspace.
pub(crate) fn folder() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

fn output(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("cargo")
        .args(arguments)
        .current_dir(folder)
        .output()
        .context("cannot run cargo")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo {}: {errors}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}
