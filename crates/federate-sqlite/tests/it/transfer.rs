//! From one pair of files into another.

use federate_sqlite::Sqlite;
use federate_store::contract;

#[tokio::test]
async fn p8_a_store_moves_into_other_files() {
    let directory = tempfile::tempdir().unwrap();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let fresh = async || {
        let next = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Sqlite::open(directory.path().join(format!("{next}.db")))
            .await
            .unwrap()
    };
    contract::stores_move(&fresh, &fresh).await;
}
