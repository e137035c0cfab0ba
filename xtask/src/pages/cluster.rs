//! Three nodes behind nginx: the page kills the one that serves it, and the numbers go on.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::Value;

use super::{Case, Stage};
use crate::requirements::{NGINX, REDIS};

pub(super) const KILL: Case = Case {
    name: "cluster",
    about: "the node that serves the page is killed, and another goes on without a hole",
    check: |stage| {
        REDIS.ensure(stage.report)?;
        NGINX.ensure(stage.report)?;
        let cluster = stage.start("cluster")?;
        stage.open(&cluster.url("/"))?;
        let mut seen = numbers(stage, 5)?;
        let mut nodes = BTreeSet::new();
        for round in 1..=3 {
            let node = stage.wait_for_text("#node", |text| text != "?")?;
            stage.browser.click("#kill")?;
            stage.wait_for_text("#node", |text| text != node)?;
            stage.wait_for_text("#moves", |text| text == round.to_string())?;
            seen = numbers(stage, seen.len() + 10)?;
            nodes.insert(node);
        }
        ensure!(nodes.len() > 1, "the same node was killed each time: {nodes:?}");
        let hole = seen.windows(2).find(|pair| pair[0] + 1 != pair[1]);
        ensure!(hole.is_none(), "after {:?}", hole.unwrap_or_default());
        for count in ["#missing", "#twice"] {
            let text = stage.text(count)?;
            ensure!(text == "0", "{count} shows {text}");
        }
        // What is said on any node comes to the page by its own.
        let say = "return fetch('say', { method: 'POST', body: 'hello' }).then((it) => it.status)";
        ensure!(stage.browser.script(say)? == 204, "it cannot be published");
        stage.wait_for_text("#events", |text| text.contains("hello (said at node "))?;
        stage.nothing_thrown()
    },
};

/// Waits for so many numbers; all that have come.
fn numbers(stage: &Stage<'_>, count: usize) -> anyhow::Result<Vec<u64>> {
    let script = "return record.map((it) => it.number)";
    let enough = |it: &Value| it.as_array().is_some_and(|it| it.len() >= count);
    let numbers = stage.browser.wait_for("numbers", script, enough)?;
    Ok(numbers.as_array().into_iter().flatten().filter_map(Value::as_u64).collect())
}
