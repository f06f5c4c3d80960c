//! What becomes of batches, by one process and by two.

use super::*;
use crate::{
    Sqlite,
    claims::{Finish, Found, Wanted, end, put_off},
    rounds::{Granted, Wish, write},
};
use federate_store::{Claimed, Ending, Inbox as _, LEASE, ReceivedId, Settlement, StoreError};
use std::time::{Duration, SystemTime};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn arrival(number: usize, length: usize) -> Arrival {
    Arrival {
        id: format!("https://a.example https://a.example/{number}"),
        received: 1,
        sealed: envelope(number, length),
        shard: i64::try_from(number % 7).unwrap() + 1,
    }
}

fn envelope(number: usize, length: usize) -> Bytes {
    let name = number.to_string().into_bytes();
    Bytes::from(name.repeat(length / name.len() + 1)).slice(..length)
}

async fn arrive(files: &Files, arrivals: impl IntoIterator<Item = Arrival>) {
    let wishes = arrivals.into_iter().map(Wish::Arrive).collect();
    let granted = write(files.clone(), wishes).await.unwrap();
    assert!(granted.iter().all(|one| matches!(one, Ok(Granted::Arrived(_)))));
}

async fn try_claim(files: &Files, max: usize, now: SystemTime) -> Result<Granted, StoreError> {
    let worker = "w".to_owned();
    let wish = Wish::Claim(Wanted { worker, max, now });
    write(files.clone(), vec![wish]).await.unwrap().remove(0)
}

async fn claim(files: &Files, max: usize, now: SystemTime) -> Vec<Claimed> {
    match try_claim(files, max, now).await {
        Ok(Granted::Claimed(claimed)) => claimed,
        other => panic!("{other:?}"),
    }
}

async fn finish(files: &Files, one: &Claimed, ending: Ending) -> bool {
    let endings = vec![(one.pending.id.clone(), ending)];
    let wish = Wish::Finish(Finish::new(one.claim.unwrap(), endings));
    let granted = write(files.clone(), vec![wish]).await.unwrap().remove(0);
    matches!(granted, Ok(Granted::Finished(true)))
}

fn done() -> Ending {
    Ending::Settled(Settlement::Done)
}

fn number_of(id: &str) -> usize {
    id.rsplit('/').next().unwrap().parse().unwrap()
}

/// Whatever is not handled has its envelope, in one place; nothing else has one, and no batch is there for nothing.
async fn is_tidy(files: &Files, length: impl Fn(usize) -> usize) {
    let rows: Vec<(String, i64, Option<Vec<u8>>, bool)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT r.id, r.state, {ENVELOPE}, r.batch IS NOT NULL AND e.sealed IS NOT NULL
         FROM federate_received r {WITH_ENVELOPE} ORDER BY r.no"
    )))
    .fetch_all(&files.read)
    .await
    .unwrap();
    for (id, state, sealed, is_twice) in rows {
        let number = number_of(&id);
        match state {
            1 => {}
            _ => assert_eq!(sealed.unwrap(), envelope(number, length(number)), "{id}"),
        }
        assert!(!is_twice, "{id}");
    }
    let left: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM federate_envelopes e WHERE NOT EXISTS (
                     SELECT 1 FROM federate_received r WHERE r.no = e.no AND r.state <> 1)),
                (SELECT count(*) FROM federate_batches b WHERE NOT EXISTS (
                     SELECT 1 FROM federate_received r WHERE r.batch = b.no AND r.state <> 1
                     AND r.no BETWEEN b.first AND b.last))",
    )
    .fetch_one(&files.read)
    .await
    .unwrap();
    assert_eq!(left, (0, 0), "envelopes and batches of nothing");
}

async fn count(files: &Files, table: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(&files.read)
        .await
        .unwrap()
}

