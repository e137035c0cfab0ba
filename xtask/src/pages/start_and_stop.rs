//! Two buttons that open and close a stream.

use anyhow::ensure;

use super::relay::Side;
use super::{Case, is_date};

pub(super) const PAGE: Case = Case {
    name: "start-and-stop",
    about: "nothing arrives after stop, one stream at a time",
    check: |stage| {
        let server = stage.start("start-and-stop")?;
        stage.open(&server.url("/"))?;
        stage.browser.click("#stop")?;
        stage.no_errors()?;
        ensure!(server.streams().is_empty(), "a stream before start");

        stage.browser.click("#start")?;
        let first = stage.wait_for_text("#box", is_date)?;
        stage.wait_for_text("#box", |text| is_date(text) && text != first)?;
        stage.browser.click("#start")?;
        server.wait_for_streams(2)?;
        let closed_by = server.wait_for_open_streams(1)?;
        ensure!(closed_by == [Side::Browser], "the first stream was closed by {closed_by:?}");

        let before = stage.text("#box")?;
        stage.wait_for_text("#box", |text| is_date(text) && text != before)?;
        stage.browser.click("#stop")?;
        let stopped = stage.text("#box")?;
        let closed_by = server.wait_for_open_streams(0)?;
        ensure!(closed_by == [Side::Browser; 2], "the streams were closed by {closed_by:?}");
        ensure!(stage.text("#box")? == stopped, "a message arrived after stop");
        ensure!(server.streams().len() == 2, "a stream after stop");
        stage.no_errors()
    },
};
