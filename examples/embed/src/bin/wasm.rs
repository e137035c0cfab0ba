//! The display and the document as a WebAssembly module without imports and without a heap.

#![no_std]
#![no_main]

/// The byte at `place` of all that the display prints; -1 behind the last one, -2 there if
/// anything was not as expected.
// An exported name can clash with another one, hence "unsafe"; it is the only one.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn printed(place: usize) -> i32 {
    let mut length = 0;
    let mut found = None;
    let right = embed::run(&mut |text| {
        let byte = place.checked_sub(length).and_then(|at| text.as_bytes().get(at));
        found = found.or(byte.copied());
        length += text.len();
    });
    match (found, right && embed::document::arrives()) {
        (Some(byte), _) => i32::from(byte),
        (None, true) => -1,
        (None, false) => -2,
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
