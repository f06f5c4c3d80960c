//! From one database into another.

use crate::cluster::database;
use federate_postgres::Postgres;
use federate_store::contract;

#[tokio::test]
async fn p8_a_store_moves_into_another_database() {
    if database().is_none() {
        return;
    }
    let fresh = async || Postgres::open(&database().unwrap().url).await.unwrap();
    contract::stores_move(&fresh, &fresh).await;
}
