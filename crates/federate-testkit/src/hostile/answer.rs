//! What a path answers: the truth, or one of the ways in which peers misbehave.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::Value;

/// 256 MiB of blanks, compressed twice: 590 bytes.
const BOMB: &[u8] = include_bytes!("bomb.gz.gz");

/// What a path answers. Made by one of the constructors, and made worse by the setters.
///
/// Answers that are well-formed keep the connection open for the next request; all others end it.
#[derive(Clone)]
pub struct Answer(pub(super) Script);

type Respond = dyn Fn(&Request<Bytes>) -> Answer + Send + Sync;

#[derive(Clone)]
pub(super) enum Script {
    Reply(Reply),
    Bytes(Bytes),
    Silence,
    Informational(Duration),
    Turns(Arc<(Vec<Answer>, AtomicUsize)>),
    By(Arc<Respond>),
}

#[derive(Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) endless: bool,
    pub(super) length: Length,
    pub(super) drip_head: Option<Duration>,
    pub(super) drip_body: Option<Duration>,
    pub(super) cut: Option<(usize, Cut)>,
}

/// A body: a text, bytes, or a JSON value.
#[derive(Debug, Clone)]
pub struct Body(Bytes);

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Value> for Body {
    fn from(json: Value) -> Self {
        Self::from(&json)
    }
}

impl From<&Value> for Body {
    fn from(json: &Value) -> Self {
        json.to_string().into()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    True,
    Says(u64),
    Chunked,
    /// No word of it: the body ends with the connection.
    Unsaid,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Stall,
    Reset,
    Close,
}

/// What is answered.
impl Answer {
    /// A document of ActivityPub: 200, `application/activity+json`.
    pub fn document(body: impl Into<Body>) -> Self {
        Self::page(200, "application/activity+json", body)
    }

    /// An answer of WebFinger: 200, `application/jrd+json`.
    pub fn jrd(body: impl Into<Body>) -> Self {
        Self::page(200, "application/jrd+json", body)
    }

    /// Any status, content type and body. An empty content type is none.
    pub fn page(status: u16, content_type: &str, body: impl Into<Body>) -> Self {
        let answer = Self::reply(status, body.into().0);
        match content_type {
            "" => answer,
            some => answer.header("content-type", some),
        }
    }

    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self::reply(status, Bytes::new())
    }

    /// 302 to `location`, as it stands: relative, of any scheme, nonsense.
    pub fn redirect(location: impl AsRef<str>) -> Self {
        Self::status(302).header("location", location)
    }

    /// A body of ActivityPub without an end, in chunks (or as [`announcing`](Answer::announcing) and
    /// [`unannounced`](Answer::unannounced) say). It does end after 64 MiB, when any test has failed.
    pub fn endless() -> Self {
        let body = Bytes::from(vec![b' '; 16 * 1024]);
        Self::reply(200, body)
            .header("content-type", "application/activity+json")
            .changed(|reply| {
                reply.endless = true;
                reply.length = Length::Chunked;
            })
    }

    /// A body of ActivityPub in which as many arrays are open as `depth` says, and all closed again.
    pub fn deep(depth: usize) -> Self {
        Self::document(format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)))
    }

    /// 590 bytes of `application/activity+json` that are 256 MiB of blanks for who believes its `Content-Encoding: gzip, gzip`.
    pub fn gzip_bomb() -> Self {
        Self::reply(200, Bytes::from_static(BOMB))
            .header("content-type", "application/activity+json")
            .header("content-encoding", "gzip, gzip")
    }

    /// These bytes in place of a response, then the end of the connection.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Script::Bytes(bytes.into()))
    }

    /// Nothing: the request is read, and the connection stays open.
    pub fn silence() -> Self {
        Self(Script::Silence)
    }

    /// `100 Continue` for ever, one in each interval.
    pub fn informational(interval: Duration) -> Self {
        Self(Script::Informational(interval))
    }

    /// One after the other, one for each request; the last one for ever. Without any it is 404.
    pub fn turns(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Script::Turns(Arc::new((
            answers.into_iter().collect(),
            AtomicUsize::new(0),
        ))))
    }

    /// What the closure makes of the request: a fresh `next` each time, a name that follows from the `Host`.
    pub fn by(answer: impl Fn(&Request<Bytes>) -> Answer + Send + Sync + 'static) -> Self {
        Self(Script::By(Arc::new(answer)))
    }

    fn reply(status: u16, body: Bytes) -> Self {
        Self(Script::Reply(Reply {
            status,
            headers: Vec::new(),
            body,
            endless: false,
            length: Length::True,
            drip_head: None,
            drip_body: None,
            cut: None,
        }))
    }
}