#[test]
fn a_batch_is_full_at_its_limit_and_a_larger_envelope_is_alone() {
    for (lengths, counts) in [
        (&[MOST - 10, 10][..], &[2][..]),
        (&[MOST - 10, 11], &[1, 1]),
        (&[MOST], &[1]),
        (&[10, MOST + 1, 10, 10], &[1, 1, 2]),
        (&[0, 0], &[2]),
        (&[], &[]),
    ] {
        let arrivals = lengths.iter().enumerate();
        let arrivals: Vec<Arrival> = arrivals
            .map(|(number, length)| arrival(number, *length))
            .collect();
        let arrivals: Vec<&Arrival> = arrivals.iter().collect();
        let (batches, places) = Batches::default().make(&arrivals);
        let count = |batch: &Batch| places.iter().filter(|place| place.batch == batch.no).count();
        assert_eq!(batches.iter().map(count).collect::<Vec<_>>(), counts);
        for (one, place) in arrivals.iter().zip(&places) {
            assert_eq!(place.find_in(&batches).unwrap(), one.sealed);
        }
    }
}

#[test]
fn what_is_not_in_a_batch_is_not_found_in_it() {
    let batch = Batch {
        no: 5,
        sealed: Bytes::from_static(b"abc"),
    };
    let find = |place: Place| place.find_in(std::slice::from_ref(&batch));
    assert_eq!(find(Place::new(5, 1, 2)).unwrap(), "bc");
    for place in [
        Place::new(6, 1, 2),
        Place::new(5, 1, 3),
        Place::new(5, usize::MAX, usize::MAX),
        Place { batch: 5, bytes: -1 },
    ] {
        assert_eq!(find(place), None, "{place:?}");
    }
}

#[test]
fn as_many_batches_are_kept_as_their_limits_say_the_last_ones() {
    let numbers = |batches: &Batches| batches.kept().iter().map(|one| one.no).collect::<Vec<_>>();
    let batch = |no, length| Batch {
        no,
        sealed: Bytes::from(vec![0; length]),
    };
    let small = Batches::default();
    let most = i64::try_from(KEPT_BATCHES).unwrap();
    small.keep((0..most).map(|no| batch(no, 1)));
    assert_eq!(numbers(&small), (0..most).collect::<Vec<_>>());
    small.keep([batch(most, 1)]);
    assert_eq!(numbers(&small), (1..=most).collect::<Vec<_>>());
    let large = Batches::default();
    large.keep([batch(1, KEPT - 10), batch(2, 10)]);
    assert_eq!(numbers(&large), [1, 2]);
    large.keep([batch(3, 1)]);
    assert_eq!(numbers(&large), [2, 3]);
    large.keep([batch(4, KEPT + 1)]);
    assert_eq!(numbers(&large), [0; 0]);
}

#[tokio::test]
async fn a_batch_goes_with_the_last_that_is_handled_in_whatever_order() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let files = store.files();
        arrive(files, (0..4).map(|number| arrival(number, 100))).await;
        let mut claimed = claim(files, 9, now()).await;
        claimed.sort_by_key(|one| number_of(one.pending.id.as_str()));
        for (handled, number) in (1..).zip(order) {
            assert_eq!(claimed[number].pending.sealed.as_bytes(), &envelope(number, 100));
            assert!(finish(files, &claimed[number], done()).await);
            assert_eq!(count(files, "federate_batches").await, i64::from(handled < 4));
            is_tidy(files, |_| 100).await;
        }
    }
}

