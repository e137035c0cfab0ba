//! A folder that `xtask` takes for its workspace, with a `cargo` that does what a test says.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(crate) struct Workspace {
    pub(crate) folder: PathBuf,
}

impl Workspace {
    pub(crate) fn new(name: &str) -> Workspace {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("xtask")).expect("a folder for the test");
        Workspace { folder }
    }

    /// Makes the lines of a shell script what `cargo` does.
    pub(crate) fn cargo(&self, script: &str) {
        let file = self.folder.join("cargo");
        fs::write(&file, format!("#!/bin/sh\ncd '{}'\n{script}\n", self.folder.display()))
            .expect("a script for the test");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is executable");
    }

    pub(crate) fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(arguments)
            .env("CARGO", self.folder.join("cargo"))
            .env("CARGO_MANIFEST_DIR", self.folder.join("xtask"))
            .stdin(Stdio::null());
        command
    }
}
