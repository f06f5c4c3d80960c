//! The NodeInfo documents of the corpus.

use federate_webfinger::nodeinfo::{Index, NodeInfo, Version};
use url::Url;

use crate::shared::{corpus, say};

#[test]
fn every_nodeinfo_of_the_corpus_is_read() {
    let documents = corpus("nodeinfo");
    for (name, bytes) in &documents {
        let mut info = NodeInfo::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!info.software.is_empty() && !info.version.is_empty(), "{name}");
        assert_eq!(info.protocols, ["activitypub"], "{name}");
        assert!(info.name().is_some() && !info.metadata.is_empty(), "{name}");
        for count in [
            info.users_total,
            info.users_active_month,
            info.users_active_halfyear,
            info.local_posts,
        ] {
            assert!(count.is_some(), "{name}");
        }
        // The documentation of one has a name that the schema does not take.
        info.software = info.software.to_ascii_lowercase();
        let written = NodeInfo::parse(&info.to_bytes(Version::V2_2)).unwrap();
        assert_eq!(written, info, "{name}");
    }
    say(&format!("nodeinfo: {} documents read", documents.len()));
}

#[test]
fn every_nodeinfo_index_of_the_corpus_leads_to_a_document() {
    let documents = corpus("nodeinfo-index");
    for (name, bytes) in &documents {
        let index = Index::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (_, first) = index.links.first().unwrap();
        let asked = Url::parse(first).unwrap().join("/.well-known/nodeinfo").unwrap();
        assert!(index.best(&asked).is_some(), "{name}");
        let elsewhere = Url::parse("https://elsewhere.example/.well-known/nodeinfo").unwrap();
        assert_eq!(index.best(&elsewhere), None, "{name}");
        assert_eq!(Index::parse(&index.to_bytes()).unwrap(), index, "{name}");
    }
    say(&format!("nodeinfo: {} indexes read", documents.len()));
}