/// Handled elsewhere meanwhile, the envelope of one that is put off would be there with all that came with it.
#[tokio::test]
async fn what_stays_takes_its_envelope_out_of_the_batch() {
    let dead = || {
        Ending::Settled(Settlement::Dead {
            reason: "no".to_owned(),
        })
    };
    let again = || Ending::Again {
        at: now() + Duration::from_secs(60),
        reason: "no".to_owned(),
    };
    let later = || Ending::Later {
        at: now() + Duration::from_secs(60),
    };
    for stays in [&dead as &dyn Fn() -> Ending, &again, &later] {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let files = store.files();
        arrive(files, (0..2).map(|number| arrival(number, 100))).await;
        let claimed = claim(files, 9, now()).await;
        assert!(finish(files, &claimed[0], stays()).await);
        is_tidy(files, |_| 100).await;
        assert_eq!(count(files, "federate_envelopes").await, 1);
        assert!(finish(files, &claimed[1], done()).await);
        assert_eq!(count(files, "federate_batches").await, 0);
        is_tidy(files, |_| 100).await;
        // It comes again with its envelope, and that goes.
        files.retry_dead(&[claimed[0].pending.id.clone()]).await.unwrap();
        let again = claim(files, 9, now() + Duration::from_secs(61)).await;
        assert_eq!(again[0].pending.id, claimed[0].pending.id);
        assert_eq!(
            again[0].pending.sealed.as_bytes(),
            claimed[0].pending.sealed.as_bytes()
        );
        assert!(finish(files, &again[0], done()).await);
        assert_eq!(count(files, "federate_envelopes").await, 0);
        is_tidy(files, |_| 100).await;
    }
}

/// That another process wrote, or this one before it was started anew; and that is given back by who never had it in hand.
#[tokio::test]
async fn p2_what_another_process_wrote_is_claimed_with_its_envelope_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let (one, other) = (
        Sqlite::open(&path).await.unwrap(),
        Sqlite::open(&path).await.unwrap(),
    );
    // More than are kept, and several to a batch.
    arrive(one.files(), (0..200).map(|number| arrival(number, 9_000))).await;
    assert!(one.files().batches.kept().len() < 30);
    let claimed = claim(other.files(), 500, now()).await;
    assert_eq!(claimed.len(), 200);
    for claimed in &claimed {
        let number = number_of(claimed.pending.id.as_str());
        assert_eq!(claimed.pending.sealed.as_bytes(), &envelope(number, 9_000));
    }
    for (number, claimed) in claimed.iter().enumerate() {
        // The first of a shard gives the shard back: the others are not its any more.
        let by = [&one, &other][number % 2].files();
        assert_eq!(finish(by, claimed, done()).await, number < 7, "{number}");
        is_tidy(by, |_| 9_000).await;
    }
    assert_eq!(claim(one.files(), 500, now()).await.len(), 193);
    is_tidy(one.files(), |_| 9_000).await;
}

/// Put off by somebody who has it not in hand, between the claim and the look at its batch.
#[tokio::test]
async fn what_took_its_envelope_out_meanwhile_is_claimed_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    let files = store.files();
    arrive(files, [arrival(0, 100)]).await;
    let (batch, bytes) =
        sqlx::query_as::<_, (i64, i64)>("SELECT batch, place FROM federate_received WHERE batch IS NOT NULL")
            .fetch_one(&files.read)
            .await
            .unwrap();
    let mut tx = files.write.begin().await.unwrap();
    let id = ReceivedId::from_stored(arrival(0, 1).id);
    put_off(&mut tx, &id, now(), "no").await.unwrap();
    tx.commit().await.unwrap();
    let claimed = claim(files, 9, now()).await.remove(0);
    let found = Found {
        row: Row {
            no: 1,
            batch: Some(batch),
        },
        bytes: Some(bytes),
        claimed,
    };
    let other = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    let claimed = other.files().with_envelopes(vec![found], &[]).await.unwrap();
    assert_eq!(claimed[0].pending.sealed.as_bytes(), &envelope(0, 100));
}

#[tokio::test]
async fn the_oldest_are_claimed_first_whatever_was_put_off() {
    let store = Sqlite::open(":memory:").await.unwrap();
    let files = store.files();
    arrive(files, (0..6).map(|number| arrival(number, 100))).await;
    let mut tx = files.write.begin().await.unwrap();
    // The youngest is due longest: of what was put off that decides which are looked at.
    for number in 1..5 {
        let id = ReceivedId::from_stored(arrival(number, 1).id);
        let at = now() - Duration::from_secs(u64::try_from(number).unwrap());
        put_off(&mut tx, &id, at, "no").await.unwrap();
    }
    tx.commit().await.unwrap();
    for expected in [&[0, 3][..], &[2, 4], &[1, 5], &[]] {
        let claimed = claim(files, 2, now()).await;
        let claimed: Vec<usize> = claimed
            .iter()
            .map(|one| number_of(one.pending.id.as_str()))
            .collect();
        assert_eq!(claimed, expected);
    }
}

