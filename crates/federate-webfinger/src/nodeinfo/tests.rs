use serde_json::{Value, json};
use url::Url;

use super::read::{MAX_ITEMS, MAX_TEXT};
use super::*;
use crate::{MAX_BYTES, rel};

fn asked() -> Url {
    Url::parse("https://example.org/.well-known/nodeinfo").unwrap()
}

fn index(links: &[(&str, &str)]) -> Index {
    Index {
        links: links
            .iter()
            .map(|(rel, href)| ((*rel).to_owned(), (*href).to_owned()))
            .collect(),
    }
}

#[test]
fn the_written_document_keeps_to_the_closed_schema() {
    let mut info = NodeInfo::new("My Software!", "1.2.3");
    info.repository = Some("https://example.org/source".into());
    info.users_total = Some(1);
    info.metadata.insert("nodeName".into(), json!("A node"));
    assert_eq!(info.software, "my-software-");
    assert_eq!(NodeInfo::parse(&info.to_bytes(Version::V2_1)).unwrap(), info);

    let old: Value = serde_json::from_slice(&info.to_bytes(Version::V2_0)).unwrap();
    assert_eq!(
        old,
        json!({
            "version": "2.0", "software": {"name": "my-software-", "version": "1.2.3"}, "protocols": ["activitypub"],
            "services": {"inbound": [], "outbound": []}, "openRegistrations": false,
            "usage": {"users": {"total": 1}}, "metadata": {"nodeName": "A node"}
        })
    );
}

#[test]
fn the_index_reads_back_and_the_newest_is_taken() {
    let written = Index::new("https://example.org/").application_actor("https://example.org/actor");
    let read = Index::parse(&written.to_bytes()).unwrap();
    assert_eq!(read, written);
    assert_eq!(
        read.best(&asked()).unwrap().as_str(),
        "https://example.org/nodeinfo/2.2"
    );
    assert_eq!(
        read.application(&asked()).unwrap().as_str(),
        "https://example.org/actor"
    );
    // Mobilizon's index has had nothing but 1.1 in it.
    let old = [
        (
            "http://nodeinfo.diaspora.software/ns/schema/1.0",
            "https://example.org/1.0",
        ),
        (
            "http://nodeinfo.diaspora.software/ns/schema/1.1",
            "https://example.org/1.1",
        ),
    ];
    assert_eq!(
        index(&old).best(&asked()).unwrap().as_str(),
        "https://example.org/1.1"
    );
}

#[test]
fn w6_links_that_lead_elsewhere() {
    let document = Version::V2_0.rel();
    for href in [
        "data:application/json,{}",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://example.org/nodeinfo/2.0",
        "https://example.org:8443/nodeinfo/2.0",
        "https://evil.example/nodeinfo/2.0",
        "https://example.org.evil.example/nodeinfo/2.0",
        "https://user:pw@example.org/nodeinfo/2.0",
        "https://169.254.169.254/nodeinfo/2.0",
        "/nodeinfo/2.0",
        "//example.org/nodeinfo/2.0",
        "",
    ] {
        assert_eq!(index(&[(document, href)]).best(&asked()), None, "{href}");
        assert_eq!(
            index(&[(rel::APPLICATION, href)]).application(&asked()),
            None,
            "{href}"
        );
    }
    let links = [
        (document, "data:,"),
        (document, "https://EXAMPLE.org:443/ni"),
        ("unknown", "https://example.org/x"),
    ];
    assert_eq!(
        index(&links).best(&asked()).unwrap().as_str(),
        "https://example.org/ni"
    );
}

