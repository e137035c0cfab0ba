//! A page that is left and come back to, be it from the browser's back/forward cache or anew.
//!
//! Whether a page that was left keeps its stream is the browser's affair: Chromium keeps it for a while.

use super::Case;

pub(super) const COME_BACK: Case = Case {
    name: "left-and-back",
    about: "a page that is left and come back to has one stream, and goes on",
    check: |stage| {
        let server = stage.start("identified-stream")?;
        stage.open(&server.url("/"))?;
        let first = stage.wait_for_text("body", |text| text.contains("GMT"))?;
        server.wait_for_open_streams(1)?;
        stage.browser.open("about:blank")?;
        stage.browser.back()?;
        // A page that was kept shows its last message at first; one more has to come.
        stage.wait_for_text("body", |text| text.contains("GMT") && text != first)?;
        server.wait_for_open_streams(1)?;
        Ok(())
    },
};
