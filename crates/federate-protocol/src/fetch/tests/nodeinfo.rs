//! What a server says that it is: where it is asked, and what of the answer is read.

use super::*;
use crate::fetch::{NodeInfoFetch, NodeInfoStep};
use crate::webfinger::nodeinfo::NodeInfo;

const INDEX: &str = "https://a.example/.well-known/nodeinfo";
const DOCUMENT: &str = "https://a.example/nodeinfo/2.1";
const REL: &str = "http://nodeinfo.diaspora.software/ns/schema/2.1";
const JSON: &str = "application/json";
const PROFILED: &str =
    r#"application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"; charset=utf-8"#;

impl World {
    fn nodeinfo(&mut self, server: &str) -> Result<NodeInfo, String> {
        self.nodeinfo_by(server, rules())
    }

    fn nodeinfo_by(&mut self, server: &str, rules: Arc<FetchRules>) -> Result<NodeInfo, String> {
        let mut step = NodeInfoFetch::start(&iri(server), rules);
        loop {
            step = match step {
                NodeInfoStep::Get(fetch) => {
                    assert_eq!(fetch.accept(), JSON);
                    let response = self.get(fetch.url());
                    fetch.on_response(&response)
                }
                NodeInfoStep::Found { info, bytes } => {
                    assert_eq!(NodeInfo::parse(&bytes).unwrap(), *info);
                    return Ok(*info);
                }
                NodeInfoStep::Refused(refusal) => return Err(refusal.to_string()),
            };
        }
    }
}

fn index(link: &str) -> Value {
    json!({ "links": [{ "rel": REL, "href": link }] })
}

fn info() -> Value {
    json!({
        "version": "2.1", "software": { "name": "mastodon", "version": "4.5.0" },
        "protocols": ["activitypub"], "usage": { "users": { "total": 7 }, "localPosts": 9 },
    })
}

/// A server whose index links there, with its document at the usual place.
fn server(link: &str) -> World {
    World::default()
        .page(INDEX, JSON, &index(link))
        .page(DOCUMENT, PROFILED, &info())
}

#[test]
fn a_server_says_what_it_is() {
    for asked in [
        "https://a.example",
        "https://A.example:443/users/alice?x#main-key",
    ] {
        let mut world = server(DOCUMENT);
        let info = world.nodeinfo(asked).unwrap();
        assert_eq!((info.software.as_str(), info.users_total), ("mastodon", Some(7)));
        assert_eq!(world.asked, [INDEX, DOCUMENT]);
    }
}

#[test]
fn w6_a_link_that_leads_elsewhere_is_not_followed() {
    for link in [
        "https://b.example/nodeinfo/2.1",
        "https://a.example:444/nodeinfo/2.1",
        "http://a.example/nodeinfo/2.1",
        "https://a.example@b.example/nodeinfo/2.1",
        "https://u:p@a.example/nodeinfo/2.1",
        "https://127.0.0.1/nodeinfo/2.1",
        "https://here.example/nodeinfo/2.1",
        "data:application/json,{}",
        "file:///etc/passwd",
        "/nodeinfo/2.1",
        "",
    ] {
        let mut world = server(link).page(link, JSON, &info());
        let refused = world.nodeinfo("https://a.example").unwrap_err();
        assert_eq!(refused, FetchRefusal::NoNodeInfo.to_string(), "{link}");
        assert_eq!(world.asked, [INDEX], "{link}");
    }
}

#[test]
fn w6_an_index_may_move_and_its_document_is_where_the_index_is() {
    let there = "https://social.a.example/.well-known/nodeinfo";
    let document = "https://social.a.example/nodeinfo/2.1";
    let moved = |link: &str| {
        server(DOCUMENT)
            .redirect(INDEX, there)
            .page(there, JSON, &index(link))
            .page(document, JSON, &info())
    };
    assert!(moved(document).nodeinfo("https://a.example").is_ok());
    // The origin that was asked first is another one by then.
    let refused = moved(DOCUMENT).nodeinfo("https://a.example").unwrap_err();
    assert_eq!(refused, FetchRefusal::NoNodeInfo.to_string());
    for away in [
        "http://social.a.example/",
        "https://here.example/",
        "https://blocked.example/",
        "https://10.0.0.1/",
    ] {
        let mut world = server(DOCUMENT).redirect(INDEX, away);
        let refused = world.nodeinfo("https://a.example").unwrap_err();
        assert_eq!(refused, "redirected to what may not be fetched", "{away}");
        assert_eq!(world.asked, [INDEX], "{away}");
    }
}

#[test]
fn w6_a_document_does_not_leave_its_origin() {
    let away = "https://b.example/nodeinfo/2.1";
    let mut world = server(DOCUMENT)
        .redirect(DOCUMENT, away)
        .page(away, JSON, &info());
    let refused = world.nodeinfo("https://a.example").unwrap_err();
    assert_eq!(refused, FetchRefusal::LeftOrigin.to_string());
    assert_eq!(world.asked, [INDEX, DOCUMENT]);
    let home = "https://a.example/nodeinfo/2.1.json";
    let mut world = server(DOCUMENT)
        .redirect(DOCUMENT, home)
        .page(home, JSON, &info());
    assert!(world.nodeinfo("https://a.example").is_ok());
}

#[test]
fn w6_redirects_at_the_limit_and_one_past_it() {
    let world = |hops: usize| {
        // One is spent for the index, the others for the document.
        let first = "https://a.example/nodeinfo";
        let place = |hop: usize| format!("https://a.example/nodeinfo/{hop}");
        let mut world = World::default().redirect(INDEX, first);
        world = world.page(first, JSON, &index(&place(1)));
        for hop in 1..hops {
            world = world.redirect(&place(hop), &place(hop + 1));
        }
        world.page(&place(hops), JSON, &info())
    };
    let most = usize::from(crate::Limits::default().redirects);
    assert!(world(most).nodeinfo("https://a.example").is_ok());
    let refused = world(most + 1).nodeinfo("https://a.example").unwrap_err();
    assert_eq!(refused, FetchRefusal::TooManyRedirects.to_string());
}

