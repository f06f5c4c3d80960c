//! Files of other servers at URLs of ours: only those that we made, as what they are, and never as something that runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use federate_server::{Blocks, MediaFolder};
use http::{Request, Response, StatusCode};

use crate::world::{Instance, World, iri, status};

const CAT: &str = "https://files.test/cat.gif?size=1&x=/../";
const GIF: &[u8] = b"GIF89a....";

/// A server that gives out one file, whatever it is called, and how often it was asked.
fn files(world: &World, file: &'static [u8]) -> Arc<AtomicUsize> {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    world.net.connect(
        "files.test",
        Arc::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut answer = status(StatusCode::OK);
            let headers = answer.headers_mut();
            headers.insert("content-type", "text/html".parse().unwrap());
            headers.insert("set-cookie", "a=b".parse().unwrap());
            *answer.body_mut() = Bytes::from_static(file);
            Box::pin(std::future::ready(Ok(answer)))
        }),
    );
    asked
}

async fn get(site: &Instance, url: &str) -> Option<Response<Bytes>> {
    ask(site, Request::get(url)).await
}

async fn ask(site: &Instance, request: http::request::Builder) -> Option<Response<Bytes>> {
    let request = request.header("host", "site.test").body(Bytes::new()).unwrap();
    site.federation.handle(request).await
}

