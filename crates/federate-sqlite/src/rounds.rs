//! What is written of the inbox, together: what arrives, what is given back, and what is claimed, of all who ask while the last round is
//! written. One transaction, one wait for the disk, and one connection, as each that writes makes all others read their pages anew.

use crate::{
    arrivals::{self, Arrival},
    backend::Files,
    batches::Batch,
    claims::{self, Finish, Found, Wanted},
    error::{Failure, retrying},
    script::Script,
    together::{Together, Written},
};
use bytes::Bytes;
use federate_store::{Claim, Claimed, StoreError, StoreErrorKind};
use sqlx::{Row as _, sqlite::SqliteRow};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Those that wait for the next round.
pub(crate) type Rounds = Together<Wish, Granted>;

#[derive(Clone, Debug)]
pub(crate) enum Wish {
    Arrive(Arrival),
    Finish(Finish),
    Claim(Wanted),
}

impl Written for Wish {
    fn is_patient(&self) -> bool {
        matches!(self, Self::Finish(_))
    }

    /// What is claimed for nobody is in nobody's hands for as long as a lease.
    fn is_for_the_asker(&self) -> bool {
        matches!(self, Self::Claim(_))
    }
}

#[derive(Debug)]
pub(crate) enum Granted {
    /// `false`: it was there.
    Arrived(bool),
    /// `false`: somebody else has it in hand.
    Finished(bool),
    Claimed(Vec<Claimed>),
}

impl Files {
    pub(crate) async fn wish(&self, wish: Wish) -> Result<Granted, StoreError> {
        let write = || {
            let files = self.clone();
            move |wishes| write(files.clone(), wishes)
        };
        self.rounds.write(wish, write).await
    }
}

/// What is wished, each with its place among the answers.
#[derive(Default)]
struct Round<'a> {
    arrivals: Vec<(usize, &'a Arrival)>,
    finishes: Vec<(usize, &'a Finish)>,
    /// The first: another finds nothing but what it leaves.
    claim: Option<(usize, &'a Wanted)>,
}

impl<'a> Round<'a> {
    /// Each by itself, what ends before what begins.
    fn each(&self) -> impl Iterator<Item = Round<'a>> {
        let finishes = self.finishes.iter().map(|finish| Round {
            finishes: vec![*finish],
            ..Round::default()
        });
        let claim = self.claim.map(|claim| Round {
            claim: Some(claim),
            ..Round::default()
        });
        let arrivals = self.arrivals.iter().map(|arrival| Round {
            arrivals: vec![*arrival],
            ..Round::default()
        });
        finishes.chain(arrivals).chain(claim)
    }
}

type Answers = Vec<Option<Result<Granted, StoreError>>>;

pub(crate) async fn write(
    files: Files,
    wishes: Vec<Wish>,
) -> Result<Vec<Result<Granted, StoreError>>, StoreError> {
    let mut answers: Answers = Vec::new();
    answers.resize_with(wishes.len(), || None);
    let mut round = Round::default();
    let (mut failures, mut claims) = (Vec::new(), Vec::new());
    for (place, wish) in wishes.iter().enumerate() {
        match wish {
            Wish::Arrive(arrival) => round.arrivals.push((place, arrival)),
            Wish::Finish(finish) if finish.is_done() => round.finishes.push((place, finish)),
            Wish::Finish(finish) => failures.push((place, finish)),
            Wish::Claim(wanted) if round.claim.is_none() => round.claim = Some((place, wanted)),
            Wish::Claim(wanted) => claims.push((place, wanted)),
        }
    }
    // What is put off, or given up, is seldom, and takes other statements.
    if !failures.is_empty() {
        files.finish_with_failures(&failures, &mut answers).await;
    }
    files.write_round(&round, &mut answers).await;
    for claim in claims {
        let round = Round {
            claim: Some(claim),
            ..Round::default()
        };
        files.write_round(&round, &mut answers).await;
    }
    let unanswered = || Err(StoreError::broken("a round left a question without an answer"));
    Ok(answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(unanswered))
        .collect())
}