#[test]
fn w6_an_answer_as_long_as_it_may_be_and_one_byte_longer() {
    let limit = crate::Limits::default().webfinger;
    let padded = |body: Value, length: usize| {
        let mut body = body;
        body["x"] = json!("");
        let short = body.to_string().len();
        body["x"] = json!("x".repeat(length - short));
        assert_eq!(body.to_string().len(), length);
        body
    };
    let read = |index: &Value, info: &Value| {
        let world = World::default().page(INDEX, JSON, index);
        world.page(DOCUMENT, JSON, info).nodeinfo("https://a.example")
    };
    let (index, info) = (index(DOCUMENT), info());
    assert!(read(&padded(index.clone(), limit), &padded(info.clone(), limit)).is_ok());
    let too_large = Err(FetchRefusal::TooLarge.to_string());
    assert_eq!(read(&padded(index.clone(), limit + 1), &info), too_large);
    assert_eq!(read(&index, &padded(info, limit + 1)), too_large);
}

#[test]
fn w6_what_cannot_be_is_not_read() {
    let mut odd = info();
    odd["usage"] = json!({
        "users": { "total": -1, "activeMonth": 1.5, "activeHalfyear": "many" },
        "localPosts": 18_446_744_073_709_551_616_f64, "localComments": 3,
    });
    odd["metadata"] = json!({ "x": "y".repeat(20_000) });
    odd["protocols"] = json!(vec!["activitypub"; 500]);
    let mut links = vec![json!({ "rel": "x", "href": "https://b.example/" }); 20];
    links.push(json!({ "rel": REL, "href": DOCUMENT }));
    links.extend(vec![json!({ "rel": REL, "href": "https://b.example/" }); 30]);
    let mut world = World::default()
        .page(INDEX, JSON, &json!({ "links": links }))
        .page(DOCUMENT, JSON, &odd);
    let info = world.nodeinfo("https://a.example").unwrap();
    assert_eq!((info.users_total, info.users_active_month), (None, None));
    assert_eq!((info.local_posts, info.local_comments), (None, Some(3)));
    assert_eq!((info.metadata.len(), info.protocols.len()), (0, 1));
    // Beyond 32 links nothing is looked for.
    let far = [vec![json!({}); 32], vec![json!({ "rel": REL, "href": DOCUMENT })]].concat();
    let refused = World::default()
        .page(INDEX, JSON, &json!({ "links": far }))
        .nodeinfo("https://a.example");
    assert_eq!(refused.unwrap_err(), FetchRefusal::NoNodeInfo.to_string());
}

#[test]
fn w6_what_is_no_nodeinfo_is_refused() {
    for (content_type, body, refused) in [
        ("text/html", json!({}), "wrong content type"),
        ("application/activity+json", index(DOCUMENT), "wrong content type"),
        (
            "application/json; charset=utf-16",
            index(DOCUMENT),
            "wrong content type",
        ),
        (
            JSON,
            json!([]),
            "nodeinfo cannot be read: the document is not a JSON object",
        ),
        (JSON, json!({}), "no link to nodeinfo on the same origin"),
        (
            JSON,
            json!({ "links": {} }),
            "no link to nodeinfo on the same origin",
        ),
    ] {
        let mut world = World::default().page(INDEX, content_type, &body);
        assert_eq!(world.nodeinfo("https://a.example").unwrap_err(), refused);
        if refused != FetchRefusal::NoNodeInfo.to_string() {
            let mut world = server(DOCUMENT).page(DOCUMENT, content_type, &body);
            assert_eq!(world.nodeinfo("https://a.example").unwrap_err(), refused);
        }
    }
    assert!(
        server(DOCUMENT)
            .page(INDEX, JRD, &index(DOCUMENT))
            .nodeinfo("https://a.example")
            .is_ok()
    );
    for status in [404, 410, 500] {
        let refused = Err(FetchRefusal::Status(status).to_string());
        assert_eq!(
            server(DOCUMENT)
                .status(INDEX, status)
                .nodeinfo("https://a.example"),
            refused
        );
        assert_eq!(
            server(DOCUMENT)
                .status(DOCUMENT, status)
                .nodeinfo("https://a.example"),
            refused
        );
    }
}

#[test]
fn w6_only_servers_that_may_be_asked_are() {
    for none in [
        "http://a.example",
        "https://127.0.0.1",
        "https://here.example/users/bob",
        "https://blocked.example",
        "https://u:p@a.example",
        "did:key:z6Mk",
        "acct:alice@a.example",
    ] {
        let mut world = server(DOCUMENT);
        let refused = world.nodeinfo(none).unwrap_err();
        assert_eq!(refused, format!("{none} may not be fetched"));
        assert_eq!(world.asked.len(), 0, "{none}");
    }
    let local = "http://127.0.0.1:8080/.well-known/nodeinfo";
    let document = "http://127.0.0.1:8080/nodeinfo/2.1";
    let mut world = World::default()
        .page(local, JSON, &index(document))
        .page(document, JSON, &info());
    assert!(world.nodeinfo("http://127.0.0.1:8080/users/bob").is_err());
    let rules = FetchRules {
        allow_http_loopback: true,
        ..FetchRules::default()
    };
    assert!(
        world
            .nodeinfo_by("http://127.0.0.1:8080/users/bob", Arc::new(rules))
            .is_ok()
    );
}
