//! The suite that every backend passes.

use crate::cluster::database;
use federate_postgres::Postgres;
use federate_store::{Backend, contract};

#[tokio::test]
async fn a_database_of_its_own_keeps_the_contract() {
    if database().is_none() {
        return;
    }
    contract::all(async || {
        let builder = Postgres::builder().cache_entries(32);
        builder.open(&database().unwrap().url).await.unwrap().stores()
    })
    .await;
}

#[tokio::test]
async fn an_application_database_with_pools_of_one_keeps_the_contract() {
    if database().is_none() {
        return;
    }
    contract::all(async || {
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .connect(&database().unwrap().url)
            .await
            .unwrap();
        let builder = Postgres::builder().cache_entries(32).connections(1);
        builder.in_database(pool).await.unwrap().stores()
    })
    .await;
}
