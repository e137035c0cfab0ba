//! How many bytes of flash a program takes, read from its 32-bit little-endian ELF file.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// The section has no bytes in the file.
const NO_BITS: u32 = 8;
/// The section is in memory when the program runs.
const ALLOCATED: u32 = 2;

/// The sum of the sections that are programmed into flash: text, read-only data, and the initial
/// values of variables.
pub(super) fn flash(path: &Path) -> anyhow::Result<u64> {
    let file = fs::read(path)?;
    flash_of(&file).context("not a 32-bit ELF file")
}

fn flash_of(file: &[u8]) -> Option<u64> {
    file.strip_prefix(b"\x7FELF\x01\x01")?;
    let headers = word(file, 0x20)?;
    let (size, count) = (half(file, 0x2E)?, half(file, 0x30)?);
    let mut sum = 0;
    for index in 0..count {
        let header = usize::try_from(headers).ok()? + usize::from(index) * usize::from(size);
        let (kind, flags) = (word(file, header + 4)?, word(file, header + 8)?);
        if kind != NO_BITS && flags & ALLOCATED != 0 {
            sum += u64::from(word(file, header + 20)?);
        }
    }
    Some(sum)
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    let bytes = file.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

fn half(file: &[u8], at: usize) -> Option<u16> {
    let bytes = file.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}
