//! Every demo page in a browser, as a user meets it.
//!
//! A case is a function in a file of its own or beside its kin; it is run on each engine. What a
//! page does to its connections is seen by a relay, what it says by its document and the console.

mod channel;
mod cluster;
mod counter;
mod event_types;
mod finite_stream;
mod hello_clock;
mod http_2;
mod identified_stream;
mod index;
mod left;
mod preflight;
pub(crate) mod programs;
mod refused;
mod relay;
mod start_and_stop;
mod topics;
mod votes;

use anyhow::{bail, ensure};
use serde_json::Value;
use testkit::wait::{self, Look};

use crate::browser::{Browser, ConsoleLine, Engine};
use crate::requirements;
use crate::steps::{Report, Step, TARGET};
use programs::Program;

struct Case {
    name: &'static str,
    about: &'static str,
    check: fn(&mut Stage<'_>) -> anyhow::Result<()>,
}

const CASES: [Case; 17] = [
    Case { name: "driver", about: "clicks reach a page, its errors the tests", check: driver },
    hello_clock::PAGE,
    hello_clock::OTHER_ORIGIN,
    hello_clock::NOT_FOUND,
    refused::SAME_ORIGIN,
    refused::OTHER_ORIGIN,
    counter::PAGE,
    identified_stream::PAGE,
    identified_stream::RESTART,
    start_and_stop::PAGE,
    event_types::PAGE,
    finite_stream::ONOPEN,
    finite_stream::ONMESSAGE,
    finite_stream::ONERROR,
    index::PAGE,
    topics::PAGE,
    votes::PAGE,
];

/// The step that finds or installs what an engine needs.
pub(crate) fn programs(engine: &'static Engine) -> Step {
    requirements::step(engine.name, engine.programs)
}

/// The step that builds the programs whose pages are tested.
pub(crate) fn build() -> Step {
    let build = Step::new("build", "the programs whose pages are tested", |report| {
        programs::executables(report).map(drop)
    });
    build.uses(TARGET)
}

/// The steps that check all pages on one engine.
pub(crate) fn steps(engine: &'static Engine) -> Vec<Step> {
    let step = |case: &Case| {
        let check = case.check;
        let name = format!("{}/{}", engine.name, case.name);
        let step = Step::new(name, case.about, move |report| {
            let browser = engine.start(report)?;
            let mut stage = Stage { engine, browser, report };
            let result = check(&mut stage);
            let picture = stage.browser.screenshot().ok();
            stage.report.keep_picture(picture);
            result
        });
        step.waiting().after("build").after(format!("programs/{}", engine.name))
    };
    (CASES.iter())
        .chain([
            &channel::RESTART,
            &cluster::KILL,
            &http_2::TEN_STREAMS,
            &left::COME_BACK,
            &preflight::FETCH,
        ])
        .map(step)
        .collect()
}

/// What a case plays on.
struct Stage<'a> {
    engine: &'static Engine,
    browser: Browser,
    report: &'a mut Report,
}

