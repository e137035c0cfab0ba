//! The head of a request, read from bytes. Pure.

/// A request as the server saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header fields, in their order.
    pub fields: Vec<(String, Vec<u8>)>,
}

/// What a head may have at most.
const MOST_FIELDS: usize = 100;

impl Request {
    /// Reads a head; `Ok(None)` when it is not whole yet.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, httparse::Error> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Request::new(&mut fields);
        if head.parse(bytes)?.is_partial() {
            return Ok(None);
        }
        let fields = head.headers.iter();
        Ok(Some(Self {
            method: head.method.unwrap_or_default().to_owned(),
            target: head.path.unwrap_or_default().to_owned(),
            fields: fields.map(|it| (it.name.to_owned(), it.value.to_vec())).collect(),
        }))
    }

    /// The value of the first field with this name, in whatever case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The last event ID that it tells; empty if it tells none.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.field("Last-Event-ID").unwrap_or_default()
    }

    /// The path without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}