#[test]
fn w6_fifty_links() {
    let links = vec![json!({"rel": "x", "href": "https://example.org/"}); 50];
    let index = Index::parse(json!({ "links": links }).to_string().as_bytes()).unwrap();
    assert_eq!(index.links.len(), MAX_ITEMS);
    let odd = Index::parse(br#"{"links":[null,1,"x",{},{"rel":1,"href":2},{"rel":"a"}]}"#).unwrap();
    assert_eq!(odd, Index::default());
}

#[test]
fn w6_counts_that_are_none() {
    for (written, read) in [
        ("0", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("-1", None),
        ("1.5", None),
        ("1e400", None),
        ("12.0", Some(12)),
        ("1e3", Some(1000)),
        ("-0.0", Some(0)),
        ("1e30", None),
        ("\" 12 \"", Some(12)),
        ("\"-1\"", None),
        ("\"18446744073709551616\"", None),
        ("[12]", None),
        ("true", None),
        ("null", None),
        ("{}", None),
        ("\"12\"", Some(12)),
        ("\"many\"", None),
    ] {
        let document = format!(r#"{{"usage":{{"users":{{"total":{written}}}}}}}"#);
        match NodeInfo::parse(document.as_bytes()) {
            Ok(info) => assert_eq!(info.users_total, read, "{written}"),
            // A number beyond what JSON readers hold is no JSON to ours.
            Err(error) => assert!(
                matches!(error, BadNodeInfo::NotJson(_)) && written == "1e400",
                "{written}"
            ),
        }
    }
}

#[test]
fn w6_huge_metadata_is_left_out() {
    let small = json!({"metadata": {"a": "x".repeat(1000)}, "software": {"name": "y"}}).to_string();
    assert_eq!(NodeInfo::parse(small.as_bytes()).unwrap().metadata.len(), 1);
    let large = json!({"metadata": {"a": "x".repeat(20_000)}, "software": {"name": "y"}}).to_string();
    let info = NodeInfo::parse(large.as_bytes()).unwrap();
    assert_eq!((info.metadata.len(), info.software.as_str()), (0, "y"));
    let huge = json!({"metadata": {"a": "x".repeat(MAX_BYTES)}}).to_string();
    assert!(matches!(
        NodeInfo::parse(huge.as_bytes()),
        Err(BadNodeInfo::TooLarge)
    ));
}

#[test]
fn odd_documents_are_read_as_far_as_they_go() {
    for document in [
        "{}",
        r#"{"software":"x","protocols":"activitypub","usage":[],"openRegistrations":"yes","metadata":[]}"#,
        r#"{"software":null,"protocols":null,"usage":{"users":3},"metadata":null}"#,
    ] {
        assert_eq!(NodeInfo::parse(document.as_bytes()).unwrap(), NodeInfo::default());
    }
    let old = NodeInfo::parse(
        br#"{"version":"1.0","software":{"name":"dia\u0000spora","version":"\u001b[31m1"},
             "protocols":{"inbound":["diaspora","activitypub"],"outbound":["diaspora"]},"openRegistrations":true}"#,
    )
    .unwrap();
    assert_eq!(old.protocols, ["diaspora", "activitypub"]);
    assert_eq!(
        (old.software.as_str(), old.version.as_str()),
        ("diaspora", "[31m1")
    );
    assert!(old.open_registrations);
    let long = json!({"software": {"name": "é".repeat(1000)}}).to_string();
    assert_eq!(
        NodeInfo::parse(long.as_bytes()).unwrap().software.chars().count(),
        MAX_TEXT
    );
}

#[test]
fn each_version_writes_what_it_has() {
    let mut info = NodeInfo::new("x", "1").named("A\nname", "About\tit");
    info.homepage = Some("https://example.org/".into());
    info.protocols.extend(["nostr".into(), "gopher".into()]);
    info.services_inbound = vec!["rss2.0".into(), "myspace".into()];
    info.services_outbound = vec!["myspace".into(), "<b>".into()];
    info.users_active_week = Some(1);
    let written = |version: Version| serde_json::from_slice::<Value>(&info.to_bytes(version)).unwrap();
    for version in Version::ALL {
        let document = written(version);
        let is = |has: bool, pointer: &str, what: Value| {
            assert_eq!(
                document.pointer(pointer),
                has.then_some(&what),
                "{version:?} {pointer}"
            );
        };
        is(true, "/version", json!(version.as_str()));
        is(
            true,
            "/services",
            json!({"inbound": ["rss2.0"], "outbound": ["myspace"]}),
        );
        is(
            true,
            "/metadata",
            json!({"nodeName": "A\nname", "nodeDescription": "About\tit"}),
        );
        is(
            version >= Version::V2_1,
            "/software/homepage",
            json!("https://example.org/"),
        );
        let newest = version == Version::V2_2;
        is(
            newest,
            "/instance",
            json!({"name": "A name", "description": "About it"}),
        );
        is(newest, "/usage/users/activeWeek", json!(1));
        is(newest, "/protocols/1", json!("nostr"));
        assert!(document.to_string().find("gopher").is_none());
        let read = NodeInfo::parse(&info.to_bytes(version)).unwrap();
        assert!(read.name().is_some() && read.description().is_some());
    }
    // Nothing at all is still what the schema wants.
    let nothing: Value = serde_json::from_slice(&NodeInfo::default().to_bytes(Version::V2_2)).unwrap();
    assert_eq!(
        nothing,
        json!({
            "version": "2.2", "instance": {}, "software": {"name": "unknown", "version": ""},
            "protocols": ["activitypub"], "services": {"inbound": [], "outbound": []},
            "openRegistrations": false, "usage": {"users": {}}, "metadata": {}
        })
    );
}

#[test]
fn w6_texts_and_lists_are_cut() {
    let many = vec!["x"; 1000];
    let document = json!({
        "software": {"name": "y", "version": 4.2}, "openRegistrations": "true",
        "instance": {"name": "n".repeat(600), "description": "d".repeat(6000)},
        "protocols": (0..1000).map(|n| n.to_string()).collect::<Vec<_>>(),
        "services": {"inbound": many, "outbound": "everything"},
    });
    let info = NodeInfo::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!((info.version.as_str(), info.open_registrations), ("4.2", true));
    assert_eq!(info.instance_name.unwrap().len(), 500);
    assert_eq!(info.instance_description.unwrap().len(), 5000);
    assert_eq!(info.protocols.len(), MAX_ITEMS);
    assert_eq!(info.services_inbound, ["x"]);
    assert!(info.services_outbound.is_empty());
}
