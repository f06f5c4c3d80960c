//! People who post one comment after another to a forum that is killed meanwhile, and what it owes them afterwards. The forum on
//! PostgreSQL is besieged by the same.

use std::collections::BTreeSet;
use std::time::Duration;

use federate_testkit::hostile::{Hostile, Person};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::sending::{PATIENCE, comment};

/// What the forum calls itself in all its lives, wherever each of them listens.
pub(crate) const BASE: &str = "http://127.0.0.1:9";
const SENDERS: usize = 4;

/// The senders, and where they find the forum.
pub(crate) struct Siege {
    /// Where a process of the forum is alive.
    alive: watch::Sender<Vec<String>>,
    answered: watch::Receiver<u64>,
    sending: Vec<JoinHandle<Vec<String>>>,
    random: u64,
}

impl Siege {
    /// Nobody is alive yet.
    pub(crate) fn begin(server: &Hostile) -> Self {
        let (alive, lives) = watch::channel(Vec::new());
        let (answers, answered) = watch::channel(0);
        let people = (0..SENDERS).map(|n| server.person(&format!("p{n}")));
        let sending = people.map(|person| {
            server.serve(&person);
            tokio::spawn(send(person, lives.clone(), answers.clone()))
        });
        Siege {
            alive,
            answered,
            sending: sending.collect(),
            random: 1_922,
        }
    }

    /// From now on the forum listens here, and nowhere else.
    pub(crate) fn lives_at<'a>(&self, addresses: impl IntoIterator<Item = &'a String>) {
        self.alive.send_replace(addresses.into_iter().cloned().collect());
    }

    /// One of so many things.
    pub(crate) fn draw(&mut self, of: u64) -> u64 {
        // Numerical Recipes' generator: any will do.
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.random >> 8) % of
    }

    /// Waits for some answers, and then some time: until any point of what happens behind the next.
    pub(crate) async fn goes_on(&mut self) {
        let enough = self.draw(4) + *self.answered.borrow();
        let heard = self.answered.wait_for(|count| *count >= enough);
        timeout(PATIENCE, heard).await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_millis(self.draw(16))).await;
    }

    /// The ids of all comments that were answered with 202. Nobody sends any more.
    pub(crate) async fn end(self) -> BTreeSet<String> {
        drop(self.alive);
        let mut promised = BTreeSet::new();
        for one in self.sending {
            promised.extend(one.await.unwrap());
        }
        promised
    }
}

/// Posts one comment after another to whichever process there is; the ids of those that were answered with 202.
async fn send(
    person: Person,
    mut alive: watch::Receiver<Vec<String>>,
    answered: watch::Sender<u64>,
) -> Vec<String> {
    let mut promised = Vec::new();
    for number in 0.. {
        let address = loop {
            let addresses = alive.borrow_and_update().clone();
            if let Some(address) = addresses.get(number % addresses.len().max(1)) {
                break address.clone();
            }
            if alive.changed().await.is_err() {
                return promised;
            }
        };
        match comment(&person, number, BASE, &address).await {
            Some(202) => {
                promised.push(format!("{}/{number}", person.id()));
                answered.send_modify(|count| *count += 1);
            }
            Some(status) => assert!(status >= 500, "{status}"),
            // Dead, or about to be: the next life is waited for.
            None => {
                if alive.changed().await.is_err() {
                    return promised;
                }
            }
        }
        // Whatever the others do, this ends.
        if alive.has_changed().is_err() {
            return promised;
        }
    }
    promised
}

/// Everything that was promised is there, and of each comment its author was told once.
pub(crate) fn is_kept(promised: &BTreeSet<String>, there: &BTreeSet<String>, unread: i64) {
    let lost: Vec<&String> = promised.difference(there).collect();
    assert!(lost.is_empty(), "answered with 202, and lost: {lost:?}");
    assert_eq!(
        unread,
        i64::try_from(there.len()).unwrap(),
        "the author was told of each once"
    );
}
