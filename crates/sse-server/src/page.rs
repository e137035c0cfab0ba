//! The small pages that stand for a status. Pure.

/// Reason phrases (RFC 9110, 15).
const REASONS: &str = "200 OK|201 Created|202 Accepted|204 No Content|\
    301 Moved Permanently|302 Found|303 See Other|304 Not Modified|307 Temporary Redirect|\
    308 Permanent Redirect|400 Bad Request|401 Unauthorized|403 Forbidden|404 Not Found|\
    405 Method Not Allowed|408 Request Timeout|409 Conflict|410 Gone|411 Length Required|\
    413 Content Too Large|414 URI Too Long|415 Unsupported Media Type|417 Expectation Failed|\
    422 Unprocessable Content|429 Too Many Requests|431 Request Header Fields Too Large|\
    500 Internal Server Error|501 Not Implemented|502 Bad Gateway|503 Service Unavailable|\
    505 HTTP Version Not Supported";

/// The reason phrase of a status; empty, which the standard allows, for an unusual one.
pub(crate) fn reason(status: u16) -> &'static str {
    let mut known = REASONS.split('|').filter_map(|reason| reason.split_once(' '));
    let status = status.to_string();
    known.find(|(code, _)| *code == status).map_or("", |(_, phrase)| phrase)
}

/// A page that says `status` and, in a sentence of HTML-safe text, why.
pub(crate) fn page(status: u16, why: &str) -> String {
    let reason = reason(status);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{status} {reason}</title>\n\
         <style>:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }} \
         body {{ max-width: 36rem; margin: 15vh auto; padding: 0 1rem }}</style>\n\
         <h1>{status} {reason}</h1>\n<p>{why}</p>\n</html>\n"
    )
}

/// What the page of a status says when nobody gave a reason.
pub(crate) fn default_why(status: u16) -> &'static str {
    match status {
        404 => "There is nothing at this address.",
        405 => "This address does not answer that method.",
        500 => "The server failed to answer this request.",
        503 => "The server is busy. Please try again in a moment.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn reasons() {
        for (status, phrase) in [
            (200, "OK"),
            (308, "Permanent Redirect"),
            (505, "HTTP Version Not Supported"),
            (299, ""),
        ] {
            assert_eq!(reason(status), phrase);
        }
    }
}
