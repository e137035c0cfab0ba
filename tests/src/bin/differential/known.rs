//! Where engines are known to differ from the standard: a stream in which such a thing occurs may disagree.

use tests::oracle::Item;

use crate::case::Case;

/// A deviation: whether a stream could show it, and what it is.
type Deviation = (fn(&Case) -> bool, &'static str);

/// The deviations of one engine.
#[derive(Clone, Copy, Default)]
pub(crate) struct Known(&'static [Deviation]);

const CHROMIUM: &[Deviation] = &[(
    has_line_end_after_bom,
    "a line end right after the BOM is not one, so that the first field is lost (9.2.6, decode)",
)];

const FIREFOX: &[Deviation] = &[
    (
        has_nul,
        "U+0000 in a value is dropped (9.2.5 allows it in any-char), and with it, in an ID, the event (9.2.6 ignores the field)",
    ),
    (
        has_lone_id,
        "the ID of a block without data is forgotten (9.2.6 sets it before it looks at the data)",
    ),
];

const WEBKIT: &[Deviation] = &[
    (
        has_lone_id,
        "the ID of a block without data is not sent (9.2.6 sets it before it looks at the data)",
    ),
    (
        has_odd_retry,
        "a reconnection time is read up to what is no digit (9.2.6 ignores such a field)",
    ),
    (has_cut_bom, "a BOM that is cut into packets is not stripped (Encoding, decode)"),
];

impl Known {
    /// What is known of an engine; `None` if there is no such engine.
    pub(crate) fn of(engine: &str) -> Option<Self> {
        match engine {
            "chromium" => Some(Self(CHROMIUM)),
            "firefox" => Some(Self(FIREFOX)),
            "webkit" => Some(Self(WEBKIT)),
            _ => None,
        }
    }

    /// What may explain a disagreement about this case.
    pub(crate) fn explains(&self, case: &Case) -> Option<&'static str> {
        self.0.iter().find(|(occurs, _)| occurs(case)).map(|(_, why)| *why)
    }
}

fn has_nul(case: &Case) -> bool {
    case.bytes.contains(&0)
}

fn has_lone_id(case: &Case) -> bool {
    case.outcome().items.iter().any(|it| matches!(it.item, Item::LastEventId(_)))
}

fn has_line_end_after_bom(case: &Case) -> bool {
    [b"\xEF\xBB\xBF\r", b"\xEF\xBB\xBF\n"].iter().any(|it| case.bytes.starts_with(*it))
}

fn has_odd_retry(case: &Case) -> bool {
    let lines = case.bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
    let mut values = lines.filter_map(|line| line.strip_prefix(b"retry:"));
    values.any(|value| {
        let value = value.strip_prefix(b" ").unwrap_or(value);
        value.iter().any(u8::is_ascii_digit) && !value.iter().all(u8::is_ascii_digit)
    })
}

fn has_cut_bom(case: &Case) -> bool {
    case.bytes.starts_with(b"\xEF\xBB\xBF") && case.cuts.iter().any(|cut| (1..3).contains(cut))
}
