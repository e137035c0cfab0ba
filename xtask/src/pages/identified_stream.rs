//! Events with IDs, and a browser that comes back with the last one.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::programs::Program;
use super::{Case, Stage, is_date, no_errors_in};

/// What the stream asks for with `retry`.
const RECONNECTION_TIME: Duration = Duration::from_secs(10);

pub(super) const PAGE: Case = Case {
    name: "identified-stream",
    about: "the body is the last message, never connecttime",
    check: |stage| {
        let server = stage.start("identified-stream")?;
        stage.open(&server.url("/"))?;
        let first = messages(stage)?;
        let connect_time = connect_time(&server)?;
        ensure!(first != connect_time, "the page shows the event connecttime as a message");
        let said = stage.wait_for_console(&["connecttime:"])?;
        ensure!(
            said.is_empty() || said.iter().any(|line| line.message.contains(&connect_time)),
            "the listener for connecttime did not see {connect_time}",
        );
        no_errors_in(&said)?;
        stage.no_errors()?;
        stage.open(&server.url("/any-other-path"))?;
        messages(stage).map(drop)
    },
};

pub(super) const RESTART: Case = Case {
    name: "identified-stream-restart",
    about: "a killed server: back after 10 s with Last-Event-ID",
    check: |stage| {
        let mut server = stage.start("identified-stream")?;
        stage.open(&server.url("/"))?;
        messages(stage)?;
        server.crash();
        server.restart(stage.report)?;
        let streams = server.wait_for_streams(2)?;
        let [before, after] = streams.as_slice() else {
            anyhow::bail!("{} requests for the stream instead of 2", streams.len());
        };
        let (lost, _) = before.closed.context("the first stream is still open")?;
        let waited = after.began.duration_since(lost);
        ensure!(waited >= RECONNECTION_TIME, "the browser came back after {waited:?} already");
        let last = before.last_event_id();
        ensure!(last.is_some(), "the first stream had no IDs");
        let sent = after.header("Last-Event-ID");
        ensure!(sent == last.as_deref(), "Last-Event-ID is {sent:?}, the last ID was {last:?}");
        messages(stage).map(drop)
    },
};

/// Waits until the body has changed from one date to another; returns the first one.
fn messages(stage: &Stage<'_>) -> anyhow::Result<String> {
    let first = stage.wait_for_text("body", is_date)?;
    stage.wait_for_text("body", |text| is_date(text) && text != first)?;
    Ok(first)
}

/// The data of the event `connecttime`, as it went through the relay.
fn connect_time(server: &Program) -> anyhow::Result<String> {
    let streams = server.streams();
    let response = &streams.first().context("no request for the stream")?.response;
    let response = String::from_utf8_lossy(response);
    let (_, block) = response.split_once("event: connecttime").context("no event connecttime")?;
    let (_, data) = block.split_once("data: ").context("an event without data")?;
    Ok(data.lines().next().unwrap_or_default().to_owned())
}