impl Files {
    async fn write_round(&self, round: &Round<'_>, answers: &mut Answers) {
        let all = round.arrivals.iter().map(|(place, _)| place);
        let all = all.chain(round.finishes.iter().map(|(place, _)| place));
        let all: Vec<usize> = all
            .chain(round.claim.iter().map(|(place, _)| place))
            .copied()
            .collect();
        if all.is_empty() {
            return;
        }
        let written: Result<_, StoreError> = retrying!(self.try_round(round));
        match written {
            Ok(granted) => fill(answers, granted.into_iter()),
            // What is not taken of one keeps no other out. Without a lock or without room each by itself would only find the same.
            Err(error)
                if all.len() > 1 && !matches!(error.kind(), StoreErrorKind::Busy | StoreErrorKind::Full) =>
            {
                tracing::debug!(reason = %error, count = all.len(), "writing one by one");
                for one in round.each() {
                    Box::pin(self.write_round(&one, answers)).await;
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                fill(answers, all.into_iter().map(|place| (place, Err(again(&error)))));
            }
        }
    }

    /// With an error nothing was written.
    async fn try_round(
        &self,
        round: &Round<'_>,
    ) -> Result<Vec<(usize, Result<Granted, StoreError>)>, Failure> {
        let alone = round.arrivals.is_empty() && round.finishes.is_empty();
        if let Some((place, wanted)) = round.claim
            && alone
            && !claims::is_something_free(&self.read, wanted).await?
        {
            // Whoever finds nothing takes no lock for it.
            return Ok(vec![(place, Ok(Granted::Claimed(Vec::new())))]);
        }
        let arrivals: Vec<&Arrival> = round.arrivals.iter().map(|(_, arrival)| *arrival).collect();
        let (batches, places) = self.batches.make(&arrivals);
        let mut script = Script::begin_with(arrivals::given(&arrivals, &batches, &places));
        let finishes: Vec<&Finish> = round.finishes.iter().map(|(_, finish)| *finish).collect();
        let rows = self.rows_of(&finishes).await?;
        // Before what arrives, which then takes the pages of the envelopes that go: a page that is left free is written, too.
        claims::finish_done(&mut script, &finishes, &rows);
        let inserting = arrivals::write(&mut script, arrivals.len(), batches.len());
        if let Some((_, wanted)) = round.claim {
            claims::claim(&mut script, wanted);
        }
        // What is done and marked, and who has what in hand, need not survive the loss of power. What arrived must.
        let survives = inserting.is_some() || finishes.iter().any(|finish| finish.is_unmarked);
        let outcome = match survives {
            true => script.run(&self.write).await?,
            false => {
                let _turn = self.turn().await?;
                script.run(&self.loose).await?
            }
        };
        let mut said = Said::default();
        for row in &outcome.rows {
            said.hear(row);
        }
        for finish in &finishes {
            self.hand.give_back(finish.claim);
        }
        let claimed = match said.found {
            Ok(found) => {
                self.hand.take(found.iter().map(|one| (&one.claimed, one.row)));
                let claims: Vec<Claim> = found.iter().filter_map(|one| one.claimed.claim).collect();
                let claimed = self.with_envelopes(found, &batches).await;
                if claimed.is_err() {
                    self.give_back(claims).await;
                }
                claimed
            }
            Err(error) => Err(error),
        };
        self.batches.keep(batches);
        let arrived = match inserting.and_then(|place| outcome.done.get(place)) {
            Some(inserted) => retrying!(arrivals::are_new(&arrivals, inserted, &self.write)),
            None => Ok(Vec::new()),
        };
        let arrived = arrived.map_err(Arc::new);
        let arrived = round.arrivals.iter().enumerate().map(|(number, (place, _))| {
            let new = match &arrived {
                Ok(new) => match new.get(number) {
                    Some(new) => Ok(Granted::Arrived(*new)),
                    None => Err(StoreError::broken("a round did not say what it wrote")),
                },
                // It is written, and nobody knows by whom: whoever sends it again is told that it is known.
                Err(error) => Err(again(error)),
            };
            (*place, new)
        });
        let finished = round.finishes.iter();
        let finished =
            finished.map(|(place, finish)| (*place, Ok(Granted::Finished(finish.is_among(&said.released)))));
        let claimed = round
            .claim
            .map(|(place, _)| (place, claimed.map(Granted::Claimed)));
        Ok(arrived.chain(finished).chain(claimed).collect())
    }

    /// What is in hand now, with its envelopes: as a rule this process has written them a moment ago, and need not read them.
    pub(crate) async fn with_envelopes(
        &self,
        found: Vec<Found>,
        written: &[Batch],
    ) -> Result<Vec<Claimed>, StoreError> {
        let wanted: BTreeSet<i64> = found.iter().filter_map(|one| Some(one.place()?.batch)).collect();
        let mut batches = self.batches.kept();
        batches.extend_from_slice(written);
        batches.retain(|batch| wanted.contains(&batch.no));
        let unknown = wanted
            .iter()
            .filter(|no| batches.iter().all(|batch| batch.no != **no));
        let unknown: Vec<i64> = unknown.copied().collect();
        if !unknown.is_empty() {
            let read: Vec<Batch> = retrying!(self.read_batches(&unknown))?;
            batches.extend_from_slice(&read);
            self.batches.keep(read);
        }
        // What was put off was taken out of its batch, perhaps meanwhile, by somebody who has it not in hand.
        let envelope = |one: &Found| one.place().and_then(|place| place.find_in(&batches));
        let in_batches: Vec<Option<Bytes>> = found.iter().map(envelope).collect();
        let missing = found.iter().zip(&in_batches).filter(|(_, found)| found.is_none());
        let missing: Vec<i64> = missing.map(|(one, _)| one.row.no).collect();
        let mut taken_out = match missing.as_slice() {
            [] => BTreeMap::new(),
            numbers => retrying!(self.read_envelopes(numbers))?,
        };
        let with_envelope = |(one, sealed): (Found, Option<Bytes>)| {
            let sealed = sealed.or_else(|| taken_out.remove(&one.row.no));
            one.with(sealed)
        };
        Ok(found.into_iter().zip(in_batches).map(with_envelope).collect())
    }

    async fn finish_with_failures(&self, finishes: &[(usize, &Finish)], answers: &mut Answers) {
        let all: Vec<&Finish> = finishes.iter().map(|(_, finish)| *finish).collect();
        let held = retrying!(self.finish_each(&all)).map_err(Arc::new);
        let places = finishes.iter().map(|(place, _)| *place);
        match held {
            Ok(held) => fill(
                answers,
                places.zip(held.into_iter().map(|held| Ok(Granted::Finished(held)))),
            ),
            Err(error) => fill(answers, places.map(|place| (place, Err(again(&error))))),
        }
    }
}

fn fill(answers: &mut Answers, with: impl Iterator<Item = (usize, Result<Granted, StoreError>)>) {
    for (place, answer) in with {
        if let Some(slot) = answers.get_mut(place) {
            *slot = Some(answer);
        }
    }
}

fn again(error: &Arc<StoreError>) -> StoreError {
    StoreError::new(error.kind(), Arc::clone(error))
}

/// Which statement a row is of: its first column.
pub(crate) const RELEASED: i64 = 0;
pub(crate) const CLAIMED: i64 = 1;

/// What the statements of a round gave. All of it is written: what cannot be read concerns nobody but who asked for it.
struct Said {
    released: BTreeSet<[i64; 2]>,
    found: Result<Vec<Found>, StoreError>,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            released: BTreeSet::new(),
            found: Ok(Vec::new()),
        }
    }
}

