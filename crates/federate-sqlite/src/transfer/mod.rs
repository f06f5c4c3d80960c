//! Moving a whole store out of two files, or into them.

mod application;
mod inbox;
mod queue;

use crate::{
    Sqlite,
    backend::Files,
    binding::{HOLD, INSTANCE, OF_APPLICATION, OF_QUEUE, close, get, put, put_first},
    error::{Failure, retrying},
};
use federate_store::{
    Counts, DeliveryQueue as _, Hold, StoreError,
    transfer::{Arrival, Census, Departure, Export, Import, Part, Record},
};
use sqlx::{SqliteConnection, SqlitePool};
use std::time::SystemTime;

/// The name of the transfer out of this store.
const DEPARTURE: &str = "departure";

/// The name of the transfer into this store.
const ARRIVAL: &str = "arrival";

#[federate_store::async_trait]
impl Export for Sqlite {
    async fn departure(&self) -> Result<Departure, StoreError> {
        retrying!(self.files().departure())
    }

    async fn seal(&self, now: SystemTime) -> Result<u64, StoreError> {
        // The queue's file first: what was leased is on its way, and no more is from here on.
        retrying!(seal(&self.files().write, &OF_QUEUE))?;
        retrying!(seal(&self.files().application, &OF_APPLICATION))?;
        retrying!(self.files().fence_off(now))
    }

    async fn records(
        &self,
        part: Part,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        retrying!(self.files().read_part(part, after, max))
    }

    async fn census(&self) -> Result<Census, StoreError> {
        let counts = self.files().counts().await?;
        retrying!(self.files().take_census(counts))
    }
}

#[federate_store::async_trait]
impl Import for Sqlite {
    async fn arrive(&self, departure: &Departure) -> Result<Arrival, StoreError> {
        let census = self.census().await?;
        retrying!(self.files().open_for(departure, &census))
    }

    async fn arrived(&self, part: Part) -> Result<Option<String>, StoreError> {
        retrying!(get(self.files().file_of(part), &cursor_of(part)))
    }

    async fn import(&self, part: Part, records: &[Record], cursor: &str) -> Result<(), StoreError> {
        retrying!(self.files().write_part(part, records, cursor))
    }

    async fn import_counts(&self, counts: &Counts) -> Result<(), StoreError> {
        retrying!(self.files().set_counts(counts))
    }

    async fn complete(&self) -> Result<(), StoreError> {
        // The queue's file last: what stands there decides.
        retrying!(end_arrival(&self.files().application))?;
        retrying!(self.files().open_lanes())
    }
}

impl Files {
    async fn departure(&self) -> Result<Departure, Failure> {
        if get(&self.write, DEPARTURE).await?.is_none() {
            let name: String = sqlx::query_scalar("SELECT lower(hex(randomblob(16)))")
                .fetch_one(&self.read)
                .await?;
            put_first(&self.write, DEPARTURE, &name).await?;
        }
        Ok(Departure {
            transfer: get(&self.write, DEPARTURE).await?.unwrap_or_default(),
            instance: get(&self.application, INSTANCE).await?,
            hold: self.held().await?,
        })
    }

