use serde_json::json;

use super::*;

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
    let (version, url) = read.best(&asked()).unwrap();
    assert_eq!(
        (version, url.as_str()),
        (Version::V2_1, "https://example.org/nodeinfo/2.1")
    );
}

#[test]
fn w6_links_that_lead_elsewhere() {
    let rel = Version::V2_0.rel();
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
        assert_eq!(index(&[(rel, href)]).best(&asked()), None, "{href}");
    }
    let links = [
        (rel, "data:,"),
        (rel, "https://EXAMPLE.org:443/ni"),
        ("unknown", "https://example.org/x"),
    ];
    assert_eq!(
        index(&links).best(&asked()).unwrap().1.as_str(),
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
