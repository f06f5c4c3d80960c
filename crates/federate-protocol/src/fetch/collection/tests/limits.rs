//! Each budget alone, at the limit and one past it.

use super::*;

#[test]
fn r6_pages_at_the_limit_and_one_past_it() {
    let read = chain(3).read_within(OUTBOX, budget().pages(3));
    assert_eq!((read.pages.len(), read.end().as_str()), (3, "Complete"));
    let mut site = chain(4);
    let read = site.read_within(OUTBOX, budget().pages(3));
    assert_eq!((read.pages.len(), read.end().as_str()), (3, "PageLimit"));
    assert!(read.end.is_limit() && !read.end.is_complete());
    assert_eq!(site.asked.len(), 4);
}

#[test]
fn r6_items_at_the_limit_and_one_past_it() {
    let pages = |second: &[usize]| {
        let (one, two) = (at("page=1"), at("page=2"));
        Site::default()
            .put(OUTBOX, &collection(&one))
            .put(&one, &page(&one, &[1, 2], Some(&two)))
            .put(&two, &page(&two, second, None))
    };
    let four = || budget().items(4);
    let read = pages(&[3, 4]).read_within(OUTBOX, four());
    assert_eq!((read.reading.items(), read.end().as_str()), (4, "Complete"));
    let read = pages(&[3, 4, 5]).read_within(OUTBOX, four());
    assert_eq!((read.reading.items(), read.end().as_str()), (4, "ItemLimit"));
    assert_eq!(read.ids()[1], [note(3), note(4)]);
    // What was given before counts only once, so there is room for another.
    let read = pages(&[2, 3, 4]).read_within(OUTBOX, four());
    assert_eq!((read.reading.items(), read.end().as_str()), (4, "Complete"));
    // The page is full to the limit, and there is another: nobody asks for it.
    let mut site = pages(&[3]);
    let read = site.read_within(OUTBOX, budget().items(2));
    assert_eq!((read.reading.items(), read.end().as_str()), (2, "ItemLimit"));
    assert_eq!(site.asked, [OUTBOX, &at("page=1")]);
}

#[test]
fn r6_bytes_at_the_limit_and_one_past_it() {
    let length = |site: &Site, url: &str| site.answers[url].body().len();
    let site = chain(2);
    let before_last = length(&site, OUTBOX) + length(&site, &at("page=1"));
    let read = chain(2).read_within(OUTBOX, budget().bytes(before_last + 1));
    assert_eq!((read.pages.len(), read.end().as_str()), (2, "Complete"));
    let read = chain(2).read_within(OUTBOX, budget().bytes(before_last));
    assert_eq!((read.pages.len(), read.end().as_str()), (1, "ByteLimit"));
    assert!(read.end.is_limit());
}

#[test]
fn r6_time_at_the_limit_and_one_past_it() {
    let second = Duration::from_secs(1);
    let timed = |time| {
        let reading = CollectionReading::start(&iri(OUTBOX), rules(), budget().time(time));
        chain(2).drive(reading, second)
    };
    let read = timed(second * 3);
    assert_eq!((read.pages.len(), read.end().as_str()), (2, "Complete"));
    assert_eq!(read.reading.time_left(), Duration::ZERO);
    let read = timed(second * 2);
    assert_eq!((read.pages.len(), read.end().as_str()), (1, "Deadline"));
    assert!(read.end.is_limit());
}

#[test]
fn r6_a_page_as_long_as_a_document_may_be_and_one_byte_longer() {
    let limit = Limits::default().document;
    let padded = |length: usize| {
        let mut one = page(&at("page=1"), &[1], None);
        one["summary"] = json!("");
        let short = one.to_string().len();
        one["summary"] = json!("x".repeat(length - short));
        assert_eq!(one.to_string().len(), length);
        let site = Site::default().put(OUTBOX, &collection(&at("page=1")));
        site.put(&at("page=1"), &one).read(OUTBOX)
    };
    assert_eq!(padded(limit).end(), "Complete");
    assert_eq!(padded(limit + 1).end(), FetchRefusal::TooLarge.to_string());
}

#[test]
fn r6_without_a_budget_nothing_is_asked() {
    for (none, why) in [
        (budget().pages(0), "PageLimit"),
        (budget().items(0), "ItemLimit"),
        (budget().bytes(0), "ByteLimit"),
        (budget().time(Duration::ZERO), "Deadline"),
    ] {
        let mut site = chain(1);
        assert_eq!(site.read_within(OUTBOX, none).end(), why);
        assert_eq!(site.asked.len(), 0, "{why}");
    }
}

#[test]
fn r6_a_caller_asks_for_less_and_never_for_more() {
    let limits = Limits::default();
    let more = budget()
        .pages(usize::MAX)
        .items(usize::MAX)
        .bytes(usize::MAX)
        .time(Duration::MAX);
    assert_eq!(more, budget());
    let (pages, items) = (limits.collection_pages, limits.collection_items);
    assert_eq!((more.max_pages(), more.max_items()), (pages, items));
    let (bytes, time) = (limits.collection_bytes, limits.collection_time);
    assert_eq!((more.max_bytes(), more.max_time()), (bytes, time));
    let less = more.pages(1).items(2).bytes(3).time(Duration::from_secs(4));
    assert_eq!((less.max_pages(), less.max_items()), (1, 2));
    assert_eq!((less.max_bytes(), less.max_time()), (3, Duration::from_secs(4)));
}

#[test]
fn r4_a_page_of_a_hundred_thousand_items_is_not_read() {
    let one = page(&at("page=1"), &[], None).to_string();
    let read = |items: usize| {
        let list = vec!["7"; items].join(",");
        let mut site = Site::default().put(OUTBOX, &collection(&at("page=1")));
        let body = one.replace("[]", &format!("[{list}]"));
        site.set(
            &at("page=1"),
            200,
            "content-type",
            "application/activity+json",
            body,
        );
        site.read(OUTBOX)
    };
    let read_whole = read(10_000);
    assert_eq!(
        (read_whole.pages.len(), read_whole.end().as_str()),
        (1, "Complete")
    );
    for more in [10_001, 100_000] {
        let read = read(more);
        assert_eq!(
            (read.pages.len(), read.end().as_str()),
            (0, "document cannot be read")
        );
    }
}

#[test]
fn r6_total_items_is_a_claim_that_nothing_goes_by() {
    for (claimed, read_as) in [
        (json!(0), Some(0)),
        (json!(2), Some(2)),
        (json!(u64::MAX), Some(u64::MAX)),
        (json!(-1), None),
        (json!(18_446_744_073_709_551_616_f64), None),
        (json!("many"), None),
        (json!(null), None),
    ] {
        let mut whole = collection(&at("page=1"));
        whole["totalItems"] = claimed.clone();
        let read = chain(2).put(OUTBOX, &whole).read(OUTBOX);
        assert_eq!(read.reading.claimed_total(), read_as, "{claimed}");
        assert_eq!(read.pages.len(), 2, "{claimed}");
    }
}
