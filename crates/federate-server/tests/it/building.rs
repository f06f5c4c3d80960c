//! Mistakes are found before anything runs.

use std::sync::Arc;

use federate_protocol::activitystreams::Like;
use federate_server::{BuildError, Federation};
use federate_store::Memory;

use crate::world::{App, FixedKeys, Net, TestApp, World};

fn builder(base: &str) -> federate_server::Builder<TestApp> {
    Federation::builder(base, Memory::new(), TestApp(Arc::new(App::default())))
        .client(Arc::new(Net::default()))
        .keygen(Arc::new(FixedKeys(0)))
}

#[tokio::test]
async fn the_base_url_is_an_https_origin() {
    for (base, error) in [
        ("site.test", "not an absolute"),
        ("https://site.test/path", "may have no path"),
        ("https://site.test/?q", "may have no path"),
        ("https://user@site.test", "may have no path"),
        ("http://site.test", "must be https"),
        ("ftp://site.test", "not an absolute"),
    ] {
        let refused = builder(base).build().await.unwrap_err();
        assert!(refused.to_string().contains(error), "{base}: {refused}");
    }
    assert!(builder("https://site.test/").build().await.is_ok());
    assert!(
        builder("http://site.test")
            .dangerous()
            .allow_loopback()
            .build()
            .await
            .is_err()
    );
    // Nobody else reaches it there. Whether it may talk to its neighbours is another question.
    let (federation, _engine) = builder("http://127.0.0.1:8080").build().await.unwrap();
    assert_eq!(federation.uris().host(), "127.0.0.1:8080");
    assert_eq!(
        federation.uris().actor("a").as_str(),
        "http://127.0.0.1:8080/users/a"
    );
}

#[tokio::test]
async fn a_type_has_one_handler() {
    let twice = builder("https://site.test")
        .on::<Like>(|_, _| async { Ok(()) })
        .on::<Like>(|_, _| async { Ok(()) })
        .build()
        .await;
    assert!(matches!(twice.unwrap_err(), BuildError::HandlerTwice(_)));
}

#[tokio::test]
async fn templates_are_checked() {
    let bad = builder("https://site.test")
        .paths(|p| p.actor("/users"))
        .build()
        .await;
    assert!(matches!(bad.unwrap_err(), BuildError::Template(_)));
    // Pages that other servers would not send anybody to.
    for template in [
        "/interact",
        "/interact?uri={object}",
        "https://site.test/interact?uri={uri}",
        "/{+uri}",
        "/a b?uri={uri}",
    ] {
        let bad = builder("https://site.test")
            .paths(|p| p.subscribe(template))
            .build()
            .await;
        assert!(matches!(bad.unwrap_err(), BuildError::Template(_)), "{template}");
    }
    let bad = builder("https://site.test")
        .paths(|p| p.object("a", "/x/{id}").object("b", "/x/{n}"))
        .build()
        .await;
    assert!(matches!(bad.unwrap_err(), BuildError::TemplateTwice(_)));
    let bad = builder("https://site.test").secret(b"short").build().await;
    assert!(matches!(bad.unwrap_err(), BuildError::Secret));
    let bad = builder("https://site.test").software("Not Ok", "1").build().await;
    assert!(matches!(bad.unwrap_err(), BuildError::SoftwareName));
}

#[tokio::test]
async fn a_key_from_before_is_taken_over() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let pem = include_str!("../../../federate-signatures/tests/keys/rsa2048.pkcs8.pem");
    site.federation.adopt_key("alice", pem).await.unwrap();
    let mine = federate_protocol::signatures::PrivateKey::from_pem("k".into(), pem)
        .unwrap()
        .public_key()
        .to_pem();
    let actor = crate::world::body(&site.get("/users/alice").await);
    assert_eq!(actor["publicKey"]["publicKeyPem"], mine);
    assert!(
        site.federation
            .adopt_key("bob", "nonsense")
            .await
            .unwrap_err()
            .is_permanent()
    );
}
