//! One of the two instances, running in this process as `serve` runs it, and its one person.

use super::client::Client;
use crate::{
    cli::create_account,
    federation::Options,
    serve::{self, Settings},
};
use std::path::Path;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub(super) struct Side {
    /// The name of the person.
    pub(super) person: &'static str,
    /// Scheme and authority of the instance.
    pub(super) base: String,
    /// What the person's client talks through.
    pub(super) client: Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), String>>,
}

impl Side {
    pub(super) async fn start(person: &'static str, directory: &Path) -> Result<Side, String> {
        let data = directory.join(person);
        let token = create_account(person, &data, "", false, false)
            .await
            .map_err(|stop| stop.message)?;
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|e| format!("cannot listen: {e}"))?;
        let address = listener
            .local_addr()
            .map_err(|e| format!("the listener has no address: {e}"))?;
        let base = format!("http://{address}");
        let settings = Settings {
            base_url: base.clone(),
            data,
            federation: Options {
                allow_loopback: true,
                ..Options::default()
            },
        };
        let instance = serve::assemble(&settings).await.map_err(|stop| stop.message)?;
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            instance.run_until(listener, stop).await
        });
        Ok(Side {
            person,
            client: Client::new(&base, &token)?,
            base,
            stop,
            running,
        })
    }

    /// `@alice@127.0.0.1:40000`.
    pub(super) fn handle(&self) -> String {
        format!("@{}@{}", self.person, self.base.trim_start_matches("http://"))
    }

    /// Finishes what has begun, and stops.
    pub(super) async fn stop(self) -> Result<(), String> {
        let _ = self.stop.send(());
        self.running
            .await
            .map_err(|e| format!("the instance of {} broke: {e}", self.person))?
    }
}
