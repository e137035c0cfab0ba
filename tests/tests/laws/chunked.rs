//! Laws of chunked bodies: wherever one is cut, the payload is what RFC 9112 says, and so is its end.

use tests::chunked::{Body, End, check, decode, encode};
use tests::streams::{Random, stream};

#[test]
fn a_body_is_read_as_the_rfc_says_wherever_it_is_cut() {
    let mut random = Random::new(9);
    let (mut complete, mut malformed) = (0, 0);
    for _ in 0..50_000 {
        let mut bytes = encode(&stream(&mut random), &mut random);
        if random.below(4) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        check(&bytes, &mut random);
        match decode(&bytes).end {
            End::Complete(_) => complete += 1,
            End::Malformed => malformed += 1,
            End::Cut => {}
        }
    }
    assert!(complete > 20_000 && malformed > 2_000, "{complete} complete, {malformed} malformed");
}

#[test]
fn the_slow_reading_is_right_about_the_example() {
    let body = decode(b"4;a=b\r\ndata\r\n03\r\n: 1\r\n0\r\nA: b\r\n\r\nnext");
    assert_eq!(body, Body { payload: b"data: 1".to_vec(), end: End::Complete(4) });
    assert_eq!(decode(b"4\r\ndata").end, End::Cut);
    assert_eq!(decode(b"4\r\ndata:").end, End::Malformed);
}
