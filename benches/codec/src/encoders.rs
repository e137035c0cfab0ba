//! The encoders under test, each behind the same call.

mod axum;
mod limit;
mod ours;
mod sse_stream;

use report::Role;

use crate::corpus;

/// An event to be encoded.
pub(crate) struct Sample {
    pub(crate) event_type: &'static str,
    pub(crate) id: String,
    pub(crate) data: String,
}

/// Events of one shape.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// They live as long as the program: axum's body takes nothing else.
    pub(crate) samples: &'static [Sample],
}

/// An encoder, or a row for the limit.
pub(crate) struct Encoder {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    pub(crate) role: Role,
    /// Encodes all samples; with `Some`, appends the bytes so that they can be compared.
    pub(crate) encode: fn(&'static [Sample], Option<&mut Vec<u8>>),
}

pub(crate) const ALL: [Encoder; 5] = [
    encoder(Role::Limit, "copy", "", limit::copy),
    encoder(Role::Ours, "ours, Vec", "sse-proto", ours::append_to),
    encoder(Role::Ours, "ours, slice", "sse-proto", ours::encode_into),
    encoder(Role::Peer, "sse-stream", "sse-stream", sse_stream::encode),
    encoder(Role::Peer, "axum", "axum", axum::encode),
];

const fn encoder(
    role: Role,
    name: &'static str,
    package: &'static str,
    encode: fn(&'static [Sample], Option<&mut Vec<u8>>),
) -> Encoder {
    Encoder { name, package, role, encode }
}

/// The shapes: data alone, every field, many lines.
pub(crate) fn cases() -> Vec<Case> {
    let case = |name, sample: &dyn Fn(usize) -> Sample| Case {
        name,
        samples: (0..1000).map(sample).collect::<Vec<_>>().leak(),
    };
    let message = |data| Sample { event_type: "", id: String::new(), data };
    vec![
        case("llm", &|n| message(corpus::delta(n))),
        case("event+id+data", &|n| Sample {
            event_type: "update",
            id: format!("1700000000000-{n}"),
            data: format!("{{\"key\":\"feature-{}\",\"on\":true}}", n % 100),
        }),
        case("20 lines", &|n| message(corpus::lines(n))),
    ]
}