#[tokio::test]
async fn what_a_damaged_file_says_of_one_keeps_no_other_back() {
    let store = Sqlite::open(":memory:").await.unwrap();
    let files = store.files();
    for column in ["attempt", "batch", "place", "id"] {
        arrive(files, [arrival(1, 100), arrival(2, 100)]).await;
        let sql = format!("UPDATE federate_received SET {column} = x'ff00' WHERE id LIKE '%/1'");
        // What stands in its own way is not the question here.
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&files.write)
            .await
            .unwrap();
        let claimed = claim(files, 9, now()).await;
        let sound = claimed.iter().find(|one| one.pending.id.as_str().ends_with("/2"));
        let sound = sound.unwrap_or_else(|| panic!("{column}: {claimed:?}"));
        assert_eq!(sound.pending.sealed.as_bytes(), &envelope(2, 100));
        for table in ["federate_received", "federate_batches"] {
            let sql = format!("DELETE FROM {table}");
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .execute(&files.write)
                .await
                .unwrap();
        }
        sqlx::query("UPDATE federate_shards SET worker = NULL")
            .execute(&files.write)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn p2_where_no_envelope_can_be_read_what_was_claimed_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    arrive(store.files(), (0..3).map(|number| arrival(number, 100))).await;
    let other = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    let files = other.files();
    let rename = async |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&files.write)
            .await
            .unwrap();
    };
    rename("federate_batches", "elsewhere").await;
    assert!(try_claim(files, 9, now()).await.is_err());
    rename("elsewhere", "federate_batches").await;
    assert_eq!(claim(files, 9, now()).await.len(), 3);
}

/// As its claim was lost, and a claim of the other's shard is given back beside it.
#[tokio::test]
async fn p2_the_number_of_what_was_lost_is_nobody_elses_to_give_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let (sleeps, other) = (
        Sqlite::open(&path).await.unwrap(),
        Sqlite::open(&path).await.unwrap(),
    );
    arrive(sleeps.files(), [arrival(0, 100)]).await;
    let lost = claim(sleeps.files(), 9, now()).await.remove(0);
    let later = now() + 2 * LEASE;
    let taken = claim(other.files(), 9, later).await.remove(0);
    assert!(finish(other.files(), &taken, done()).await);
    assert_eq!(other.files().prune(later, 9).await.unwrap(), 1);
    // Of another shard, under the number of what was pruned.
    arrive(other.files(), [arrival(1, 100)]).await;
    let next = claim(sleeps.files(), 9, later).await.remove(0);
    let give_back = |one: &Claimed, endings: Vec<_>| Wish::Finish(Finish::new(one.claim.unwrap(), endings));
    let wishes = vec![
        give_back(&lost, vec![(lost.pending.id.clone(), done())]),
        give_back(&next, Vec::new()),
    ];
    let granted = write(sleeps.files().clone(), wishes).await.unwrap();
    assert!(matches!(
        granted[..],
        [Ok(Granted::Finished(false)), Ok(Granted::Finished(true))]
    ));
    let again = claim(sleeps.files(), 9, later).await;
    assert_eq!(number_of(again[0].pending.id.as_str()), 1);
    assert_eq!(again[0].pending.sealed.as_bytes(), &envelope(1, 100));
}