/// How it is made worse. These change responses that have a head and a body, and nothing else.
impl Answer {
    /// One more header: one that is there already is there twice.
    #[must_use]
    pub fn header(self, name: &str, value: impl AsRef<str>) -> Self {
        let line = (name.to_owned(), value.as_ref().to_owned());
        self.changed(|reply| reply.headers.push(line))
    }

    /// `count` more headers of `size` bytes each.
    #[must_use]
    pub fn headers(self, count: usize, size: usize) -> Self {
        let value = "y".repeat(size);
        self.changed(|reply| {
            for n in 0..count {
                reply.headers.push((format!("x-{n}"), value.clone()));
            }
        })
    }

    /// A `Content-Length` that need not be true.
    #[must_use]
    pub fn announcing(self, length: u64) -> Self {
        self.changed(|reply| reply.length = Length::Says(length))
    }

    /// No `Content-Length`: the body ends where the connection does.
    #[must_use]
    pub fn unannounced(self) -> Self {
        self.changed(|reply| reply.length = Length::Unsaid)
    }

    /// The body in chunks.
    #[must_use]
    pub fn chunked(self) -> Self {
        self.changed(|reply| reply.length = Length::Chunked)
    }

    /// One byte of the head in each interval, and of the body too.
    #[must_use]
    pub fn dripping(self, interval: Duration) -> Self {
        self.changed(|reply| {
            reply.drip_head = Some(interval);
            reply.drip_body = Some(interval);
        })
    }

    /// The head at once, and one byte of the body in each interval.
    #[must_use]
    pub fn dripping_body(self, interval: Duration) -> Self {
        self.changed(|reply| reply.drip_body = Some(interval))
    }

    /// Falls silent after so many bytes of the body; the connection stays open.
    #[must_use]
    pub fn stalling_after(self, bytes: usize) -> Self {
        self.changed(|reply| reply.cut = Some((bytes, Cut::Stall)))
    }

    /// Resets the connection after so many bytes of the body.
    #[must_use]
    pub fn reset_after(self, bytes: usize) -> Self {
        self.changed(|reply| reply.cut = Some((bytes, Cut::Reset)))
    }

    /// Closes the connection after so many bytes of the body.
    #[must_use]
    pub fn closed_after(self, bytes: usize) -> Self {
        self.changed(|reply| reply.cut = Some((bytes, Cut::Close)))
    }

    fn changed(mut self, change: impl FnOnce(&mut Reply)) -> Self {
        if let Script::Reply(reply) = &mut self.0 {
            change(reply);
        }
        self
    }
}

impl Answer {
    /// The answer to one request: a reply, bytes, silence.
    pub(super) fn to(&self, request: &Request<Bytes>) -> Self {
        let mut answer = self.clone();
        // Closures that give closures end somewhere, or become silence.
        for _ in 0..16 {
            answer = match &answer.0 {
                Script::By(answer) => answer(request),
                Script::Turns(turns) => {
                    let (answers, turn) = &**turns;
                    let n = turn.fetch_add(1, Relaxed).min(answers.len().saturating_sub(1));
                    answers.get(n).cloned().unwrap_or_else(|| Self::status(404))
                }
                _ => return answer,
            };
        }
        Self::silence()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Script::Reply(reply) => return write!(f, "Answer({}, {} bytes)", reply.status, reply.body.len()),
            Script::Bytes(_) => "Answer(bytes)",
            Script::Silence => "Answer(silence)",
            Script::Informational(_) => "Answer(informational)",
            Script::Turns(_) => "Answer(turns)",
            Script::By(_) => "Answer(by)",
        })
    }
}
