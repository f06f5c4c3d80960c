//! Linked Data Signatures on what goes to relays.

use federate_protocol::activitystreams::{Activity, Create, Note, Object};
use federate_protocol::signatures::{LdPolicy, PublicKey, parse_ld_signature};
use federate_server::{Builder, RelayKind};
use serde_json::{Value, json};

use super::setup::{follows_public, joins, member, relay, says, server};
use super::spy;
use crate::world::{TestApp, World};

#[tokio::test]
async fn with_linked_data_signatures_nobody_has_to_look_it_up() {
    for proofs in [false, true] {
        let world = World::default();
        let relay = relay(&world).await;
        let configure = |builder: Builder<TestApp>| {
            let builder = builder.manage_relays().ld_signatures().on::<Activity>(spy);
            if proofs { builder.proofs() } else { builder }
        };
        let author = world.instance_with("a.test", configure).await;
        let reader = member(&world, "reader.test", false).await;
        let (second, _) = server(&world, "second.test", 1);
        joins(&world, &author, &relay, RelayKind::Mastodon).await;
        joins(&world, &reader, &relay, RelayKind::Mastodon).await;
        follows_public(&second, &relay, 1).await;
        let id = says(&author).await;
        world.settle(&[&author, &relay, &reader]).await;
        let evidence = if proofs { "proven" } else { "ld" };
        let said = format!("Create by https://a.test/users/alice: <p>hello</p> ({evidence})");
        assert_eq!(reader.app.take_seen(), [said]);
        let looked = format!("GET {id}");
        assert!(!world.net.requests.lock().unwrap().contains(&looked));
        // Both hold, each by itself: what carries two, a reader of either believes.
        let create = second.received_of("Create").pop().unwrap();
        let bytes = create.to_string();
        let signature = parse_ld_signature(bytes.as_bytes()).unwrap();
        let actor: Value = serde_json::from_slice(author.get("/users/alice").await.body()).unwrap();
        let pem = actor["publicKey"]["publicKeyPem"].as_str().unwrap();
        let key = PublicKey::from_pem(pem).unwrap();
        let verified = signature
            .verify(&key, &LdPolicy::default(), author.federation.now())
            .unwrap();
        assert!(verified.may_forward(), "{create}");
        // What goes to followers alone is as it was.
        assert_eq!(create.get("proof").is_some(), proofs);
        // It is served as it was delivered.
        let served = author
            .get(&format!(
                "{}/activity",
                id.as_str().strip_prefix("https://a.test").unwrap()
            ))
            .await;
        let served: Value = serde_json::from_slice(served.body()).unwrap();
        assert_eq!(served["signature"], create["signature"]);
    }
}

#[tokio::test]
async fn what_is_not_for_relays_or_has_no_meaning_goes_without() {
    let world = World::default();
    let configure = |builder: Builder<TestApp>| builder.manage_relays().ld_signatures();
    let site = world.instance_with("site.test", configure).await;
    let bob = world.peer("b.test", "bob", 1);
    let uris = site.federation.uris();
    let note = |number: u32| {
        let note = Note::builder(uris.object("post", number));
        note.by(&uris.actor("alice")).text("hi").to(&bob.id)
    };
    let private = note(1).build();
    let public = note(2).public().build();
    let mut strange = Object::from(note(3).public().build()).to_value();
    strange["notInAnyContext"] = json!(1);
    let strange = Object::from_value(strange).unwrap();
    for note in [Object::from(private), public.into(), strange] {
        site.federation.send("alice", Create::new(note)).await.unwrap();
    }
    site.step_until_idle().await;
    let signed: Vec<bool> = bob
        .received_of("Create")
        .iter()
        .map(|it| it.get("signature").is_some())
        .collect();
    assert_eq!(signed, [false, true, false]);
}
