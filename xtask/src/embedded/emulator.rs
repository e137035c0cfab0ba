//! QEMU for Arm microcontrollers: on the search path, or unpacked from Debian, where installing
//! it would remove other packages.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::ensure;
use testkit::Child;

use crate::debian::{self, Tree};
use crate::steps::Report;

const NAME: &str = "qemu-system-arm";

/// How long a program may run; it needs less than a second.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Emulator {
    program: PathBuf,
    unpacked: Option<Tree>,
}

impl Emulator {
    /// `None` if there is none and none can be had here.
    pub(super) fn ensure(report: &mut Report) -> anyhow::Result<Option<Emulator>> {
        if Command::new(NAME).arg("--version").output().is_ok() {
            return Ok(Some(Emulator { program: NAME.into(), unpacked: None }));
        }
        if !debian::is_here() {
            return Ok(None);
        }
        let tree = Tree::of(report, "qemu", &[NAME])?;
        Ok(Some(Emulator { program: tree.path("usr/bin").join(NAME), unpacked: Some(tree) }))
    }

    /// Runs a program on a machine and returns what it printed.
    ///
    /// # Errors
    ///
    /// When the program ends with a failure, or does not end.
    pub(super) fn run(
        &self,
        report: &mut Report,
        machine: &str,
        program: &Path,
    ) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        command
            .args(["-M", machine, "-nographic", "-semihosting", "-kernel"])
            .arg(program)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(tree) = &self.unpacked {
            command
                .env("LD_LIBRARY_PATH", tree.libraries())
                .arg("-L")
                .arg(tree.path("usr/share/qemu"));
        }
        report.log(format_args!("$ {NAME} -M {machine} -kernel {}", program.display()));
        let mut child = Child::spawn(&mut command)?;
        let status = child.ended(PATIENCE)?;
        let mut printed = String::new();
        if let Some(stdout) = &mut child.inner().stdout {
            stdout.read_to_string(&mut printed)?;
        }
        ensure!(status.success(), "the program ended with {status} after printing:\n{printed}");
        Ok(printed)
    }
}
