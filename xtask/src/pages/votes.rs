//! A state that comes first, and changes that are added to it.

use super::{Case, Stage};

pub(super) const PAGE: Case = Case {
    name: "votes",
    about: "the page counts on its own: through a break, and when the server begins anew",
    check: |stage| {
        let mut server = stage.start("votes")?;
        stage.open(&server.url("/"))?;
        table(stage, "coffee0tea0water0")?;
        stage.browser.click("button")?;
        table(stage, "coffee1tea0water0")?;
        server.interrupt()?;
        let vote = "return fetch('vote?for=tea', { method: 'POST' }).then((it) => it.status)";
        stage.browser.script(vote)?;
        stage.browser.script(vote)?;
        table(stage, "coffee1tea2water0")?;
        // All that it has counted is gone: the new result comes in place of a gap.
        server.crash();
        server.restart(stage.report)?;
        table(stage, "coffee0tea0water0")?;
        stage.nothing_thrown()
    },
};

fn table(stage: &Stage<'_>, expected: &str) -> anyhow::Result<()> {
    stage.wait_for_text("table", |text| text == expected).map(drop)
}
