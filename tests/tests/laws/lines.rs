//! Laws of the lower layer: the lines that the standard processes, in every chunking.

use sse_proto::{Fixed, Line, LineReader, Part, Storage};
use tests::chunking::cut;
use tests::oracle;
use tests::streams::{Random, cuts, stream};

/// The most bytes of a line in the small storage.
const LIMIT: usize = 16;

#[test]
fn lines_are_those_of_the_standard_however_they_are_cut() {
    let mut random = Random::new(11);
    for _ in 0..30_000 {
        let bytes = stream(&mut random);
        let cuts = cuts(&mut random, bytes.len());
        let mut reader = LineReader::with_limit(usize::MAX);
        let mut seen = Vec::new();
        read(&mut reader, cut(&bytes, &cuts), |line| {
            let line = line.expect("there is no limit");
            check_parse(line);
            seen.push(String::from_utf8_lossy(line).into_owned());
        });
        assert_eq!(seen, oracle::lines_of(&bytes), "{} cut at {cuts:?}", bytes.escape_ascii());
    }
}

#[test]
fn a_line_past_its_limit_is_one_error_and_every_other_line_is_right() {
    let mut random = Random::new(12);
    let mut exceeded = 0;
    for _ in 0..30_000 {
        let lines: Vec<String> =
            (0..random.below(6)).map(|_| "x".repeat(random.below(2 * LIMIT))).collect();
        let ending = random.pick(&["\n", "\r", "\r\n"]);
        let bytes: String = lines.iter().map(|line| format!("{line}{ending}")).collect();
        let cuts = cuts(&mut random, bytes.len());
        let mut reader = LineReader::with_storage(Fixed::<LIMIT, 0>::new());
        let mut seen = Vec::new();
        read(&mut reader, cut(bytes.as_bytes(), &cuts), |line| {
            exceeded += usize::from(line.is_err());
            seen.push(line.map(<[u8]>::len));
        });
        let expected: Vec<_> = lines
            .iter()
            .map(|line| if line.len() > LIMIT { Err((Part::Line, LIMIT)) } else { Ok(line.len()) })
            .collect();
        let seen: Vec<_> =
            seen.into_iter().map(|it| it.map_err(|it| (it.part, it.limit))).collect();
        assert_eq!(seen, expected, "{bytes:?} cut at {cuts:?}");
    }
    assert!(exceeded > 1_000, "only {exceeded} lines passed the limit");
}

fn read<'c, S: Storage>(
    reader: &mut LineReader<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
    mut see: impl FnMut(Result<&[u8], sse_proto::LimitExceeded>),
) {
    for mut chunk in chunks {
        while let Some(line) = reader.next(&mut chunk) {
            see(line);
        }
        assert!(chunk.is_empty(), "{} bytes are left", chunk.len());
    }
}

/// A line is blank, a comment, or a field, as the grammar of section 9.2.5 has it.
fn check_parse(line: &[u8]) {
    let colon = line.iter().position(|&byte| byte == b':');
    let after = |colon: usize| {
        let value = &line[colon + 1..];
        value.strip_prefix(b" ").unwrap_or(value)
    };
    let expected = match colon {
        _ if line.is_empty() => Line::Blank,
        Some(0) => Line::Comment(after(0)),
        Some(colon) => Line::Field { name: &line[..colon], value: after(colon) },
        None => Line::Field { name: line, value: b"" },
    };
    assert_eq!(Line::parse(line), expected, "{}", line.escape_ascii());
}
