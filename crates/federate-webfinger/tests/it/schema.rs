//! The published schemas validate what we write, whatever stands in the fields.

use std::fs;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use federate_webfinger::nodeinfo::{NodeInfo, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shared::{corpus, folder, say};

struct Published {
    schemas: Schemas,
    of: Vec<(Version, SchemaIndex)>,
}

impl Published {
    fn load() -> Option<Self> {
        let folder = folder("vectors/nodeinfo/schemas")?;
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V4);
        let of = Version::ALL
            .into_iter()
            .map(|version| {
                let file = folder.join(version.as_str()).join("schema.json");
                let mut schema: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
                // Resolved against the file, an id that ends in an empty fragment is another resource.
                schema.as_object_mut().unwrap().remove("id");
                let name = format!("https://schema.test/{}", version.as_str());
                compiler.add_resource(&name, schema).unwrap();
                (version, compiler.compile(&name, &mut schemas).unwrap())
            })
            .collect();
        Some(Self { schemas, of })
    }

    /// Validates what is written of a document in every version.
    fn check(&self, info: &NodeInfo) {
        for (version, schema) in &self.of {
            let written: Value = serde_json::from_slice(&info.to_bytes(*version)).unwrap();
            if let Err(error) = self.schemas.validate(&written, *schema) {
                panic!("{version:?}: {error}\n{written}");
            }
        }
    }
}

#[test]
fn fep_f1d5_the_schemas_validate_what_we_write() {
    let Some(published) = Published::load() else {
        return;
    };
    let mut full = NodeInfo::new("My Software!", "1.2.3").named("A\nname", &"long\r\n".repeat(2000));
    full.repository = Some("https://example.org/source".into());
    full.homepage = Some("https://example.org/".into());
    full.protocols.extend(["nostr".into(), "lemmy".into()]);
    full.services_inbound = vec!["rss2.0".into(), "telegram".into()];
    full.services_outbound = vec!["smtp".into(), "telegram".into()];
    full.open_registrations = true;
    full.users_total = Some(u64::MAX);
    full.users_active_week = Some(0);
    full.users_active_month = Some(1);
    full.users_active_halfyear = Some(2);
    full.local_posts = Some(3);
    full.local_comments = Some(4);
    full.metadata.insert("x".into(), json!([{"y": null}]));
    published.check(&full);
    published.check(&NodeInfo::default());
    for (_, bytes) in corpus("nodeinfo") {
        published.check(&NodeInfo::parse(&bytes).unwrap());
    }
    // The validator is awake: each schema refuses a document that lacks something, or has more.
    for (version, schema) in &published.of {
        let mut written: Value = serde_json::from_slice(&full.to_bytes(*version)).unwrap();
        written["more"] = json!(1);
        assert!(published.schemas.validate(&written, *schema).is_err());
        assert!(published.schemas.validate(&json!({}), *schema).is_err());
        written.as_object_mut().unwrap().remove("more");
        written["usage"]["users"]["total"] = json!(-1);
        assert!(published.schemas.validate(&written, *schema).is_err());
    }
    say("nodeinfo: the schemas of 2.0, 2.1 and 2.2 validate what is written");
}

#[test]
fn the_examples_of_every_schema_are_read() {
    let Some(folder) = folder("vectors/nodeinfo/schemas") else {
        return;
    };
    for version in ["1.0", "1.1", "2.0", "2.1", "2.2"] {
        let bytes = fs::read(folder.join(version).join("example.json")).unwrap();
        let info = NodeInfo::parse(&bytes).unwrap();
        assert_eq!(info.software, "diaspora", "{version}");
        assert_eq!(info.protocols, ["diaspora"], "{version}");
        assert_eq!(info.services_inbound, ["gnusocial"], "{version}");
        assert_eq!(info.services_outbound, ["facebook", "twitter"], "{version}");
        assert!(info.open_registrations, "{version}");
        assert_eq!(
            (
                info.users_total,
                info.users_active_halfyear,
                info.users_active_month,
                info.local_posts,
                info.local_comments
            ),
            (Some(123), Some(42), Some(23), Some(500), Some(1000)),
            "{version}"
        );
        let newest = version == "2.2";
        assert_eq!(info.users_active_week, newest.then_some(22), "{version}");
        assert_eq!(info.name().is_some(), newest, "{version}");
        assert_eq!(info.metadata.len(), 1, "{version}");
        // What we read is what we write, where the version is ours.
        let as_written: Value = serde_json::from_slice(&bytes).unwrap();
        for ours in Version::ALL {
            if ours.as_str() == version {
                let written: Value = serde_json::from_slice(&info.to_bytes(ours)).unwrap();
                assert_eq!(written, as_written);
            }
        }
    }
    say("nodeinfo: the examples of 1.0, 1.1, 2.0, 2.1 and 2.2 are read");
}

proptest! {
    #[test]
    fn no_document_of_others_makes_us_write_what_the_schema_refuses(
        name in any::<String>(),
        texts in prop::collection::vec(any::<String>(), 0..4),
        counts in prop::collection::vec(any::<i64>(), 5),
    ) {
        // For each case would be slow.
        thread_local! {
            static PUBLISHED: Option<Published> = Published::load();
        }
        let document = json!({
            "software": {"name": name, "version": name, "homepage": name}, "protocols": texts,
            "instance": {"name": name, "description": texts.concat()},
            "services": {"inbound": texts, "outbound": texts}, "openRegistrations": name,
            "usage": {"users": {"total": counts[0], "activeWeek": counts[1], "activeMonth": counts[2]},
                      "localPosts": counts[3], "localComments": counts[4]},
            "metadata": {name.as_str(): texts},
        });
        let info = NodeInfo::parse(document.to_string().as_bytes()).unwrap();
        PUBLISHED.with(|published| if let Some(published) = published {
            published.check(&info);
        });
    }
}
