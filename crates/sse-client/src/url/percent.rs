//! Percent-encoding (RFC 3986 2.1): which bytes stand as they are where, and the rest. Depends on nothing.

pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// `pchar` and the slash; a percent sign is taken for the start of an encoded byte.
pub(super) fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte) || b"%!$&'()*+,;=:@/".contains(&byte)
}

/// What stands unencoded in a query: `pchar`, slash, question mark, and what servers expect as is.
pub(super) fn is_query_byte(byte: u8) -> bool {
    is_path_byte(byte) && byte != b'\'' || b"?[]|{}^`\\".contains(&byte)
}

pub(super) fn encode(text: &str, keep: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((&first, rest)) = bytes.split_first() {
        bytes = rest;
        let digits = rest.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let digits = digits.filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if first == b'%' => {
                out.push(byte);
                bytes = &rest[2..];
            }
            _ => out.push(first),
        }
    }
    out
}
