//! `token`, the alphabet of methods, field names and MIME types (RFC 9110 5.6.2). Depends on nothing.

/// `token = 1*tchar`
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_tchar)
}

pub(crate) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
