//! `Content-Encoding: gzip`, undone as it arrives. Depends on `flate2` behind the feature `gzip`.

#[cfg(feature = "gzip")]
mod gzip {
    use flate2::write::MultiGzDecoder;
    use std::io::{self, Write};

    /// A gzip stream being read.
    pub(crate) struct Inflate(Box<MultiGzDecoder<Vec<u8>>>);

    impl Inflate {
        /// `None` when `coding` is another than gzip.
        pub(crate) fn new(coding: &[u8]) -> Option<Self> {
            let gzip =
                ["gzip", "x-gzip"].iter().any(|it| it.as_bytes().eq_ignore_ascii_case(coding));
            gzip.then(|| Self(Box::new(MultiGzDecoder::new(Vec::new()))))
        }

        /// Replaces the output by what the front of `bytes` inflates to, all of it that can be known
        /// by now; says how many bytes were used. The decoder takes no more than fills its own buffer
        /// of 32 KiB, so one step gives a few of them at most, whatever is compressed.
        pub(crate) fn inflate(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.get_mut().clear();
            let used = self.0.write(bytes)?;
            // Without this what was inflated stays inside until more comes.
            self.0.flush()?;
            Ok(used)
        }

        pub(crate) fn output(&self) -> &[u8] {
            self.0.get_ref()
        }
    }
}

#[cfg(not(feature = "gzip"))]
mod gzip {
    use std::io;

    /// There is none in this build.
    pub(crate) enum Inflate {}

    impl Inflate {
        pub(crate) fn new(_coding: &[u8]) -> Option<Self> {
            None
        }

        pub(crate) fn inflate(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            match *self {}
        }

        pub(crate) fn output(&self) -> &[u8] {
            match *self {}
        }
    }
}

pub(crate) use gzip::Inflate;

#[cfg(all(test, feature = "gzip"))]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn one_step_of_a_bomb_is_bounded() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'x'; 16 << 20]).expect("memory");
        let bomb = encoder.finish().expect("memory");
        let mut inflate = Inflate::new(b"gzip").expect("gzip");
        let (mut rest, mut sum) = (&bomb[..], 0);
        while !rest.is_empty() {
            let used = inflate.inflate(rest).expect("gzip");
            assert!(inflate.output().len() <= 128 << 10, "{}", inflate.output().len());
            sum += inflate.output().len();
            rest = &rest[used..];
        }
        assert_eq!(sum, 16 << 20);
    }
}
