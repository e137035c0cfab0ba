//! What a check finds, and the catalogue of what it can find. Pure data.

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// Names an entry of the catalogue.
    pub(crate) code: &'static str,
    /// What was seen, in a sentence.
    pub(crate) what: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Clients do not work, or lose events.
    Error,
    /// Clients suffer on some networks, behind some proxies, or when the connection is lost.
    Warning,
    /// Worth knowing.
    Note,
    /// As it should be.
    Good,
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Good => "good",
        }
    }
}

/// What is known about a code: what decides it, and what to do. The README of this program explains each.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    pub(crate) clause: &'static str,
    pub(crate) remedy: &'static str,
}

/// The entry of a code.
pub(crate) fn entry(code: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.code == code)
}

const fn new(code: &'static str, clause: &'static str, remedy: &'static str) -> Entry {
    Entry { code, clause, remedy }
}

const CONNECTING: &str = "WHATWG HTML 9.2.2";
const PROCESSING: &str = "WHATWG HTML 9.2.3";
const PARSING: &str = "WHATWG HTML 9.2.5";
const INTERPRETING: &str = "WHATWG HTML 9.2.6";
const AUTHORING: &str = "WHATWG HTML 9.2.7";
const LAST_EVENT_ID: &str = "WHATWG HTML 9.2.4";
const CORS: &str = "Fetch, CORS protocol";

/// All that can be found.
pub(crate) static CATALOGUE: [Entry; 36] = [
    new("unreachable", PROCESSING, "see that the server runs, and that this machine may reach it"),
    new(
        "no-answer",
        PROCESSING,
        "send the head as soon as the request is there, before the first event",
    ),
    new("not-http", "RFC 9112", "see that an HTTP/1.1 server answers at this port"),
    new("redirect", CONNECTING, "give clients the last URL: each reconnect goes all the way again"),
    new("status", PROCESSING, "answer 200; a browser comes back after a lost connection only"),
    new("content-type", PROCESSING, "send Content-Type: text/event-stream"),
    new("charset", INTERPRETING, "send UTF-8, and leave out the charset"),
    new("cache-control", "RFC 9111 3", "send Cache-Control: no-store, or no-cache"),
    new(
        "proxy-buffering",
        "nginx, proxy_buffering",
        "send X-Accel-Buffering: no, or set proxy_buffering off",
    ),
    new(
        "content-length",
        "RFC 9112 6.2",
        "leave out Content-Length: a stream has no length beforehand",
    ),
    new(
        "framing",
        "RFC 9112 6.3",
        "send the body in chunks, so that its end can be told from a broken connection",
    ),
    new("http-version", "RFC 9112 2.3", "answer HTTP/1.1, or HTTP/2"),
    new(
        "limit-of-six",
        AUTHORING,
        "serve by HTTP/2, or share one connection among the tabs by a shared worker",
    ),
    new("slow-head", PROCESSING, "send the head at once, before there is an event"),
    new(
        "buffering",
        AUTHORING,
        "flush after each event, in the server and in every proxy before it",
    ),
    new(
        "compression",
        "RFC 9110 8.4",
        "flush the compressor after each event, or do not compress this type",
    ),
    new("heartbeat", AUTHORING, "send a comment, a line with a colon alone, every 15 seconds"),
    new(
        "ends",
        PROCESSING,
        "keep the stream open; who has nothing more to say answers 204 the next time",
    ),
    new(
        "cut",
        "RFC 9112 8",
        "end the body with its last chunk, and look for time limits in proxies",
    ),
    new("line-endings", PARSING, "use line feeds alone"),
    new("byte-order-mark", PARSING, "leave it out: only the first one is dropped"),
    new("utf-8", INTERPRETING, "encode the whole stream as UTF-8"),
    new(
        "unfinished-block",
        INTERPRETING,
        "send the blank line with the event, before the stream ends",
    ),
    new("never-dispatched", INTERPRETING, "end each event with a blank line"),
    new("no-data", INTERPRETING, "give each event a data field, be it empty"),
    new(
        "unknown-field",
        INTERPRETING,
        "write data:, event:, id: and retry: in lower case; nothing else is read",
    ),
    new("id-unsendable", LAST_EVENT_ID, "use digits, letters and hyphens for IDs"),
    new("ids", LAST_EVENT_ID, "give each event an ID by which a client can go on after it"),
    new("retry", INTERPRETING, "send retry: with digits only, between 1000 and 60000 milliseconds"),
    new("event-size", INTERPRETING, "send large things by a URL in the event"),
    new(
        "resume",
        LAST_EVENT_ID,
        "begin after the event that Last-Event-ID names, or say that there is a gap",
    ),
    new(
        "cors",
        CORS,
        "send Access-Control-Allow-Origin, with the origin rather than *, and Vary: Origin",
    ),
    new(
        "preflight",
        "Fetch, CORS-preflight fetch",
        "answer OPTIONS with the headers that pages send, Last-Event-ID included",
    ),
    new("head-method", "RFC 9110 9.3.2", "answer HEAD like GET, without the body and at once"),
    new("options-method", "RFC 9110 9.3.7", "answer OPTIONS at once, without a stream"),
    new(
        "disconnect",
        "RFC 9112 9.6",
        "watch the connection, or write to it often enough to notice that it is gone",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_explained_in_the_readme() {
        let readme = include_str!("../../README.md");
        for (at, Entry { code, clause, remedy }) in CATALOGUE.iter().enumerate() {
            assert!(readme.contains(&format!("\n### {code}\n")), "{code} is not explained");
            assert!(!clause.is_empty() && !remedy.is_empty());
            assert!(CATALOGUE[..at].iter().all(|other| other.code != *code), "{code} twice");
        }
    }
}
