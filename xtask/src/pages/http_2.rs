//! A page with ten streams, through nginx: over HTTP/2 all are live, over HTTP/1.1 only six.

use anyhow::ensure;
use serde_json::Value;
use testkit::proxy::{self, Proxy};

use super::{Case, Stage, as_text};
use crate::requirements::{NGINX, OPENSSL};

/// How many connections a browser opens to one origin over HTTP/1.1.
const CONNECTIONS: usize = 6;

pub(super) const TEN_STREAMS: Case = Case {
    name: "http-2",
    about: "ten streams on one page, through nginx and TLS",
    check: |stage| {
        let server = stage.start("ten-streams")?;
        let (nginx, openssl) = (NGINX.ensure(stage.report)?, OPENSSL.ensure(stage.report)?);
        let address = server.relay_address();
        let nginx = Proxy::start(&proxy::NGINX, [&nginx, &openssl], address, &[])?;
        // Without this, ten live cards could have come over ten connections.
        stage.open(&format!("http://{}/", nginx.plain()))?;
        let live = wait_for_live_cards(stage, CONNECTIONS)?;
        ensure!(live == CONNECTIONS, "{live} cards are live over HTTP/1.1");

        stage.open(&format!("https://{}/", nginx.tls()))?;
        let protocol = "return performance.getEntriesByType('navigation')[0].nextHopProtocol";
        let protocol = as_text(&stage.browser.script(protocol)?);
        ensure!(protocol == "h2", "the page came over {protocol:?}");
        wait_for_live_cards(stage, 10)?;
        let cards = stage.browser.script("return cards")?;
        for (card, events) in cards.as_array().into_iter().flatten().enumerate() {
            check_card(card, events)?;
        }
        stage.no_errors()
    },
};

/// Waits until that many cards have 20 events each; returns how many have any.
fn wait_for_live_cards(stage: &Stage<'_>, count: usize) -> anyhow::Result<usize> {
    let lengths = |value: &Value, at_least: u64| {
        let lengths = value.as_array().into_iter().flatten();
        lengths.filter(|it| it.as_u64() >= Some(at_least)).count()
    };
    let script = "return cards.map((numbers) => numbers.length)";
    let what = format!("{count} live cards");
    let found = (stage.browser).wait_for(&what, script, |it| lengths(it, 20) >= count)?;
    Ok(lengths(&found, 1))
}

/// Every event is the card's own and the successor of the one before.
fn check_card(card: usize, events: &Value) -> anyhow::Result<()> {
    let mut numbers = Vec::new();
    for event in events.as_array().into_iter().flatten().map(as_text) {
        let number = event.strip_prefix(&format!("{card}: ")).and_then(|it| it.parse::<u64>().ok());
        numbers.extend(number);
        ensure!(number.is_some(), "card {card} got {event:?}");
    }
    let gap = numbers.windows(2).find(|pair| pair[0] + 1 != pair[1]);
    ensure!(gap.is_none(), "card {card}: {gap:?} follow each other");
    Ok(())
}
