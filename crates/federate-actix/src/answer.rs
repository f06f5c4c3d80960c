//! An answer, as actix writes it: part by part, and not for ever.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use bytes::Bytes;
use federate_server::Pace;
use tokio::time::{Instant, sleep_until};

use crate::body::Unread;

/// How much actix is given at once. By HTTP/1.1 it copies all that it is given, and asks for more when it has written that: a whole
/// file would be in memory once more, for as long as its reader likes, and be counted by nobody.
const PART: usize = 32 * 1024;

/// An answer of federation's.
pub struct AnswerBody {
    rest: Rc<RefCell<Rest>>,
    /// What it says of its length: that of the body that it would have, where the request is HEAD.
    length: u64,
    /// Gives up a body of several parts.
    giving_up: Option<JoinHandle<()>>,
    /// While this lives, actix knows that the body was not read, and closes the connection behind the answer. It would read
    /// on otherwise, to the end of a chunked body that may have none.
    _request: Unread,
}

/// What is not written yet.
struct Rest {
    bytes: Bytes,
    pace: Pace,
    in_parts: bool,
    given_up: bool,
}

/// The peer did not read the answer in time, and it is not in memory any more. actix closes the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwritten;

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the peer did not read the answer in time")
    }
}

impl std::error::Error for Unwritten {}

impl AnswerBody {
    pub(crate) fn new(bytes: Bytes, length: u64, request: Unread) -> Self {
        let in_parts = bytes.len() > PART;
        let rest = Rc::new(RefCell::new(Rest {
            bytes,
            pace: Pace::new(),
            in_parts,
            given_up: false,
        }));
        // From now on, and not from the first part: where an earlier answer of the connection is not read, actix asks for none.
        let giving_up = in_parts.then(|| rt::spawn(give_up(Rc::clone(&rest))));
        AnswerBody {
            rest,
            length,
            giving_up,
            _request: request,
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        if let Some(giving_up) = &self.giving_up {
            giving_up.abort();
        }
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerBody")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl MessageBody for AnswerBody {
    type Error = Unwritten;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Unwritten>>> {
        Poll::Ready(self.rest.borrow_mut().part())
    }
}

impl Rest {
    fn part(&mut self) -> Option<Result<Bytes, Unwritten>> {
        if self.given_up {
            return Some(Err(Unwritten));
        }
        let length = self.bytes.len().min(PART);
        if length == 0 {
            return None;
        }
        let now = Instant::now().into_std();
        // What was given before is written: that is when actix asks again. All parts but the last are as long.
        self.pace.took(PART, now);
        self.pace.waits(now);
        let part = self.bytes.split_to(length);
        // By HTTP/2 it lies in a queue until its reader lets it go on, and would keep the whole, of which it is a part.
        Some(Ok(if self.in_parts {
            Bytes::copy_from_slice(&part)
        } else {
            part
        }))
    }
}

/// Drops what is left when the time for it is over. actix sets no deadline on writing, and asks for nothing more while the peer reads
/// nothing: only somebody beside it can.
async fn give_up(rest: Rc<RefCell<Rest>>) {
    loop {
        let now = Instant::now();
        let until = Instant::from_std(rest.borrow_mut().pace.waits(now.into_std()));
        if until <= now {
            break;
        }
        sleep_until(until).await;
    }
    let mut rest = rest.borrow_mut();
    rest.given_up = true;
    rest.bytes = Bytes::new();
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use actix_web::dev::Payload;
    use federate_testkit::held;
    use tokio::sync::mpsc;
    use tokio::task::LocalSet;
    use tokio::time::{sleep, timeout};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn answer(length: usize) -> (Pin<Box<AnswerBody>>, mpsc::UnboundedReceiver<()>) {
        let (dropped, freed) = mpsc::unbounded_channel();
        let bytes = held(vec![b'.'; length], dropped);
        let request = Unread::new(Payload::None);
        (Box::pin(AnswerBody::new(bytes, length as u64, request)), freed)
    }

    async fn next(body: &mut Pin<Box<AnswerBody>>) -> Option<Result<Bytes, Unwritten>> {
        poll_fn(|cx| body.as_mut().poll_next(cx)).await
    }

    #[tokio::test(start_paused = true)]
    async fn r22_an_answer_that_is_not_read_is_given_up() {
        let given_up = async {
            let (mut body, mut freed) = answer(3 * PART);
            let part = next(&mut body).await.unwrap().unwrap();
            let begun = Instant::now();
            timeout(HOUR, freed.recv()).await.unwrap().unwrap();
            assert_eq!(begun.elapsed().as_secs(), Pace::STANDSTILL.as_secs());
            assert_eq!(next(&mut body).await, Some(Err(Unwritten)));
            // Which lies in a queue of HTTP/2, say.
            assert_eq!(part.len(), PART);
        };
        LocalSet::new().run_until(given_up).await;
    }

    /// As where an earlier answer of its connection is not read.
    #[tokio::test(start_paused = true)]
    async fn r22_an_answer_that_nobody_asks_for_is_given_up() {
        let given_up = async {
            let (_body, mut freed) = answer(2 * PART);
            timeout(HOUR, freed.recv()).await.unwrap().unwrap();
        };
        LocalSet::new().run_until(given_up).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_read_slowly_comes_whole() {
        let read = async {
            let (mut body, mut freed) = answer(100 * PART + 1);
            let begun = Instant::now();
            let mut whole = 0;
            while let Some(part) = next(&mut body).await {
                whole += part.unwrap().len();
                // At twice the slowest rate.
                sleep(Duration::from_secs(2)).await;
            }
            assert_eq!(whole, 100 * PART + 1);
            assert!(begun.elapsed() > 3 * Pace::STANDSTILL);
            assert!(freed.try_recv().is_ok(), "what is read is held by nobody");
        };
        LocalSet::new().run_until(read).await;
    }

    /// Each part is taken in time; all of them are not.
    #[tokio::test(start_paused = true)]
    async fn r22_an_answer_that_is_read_too_slowly_is_given_up() {
        let read = async {
            let (mut body, _freed) = answer(100 * PART);
            let mut parts = 0;
            while let Some(Ok(_)) = next(&mut body).await {
                parts += 1;
                sleep(Duration::from_secs(20)).await;
            }
            assert!((3..6).contains(&parts), "{parts}");
            assert_eq!(next(&mut body).await, Some(Err(Unwritten)));
        };
        LocalSet::new().run_until(read).await;
    }

    /// What is written at once needs nobody beside it.
    #[tokio::test(start_paused = true)]
    async fn a_small_answer_is_not_waited_for() {
        let (mut body, mut freed) = answer(PART);
        sleep(HOUR).await;
        assert!(freed.try_recv().is_err());
        assert_eq!(next(&mut body).await.unwrap().unwrap().len(), PART);
        assert!(freed.try_recv().is_ok());
        assert_eq!(next(&mut body).await, None);
    }
}
