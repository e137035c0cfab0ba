//! HTTP/1.1 as values: requests and responses, and the bytes of their heads (RFC 9110, RFC 9112).
//! Pure: nothing in this folder waits, or touches a socket or a clock. From the bottom up: `limits`
//! and `status`; `target`; `request`; `head` and `cors`; `answer`.

pub(crate) mod answer;
pub(crate) mod cors;
pub(crate) mod head;
pub(crate) mod limits;
pub(crate) mod request;
pub(crate) mod status;
pub(crate) mod target;
