//! Pictures, sounds and films of other servers: which there are, told by their own bytes.
//!
//! What a server says that a file is does not count (C8): a page or a script that is called a picture is none. What is
//! no file of this table is not passed on.
//!
//! | type | begins with |
//! |---|---|
//! | `image/png`, `image/jpeg`, `image/gif`, `image/webp` | their signatures |
//! | `image/avif`, `image/heic` | `ftyp` with the brands `avif`, `avis`; `heic`, `heix`, `mif1`, `msf1` |
//! | `video/mp4`, `audio/mp4`, `video/quicktime` | `ftyp` with any other brand; `M4A`, `M4B`; `qt` |
//! | `video/webm` | EBML with the document type `webm` |
//! | `video/ogg`, `audio/ogg` | `OggS`, with Theora in its first page or without |
//! | `audio/mpeg`, `audio/aac`, `audio/flac`, `audio/wav` | their signatures |
//!
//! SVG is not in it: it is a document that runs scripts.

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaType(&'static str);

impl MediaType {
    /// What a file with these bytes is; `None`: nothing that is passed on. Looks at the first 512 bytes at most.
    ///
    /// ```
    /// use federate_protocol::media::MediaType;
    ///
    /// assert_eq!(MediaType::of(b"GIF89a..").map(|it| it.as_str()), Some("image/gif"));
    /// assert_eq!(MediaType::of(b"<html>"), None);
    /// ```
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
        by_signature(head)
            .or_else(|| iso(head))
            .or_else(|| riff(head))
            .or_else(|| ogg(head))
            .or_else(|| webm(head))
            .or_else(|| mpeg(head))
            .map(Self)
    }

    /// As a `Content-Type` has it: `image/png`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

const LOOKED_AT: usize = 512;

fn by_signature(head: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 6] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"fLaC", "audio/flac"),
        (b"ID3", "audio/mpeg"),
    ];
    SIGNATURES
        .iter()
        .find_map(|(signature, name)| head.starts_with(signature).then_some(*name))
}

/// ISO base media: a size, `ftyp`, and who it is for.
fn iso(head: &[u8]) -> Option<&'static str> {
    let brand = head.get(4..)?.strip_prefix(b"ftyp")?.get(..4)?;
    Some(match brand {
        b"avif" | b"avis" => "image/avif",
        b"heic" | b"heix" | b"mif1" | b"msf1" => "image/heic",
        b"M4A " | b"M4B " => "audio/mp4",
        b"qt  " => "video/quicktime",
        _ => "video/mp4",
    })
}

fn riff(head: &[u8]) -> Option<&'static str> {
    match head.strip_prefix(b"RIFF")?.get(4..8)? {
        b"WEBP" => Some("image/webp"),
        b"WAVE" => Some("audio/wav"),
        _ => None,
    }
}

fn ogg(head: &[u8]) -> Option<&'static str> {
    let page = head.strip_prefix(b"OggS")?;
    Some(if has(page, b"theora") {
        "video/ogg"
    } else {
        "audio/ogg"
    })
}

fn webm(head: &[u8]) -> Option<&'static str> {
    let rest = head.strip_prefix(b"\x1a\x45\xdf\xa3")?;
    has(rest.get(..60).unwrap_or(rest), b"webm").then_some("video/webm")
}

/// Frames of MPEG audio, or of AAC: eleven bits that are set, then a version and a layer that there are.
fn mpeg(head: &[u8]) -> Option<&'static str> {
    let (&[first, second], _) = head.split_first_chunk::<2>()?;
    match (first, second) {
        (0xff, 0xf0 | 0xf1 | 0xf8 | 0xf9) => Some("audio/aac"),
        (0xff, 0xfa | 0xfb | 0xf2 | 0xf3 | 0xe2 | 0xe3) => Some("audio/mpeg"),
        _ => None,
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_told_by_its_bytes() {
        let cases: [(&[u8], &str); 20] = [
            (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF87a\x01", "image/gif"),
            (b"GIF89a\x01", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"\0\0\0\x1cftypavif", "image/avif"),
            (b"\0\0\0\x1cftypmif1", "image/heic"),
            (b"\0\0\0\x1cftypM4A ", "audio/mp4"),
            (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
            (b"\0\0\0\x18ftypisom", "video/mp4"),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
            (b"OggS\0\x02..\x01vorbis", "audio/ogg"),
            (b"OggS\0\x02..\x80theora", "video/ogg"),
            (b"fLaC\0", "audio/flac"),
            (b"ID3\x04", "audio/mpeg"),
            (b"\xff\xfb\x90", "audio/mpeg"),
            (b"\xff\xf3\x90", "audio/mpeg"),
            (b"\xff\xf1\x50", "audio/aac"),
            (b"\xff\xf9\x50", "audio/aac"),
        ];
        for (bytes, name) in cases {
            assert_eq!(MediaType::of(bytes), Some(MediaType(name)), "{bytes:?}");
            let mut long = bytes.to_vec();
            long.resize(2_000, b'<');
            assert_eq!(MediaType::of(&long), Some(MediaType(name)), "{bytes:?}");
        }
    }

    #[test]
    fn c8_what_a_file_is_called_does_not_make_it_one() {
        let others: [&[u8]; 13] = [
            b"",
            b"\xff",
            b"G",
            b"RIFF",
            b"RIFF\0\0\0\0AVI ",
            b"\0\0\0\x1cftyp",
            b"\x1a\x45\xdf\xa3\x42\x82\x88matroska",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
            b"<!doctype html><img>",
            br#"{"@context":"https://www.w3.org/ns/activitystreams"}"#,
            b"%PDF-1.7",
            b"\xef\xbb\xbfGIF89a",
            b" GIF89a",
        ];
        for bytes in others {
            assert_eq!(MediaType::of(bytes), None, "{bytes:?}");
        }
    }
}
