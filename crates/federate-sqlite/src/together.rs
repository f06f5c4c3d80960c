//! What comes at once is written at once: one transaction, and one wait for the disk, for all that came while the last one was
//! written.
//!
//! A task of its own writes, so that it does not matter which of those who wait gives up: what was begun is ended, and the others are
//! told. There is none while nothing comes.

use crate::gathering::Gathering;
use federate_store::{StoreError, StoreErrorKind};
use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

/// Written together at most: of what is received, a mebibyte each would be 64 MiB.
pub(crate) const MOST: usize = 64;

/// Things of one kind that wait to be written, and what each is answered.
pub(crate) struct Together<T, R> {
    state: Mutex<State<T, R>>,
    /// So many came as the writer waits for.
    enough: Notify,
}

/// What may be written together.
pub(crate) trait Written {
    /// Whether nobody waits for it: in a flood it is written with the next for which somebody does, or [`PATIENCE`] later.
    fn is_patient(&self) -> bool {
        false
    }

    /// Whether it is of no use to anybody but who asked: left out where that one has gone.
    fn is_for_the_asker(&self) -> bool {
        false
    }
}

/// Where somebody waited for so many that were written together there is a flood: the next wait until there are [enough](Gathering), or so long, and
/// what is patient waits for somebody to come. Where there is none nothing waits.
const FLOOD: usize = 4;
const GATHERING: Duration = Duration::from_millis(4);
const PATIENCE: Duration = Duration::from_millis(3);

struct State<T, R> {
    waiting: Vec<(T, oneshot::Sender<Answer<R>>)>,
    /// How many of them are not patient.
    urgent: usize,
    /// For how many of those the writer waits; none where it does not.
    awaited: Option<usize>,
    gathering: Gathering,
    /// Whether a task writes, and will look again before it ends.
    is_written: bool,
}

type Answer<R> = Result<R, StoreError>;

impl<T, R> Default for Together<T, R> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                urgent: 0,
                awaited: None,
                gathering: Gathering::default(),
                is_written: false,
            }),
            enough: Notify::new(),
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
    /// Writes it with all that come meanwhile: what `write` makes is given them in the order in which they came, and answers each in that
    /// order. With an error of the whole nothing was written. It is made where nobody writes.
    pub(crate) async fn write<W, F>(self: &Arc<Self>, one: T, write: impl FnOnce() -> W) -> Answer<R>
    where
        W: Fn(Vec<T>) -> F + Send + 'static,
        F: Future<Output = Result<Vec<Answer<R>>, StoreError>> + Send + 'static,
    {
        let (told, answer) = oneshot::channel();
        let is_patient = one.is_patient();
        let (is_written, is_enough) = {
            let mut state = self.state();
            state.waiting.push((one, told));
            state.urgent += usize::from(!is_patient);
            let is_enough = state.awaited.is_some_and(|awaited| state.urgent >= awaited);
            if is_enough {
                // Told once: another time would be taken for the next wait.
                state.awaited = None;
            }
            (std::mem::replace(&mut state.is_written, true), is_enough)
        };
        if is_enough {
            self.enough.notify_one();
        }
        if !is_written {
            tokio::spawn(write_all(Writer(Some(Arc::clone(self))), write()));
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
}

impl<T: Written, R> Together<T, R> {
    /// The next that are written together. With none nobody writes any more.
    fn next(&self) -> Vec<(T, oneshot::Sender<Answer<R>>)> {
        let mut state = self.state();
        state
            .waiting
            .retain(|(one, told)| !(one.is_for_the_asker() && told.is_closed()));
        let count = state.waiting.len().min(MOST);
        state.is_written = count > 0;
        let next: Vec<_> = state.waiting.drain(..count).collect();
        state.urgent = state.waiting.iter().filter(|(one, _)| !one.is_patient()).count();
        next
    }
}

/// Where the task ends before its work has, whoever waits is told, and the next that comes begins another.
struct Writer<T, R>(Option<Arc<Together<T, R>>>);

impl<T: Written, R> Writer<T, R> {
    /// The next that are written together. With none it has ended, and another may have begun.
    fn next(&mut self) -> Vec<(T, oneshot::Sender<Answer<R>>)> {
        let next = self.0.as_ref().map(|all| all.next()).unwrap_or_default();
        if next.is_empty() {
            self.0 = None;
        }
        next
    }

    /// Waits until there are enough for the next round. `before`: for how many of the last somebody waited.
    async fn gather(&self, before: usize) {
        let Some(all) = &self.0 else { return };
        let (enough, longest) = {
            let mut state = all.state();
            if before < FLOOD || state.waiting.is_empty() {
                return;
            }
            let (enough, longest) = match state.urgent {
                0 => (1, PATIENCE),
                _ => (state.gathering.enough(), GATHERING),
            };
            if state.urgent < enough {
                state.awaited = Some(enough);
            }
            (enough, longest)
        };
        let all_came = async {
            while all.state().awaited.is_some() {
                all.enough.notified().await;
            }
        };
        // Whether they came or the time is over: what is there is written now.
        let is_late = tokio::time::timeout(longest, all_came).await.is_err();
        let mut state = all.state();
        state.awaited = None;
        let came = state.urgent;
        // Whoever comes to what is patient says nothing of how many there are.
        if enough > 1 {
            match is_late && came < enough {
                true => state.gathering.late(came, Instant::now()),
                false => state.gathering.full(),
            }
        }
    }
}

impl<T, R> Drop for Writer<T, R> {
    fn drop(&mut self) {
        if let Some(all) = &self.0 {
            let mut state = all.state();
            state.is_written = false;
            state.waiting.clear();
            state.urgent = 0;
        }
    }
}

async fn write_all<T, R, W, F>(mut writer: Writer<T, R>, write: W)
where
    T: Written,
    W: Fn(Vec<T>) -> F,
    F: Future<Output = Result<Vec<Answer<R>>, StoreError>>,
{
    let mut before = 0;
    loop {
        writer.gather(before).await;
        let next = writer.next();
        before = next.iter().filter(|(one, _)| !one.is_patient()).count();
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Urgent;

    impl Written for Urgent {}

    type Rounds = Arc<Together<Urgent, ()>>;

    /// Writes it in three milliseconds, with all that came meanwhile.
    async fn write(rounds: &Rounds) {
        let write = || {
            async |ones: Vec<Urgent>| {
                tokio::time::sleep(Duration::from_millis(3)).await;
                Ok(ones.iter().map(|_| Ok(())).collect())
            }
        };
        rounds.write(Urgent, write).await.unwrap();
    }

    /// So many write so often, each with a pause of its own before the next.
    async fn post(rounds: &Rounds, at_once: u64, times: usize) {
        let posting: Vec<_> = (0..at_once)
            .map(|one| {
                let rounds = Arc::clone(rounds);
                tokio::spawn(async move {
                    for _ in 0..times {
                        write(&rounds).await;
                        tokio::time::sleep(Duration::from_millis(one % 3)).await;
                    }
                })
            })
            .collect();
        for one in posting {
            one.await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_those_that_post_at_once_most_are_waited_for_and_no_more_than_there_are() {
        let rounds = Rounds::default();
        for (at_once, least, most) in [(8, 4, 11), (200, 48, 64), (12, 6, 16), (33, 16, 44), (8, 4, 11)] {
            post(&rounds, at_once, 2_000).await;
            let enough = rounds.state().gathering.enough();
            assert!((least..=most).contains(&enough), "{at_once}: {enough}");
            assert!(!rounds.is_written());
        }
    }
}