    async fn take_census(&self, counts: Counts) -> Result<Census, Failure> {
        let (keys, followers, relations, outbox, handled, rules): (i64, i64, i64, i64, i64, i64) =
            sqlx::query_as(
                "SELECT (SELECT count(*) FROM federate_keys), (SELECT count(*) FROM federate_followers),
                    (SELECT count(*) FROM federate_relations),
                    (SELECT count(*) FROM federate_outbox), (SELECT count(*) FROM federate_handled),
                    (SELECT count(*) FROM federate_rules)",
            )
            .fetch_one(&self.application)
            .await?;
        let (received, activities, deliveries, lanes): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM federate_received), (SELECT count(*) FROM federate_activities),
                    (SELECT count(*) FROM federate_known),
                    (SELECT count(*) FROM federate_lanes WHERE paused = 1 OR closed_until IS NOT NULL)",
        )
        .fetch_one(&self.read)
        .await?;
        Ok(Census {
            keys: keys.unsigned_abs(),
            followers: followers.unsigned_abs(),
            relations: relations.unsigned_abs(),
            outbox: outbox.unsigned_abs(),
            handled: handled.unsigned_abs(),
            received: received.unsigned_abs(),
            activities: activities.unsigned_abs(),
            deliveries: deliveries.unsigned_abs(),
            lanes: lanes.unsigned_abs(),
            rules: rules.unsigned_abs(),
            counts,
        })
    }

    async fn open_for(&self, departure: &Departure, census: &Census) -> Result<Arrival, Failure> {
        if get(&self.write, ARRIVAL).await?.as_ref() == Some(&departure.transfer) {
            return Ok(match self.held().await? {
                None => Arrival::Complete,
                Some(_) => Arrival::Open,
            });
        }
        if !census.is_empty() {
            return Ok(Arrival::NotEmpty);
        }
        match (get(&self.application, INSTANCE).await?, &departure.instance) {
            (Some(ours), theirs) if theirs.as_ref() != Some(&ours) => {
                return Ok(Arrival::OtherInstance(ours));
            }
            (None, Some(theirs)) => put(&self.application, INSTANCE, theirs).await?,
            _ => {}
        }
        put(&self.application, HOLD, Hold::Arriving.as_str()).await?;
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        put(&mut *tx, HOLD, Hold::Arriving.as_str()).await?;
        put(&mut *tx, ARRIVAL, &departure.transfer).await?;
        tx.commit().await?;
        Ok(Arrival::Open)
    }

    fn file_of(&self, part: Part) -> &SqlitePool {
        match part {
            Part::Keys | Part::Followers | Part::Relations | Part::Outbox | Part::Handled | Part::Rules => {
                &self.application
            }
            _ => &self.write,
        }
    }

    async fn read_part(
        &self,
        part: Part,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        match part {
            Part::Keys => self.read_keys(after, max).await,
            Part::Followers => self.read_followers(number(after)?, max).await,
            Part::Relations => self.read_relations(number(after)?, max).await,
            Part::Outbox => self.read_outbox(number(after)?, max).await,
            Part::Handled => self.read_handled(after, max).await,
            Part::Received => self.read_received(number(after)?, max).await,
            Part::Activities => self.read_activities(number(after)?, max).await,
            Part::Deliveries => self.read_deliveries(after, max).await,
            Part::Dead => self.read_dead_letters(number(after)?, max).await,
            Part::Lanes => self.read_lanes(number(after)?, max).await,
            Part::Rules => self.read_rules(number(after)?, max).await,
            other => Err(unknown(other)),
        }
    }

    async fn write_part(&self, part: Part, records: &[Record], cursor: &str) -> Result<(), Failure> {
        let mut tx = self.file_of(part).begin_with("BEGIN IMMEDIATE").await?;
        match part {
            Part::Keys | Part::Followers | Part::Relations | Part::Outbox | Part::Handled | Part::Rules => {
                for record in records {
                    application::write(&mut tx, record).await?;
                }
            }
            Part::Received => {
                for record in records {
                    inbox::write(&mut tx, record).await?;
                }
            }
            Part::Activities => queue::write_activities(&mut tx, records).await?,
            Part::Deliveries => queue::write_deliveries(&mut tx, records).await?,
            Part::Dead => queue::write_dead(&mut tx, records).await?,
            Part::Lanes => queue::write_lanes(&mut tx, records).await?,
            other => return Err(unknown(other)),
        }
        put(&mut *tx, &cursor_of(part), cursor).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Nothing is added to a file any more.
async fn seal(pool: &SqlitePool, tables: &[&str]) -> Result<(), Failure> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    put(&mut *tx, HOLD, Hold::Moved.as_str()).await?;
    close(&mut tx, tables).await?;
    tx.commit().await?;
    Ok(())
}

async fn end_arrival(pool: &SqlitePool) -> Result<(), Failure> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    forget_arrival(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The name of the transfer stays, so that whoever repeats it is told that it is complete.
async fn forget_arrival(connection: &mut SqliteConnection) -> Result<(), Failure> {
    sqlx::query("DELETE FROM federate_binding WHERE name = ?1 OR name GLOB 'cursor.*'")
        .bind(HOLD)
        .execute(connection)
        .await?;
    Ok(())
}

fn cursor_of(part: Part) -> String {
    format!("cursor.{part}")
}

fn number(cursor: Option<&str>) -> Result<i64, Failure> {
    let number = cursor.map_or(Ok(0), str::parse);
    number.map_err(|error| StoreError::broken(error).into())
}

fn unknown(part: Part) -> Failure {
    StoreError::broken(format!("this release knows no {part}")).into()
}
