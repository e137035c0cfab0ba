//! Debian's packages: installed, or unpacked below `target/debian`.
//!
//! The latter is for programs that must not be installed: they would take others away, or stand in
//! the way of the toolchain in use. It needs no root, and leaves the system as it is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};

use crate::steps::Report;
use crate::workspace::workspace;

/// Held by the one step that talks with apt: its lists of packages have a lock that nobody waits for.
static APT: Mutex<()> = Mutex::new(());

/// Services do not start because they are installed: a web server would take port 80. apt calls
/// this before and after dpkg, also when that fails.
const NO_SERVICES: [&str; 2] = [
    "DPkg::Pre-Invoke::=test -e /usr/sbin/policy-rc.d || { \
        printf '#!/bin/sh\\n# by cargo xtask\\nexit 101\\n' >/usr/sbin/policy-rc.d \
        && chmod 755 /usr/sbin/policy-rc.d; }",
    "DPkg::Post-Invoke::=! grep -qs 'by cargo xtask' /usr/sbin/policy-rc.d \
        || rm /usr/sbin/policy-rc.d",
];

/// Whether this is Debian, with its packages.
pub(crate) fn is_here() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

/// Whether packages can be installed: on Debian, as root.
pub(crate) fn may_install() -> bool {
    is_here() && rustix::process::geteuid().is_root()
}

/// Installs packages, without taking others away and without starting a service.
///
/// # Errors
///
/// When one of them cannot be had.
pub(crate) fn install(report: &mut Report, packages: &[&str]) -> anyhow::Result<()> {
    let _alone = APT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut install = apt_get(&["install", "--yes", "--no-install-recommends", "--no-remove"]);
    install.args(NO_SERVICES.iter().flat_map(|option| ["--option", option]));
    install.args(packages);
    // The lists of a fresh machine are empty or old, and fetching them takes a while.
    if report.run(&mut install).is_err() {
        report.run(&mut apt_get(&["update"]))?;
        report.run(&mut install)?;
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(["--option", "DPkg::Lock::Timeout=300"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// A folder with the files of some packages, as if it were the root of a system.
pub(crate) struct Tree {
    root: PathBuf,
}

impl Tree {
    /// Unpacks `packages`, and those that they need and that are not installed, once.
    ///
    /// The tree is called `name`; it is used again as long as it was made of the same `packages`,
    /// which may name a release, as in `rustc-web/bookworm`.
    ///
    /// # Errors
    ///
    /// When a package cannot be had, or is not for this system.
    pub(crate) fn of(report: &mut Report, name: &str, packages: &[&str]) -> anyhow::Result<Tree> {
        let _alone = APT.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = workspace().join("target/debian");
        let tree = Tree { root: folder.join(name) };
        let marker = folder.join(format!("{name}.packages"));
        if fs::read_to_string(&marker).is_ok_and(|found| found == packages.join(" ")) {
            return Ok(tree);
        }
        for path in [&tree.root, &marker] {
            remove(path)?;
        }
        fs::create_dir_all(&tree.root)?;
        for archive in download(report, &tree.root, packages)? {
            let mut dpkg = Command::new("dpkg-deb");
            report.run(dpkg.arg("--extract").arg(&archive).arg(&tree.root))?;
            fs::remove_file(archive)?;
        }
        fs::write(marker, packages.join(" "))?;
        report.note(format_args!("unpacked {} into target/debian/{name}", packages.join(" ")));
        Ok(tree)
    }

    /// A path in the tree, given from its root.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// What `LD_LIBRARY_PATH` must be for a program of the tree.
    pub(crate) fn libraries(&self) -> OsString {
        let architecture = format!("{}-linux-gnu", std::env::consts::ARCH);
        let folders = ["usr/lib", "lib"].map(|it| self.path(it).join(&architecture));
        std::env::join_paths(folders).unwrap_or_default()
    }
}

/// Downloads what an installation would bring and returns the files.
fn download(report: &mut Report, folder: &Path, packages: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let list = |report: &mut Report| {
        let mut apt = Command::new("apt-get");
        let list = ["install", "--print-uris", "-qq", "--reinstall", "--no-install-recommends"];
        report.quietly(apt.args(list).args(packages))
    };
    // A fresh machine has no lists of packages; only root may fetch them.
    let list = match list(report) {
        Ok(lines) => lines,
        Err(_) => {
            report.run(&mut apt_get(&["update"]))?;
            list(report)?
        }
    };
    // Each line is 'URI' FILE SIZE HASH, and FILE is PACKAGE_VERSION_ARCHITECTURE.deb.
    let files = list.lines().filter_map(|line| line.split_whitespace().nth(1));
    let versions: Vec<String> = files
        .filter_map(|file| {
            let mut parts = file.split('_');
            Some(format!("{}={}", parts.next()?, parts.next()?.replace("%3a", ":")))
        })
        .collect();
    if versions.is_empty() {
        bail!("apt-get names no package for {}", packages.join(" "));
    }
    let mut apt = Command::new("apt-get");
    apt.current_dir(folder).arg("download").args(versions);
    report.run(&mut apt)?;
    let entries = fs::read_dir(folder).context("the folder of the download cannot be read")?;
    let archives = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(archives.filter(|path| path.extension().is_some_and(|it| it == "deb")).collect())
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
    .with_context(|| format!("{} cannot be removed", path.display()))
}
