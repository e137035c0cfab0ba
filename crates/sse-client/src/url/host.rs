//! The host and the port of a URL. Pure; depends on what can be wrong with one.

use super::error::UrlError;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host, and the port behind it if there is one.
pub(super) fn split_port(text: &str) -> Result<(&str, Option<u16>), UrlError> {
    // The colons inside an IPv6 address are not the port's.
    let after_address = match text.rfind(']') {
        Some(end) => end + 1,
        None if text.starts_with('[') => return Err(UrlError::InvalidHost),
        None => 0,
    };
    let Some(colon) = text[after_address..].find(':').map(|at| after_address + at) else {
        return Ok((text, None));
    };
    let (host, port) = (&text[..colon], &text[colon + 1..]);
    if port.is_empty() {
        return Ok((host, None));
    }
    // `parse` alone would take a plus sign.
    let digits = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| *number > 0);
    Ok((host, Some(number.ok_or(UrlError::InvalidPort)?)))
}

/// In lower case, an address in its shortest form.
pub(super) fn normal_host(host: &str) -> Result<String, UrlError> {
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or(UrlError::InvalidHost)?;
        let address: Ipv6Addr = address.parse().map_err(|_| UrlError::InvalidHost)?;
        return Ok(format!("[{address}]"));
    }
    if !host.is_ascii() {
        return Err(UrlError::NonAsciiHost);
    }
    if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        let address: Ipv4Addr = host.parse().map_err(|_| UrlError::InvalidHost)?;
        return Ok(address.to_string());
    }
    let legal = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !legal { Err(UrlError::InvalidHost) } else { Ok(host.to_ascii_lowercase()) }
}

/// The scheme's own.
pub(super) fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}
