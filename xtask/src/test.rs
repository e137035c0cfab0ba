//! `cargo xtask test`: everything that has to hold before a change is merged.

mod code;
mod msrv;

use crate::steps::Selection;

/// Run every check: format, lints, tests, docs, dependencies, demos in a browser
///
/// Takes some minutes the first time. Programs that a step needs and that are missing are
/// installed on a Debian system when called as root; elsewhere the step says how to get them.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut steps = code::steps();
        steps.push(msrv::step());
        self.selection.run(steps)
    }
}
