//! An answer as bytes: its head, and the framing of its body. Pure.

use crate::request::Request;
use crate::scenario::{Answer, Framing};

/// The response head that belongs to an answer.
pub(crate) fn head(answer: &Answer, request: &Request) -> Vec<u8> {
    let origin = String::from_utf8_lossy(request.field("Origin").unwrap_or_default());
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.fields {
        let value = value.replace("{origin}", &origin).replace("{self}", request.path());
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // 204 and 205 have no body, and a 204 says nothing of one either.
    match answer.framing {
        _ if answer.status == 204 => {}
        Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
        Framing::Length => head.push_str(&format!("Content-Length: {}\r\n", answer.body().len())),
        Framing::UntilClose => {}
    }
    head.push_str("Connection: close\r\n\r\n");
    head.into_bytes()
}

/// Bytes as one chunk.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    framed
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        404 => "Not Found",
        _ => "As Asked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_names_the_origin_and_the_framing() {
        let origin = ("Origin".to_owned(), b"http://page.example".to_vec());
        let request =
            Request { target: "/a?b".to_owned(), fields: vec![origin], ..Request::default() };
        let answer = Answer::stream("data: a\n\n").field("Access-Control-Allow-Origin", "{origin}");
        let text = String::from_utf8(head(&answer, &request)).expect("text");
        assert!(
            text.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"),
            "{text}"
        );
        assert!(text.contains("Access-Control-Allow-Origin: http://page.example\r\n"), "{text}");
        assert!(
            text.ends_with("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"),
            "{text}"
        );
        let moved = Answer::status(307).field("Location", "{self}?again");
        let text = String::from_utf8(head(&moved, &request)).expect("text");
        assert!(text.contains("Location: /a?again\r\nContent-Length: 0\r\n"), "{text}");
    }
}