impl Said {
    fn hear(&mut self, row: &SqliteRow) {
        let heard = match row.try_get::<i64, _>(0) {
            Ok(RELEASED) => claims::released(row).map(|claim| {
                self.released.insert(claim);
            }),
            Ok(_) => claims::found(row).map(|claimed| {
                if let Ok(found) = &mut self.found {
                    *found = claimed;
                }
            }),
            Err(e) => Err(e.into()),
        };
        if let Err(e) = heard {
            self.found = Err(e.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sqlite, arrivals::Arrival};
    use federate_store::{Ending, LEASE, ReceivedId, Settlement};
    use std::time::{Duration, SystemTime};

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn arrive(name: &str, shard: i64) -> Wish {
        Wish::Arrive(Arrival {
            id: name.to_owned(),
            received: 1,
            sealed: Bytes::from(format!("sealed {name}")),
            shard,
        })
    }

    fn claim(max: usize) -> Wish {
        let worker = "w".to_owned();
        Wish::Claim(Wanted {
            worker,
            max,
            now: now(),
        })
    }

    fn finish(of: &[Claimed], ending: &Ending) -> Wish {
        let claim = of[0].claim.unwrap();
        let endings = of
            .iter()
            .map(|one| (one.pending.id.clone(), ending.clone()))
            .collect();
        Wish::Finish(Finish::new(claim, endings))
    }

    async fn round(files: &Files, wishes: Vec<Wish>) -> Vec<Granted> {
        let granted = write(files.clone(), wishes).await.unwrap();
        granted.into_iter().map(Result::unwrap).collect()
    }

    fn claimed(granted: &Granted) -> Vec<Claimed> {
        match granted {
            Granted::Claimed(claimed) => claimed.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn ids(claimed: &[Claimed]) -> Vec<&str> {
        claimed.iter().map(|one| one.pending.id.as_str()).collect()
    }

    /// Wherever they stand in it.
    #[tokio::test]
    async fn what_arrives_in_a_round_is_claimed_in_it_and_what_is_given_back_too() {
        let done = Ending::Settled(Settlement::Done);
        for path in ["a.db", ":memory:"] {
            let folder = tempfile::tempdir().unwrap();
            let path = match path {
                ":memory:" => path.into(),
                path => folder.path().join(path),
            };
            let store = Sqlite::open(path).await.unwrap();
            let files = store.files();
            let granted = round(
                files,
                vec![claim(10), arrive("a", 3), arrive("b", 4), arrive("a", 3)],
            )
            .await;
            let first = claimed(&granted[0]);
            assert_eq!(ids(&first), ["a", "b"]);
            assert_eq!(first[1].pending.sealed.as_bytes(), b"sealed b");
            assert!(matches!(
                granted[1..],
                [
                    Granted::Arrived(true),
                    Granted::Arrived(true),
                    Granted::Arrived(false)
                ]
            ));
            // Another of a shard that is in hand waits until it is given back, in the same round.
            let granted = round(files, vec![arrive("c", 3), claim(10)]).await;
            assert_eq!(ids(&claimed(&granted[1])), [""; 0]);
            let back = finish(&first[..1], &done);
            let granted = round(files, vec![claim(10), back.clone(), arrive("d", 3), claim(1)]).await;
            assert!(matches!(granted[1], Granted::Finished(true)));
            assert_eq!(ids(&claimed(&granted[0])), ["c", "d"]);
            // The second claim found nothing, and the first one is not given back twice.
            assert_eq!(ids(&claimed(&granted[3])), [""; 0]);
            assert!(matches!(
                round(files, vec![back]).await[..],
                [Granted::Finished(false)]
            ));
            let left: Vec<(String, i64)> = sqlx::query_as(
                "SELECT r.id, r.state FROM federate_received r JOIN federate_batches b ON b.no = r.batch
                 WHERE r.state = 0 ORDER BY r.no",
            )
            .fetch_all(&files.read)
            .await
            .unwrap();
            let left: Vec<(&str, i64)> = left.iter().map(|(id, state)| (id.as_str(), *state)).collect();
            assert_eq!(left, [("b", 0), ("c", 0), ("d", 0)]);
        }
    }

    #[tokio::test]
    async fn p2_what_is_given_back_after_its_lease_went_to_another_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let files = store.files();
        let granted = round(files, vec![arrive("a", 3), claim(10)]).await;
        let mine = claimed(&granted[1]);
        let later = Wanted {
            worker: "another".to_owned(),
            max: 1,
            now: now() + LEASE + Duration::from_secs(1),
        };
        let granted = round(files, vec![Wish::Claim(later)]).await;
        assert_eq!(ids(&claimed(&granted[0])), ["a"]);
        let failed = Ending::Again {
            at: now(),
            reason: "no".to_owned(),
        };
        for ending in [Ending::Settled(Settlement::Done), failed] {
            // In a round with something else, and in one of its own.
            let granted = round(files, vec![arrive("b", 5), finish(&mine, &ending)]).await;
            assert!(matches!(granted[1], Granted::Finished(false)));
            let granted = round(files, vec![finish(&mine, &ending)]).await;
            assert!(matches!(granted[0], Granted::Finished(false)));
        }
        let a: (i64, i64) = sqlx::query_as("SELECT state, attempt FROM federate_received WHERE id = 'a'")
            .fetch_one(&files.read)
            .await
            .unwrap();
        assert_eq!(a, (0, 0));
        assert_eq!(mine[0].pending.id, ReceivedId::from_stored("a".to_owned()));
    }

    #[tokio::test]
    async fn one_that_the_file_does_not_take_keeps_no_other_out() {
        // Taken back by the statement itself, or by nobody but us: then the row before it stands until the round is taken back.
        for way in ["ABORT", "FAIL"] {
            let folder = tempfile::tempdir().unwrap();
            let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
            let files = store.files();
            let granted = round(files, vec![arrive("a", 3), claim(10)]).await;
            let mine = claimed(&granted[1]);
            refuses(files, "BEFORE INSERT", "new.id = 'bad'", way).await;
            let back = finish(&mine, &Ending::Settled(Settlement::Done));
            let wishes = vec![arrive("b", 1), arrive("bad", 1), back, arrive("c", 2), claim(10)];
            let granted = write(files.clone(), wishes).await.unwrap();
            assert!(matches!(
                granted[..],
                [
                    // New, so nothing of it was left by the round that was refused.
                    Ok(Granted::Arrived(true)),
                    Err(_),
                    Ok(Granted::Finished(true)),
                    Ok(Granted::Arrived(true)),
                    Ok(Granted::Claimed(_))
                ]
            ));
            assert_eq!(ids(&claimed(granted[4].as_ref().unwrap())), ["b", "c"]);
        }
    }

    /// Both in one round, in either order.
    #[tokio::test]
    async fn p2_of_two_claims_of_a_shard_what_was_handled_with_the_lost_one_is_not_written() {
        for lost_first in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
            let files = store.files();
            let lost = claimed(&round(files, vec![arrive("a", 3), arrive("b", 3), claim(10)]).await[2]);
            let wanted = Wanted {
                worker: "another".to_owned(),
                max: 1,
                now: now() + LEASE + Duration::from_secs(1),
            };
            let held = claimed(&round(files, vec![Wish::Claim(wanted)]).await[0]);
            assert_eq!(ids(&held), ["a"]);
            let done = Ending::Settled(Settlement::Done);
            let mut both = vec![(finish(&lost[1..], &done), false), (finish(&held, &done), true)];
            if !lost_first {
                both.reverse();
            }
            let (wishes, expected): (Vec<Wish>, Vec<bool>) = both.into_iter().unzip();
            let granted = round(files, wishes).await;
            let written = granted.iter().map(|one| matches!(one, Granted::Finished(true)));
            assert_eq!(written.collect::<Vec<_>>(), expected);
            let left: Vec<String> = sqlx::query_scalar("SELECT id FROM federate_received WHERE state = 0")
                .fetch_all(&files.read)
                .await
                .unwrap();
            assert_eq!(left, ["b"]);
        }
    }

    #[tokio::test]
    async fn of_endings_of_which_one_is_refused_none_is_written() {
        for ending in [
            Ending::Settled(Settlement::Done),
            Ending::Settled(Settlement::Dead {
                reason: "no".to_owned(),
            }),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
            let files = store.files();
            let granted = round(files, vec![arrive("a", 3), arrive("b", 3), claim(10)]).await;
            let mine = claimed(&granted[2]);
            refuses(
                files,
                "BEFORE UPDATE OF state",
                "new.state > 0 AND new.id = 'b'",
                "FAIL",
            )
            .await;
            let granted = write(files.clone(), vec![finish(&mine, &ending)]).await.unwrap();
            assert!(matches!(granted[..], [Err(_)]));
            let left: (i64, i64) = sqlx::query_as(
                "SELECT (SELECT count(*) FROM federate_received r JOIN federate_batches b ON b.no = r.batch WHERE state = 0),
                        (SELECT count(*) FROM federate_shards WHERE worker IS NOT NULL)",
            )
            .fetch_one(&files.read)
            .await
            .unwrap();
            assert_eq!(left, (2, 1));
        }
    }

    async fn refuses(files: &Files, when: &str, which: &str, way: &str) {
        let sql = format!(
            "CREATE TRIGGER refuses {when} ON federate_received WHEN {which}
             BEGIN SELECT raise({way}, 'not this one'); END"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&files.write)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn who_has_gone_claims_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let files = store.files();
        round(files, vec![arrive("a", 3)]).await;
        {
            let mut claiming = std::pin::pin!(files.wish(claim(10)));
            tokio::select! {
                biased;
                _ = &mut claiming => panic!("nobody has written yet"),
                () = std::future::ready(()) => {}
            }
        }
        let Ok(Granted::Claimed(claimed)) = files.wish(claim(10)).await else {
            panic!("it is free");
        };
        assert_eq!(ids(&claimed), ["a"]);
    }

    /// Where it says so alone, it survives the loss of power. The other connection, which nobody gets here, would not let it.
    #[tokio::test]
    async fn what_is_done_without_a_mark_is_written_by_the_connection_that_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let files = store.files();
        let granted = round(files, vec![arrive("a", 3), claim(10)]).await;
        let mine = claimed(&granted[1]).remove(0);
        let back = Finish::new(mine.claim.unwrap(), Vec::new()).with_unmarked(&[mine.pending.id]);
        let _other = files.loose.acquire().await.unwrap();
        let granted = round(files, vec![Wish::Finish(back)]).await;
        assert!(matches!(granted[0], Granted::Finished(true)));
    }
}
