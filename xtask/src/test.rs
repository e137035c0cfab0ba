//! `cargo xtask test`: everything that has to hold before a change is merged.

mod code;
mod dependencies;
mod msrv;
mod pages;

use crate::embedded;
use crate::fuzz;
use crate::steps::Selection;
use crate::tidy;

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
        steps.push(dependencies::step());
        steps.push(tidy::step());
        steps.push(msrv::step());
        steps.push(embedded::no_heap_step());
        steps.push(fuzz::step());
        steps.extend(pages::steps());
        self.selection.run(steps)
    }
}