#[tokio::test]
async fn c8_a_file_is_given_out_as_what_it_is() {
    let world = World::default();
    let asked = files(&world, GIF);
    let site = world
        .instance_with("site.test", |builder| builder.media_proxy())
        .await;
    let url = site.federation.media_url(&iri(CAT)).unwrap();
    assert!(
        url.as_str().starts_with("https://site.test/media-proxy/"),
        "{url}"
    );
    assert!(!url.as_str().contains("files.test"));
    let response = get(&site, url.as_str()).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.body()[..]), (200, GIF));
    for (name, value) in [
        ("content-type", "image/gif"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "no-store"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    assert_eq!(response.headers().len(), 5);
    let part = ask(&site, Request::get(url.as_str()).header("range", "bytes=0-2"))
        .await
        .unwrap();
    assert_eq!((part.status().as_u16(), &part.body()[..]), (206, &b"GIF"[..]));
    assert_eq!(part.headers()["content-range"], "bytes 0-2/10");
    let past = ask(&site, Request::get(url.as_str()).header("range", "bytes=10-"))
        .await
        .unwrap();
    assert_eq!((past.status().as_u16(), past.body().len()), (416, 0));
    let head = ask(&site, Request::head(url.as_str())).await.unwrap();
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    assert_eq!(head.headers()["content-length"], "10");
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    assert_eq!(
        ask(&site, Request::post(url.as_str())).await.unwrap().status(),
        405
    );
}

#[tokio::test]
async fn c8_a_page_that_is_called_a_picture_is_not_given_out() {
    for file in [
        &b"<script>alert(1)</script>"[..],
        br#"{"id":"https://site.test/users/alice","type":"Person"}"#,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
    ] {
        let world = World::default();
        files(&world, file);
        let site = world
            .instance_with("site.test", |builder| builder.media_proxy())
            .await;
        let url = site.federation.media_url(&iri(CAT)).unwrap();
        let response = get(&site, url.as_str()).await.unwrap();
        assert_eq!(response.status(), 502);
        assert!(!response.body().windows(file.len()).any(|part| part == file));
    }
}

#[tokio::test]
async fn n5_only_what_the_instance_itself_named_is_fetched() {
    let world = World::default();
    let asked = files(&world, GIF);
    let site = world
        .instance_with("site.test", |builder| builder.media_proxy())
        .await;
    let good = site.federation.media_url(&iri(CAT)).unwrap();
    let other = site
        .federation
        .media_url(&iri("https://files.test/dog.gif"))
        .unwrap();
    let parts = |url: &str| {
        let mut parts = url.rsplitn(3, '/').map(str::to_owned);
        let (name, code) = (parts.next().unwrap(), parts.next().unwrap());
        (code, name)
    };
    let ((code, name), (other_code, _)) = (parts(good.as_str()), parts(other.as_str()));
    for (code, name) in [
        (other_code.as_str(), name.as_str()),
        ("", &name),
        (&code[1..], &name),
        (&code, &name[4..]),
        (&code, ""),
        (&code, &format!("{name}=")),
        ("%00", "%00"),
    ] {
        let response = get(&site, &format!("https://site.test/media-proxy/{code}/{name}")).await;
        assert_eq!(response.unwrap().status(), 404, "{code} {name}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    for inside in [
        "https://127.0.0.1/x",
        "http://files.test/x",
        "https://u:p@files.test/x",
        "ftp://files.test/x",
    ] {
        assert_eq!(site.federation.media_url(&iri(inside)), None, "{inside}");
    }
    let own = iri("https://site.test/files/a.png");
    assert_eq!(site.federation.media_url(&own), Some(own));
    // Another instance has another secret.
    let elsewhere = world
        .instance_with("else.test", |builder| builder.media_proxy().secret(&[7; 32]))
        .await;
    let path = good.as_str().strip_prefix("https://site.test").unwrap();
    let request = Request::get(path)
        .header("host", "else.test")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(elsewhere.federation.handle(request).await.unwrap().status(), 404);
}

#[tokio::test]
async fn p22_what_is_kept_of_a_host_that_was_suspended_is_shown_no_more() {
    let world = World::default();
    let asked = files(&world, GIF);
    let folder = tempfile::tempdir().unwrap();
    let cache = Arc::new(MediaFolder::open(folder.path(), 1 << 20).await.unwrap());
    let site = world
        .instance_with("site.test", |builder| builder.media_cache(cache))
        .await;
    let url = site.federation.media_url(&iri(CAT)).unwrap();
    for _ in 0..3 {
        let response = get(&site, url.as_str()).await.unwrap();
        assert_eq!(response.headers()["cache-control"], "public, max-age=3600");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let mut blocks = Blocks::new();
    blocks.suspend("files.test").unwrap();
    site.federation.set_blocks(blocks.clone()).await.unwrap();
    assert_eq!(get(&site, url.as_str()).await.unwrap().status(), 403);
    assert_eq!(site.federation.media_url(&iri(CAT)), None);
    let purge = federate_server::MediaPurge::Hosts(blocks);
    assert_eq!(site.federation.purge_media(&purge).await.unwrap(), 1);
}

/// Who reads slowly makes us hold what was asked for; more than a bound of it nobody does.
#[tokio::test(start_paused = true)]
async fn r22_more_files_than_are_held_at_once_are_answered_503() {
    let world = World::default();
    let limits = federate_protocol::Limits::default();
    let mut file = GIF.to_vec();
    file.resize(limits.media, b'.');
    files(&world, file.leak());
    let site = world
        .instance_with("site.test", |builder| builder.media_proxy())
        .await;
    let url = site.federation.media_url(&iri(CAT)).unwrap();
    let mut held = Vec::new();
    for _ in 0..limits.media_held / limits.media {
        held.push(get(&site, url.as_str()).await.unwrap());
    }
    assert!(held.iter().all(|answer| answer.status() == 200));
    let refused = get(&site, url.as_str()).await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "10");
    held.pop();
    // Only the head: nothing of it is held.
    for _ in 0..3 {
        assert_eq!(
            ask(&site, Request::head(url.as_str())).await.unwrap().status(),
            200
        );
    }
    assert_eq!(get(&site, url.as_str()).await.unwrap().status(), 200);
}

/// Where it is off, the application may have something there.
#[tokio::test]
async fn where_it_is_off_the_path_is_the_applications() {
    let world = World::default();
    let site = world.instance_with("site.test", |builder| builder).await;
    assert_eq!(site.federation.media_url(&iri(CAT)), None);
    assert!(get(&site, "https://site.test/media-proxy/a/b").await.is_none());
    let elsewhere = world
        .instance_with("else.test", |builder| {
            builder.media_proxy().paths(|p| p.media("/files/remote"))
        })
        .await;
    let url = elsewhere.federation.media_url(&iri(CAT)).unwrap();
    assert!(url.as_str().starts_with("https://else.test/files/remote/"));
}
