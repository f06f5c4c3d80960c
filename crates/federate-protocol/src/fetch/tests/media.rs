//! Pictures, sounds and films: where they are fetched from, and what is passed on.

use super::*;
use crate::fetch::{MediaFetch, MediaStep};

const CAT: &str = "https://a.example/media/cat.png";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n........";

impl World {
    fn file(mut self, url: &str, content_type: &str, body: &[u8]) -> Self {
        let response = http::Response::builder()
            .header("content-type", content_type)
            .body(Bytes::copy_from_slice(body))
            .unwrap();
        self.pages.insert(url.to_owned(), response);
        self
    }

    fn media(&mut self, url: &str) -> Result<&'static str, String> {
        let mut step = MediaFetch::start(&iri(url), rules());
        loop {
            step = match step {
                MediaStep::Get(fetch) => {
                    let response = self.get(fetch.url());
                    fetch.on_response(&response)
                }
                MediaStep::Found { kind, bytes } => {
                    assert_eq!(self.pages[self.asked.last().unwrap()].body(), &bytes);
                    return Ok(kind.as_str());
                }
                MediaStep::Gone => return Err("gone".to_owned()),
                MediaStep::Refused(refusal) => return Err(refusal.to_string()),
            };
        }
    }
}

#[test]
fn c8_its_bytes_say_what_it_is_and_no_header_does() {
    for called in ["image/png", "text/html", "application/activity+json", "nonsense"] {
        assert_eq!(
            World::default().file(CAT, called, PNG).media(CAT).unwrap(),
            "image/png"
        );
    }
    for page in ["<script>", "{\"type\":\"Person\"}", "<svg/>", ""] {
        let mut world = World::default().file(CAT, "image/png", page.as_bytes());
        assert!(
            world.media(CAT).unwrap_err().contains("neither a picture"),
            "{page}"
        );
    }
}

#[test]
fn n5_a_redirect_leads_only_where_something_may_be_fetched() {
    let there = "https://cdn.example/cat";
    let mut moved = World::default().redirect(CAT, there).file(there, "x", PNG);
    assert_eq!(moved.media(CAT).unwrap(), "image/png");
    for to in [
        "http://cdn.example/cat",
        "https://127.0.0.1/cat",
        "https://blocked.example/cat",
        "https://user:pw@cdn.example/cat",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        OURS,
    ] {
        let mut world = World::default().redirect(CAT, to).file(to, "image/png", PNG);
        assert!(
            world.media(CAT).unwrap_err().contains("may not be fetched"),
            "{to}"
        );
        assert_eq!(world.asked, [CAT], "{to}");
        assert!(
            World::default()
                .media(to)
                .unwrap_err()
                .contains("may not be fetched"),
            "{to}"
        );
    }
    let mut round = World::default().redirect(CAT, CAT);
    assert!(round.media(CAT).unwrap_err().contains("too many redirects"));
    assert_eq!(round.asked.len(), 4);
}

#[test]
fn r1_a_file_at_the_limit_and_one_byte_more() {
    let limit = rules().limits.media;
    let mut file = PNG.to_vec();
    file.resize(limit, 0);
    assert!(World::default().file(CAT, "x", &file).media(CAT).is_ok());
    file.push(0);
    let error = World::default().file(CAT, "x", &file).media(CAT).unwrap_err();
    assert!(error.contains("longer than the limit"), "{error}");
}

#[test]
fn what_is_gone_is_told_from_what_is_not_there() {
    assert_eq!(World::default().status(CAT, 410).media(CAT).unwrap_err(), "gone");
    for status in [204, 206, 401, 404, 500] {
        let error = World::default().status(CAT, status).media(CAT).unwrap_err();
        assert!(error.ends_with(&status.to_string()), "{error}");
    }
}
