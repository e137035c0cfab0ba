//! Which answers are event streams. Pure.

use crate::failure::Failure;
use crate::head::{Head, shown};
use crate::kind::ErrorKind;

/// Which answers are event streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct StreamTypes {
    /// Beside `text/event-stream`.
    pub(crate) foreign: Vec<String>,
    /// Whether an answer without a type is one.
    pub(crate) untyped: bool,
}

impl StreamTypes {
    /// Why the answer is not a stream; `None` when it is one.
    pub(crate) fn refuse(&self, head: &Head) -> Option<Failure> {
        match (head.status(), head.content_type()) {
            (200, None) if self.untyped => None,
            (200, Some(essence)) if self.include(essence) => None,
            (200, None) => Some(Failure::because(ErrorKind::ContentType, "it has no type")),
            (200, Some(essence)) => {
                let told = format!("it is {}", shown(essence.as_bytes()));
                Some(Failure::because(ErrorKind::ContentType, told))
            }
            (status, _) => Some(ErrorKind::Status(status).into()),
        }
    }

    fn include(&self, essence: &str) -> bool {
        let foreign = self.foreign.iter().map(String::as_str);
        std::iter::once("text/event-stream")
            .chain(foreign)
            .any(|it| it.eq_ignore_ascii_case(essence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(types: &StreamTypes, status: u16, fields: &str) -> Option<ErrorKind> {
        let text = format!("HTTP/1.1 {status} X\r\n{fields}\r\n");
        types.refuse(&Head::parse(text.as_bytes()).expect(fields)).map(|it| it.kind)
    }

    #[test]
    fn what_counts_as_a_stream() {
        let standard = StreamTypes::default();
        let lenient = StreamTypes { foreign: vec!["Text/Plain".to_owned()], untyped: true };
        let refusal = Some(ErrorKind::ContentType);
        for (fields, by_the_standard, leniently) in [
            ("Content-Type: Text/Event-Stream; charset=x\r\n", None, None),
            ("Content-Type: text/plain; a=b\r\n", refusal, None),
            ("Content-Type: text/html\r\n", refusal, refusal),
            ("Content-Type: nonsense\r\n", refusal, None),
            ("", refusal, None),
        ] {
            assert_eq!(refused(&standard, 200, fields), by_the_standard, "{fields:?}");
            assert_eq!(refused(&lenient, 200, fields), leniently, "{fields:?}");
            assert_eq!(refused(&lenient, 201, fields), Some(ErrorKind::Status(201)));
        }
    }
}
