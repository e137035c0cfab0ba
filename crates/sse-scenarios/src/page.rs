//! The pages of the server: the list of the scenarios, and the driver that runs in browsers. Pure.

use crate::scenario::{Answer, End, Ending, Scenario};
use crate::set;

/// The answer for a path that is not a scenario's.
pub(crate) fn of(path: &str) -> Option<Answer> {
    Some(match path {
        "/" => answer("text/html; charset=utf-8", &index()),
        "/driver" => answer("text/html; charset=utf-8", include_str!("driver.html")),
        "/driver.js" => answer("text/javascript; charset=utf-8", include_str!("driver.js")),
        _ => return None,
    })
}

/// A page or a list, that every origin may read.
pub(crate) fn answer(content_type: &str, body: &str) -> Answer {
    Answer::stream("")
        .field("Content-Type", content_type)
        .field("Cache-Control", "no-store")
        .field("Access-Control-Allow-Origin", "*")
        .then(body)
        .ending(End::Complete)
}

fn index() -> String {
    let mut list = String::new();
    for group in set::groups() {
        list.push_str(&format!("<h2>{}</h2>\n", escape(group.name)));
        for scenario in group.scenarios {
            let (name, clause) = (scenario.name, escape(scenario.clause));
            list.push_str(&format!(
                "<details id=\"{name}\"><summary><code>{name}</code> {}",
                escape(scenario.about)
            ));
            list.push_str(&format!("</summary><p class=clause>{clause}</p>"));
            list.push_str(&format!("<button data-name=\"{name}\">try it here</button><pre></pre>"));
            list.push_str(&format!(
                "<p>A conforming client dispatches</p><pre>{}</pre>",
                escape(&events(&scenario))
            ));
            list.push_str(&format!("<p>{}</p></details>\n", escape(&requests(&scenario))));
        }
    }
    include_str!("index.html").replace("{list}", &list)
}

fn events(scenario: &Scenario) -> String {
    let events = &scenario.expected.events;
    let shown = events.iter().take(8).map(|event| {
        let data: String = format!("{:?}", event.data).chars().take(200).collect();
        let id = event.last_event_id.as_deref().unwrap_or_default();
        format!("{:?} {data} with the last event ID {id:?}", event.event_type)
    });
    let mut lines: Vec<String> = shown.collect();
    match events.len() {
        0 => lines.push("nothing".to_owned()),
        many if many > 8 => lines.push(format!("and {} more", many - 8)),
        _ => {}
    }
    lines.join("\n")
}

fn requests(scenario: &Scenario) -> String {
    let ids = scenario.last_event_ids();
    let shown = ids.iter().map(|id| match id.as_slice() {
        [] => "none".to_owned(),
        id => format!("{:?}", String::from_utf8_lossy(id)),
    });
    let shown: Vec<String> = shown.collect();
    let end = match scenario.expected.ending {
        Ending::Done => "stops when it sees the event done",
        Ending::Failed => "fails the connection and comes back no more",
    };
    format!(
        "It makes {} request(s), with the Last-Event-ID {}, and {end}.",
        ids.len(),
        shown.join(", ")
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
