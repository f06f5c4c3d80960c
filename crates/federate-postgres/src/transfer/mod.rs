//! Moving a whole store out of our tables, or into them.

mod application;
mod inbox;
mod queue;

use crate::{
    Postgres,
    backend::Tables,
    binding::{HOLD, INSTANCE, close, get, put, put_first},
    error::{Failure, retrying},
};
use federate_store::{
    Counts, DeliveryQueue as _, Hold, StoreError,
    transfer::{Arrival, Census, Departure, Export, Import, Part, Record},
};
use std::time::SystemTime;

/// The name of the transfer out of this store.
const DEPARTURE: &str = "departure";

/// The name of the transfer into this store.
const ARRIVAL: &str = "arrival";

#[federate_store::async_trait]
impl Export for Postgres {
    async fn departure(&self) -> Result<Departure, StoreError> {
        retrying!(self.tables().departure())
    }

    async fn seal(&self, now: SystemTime) -> Result<u64, StoreError> {
        retrying!(self.tables().seal())?;
        retrying!(self.tables().fence_off(now))
    }

    async fn records(
        &self,
        part: Part,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        retrying!(self.tables().read_part(part, after, max))
    }

    async fn census(&self) -> Result<Census, StoreError> {
        let counts = self.tables().counts().await?;
        retrying!(self.tables().take_census(counts))
    }
}

#[federate_store::async_trait]
impl Import for Postgres {
    async fn arrive(&self, departure: &Departure) -> Result<Arrival, StoreError> {
        let census = self.census().await?;
        retrying!(self.tables().open_for(departure, &census))
    }

    async fn arrived(&self, part: Part) -> Result<Option<String>, StoreError> {
        retrying!(get(&self.tables().pool, &cursor_of(part)))
    }

    async fn import(&self, part: Part, records: &[Record], cursor: &str) -> Result<(), StoreError> {
        retrying!(self.tables().write_part(part, records, cursor))
    }

    async fn import_counts(&self, counts: &Counts) -> Result<(), StoreError> {
        retrying!(self.tables().set_counts(counts))
    }

    async fn complete(&self) -> Result<(), StoreError> {
        retrying!(self.tables().open_lanes())?;
        self.tables().notifier.tell();
        Ok(())
    }
}

impl Tables {
    async fn departure(&self) -> Result<Departure, Failure> {
        if get(&self.pool, DEPARTURE).await?.is_none() {
            let name: String = sqlx::query_scalar("SELECT gen_random_uuid()::text")
                .fetch_one(&self.pool)
                .await?;
            put_first(&self.pool, DEPARTURE, &name).await?;
        }
        Ok(Departure {
            transfer: get(&self.pool, DEPARTURE).await?.unwrap_or_default(),
            instance: get(&self.pool, INSTANCE).await?,
            hold: self.held().await?,
        })
    }

    /// Nothing is added any more.
    async fn seal(&self) -> Result<(), Failure> {
        if self.held().await? == Some(Hold::Moved) {
            return Ok(());
        }
        let mut tx = self.pool.begin().await?;
        // Whoever is leasing has leased then, and is counted; whoever comes after sees the hold.
        sqlx::raw_sql("LOCK TABLE federate.lanes IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *tx)
            .await?;
        put(&mut *tx, HOLD, Hold::Moved.as_str()).await?;
        close(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn take_census(&self, counts: Counts) -> Result<Census, Failure> {
        let number = async |question: &'static str| {
            let number: i64 = sqlx::query_scalar(question).fetch_one(&self.pool).await?;
            Ok::<u64, Failure>(number.unsigned_abs())
        };
        Ok(Census {
            keys: number("SELECT count(*) FROM federate.keys").await?,
            followers: number("SELECT count(*) FROM federate.followers").await?,
            relations: number("SELECT count(*) FROM federate.relations").await?,
            outbox: number("SELECT count(*) FROM federate.outbox").await?,
            handled: number("SELECT count(*) FROM federate.handled").await?,
            received: number("SELECT count(*) FROM federate.received").await?,
            activities: number("SELECT count(*) FROM federate.activities").await?,
            deliveries: number("SELECT count(*) FROM federate.known").await?,
            lanes: number("SELECT count(*) FROM federate.lanes WHERE paused OR closed_until IS NOT NULL")
                .await?,
            rules: number("SELECT count(*) FROM federate.rules").await?,
            counts,
        })
    }

    async fn open_for(&self, departure: &Departure, census: &Census) -> Result<Arrival, Failure> {
        if get(&self.pool, ARRIVAL).await?.as_ref() == Some(&departure.transfer) {
            return Ok(match self.held().await? {
                None => Arrival::Complete,
                Some(_) => Arrival::Open,
            });
        }
        if !census.is_empty() {
            return Ok(Arrival::NotEmpty);
        }
        let mut tx = self.pool.begin().await?;
        match (get(&mut *tx, INSTANCE).await?, &departure.instance) {
            (Some(ours), theirs) if theirs.as_ref() != Some(&ours) => {
                return Ok(Arrival::OtherInstance(ours));
            }
            (None, Some(theirs)) => put(&mut *tx, INSTANCE, theirs).await?,
            _ => {}
        }
        put(&mut *tx, HOLD, Hold::Arriving.as_str()).await?;
        put(&mut *tx, ARRIVAL, &departure.transfer).await?;
        tx.commit().await?;
        Ok(Arrival::Open)
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
        let mut tx = self.pool.begin().await?;
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
