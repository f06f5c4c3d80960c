//! The process whose system calls are recorded: this test binary itself, when it finds a file name in its environment.

use crate::{at, iri, kill::runtime, outgoing};
use federate_sqlite::Sqlite;
use federate_store::{Accepted, Backend, Delivery, DeliveryId, Sealed, Settled, Stores};
use std::io::Write as _;

pub(super) const FILE: &str = "FEDERATE_SQLITE_POWER_FILE";

/// Not a test of its own.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells its child what to do"
)]
#[expect(clippy::print_stdout, reason = "the promises, for the parent to hold us to")]
fn p1_power_child() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    println!();
    runtime().block_on(async {
        // Closing writes the log back and removes it, so each round makes it anew.
        for round in 0..3 {
            let store = Sqlite::open(&file).await.unwrap();
            let stores = store.stores();
            for number in 0..12 {
                each(&stores, 100 * round + number).await;
            }
            if round == 1 {
                // So much that the log is written back in the middle of it, and begun again.
                for number in 0..70 {
                    let mut large = outgoing(10_000 + number);
                    large.body = vec![b'x'; 80_000].into();
                    stores.outbox.record(&large).await.unwrap();
                    say("record", [large.id.to_string()]);
                }
            }
            store.close().await;
        }
    });
}

/// One of each.
async fn each(stores: &Stores, number: usize) {
    stores.outbox.record(&outgoing(number)).await.unwrap();
    say("record", [outgoing(number).id.to_string()]);

    let batch: Vec<Delivery> = (0..3)
        .map(|n| {
            let inbox = iri(&format!("https://h{}.example/inbox", number % 5 + n));
            Delivery::new(outgoing(number).id, "alice", inbox, at(0))
        })
        .collect();
    stores.queue.enqueue(&batch, at(0)).await.unwrap();
    say("enqueue", batch.iter().map(|delivery| delivery.id.to_string()));

    let id = iri(&format!("https://b.example/likes/{number}"));
    let sealed = Sealed::from_bytes("sealed");
    let accepted = stores
        .inbox
        .accept("https://b.example", &id, &sealed, at(0))
        .await;
    let Ok(Accepted::New(id)) = accepted else {
        unreachable!("each number comes once: {accepted:?}");
    };
    say("accept", [id.to_string()]);

    for lane in stores.queue.lease("child", 1, at(0)).await.unwrap() {
        let due = stores.queue.due(&lane, 1, at(0)).await.unwrap();
        let reason = || "test".to_owned();
        let outcomes: Vec<(DeliveryId, Settled)> = due
            .into_iter()
            .map(|delivery| (delivery.id, Settled::Dead { reason: reason() }))
            .collect();
        stores.queue.settle(&lane, &outcomes, at(1)).await.unwrap();
        say("bury", outcomes.iter().map(|(id, _)| id.to_string()));
        stores.queue.release(lane, None).await.unwrap();
    }
}

/// One line for each `Ok`, in one write. Ids have blanks in them.
fn say(what: &str, ids: impl IntoIterator<Item = String>) {
    let ids: Vec<String> = ids.into_iter().collect();
    let line = format!("did {what} {}\n", ids.join("\t"));
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}
