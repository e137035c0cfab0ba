//! Several topics over one connection, with one ID that stands for a place in each.

use anyhow::ensure;

use super::{Case, Stage, as_text};

pub(super) const PAGE: Case = Case {
    name: "topics",
    about: "three topics over one connection: a break, and a choice of others, lose nothing",
    check: |stage| {
        let mut server = stage.start("topics")?;
        stage.open(&server.url("/"))?;
        stage.wait_for_text("#state", |text| text == "connected")?;
        say(stage, "news", "n1")?;
        say(stage, "weather", "w1")?;
        stage.wait_for_text("#events", |text| text == "news n1weather w1")?;
        server.interrupt()?;
        say(stage, "sport", "s1")?;
        say(stage, "news", "n2")?;
        let all =
            |text: &str| text.ends_with("news n2sport s1") || text.ends_with("sport s1news n2");
        let seen = stage.wait_for_text("#events", all)?;
        ensure!(seen.len() == "news n1weather w1sport s1news n2".len(), "not each once: {seen}");
        let id = as_text(&stage.browser.script("return document.querySelector('#state').title")?);
        ensure!(id.starts_with("j1.") && id.contains(".sport-"), "{id}");
        stage.browser.click("#sport")?;
        stage.wait_for_text("#state", |text| text == "connected")?;
        say(stage, "sport", "s2")?;
        say(stage, "news", "n3")?;
        let seen = stage.wait_for_text("#events", |text| text.contains("news n3"))?;
        ensure!(seen.ends_with("news n3") && !seen.contains("s2"), "{seen}");
        ensure!(seen.matches("news n2").count() == 1, "what it had has come again: {seen}");
        stage.nothing_thrown()
    },
};

/// Says something in a topic, as the page does.
fn say(stage: &Stage<'_>, topic: &str, text: &str) -> anyhow::Result<()> {
    let script = format!(
        "return fetch('topics/{topic}', {{ method: 'POST', body: '{text}' }}).then((it) => it.status)"
    );
    let status = stage.browser.script(&script)?;
    ensure!(status == 204, "it was answered with {status}");
    Ok(())
}
