//! `cargo xtask test`: everything that has to hold before a change is merged.

mod alone;
mod bodies;
mod code;
mod dependencies;
mod msrv;

use crate::bench;
use crate::browser::ENGINES;
use crate::embedded;
use crate::fuzz;
use crate::interop;
use crate::pages;
use crate::requirements::{self, OF_TESTS};
use crate::soak;
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
        let mut steps = vec![requirements::step("tests", &OF_TESTS), pages::programs(&ENGINES[0])];
        steps.extend(code::steps());
        steps.extend([
            dependencies::step(),
            alone::step(),
            bodies::step(),
            tidy::step(),
            msrv::step(),
        ]);
        steps.extend(embedded::steps());
        steps.extend([fuzz::step(), soak::step(), bench::step()]);
        steps.push(pages::build());
        steps.extend(pages::steps(&ENGINES[0]));
        steps.push(interop::step());
        self.selection.run(steps)
    }
}
