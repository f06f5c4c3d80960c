//! What comes at once is written at once: one transaction, and one wait for the disk, for all that came while the last one was
//! written.
//!
//! A task of its own writes, so that it does not matter which of those who wait gives up: what was begun is ended, and the others are
//! told. There is none while nothing comes.

use federate_store::{StoreError, StoreErrorKind};
use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, oneshot};

/// Written together at most: of what is received, a mebibyte each would be 64 MiB.
const MOST: usize = 64;

/// Things of one kind that wait to be written, and what each is answered.
pub(crate) struct Together<T, R> {
    state: Mutex<State<T, R>>,
    /// Somebody came who does not wait for others.
    urgent: Notify,
}

/// What may be written together.
pub(crate) trait Written {
    /// Whether nobody waits for it: it is written with the next for which somebody does, or [`PATIENCE`] later.
    fn is_patient(&self) -> bool {
        false
    }
}

/// How long what is patient waits for somebody to come.
const PATIENCE: Duration = Duration::from_millis(3);

struct State<T, R> {
    waiting: Vec<(T, oneshot::Sender<Answer<R>>)>,
    /// Whether a task writes, and will look again before it ends.
    is_written: bool,
}

type Answer<R> = Result<R, StoreError>;

impl<T, R> Default for Together<T, R> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                is_written: false,
            }),
            urgent: Notify::new(),
        }
    }
}

impl<T, R> fmt::Debug for Together<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Together")
            .field("waiting", &state.waiting.len())
            .field("is_written", &state.is_written)
            .finish()
    }
}

impl<T: Written + Send + 'static, R: Send + 'static> Together<T, R> {
    /// Writes it with all that come meanwhile: `write` is given them in the order in which they came, and answers each in that order.
    /// With an error of the whole nothing was written.
    pub(crate) async fn write<W, F>(self: &Arc<Self>, one: T, write: W) -> Answer<R>
    where
        W: Fn(Vec<T>) -> F + Send + 'static,
        F: Future<Output = Result<Vec<Answer<R>>, StoreError>> + Send + 'static,
    {
        let (told, answer) = oneshot::channel();
        let is_patient = one.is_patient();
        let is_written = {
            let mut state = self.state();
            state.waiting.push((one, told));
            std::mem::replace(&mut state.is_written, true)
        };
        if !is_patient {
            self.urgent.notify_one();
        }
        if !is_written {
            tokio::spawn(write_all(Writer(Some(Arc::clone(self))), write));
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::new(
                StoreErrorKind::Busy,
                "the task that writes for all who wait ended",
            )),
        }
    }
}

impl<T, R> Together<T, R> {
    fn state(&self) -> MutexGuard<'_, State<T, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn is_written(&self) -> bool {
        self.state().is_written
    }

    /// The next that are written together. With none nobody writes any more.
    fn next(&self) -> Vec<(T, oneshot::Sender<Answer<R>>)> {
        let mut state = self.state();
        let count = state.waiting.len().min(MOST);
        state.is_written = count > 0;
        state.waiting.drain(..count).collect()
    }
}

/// Where the task ends before its work has, whoever waits is told, and the next that comes begins another.
struct Writer<T, R>(Option<Arc<Together<T, R>>>);

impl<T, R> Writer<T, R> {
    /// The next that are written together. With none it has ended, and another may have begun.
    fn next(&mut self) -> Vec<(T, oneshot::Sender<Answer<R>>)> {
        let next = self.0.as_ref().map(|all| all.next()).unwrap_or_default();
        if next.is_empty() {
            self.0 = None;
        }
        next
    }
}

impl<T: Written, R> Writer<T, R> {
    /// Returns at once where somebody waits, or nothing is there.
    async fn wait(&self) {
        let Some(all) = &self.0 else { return };
        if !all.is_patient() {
            return;
        }
        // What was told before is no news, and whoever told it since is seen.
        let _ = tokio::time::timeout(Duration::ZERO, all.urgent.notified()).await;
        if all.is_patient() {
            // Whether somebody came or the time is over: it is written now.
            let _ = tokio::time::timeout(PATIENCE, all.urgent.notified()).await;
        }
    }
}

impl<T: Written, R> Together<T, R> {
    /// Whether something waits, and nobody waits for it.
    fn is_patient(&self) -> bool {
        let state = self.state();
        !state.waiting.is_empty() && state.waiting.iter().all(|(one, _)| one.is_patient())
    }
}

impl<T, R> Drop for Writer<T, R> {
    fn drop(&mut self) {
        if let Some(all) = &self.0 {
            let mut state = all.state();
            state.is_written = false;
            state.waiting.clear();
        }
    }
}

async fn write_all<T, R, W, F>(mut writer: Writer<T, R>, write: W)
where
    T: Written,
    W: Fn(Vec<T>) -> F,
    F: Future<Output = Result<Vec<Answer<R>>, StoreError>>,
{
    loop {
        writer.wait().await;
        let next = writer.next();
        if next.is_empty() {
            return;
        }
        let (ones, tellings): (Vec<_>, Vec<_>) = next.into_iter().unzip();
        match write(ones).await {
            // Who gave up meanwhile asks again, and is answered then.
            Ok(answers) => tellings.into_iter().zip(answers).for_each(|(told, answer)| {
                let _ = told.send(answer);
            }),
            Err(error) => {
                let error = Arc::new(error);
                for told in tellings {
                    let _ = told.send(Err(StoreError::new(error.kind(), Arc::clone(&error))));
                }
            }
        }
    }
}