impl Stage<'_> {
    /// Starts a program of the workspace on a free port.
    fn start(&mut self, program: &'static str) -> anyhow::Result<Program> {
        Program::start(program, self.report)
    }

    /// Opens a page, and collects its errors from then on.
    fn open(&self, url: &str) -> anyhow::Result<()> {
        self.browser.open(url)?;
        let collect = "window.errors = []; \
            window.addEventListener('error', (event) => window.errors.push(event.message));";
        self.browser.script(collect).map(drop)
    }

    /// The text of the first element that a CSS selector finds; empty when there is none.
    fn text(&self, selector: &str) -> anyhow::Result<String> {
        let script = format!("return document.querySelector('{selector}')?.textContent ?? ''");
        Ok(as_text(&self.browser.script(&script)?))
    }

    /// Waits until the text of an element is accepted.
    fn wait_for_text(
        &self,
        selector: &str,
        accept: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        let script = format!("return document.querySelector('{selector}')?.textContent ?? ''");
        let what = format!("the text of {selector}");
        let text = self.browser.wait_for(&what, &script, |text| accept(&as_text(text)))?;
        Ok(as_text(&text))
    }

    /// Waits until the console has said each text, one that is named twice at least twice, and
    /// returns all that it said.
    ///
    /// Where the driver cannot tell what the console says, nothing is waited for.
    fn wait_for_console(&self, wanted: &[&str]) -> anyhow::Result<Vec<ConsoleLine>> {
        let mut lines = Vec::new();
        if !self.browser.has_logs() {
            return Ok(lines);
        }
        wait::until(&format!("the console says {wanted:?}"), || {
            lines.extend(self.browser.console()?);
            let said = |text| lines.iter().filter(|line| line.message.contains(text)).count();
            let missing = wanted
                .iter()
                .find(|&&text| said(text) < wanted.iter().filter(|&&other| other == text).count());
            Ok(match missing {
                None => Look::Reached(()),
                Some(text) => Look::NotYet(format!("{text:?} was said {} times", said(text))),
            })
        })?;
        Ok(lines)
    }

    /// Fails when a script of the page has thrown, or when the console shows an error.
    fn no_errors(&self) -> anyhow::Result<()> {
        self.nothing_thrown()?;
        no_errors_in(&self.browser.console()?)
    }

    /// Fails when a script of the page has thrown; a lost connection is no fault of a page.
    fn nothing_thrown(&self) -> anyhow::Result<()> {
        let thrown = self.browser.script("return window.errors")?;
        ensure!(thrown.as_array().is_some_and(Vec::is_empty), "the page threw {thrown}");
        Ok(())
    }
}

fn no_errors_in(lines: &[ConsoleLine]) -> anyhow::Result<()> {
    match lines.iter().find(|line| line.level == "SEVERE") {
        Some(line) => bail!("the console shows an error: {}", line.message),
        None => Ok(()),
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Whether a text has this form: `0` stands for any digit, every other character for itself.
fn has_form(text: &str, form: &str) -> bool {
    let digit_or_same = |(it, wanted): (char, char)| match wanted {
        '0' => it.is_ascii_digit(),
        _ => it == wanted,
    };
    text.chars().count() == form.chars().count()
        && text.chars().zip(form.chars()).all(digit_or_same)
}

/// Whether a text is a date such as `Sat Mar 21 2026 14:03:05 GMT+0100`.
fn is_date(text: &str) -> bool {
    let Some((day, rest)) = text.trim().split_at_checked("Sat Mar".len()) else {
        return false;
    };
    let letters = day.chars().filter(char::is_ascii_alphabetic).count();
    letters == 6 && has_form(&rest.replace('-', "+"), " 00 0000 00:00:00 GMT+0000")
}

/// Without this, a case that asks for a page without errors could not fail.
fn driver(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let page = "<button id=b onclick='b.textContent=1; console.log(`said`); lost()'>0</button>";
    stage.open(&format!("data:text/html,{page}"))?;
    stage.no_errors()?;
    stage.browser.click("#b")?;
    stage.wait_for_text("#b", |text| text == "1")?;
    let lines = stage.wait_for_console(&["said", "lost"])?;
    let unnoticed = stage.browser.has_logs() && no_errors_in(&lines).is_ok();
    ensure!(!unnoticed, "an error in the console goes unnoticed");
    ensure!(stage.no_errors().is_err(), "an error of the page goes unnoticed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_tell_texts_apart() {
        assert!(has_form("14:03:05", "00:00:00"));
        assert!(!has_form("14:03:5", "00:00:00"));
        assert!(!has_form("1a:03:05", "00:00:00"));
        assert!(is_date("Sat Mar 21 2026 14:03:05 GMT+0100"));
        assert!(is_date("Sat Mar 21 2026 14:03:05 GMT-0330"));
        assert!(!is_date("Hello, this is a server-sent event!"));
    }
}
