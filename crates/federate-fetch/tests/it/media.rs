//! Media files that are passed on: fetched once, kept within bounds, given out under today's rules.

use crate::world::{Answer, World, at, fetcher, fetcher_with, iri};
use bytes::Bytes;
use federate_fetch::media::{MediaCache, MediaFolder, MediaProxy, MediaPurge};
use federate_fetch::{FetchErrorKind, Fetcher};
use federate_http::HttpErrorKind;
use federate_protocol::{Blocks, FetchRefusal, FetchRules};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const CAT: &str = "https://a.example/media/cat.gif";
const GIF: &str = "GIF89a....";
const DAY: u64 = 24 * 3600;

struct Kept {
    world: Arc<World>,
    fetcher: Arc<Fetcher>,
    folder: TempDir,
    proxy: MediaProxy,
}

async fn kept() -> Kept {
    let (world, fetcher) = fetcher();
    world.answer(CAT, Answer::Page(200, "text/html", GIF.to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let proxy = MediaProxy::new(Arc::clone(&fetcher), Some(opened(folder.path()).await));
    Kept {
        world,
        fetcher,
        folder,
        proxy,
    }
}

async fn opened(folder: &Path) -> Arc<dyn MediaCache> {
    Arc::new(MediaFolder::open(folder, 1 << 20).await.unwrap())
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn r16_a_thousand_that_look_cost_one_request_also_after_a_restart() {
    let Kept {
        world,
        fetcher,
        folder,
        proxy,
    } = kept().await;
    let proxy = Arc::new(proxy);
    let looking: Vec<_> = (0..1000)
        .map(|_| {
            let proxy = Arc::clone(&proxy);
            tokio::spawn(async move { proxy.get(&iri(CAT), at(0)).await.unwrap() })
        })
        .collect();
    for one in looking {
        let media = one.await.unwrap();
        assert_eq!(
            (media.kind.as_str(), &media.bytes[..]),
            ("image/gif", GIF.as_bytes())
        );
    }
    assert_eq!(world.asked(), 1);
    assert!(world.last().headers().get("signature").is_none());
    let next_life = MediaProxy::new(fetcher, Some(opened(folder.path()).await));
    assert!(next_life.get(&iri(CAT), at(7 * DAY - 1)).await.is_ok());
    assert_eq!(world.asked(), 1);
    // What its author has taken away goes here, too.
    world.status(CAT, 410);
    let gone = next_life.get(&iri(CAT), at(7 * DAY)).await.unwrap_err();
    assert!(gone.is_gone());
}

#[tokio::test]
async fn without_a_cache_nothing_is_kept() {
    let (world, fetcher) = fetcher();
    world.answer(CAT, Answer::Page(200, "image/gif", GIF.to_owned()));
    let proxy = MediaProxy::new(fetcher, None);
    for asked in 1..=3 {
        proxy.get(&iri(CAT), at(0)).await.unwrap();
        assert_eq!(world.asked(), asked);
    }
    assert_eq!(proxy.purge(&MediaPurge::All).await.unwrap(), 0);
}

#[tokio::test]
async fn todays_blocks_hold_for_what_is_kept() {
    let kept = kept().await;
    kept.proxy.get(&iri(CAT), at(0)).await.unwrap();
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    kept.fetcher.set_blocks(blocks.clone());
    let error = kept.proxy.get(&iri(CAT), at(1)).await.unwrap_err();
    assert!(matches!(
        error.kind(),
        FetchErrorKind::Refused(FetchRefusal::NotAdmitted { .. })
    ));
    assert_eq!(kept.proxy.purge(&MediaPurge::Hosts(blocks)).await.unwrap(), 1);
    assert_eq!(files(kept.folder.path()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn what_failed_is_not_asked_for_again_at_once() {
    let kept = kept().await;
    kept.world.answer(CAT, Answer::Fails(HttpErrorKind::Connect));
    for second in 0..30 {
        assert!(
            !kept
                .proxy
                .get(&iri(CAT), at(second))
                .await
                .unwrap_err()
                .is_permanent()
        );
    }
    assert_eq!(kept.world.asked(), 1);
    kept.world
        .answer(CAT, Answer::Page(200, "image/png", "<script>".to_owned()));
    for second in 30..330 {
        assert!(
            kept.proxy
                .get(&iri(CAT), at(second))
                .await
                .unwrap_err()
                .is_permanent()
        );
    }
    assert_eq!(kept.world.asked(), 2);
    kept.world
        .answer(CAT, Answer::Page(200, "image/png", GIF.to_owned()));
    assert!(kept.proxy.get(&iri(CAT), at(330)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn r10_one_that_never_ends_is_given_up_after_a_minute() {
    let (world, fetcher) = fetcher();
    world.answer(CAT, Answer::Never);
    let begin = tokio::time::Instant::now();
    let proxy = MediaProxy::new(fetcher, None);
    let error = proxy.get(&iri(CAT), at(0)).await.unwrap_err();
    assert!(matches!(error.kind(), FetchErrorKind::Deadline { .. }), "{error}");
    assert_eq!(begin.elapsed().as_secs(), 60);
}

/// CVE-2023-36460: nothing that a stranger chose becomes a path.
#[tokio::test]
async fn c8_no_part_of_a_url_is_part_of_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let cache = opened(folder.path()).await;
    for url in [
        "https://a.example/../../etc/passwd",
        "https://a.example/%2e%2e/%2e%2e/x",
        "https://a.example/x.part",
        "https://a.example/a?b=c/../../d",
    ] {
        cache.put(&iri(url), &Bytes::from(GIF), at(0)).await.unwrap();
        let (bytes, stored) = cache.get(&iri(url)).await.unwrap().unwrap();
        assert_eq!((&bytes[..], stored), (GIF.as_bytes(), at(0)));
    }
    let files = files(folder.path());
    assert_eq!(files.len(), 4);
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn p14_what_a_crash_left_or_the_disk_lost_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let cache = opened(folder.path()).await;
    let urls = [0, 1, 2, 3].map(|n| iri(&format!("https://a.example/{n}")));
    for url in &urls {
        cache.put(url, &Bytes::from(GIF), at(0)).await.unwrap();
    }
    let files = files(folder.path());
    let whole = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &whole[..whole.len() - 1]).unwrap();
    fs::write(&files[1], b"").unwrap();
    // Another's file under this name.
    fs::copy(&files[3], &files[2]).unwrap();
    let left = files[3].with_extension("1-1.part");
    fs::write(&left, b"half").unwrap();
    let mut there = 0;
    for url in &urls {
        there += usize::from(cache.get(url).await.unwrap().is_some());
    }
    assert_eq!(there, 1);
    let again = opened(folder.path()).await;
    assert!(!left.exists());
    let mut there = 0;
    for url in &urls {
        there += usize::from(again.get(url).await.unwrap().is_some());
    }
    assert_eq!(there, 1);
    assert_eq!(again.purge(&MediaPurge::All).await.unwrap(), 1);
}

#[tokio::test]
async fn r14_a_folder_stays_within_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = MediaFolder::open(folder.path(), 100_000).await.unwrap();
    let file = Bytes::from(vec![7; 10_000]);
    let url = |n: u32| iri(&format!("https://a.example/{n}"));
    for n in 0..50 {
        cache.put(&url(n), &file, at(0)).await.unwrap();
        // The first is looked at all the time, and stays.
        assert!(cache.get(&url(0)).await.unwrap().is_some());
        assert!(files(folder.path()).len() <= 10);
    }
    assert!(cache.get(&url(49)).await.unwrap().is_some());
    assert!(cache.get(&url(1)).await.unwrap().is_none());
    // One that would push all others out is not kept; half of the folder is.
    for (length, is_kept) in [(50_001, false), (50_000, true)] {
        cache
            .put(&url(99), &Bytes::from(vec![7; length]), at(0))
            .await
            .unwrap();
        assert_eq!(cache.get(&url(99)).await.unwrap().is_some(), is_kept);
    }
    let smaller = MediaFolder::open(folder.path(), 30_000).await.unwrap();
    let total: u64 = files(folder.path())
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert!(total <= 30_000, "{total}");
    let stored = MediaPurge::Stored {
        from: at(0),
        until: at(1),
    };
    smaller.purge(&stored).await.unwrap();
    assert_eq!(files(folder.path()).len(), 0);
}

/// What is given out is in memory until it is written, and who reads slowly is who asks.
#[tokio::test(start_paused = true)]
async fn r22_files_that_are_held_for_slow_readers_are_bounded_in_bytes() {
    const KIB: usize = 1024;
    let mut rules = FetchRules::default();
    rules.limits.media = 64 * KIB;
    rules.limits.media_held = 128 * KIB;
    let (world, fetcher) = fetcher_with(rules);
    let folder = tempfile::tempdir().unwrap();
    let kept = MediaProxy::new(Arc::clone(&fetcher), Some(opened(folder.path()).await));
    let unkept = MediaProxy::new(fetcher, None);
    let small = iri("https://a.example/media/small.gif");
    for (url, length) in [(CAT, 64 * KIB), (small.as_str(), KIB)] {
        let file = GIF.to_owned() + &".".repeat(length - GIF.len());
        world.answer(url, Answer::Page(200, "image/gif", file));
    }
    for proxy in [&kept, &unkept] {
        let is_busy = async || {
            let begin = tokio::time::Instant::now();
            let error = proxy.get(&iri(CAT), at(0)).await.unwrap_err();
            let waited = begin.elapsed().as_secs();
            assert!(!error.is_permanent());
            matches!(error.kind(), FetchErrorKind::Busy) && waited == 5
        };
        // At the limit, and one past it.
        let (first, second) = (
            proxy.get(&iri(CAT), at(0)).await.unwrap(),
            proxy.get(&iri(CAT), at(0)).await.unwrap(),
        );
        assert_eq!(second.bytes.len(), 64 * KIB);
        assert!(is_busy().await);
        // A part of it is in memory as the whole is.
        let part = first.bytes.slice(..3);
        drop(first);
        assert!(is_busy().await);
        drop(part);
        let (third, waiting) = (
            proxy.get(&iri(CAT), at(0)).await.unwrap(),
            proxy.get(&small, at(0)),
        );
        // Who waits has it as soon as there is room.
        let (found, ()) = tokio::join!(waiting, async {
            tokio::task::yield_now().await;
            drop(third);
        });
        // And what it does not take is free again: a small file leaves no place for the longest, and many for small ones.
        let small_one = found.unwrap();
        assert!(is_busy().await);
        drop(second);
        let many: Vec<_> = futures_util::future::join_all((0..63).map(|_| proxy.get(&small, at(0)))).await;
        assert!(many.iter().all(Result::is_ok));
        drop(proxy.get(&iri(CAT), at(0)).await.unwrap());
        drop(small_one);
    }
}