/// Its row was ended by somebody who has it not in hand, and pruned.
#[tokio::test]
async fn p2_no_number_that_may_be_given_back_is_given_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    let files = store.files();
    arrive(files, [arrival(0, 100)]).await;
    let claimed = claim(files, 9, now()).await.remove(0);
    files.settle(&claimed.pending.id, Settlement::Done).await.unwrap();
    files.prune(now(), 9).await.unwrap();
    // Of the same shard.
    arrive(files, [arrival(7, 100)]).await;
    assert!(finish(files, &claimed, done()).await);
    let next = claim(files, 9, now()).await;
    assert_eq!(number_of(next[0].pending.id.as_str()), 7);
    assert!(finish(files, &next[0], done()).await);
    assert_eq!(files.prune(now(), 9).await.unwrap(), 2);
    assert_eq!(count(files, "federate_received").await, 0);
}

#[tokio::test]
async fn where_an_envelope_is_gone_the_others_are_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    let files = store.files();
    arrive(files, [arrival(0, MOST), arrival(1, 100)]).await;
    sqlx::query("DELETE FROM federate_batches WHERE length(sealed) > 100")
        .execute(&files.write)
        .await
        .unwrap();
    files.batches.keep([]);
    let emptied = Sqlite::open(folder.path().join("a.db")).await.unwrap();
    let claimed = claim(emptied.files(), 9, now()).await;
    assert_eq!(claimed[0].pending.sealed.as_bytes(), b"");
    assert_eq!(files.pending(9, now()).await.unwrap().len(), 2);
    let dead = Ending::Settled(Settlement::Dead {
        reason: "no".to_owned(),
    });
    assert!(finish(emptied.files(), &claimed[0], dead).await);
    assert_eq!(files.dead(9).await.unwrap().len(), 1);
    assert_eq!(claimed[1].pending.sealed.as_bytes(), &envelope(1, 100));
}

/// By two processes, in any order.
#[tokio::test]
async fn p2_whatever_becomes_of_what_arrives_each_that_waits_has_its_envelope_and_nothing_else_has_one() {
    let length = |number: usize| 1 + number * 7_919 % 40_000;
    for seed in 1..=6_u64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let stores = [
            Sqlite::open(&path).await.unwrap(),
            Sqlite::open(&path).await.unwrap(),
        ];
        let mut random = seed;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(random >> 33).unwrap() % below
        };
        let (mut arrived, mut clock) = (0, now());
        let mut in_hand: Vec<Claimed> = Vec::new();
        for _ in 0..60 {
            let files = stores[next(2)].files();
            clock += Duration::from_secs(1);
            match next(8) {
                0 | 1 => {
                    // Some of them came before, or come twice.
                    let from = arrived - next(4).min(arrived);
                    arrived = from + next(12);
                    let twice = from..from + next(2);
                    let all = (from..arrived).chain(twice);
                    arrive(files, all.map(|number| arrival(number, length(number)))).await;
                    arrived = arrived.max(from + 1);
                }
                2 => in_hand.extend(claim(files, 1 + next(6), clock).await),
                3 => clock += LEASE,
                4 => {
                    let id = ReceivedId::from_stored(arrival(next(arrived + 1), 1).id);
                    let mut tx = files.write.begin().await.unwrap();
                    match next(2) {
                        0 => put_off(&mut tx, &id, clock, "no").await.unwrap(),
                        _ => end(&mut tx, &id, &Settlement::Done).await.unwrap(),
                    }
                    tx.commit().await.unwrap();
                }
                5 => {
                    files.prune_dead(clock, 2).await.unwrap();
                    files.prune(clock, 3).await.unwrap();
                }
                _ if in_hand.is_empty() => {}
                _ => {
                    let one = in_hand.swap_remove(next(in_hand.len()));
                    let ending = match next(4) {
                        0 => Ending::Again {
                            at: clock,
                            reason: "no".to_owned(),
                        },
                        1 => Ending::Settled(Settlement::Dead {
                            reason: "no".to_owned(),
                        }),
                        _ => done(),
                    };
                    finish(files, &one, ending).await;
                }
            }
            is_tidy(files, length).await;
        }
        assert!(arrived > 20, "{arrived}");
    }
}
