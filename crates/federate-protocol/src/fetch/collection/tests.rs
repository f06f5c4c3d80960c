use super::*;
use crate::activitystreams::Iri;
use crate::fetch::{FetchRefusal, FetchRules, NotAdmitted};
use crate::testing::{OURS, iri};
use crate::{Blocks, Limits};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

mod corpus;
mod hostile;
mod items;
mod limits;
mod pages;
mod shapes;

const OUTBOX: &str = "https://a.example/users/alice/outbox";

/// What a server answers, by URL; and what it was asked.
#[derive(Default)]
struct Site {
    answers: HashMap<String, http::Response<Bytes>>,
    asked: Vec<String>,
}

/// What came of a reading: the items of each page, as ids or as what is embedded.
struct Read {
    reading: CollectionReading,
    pages: Vec<ReadPage>,
    end: CollectionEnd,
}

impl Site {
    fn put(mut self, url: &str, body: &Value) -> Self {
        self.set(
            url,
            200,
            "content-type",
            "application/activity+json",
            body.to_string(),
        );
        self
    }

    fn status(mut self, url: &str, status: u16) -> Self {
        self.set(url, status, "content-type", "text/plain", String::new());
        self
    }

    fn redirect(mut self, from: &str, to: &str) -> Self {
        self.set(from, 302, "location", to, String::new());
        self
    }

    fn set(&mut self, url: &str, status: u16, name: &str, value: &str, body: String) {
        let response = http::Response::builder()
            .status(status)
            .header(name, value)
            .body(Bytes::from(body))
            .unwrap();
        self.answers.insert(iri(url).to_url().unwrap().into(), response);
    }

    fn read(&mut self, id: &str) -> Read {
        self.read_within(id, CollectionBudget::of(&Limits::default()))
    }

    fn read_within(&mut self, id: &str, budget: CollectionBudget) -> Read {
        self.drive(
            CollectionReading::start(&iri(id), rules(), budget),
            Duration::ZERO,
        )
    }

    /// Reads to the end; each answer takes `each`.
    fn drive(&mut self, mut reading: CollectionReading, each: Duration) -> Read {
        let mut pages = Vec::new();
        loop {
            match reading.step() {
                CollectionStep::Get(url) => {
                    let response = self.get(url.as_str());
                    reading.on_response(&response, each);
                }
                CollectionStep::Page(page) => pages.push(page),
                CollectionStep::End(end) => return Read { reading, pages, end },
            }
        }
    }

    fn get(&mut self, url: &str) -> http::Response<Bytes> {
        self.asked.push(url.to_owned());
        assert!(self.asked.len() < 1000, "no end");
        let missing = || http::Response::builder().status(404).body(Bytes::new()).unwrap();
        self.answers.get(url).cloned().unwrap_or_else(missing)
    }
}

impl Read {
    fn ids(&self) -> Vec<Vec<String>> {
        let ids = |page: &ReadPage| page.ids().map(|id| id.to_string()).collect();
        self.pages.iter().map(ids).collect()
    }

    fn embedded(&self) -> usize {
        let items = self.pages.iter().flat_map(ReadPage::items);
        items.filter(|item| item.object().is_some()).count()
    }

    fn end(&self) -> String {
        end(&self.end)
    }
}

/// The reason as one word, and with it the refusal.
fn end(end: &CollectionEnd) -> String {
    match end {
        CollectionEnd::Refused(refusal) => refusal.to_string(),
        other => format!("{other:?}"),
    }
}

fn rules() -> Arc<FetchRules> {
    let mut blocks = Blocks::new();
    blocks.suspend("blocked.example").unwrap();
    Arc::new(FetchRules {
        own_origins: vec![iri(OURS).origin().unwrap()],
        blocks,
        ..FetchRules::default()
    })
}

fn budget() -> CollectionBudget {
    CollectionBudget::of(&Limits::default())
}

fn note(number: usize) -> String {
    format!("https://a.example/notes/{number}")
}

fn collection(first: &str) -> Value {
    json!({ "id": OUTBOX, "type": "OrderedCollection", "totalItems": 3, "first": first })
}

/// A page of [`OUTBOX`] at this place, with these notes.
fn page(id: &str, notes: &[usize], next: Option<&str>) -> Value {
    let items: Vec<_> = notes.iter().map(|number| note(*number)).collect();
    let mut page = json!({
        "id": id, "type": "OrderedCollectionPage", "partOf": OUTBOX, "orderedItems": items,
    });
    if let Some(next) = next {
        page["next"] = json!(next);
    }
    page
}

fn at(query: &str) -> String {
    format!("{OUTBOX}?{query}")
}

/// A collection of pages of one note each, the last of which names no other.
fn chain(pages: usize) -> Site {
    let place = |number: usize| at(&format!("page={number}"));
    let mut site = Site::default().put(OUTBOX, &collection(&place(1)));
    for number in 1..=pages {
        let next = (number < pages).then(|| place(number + 1));
        site = site.put(&place(number), &page(&place(number), &[number], next.as_deref()));
    }
    site
}

#[test]
fn a_collection_is_read_to_its_end_and_says_what_it_claims() {
    let mut site = chain(3);
    let read = site.read(OUTBOX);
    assert_eq!(read.ids(), [[note(1)], [note(2)], [note(3)]]);
    assert!(read.end.is_complete() && !read.end.is_limit());
    assert_eq!(site.asked, [OUTBOX, &at("page=1"), &at("page=2"), &at("page=3")]);
    let reading = read.reading;
    assert_eq!((reading.id(), reading.owner()), (Some(&iri(OUTBOX)), None));
    assert_eq!(
        (reading.pages(), reading.items(), reading.claimed_total()),
        (3, 3, Some(3))
    );
    assert!(reading.end().is_some_and(CollectionEnd::is_complete));
}

#[test]
fn nothing_is_asked_for_before_it_is_wanted() {
    let mut reading = CollectionReading::start(&iri(OUTBOX), rules(), budget());
    let mut site = chain(2);
    for place in [OUTBOX.to_owned(), at("page=1")] {
        // Asked twice without an answer, it says the same.
        for _ in 0..2 {
            let CollectionStep::Get(url) = reading.step() else {
                panic!()
            };
            assert_eq!(url.as_str(), place);
        }
        reading.on_response(&site.get(&place), Duration::ZERO);
    }
    let CollectionStep::Page(page) = reading.step() else {
        panic!()
    };
    assert_eq!(page.items().len(), 1);
    // An answer that nobody asked for changes nothing.
    reading.on_response(&site.get(&at("page=2")), Duration::ZERO);
    assert_eq!((reading.pages(), reading.end().is_none()), (1, true));
    reading.stop(CollectionEnd::Unreachable);
    reading.stop(CollectionEnd::Deadline);
    assert!(matches!(
        reading.step(),
        CollectionStep::End(CollectionEnd::Unreachable)
    ));
    assert!(matches!(
        reading.step(),
        CollectionStep::End(CollectionEnd::Unreachable)
    ));
}
