//! Mistakes are found before anything runs.

use std::sync::Arc;

use federate_protocol::activitystreams::{Iri, Like};
use federate_server::{BuildError, Federation};
use federate_store::{Delivery, Hold, Memory};

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
    for (path, is_template) in [
        ("/inbox", false),
        ("/actor", false),
        ("media", true),
        ("/{x}", true),
    ] {
        let bad = builder("https://site.test")
            .paths(|p| p.media(path))
            .media_proxy()
            .build()
            .await
            .unwrap_err();
        assert_eq!(matches!(bad, BuildError::Template(_)), is_template, "{path}");
        assert_eq!(
            matches!(bad, BuildError::TemplateTwice(_)),
            !is_template,
            "{path}"
        );
    }
    let bad = builder("https://site.test").secret(b"short").build().await;
    assert!(matches!(bad.unwrap_err(), BuildError::Secret));
    let bad = builder("https://site.test").software("Not Ok", "1").build().await;
    assert!(matches!(bad.unwrap_err(), BuildError::SoftwareName));
}

#[tokio::test]
async fn a_store_belongs_to_the_first_instance_that_used_it() {
    let store = Memory::new();
    let on = |base: &str| {
        Federation::builder(base, store.clone(), TestApp(Arc::new(App::default())))
            .client(Arc::new(Net::default()))
            .keygen(Arc::new(FixedKeys(0)))
    };
    for same in ["https://site.test", "https://site.test/"] {
        assert!(on(same).build().await.is_ok(), "{same}");
    }
    let refused = on("https://staging.test").build().await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the store belongs to https://site.test, not to https://staging.test"
    );
    assert!(matches!(refused, BuildError::OtherInstance { .. }));
    let told = on("https://staging.test").dangerous().rebind();
    assert!(told.build().await.is_ok());
    assert!(on("https://site.test").build().await.is_err(), "it has moved");
}

#[tokio::test]
async fn a_restored_store_sends_nothing_until_its_operator_says_so() {
    let store = Memory::new();
    let app = TestApp(Arc::new(App::default()));
    let builder = Federation::builder("https://site.test", store.clone(), app)
        .client(Arc::new(Net::default()))
        .keygen(Arc::new(FixedKeys(0)));
    let (federation, engine) = builder.build().await.unwrap();
    let stores = federate_store::Backend::stores(&store);
    stores.binding.hold_back().await.unwrap();
    let inbox = Iri::parse("https://peer.test/inbox").unwrap();
    let delivery = Delivery::new(federation.uris().actor("a"), "a", inbox, federation.now());
    stores.queue.enqueue(&[delivery], federation.now()).await.unwrap();
    engine.step().await;
    let admin = federation.admin();
    assert_eq!(admin.hold().await.unwrap(), Some(Hold::Restored));
    assert_eq!(admin.counts().await.unwrap().pending, 1);
    admin.allow_delivery().await.unwrap();
    engine.step().await;
    assert_eq!(admin.hold().await.unwrap(), None);
    // There is no body: it is looked at, and given up on.
    assert_eq!(admin.counts().await.unwrap().dead, 1);
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
