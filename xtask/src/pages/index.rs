//! The index page: all demos on one page, live.

use anyhow::{Context, ensure};

use super::{Case, Stage, as_text};

/// The demos, and what the preview of each shows once its stream has arrived.
const CARDS: [(&str, &str); 6] = [
    ("hello-clock", "Hello, this is a server-sent event!"),
    ("counter", "计数：0"),
    ("identified-stream", "GMT"),
    ("event-types", "Alice"),
    ("start-and-stop", "GMT"),
    ("finite-stream", "123321 "),
];

pub(super) const PAGE: Case = Case {
    name: "index",
    about: "all cards live, no errors, no request to elsewhere",
    check: |stage| {
        let demo = stage.start("demo")?;
        stage.open(&demo.url("/"))?;
        let names = "return [...document.querySelectorAll('.card')].map((card) => card.id)";
        let names = stage.browser.script(names)?;
        let expected: Vec<&str> = CARDS.iter().map(|(name, _)| *name).collect();
        ensure!(as_names(&names) == sorted(expected), "the cards are {names}");
        press(stage, "start-and-stop", "start")?;
        press(stage, "finite-stream", "btn")?;
        for (name, shown) in CARDS {
            is_live(stage, name, shown)?;
        }
        stage.wait_for_text("#counter .state .t[lang=en]", |state| state == "closed")?;
        languages(stage)?;
        leads_to_pages(stage)?;
        let own = demo.url("/");
        let elsewhere = stage.browser.requests()?.into_iter().find(|url| {
            ["http:", "https:", "ws:", "wss:"].iter().any(|it| url.starts_with(it))
                && !url.starts_with(&own)
        });
        ensure!(elsewhere.is_none(), "a request to elsewhere: {elsewhere:?}");
        stage.no_errors()
    },
};

/// Presses a button of a preview as soon as it is there.
fn press(stage: &Stage<'_>, card: &str, button: &str) -> anyhow::Result<()> {
    let script = format!(
        "const button = document.querySelector('#{card} iframe').contentDocument?.getElementById('{button}'); \
         button?.click(); return button?.onclick != null"
    );
    stage.browser.wait_for(&format!("the button {button}"), &script, |it| it == true).map(drop)
}

/// The preview shows its events, and the card the bytes, the counts and the state.
fn is_live(stage: &Stage<'_>, card: &str, shown: &str) -> anyhow::Result<()> {
    let preview = format!(
        "return document.querySelector('#{card} iframe').contentDocument?.body?.innerText ?? ''"
    );
    stage.browser.wait_for(card, &preview, |text| as_text(text).contains(shown.trim()))?;
    stage.wait_for_text(&format!("#{card} .wire"), |bytes| bytes.contains("data:"))?;
    for fact in ["events", "bytes", "connections"] {
        let count = stage.text(&format!("#{card} [data-fact={fact}]"))?;
        let count: u64 = count.parse().with_context(|| format!("{card}: {fact} are {count:?}"))?;
        ensure!(count > 0, "{card}: no {fact}");
    }
    let state = format!("return document.querySelector('#{card} .state').dataset.state");
    let state = as_text(&stage.browser.script(&state)?);
    ensure!(
        ["open", "closed", "waiting", "queued", "connecting"].contains(&state.as_str()),
        "{card} is {state:?}"
    );
    let said = stage.text(&format!("#{card} .state .t[lang=en]"))?;
    ensure!(!said.is_empty() && said != "not started", "{card} says it is {said:?}");
    Ok(())
}

/// Each of the two buttons shows one language and hides the other.
fn languages(stage: &Stage<'_>) -> anyhow::Result<()> {
    for (language, start) in [("zh-CN", "服务器"), ("en", "Server-Sent")] {
        stage.browser.click(&format!(".language button[value={language}]"))?;
        let heading = "return document.querySelector('h1').innerText";
        stage
            .browser
            .wait_for("the heading", heading, |text| as_text(text).trim().starts_with(start))?;
    }
    Ok(())
}

/// Every card links to its page, which exists.
fn leads_to_pages(stage: &Stage<'_>) -> anyhow::Result<()> {
    let missing = "return Promise.all([...document.querySelectorAll('.card .actions a')].map(\
        async (link) => (await fetch(link.href, { headers: { Accept: 'text/html' } })).ok ? '' : link.href\
        )).then((hrefs) => hrefs.filter(Boolean))";
    let missing = stage.browser.script(missing)?;
    ensure!(missing.as_array().is_some_and(Vec::is_empty), "links without a page: {missing}");
    Ok(())
}

fn as_names(value: &serde_json::Value) -> Vec<&str> {
    let names = value.as_array().into_iter().flatten().filter_map(|name| name.as_str());
    sorted(names.collect())
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}
