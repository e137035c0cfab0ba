//! Every demo page in a browser.

use std::time::Duration;

use anyhow::ensure;

use crate::browser::{self, Browser};
use crate::requirements::{CHROMEDRIVER, CHROMIUM};
use crate::steps::{Report, Step};

/// How long a page may take to do what it should; much longer than it needs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn steps() -> Vec<Step> {
    let case = |name: &str, about: &str, check: fn(&Browser) -> anyhow::Result<()>| {
        Step::new(
            format!("chromium/{name}"),
            about,
            move |report: &mut Report| check(&browser::chromium(report)?),
        )
    };
    vec![
        Step::new("programs", "a browser and its driver are there", |report| {
            CHROMIUM.ensure(report)?;
            CHROMEDRIVER.ensure(report).map(drop)
        }),
        case(
            "driver",
            "clicks reach a page, its errors reach the tests",
            driver,
        ),
    ]
}

/// Without this, a test that asks for an empty console could not fail.
fn driver(browser: &Browser) -> anyhow::Result<()> {
    browser.open(
        "data:text/html,<button id=b onclick='b.textContent=1; console.log(`said`); lost()'>0",
    )?;
    ensure!(
        browser.console()?.is_empty(),
        "the console of an empty page is not empty"
    );
    browser.click("#b")?;
    let clicked = "return document.getElementById('b').textContent";
    browser.wait_for("the click", PATIENCE, clicked, |text| text == "1")?;
    let lines = browser.console()?;
    ensure!(
        lines
            .iter()
            .any(|it| it.level == "INFO" && it.message.contains("said")),
        "no log"
    );
    ensure!(
        lines
            .iter()
            .any(|it| it.level == "SEVERE" && it.message.contains("lost")),
        "no error"
    );
    Ok(())
}
