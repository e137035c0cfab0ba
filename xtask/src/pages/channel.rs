//! A channel whose history survives its server: the page misses nothing.

use anyhow::ensure;

use super::Case;

pub(super) const RESTART: Case = Case {
    name: "channel-restart",
    about: "the server goes away and comes back, the page misses nothing",
    check: |stage| {
        let mut server = stage.start("restarting-server")?;
        stage.open(&server.url("/"))?;
        let numbers = "return numbers";
        let enough = |count: usize| {
            move |it: &serde_json::Value| it.as_array().is_some_and(|it| it.len() > count)
        };
        let mut seen = 0;
        for round in 1..=3 {
            let numbers = stage.browser.wait_for("numbers", numbers, enough(seen + 20))?;
            seen = numbers.as_array().map_or(0, Vec::len);
            server.tell("down")?;
            server.wait_for_open_streams(0)?;
            server.tell("up")?;
            server.wait_for_streams(round + 1)?;
        }
        let numbers =
            stage.browser.wait_for("numbers after the restarts", numbers, enough(seen + 20))?;
        let numbers: Vec<u64> =
            numbers.as_array().into_iter().flatten().filter_map(|it| it.as_u64()).collect();
        let gap = numbers.windows(2).find(|pair| pair[0] + 1 != pair[1]);
        ensure!(
            gap.is_none(),
            "after {} came {}",
            gap.unwrap_or_default()[0],
            gap.unwrap_or_default()[1]
        );
        let streams = server.streams();
        let resumed = streams.iter().skip(1).all(|stream| stream.header("Last-Event-ID").is_some());
        ensure!(resumed, "a request without Last-Event-ID after a restart");
        stage.nothing_thrown()
    },
};
