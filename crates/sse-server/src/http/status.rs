//! What stands for a status: its reason phrase, a small page, and why a request is refused. Depends
//! on `core` only.

/// What a request that the handler never sees is answered: the status, and why. The connection
/// closes after it.
pub(crate) type Refusal = (u16, &'static str);

pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// Reason phrases (RFC 9110, 15), and what the page of a status says when nobody gave a reason.
const REASONS: &str = "\
    200 OK|201 Created|202 Accepted|204 No Content|\
    301 Moved Permanently|302 Found|303 See Other|304 Not Modified|307 Temporary Redirect|308 Permanent Redirect|\
    400 Bad Request|401 Unauthorized|403 Forbidden|404 Not Found/There is nothing at this address.|\
    405 Method Not Allowed/This address does not answer that method.|408 Request Timeout|\
    409 Conflict|410 Gone|411 Length Required|413 Content Too Large|414 URI Too Long|\
    415 Unsupported Media Type|417 Expectation Failed|422 Unprocessable Content|\
    429 Too Many Requests|431 Request Header Fields Too Large|\
    500 Internal Server Error/The server failed to answer this request.|501 Not Implemented|\
    502 Bad Gateway|503 Service Unavailable/The server is busy. Please try again in a moment.|\
    505 HTTP Version Not Supported";

/// The reason phrase of a status, and a sentence about it; empty for an unusual one.
pub(crate) fn reason(status: u16) -> (&'static str, &'static str) {
    let mut known = REASONS.split('|').filter_map(|reason| reason.split_once(' '));
    let status = status.to_string();
    let phrase = known.find(|(code, _)| *code == status).map_or("", |(_, phrase)| phrase);
    phrase.split_once('/').unwrap_or((phrase, ""))
}

/// A page that says `status` and, in a sentence of HTML-safe text, why.
pub(crate) fn page(status: u16, why: &str) -> String {
    let (reason, _) = reason(status);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{status} {reason}</title>\n\
         <style>:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }} \
         body {{ max-width: 36rem; margin: 15vh auto; padding: 0 1rem }}</style>\n\
         <h1>{status} {reason}</h1>\n<p>{why}</p>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        for (status, phrase) in [
            (200, "OK"),
            (308, "Permanent Redirect"),
            (505, "HTTP Version Not Supported"),
            (299, ""),
        ] {
            assert_eq!(reason(status).0, phrase);
        }
    }
}
