//! Names by the system's resolver.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::Resolver;
use crate::limits::LOOKUPS;

/// `getaddrinfo` on tokio's blocking threads.
#[derive(Debug)]
pub(super) struct SystemResolver;

/// Of the whole process, as the threads are.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(LOOKUPS)));

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let name = name.to_owned();
        on_a_thread(&TURNS, move || {
            let addresses = (name.as_str(), 0).to_socket_addrs()?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
        .await
    }
}

/// Runs it on a thread, in its turn. A look-up cannot be called off: who waits for it may give up, its thread stays with it, and so does the
/// turn. Without turns, some domains with slow name servers would take every thread that files and databases need as well.
async fn on_a_thread<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    look_up: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let turn = Arc::clone(turns)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let task = spawn_blocking(move || {
        let _turn = turn;
        look_up()
    });
    task.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn r10_a_look_up_keeps_its_turn_though_nobody_waits_for_it_any_more() {
        let turns = Arc::new(Semaphore::new(2));
        let (end, wait) = mpsc::channel::<()>();
        let slow = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { on_a_thread(&turns, move || wait.recv().map_err(io::Error::other)).await }
        });
        while turns.available_permits() == 2 {
            tokio::task::yield_now().await;
        }
        slow.abort();
        assert!(slow.await.unwrap_err().is_cancelled());
        assert_eq!(turns.available_permits(), 1, "its thread is still there");
        assert_eq!(
            on_a_thread(&turns, || Ok(7)).await.unwrap(),
            7,
            "others have theirs"
        );
        end.send(()).unwrap();
        let _both = turns.acquire_many(2).await.unwrap();
    }
}
